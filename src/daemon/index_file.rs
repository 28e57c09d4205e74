//! `sops/INDEX.md` on disk: written when the registry moved, restored when somebody edited it.

use super::workspace::{PRIVATE_FOLDER, Workspace};
use crate::base::{Digest, Problem, files, problem::Result};
use crate::registry;
use serde_json::json;
use std::time::SystemTime;

/// What INDEX.md was last found or made to be: its revision, and the size and time stamp of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    revision: i64,
    /// The day of the last look: a new day has an anchor of its own.
    day: String,
    file: Option<(u64, Option<SystemTime>)>,
}

/// [`keep`], where registry or file have moved since the last look. With thousands of SOPs the comparison costs a
/// large part of a second's work, and the daemon looks after INDEX.md every few seconds.
pub(super) fn look_after(workspace: &Workspace, last: &mut Looked) -> Result<()> {
    let path = workspace.root.join("sops/INDEX.md");
    let look = || -> Result<Looked> {
        let file = std::fs::metadata(&path).ok().map(|data| (data.len(), data.modified().ok()));
        let day = workspace.journal.clock().now().day();
        Ok(Looked { revision: workspace.journal.read(registry::revision)?, day, file })
    };
    if look()? != *last {
        // A revision that comes during the writing is looked at again with the next pass.
        let revision = workspace.journal.read(registry::revision)?;
        keep(workspace)?;
        *last = Looked { revision, ..look()? };
    }
    Ok(())
}

/// Edits kept under one second's name; more are no person's.
const MOST_EDITS: u32 = 100;

/// Writes INDEX.md as the journal has it. Bytes that sopd did not write are put aside first and reported.
pub fn keep(workspace: &Workspace) -> Result<()> {
    let Some(index) = workspace.journal.read(registry::index)? else { return Ok(()) };
    let path = workspace.root.join("sops/INDEX.md");
    let mark = workspace.root.join(PRIVATE_FOLDER).join("index.sha256");
    let ours = std::fs::read_to_string(&mark).unwrap_or_default();
    let new = Digest::of(&index.text);
    let mut known = new.0.clone();
    if let Ok(there) = std::fs::read(&path) {
        let there_now = Digest::of(&there);
        if there_now == new {
            return Ok(());
        }
        if ours.lines().any(|line| line == there_now.0) {
            known = format!("{known}\n{there_now}");
        } else {
            put_aside(workspace, &there, &there_now)?;
        }
    }
    // Before the file itself: whichever of the two a crash leaves there is known as our own.
    files::write(&mark, known.as_bytes(), files::Existing::Replace)?;
    files::write(&path, index.text.as_bytes(), files::Existing::Replace)
}

fn put_aside(workspace: &Workspace, there: &[u8], sha256: &Digest) -> Result<()> {
    let now = workspace.journal.clock().now().utc().format("%Y%m%dT%H%M%SZ");
    let free = |nth: u32| {
        let again = if nth == 1 { String::new() } else { format!("-{nth}") };
        let name = format!("sops/INDEX.conflict-{now}{again}.md");
        let path = workspace.root.join(&name);
        // The same edit, kept right before a crash, is kept once.
        let usable = std::fs::read(&path).map_or(true, |kept| kept == there);
        usable.then_some((name, path))
    };
    let Some((name, path)) = (1..=MOST_EDITS).find_map(free) else {
        return Err(Problem::failed(format!("INDEX.md was edited {MOST_EDITS} times within a second")));
    };
    files::write(&path, there, files::Existing::Keep)?;
    tracing::warn!(kept_as = %name, "INDEX.md was edited by hand; the edit is kept and the registry's own text restored");
    let body = json!({ "kept_as": name, "sha256": sha256 });
    workspace.journal.append(move |tx| tx.event("sopd", "index_edited_by_hand", &body).map(drop))
}
