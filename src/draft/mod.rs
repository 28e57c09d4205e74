//! What passes between the orchestrator and her workers: plan, assignment, draft, synthesis, provenance.
//! Pure data and pure comparison.

pub mod checks;
pub mod dispositions;
mod items;
mod likeness;
pub mod parse;
pub mod provenance;
pub mod render;

pub use items::items;
pub use likeness::MIN_LIKENESS;
pub use parse::parse;
pub use provenance::{Also, Origin, Provenance, trace};

use crate::roster::Phase;
use crate::sop::{Input, Section};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one worker gets: its part, its assertions, nothing of anybody else's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The worker's agent id.
    pub agent: String,
    /// What to cover, one or two sentences.
    pub brief: String,
    /// Topics of the agent's knowledge that it is shown; none: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// The mission goes on without it.
    pub optional: bool,
    /// Ids of the assertions its draft must fulfil.
    pub assertions: Vec<String>,
}

/// What a worker returns. Every list may be empty; a declined assignment says why and holds nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Draft {
    /// Why the worker declines; empty when it does not.
    pub declined: String,
    /// Sentences for sections other than Inputs and Steps.
    pub statements: Vec<Statement>,
    /// Defined terms.
    pub terms: Vec<Term>,
    /// Rows of the input packet.
    pub inputs: Vec<Input>,
    /// Steps.
    pub steps: Vec<DraftStep>,
    /// What only the requester can say.
    pub questions: Vec<Question>,
    /// What the worker took for granted.
    pub assumptions: Vec<String>,
    /// What belongs to the subject and was left out, with the reason.
    pub left_out: Vec<String>,
    /// How sure the worker is, percent.
    pub confidence: u8,
}

/// One sentence for one section. A `Steps` statement is a rule that belongs into a step's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Where it belongs.
    pub section: Section,
    /// A full sentence, Markdown.
    pub text: String,
}

/// A term and its one meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The term.
    pub term: String,
    /// What it means, with numbers.
    pub definition: String,
}

/// A step as a worker proposes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftStep {
    /// Where in the work it belongs.
    pub phase: Phase,
    /// Imperative, four to eight words.
    pub title: String,
    /// Imperative sentences.
    pub text: String,
    /// Rules of this step, full sentences.
    #[serde(default)]
    pub rules: Vec<String>,
    /// An agent id.
    pub assignee: String,
    /// What exists afterwards.
    pub artifact: String,
    /// Further keys of the step as `Key: value` lines, such as `Time Limit: 2 hours`.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// A question to the requester, with the answer that is assumed if none comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// One sentence ending in a question mark.
    pub text: String,
    /// What is assumed without an answer.
    pub assumption: String,
}

/// One thing a worker contributed, as synthesis and provenance name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// `vp.sales/step-2`, `sales.ops/input-1`, `vp.sales/term-1`, `vp.sales/statement-3`.
    pub id: String,
    /// Where it belongs.
    pub section: Section,
    /// Its words, one line, without its fenced blocks.
    pub text: String,
    /// Its fenced blocks as written; they must reach the SOP byte for byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fences: Vec<String>,
}

/// What synthesis did with one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    /// The item's id.
    pub item: String,
    /// What became of it.
    pub fate: Fate,
    /// Why; required for a rejected item.
    #[serde(default)]
    pub reason: String,
}

/// What became of a draft item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It stands in the synthesis.
    Kept,
    /// It stands there together with others.
    Merged,
    /// It does not.
    Rejected,
}
