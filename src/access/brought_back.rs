//! Credentials that were made or used while the clock showed a later time than it does now.

use super::link::LIFE;
use crate::base::problem::Result;
use crate::journal::{AHEAD, Tx};

/// Lets tokens and sessions that begin in a time yet to come begin now, and takes back links of such a time. How many
/// that were.
pub fn bring_back(tx: &Tx<'_>) -> Result<usize> {
    let now = tx.now().0;
    let later = now.saturating_add(AHEAD);
    let sql = "UPDATE token SET expires_at = ?1 + expires_at - created_at, created_at = ?1
               WHERE created_at > ?2 AND revoked_at IS NULL";
    let tokens = tx.db().prepare_cached(sql)?.execute((now, later))?;
    let sql = "UPDATE session SET created_at = min(created_at, ?1), seen_at = min(seen_at, ?1)
               WHERE (created_at > ?2 OR seen_at > ?2) AND ended_at IS NULL";
    let sessions = tx.db().prepare_cached(sql)?.execute((now, later))?;
    let sql = "DELETE FROM sign_in_link WHERE expires_at > ?1";
    let links = tx.db().prepare_cached(sql)?.execute([later.saturating_add(LIFE)])?;
    Ok(tokens + sessions + links)
}
