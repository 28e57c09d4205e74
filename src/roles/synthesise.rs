//! The orchestrator merges the drafts into one canonical SOP, and says what she left out.

use super::{AssertionView, MissionView, Role};
use crate::contract::Finding;
use crate::draft::{Disposition, Draft};
use crate::sop::step_keys::{KEYS, Key};
use crate::sop::{Input, Sop, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
pub struct Synthesise;

impl Role for Synthesise {
    const NAME: &'static str = "synthesise";
    type Question = SynthesisQuestion;
    type Answer = Synthesis;
}

/// What the orchestrator is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SynthesisQuestion {
    /// The mission.
    pub mission: MissionView,
    /// Title of the SOP.
    pub title: String,
    /// The business objective.
    pub objective: String,
    /// What the SOP does.
    pub description: String,
    /// The accountable owner.
    pub owner: String,
    /// Everything the SOP must fulfil.
    pub assertions: Vec<AssertionView>,
    /// The workers' drafts, in the order of the plan.
    pub drafts: Vec<WorkerDraft>,
    /// The synthesis of the round before, as Markdown; absent at first.
    pub previous: Option<String>,
    /// What was found in it, without a word of any scenario.
    pub findings: Vec<Finding>,
    /// What a person asked to have changed.
    pub comments: Vec<String>,
    /// Who is at work, a line each: id, department, whether a person, whom it reports to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roster: Vec<String>,
}

impl SynthesisQuestion {
    /// The text that is changed: the author's own of before, or else the version in force.
    pub fn base(&self) -> Option<&str> {
        self.previous.as_deref().or(self.mission.current.as_deref())
    }
}

/// One worker's draft. Items are named `{agent}/statement-1`, `{agent}/term-1`, `{agent}/input-1`,
/// `{agent}/step-1` by their place in the draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerDraft {
    /// The worker's agent id.
    pub agent: String,
    /// Its department code.
    pub department: String,
    /// What it returned.
    pub draft: Draft,
}

/// The canonical draft: every section as Markdown, and the fate of every item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Synthesis {
    /// Why this SOP exists, one paragraph.
    pub purpose: String,
    /// What is in and out, and the defined terms as `- **Term**: definition`.
    pub scope: String,
    /// `- agent.id: what they answer for`.
    pub roles: String,
    /// The exact event that starts it.
    pub trigger: String,
    /// The input packet.
    pub inputs: Vec<Input>,
    /// Checks before the first step, as bullets.
    pub preflight: String,
    /// As few as the work allows.
    pub steps: Vec<SynthesisStep>,
    /// One measurable rule.
    pub definition_of_done: String,
    /// Threshold, mandatory review, where exceptions go, as bullets.
    pub confidence: String,
    /// Risks, impact and the way back, as bullets.
    pub risk: String,
    /// `- [[SOP-…]]: why`, or empty.
    #[serde(default)]
    pub references: String,
    /// What this version changes, one sentence.
    pub change: String,
    /// Items of the drafts that are left out, with the reason; every other item is taken to stand in the text.
    pub dispositions: Vec<Disposition>,
    /// Where workers disagreed and how it was settled.
    #[serde(default)]
    pub dissent: Vec<Dissent>,
}

impl Synthesis {
    /// A text that stands, with nothing said of it.
    pub fn of(sop: &Sop) -> Self {
        let body = &sop.body;
        Self {
            purpose: body.purpose.clone(),
            scope: body.scope.clone(),
            roles: body.roles.clone(),
            trigger: body.trigger.clone(),
            inputs: body.inputs.clone(),
            preflight: body.preflight.clone(),
            steps: body.steps.iter().map(SynthesisStep::of).collect(),
            definition_of_done: body.definition_of_done.clone(),
            confidence: body.confidence.clone(),
            risk: body.risk.clone(),
            references: body.references.clone(),
            ..Self::default()
        }
    }
}

impl SynthesisStep {
    fn of(step: &Step) -> Self {
        let others = KEYS.iter().filter(|key| !["Assignee", "Artifact"].contains(&key.name));
        let line = |key: &Key| (key.write)(step).map(|value| format!("{}: {value}", key.name));
        Self {
            title: step.title.clone(),
            text: step.text.clone(),
            assignee: step.assignee.clone().unwrap_or_default(),
            artifact: step.artifact.clone().unwrap_or_default(),
            keys: others.filter_map(line).collect(),
        }
    }
}

/// One step of the canonical draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SynthesisStep {
    /// Imperative.
    pub title: String,
    /// Instructions in Markdown.
    pub text: String,
    /// An agent id.
    pub assignee: String,
    /// What exists afterwards.
    pub artifact: String,
    /// Further keys as `Key: value` lines.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// A disagreement between workers, kept visible for the approver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dissent {
    /// What it is about.
    pub subject: String,
    /// The items that disagree.
    pub items: Vec<String>,
    /// Which way it was settled, and why.
    pub settled: String,
}
