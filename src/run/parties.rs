//! Who is at work today among those a run names. A run keeps the plan it began with; whoever has left since, or was
//! never there, can be nobody's answer, so the next above is asked.

use super::Site;
use super::effect::Sight;
use super::plan::signer;
use crate::agent::Snapshot;
use crate::roster::Agent;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The company as it is now; where its files cannot be read, everybody the plan names counts as at work.
#[derive(Debug, Default)]
pub(super) struct Today(Option<Arc<Snapshot>>);

impl Today {
    /// Reads the roster of the workspace.
    pub(super) fn of(site: &Site) -> Self {
        Self(Snapshot::read(&site.root).ok())
    }

    /// Whether `id` can answer nothing any more.
    pub(super) fn is_gone(&self, id: &str) -> bool {
        self.0.as_ref().is_some_and(|now| !now.roster.get(id).is_some_and(Agent::is_active))
    }

    /// Those above `id`, the nearest first, in the end whoever signs publications; nobody who has left.
    pub(super) fn above(&self, sight: &Sight, id: &str) -> Vec<String> {
        let chiefs: BTreeMap<String, String> =
            self.0.as_ref().map(|now| now.roster.chiefs()).unwrap_or_default();
        let chief = |id: &String| chiefs.get(id).or_else(|| sight.plan.chiefs.get(id)).cloned();
        let most = sight.plan.chiefs.len() + chiefs.len();
        let last = self.0.as_ref().map(|now| signer(&now.settings, &now.roster));
        let line = std::iter::successors(chief(&id.to_owned()), chief).take(most);
        let mut found: Vec<String> = Vec::new();
        for party in line.chain([last.unwrap_or_else(|| sight.plan.last_resort.clone())]) {
            if !self.is_gone(&party) && !found.contains(&party) {
                found.push(party);
            }
        }
        found
    }

    /// `id`, or the next above it that is at work.
    pub(super) fn or_above(&self, sight: &Sight, id: &str) -> String {
        let above = if self.is_gone(id) { self.above(sight, id).into_iter().next() } else { None };
        above.unwrap_or_else(|| id.to_owned())
    }
}
