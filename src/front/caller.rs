//! Whoever shows a credential, as the deeds of a party go on record.

use super::apart::apart;
use crate::run::Actor;
use std::time::Duration;

pub use crate::access::{Caller, Scope};

impl Caller {
    /// The caller as deeds go on record.
    pub fn actor(&self) -> Actor {
        Actor { by: self.party.clone(), os_user: self.means.clone() }
    }
}

/// On an answer: whoever asked has shown a credential that counts.
#[derive(Clone, Copy, Debug)]
pub struct Known;

/// How often a stream asks whether its listener may still listen.
const ASKED_AGAIN: Duration = Duration::from_mins(5);

/// Until whoever listens may no longer: a stream would outlive the credential it was begun with.
pub async fn refused_at_last(may: impl Fn() -> bool + Clone + Send + 'static) {
    loop {
        tokio::time::sleep(ASKED_AGAIN).await;
        if !apart(may.clone()).await.unwrap_or(false) {
            return;
        }
    }
}
