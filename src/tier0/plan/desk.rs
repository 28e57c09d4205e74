//! What the parts of a plan look at together.

use crate::roles::plan::PlanQuestion;
use crate::roster::Roster;
use crate::sop::Sop;
use crate::tier0::knowledge::choice::carries;
use crate::tier0::knowledge::matching::Fit;
use crate::tier0::knowledge::names;
use crate::tier0::request::answers::USE_IT;
use crate::tier0::request::material::{Listed, Material};
use crate::tier0::request::who;
use std::collections::BTreeSet;

/// Everything the parts of the plan look at.
pub(super) struct Desk<'a> {
    pub(super) q: &'a PlanQuestion,
    pub(super) roster: &'a Roster,
    pub(super) material: Material,
    pub(super) fits: Vec<Fit<'a>>,
    pub(super) current: Option<Sop>,
    /// Whom the requester's lines name, each name as it is written with the agent it means.
    pub(super) names: Vec<(String, String)>,
}

impl Desk<'_> {
    /// Whether a department's knowledge is what the mission is about: by its title, or because the requester says so.
    pub(super) fn carried(&self) -> bool {
        let title = &self.q.mission.title;
        self.fits.first().is_some_and(|fit| self.chosen() || carries(fit, title))
    }

    /// The requester answered that the nearest knowledge is to be used.
    pub(super) fn chosen(&self) -> bool {
        self.q.mission.answers.iter().any(|answered| answered.answer.to_lowercase().contains(USE_IT))
    }

    /// The requester's own steps lead where they are told as steps, and where nothing else carries the SOP.
    pub(super) fn own_words(&self) -> bool {
        match self.material.listed {
            Listed::Steps => true,
            Listed::Bullets => !self.carried() && self.q.ask.workers.is_empty(),
            Listed::No => false,
        }
    }
}

/// Whom the lines of `material` name of `roster`.
pub(super) fn named(material: &Material, roster: &Roster) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut tried: BTreeSet<String> = BTreeSet::new();
    let lines = material.steps.iter().flat_map(|step| std::iter::once(&step.text).chain(&step.below));
    let columns = material.steps.iter().filter_map(|step| step.who.clone());
    let said = lines.chain(&material.prose).flat_map(|line| who::candidates(line));
    for said in columns.chain(said) {
        if !tried.insert(said.clone()) {
            continue;
        }
        if let Some(agent) = names::named_in_line(&said, roster) {
            found.push((said, agent.head.id.clone()));
        }
    }
    found
}

/// Everything the requester said: the mission, its objective, the parts asked for, the answers.
pub(super) fn told(q: &PlanQuestion) -> String {
    let answers = q.mission.answers.iter().map(|answered| answered.answer.as_str());
    let asked = q.ask.workers.iter().map(|worker| worker.brief.as_str());
    let objective = q.mission.objective.as_deref().into_iter();
    let mission = q.mission.told();
    let all: Vec<&str> =
        std::iter::once(mission.as_ref()).chain(objective).chain(asked).chain(answers).collect();
    all.join("\n")
}
