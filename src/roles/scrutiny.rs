//! Scrutiny judges the draft against the contract and the coded findings: structure and conflicts.

use super::{AssertionView, Role};
use crate::contract::{Finding, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
pub struct Scrutiny;

impl Role for Scrutiny {
    const NAME: &'static str = "scrutiny";
    type Question = ScrutinyQuestion;
    type Answer = ScrutinyAnswer;
}

/// What the scrutiny validator is shown: never the round, the budget, the author or the stakes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScrutinyQuestion {
    /// The draft, as Markdown.
    pub sop: String,
    /// What to judge, shuffled.
    pub assertions: Vec<AssertionView>,
    /// What the coded checks found.
    pub findings: Vec<Finding>,
    /// What the requester asked, statement by statement, each with what code can tell of where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// What was found to block before, where the text has not changed since: whoever judges now says whether it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Finding>,
    /// Of a change: the lines of the version in force that do not stand in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
}

/// A verdict per assertion, and what else struck the validator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScrutinyAnswer {
    /// One per assertion.
    pub verdicts: Vec<Verdict>,
    /// Defects no assertion covers.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Codes of what was found before and holds no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<String>,
}
