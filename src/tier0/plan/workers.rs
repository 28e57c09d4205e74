//! Who drafts what: the workers the requester named, else the owner and the agents whose topics fit.

use super::desk::Desk;
use crate::roles::plan::PlannedAssignment;
use crate::roster::Agent;
use crate::tier0::knowledge::assignment::{Wanted, written};
use crate::tier0::knowledge::matching::Fit;

impl Desk<'_> {
    pub(super) fn assignments(&self, owner: &Agent) -> Vec<PlannedAssignment> {
        let asked = &self.q.ask.workers;
        if !asked.is_empty() {
            return asked.iter().map(|ask| self.asked(ask, owner)).collect();
        }
        let owner_id = owner.head.id.as_str();
        let mut planned: Vec<PlannedAssignment> = Vec::new();
        let own = self.fits.iter().find(|fit| fit.known.agent.head.id == owner_id);
        let leads = self.wanted(own);
        planned.push(PlannedAssignment {
            agent: owner_id.to_owned(),
            brief: written(&leads),
            topics: Vec::new(),
            optional: false,
        });
        for fit in self.fits.iter().filter(|fit| fit.known.agent.head.id != owner_id) {
            if self.own_words() {
                continue;
            }
            let wanted = Wanted { topics: vec![fit.known.topic.title.clone()], ..Wanted::default() };
            let agent = fit.known.agent.head.id.clone();
            planned.push(PlannedAssignment {
                agent,
                brief: written(&wanted),
                topics: Vec::new(),
                optional: false,
            });
        }
        planned
    }

    fn asked(&self, ask: &crate::brief::WorkerAsk, owner: &Agent) -> PlannedAssignment {
        let brief = if ask.brief.trim().is_empty() {
            let fit = self.fits.iter().find(|fit| fit.known.agent.head.id == ask.agent);
            let wanted = if ask.agent == owner.head.id || fit.is_none() {
                self.wanted(fit)
            } else {
                Wanted {
                    topics: fit.iter().map(|fit| fit.known.topic.title.clone()).collect(),
                    ..Wanted::default()
                }
            };
            written(&wanted)
        } else {
            ask.brief.clone()
        };
        PlannedAssignment { agent: ask.agent.clone(), brief, topics: Vec::new(), optional: ask.optional }
    }

    fn wanted(&self, fit: Option<&Fit<'_>>) -> Wanted {
        let own_words = self.own_words();
        let usable = fit.filter(|_| !own_words);
        let names = if own_words { self.names.clone() } else { Vec::new() };
        let own_words = own_words || usable.is_none();
        Wanted {
            topics: usable.iter().map(|fit| fit.known.topic.title.clone()).collect(),
            own_words,
            names,
            subjects: Vec::new(),
        }
    }
}
