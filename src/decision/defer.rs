//! Putting a decision off: its deadline moves, within a limit.

use super::answer::{Given, check_party, still_open};
use super::care::{self, care};
use super::rows::Decision;
use crate::base::{Problem, Span, problem::Result};
use crate::journal::Tx;
use serde_json::json;

/// Moves the deadline by `by`, from the deadline or from now where that has passed. All delays together reach no
/// further than `most` beyond the first deadline. The inner problem is that of a deadline which was found to have passed.
///
/// # Errors
/// `NotAllowed` where it is not asked of who says so, or the limit would be passed; `Conflict` where it is closed or
/// has no deadline.
pub fn defer(
    tx: &Tx<'_>,
    id: &str,
    (by, most): (Span, Span),
    given: &Given,
) -> Result<Result<Decision, Problem>> {
    let decision = super::find(tx.db(), id)?;
    check_party(&decision, &given.by)?;
    if let Some(late) = still_open(tx, &decision)? {
        return Ok(Err(late));
    }
    let Some(due) = decision.ask.due_at else {
        return Err(Problem::conflict(format!("{} has no deadline that could be moved", decision.id))
            .hint("it stays open until somebody answers"));
    };
    let first = care(tx.db(), &decision, tx.now())?.first_due.unwrap_or(due);
    let (next, latest) = (by.after(due.max(tx.now())), most.after(first));
    if next > latest {
        return Err(Problem::not_allowed(format!(
            "{} may be put off until {} at the latest: its first deadline was {}, and `decisions.max_deferral` is {most}",
            decision.id,
            latest.minute(),
            first.minute(),
        ))
        .hint("answer it, or delegate it to somebody who can"));
    }
    tx.db()
        .prepare_cached("UPDATE decision SET due_at = ?2 WHERE number = ?1")?
        .execute((decision.number(), next.0))?;
    care::put_off(tx, &decision, (first, next))?;
    tx.event(
        &decision.ask.mission,
        "decision_deferred",
        &json!({
            "decision": decision.id, "by": given.by, "os_user": given.os_user, "text": tx.clean(&given.text),
            "from": due.to_string(), "due_at": next.to_string(), "latest": latest.to_string(),
        }),
    )?;
    super::one(tx.db(), &decision.id).map(Ok)
}
