//! User testing, black-box: scenarios nobody else sees, a fresh executor who walks through the SOP, and a
//! separate grader who compares the walk with the contract.

use super::{AssertionView, Role};
use crate::brief::Scenario;
use crate::contract::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Writes scenarios.
pub struct WriteScenarios;

impl Role for WriteScenarios {
    const NAME: &'static str = "scenarios";
    type Question = ScenarioQuestion;
    type Answer = ScenarioAnswer;
}

/// Walks through the SOP.
pub struct Execute;

impl Role for Execute {
    const NAME: &'static str = "execute";
    type Question = ExecuteQuestion;
    type Answer = Trace;
}

/// Grades the walk.
pub struct Grade;

impl Trace {
    /// Whether the case came to an end the text provides for.
    pub fn ended(&self) -> bool {
        self.done || self.refused
    }
}

impl Role for Grade {
    const NAME: &'static str = "grade";
    type Question = GradeQuestion;
    type Answer = GradeAnswer;
}

/// What the scenario writer is shown: the frozen contract, not a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioQuestion {
    /// Title of the SOP.
    pub title: String,
    /// The business objective.
    pub objective: String,
    /// The requester's words.
    pub text: String,
    /// The contract.
    pub assertions: Vec<AssertionView>,
    /// How many are wanted.
    pub count: u32,
    /// Situations that were walked already: another is wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used: Vec<String>,
}

/// Scenarios, each different in kind: the usual case, an edge, a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioAnswer {
    /// As many as were asked for.
    pub scenarios: Vec<Scenario>,
}

/// What the executor is shown: the SOP and one scenario, nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecuteQuestion {
    /// The draft, as Markdown.
    pub sop: String,
    /// The situation.
    pub scenario: Scenario,
}

/// The executor's walk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// One per step of the SOP, in order.
    pub steps: Vec<TraceStep>,
    /// Whether the definition of done was reached.
    pub done: bool,
    /// Whether the text itself demands that this case is refused or handed on, and that was done: a right end, too.
    // Left out where it is false: recorded walks of before read the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// How one can tell, one sentence.
    pub outcome: String,
}

/// What happened at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceStep {
    /// The step's number.
    pub step: u32,
    /// What the executor did, or why it was skipped.
    pub did: String,
    /// What it lacked; empty when it could act.
    #[serde(default)]
    pub lacked: String,
    /// What it produced; empty when nothing.
    #[serde(default)]
    pub produced: String,
}

/// What the grader is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradeQuestion {
    /// The draft, as Markdown.
    pub sop: String,
    /// The situation.
    pub scenario: Scenario,
    /// The executor's walk.
    pub trace: Trace,
    /// Further situations of the same draft, each walked by an executor of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Walk>,
    /// What to judge, shuffled.
    pub assertions: Vec<AssertionView>,
}

/// A situation, and how somebody carried the SOP out in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Walk {
    /// The situation.
    pub scenario: Scenario,
    /// What happened.
    pub trace: Trace,
}

/// A verdict per assertion, and the root causes of what the executor lacked, told without the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeAnswer {
    /// One for each assertion a walk speaks to.
    pub verdicts: Vec<Verdict>,
    /// Each says what the SOP lacks, without a name, number or word of the scenario.
    #[serde(default)]
    pub root_causes: Vec<RootCause>,
}

/// One reason the walk stumbled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RootCause {
    /// The number of the situation it came up in.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub case: u32,
    /// The step it stumbled at; 0 for the SOP as a whole.
    pub step: u32,
    /// What the SOP lacks, one sentence.
    pub lack: String,
}
