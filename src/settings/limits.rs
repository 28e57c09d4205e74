//! Limits on calls, cost and rounds. Each default says why it is what it is.

use crate::base::money::dollars;
use crate::base::span::Unit;
use crate::base::{MicroUsd, Span};
use serde::{Deserialize, Serialize};

/// Limits of single model calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallLimits {
    /// Calls under way at once, all missions together. Default 8: what small accounts and one local GPU bear.
    pub max_concurrent: u32,
    /// Calls started in one minute. Default 120.
    pub per_minute: u32,
    /// Longest time to reach the server. Default 10 seconds.
    pub connect_timeout: Span,
    /// Longest silence of a server. Default 5 minutes: answers are not streamed, so a model is silent while it thinks.
    pub read_timeout: Span,
    /// Longest time of one call as a whole. Default 5 minutes: a long draft from a slow local model.
    pub total_timeout: Span,
    /// Tries of one call when the server or the network fails, the first included. Default 4.
    pub attempts: u32,
    /// Pause after the first failure; it doubles each time. Default 1 second.
    pub first_pause: Span,
    /// Longest pause between two tries. Default 30 seconds.
    pub longest_pause: Span,
    /// Longest wait a server may ask for with `Retry-After`; a longer one counts as this. Default 1 minute.
    pub retry_after_cap: Span,
    /// Largest answer read, in bytes. Default 1 MiB: some twenty times the longest draft.
    pub max_answer_bytes: u64,
    /// Most tokens a model may write in one answer. Default 8,000.
    pub max_answer_tokens: u32,
}

impl Default for CallLimits {
    fn default() -> Self {
        let span = |count, unit| Span { count, unit };
        Self {
            max_concurrent: 8,
            per_minute: 120,
            connect_timeout: span(10, Unit::Second),
            read_timeout: span(5, Unit::Minute),
            total_timeout: span(5, Unit::Minute),
            attempts: 4,
            first_pause: span(1, Unit::Second),
            longest_pause: span(30, Unit::Second),
            retry_after_cap: span(1, Unit::Minute),
            max_answer_bytes: 1024 * 1024,
            max_answer_tokens: 8_000,
        }
    }
}

/// Limits on cost. Dollars count where a price is known, tokens where none is; `null` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// One mission, in dollars. Default 2.00; a mission file may ask for less or more.
    #[serde(with = "dollars")]
    pub mission_usd: Option<MicroUsd>,
    /// All missions of seven days, in dollars. Default 20.00.
    #[serde(with = "dollars")]
    pub week_usd: Option<MicroUsd>,
    /// Everything this workspace ever spends, in dollars. Default 200.00.
    #[serde(with = "dollars")]
    pub total_usd: Option<MicroUsd>,
    /// One mission, in tokens in and out. Default 1,000,000.
    pub mission_tokens: Option<u64>,
    /// All missions of seven days, in tokens. Default 20,000,000.
    pub week_tokens: Option<u64>,
    /// Everything this workspace ever uses, in tokens. Default no limit: tokens without a price are the
    /// workspace's own machine.
    pub total_tokens: Option<u64>,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            mission_usd: Some(MicroUsd(2_000_000)),
            week_usd: Some(MicroUsd(20_000_000)),
            total_usd: Some(MicroUsd(200_000_000)),
            mission_tokens: Some(1_000_000),
            week_tokens: Some(20_000_000),
            total_tokens: None,
        }
    }
}

/// How far a mission goes by itself before it asks a person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MissionRules {
    /// Rounds of synthesis and validation. Default 3.
    pub rounds: u32,
    /// Times a bad plan goes back to the orchestrator. Default 2.
    pub plan_returns: u32,
    /// Workers of one mission that draft at once. Default 4.
    pub parallel_workers: u32,
    /// Tries of one worker's assignment before a person is asked. Default 2.
    pub worker_attempts: u32,
    /// Time the requester has to answer a worker's question; then its stated assumption is used. Default 1
    /// business day.
    pub question_deadline: Span,
    /// Percent; a model that is less sure of its answer is asked again one tier higher. Default 60.
    #[serde(deserialize_with = "crate::base::yaml::small")]
    pub confidence_threshold: u8,
    /// Scenarios the user-testing agent writes. Default 3: the usual case, an edge, a failure.
    pub scenarios: u32,
}

impl Default for MissionRules {
    fn default() -> Self {
        Self {
            rounds: 3,
            plan_returns: 2,
            parallel_workers: 4,
            worker_attempts: 2,
            question_deadline: Span { count: 1, unit: Unit::BusinessDay },
            confidence_threshold: 60,
            scenarios: 3,
        }
    }
}
