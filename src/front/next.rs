//! What happens after an answer, in plain words: who is asked now, or who must start the daemon.

use crate::base::trace::is_run;
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::{self, Decision, commands};
use crate::journal::events_of;
use crate::run::{self, RunState};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long we look on after an answer: the daemon needs a moment, and a person should not have to ask again.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the checks of a start are waited for: its word is no word before they are done.
const CHECKS: Duration = Duration::from_secs(10);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(25);
/// Facts looked through; one answer causes far fewer.
const MOST: u32 = 10_000;

/// Facts a person is waiting for after an answer.
const TOLD: [&str; 9] = [
    "decision_requested",
    "mission_closed",
    "run_completed",
    "run_cancelled",
    "run_failed",
    "run_paused",
    "run_resumed",
    "run_retried",
    "step_skipped",
];

/// What there is to say when nobody drives the workspace, or whoever does begins nothing new.
pub fn idle_note(sopd: &str, workspace: &Workspace) -> Option<String> {
    let stopping = daemon::is_stopping(&workspace.root);
    if daemon::holder(&workspace.root).is_some() && !stopping {
        return None;
    }
    // What cannot be read is told by whatever is asked for next.
    let held = workspace.journal.read(daemon::held::held).ok().flatten().is_some();
    Some(format!("{} to go on", undriven(sopd, (held, stopping))))
}

/// Why nothing goes on, and the command that changes it.
fn undriven(sopd: &str, (held, stopping): (bool, bool)) -> String {
    if stopping {
        format!("sopd is stopping here and begins nothing new: when it has, start `{sopd} up`")
    } else if held {
        format!("this workspace is a restored or copied one, and held: start `{sopd} up --go-on`")
    } else {
        format!("nothing drives this workspace now: start `{sopd} up`")
    }
}

/// What there is to say of whoever drives the workspace: that nobody does, or that nobody is served; and of its files.
pub fn standing_note(sopd: &str, workspace: &Workspace) -> Option<String> {
    let idle = idle_note(sopd, workspace);
    let all = idle.into_iter().chain(daemon::shut_out(&workspace.root)).chain(files_note(workspace));
    all.reduce(|all, note| format!("{all}\n{note}"))
}

/// What there is to say of settings, agents and prompts, whether a daemon drives the workspace or not.
pub fn files_note(workspace: &Workspace) -> Option<String> {
    let driven = daemon::holder(&workspace.root).is_some();
    let notes =
        if driven { daemon::standing_notes(&workspace.root) } else { daemon::unsound_files(workspace) };
    (!notes.is_empty()).then(|| notes.join("\n"))
}

/// Where a mission stands a moment after something was said, and what it waits for.
#[derive(Debug)]
pub struct Next {
    /// The mission or run.
    pub id: String,
    /// The word for where it stands.
    pub state: &'static str,
    /// How it ended, once it has.
    pub ended: Option<String>,
    /// Why it stands still, in words; empty while it goes on.
    pub reason: String,
    /// What it asks of people now.
    pub open: Vec<Decision>,
    /// Whether a daemon goes on with it.
    pub driven: bool,
    /// Whether a daemon is there that begins nothing new.
    pub stopping: bool,
    /// Whether the workspace is held, so that no daemon goes on with it before somebody says so.
    pub held: bool,
}

/// Looks on until the daemon has done something about the mission that a person should know, or patience ends.
/// `before` is the place of the journal's last fact before the answer.
pub fn look_on(workspace: &Workspace, mission: &str, before: i64) -> Result<Next> {
    look_past(workspace, mission, before, &[])
}

/// [`look_on`], where the questions in `known` were asked before, so that they are no news: a run is about to be
/// steered past them.
pub fn look_past(workspace: &Workspace, mission: &str, before: i64, known: &[String]) -> Result<Next> {
    let start = Instant::now();
    loop {
        let next = workspace.journal.read(|db| {
            let told = events_of(db, Some(mission), before, MOST)?
                .iter()
                .any(|event| TOLD.contains(&event.kind.as_str()));
            let open = decision::open_of_mission(db, mission)?;
            let new = open.iter().any(|one| !known.contains(&one.id));
            Ok((told || new, of_subject(db, mission, (open, &workspace.root))?))
        });
        let (told, next) = next?;
        if told || !next.driven || start.elapsed() > PATIENCE {
            return Ok(next);
        }
        std::thread::sleep(PAUSE);
    }
}

/// Why a run that was just started is refused by its own pre-flight checks; `None` once it has begun, where nobody
/// drives the workspace, or where the checks take long.
pub fn refused_start(workspace: &Workspace, run: &str) -> Result<Option<Problem>> {
    let start = Instant::now();
    loop {
        let row = workspace.journal.read(|db| run::run(db, run))?;
        match row.state {
            RunState::Cancelled if row.reason.starts_with(run::REFUSED) => {
                let problem = Problem::invalid(format!("{run}: {}", row.reason));
                return Ok(Some(problem.hint(format!("no step was begun; see `sopd status {run}`"))));
            }
            RunState::Pending if idle_note("", workspace).is_none() && start.elapsed() < CHECKS => {
                std::thread::sleep(PAUSE);
            }
            _ => return Ok(None),
        }
    }
}

/// Where a mission or run stands now, without looking on.
pub fn now(workspace: &Workspace, id: &str) -> Result<Next> {
    workspace.journal.read(|db| {
        let open = decision::open_of_mission(db, id)?;
        of_subject(db, id, (open, &workspace.root))
    })
}

fn of_subject(db: &rusqlite::Connection, id: &str, (open, root): (Vec<Decision>, &Path)) -> Result<Next> {
    let id = id.to_owned();
    let stopping = daemon::is_stopping(root);
    let driven = daemon::holder(root).is_some() && !stopping;
    let held = daemon::held::held(db)?.is_some();
    if is_run(&id) {
        let row = run::run(db, &id)?;
        // A failed run may go on: what it asks is told like that of any other.
        let over = matches!(row.state, RunState::Completed | RunState::Cancelled);
        let ended = over.then(|| row.reason.clone());
        return Ok(Next {
            id,
            state: row.state.word(),
            ended,
            reason: row.reason,
            open,
            driven,
            stopping,
            held,
        });
    }
    let status = daemon::status_of(db, &id)?;
    let ended = status.ended_at.as_ref().map(|_at| status.reason);
    Ok(Next { id, state: status.state.word(), ended, reason: String::new(), open, driven, stopping, held })
}

impl Next {
    /// What to say after a word was taken: without a daemon nothing has come of it yet, and what is on record is from
    /// before.
    pub fn after(&self, sopd: &str, workspace: &Workspace) -> String {
        idle_note(sopd, workspace).filter(|_| self.ended.is_none()).unwrap_or_else(|| self.words(sopd))
    }

    /// In words, with the commands to type.
    pub fn words(&self, sopd: &str) -> String {
        let Self { id, state, .. } = self;
        match self.ended.as_deref() {
            Some("") => return format!("{id} is {state}"),
            Some(reason) => return format!("{id} is {state}: {reason}"),
            None => {}
        }
        if !self.open.is_empty() {
            let lines = self.open.iter().map(|decision| {
                let command =
                    commands::of(sopd, decision).into_iter().next().map_or(String::new(), |first| first.line);
                format!(
                    "{} is asked next ({}): {}\n  {command}",
                    decision.ask.asked_of.join(", "),
                    decision.id,
                    decision.ask.title
                )
            });
            let lines = lines.collect::<Vec<_>>().join("\n");
            return if self.reason.is_empty() {
                lines
            } else {
                format!("{id} is {state}: {}\n{lines}", self.reason)
            };
        }
        if self.driven {
            let why = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
            return format!("{id} is {state}{why}; see `{sopd} status {id}`");
        }
        format!("{} and {id} goes on", undriven(sopd, (self.held, self.stopping)))
    }
}
