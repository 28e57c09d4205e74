//! The clock showed a later time than it does now. What was written down then with a time to come (deadlines, waits, ends
//! of tokens, arrivals of schedules) would hold for as long as the clock was wrong: it is set anew, and told.

use super::workspace::Workspace;
use crate::base::text::{counted, listed};
use crate::base::{Instant, problem::Result};
use crate::journal::{self, AHEAD, Journal, Tx, WORTH_A_WORD};
use crate::{access, decision, run};
use rusqlite::OptionalExtension as _;
use serde_json::json;

/// The fact that something was set anew.
const FACT: &str = "clock_set_back";

/// Sets anew what lies in a time that the clock has not reached.
///
/// # Errors
/// When the journal cannot be used.
pub(super) fn look(workspace: &Workspace) -> Result<()> {
    let done = workspace.journal.append(mend)?;
    if !done.is_empty() {
        tracing::warn!("the clock showed a later time once; set anew: {}", listed(&done));
    }
    Ok(())
}

fn mend(tx: &Tx<'_>) -> Result<Vec<String>> {
    let timers = journal::bring_back_timers(tx)?;
    let mut deadlines = 0;
    for timer in &timers {
        deadlines += decision::bring_back(tx, &timer.workflow, (timer.was, timer.due))?;
    }
    let counts = [
        (deadlines, "deadline"),
        (timers.len().saturating_sub(deadlines), "wait"),
        (decision::bring_back_holds(tx)?, "claim"),
        (access::bring_back(tx)?, "token or session"),
        (run::drop_early_arrivals(tx)?, "arrival that is not due yet"),
    ];
    let done: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(*count, what)).collect();
    if !done.is_empty() {
        tx.event("sopd", FACT, &json!({ "set_anew": done }))?;
    }
    Ok(done)
}

/// What there is to say of the clock: a fact on record that it has not reached, or what was set anew lately.
///
/// # Errors
/// When the journal cannot be read.
pub fn clock_trouble(journal: &Journal) -> Result<Option<String>> {
    let now = journal.clock().now();
    journal.read(|db| {
        let newest: Option<String> = db
            .prepare_cached("SELECT text ->> 'at' FROM event ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?
            .flatten();
        if let Some(at) = newest.filter(|at| *at > now.plus_millis(AHEAD).to_string()) {
            return Ok(Some(format!("the newest fact is of {at}, which the clock has not reached")));
        }
        let sql = "SELECT text ->> 'at', text ->> 'set_anew' FROM event
                   WHERE subject = 'sopd' AND kind = ?1 ORDER BY seq DESC LIMIT 1";
        let last: Option<(String, String)> =
            db.prepare_cached(sql)?.query_row([FACT], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let since = Instant(now.0.saturating_sub(WORTH_A_WORD)).to_string();
        let lately = last.filter(|(at, _)| *at > since);
        Ok(lately.map(|(at, what)| {
            let what: Vec<String> = serde_json::from_str(&what).unwrap_or_default();
            format!("the clock showed a later time once; set anew at {at}: {}", listed(&what))
        }))
    })
}
