//! Deadlines and claims that were set while the clock showed a later time than it does now.

use super::claim::CLAIM_MINUTES;
use crate::base::{Instant, problem::Result};
use crate::journal::{AHEAD, Tx};

/// Most that a lease lasts, in milliseconds: an hour.
const LONGEST_LEASE: i64 = 60 * 60_000;

/// Sets the deadline `was` of what a workflow waits for to `due`. How many decisions that were.
pub fn bring_back(tx: &Tx<'_>, workflow: &str, (was, due): (Instant, Instant)) -> Result<usize> {
    let sql = "UPDATE decision SET due_at = ?3 WHERE workflow = ?1 AND due_at = ?2 AND state = 'open'";
    Ok(tx.db().prepare_cached(sql)?.execute((workflow, was.0, due.0))?)
}

/// Gives back claims and leases that last longer than any does. How many.
pub fn bring_back_holds(tx: &Tx<'_>) -> Result<usize> {
    let latest = |most: i64| tx.now().0.saturating_add(most).saturating_add(AHEAD);
    let sql = "UPDATE care SET claimed_by = NULL, claimed_until = NULL WHERE claimed_until > ?1";
    let claims = tx.db().prepare_cached(sql)?.execute([latest(CLAIM_MINUTES * 60_000)])?;
    let sql = "DELETE FROM lease WHERE until > ?1";
    Ok(claims + tx.db().prepare_cached(sql)?.execute([latest(LONGEST_LEASE)])?)
}
