//! Tokens for programs: `Authorization: Bearer …`, with a scope, until they are revoked.

use super::secret::{Secret, hash};
use super::{Caller, Scope};
use crate::base::{Instant, Problem, problem::Result};
use crate::journal::Tx;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use serde_json::json;

/// What a token is made of.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// For whom it acts.
    pub party: String,
    /// What for, in a word or two.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
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
}

/// A new token: its number, and its secret, which is shown once.
pub fn new_token(tx: &Tx<'_>, new: &NewToken) -> Result<(i64, Secret)> {
    let secret = Secret::new()?;
    tx.db().execute(
        "INSERT INTO token(hash, party, name, scope, created_at) VALUES(?1, ?2, ?3, ?4, ?5)",
        (secret.hash(), &new.party, &new.name, new.scope.word(), tx.now().0),
    )?;
    let number = tx.db().last_insert_rowid();
    // Not the hash itself, which is what a token is looked up by, but enough to tell another one.
    let body = json!({
        "token": number, "party": new.party, "name": new.name, "scope": new.scope, "by": new.by,
        "of": hash(&secret.hash()),
    });
    tx.event("desk", "token_made", &body)?;
    Ok((number, secret))
}

fn scope(word: &str) -> Scope {
    // An unknown word is the weaker one.
    if word == Scope::Write.word() { Scope::Write } else { Scope::Read }
}

/// The last fact about a token: whether it revokes it, for whom and how far it was made, what tells its hash.
type LastFact = (bool, Option<String>, Option<String>, Option<String>);

/// The caller behind a token that is neither revoked nor suspended. For whom it acts and how far is what the fact of
/// its making says; one that no fact knows, or that a fact revoked, is none.
pub fn party_of_token(db: &Connection, secret: &str) -> Result<Option<Caller>> {
    let sql = "SELECT number, name, hash FROM token WHERE hash = ?1 AND revoked_at IS NULL AND suspended_at IS NULL";
    let row: Option<(i64, String, String)> = db
        .prepare_cached(sql)?
        .query_row([hash(secret)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((number, name, stored)) = row else { return Ok(None) };
    let sql = "SELECT kind = 'token_revoked', text ->> 'party', text ->> 'scope', text ->> 'of' FROM event
               WHERE kind IN ('token_made', 'token_revoked') AND text ->> 'token' = ?1 ORDER BY seq DESC LIMIT 1";
    let last: Option<LastFact> = db
        .prepare_cached(sql)?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    Ok(match last {
        Some((false, Some(party), said, of)) if of.as_ref().is_none_or(|of| *of == hash(&stored)) => {
            let means = format!("token {number} ({name})");
            Some(Caller { party, scope: scope(&said.unwrap_or_default()), means })
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

/// Tokens that are not revoked: a party's, or all.
pub fn tokens_of(db: &Connection, party: Option<&str>) -> Result<Vec<Token>> {
    let sql = "SELECT number, party, name, scope, created_at, suspended_at FROM token
               WHERE revoked_at IS NULL AND (?1 IS NULL OR party = ?1) ORDER BY number";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Token {
            number: row.get(0)?,
            party: row.get(1)?,
            name: row.get(2)?,
            scope: scope(&row.get::<_, String>(3)?),
            created_at: Instant(row.get(4)?),
            suspended_at: row.get::<_, Option<i64>>(5)?.map(Instant),
        })
    };
    Ok(db.prepare_cached(sql)?.query_map([party], read)?.collect::<Result<_, _>>()?)
}

/// Revokes a token, of `party` where one is named.
pub fn revoke(tx: &Tx<'_>, number: i64, party: Option<&str>, by: &str) -> Result<()> {
    let sql = "UPDATE token SET revoked_at = ?2
               WHERE number = ?1 AND revoked_at IS NULL AND (?3 IS NULL OR party = ?3)";
    if tx.db().execute(sql, (number, tx.now().0, party))? != 1 {
        return Err(Problem::not_found(format!("there is no token {number}")).hint("see `sopd token list`"));
    }
    tx.event("desk", "token_revoked", &json!({ "token": number, "by": by })).map(drop)
}
