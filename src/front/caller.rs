//! Whoever shows a credential, as the deeds of a party go on record.

use crate::run::Actor;

pub use crate::access::{Caller, Scope};

impl Caller {
    /// The caller as deeds go on record.
    pub fn actor(&self) -> Actor {
        Actor { by: self.party.clone(), os_user: self.means.clone() }
    }
}
