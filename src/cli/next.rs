//! What happens after an answer, in plain words: who is asked now, or who must start the daemon.

use super::commands;
use super::desk::Desk;
use crate::base::problem::Result;
use crate::daemon::{self, MissionStatus, Workspace};
use crate::decision::{self, Decision};
use crate::journal::events_of;
use std::time::{Duration, Instant};

/// How long we look on after an answer: the daemon needs a moment, and a person should not have to ask again.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(25);
/// Facts looked through; one answer causes far fewer.
const MOST: u32 = 10_000;

/// What there is to say when nobody drives the workspace.
pub(super) fn idle_note(desk: &Desk, workspace: &Workspace) -> Option<String> {
    if daemon::holder(&workspace.root).is_some() {
        return None;
    }
    Some(format!("nothing drives this workspace now: start `{} up` to go on", desk.command()))
}

/// Where a mission stands a moment after something was said, and what it waits for.
#[derive(Debug)]
pub(super) struct Next {
    /// Where it stands.
    pub(super) status: MissionStatus,
    /// What it asks of people now.
    pub(super) open: Vec<Decision>,
    /// Whether a daemon goes on with it.
    pub(super) driven: bool,
}

/// Looks on until the daemon has done something about the mission that a person should know, or patience ends.
/// `before` is the place of the journal's last fact before the answer.
pub(super) fn look_on(workspace: &Workspace, mission: &str, before: i64) -> Result<Next> {
    let driven = daemon::holder(&workspace.root).is_some();
    let start = Instant::now();
    loop {
        let next = workspace.journal.read(|db| {
            let told = events_of(db, Some(mission), before, MOST)?
                .iter()
                .any(|event| matches!(event.kind.as_str(), "decision_requested" | "mission_closed"));
            let open = decision::open_of_mission(db, mission)?;
            Ok((told || !open.is_empty(), daemon::status_of(db, mission)?, open))
        });
        let (told, status, open) = next?;
        if told || !driven || start.elapsed() > PATIENCE {
            return Ok(Next { status, open, driven });
        }
        std::thread::sleep(PAUSE);
    }
}

impl Next {
    /// In words, with the commands to type.
    pub(super) fn words(&self, desk: &Desk) -> String {
        let status = &self.status;
        if status.ended_at.is_some() {
            return format!("{} is {}: {}", status.id, status.state.word(), status.reason);
        }
        if !self.open.is_empty() {
            let lines = self.open.iter().map(|decision| {
                let command =
                    commands::of(desk, decision).into_iter().next().map_or(String::new(), |first| first.line);
                format!(
                    "{} is asked next ({}): {}\n  {command}",
                    decision.ask.asked_of.join(", "),
                    decision.id,
                    decision.ask.title
                )
            });
            return lines.collect::<Vec<_>>().join("\n");
        }
        if self.driven {
            return format!(
                "{} goes on ({}); see `{} status {}`",
                status.id,
                status.state.word(),
                desk.command(),
                status.id
            );
        }
        format!("nothing drives this workspace now: start `{} up` and {} goes on", desk.command(), status.id)
    }
}
