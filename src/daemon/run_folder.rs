//! A run's folder under `.sopd/runs`: STATUS.md for people, the skill description's audit log, and the files that
//! steps left. Made from the journal, and made again when it is gone.

use super::run_status::{RunStatus, run_status};
use super::wanted::wanted;
use super::workspace::Workspace;
use crate::base::text::{cell, put_line, visible, visible_json};
use crate::base::{Digest, files, problem::Result};
use crate::decision::{self, Decision};
use crate::journal::events_of;
use crate::run;
use std::path::Path;

/// What is made of facts alone, and stays when retention erases the rest.
const KEPT: [&str; 3] = ["STATUS.md", "audit.jsonl", "review.md"];
/// Most events one run's log is written with.
const MOST_EVENTS: u32 = 100_000;

/// Writes a run's folder as the journal has it.
pub(super) fn write(workspace: &Workspace, id: &str) -> Result<()> {
    let folder = run::run_folder(&workspace.root, id);
    let journal = &workspace.journal;
    let (status, open, events, erased) = journal.read(|db| {
        let events = events_of(db, Some(id), 0, MOST_EVENTS)?;
        Ok((run_status(db, id)?, decision::open_of_mission(db, id)?, events, run::is_erased(db, id)?))
    })?;
    let mut log = String::new();
    for event in &events {
        if let Some(line) = run::audit::line(journal, event)? {
            put_line(&mut log, format_args!("{}", visible_json(&line)));
        }
    }
    files::project(&folder.join("audit.jsonl"), log.as_bytes())?;
    // What retention has erased stays away, also where another run has left the same bytes.
    for task in status.tasks.iter().filter(|_| !erased) {
        for (name, hash) in &task.files {
            let path = folder.join("files").join(format!("step-{}", task.number)).join(name);
            // A person may have put something else in the place of what a step left.
            if std::fs::read(&path).is_ok_and(|there| Digest::of(there) == *hash) {
                continue;
            }
            if let Some(bytes) = journal.blob(hash)? {
                files::project(&path, &bytes)?;
            }
        }
    }
    if let Some(review) =
        journal.read(|db| run::review_of(db, id))?.and_then(|hash| journal.blob(&hash).transpose())
    {
        let text = visible(&String::from_utf8_lossy(&review?));
        files::project(&folder.join("review.md"), text.as_bytes())?;
    }
    files::project(&folder.join("STATUS.md"), visible(&page(&status, &open)).as_bytes())
}

/// Removes what steps left in the folders of runs that retention has erased, also at an earlier time that was cut
/// short, and writes the logs of those erased `now` again: without what is gone.
pub fn empty_run_folders(workspace: &Workspace, now: &[String]) -> Result<()> {
    for id in workspace.journal.read(run::erased)? {
        if empty(&run::run_folder(&workspace.root, &id))? || now.contains(&id) {
            write(workspace, &id)?;
        }
    }
    Ok(())
}

/// Removes the working folders of a run that is over. What its steps left for others is kept by its content.
pub(super) fn remove_work(workspace: &Workspace, id: &str) -> Result<()> {
    let folder = run::run_folder(&workspace.root, id);
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let works = |name: &str| name == "work" || name == "record" || name.starts_with("work-");
    for entry in entries.filter(|entry| works(&entry.file_name().to_string_lossy())) {
        let path = entry.path();
        std::fs::remove_dir_all(&path).map_err(|error| files::explain(&path, &error))?;
    }
    Ok(())
}

/// Whether there was anything to remove.
fn empty(folder: &Path) -> Result<bool> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let left: Vec<_> = entries.filter(|path| !KEPT.iter().any(|name| path.ends_with(name))).collect();
    for path in &left {
        let gone = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        gone.map_err(|error| files::explain(path, &error))?;
    }
    Ok(!left.is_empty())
}

/// Removes half-written files from what is written here. What commands left in their own folders is theirs.
pub(super) fn remove_leftovers(workspace: &Workspace, id: &str) {
    let folder = run::run_folder(&workspace.root, id);
    files::remove_leftovers(&folder);
    let mut folders = vec![folder.join("files")];
    while let Some(folder) = folders.pop() {
        files::remove_leftovers(&folder);
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(
            entries
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path()),
        );
    }
}

/// Removes half-written scripts of runs that go on. To be called before anything is driven.
pub(super) fn remove_half_scripts(workspace: &Workspace) {
    // A journal that cannot be read now is told of by whoever needs it.
    for id in workspace.journal.read(run::open_runs).unwrap_or_default() {
        let records = run::run_folder(&workspace.root, &id).join("record");
        let tries = std::fs::read_dir(records).into_iter().flatten().flatten();
        tries.for_each(|entry| files::remove_leftovers(&entry.path()));
    }
}

fn page(status: &RunStatus, open: &[Decision]) -> String {
    let mut out = format!("# Run of {} v{}\n\n", status.sop, status.version);
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            put_line(&mut out, format_args!("**{name}**: {value}  "));
        }
    };
    row("Run", &status.id);
    row("Stands at", status.state.word());
    row("Waits for", &status.waiting_for);
    row("Why", if status.waiting_for.is_empty() { &status.reason } else { "" });
    row("Begun by", &status.initiator);
    row("Quality", &status.score.map(|score| format!("{score} of 100")).unwrap_or_default());
    row("Asked for", &status.created_at);
    row("Ended", status.ended_at.as_deref().unwrap_or_default());
    row("What came out", &run::outcome_line(&status.result));
    out.push_str(&wanted(open));
    out.push_str("\n| Step | Stands at | Done by | Why |\n|---|---|---|---|\n");
    for task in &status.tasks {
        put_line(
            &mut out,
            format_args!(
                "| {}. {} | {} | {} | {} |",
                task.number,
                cell(&task.title),
                task.state.word(),
                task.assignee,
                cell(&task.reason)
            ),
        );
    }
    out
}
