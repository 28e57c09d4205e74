//! Traces for a collector that speaks OTLP over HTTP: activities and model calls as they happen, missions, runs and
//! steps as the journal says that they have ended. Telling is never waited for: what a collector that is down does
//! not take is dropped and counted.

use super::workspace::Workspace;
use crate::base::trace::{self, context_of, span_of, subject_attribute};
use crate::base::{Instant, Problem, problem::Result};
use crate::journal::{Event, Feed, events_of};
use crate::mission::{self, MissionState};
use crate::run::{self, RunState, StepState};
use futures::StreamExt as _;
use opentelemetry::trace::{SpanId, SpanKind, Status, TracerProvider as _};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter as _, SpanProcessor,
};
use serde_json::Value;
use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Spans that may wait for the collector; more are dropped.
const WAITING: usize = 4_096;
/// Most spans of one request.
const BATCH: usize = 512;
/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);
/// Longest a request to the collector may take.
const LONGEST: Duration = Duration::from_secs(5);
/// Longest the last spans may hold up the end.
const FAREWELL: Duration = Duration::from_secs(2);
/// Facts that say that something has ended.
const ENDS: [&str; 5] = ["mission_closed", "run_completed", "run_cancelled", "step_completed", "step_failed"];
/// Most facts looked at when the daemon stops.
const LAST: u32 = 1_000;
/// The figure of spans that no collector took.
const DROPPED: &str = "sopd_trace_spans_dropped_total";

/// What sends spans.
#[derive(Debug)]
pub struct Traces {
    exporter: SpanExporter,
    tell: mpsc::Sender<SpanData>,
    told: mpsc::Receiver<SpanData>,
    _provider: SdkTracerProvider,
}

/// What makes spans, and what sends them to the collector at `endpoint`. Call it inside a runtime.
///
/// # Errors
/// `Invalid` where the address is none.
pub fn open(endpoint: &str) -> Result<(SdkTracer, Traces)> {
    let odd = |error: String| {
        Problem::invalid(format!("traces cannot be sent to {endpoint}: {error}"))
            .hint("write where the collector listens, like `traces: { endpoint: \"http://127.0.0.1:4318\" }`")
    };
    let client = reqwest::Client::builder()
        .timeout(LONGEST)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| odd(error.to_string()))?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(address(endpoint))
        .with_timeout(LONGEST);
    let mut exporter = exporter.build().map_err(|error| odd(error.to_string()))?;
    let resource = Resource::builder_empty()
        .with_service_name("sopd")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    exporter.set_resource(&resource);
    let (tell, told) = mpsc::channel(WAITING);
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_span_processor(Passing(tell.clone()))
        .build();
    let tracer = provider.tracer("sopd");
    Ok((tracer, Traces { exporter, tell, told, _provider: provider }))
}

/// The collector's usual path where the setting names none.
fn address(endpoint: &str) -> String {
    match url::Url::parse(endpoint) {
        Ok(url) if url.path() == "/" => format!("{}/v1/traces", endpoint.trim_end_matches('/')),
        _ => endpoint.to_owned(),
    }
}

/// Hands finished spans on.
#[derive(Debug)]
struct Passing(mpsc::Sender<SpanData>);

impl SpanProcessor for Passing {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}
    fn on_end(&self, span: SpanData) {
        hand_on(&self.0, span);
    }
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn hand_on(tell: &mpsc::Sender<SpanData>, span: SpanData) {
    if tell.try_send(span).is_err() {
        metrics::counter!(DROPPED).increment(1);
    }
}

impl Traces {
    /// Sends spans until the daemon stops; of what has ended, what is on record after place `after`.
    pub async fn work(self, workspace: Workspace, feed: Feed, after: i64) {
        let Self { exporter, tell, mut told, _provider } = self;
        let endings = tokio::spawn(endings(workspace, feed, after, tell));
        send(exporter, &mut told, endings).await;
    }
}

/// Tells of everything that has an end on record, until the daemon stops.
async fn endings(workspace: Workspace, feed: Feed, mut after: i64, tell: mpsc::Sender<SpanData>) {
    let facts = feed.listen(after);
    futures::pin_mut!(facts);
    while let Some(fact) = facts.next().await {
        after = fact.seq;
        // What comes at once is read at once.
        if ENDS.contains(&fact.kind.as_str()) {
            let (workspace, tell) = (workspace.clone(), tell.clone());
            let told = tokio::task::spawn_blocking(move || tell_end(&workspace, &fact, &tell)).await;
            drop(told);
        }
    }
    // The feed ends with the daemon, which may have ended something with its last act.
    let last = move || {
        let found = workspace.journal.read(|db| events_of(db, None, after, LAST)).unwrap_or_default();
        for fact in &found {
            tell_end(&workspace, fact, &tell);
        }
    };
    drop(tokio::task::spawn_blocking(last).await);
}

fn tell_end(workspace: &Workspace, fact: &Event, tell: &mpsc::Sender<SpanData>) {
    match ended(workspace, fact) {
        Ok(Some(span)) => hand_on(tell, span),
        Ok(None) => {}
        Err(problem) => tracing::debug!(%problem, "an end could not be told to the collector"),
    }
}

/// The span of what `fact` says has ended.
fn ended(workspace: &Workspace, fact: &Event) -> Result<Option<SpanData>> {
    let subject = fact.subject.as_str();
    let journal = &workspace.journal;
    match fact.kind.as_str() {
        "mission_closed" => {
            let row = journal.read(|db| mission::mission(db, subject))?;
            let failed = row.state == MissionState::Failed;
            let times = (row.created_at, row.ended_at.unwrap_or(row.created_at));
            let told = vec![KeyValue::new(trace::STATE, row.state.word())];
            Ok(Some(span(subject, subject, ("mission", times), (told, failed))))
        }
        "run_completed" | "run_cancelled" => {
            let row = journal.read(|db| run::run(db, subject))?;
            let times = (row.created_at, row.ended_at.unwrap_or(row.created_at));
            let told = vec![
                KeyValue::new(trace::STATE, row.state.word()),
                KeyValue::new(trace::SOP, row.sop.to_string()),
                KeyValue::new(trace::SOP_VERSION, row.version.to_string()),
            ];
            Ok(Some(span(subject, subject, ("run", times), (told, row.state != RunState::Completed))))
        }
        "step_completed" | "step_failed" => {
            let body: Value = serde_json::from_str(&fact.text).unwrap_or_default();
            let number = body.get("stepNumber").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
            let Some(number) = number else { return Ok(None) };
            let row = journal.read(|db| run::step(db, subject, number))?;
            let Some(begun) = row.started_at else { return Ok(None) };
            let failed = row.state == StepState::Failed;
            let told = vec![
                KeyValue::new(trace::STEP, i64::from(number)),
                KeyValue::new(trace::WORK, row.work.clone()),
                KeyValue::new(trace::STATE, row.state.word()),
            ];
            let workflow = format!("{subject}/step-{number}#{}", row.visits);
            let times = (begun, row.ended_at.unwrap_or(begun));
            Ok(Some(span(subject, &workflow, ("step", times), (told, failed))))
        }
        _ => Ok(None),
    }
}

fn span(
    subject: &str,
    workflow: &str,
    (name, (begun, ended)): (&'static str, (Instant, Instant)),
    (mut attributes, failed): (Vec<KeyValue>, bool),
) -> SpanData {
    attributes.push(subject_attribute(subject));
    let at =
        |Instant(millis): Instant| UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    SpanData {
        span_context: context_of(subject, workflow),
        parent_span_id: if subject == workflow { SpanId::INVALID } else { span_of(subject) },
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: Cow::Borrowed(name),
        start_time: at(begun),
        end_time: at(ended),
        attributes,
        dropped_attributes_count: 0,
        events: opentelemetry_sdk::trace::SpanEvents::default(),
        links: opentelemetry_sdk::trace::SpanLinks::default(),
        status: if failed { Status::error("") } else { Status::Unset },
        instrumentation_scope: InstrumentationScope::builder("sopd").build(),
    }
}

/// Sends what was gathered, once a second or when a request is full, until `endings` is over.
async fn send(exporter: SpanExporter, told: &mut mpsc::Receiver<SpanData>, mut endings: JoinHandle<()>) {
    let (mut complained, mut over) = (false, false);
    while !over {
        let mut batch = Vec::new();
        let until = tokio::time::Instant::now() + GATHER;
        while !over && batch.len() < BATCH {
            let room = BATCH - batch.len();
            tokio::select! {
                _more = told.recv_many(&mut batch, room) => {}
                _over = &mut endings => over = true,
                () = tokio::time::sleep_until(until), if !batch.is_empty() => break,
            }
        }
        if !over {
            complained = export(&exporter, batch, complained).await;
            continue;
        }
        told.close();
        while told.recv_many(&mut batch, WAITING).await > 0 {}
        if !batch.is_empty() && tokio::time::timeout(FAREWELL, export(&exporter, batch, true)).await.is_err()
        {
            tracing::warn!("the last spans were not taken in time");
        }
    }
}

/// Sends spans; whether the collector did not take them. It is complained of once, until it takes some again.
async fn export(exporter: &SpanExporter, batch: Vec<SpanData>, complained: bool) -> bool {
    let count = batch.len() as u64;
    match exporter.export(batch).await {
        Ok(()) => false,
        Err(error) => {
            metrics::counter!(DROPPED).increment(count);
            if !complained {
                tracing::warn!(%error, "the collector does not take spans; they are dropped");
            }
            true
        }
    }
}
