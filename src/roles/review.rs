//! Looks back on a run: what deviated, and what the SOP should learn from it.

use super::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
pub struct LookBack;

impl Role for LookBack {
    const NAME: &'static str = "review";
    type Question = ReviewQuestion;
    type Answer = Reviewed;
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewQuestion {
    /// Title of the SOP.
    pub sop: String,
    /// Its business objective.
    pub objective: String,
    /// Its definition of done.
    pub definition_of_done: String,
    /// How the run ended, in words.
    pub ended: String,
    /// What deviated from the SOP, one sentence each; empty when nothing did.
    pub deviations: Vec<String>,
    /// The steps with their states, durations and results, one line each.
    pub steps: Vec<String>,
}

/// What the agent answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    /// What happened, two or three sentences.
    pub summary: String,
    /// What the SOP or its people should do otherwise next time, one sentence each; empty when nothing.
    pub lessons: Vec<String>,
}
