//! `sopd doctor`: everything sopd needs, looked at one by one. It changes nothing.

mod models;
mod named;
mod notifications;
mod parties;
mod promises;
pub(super) mod steps;

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use super::up::runtime;
use crate::agent::Snapshot;
use crate::base::text::counted;
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, NO_SPACE, Workspace};
use crate::journal::Access;
use crate::settings::{Git, Settings};
use serde::Serialize;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Less free space than this is worth a word: a year of missions with all their payloads.
const LITTLE_SPACE: u64 = 1024 * 1024 * 1024;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// As it should be.
    Good,
    /// It works, but look at it.
    Note,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    result: Outcome,
    said: String,
}

fn check(what: &'static str, result: Outcome, said: impl Into<String>) -> Check {
    Check { what, result, said: said.into() }
}

pub(super) fn run(desk: &Desk) -> Done {
    let root = desk.root()?;
    let mut checks = vec![check("workspace", Outcome::Good, root.display().to_string())];
    let read = Snapshot::read(&root);
    checks.extend(own_files(read.as_deref()));
    let rest = || Snapshot::without_broken(&root).map(|(rest, _broken)| Arc::new(rest));
    let snapshot = read.or_else(|problems| rest().ok_or(problems));
    checks.extend(["", "missions", "sops", ".sopd"].map(|folder| permission(&root, folder)));
    checks.push(journal(desk, &root));
    let workspace = Workspace::open(&root, Access::Guest, desk.clock.clone()).ok();
    let broken = workspace.as_ref().map_or(Vec::new(), daemon::broken_agents);
    checks.extend(broken.into_iter().map(|one| check("agent", Outcome::Bad, one)));
    checks.push(lock(&root, workspace.as_ref()));
    checks.extend(workspace.as_ref().and_then(clock));
    checks.push(space(&root));
    checks.extend(promises::requests());
    let settings = snapshot.as_ref().map(|snapshot| snapshot.settings.clone()).unwrap_or_default();
    checks.push(git(&root, settings.git));
    let uncommitted = workspace.as_ref().and_then(daemon::uncommitted);
    checks.extend(uncommitted.map(|said| check("git", Outcome::Bad, said)));
    checks.extend(promises::modes(&root, &settings));
    let notes = daemon::standing_notes(&root);
    checks.extend(notes.into_iter().map(|note| check("counting", Outcome::Note, note)));
    if snapshot.is_ok() {
        checks.extend(notifications::look(desk, &root, &settings));
    }
    let known = snapshot.as_deref().ok();
    checks.extend(known.map_or(Vec::new(), |known| parties::look(known, workspace.as_ref())));
    if snapshot.is_ok() {
        checks.extend(named::look(&root, &settings, workspace.as_ref()));
    }
    checks.extend(workspace.as_ref().map_or(Vec::new(), |workspace| promises::kept(workspace, known)));
    checks.extend(runtime()?.block_on(reached(&root, workspace.as_ref(), &settings)));
    let bad = checks.iter().filter(|check| check.result == Outcome::Bad).count();
    if desk.json {
        print::json(&json!({ "shape": "sopd/doctor/1", "well": bad == 0, "checks": checks }))?;
    } else {
        for Check { what, result, said } in &checks {
            let sign = match result {
                Outcome::Good => "ok  ",
                Outcome::Note => "note",
                Outcome::Bad => "BAD ",
            };
            print::line(&format!("{sign}  {what:12}  {}", said.replace('\n', "\n                    ")))?;
        }
    }
    match snapshot {
        Err(_) => Err(Problem::invalid("settings, roster or prompts must be mended first").into()),
        Ok(_) if bad > 0 => Err(Problem::failed(format!("{} not right", counted(bad, "thing"))).into()),
        Ok(_) => Ok(()),
    }
}

/// What others say when they are asked: the machine of a script, the desk, the models.
async fn reached(root: &Path, workspace: Option<&Workspace>, settings: &Settings) -> Vec<Check> {
    let mut checks = vec![promises::door(root, settings).await];
    checks.extend(steps::look(root, workspace, &settings.runs).await);
    checks.extend(models::look(&settings.models).await);
    checks
}

fn own_files(snapshot: Result<&Snapshot, &Vec<Problem>>) -> Vec<Check> {
    match snapshot {
        Err(problems) => {
            problems.iter().map(|problem| check("own files", Outcome::Bad, problem.to_string())).collect()
        }
        Ok(Snapshot { roster, prompts, .. }) => vec![
            check("settings", Outcome::Good, "sopd.yaml is sound"),
            check(
                "roster",
                Outcome::Good,
                format!("{}, {} at work", counted(roster.agents.len(), "agent"), roster.active().count()),
            ),
            check("prompts", Outcome::Good, counted(prompts.len(), "template")),
        ],
    }
}

fn permission(root: &Path, folder: &str) -> Check {
    let shown = if folder.is_empty() { "the workspace".to_owned() } else { format!("{folder}/") };
    let path = root.join(folder);
    if !path.exists() {
        return check("permissions", Outcome::Note, format!("{shown} is not there yet"));
    }
    match rustix::fs::access(&path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
        Ok(()) => check("permissions", Outcome::Good, format!("{shown} can be written")),
        Err(error) => check("permissions", Outcome::Bad, format!("{shown} cannot be written: {error}")),
    }
}

fn journal(desk: &Desk, root: &Path) -> Check {
    let opened = Workspace::open(root, Access::Guest, desk.clock.clone());
    let read = opened.and_then(|workspace| {
        let format: i64 = workspace
            .journal
            .read(|db| Ok(db.pragma_query_value(None, "user_version", |row| row.get(0))?))?;
        Ok((format, workspace.journal.head()?.0))
    });
    match read {
        Ok((format, facts)) => {
            let facts = counted(usize::try_from(facts).unwrap_or(0), "fact");
            check(
                "journal",
                Outcome::Good,
                format!("format {format}, {facts}; `sopd audit verify` reads them all"),
            )
        }
        Err(problem) => check("journal", Outcome::Bad, problem.to_string()),
    }
}

fn lock(root: &Path, workspace: Option<&Workspace>) -> Check {
    let held = workspace.and_then(|workspace| workspace.journal.read(daemon::held::held).ok()).flatten();
    if let Some(why) = held {
        let said = format!("held, {why}: nothing drives it before `sopd up --go-on`");
        return check("daemon", Outcome::Bad, said);
    }
    match daemon::holder(root) {
        Some(holder) => check("daemon", Outcome::Good, format!("driven by {holder}")),
        None => check("daemon", Outcome::Note, "nothing drives this workspace; `sopd up` does"),
    }
}

/// A journal that cannot be read is told of elsewhere.
fn clock(workspace: &Workspace) -> Option<Check> {
    let said = daemon::clock_trouble(&workspace.journal).ok()?;
    Some(match said {
        Some(said) => check("clock", Outcome::Note, said),
        None => check("clock", Outcome::Good, "no fact is of a time yet to come"),
    })
}

fn space(root: &Path) -> Check {
    let Ok(disk) = rustix::fs::statvfs(root) else {
        return check("disk", Outcome::Note, "the disk does not say how much room is left");
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let said = format!("{} MiB free", free / (1024 * 1024));
    let result = match free {
        0..NO_SPACE => Outcome::Bad,
        NO_SPACE..LITTLE_SPACE => Outcome::Note,
        _ => Outcome::Good,
    };
    check("disk", result, said)
}

fn git(root: &Path, settings: Git) -> Check {
    match daemon::repository(root) {
        _ if !settings.commit => check("git", Outcome::Good, "publications are not committed (`git.commit`)"),
        Some(within) if within.is_empty() || settings.enclosing => {
            check("git", Outcome::Good, "each publication is a commit")
        }
        Some(_) => check(
            "git",
            Outcome::Note,
            "the workspace lies within somebody's repository; publications are not committed (`git.enclosing: true` does it)",
        ),
        None => check("git", Outcome::Note, "no git repository; publications are not committed"),
    }
}
