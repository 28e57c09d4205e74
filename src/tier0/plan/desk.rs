//! What the parts of a plan look at together.

use crate::roles::plan::PlanQuestion;
use crate::roster::Roster;
use crate::sop::Sop;
use crate::tier0::knowledge::choice::carries;
use crate::tier0::knowledge::matching::Fit;
use crate::tier0::request::material::Material;

/// What a requester answers who wants the nearest knowledge to be used.
pub(super) const USE_IT: &str = "use it";

/// Everything the parts of the plan look at.
pub(super) struct Desk<'a> {
    pub(super) q: &'a PlanQuestion,
    pub(super) roster: &'a Roster,
    pub(super) material: Material,
    pub(super) fits: Vec<Fit<'a>>,
    pub(super) current: Option<Sop>,
}

impl Desk<'_> {
    pub(super) fn carried(&self) -> bool {
        let chosen = told(self.q).to_lowercase().contains(USE_IT);
        self.fits.first().is_some_and(|fit| chosen || carries(fit))
    }

    /// The requester's own steps lead when they are a list, or when no topic carries the SOP.
    pub(super) fn own_words(&self) -> bool {
        let steps = self.material.steps.len();
        (steps >= 3 && self.material.listed) || (steps >= 2 && !self.carried())
    }
}

/// Everything the requester said: the mission, its objective, the parts asked for, the answers.
pub(super) fn told(q: &PlanQuestion) -> String {
    let answers = q.mission.answers.iter().map(|answered| answered.answer.as_str());
    let asked = q.ask.workers.iter().map(|worker| worker.brief.as_str());
    let objective = q.mission.objective.as_deref().into_iter();
    let all: Vec<&str> =
        std::iter::once(q.mission.text.as_str()).chain(objective).chain(asked).chain(answers).collect();
    all.join("\n")
}
