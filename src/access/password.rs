//! Passwords: an optional way in, set by somebody who is signed in.

use crate::base::{Problem, problem::Result};
use crate::journal::Tx;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;

/// Fewest characters of a password (NIST SP 800-63B-4 asks for 15 where nothing else is asked).
pub const SHORTEST_PASSWORD: usize = 15;
/// Most bytes; longer ones cost time and add nothing.
const LONGEST: usize = 1_024;
/// Hashed for parties without a password, so that a refusal takes as long for everybody.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29wZC1ub2JvZHktaGVyZQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hash of a new password, slow on purpose; refuses one that is too short. Call it where blocking is fine.
pub fn password_hash(password: &str) -> Result<String> {
    if password.chars().count() < SHORTEST_PASSWORD || password.len() > LONGEST {
        return Err(Problem::invalid(format!("a password has at least {SHORTEST_PASSWORD} characters"))
            .hint("a sentence of five words is easy to keep in mind"));
    }
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed
        .map(|hash| hash.to_string())
        .map_err(|error| Problem::failed(format!("the password could not be hashed: {error}")))
}

/// Whether `password` is the one behind `hash`; slow on purpose, also without a hash.
pub fn matches(hash: Option<&str>, password: &str) -> bool {
    let usable = password.len() <= LONGEST;
    let password = if usable { password } else { "" };
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let same =
        parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    same && usable && hash.is_some()
}

/// The hash of a party's password.
pub fn password_of(db: &Connection, party: &str) -> Result<Option<String>> {
    let sql = "SELECT hash FROM password WHERE party = ?1";
    Ok(db.query_row(sql, [party], |row| row.get(0)).optional()?)
}

/// Keeps the hash of a party's new password.
pub fn keep_password(tx: &Tx<'_>, party: &str, hash: &str) -> Result<()> {
    tx.db().execute(
        "INSERT INTO password(party, hash, at) VALUES(?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET hash = excluded.hash, at = excluded.at",
        (party, hash, tx.now().0),
    )?;
    tx.event("desk", "password_set", &json!({ "party": party })).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_matches() {
        let hash = password_hash("correct horse battery").unwrap();
        assert!(matches(Some(&hash), "correct horse battery"));
        assert!(!matches(Some(&hash), "correct horse batterz"));
        assert!(!matches(None, "correct horse battery"));
        assert!(password_hash("short").is_err());
        assert!(PasswordHash::new(NOBODY).is_ok(), "a refusal costs the same for everybody");
    }
}
