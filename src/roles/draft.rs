//! A worker drafts its part: fresh context, its own knowledge, its own assertions.

use super::plan::{PlanAnswer, PlannedAssignment};
use super::{AssertionView, MissionView, Role};
use crate::contract::Finding;
use crate::draft::Draft;
use serde::{Deserialize, Serialize};

/// See the module.
pub struct DraftWork;

impl Role for DraftWork {
    const NAME: &'static str = "draft";
    type Question = DraftQuestion;
    type Answer = Draft;
}

/// What one worker is shown, besides its own agent file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftQuestion {
    /// The mission.
    pub mission: MissionView,
    /// Title of the SOP.
    pub title: String,
    /// The business objective.
    pub objective: String,
    /// The accountable owner.
    pub owner: String,
    /// The worker's part, one or two sentences.
    pub brief: String,
    /// Topics of its knowledge that it is shown; none: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Its own assertions.
    pub assertions: Vec<AssertionView>,
    /// What validators found in its domain in the round before; empty at first.
    pub findings: Vec<Finding>,
    /// Its own draft of the round before, where something was found in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Draft>,
    /// Who is at work, a line each: id, department, whether a person, whom it reports to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roster: Vec<String>,
}

impl DraftQuestion {
    /// What a worker is asked first for its part of `plan`, with no assertion to fulfil yet.
    pub fn first(mission: &MissionView, plan: &PlanAnswer, planned: &PlannedAssignment) -> Self {
        Self {
            mission: mission.clone(),
            title: plan.title.clone(),
            objective: plan.objective.clone(),
            owner: plan.owner.clone(),
            brief: planned.brief.clone(),
            topics: Vec::new(),
            assertions: Vec::new(),
            findings: Vec::new(),
            before: None,
            roster: Vec::new(),
        }
    }
}
