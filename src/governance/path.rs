//! The publication path: who reads before, who signs, and what is recorded where the path leaves nobody else.

use super::parties::Parties;
use crate::roster::Roster;
use crate::settings::Publication;
use serde::{Deserialize, Serialize};

/// Who must act on a finished draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Reads first and recommends or sends back; not a signature.
    pub forwards: Option<String>,
    /// Signs.
    pub signs: String,
    /// What had to be departed from, in words; goes on record with the signature.
    pub exception: Option<String>,
}

/// The path for a mission with these parties. The signer is at work, has neither drafted nor validated, and has
/// asked for it only where nobody else is left. Says before any work when nobody may sign.
pub fn publication_path(settings: &Publication, roster: &Roster, parties: &Parties) -> Result<Path, String> {
    let at_work = |id: &str| roster.get(id).is_some_and(crate::roster::Agent::is_active);
    let (forwards, signs) = if at_work(&settings.signs) {
        (None, settings.signs.clone())
    } else {
        (Some(settings.interim.forwards.clone()), settings.interim.signs.clone())
    };
    if let Some(reader) = forwards.as_deref().filter(|reader| !at_work(reader)) {
        return Err(format!("{reader} forwards publications, but is not at work"));
    }
    let barred = parties.barred();
    let deputy = settings.deputy.clone().filter(|id| at_work(id) && !barred.contains_key(id));
    let unfit = match barred.get(&signs) {
        Some(reason) => Some(reason.clone()),
        None if !at_work(&signs) => Some(format!("{signs} is not at work")),
        None => None,
    };
    match (unfit, deputy) {
        (None, deputy) if parties.requester == signs => Ok(match deputy.filter(|deputy| *deputy != signs) {
            Some(deputy) => Path {
                forwards,
                exception: Some(format!("{signs} asked for this mission, so the deputy {deputy} signs")),
                signs: deputy,
            },
            None => Path {
                forwards,
                exception: Some(format!(
                    "{signs} asked for this mission and signs it: the path leaves nobody else"
                )),
                signs,
            },
        }),
        (None, _) => Ok(Path { forwards, signs, exception: None }),
        (Some(reason), Some(deputy)) => Ok(Path {
            forwards,
            exception: Some(format!("{reason}, so the deputy {deputy} signs")),
            signs: deputy,
        }),
        (Some(reason), None) => Err(format!(
            "nobody may sign this publication: {reason}; name a `deputy` under `publication` in sopd.yaml"
        )),
    }
}
