//! What the daemon tells on the side, on standard error: how much says `SOPD_LOG`, in which form `SOPD_LOG_FORMAT`.

use crate::base::{problem::Result, trace};
use crate::cli::print;
use crate::daemon::traces;
use crate::settings::Settings;
use std::path::Path;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is told on the side goes to standard error; `SOPD_LOG` says how much.
pub(in crate::cli) fn log_to_stderr(usual: &str) {
    // A second call finds the first one's in place.
    drop(tracing_subscriber::registry().with(told(usual)).try_init());
}

/// Lines for people; with `SOPD_LOG_FORMAT=json` one JSON object a line, for whoever collects them. Files and the logs of
/// service managers are to hold words, not colours.
fn told<S>(usual: &str) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = EnvFilter::try_from_env("SOPD_LOG").unwrap_or_else(|_unset| EnvFilter::new(usual));
    let lines =
        tracing_subscriber::fmt::layer().with_writer(|| print::Log).with_ansi(false).with_target(false);
    if std::env::var("SOPD_LOG_FORMAT").is_ok_and(|form| form == "json") {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_filter(filter)
            .boxed()
    } else {
        lines.with_filter(filter).boxed()
    }
}

/// Like [`log_to_stderr`]; makes traces as well where the settings name a collector. Settings that cannot be read are
/// explained by whatever needs them next.
pub(super) fn open(usual: &str, root: &Path) -> Result<Option<traces::Traces>> {
    let text = std::fs::read_to_string(root.join("sopd.yaml")).unwrap_or_default();
    let endpoint = Settings::parse("sopd.yaml", &text).ok().and_then(|settings| settings.traces.endpoint);
    let Some(endpoint) = endpoint else {
        log_to_stderr(usual);
        return Ok(None);
    };
    let (tracer, traces) = traces::open(&endpoint)?;
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|about| about.target() == trace::TARGET));
    drop(tracing_subscriber::registry().with(spans).with(told(usual)).try_init());
    Ok(Some(traces))
}
