//! What a mission must fulfil, and what validators found: assertions, verdicts, findings. No I/O, no clock.

mod freeze;
pub mod house;
pub mod lint;
pub mod quote;
pub mod render;
pub mod revision;
pub mod sections;
pub mod verdicts;

pub use lint::lint;
pub use quote::{Verified, verify};
pub use verdicts::{Coded, Judgement, Outcome, Report, Settled, combine, judgement};

use crate::base::Digest;
use crate::sop::Section;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The frozen list of assertions of one mission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// In a fixed order; validators see them shuffled.
    pub assertions: Vec<Assertion>,
}

/// One thing the SOP must fulfil.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// `VAL-STEPS-001`.
    pub id: String,
    /// What must hold, one sentence.
    pub statement: String,
    /// What would break it, one sentence without the words "fails if".
    pub fails_if: String,
    /// How it is checked.
    pub check: Check,
    /// Whether publication needs it.
    pub severity: Severity,
    /// The sections in which evidence counts.
    pub sections: Vec<Section>,
    /// The agent whose assignment must fulfil it, or `synthesis`.
    pub fulfilled_by: String,
}

/// How an assertion is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// By this named check, with its argument (a term, a subject) where it takes one.
    Code {
        /// Name of the check.
        name: String,
        /// Its argument; empty where it takes none.
        #[serde(default)]
        argument: String,
    },
    /// By a validator's judgement.
    Judged,
}

/// Whether something stands in the way of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Advice.
    Advisory,
    /// Publication needs it mended, or an override on record.
    Blocking,
}

/// A validator's answer to one assertion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The assertion's id.
    pub assertion: String,
    /// The answer.
    pub answer: Answer,
    /// Verbatim from the draft, at least twenty characters, from wherever it says so.
    pub quote: String,
    /// Why.
    pub reason: String,
}

/// `cannot_tell`, a skipped assertion and a voided verdict are never a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// The draft does not let one say.
    CannotTell,
}

/// A defect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Name of the check, or of the validator's assertion: `step-without-artifact`, `VAL-STEPS-001`.
    pub code: String,
    /// Whether it blocks.
    pub severity: Severity,
    /// Where in the SOP.
    pub section: Option<Section>,
    /// What is wrong and what to do, one or two sentences.
    pub message: String,
    /// The words in question, verbatim; empty where something is missing.
    pub quote: String,
    /// The place in another document that contradicts this one, `SOP-… v1.0, line 12: "…"`.
    #[serde(default)]
    pub other: Option<String>,
}

impl Finding {
    /// The line of `text` (from 1) that holds the first of the words in question, where one does.
    pub fn line(&self, text: &str) -> Option<u32> {
        let words = self.quote.lines().map(str::trim).find(|line| !line.is_empty())?;
        let at = text.lines().position(|line| line.contains(words))?;
        u32::try_from(at + 1).ok()
    }

    /// The same defect has the same fingerprint in every round: code, section and the subject's words,
    /// not its line.
    pub fn fingerprint(&self) -> Digest {
        let section = self.section.map_or("", Section::title);
        let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
        Digest::of(format!("{}\n{section}\n{}", self.code, words(&self.quote)))
    }
}
