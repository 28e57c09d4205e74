//! Requests that must take effect once however often they are sent: the answer to the first is kept for a day under
//! the key its sender chose, and given again.

use crate::base::{Digest, Problem, problem::Result};
use crate::journal::Tx;
use rusqlite::OptionalExtension as _;

/// How long an answer is kept, in milliseconds: a day, longer than anybody tries again.
const KEPT: i64 = 24 * 60 * 60 * 1_000;
/// Longest key, in bytes.
const LONGEST_KEY: usize = 200;

/// The table of answers, as of version 3.
pub const REPEAT_TABLES: &str = "
CREATE TABLE repeat(
  party TEXT NOT NULL,
  key TEXT NOT NULL,                    -- chosen by the sender
  request TEXT NOT NULL,                -- hash of method, address and body
  at INTEGER NOT NULL,
  status INTEGER,                       -- of the answer; NULL while the request is under way
  body TEXT,
  PRIMARY KEY(party, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeat_at ON repeat(at);
";

/// What is to be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is new: do it, then [`keep_answer`] or [`forget`].
    New,
    /// It was done: the status and the body of the answer.
    Done(u16, String),
}

/// Claims `key` for a request of `party`.
///
/// # Errors
/// `Usage` for a key that is none, `Invalid` where it was used for another request, `Conflict` where that request is
/// still under way or was cut off.
pub fn claim(tx: &Tx<'_>, (party, key): (&str, &str), request: &Digest) -> Result<Claim> {
    if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::usage("the idempotency key is none")
            .hint(format!("send up to {LONGEST_KEY} letters, digits and signs without a space")));
    }
    tx.db().prepare_cached("DELETE FROM repeat WHERE at < ?1")?.execute([tx.now().0.saturating_sub(KEPT)])?;
    let there: Option<(String, Option<u16>, Option<String>)> = tx
        .db()
        .prepare_cached("SELECT request, status, body FROM repeat WHERE party = ?1 AND key = ?2")?
        .query_row((party, key), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match there {
        None => {
            tx.db()
                .prepare_cached("INSERT INTO repeat(party, key, request, at) VALUES(?1, ?2, ?3, ?4)")?
                .execute((party, key, &request.0, tx.now().0))?;
            Ok(Claim::New)
        }
        Some((other, ..)) if other != request.0 => {
            Err(Problem::invalid(format!("the idempotency key `{key}` was used for another request"))
                .hint("choose a new key for each new request"))
        }
        Some((_, Some(status), body)) => Ok(Claim::Done(status, body.unwrap_or_default())),
        Some((_, None, _)) => {
            Err(Problem::conflict(format!("the request with the key `{key}` is under way, or was cut off"))
                .hint("look whether it took effect; if it did not, send it with another key"))
        }
    }
}

/// Keeps the answer of a claimed request.
pub fn keep_answer(tx: &Tx<'_>, (party, key): (&str, &str), (status, body): (u16, &str)) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE repeat SET status = ?3, body = ?4 WHERE party = ?1 AND key = ?2")?
        .execute((party, key, status, tx.clean(body)))?;
    Ok(())
}

/// Gives a key back whose request came to nothing.
pub fn forget(tx: &Tx<'_>, (party, key): (&str, &str)) -> Result<()> {
    tx.db().prepare_cached("DELETE FROM repeat WHERE party = ?1 AND key = ?2")?.execute((party, key))?;
    Ok(())
}
