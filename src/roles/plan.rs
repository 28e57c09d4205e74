//! The orchestrator plans: which SOP, whose, drafted by whom, held to what.

use super::{MissionView, Role};
use crate::brief::Ask;
use crate::contract::{Assertion, Finding};
use crate::sop::document::RiskLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
pub struct Plan;

impl Role for Plan {
    const NAME: &'static str = "plan";
    type Question = PlanQuestion;
    type Answer = PlanAnswer;
}

/// What the orchestrator is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanQuestion {
    /// The mission.
    pub mission: MissionView,
    /// What the requester fixed; scenarios are taken out.
    pub ask: Ask,
    /// Who could work on it.
    pub roster: Vec<AgentView>,
    /// The active SOPs.
    pub sops: Vec<SopView>,
    /// What was wrong with the plan before this one; empty at first.
    pub findings: Vec<Finding>,
}

/// An agent, seen from the orchestrator's desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentView {
    /// `vp.sales`.
    pub id: String,
    /// `VP Sales`.
    pub title: String,
    /// `REV`.
    pub department: String,
    /// `worker`, `scrutiny`, …
    pub roles: Vec<String>,
    /// Headings of its knowledge.
    pub topics: Vec<String>,
    /// `person`, `model`, `external`: who may be asked to decide; absent in plans of an older sopd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
}

/// An active SOP, seen from the orchestrator's desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SopView {
    /// `SOP-REV-lead-qualification`.
    pub id: String,
    /// `1.0`.
    pub version: String,
    /// Title for people.
    pub title: String,
    /// Accountable owner.
    pub owner: String,
    /// The event that starts it.
    pub trigger: String,
}

/// The orchestrator's plan. What the requester fixed must come back unchanged; code checks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanAnswer {
    /// Title of the SOP.
    pub title: String,
    /// Department code of the owner.
    pub department: String,
    /// Name part of the id: lower case, hyphens.
    pub name: String,
    /// The one accountable owner: an agent id.
    pub owner: String,
    /// Why this owner, one sentence; for work across departments: whose trigger starts it.
    pub owner_reason: String,
    /// The business objective, one sentence.
    pub objective: String,
    /// What the SOP does, one or two sentences.
    pub description: String,
    /// Danger of a run.
    pub risk_level: RiskLevel,
    /// What happens if it goes wrong, one sentence.
    pub impact: String,
    /// Who drafts what.
    pub assignments: Vec<PlannedAssignment>,
    /// What the SOP must fulfil.
    pub assertions: Vec<Assertion>,
    /// What must be known from the requester before anybody can draft; usually empty.
    #[serde(default)]
    pub questions: Vec<String>,
}

/// One worker's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedAssignment {
    /// An agent id.
    pub agent: String,
    /// What to cover, one or two sentences.
    pub brief: String,
    /// Topics of the agent's knowledge that the part rests on, as they are written; none: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// The mission goes on without it.
    #[serde(default)]
    pub optional: bool,
}
