//! What sopd has shown of decisions to this user of the machine: a yes without `--hash` is for these bytes and no
//! others. A small file that nobody else may read; losing it only means looking again.

use crate::base::{files, problem::Result};
use crate::daemon::Workspace;
use crate::decision::{self, Decision};
use std::path::PathBuf;

/// Decisions that are remembered, the latest ones.
const MOST: usize = 10_000;

fn file(workspace: &Workspace) -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    workspace.root.join(".sopd").join(format!("seen-{user}"))
}

/// Remembers which bytes of each decision were shown. A folder that cannot be written to keeps nobody from looking.
pub(super) fn note<'a>(workspace: &Workspace, shown: impl IntoIterator<Item = &'a Decision>) {
    let new: Vec<String> = shown.into_iter().map(|one| format!("{} {}", one.id, one.ask.hash)).collect();
    let id = |line: &str| line.split_once(' ').map_or("", |(id, _hash)| id).to_owned();
    let kept = files::keep_private(&file(workspace), |text| {
        let fresh = |line: &&str| !new.iter().any(|shown| id(shown) == id(line));
        let mut lines: Vec<&str> = text.lines().filter(fresh).collect();
        lines.extend(new.iter().map(String::as_str));
        let first = lines.len().saturating_sub(MOST);
        lines.into_iter().skip(first).map(|line| format!("{line}\n")).collect()
    });
    if let Err(problem) = kept {
        tracing::debug!(%problem, "what was shown is not remembered");
    }
}

/// The hash that was shown last of the decision a person means; `None` where none was.
pub(super) fn hash_of(workspace: &Workspace, id: &str) -> Result<Option<String>> {
    let decision = workspace.journal.read(|db| decision::find(db, id))?;
    let text = std::fs::read_to_string(file(workspace)).unwrap_or_default();
    let of_it = |line: &str| {
        line.split_once(' ').filter(|(id, _)| *id == decision.id).map(|(_, hash)| hash.to_owned())
    };
    Ok(text.lines().rev().find_map(of_it))
}
