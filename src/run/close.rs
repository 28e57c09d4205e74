//! Ends a run: its state, its quality, its open decisions, its place among those under way, whoever waits for it.

use super::Site;
use super::admission::let_in;
use super::records::{run, set_run, steps};
use super::score::{Quality, score};
use super::state::RunState;
use super::step::nested::ended;
use super::workflow::RunEnd;
use crate::base::problem::Result;
use crate::decision;
use crate::journal::{Activity, Failure, Recorded, Repeat, Tx};
use crate::sop::SopId;
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
            let quality = quality_now(tx, &self.run)?;
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

/// The quality of a run as it stands.
pub(super) fn quality_now(tx: &Tx<'_>, run: &str) -> Result<Quality> {
    let (steps, refused) = (steps(tx.db(), run)?, refused(tx.db(), run)?);
    Ok(score(&steps, &refused, &overrides(tx, run)?, &failed_checks(tx.db(), run)?))
}

/// The quality a completed run was given, as it is on record.
pub fn quality_of(db: &Connection, run: &str) -> Result<Option<Quality>> {
    let found: Option<String> = db
        .prepare_cached(
            "SELECT text FROM event WHERE subject = ?1 AND kind = 'run_completed' ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([run], |row| row.get(0))
        .optional()?;
    let fact: Option<Completed> = found.and_then(|text| serde_json::from_str(&text).ok());
    Ok(fact.map(|fact| Quality { points: fact.score, parts: fact.score_parts }))
}

/// What `run_completed` says of the quality.
#[derive(Deserialize)]
struct Completed {
    score: u8,
    score_parts: Vec<String>,
}

/// Checks that did not pass, and that somebody's word stands in for: constraints of agents' work, and the definition
/// of done. The last look at each counts.
fn failed_checks(db: &Connection, run: &str) -> Result<Vec<String>> {
    let mut rows = db.prepare_cached(
        "SELECT text FROM event WHERE subject = ?1 AND kind IN ('work_done', 'step_completed', 'done_evaluated', 'done_judged')
         ORDER BY seq",
    )?;
    let rows = rows.query_map([run], |row| row.get::<_, String>(0))?;
    let (mut by_step, mut done) = (BTreeMap::new(), None);
    for row in rows {
        let fact: Value = serde_json::from_str(&row?).unwrap_or_default();
        let Some(step) = fact.get("stepNumber").and_then(Value::as_u64) else {
            done = fact.pointer("/verdict/unsure").map(|_why| "the definition of done".to_owned());
            continue;
        };
        if fact.get("duration").is_some() {
            // A person's own words, or work by hand, are in the place of what was judged.
            if fact.get("replaced").is_some() || fact.get("by_hand").is_some() {
                by_step.remove(&step);
            }
            continue;
        }
        let verdicts = fact.get("verdicts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let broken = verdicts.iter().filter(|verdict| verdict.get("kept") == Some(&json!(false)));
        let words = |verdict: &Value| verdict.get("constraint").and_then(Value::as_str).map(str::to_owned);
        by_step.insert(step, broken.filter_map(words).collect::<Vec<_>>());
    }
    Ok(by_step.into_values().flatten().chain(done).collect())
}

/// Gates that said no, once for each no; people asked again afterwards.
fn refused(db: &Connection, run: &str) -> Result<Vec<String>> {
    let sql = "SELECT coalesce(json_extract(text, '$.stepNumber'), 0) FROM event
               WHERE subject = ?1 AND kind = 'approval_rejected' ORDER BY seq";
    let mut found = db.prepare_cached(sql)?;
    let numbers = found.query_map([run], |row| row.get::<_, u32>(0))?;
    let word = |number: u32| if number == 0 { "the start".to_owned() } else { format!("step {number}") };
    Ok(numbers.map(|number| number.map(word)).collect::<std::result::Result<_, _>>()?)
}

/// What people had to override: gates that lapsed into a yes, steps left out by somebody's word.
fn overrides(tx: &Tx<'_>, run: &str) -> Result<Vec<String>> {
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
