//! Tokens for programs: `Authorization: Bearer …`, with a scope, until their time is over or they are revoked.

use super::secret::{Secret, hash};
use super::{Caller, Scope};
use crate::base::{Instant, Problem, Span, problem::Result};
use crate::journal::Tx;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use serde_json::json;

/// A use is written down at most once in so many milliseconds: an hour says enough of a token nobody needs any more.
const TOUCH_EVERY: i64 = 60 * 60 * 1_000;

/// What a token is made of.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// For whom it acts.
    pub party: String,
    /// What for, in a word or two.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// How long it counts.
    pub life: Span,
    /// Who made it, for the record.
    pub by: String,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its number, by which it is revoked.
    pub number: i64,
    /// For whom it acts.
    pub party: String,
    /// What for.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Instant,
    /// Since when it waits to be confirmed, in a workspace that was restored or copied.
    pub suspended_at: Option<Instant>,
    /// When it counts no more; tokens made before there was an end have none.
    pub expires_at: Option<Instant>,
    /// When it was used last, to an hour.
    pub used_at: Option<Instant>,
}

/// A new token: its number, its secret, which is shown once, and until when it counts.
pub fn new_token(tx: &Tx<'_>, new: &NewToken) -> Result<(i64, Secret, Instant)> {
    let secret = Secret::new()?;
    let ends = new.life.after(tx.now());
    tx.db().execute(
        "INSERT INTO token(hash, party, name, scope, created_at, expires_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        (secret.hash(), &new.party, &new.name, new.scope.word(), tx.now().0, ends.0),
    )?;
    let number = tx.db().last_insert_rowid();
    // Not the hash itself, which is what a token is looked up by, but enough to tell another one.
    let body = json!({
        "token": number, "party": new.party, "name": new.name, "scope": new.scope, "by": new.by,
        "of": hash(&secret.hash()), "expires_at": ends.to_string(),
    });
    tx.event("desk", "token_made", &body)?;
    Ok((number, secret, ends))
}

fn scope(word: &str) -> Scope {
    // An unknown word is the weaker one.
    if word == Scope::Write.word() { Scope::Write } else { Scope::Read }
}

/// The last fact about a token: whether it ends it, for whom and how far it was made, what tells its hash.
type LastFact = (bool, Option<String>, Option<String>, Option<String>);

/// A token as its row has it: its number, what it is for, its hash, when it was used last.
type Row = (i64, String, String, Option<i64>);

/// The caller behind a token that is neither revoked nor suspended nor past its time, and its number where its use is
/// to be written down anew. For whom it acts, how far and until when is what the fact of its making says; one that no
/// fact knows, or that a fact revoked, is none.
pub fn party_of_token(db: &Connection, secret: &str, now: Instant) -> Result<Option<(Caller, Option<i64>)>> {
    let sql = "SELECT number, name, hash, used_at FROM token WHERE hash = ?1 AND revoked_at IS NULL
               AND suspended_at IS NULL AND coalesce(expires_at > ?2, 1)";
    let row: Option<Row> = db
        .prepare_cached(sql)?
        .query_row((hash(secret), now.0), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((number, name, stored, used)) = row else { return Ok(None) };
    let stale = used.is_none_or(|used| now.0 - used > TOUCH_EVERY).then_some(number);
    let sql = "SELECT kind = 'token_revoked' OR coalesce(text ->> 'expires_at' <= ?2, 0),
                 text ->> 'party', text ->> 'scope', text ->> 'of' FROM event
               WHERE kind IN ('token_made', 'token_revoked') AND text ->> 'token' = ?1 ORDER BY seq DESC LIMIT 1";
    let last: Option<LastFact> = db
        .prepare_cached(sql)?
        .query_row((number, now.to_string()), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    Ok(match last {
        Some((false, Some(party), said, of)) if of.as_ref().is_none_or(|of| *of == hash(&stored)) => {
            let means = format!("token {number} ({name})");
            Some((Caller { party, scope: scope(&said.unwrap_or_default()), means }, stale))
        }
        _ => None,
    })
}

/// Lets suspended tokens count again: one, or all. Gives their numbers.
///
/// # Errors
/// `NotFound` where none of that number is suspended.
pub fn confirm(tx: &Tx<'_>, number: Option<i64>, by: &str) -> Result<Vec<i64>> {
    let sql = "UPDATE token SET suspended_at = NULL
               WHERE suspended_at IS NOT NULL AND revoked_at IS NULL AND (?1 IS NULL OR number = ?1)
               RETURNING number";
    let confirmed: Vec<i64> = tx
        .db()
        .prepare_cached(sql)?
        .query_map([number], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    if let (Some(number), true) = (number, confirmed.is_empty()) {
        return Err(
            Problem::not_found(format!("there is no suspended token {number}")).hint("see `sopd token list`")
        );
    }
    if !confirmed.is_empty() {
        tx.event("desk", "tokens_confirmed", &json!({ "tokens": confirmed, "by": by }))?;
    }
    Ok(confirmed)
}

/// Writes a use down.
pub fn used(tx: &Tx<'_>, number: i64) -> Result<()> {
    tx.db().execute("UPDATE token SET used_at = ?2 WHERE number = ?1", (number, tx.now().0))?;
    Ok(())
}

/// Parties with tokens or sessions that have not been ended, and how many of each.
pub fn held(db: &Connection) -> Result<Vec<(String, usize, usize)>> {
    let sql = "SELECT party, sum(tokens), sum(sessions) FROM (
                 SELECT party, 1 AS tokens, 0 AS sessions FROM token WHERE revoked_at IS NULL
                 UNION ALL SELECT party, 0, 1 FROM session WHERE ended_at IS NULL)
               GROUP BY party ORDER BY party";
    let count = |count: i64| usize::try_from(count).unwrap_or(0);
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, count(row.get(1)?), count(row.get(2)?)));
    Ok(db.prepare_cached(sql)?.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// Tokens that are not revoked, also those whose time is over: a party's, or all.
pub fn tokens_of(db: &Connection, party: Option<&str>) -> Result<Vec<Token>> {
    let sql = "SELECT number, party, name, scope, created_at, suspended_at, expires_at, used_at FROM token
               WHERE revoked_at IS NULL AND (?1 IS NULL OR party = ?1) ORDER BY number";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Token {
            number: row.get(0)?,
            party: row.get(1)?,
            name: row.get(2)?,
            scope: scope(&row.get::<_, String>(3)?),
            created_at: Instant(row.get(4)?),
            suspended_at: row.get::<_, Option<i64>>(5)?.map(Instant),
            expires_at: row.get::<_, Option<i64>>(6)?.map(Instant),
            used_at: row.get::<_, Option<i64>>(7)?.map(Instant),
        })
    };
    Ok(db.prepare_cached(sql)?.query_map([party], read)?.collect::<Result<_, _>>()?)
}

/// Revokes a token, of `party` where one is named. Returns whose it was.
pub fn revoke(tx: &Tx<'_>, number: i64, party: Option<&str>, by: &str) -> Result<String> {
    let sql = "UPDATE token SET revoked_at = ?2
               WHERE number = ?1 AND revoked_at IS NULL AND (?3 IS NULL OR party = ?3) RETURNING party";
    let whose: Option<String> =
        tx.db().prepare_cached(sql)?.query_row((number, tx.now().0, party), |row| row.get(0)).optional()?;
    let Some(whose) = whose else {
        return Err(Problem::not_found(format!("there is no token {number}")).hint("see `sopd token list`"));
    };
    tx.event("desk", "token_revoked", &json!({ "token": number, "by": by }))?;
    Ok(whose)
}
