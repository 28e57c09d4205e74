//! One-time links: whoever can run commands on the machine, or is handed one, signs in with it once.

use super::secret::{Secret, hash};
use crate::base::{Instant, Problem, problem::Result};
use crate::journal::Tx;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;

/// How long a link may be used, in milliseconds: 30 minutes.
pub(super) const LIFE: i64 = 30 * 60 * 1_000;

/// A new link for `party`, in the place of the one before it; the answer is its secret.
pub fn new_link(tx: &Tx<'_>, party: &str) -> Result<Secret> {
    let secret = Secret::new()?;
    tx.db().execute(
        "DELETE FROM sign_in_link WHERE (expires_at < ?1 OR party = ?2) AND used_at IS NULL",
        (tx.now().0, party),
    )?;
    tx.db().execute(
        "INSERT INTO sign_in_link(hash, party, expires_at) VALUES(?1, ?2, ?3)",
        (secret.hash(), party, tx.now().plus_millis(LIFE).0),
    )?;
    tx.event("desk", "sign_in_link_made", &json!({ "party": party }))?;
    Ok(secret)
}

/// For whom a link signs in; a problem when it cannot be used (any more). Changes nothing.
pub fn party_of_link(db: &Connection, secret: &str, now: Instant) -> Result<String> {
    let row: Option<(String, i64, Option<i64>)> = db
        .query_row(
            "SELECT party, expires_at, used_at FROM sign_in_link WHERE hash = ?1",
            [hash(secret)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let hint = "ask for another one: `sopd sign-in PARTY` on the machine that runs sopd";
    match row {
        Some((party, expires, None)) if now.0 < expires => Ok(party),
        Some((_, _, Some(_))) => Err(Problem::not_allowed("this link has been used before").hint(hint)),
        _ => Err(Problem::not_allowed("this link is unknown or too old").hint(hint)),
    }
}

/// Uses a link up; for whom it signs in.
pub fn use_link(tx: &Tx<'_>, secret: &str) -> Result<String> {
    let party = party_of_link(tx.db(), secret, tx.now())?;
    tx.db().execute("UPDATE sign_in_link SET used_at = ?2 WHERE hash = ?1", (hash(secret), tx.now().0))?;
    Ok(party)
}

/// Whether anybody has ever signed in here.
pub fn anybody_signed_in(db: &Connection) -> Result<bool> {
    Ok(db.query_row("SELECT EXISTS(SELECT 1 FROM session)", [], |row| row.get(0))?)
}
