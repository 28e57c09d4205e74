//! The council: members answer independently, a chair weighs the unnamed, shuffled answers.

use super::Role;
use crate::contract::Severity;
use crate::sop::Section;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The question every member is asked (the founding decision record's heuristic, in our words).
pub const QUESTION: &str =
    "What would a thoughtful outsider catch here that the authors cannot see from inside their own work?";

/// One member.
pub struct CouncilMember;

impl Role for CouncilMember {
    const NAME: &'static str = "council_member";
    type Question = CouncilQuestion;
    type Answer = Opinion;
}

/// The chair.
pub struct CouncilChair;

impl Role for CouncilChair {
    const NAME: &'static str = "council_chair";
    type Question = ChairQuestion;
    type Answer = CouncilAnswer;
}

/// What a member is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CouncilQuestion {
    /// The question, [`QUESTION`].
    pub question: String,
    /// Why the council was called.
    pub why: String,
    /// The draft, as Markdown.
    pub sop: String,
}

/// What a member thinks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// Whether it should go on as it is.
    pub stance: Stance,
    /// What an outsider would catch.
    pub concerns: Vec<Concern>,
    /// Two or three sentences.
    pub reason: String,
}

/// Whether a member would let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Yes.
    Support,
    /// Yes, with the concerns mended.
    SupportWithChanges,
    /// No.
    Oppose,
}

/// One concern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Concern {
    /// Whether it must be mended.
    pub severity: Severity,
    /// Where.
    pub section: Section,
    /// What is wrong, one or two sentences.
    pub message: String,
    /// The words in question, verbatim; empty where something is missing.
    #[serde(default)]
    pub quote: String,
}

/// What the chair is shown: opinions without names, shuffled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChairQuestion {
    /// The question, [`QUESTION`].
    pub question: String,
    /// The draft, as Markdown.
    pub sop: String,
    /// The members' opinions.
    pub opinions: Vec<Opinion>,
}

/// The council's answer. Code adds a finding for a split or a critical dissent, whatever the chair writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CouncilAnswer {
    /// Two or three sentences.
    pub summary: String,
    /// Concerns the chair upholds.
    pub upheld: Vec<Concern>,
    /// Dissent that stays on record.
    #[serde(default)]
    pub dissent: Vec<String>,
}
