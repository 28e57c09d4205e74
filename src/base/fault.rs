//! Named places at which the process can be told to die, so that "crash at every point" is a loop in a test.
//!
//! `SOPD_FAULT=<name>` aborts at that point; `SOPD_FAULT_LOG=<file>` appends the name of each point passed.
//! Without either variable a point costs one load.

use std::io::Write as _;
use std::sync::OnceLock;

struct Plan {
    stop_at: Option<String>,
    log: Option<std::path::PathBuf>,
}

static PLAN: OnceLock<Plan> = OnceLock::new();

fn plan() -> &'static Plan {
    PLAN.get_or_init(|| Plan {
        stop_at: std::env::var("SOPD_FAULT").ok(),
        log: std::env::var_os("SOPD_FAULT_LOG").map(Into::into),
    })
}

/// Passes the point `place/moment`, or dies there as `kill -9` would: nothing is flushed, nothing is unwound.
pub fn point(place: &str, moment: &str) {
    let plan = plan();
    if plan.stop_at.is_none() && plan.log.is_none() {
        return;
    }
    let name = format!("{place}/{moment}");
    if let Some(log) = &plan.log
        && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(log)
        // One write: points are passed by several threads at once.
        && let Err(error) = file.write_all(format!("{name}\n").as_bytes())
    {
        tracing::warn!(%error, "could not log the fault point");
    }
    if plan.stop_at.as_deref() == Some(name.as_str()) {
        std::process::abort();
    }
}
