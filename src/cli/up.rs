//! `sopd up [--until-idle]`

use super::desk::Desk;
use super::trouble::Done;
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Until};
use tracing_subscriber::EnvFilter;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Do everything that needs no person and no clock, then end
    #[arg(long)]
    until_idle: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    log_to_stderr("warn,sopd=info");
    let root = desk.root()?;
    let until = if args.until_idle { Until::Idle } else { Until::Stopped };
    Ok(runtime()?.block_on(daemon::run(&root, desk.clock.clone(), until))?)
}

/// What drives the daemon and whatever else waits for several things.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::failed(format!("the machine gives us no threads: {error}")))
}

/// What is told on the side goes to standard error; `SOPD_LOG` says how much.
pub(super) fn log_to_stderr(usual: &str) {
    let filter = EnvFilter::try_from_env("SOPD_LOG").unwrap_or_else(|_unset| EnvFilter::new(usual));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A second call finds the first one's in place.
    drop(subscriber.try_init());
}
