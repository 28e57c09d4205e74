//! `/metrics`: figures for Prometheus. What happened in this process is counted as it happens; how things stand is
//! read from the journal when somebody asks, into a recorder of its own, so that a state nothing is in any more is
//! not told of. Whoever may look may see them: the costs of a company are not for everybody who reaches the port.

use super::Api;
use super::answers::apart;
use super::refusal::Refusal;
use crate::base::Problem;
use crate::decision;
use crate::journal::COMMIT_SECONDS;
use crate::{mission, notify, run};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

/// How often samples of latencies are put into their buckets, also when nobody asks: they would fill the memory.
const TIDY: Duration = Duration::from_secs(5);
/// Upper ends of the buckets of every latency, in seconds: from a commit to a model's long answer.
const BUCKETS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];

/// The figures of this process; `None` where somebody else collects them.
static PROCESS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

fn process() -> Option<&'static PrometheusHandle> {
    let install = || {
        let named = Matcher::Suffix("_seconds".to_owned());
        let recorder =
            PrometheusBuilder::new().set_buckets_for_metric(named, &BUCKETS).ok()?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok()?;
        describe();
        Some(handle)
    };
    PROCESS.get_or_init(install).as_ref()
}

fn describe() {
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "How long commits of the journal take, their sync included"
    );
    describe_counter!("sopd_http_requests_total", "Requests by method, route and status");
    describe_histogram!(
        "sopd_http_request_seconds",
        Unit::Seconds,
        "From a request's head to its answer's head"
    );
    describe_counter!("sopd_model_calls_total", "Model calls by tier and outcome");
    describe_counter!("sopd_model_tokens_total", "Tokens by tier and direction");
    describe_counter!(
        "sopd_model_cost_microdollars_total",
        "What model calls cost, in millionths of a dollar"
    );
    describe_histogram!("sopd_model_call_seconds", Unit::Seconds, "How long model calls take, by tier");
    describe_counter!("sopd_trace_spans_dropped_total", "Spans that no collector took");
}

/// Begins to count. Call it inside a runtime.
pub(super) fn gather() {
    let Some(handle) = process() else { return };
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(TIDY).await;
            handle.run_upkeep();
        }
    });
}

/// How things stand, for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "figures",
    responses((status = 200, body = String, content_type = "text/plain", description = "The text format of Prometheus"),
              (status = "default", body = super::refusal::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn figures(State(api): State<Api>) -> Result<Response, Refusal> {
    let mut text = apart(move || stand(&api)).await?;
    if let Some(handle) = process() {
        text.push_str(&handle.render());
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// Where missions, decisions, runs and the journal stand now.
fn stand(api: &Api) -> Result<String, Problem> {
    let journal = &api.workspace.journal;
    let now = journal.clock().now();
    let (missions, runs, waiting) = journal
        .read(|db| Ok((mission::by_state(db)?, run::by_state(db)?, decision::waiting_by_kind(db, now)?)))?;
    let (facts, _hash) = journal.head()?;
    let outbox = journal.read(notify::counts)?;
    let size = |suffix: &str| {
        let mut path = journal.path().as_os_str().to_owned();
        path.push(suffix);
        std::fs::metadata(path).map_or(0, |data| data.len())
    };
    let bytes = size("") + size("-wal");
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        describe_gauge!("sopd_missions", "Missions by state");
        describe_gauge!("sopd_runs", "Runs by state");
        describe_gauge!("sopd_decisions_waiting", "Open decisions by kind");
        describe_gauge!("sopd_decisions_overdue", "Open decisions past their deadline, by kind");
        describe_gauge!("sopd_journal_bytes", Unit::Bytes, "Size of the journal's files");
        describe_counter!("sopd_journal_facts_total", "Facts in the journal");
        describe_gauge!("sopd_event_listeners", "Who listens to the stream of facts");
        describe_gauge!("sopd_notices_waiting", "Notices to people that are not sent yet");
        describe_gauge!("sopd_notices_failed", "Notices that were given up in the last month");
        describe_gauge!("sopd_build_info", "The version that runs");
        for (state, count) in missions {
            gauge!("sopd_missions", "state" => state).set(f64::from(count));
        }
        for (state, count) in runs {
            gauge!("sopd_runs", "state" => state).set(f64::from(count));
        }
        for (kind, open, overdue) in waiting {
            gauge!("sopd_decisions_waiting", "kind" => kind.clone()).set(f64::from(open));
            gauge!("sopd_decisions_overdue", "kind" => kind).set(f64::from(overdue));
        }
        // Exact up to 2^53 bytes.
        #[expect(clippy::cast_precision_loss, reason = "no journal and no crowd is as large as that")]
        let [bytes, listeners, unsent, failed] =
            [bytes, api.feed.listeners() as u64, outbox.waiting, outbox.failed].map(|count| count as f64);
        gauge!("sopd_notices_waiting").set(unsent);
        gauge!("sopd_notices_failed").set(failed);
        gauge!("sopd_journal_bytes").set(bytes);
        gauge!("sopd_event_listeners").set(listeners);
        gauge!("sopd_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        counter!("sopd_journal_facts_total").absolute(u64::try_from(facts).unwrap_or(0));
    });
    Ok(recorder.handle().render())
}
