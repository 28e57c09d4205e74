//! Credentials in a workspace that was restored or copied: what was ended since must not count again.

use crate::base::problem::Result;
use crate::journal::Tx;
use serde::Serialize;

/// What was ended, and what waits to be confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Suspended {
    /// Sessions that were ended.
    pub sessions: usize,
    /// Sign-in links that count no more.
    pub links: usize,
    /// Tokens that count again once somebody confirms them.
    pub tokens: usize,
}

/// Ends every session and link, and suspends every token.
pub fn suspend(tx: &Tx<'_>) -> Result<Suspended> {
    let now = tx.now().0;
    let change = |sql: &str| -> Result<usize> { Ok(tx.db().execute(sql, [now])?) };
    Ok(Suspended {
        sessions: change("UPDATE session SET ended_at = ?1 WHERE ended_at IS NULL")?,
        links: change("UPDATE sign_in_link SET used_at = ?1 WHERE used_at IS NULL")?,
        tokens: change(
            "UPDATE token SET suspended_at = ?1 WHERE revoked_at IS NULL AND suspended_at IS NULL",
        )?,
    })
}
