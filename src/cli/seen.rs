//! What sopd has shown of decisions to this user of the machine: a yes without `--hash` is for these bytes and no
//! others. A small file that nobody else may read; losing it only means looking again.

use crate::base::{files, problem::Result};
use crate::daemon::Workspace;
use crate::decision::{self, Decision};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Decisions that are remembered, the latest ones.
const MOST: usize = 10_000;

fn file(workspace: &Workspace) -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    workspace.root.join(".sopd").join(format!("seen-{user}"))
}

/// Remembers which bytes of each decision were shown. A folder that cannot be written to keeps nobody from looking.
pub(super) fn note<'a>(workspace: &Workspace, shown: impl IntoIterator<Item = &'a Decision>) {
    let new: BTreeMap<&str, &str> =
        shown.into_iter().map(|one| (one.id.as_str(), one.ask.hash.0.as_str())).collect();
    if new.is_empty() {
        return;
    }
    let kept = files::keep_private(&file(workspace), |text| {
        let before = text.lines().filter_map(|line| line.split_once(' '));
        let mut all: Vec<(&str, &str)> = before.filter(|(id, _hash)| !new.contains_key(id)).collect();
        all.extend(new.iter().map(|(id, hash)| (*id, *hash)));
        let first = all.len().saturating_sub(MOST);
        all.into_iter().skip(first).map(|(id, hash)| format!("{id} {hash}\n")).collect()
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
