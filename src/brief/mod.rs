//! The brief: a parsed mission file. Reads Markdown with a YAML head; no I/O, no clock.

pub mod check;
mod document;
pub mod parse;
mod sources;

pub use check::{check, check_file};
pub use document::{adopting, of_foreign, title_of};
pub use parse::{parse, place_of};
pub use sources::SourceAsk;

use crate::sop::SopId;
use crate::sop::document::{Priority, RiskLevel};
use crate::sop::id::Change;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mission as a person asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// The `#` heading (of a `.txt` file its first line).
    pub title: String,
    /// The Markdown below the title.
    pub text: String,
    /// The YAML head; all keys absent when the file has none.
    pub ask: Ask,
}

/// The head of a mission file. Every key is optional; unknown keys are errors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// The title, where the text has none of its own; it stands in the brief from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The SOP to write or change.
    pub sop: Option<SopId>,
    /// Size of the change; default `new`, or `minor` when the SOP exists.
    pub change: Option<Change>,
    /// Who asks: an agent id.
    pub requested_by: Option<String>,
    /// Who will own the SOP: an agent id.
    pub owner: Option<String>,
    /// One sentence.
    pub objective: Option<String>,
    /// Who drafts what.
    pub workers: Vec<WorkerAsk>,
    /// Scrutiny validator: an agent id.
    pub scrutiny: Option<String>,
    /// User-testing validator: an agent id.
    pub user_testing: Option<String>,
    /// Shown to the user-testing validator only.
    pub scenarios: Vec<Scenario>,
    /// Files the mission rests on, besides its own text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceAsk>,
    /// Classes of the council matrix.
    pub class: Vec<String>,
    /// Asks for the council, or asks to leave it out.
    pub council: Option<CouncilAsk>,
    /// Urgency.
    pub priority: Priority,
    /// Danger of what the SOP governs.
    pub risk_level: Option<RiskLevel>,
    /// Most this mission may cost.
    pub budget: Option<BudgetAsk>,
    /// `2026-12-01`.
    pub due: Option<String>,
}

/// One worker the requester wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerAsk {
    /// An agent id.
    pub agent: String,
    /// What it should cover.
    #[serde(default)]
    pub brief: String,
    /// The mission goes on without it.
    #[serde(default)]
    pub optional: bool,
}

/// A situation the SOP must carry someone through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What happens, one or two sentences.
    pub text: String,
    /// Values of the input packet.
    #[serde(default)]
    pub given: BTreeMap<String, serde_json::Value>,
}

/// What the requester wants of the council.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouncilAsk {
    /// Ask it.
    Required,
    /// Leave it out; for a mandatory class that needs the ceo.
    Skip,
}

/// A limit on cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetAsk {
    /// US dollars.
    pub usd: f64,
}
