//! Who calls from outside the command line: a party, the credential behind it, and what that allows.

use crate::base::{Problem, problem::Result};
use crate::run::Actor;
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

/// Somebody who has shown a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The party: an id on the roster, or the settings' requester.
    pub party: String,
    /// What the credential allows.
    pub scope: Scope,
    /// Which credential, for the record: the account at a keyboard, `token 2 (ci)`.
    pub means: String,
}

impl Caller {
    /// The caller as deeds go on record.
    pub fn actor(&self) -> Actor {
        Actor { by: self.party.clone(), os_user: self.means.clone() }
    }

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
