//! What is told of a model call besides its fact: figures for the dashboards of machines, and its span.

use super::gateway::Exchange;
use super::provider::Tokens;
use super::spend::Spent;
use super::think::{Outcome, word};
use crate::base::trace::{self, Usage};
use std::time::Duration;
use tracing::Span;

/// Counts a call, by tier and by what it came to.
pub(super) fn counted(tier: u8, outcome: &'static str) {
    metrics::counter!("sopd_model_calls_total", "tier" => tier.to_string(), "outcome" => outcome)
        .increment(1);
}

/// Tells of a call that was made.
pub(super) fn told(span: &Span, tier: u8, (exchange, outcome): (&Exchange, &Outcome), used: Spent) {
    let (tokens, millis, model) = match &exchange.outcome {
        Ok(completion) => (completion.tokens, completion.millis, Some(completion.model.as_str())),
        Err(failure) => (failure.tokens, failure.millis, None),
    };
    let Tokens { input, output, cached } = tokens.unwrap_or_default();
    counted(tier, word(outcome));
    let tier = tier.to_string();
    let names = "sopd_model_tokens_total";
    for (direction, count) in [("input", input), ("output", output), ("cached", cached)] {
        metrics::counter!(names, "tier" => tier.clone(), "direction" => direction).increment(count);
    }
    let micros = u64::try_from(used.micros).unwrap_or(0);
    metrics::counter!("sopd_model_cost_microdollars_total", "tier" => tier.clone()).increment(micros);
    metrics::histogram!("sopd_model_call_seconds", "tier" => tier).record(Duration::from_millis(millis));
    trace::used(span, &Usage { model, tokens: (input, output, cached), micros: used.micros });
    match outcome {
        Outcome::Answer { .. } => {}
        Outcome::Unfit(_) => trace::failed(span, "unfit"),
        Outcome::Failed(failure) => trace::failed(span, failure.class.word()),
    }
}
