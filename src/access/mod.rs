//! Who is at the door: one-time links, passwords, sessions and API tokens, each leading to one party.
//!
//! Only hashes of secrets are kept. What a party may do is not decided here: every act is looked at again by the
//! layer that does it.

mod brought_back;
mod link;
mod password;
mod secret;
mod session;
mod suspend;
mod token;

pub use brought_back::bring_back;
pub use link::{anybody_signed_in, new_link, party_of_link, use_link};
pub use password::{SHORTEST_PASSWORD, keep_password, matches, password_hash, password_of};
pub use secret::Secret;
pub use session::{Limits, Session, begin, end, end_all, open_sessions, session_of, touch};
pub use suspend::{Suspended, suspend};
pub use token::{NewToken, Token, confirm, held, new_token, party_of_token, revoke, tokens_of, used};

use crate::base::{Problem, problem::Result};
use serde::{Deserialize, Serialize};

/// What whoever holds a credential may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look.
    Read,
    /// Look, and act for the party.
    Write,
}

impl Scope {
    /// The word on the command line and in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Somebody who has shown a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The party: an id on the roster, or the settings' requester.
    pub party: String,
    /// What the credential allows.
    pub scope: Scope,
    /// Which credential, for the record: `desk session 4`, `token 2 (ci)`, the account at a keyboard.
    pub means: String,
}

impl Caller {
    /// Refuses what the credential does not allow.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub fn need(&self, scope: Scope) -> Result<()> {
        if self.scope >= scope {
            return Ok(());
        }
        Err(Problem::not_allowed(format!("this credential of {} only lets one look", self.party))
            .hint("use one with the scope `write`"))
    }
}

/// What version 3 adds: tokens that wait to be confirmed, and the facts about a token.
pub const TABLES_2: &str = "
ALTER TABLE token ADD COLUMN suspended_at INTEGER;   -- a restored or copied workspace asks again who still has it
CREATE INDEX event_token ON event(text ->> 'token') WHERE kind IN ('token_made', 'token_revoked');
";

/// What version 4 adds: tokens end, and their last use is known.
pub const TABLES_3: &str = "
ALTER TABLE token ADD COLUMN expires_at INTEGER;     -- NULL: made before tokens had an end
ALTER TABLE token ADD COLUMN used_at INTEGER;        -- to an hour
";

/// The tables of this layer, as of version 2.
pub const TABLES: &str = "
CREATE TABLE sign_in_link(
  hash TEXT PRIMARY KEY,                -- SHA-256 of the secret
  party TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE password(
  party TEXT PRIMARY KEY,
  hash TEXT NOT NULL,                   -- argon2id, in PHC form
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE session(
  number INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,            -- SHA-256 of the secret
  party TEXT NOT NULL,
  agent TEXT NOT NULL,                  -- what the browser calls itself
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX session_party ON session(party) WHERE ended_at IS NULL;
CREATE TABLE token(
  number INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,            -- SHA-256 of the secret
  party TEXT NOT NULL,
  name TEXT NOT NULL,
  scope TEXT NOT NULL,                  -- read, write
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
";
