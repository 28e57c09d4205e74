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
}

/// A new token: its number, and its secret, which is shown once.
pub fn new_token(tx: &Tx<'_>, new: &NewToken) -> Result<(i64, Secret)> {
    let secret = Secret::new()?;
    tx.db().execute(
        "INSERT INTO token(hash, party, name, scope, created_at) VALUES(?1, ?2, ?3, ?4, ?5)",
        (secret.hash(), &new.party, &new.name, new.scope.word(), tx.now().0),
    )?;
    let number = tx.db().last_insert_rowid();
    let body =
        json!({ "token": number, "party": new.party, "name": new.name, "scope": new.scope, "by": new.by });
    tx.event("desk", "token_made", &body)?;
    Ok((number, secret))
}

fn scope(word: &str) -> Scope {
    // An unknown word is the weaker one.
    if word == Scope::Write.word() { Scope::Write } else { Scope::Read }
}

/// The caller behind a token that is not revoked.
pub fn party_of_token(db: &Connection, secret: &str) -> Result<Option<Caller>> {
    let sql = "SELECT number, party, name, scope FROM token WHERE hash = ?1 AND revoked_at IS NULL";
    let found = db.prepare_cached(sql)?.query_row([hash(secret)], |row| {
        let (number, name): (i64, String) = (row.get(0)?, row.get(2)?);
        let means = format!("token {number} ({name})");
        Ok(Caller { party: row.get(1)?, scope: scope(&row.get::<_, String>(3)?), means })
    });
    Ok(found.optional()?)
}

/// Tokens that are not revoked: a party's, or all.
pub fn tokens_of(db: &Connection, party: Option<&str>) -> Result<Vec<Token>> {
    let sql = "SELECT number, party, name, scope, created_at FROM token
               WHERE revoked_at IS NULL AND (?1 IS NULL OR party = ?1) ORDER BY number";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Token {
            number: row.get(0)?,
            party: row.get(1)?,
            name: row.get(2)?,
            scope: scope(&row.get::<_, String>(3)?),
            created_at: Instant(row.get(4)?),
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
