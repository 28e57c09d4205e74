//! Ends a run: its state, its quality, its open decisions, its place among those under way, whoever waits for it.

use super::Site;
use super::admission::let_in;
use super::nested::ended;
use super::records::{run, set_run, steps};
use super::score::score;
use super::state::RunState;
use super::workflow::RunEnd;
use crate::base::problem::Result;
use crate::decision;
use crate::journal::{Activity, Failure, Recorded, Repeat, Tx};
use crate::sop::SopId;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Ends a run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Close {
    pub(super) run: String,
    pub(super) state: RunState,
    /// How, in words; empty where somebody's word is on record already.
    pub(super) reason: String,
}

impl Activity for Close {
    const NAME: &'static str = "close_run";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("close/{}", self.state.word())
    }
    async fn perform(self, _site: &Site) -> std::result::Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| self.close(tx)))
    }
}

impl Close {
    fn close(&self, tx: &Tx<'_>) -> Result<()> {
        let row = run(tx.db(), &self.run)?;
        let reason = if self.reason.is_empty() && self.state == RunState::Cancelled {
            &row.reason
        } else {
            &self.reason
        };
        decision::void_all(tx, &self.run)?;
        set_run(tx, &self.run, self.state, reason)?;
        // Nothing is said to go on that nobody drives any more.
        tx.db()
            .prepare_cached(
                "UPDATE run_step SET state = iif(state = 'running', 'interrupted', 'pending'), ended_at = ?2,
                   reason = iif(state = 'running', 'the run ended before it did', '')
                 WHERE run = ?1 AND state IN ('running', 'awaiting_approval')",
            )?
            .execute((&self.run, tx.now().0))?;
        let mut body = json!({ "reason": reason });
        if self.state == RunState::Completed {
            let quality = score(&steps(tx.db(), &self.run)?, &overrides(tx, &self.run)?);
            tx.db()
                .prepare_cached("UPDATE run SET score = ?2 WHERE id = ?1")?
                .execute((&self.run, quality.points))?;
            body = json!({ "score": quality.points, "score_parts": quality.parts });
        }
        let kind = match self.state {
            RunState::Completed => "run_completed",
            RunState::Cancelled => "run_cancelled",
            _ => "run_failed",
        };
        tx.event(&self.run, kind, &body)?;
        let_in(tx, &row.sop)?;
        let caller: Option<String> = tx
            .db()
            .prepare_cached("SELECT caller FROM run WHERE id = ?1")?
            .query_row([&self.run], |row| row.get(0))?;
        let Some(caller) = caller else { return Ok(()) };
        let end = RunEnd::new(self.state, reason.clone());
        tx.signal(&caller, &ended(&self.run), &json!(end))
    }
}

/// What people had to override: gates that lapsed into a yes, steps left out by somebody's word.
pub(super) fn overrides(tx: &Tx<'_>, run: &str) -> Result<Vec<String>> {
    let rows = tx
        .db()
        .prepare_cached(
            "SELECT title FROM decision WHERE mission = ?1 AND kind = '\"gate\"' AND state = 'expired' ORDER BY number",
        )?
        .query_map([run], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    Ok(rows)
}

/// The SOP of a run that stands still: its place is free for others.
pub(super) fn left(tx: &Tx<'_>, id: &str) -> Result<SopId> {
    Ok(run(tx.db(), id)?.sop)
}
