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
    /// Its own assertions.
    pub assertions: Vec<AssertionView>,
    /// What validators found in its domain in the round before; empty at first.
    pub findings: Vec<Finding>,
    /// Its own draft of the round before, where something was found in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Draft>,
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
            assertions: Vec::new(),
            findings: Vec::new(),
            before: None,
        }
    }
}
