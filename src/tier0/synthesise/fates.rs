//! Keeps the books of a synthesis: every item of every draft has an id and, in the end, exactly one fate.

use crate::draft::{Disposition, Draft, Fate};
use crate::roles::synthesise::WorkerDraft;

/// The fates so far, in the order in which they were decided.
#[derive(Debug, Default)]
pub(crate) struct Fates {
    decided: Vec<Disposition>,
}

impl Fates {
    /// It stands as it is.
    pub(crate) fn kept(&mut self, item: &str) {
        self.decide(item, Fate::Kept, String::new());
    }
    /// It stands together with another.
    pub(crate) fn merged(&mut self, item: &str, reason: impl Into<String>) {
        self.decide(item, Fate::Merged, reason.into());
    }
    /// It does not stand.
    pub(crate) fn rejected(&mut self, item: &str, reason: impl Into<String>) {
        self.decide(item, Fate::Rejected, reason.into());
    }
    fn decide(&mut self, item: &str, fate: Fate, reason: String) {
        if !self.decided.iter().any(|known| known.item == item) {
            self.decided.push(Disposition { item: item.to_owned(), fate, reason });
        }
    }

    /// All fates in the order of the drafts; an item nobody decided on is rejected, with that reason.
    pub(crate) fn complete(mut self, drafts: &[WorkerDraft]) -> Vec<Disposition> {
        let ids: Vec<String> = drafts.iter().flat_map(|worker| ids(&worker.agent, &worker.draft)).collect();
        for id in &ids {
            self.decide(id, Fate::Rejected, "No section of this SOP has a place for it.".to_owned());
        }
        let place = |item: &str| ids.iter().position(|id| id == item);
        self.decided.sort_by_key(|fate| place(&fate.item));
        self.decided
    }
}

/// `vp.sales/statement-1`.
pub(crate) fn id(agent: &str, kind: &str, index: usize) -> String {
    format!("{agent}/{kind}-{}", index + 1)
}

fn ids(agent: &str, draft: &Draft) -> Vec<String> {
    let of = |kind: &str, count: usize| (0..count).map(|index| id(agent, kind, index)).collect::<Vec<_>>();
    [
        of("statement", draft.statements.len()),
        of("term", draft.terms.len()),
        of("input", draft.inputs.len()),
        of("step", draft.steps.len()),
    ]
    .concat()
}
