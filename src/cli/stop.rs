//! `sopd stop [--now]`: tells the daemon of this workspace to stop, and waits until it has.

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::Problem;
use crate::daemon;
use rustix::process::{Signal, kill_process};
use std::time::{Duration, Instant};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How much longer than `runs.stop_within` the end may take: lines are cut, files written.
const BEYOND: Duration = Duration::from_mins(1);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Cut off what is under way instead of waiting for it; a step that must not be repeated unseen asks a person then
    #[arg(long)]
    now: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let root = desk.root()?;
    let Some(process) = daemon::driver(&root) else {
        return print::line("nothing drives this workspace");
    };
    let workspace = desk.open()?;
    let within = workspace.snapshot().map(|snapshot| snapshot.settings.runs.stop_within);
    let within = within
        .map_or(Duration::ZERO, |span| Duration::from_millis(u64::try_from(span.millis()).unwrap_or(0)));
    let signal = if args.now { Signal::QUIT } else { Signal::TERM };
    kill_process(process, signal).map_err(|error| {
        Problem::failed(format!("process {} cannot be told: {error}", process.as_raw_nonzero()))
    })?;
    let late = Instant::now() + within + BEYOND;
    while daemon::driver(&root) == Some(process) {
        if Instant::now() >= late {
            let problem = Problem::failed(format!("process {} does not stop", process.as_raw_nonzero()));
            return Err(problem
                .hint("its log says what it waits for; `sopd stop --now` cuts that off")
                .into());
        }
        std::thread::sleep(PAUSE);
    }
    print::line("stopped; what was not ended goes on with the next `sopd up`")
}
