//! `sopd up [--until-idle]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::text::put;
use crate::base::{Kind, Problem, problem::Result};
use crate::daemon::{self, Stopping, Until, Workspace};
use crate::web;
use futures::future::BoxFuture;
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
    let clock = desk.clock.clone();
    if args.until_idle {
        return Ok(runtime()?.block_on(daemon::run(&root, clock, Until::Idle))?);
    }
    let serve = |workspace: &Workspace, stopping: Stopping| serve(workspace, stopping);
    Ok(runtime()?.block_on(daemon::run_beside(&root, clock, Until::Stopped, serve))?)
}

/// Opens the desk beside the driving. What drives the workspace goes on without it where the port is taken.
fn serve(workspace: &Workspace, stopping: Stopping) -> Result<Option<BoxFuture<'static, ()>>> {
    let snapshot = workspace.snapshot().map_err(|problems| {
        problems.into_iter().next().unwrap_or_else(|| Problem::failed("the workspace cannot be read"))
    })?;
    let settings = &snapshot.settings;
    let opened = match web::open(workspace, &settings.desk, stopping) {
        Ok(None) => return Ok(None),
        Ok(Some(opened)) => opened,
        Err(problem) if problem.kind == Kind::Conflict => {
            tracing::error!(%problem, "missions and runs go on without the desk");
            return Ok(None);
        }
        Err(problem) => return Err(problem),
    };
    let forwards = &settings.publication.interim.forwards;
    let first = if snapshot.roster.get(forwards).is_some() { forwards } else { &settings.requester };
    let mut words = format!("the desk is at {}", opened.address);
    match web::first_link(workspace, &opened.address, first)? {
        Some(link) => put(&mut words, format_args!("\nsign in as {first}, once, within 30 minutes: {link}")),
        None => words.push_str("; `sopd sign-in PARTY` makes a link for whoever has none"),
    }
    // Whoever started us may have closed the output; the desk is there all the same.
    drop(print::line(&words));
    Ok(Some(opened.serve))
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
