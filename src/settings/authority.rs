//! Who signs, and what happens while people think about it.

use crate::base::Span;
use crate::base::span::Unit;
use serde::{Deserialize, Serialize};

/// The publication path (decision record DR-009).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Publication {
    /// Who signs every published version. Default `coo`.
    pub signs: String,
    /// Who does it while that agent is `planned`.
    pub interim: Interim,
    /// Who signs when separation of duties leaves nobody on the path. Default nobody: then two parties record
    /// an exception.
    pub deputy: Option<String>,
}

/// The path while the signing agent is not at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Interim {
    /// Reads, recommends, or sends back; this is not a signature. Default `chief.staff`.
    pub forwards: String,
    /// Signs. Default `ceo`.
    pub signs: String,
}

impl Default for Publication {
    fn default() -> Self {
        Self { signs: "coo".to_owned(), interim: Interim::default(), deputy: None }
    }
}

impl Default for Interim {
    fn default() -> Self {
        Self { forwards: "chief.staff".to_owned(), signs: "ceo".to_owned() }
    }
}

/// Deadlines of everything a person is asked, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionRules {
    /// Forwarding a finished draft. Default 1 business day, then remind.
    pub forwarding: Deadline,
    /// Signing a publication. Default 2 business days, then escalate.
    pub signature: Deadline,
    /// Helping a mission that cannot go on by itself: a finding that came back, a limit reached, a worker that
    /// keeps failing, a plan that does not hold. Default 1 business day, then escalate.
    pub help: Deadline,
    /// Handing in the draft of an agent that is a person. Default 3 business days, then remind.
    pub draft: Deadline,
    /// How far beyond its first deadline whoever is asked may put a decision off, all delays together. Default 5
    /// business days: a week in which somebody is away; 0 lets nobody put anything off.
    pub max_deferral: Span,
    /// How often one decision may move up the reporting line before it only reminds. Default 2: beyond the
    /// chief's chief nobody knows the matter.
    pub max_escalations: u32,
}

/// A deadline and what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Time to answer.
    pub after: Span,
    /// What then.
    pub on_deadline: OnDeadline,
}

/// What a missed deadline leads to. Approval is not among them: silence never publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDeadline {
    /// The same person is asked again, with a new deadline of the same length.
    Remind,
    /// The next in the reporting line is asked.
    Escalate,
    /// It counts as rejected.
    Reject,
}

impl Default for DecisionRules {
    fn default() -> Self {
        let days =
            |count, on_deadline| Deadline { after: Span { count, unit: Unit::BusinessDay }, on_deadline };
        Self {
            forwarding: days(1, OnDeadline::Remind),
            signature: days(2, OnDeadline::Escalate),
            help: days(1, OnDeadline::Escalate),
            draft: days(3, OnDeadline::Remind),
            max_deferral: Span { count: 5, unit: Unit::BusinessDay },
            max_escalations: 2,
        }
    }
}
