//! Spans for traces, and the one list of their names. Those of model calls are OpenTelemetry's semantic conventions
//! for generative AI (<https://opentelemetry.io/docs/specs/semconv/gen-ai/>). Times, counts, ids and names of models
//! are told; never a prompt, an answer, a reason or a secret. Without somebody who collects them, nothing is made.

use super::Digest;
use opentelemetry::trace::{
    SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of every span that is meant for traces.
pub const TARGET: &str = "sopd::trace";

/// The mission a span belongs to.
pub const MISSION: &str = "sopd.mission.id";
/// The run a span belongs to.
pub const RUN: &str = "sopd.run.id";
/// How it stands at the end.
pub const STATE: &str = "sopd.state";
/// The workflow that asked for an activity.
pub const WORKFLOW: &str = "sopd.workflow.id";
/// The activity's key in its workflow.
pub const KEY: &str = "sopd.activity.key";
/// The SOP of a run.
pub const SOP: &str = "sopd.sop.id";
/// Its version.
pub const SOP_VERSION: &str = "sopd.sop.version";
/// The number of a run's step.
pub const STEP: &str = "sopd.step.number";
/// What does a step: command, http, sop, wait, person, agent.
pub const WORK: &str = "sopd.step.work";
/// The tier a model was asked at.
pub const TIER: &str = "sopd.model.tier";
/// What a call cost, in micro-dollars.
pub const COST: &str = "sopd.model.cost_micros";
/// The class of what went wrong.
pub const ERROR: &str = "error.type";

const OPERATION: &str = "gen_ai.operation.name";
const PROVIDER: &str = "gen_ai.provider.name";
const REQUEST_MODEL: &str = "gen_ai.request.model";
const REQUEST_MOST: &str = "gen_ai.request.max_tokens";
const RESPONSE_MODEL: &str = "gen_ai.response.model";
const OUTPUT_TYPE: &str = "gen_ai.output.type";
const AGENT_ID: &str = "gen_ai.agent.id";
const AGENT_NAME: &str = "gen_ai.agent.name";
const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
const CACHED_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
const SERVER: &str = "server.address";

/// The trace of a mission or run, made from its id: whatever is told of it, before and after a restart, is one trace.
pub fn trace_of(subject: &str) -> TraceId {
    let digest = Digest::of(format!("trace of {subject}"));
    digest.0.get(..32).and_then(|hex| TraceId::from_hex(hex).ok()).unwrap_or(TraceId::INVALID)
}

/// The span of a workflow: that of a mission, of a run, or of one visit to a step (`sop_run_x/step-2#1`).
pub fn span_of(workflow: &str) -> SpanId {
    let digest = Digest::of(format!("span of {workflow}"));
    digest.0.get(..16).and_then(|hex| SpanId::from_hex(hex).ok()).unwrap_or(SpanId::INVALID)
}

/// The context of a span that is told under ids made from names.
pub fn context_of(subject: &str, workflow: &str) -> SpanContext {
    let (trace, span) = (trace_of(subject), span_of(workflow));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default())
}

/// The mission or run a workflow works for.
pub fn subject_of(workflow: &str) -> &str {
    workflow.split('/').next().unwrap_or(workflow)
}

/// Whether `subject` is a run, not a mission.
pub fn is_run(subject: &str) -> bool {
    subject.starts_with("sop_run_")
}

/// The workflow whose span an activity hangs under: the visit of a step where it belongs to one, else the whole.
fn parent_of(workflow: &str) -> String {
    let mut parts = workflow.split('/');
    let subject = parts.next().unwrap_or_default();
    match parts.next() {
        Some(child) if child.starts_with("step-") => format!("{subject}/{child}"),
        _ => subject.to_owned(),
    }
}

/// The attribute that names a mission or run.
pub fn subject_attribute(subject: &str) -> KeyValue {
    let name = if is_run(subject) { RUN } else { MISSION };
    KeyValue::new(name, subject.to_owned())
}

/// The span of an activity of `workflow`.
pub fn activity(workflow: &str, name: &'static str, key: &str) -> Span {
    let span = tracing::trace_span!(target: TARGET, parent: None, "activity", otel.name = name);
    if span.is_disabled() {
        return span;
    }
    let subject = subject_of(workflow);
    let parent = context_of(subject, &parent_of(workflow));
    // Refused only for a span that has begun already, which then stands alone.
    drop(span.set_parent(Context::new().with_remote_span_context(parent)));
    let KeyValue { key: attribute, value, .. } = subject_attribute(subject);
    span.set_attribute(attribute, value);
    span.set_attribute(WORKFLOW, workflow.to_owned());
    span.set_attribute(KEY, key.to_owned());
    span
}

/// Says that what `span` stands for went wrong; only the class of it is told.
pub fn failed(span: &Span, class: &str) {
    span.set_attribute(ERROR, class.to_owned());
    span.set_status(Status::error(""));
}

/// A model call about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The address of the model's server.
    pub endpoint: &'a str,
    /// The model that is asked for.
    pub model: &'a str,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// The agent that is asked.
    pub agent: &'a str,
    /// Its role.
    pub role: &'a str,
    /// The tier.
    pub tier: u8,
}

/// The span of a model call, within that of its activity.
pub fn model_call(call: &Call<'_>) -> Span {
    let span = tracing::trace_span!(
        target: TARGET, "model_call", otel.name = %format_args!("chat {}", call.model), otel.kind = "client"
    );
    if span.is_disabled() {
        return span;
    }
    span.set_attribute(OPERATION, "chat");
    // The protocol every server speaks here; who runs the server is told by its address.
    span.set_attribute(PROVIDER, "openai");
    span.set_attribute(REQUEST_MODEL, call.model.to_owned());
    span.set_attribute(REQUEST_MOST, i64::from(call.max_tokens));
    span.set_attribute(OUTPUT_TYPE, "json");
    span.set_attribute(AGENT_ID, call.agent.to_owned());
    span.set_attribute(AGENT_NAME, call.role.to_owned());
    span.set_attribute(TIER, i64::from(call.tier));
    if let Some(host) = url::Url::parse(call.endpoint).ok().and_then(|url| url.host_str().map(str::to_owned))
    {
        span.set_attribute(SERVER, host);
    }
    span
}

/// What a model call used.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// The model that answered, by the server's word.
    pub model: Option<&'a str>,
    /// Tokens read, written, and read from the server's cache.
    pub tokens: (u64, u64, u64),
    /// Micro-dollars.
    pub micros: i64,
}

/// Says what a call used.
pub fn used(span: &Span, usage: &Usage<'_>) {
    let count = |tokens| i64::try_from(tokens).unwrap_or(i64::MAX);
    let (input, output, cached) = usage.tokens;
    if let Some(model) = usage.model {
        span.set_attribute(RESPONSE_MODEL, model.to_owned());
    }
    span.set_attribute(INPUT_TOKENS, count(input));
    span.set_attribute(OUTPUT_TOKENS, count(output));
    span.set_attribute(CACHED_TOKENS, count(cached));
    span.set_attribute(COST, usage.micros);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activities_of_a_step_hang_under_it_and_ids_stay_the_same() {
        assert_eq!(parent_of("sop_run_x/step-2#1/ask"), "sop_run_x/step-2#1");
        assert_eq!(parent_of("M-one/draft/vp.sales"), "M-one");
        assert_eq!((trace_of("M-one"), span_of("M-one")), (trace_of("M-one"), span_of("M-one")));
        assert!(context_of("M-one", "M-one").is_valid());
        assert_ne!(trace_of("M-one"), trace_of("M-two"));
    }
}
