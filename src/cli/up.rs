//! `sopd up [--until-idle] [--go-on]`

mod listen;
mod log;
mod manager;

pub(super) use log::log_to_stderr;

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Stopping, Until, Workspace};
use crate::journal::Feed;
use futures::future::OptionFuture;
use listen::Listening;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Do everything that needs no person and no clock, then end
    #[arg(long)]
    until_idle: bool,
    /// Let a workspace go on that was restored or copied; without it such a one only says what it would start
    #[arg(long)]
    go_on: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let root = desk.root()?;
    allow_many_connections();
    let runtime = runtime()?;
    let traces = {
        let _inside = runtime.enter();
        log::open("warn,sopd=info", &root)?
    };
    let clock = desk.clock.clone();
    if args.go_on
        && let Some(said) = daemon::held::go_on(&root, &clock, os_user())?
    {
        print::line(&said)?;
    }
    let until = if args.until_idle { Until::Idle } else { Until::Stopped };
    let beside = |workspace: &Workspace, stopping: Stopping| {
        if rustix::process::geteuid().is_root() {
            tracing::warn!("{}", super::doctor::steps::ROOT);
        }
        let feed = Feed::start(&workspace.journal, stopping.clone());
        let head = workspace.journal.head()?.0;
        let traces = traces.map(|traces| traces.work(workspace.clone(), feed.clone(), head));
        let served = match until {
            Until::Idle => None,
            Until::Stopped => Some(Listening::start(workspace, &feed, stopping)?.work()),
        };
        Ok(Some(async move {
            manager::tell("READY=1");
            futures::join!(OptionFuture::from(traces), OptionFuture::from(served));
        }))
    };
    Ok(runtime.block_on(daemon::run_beside(&root, clock, until, beside))?)
}

/// Each page that listens is an open file, and shells usually allow only a thousand.
fn allow_many_connections() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%error, "the number of open files stays as it is");
    }
}

/// What drives the daemon and whatever else waits for several things.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    // Each of these threads may hold a connection to the journal, which is three open files.
    let most = usize::try_from(daemon::most_open_files() / 16).unwrap_or(usize::MAX).clamp(8, 512);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(most)
        .build()
        .map_err(|error| Problem::failed(format!("the machine gives us no threads: {error}")))
}
