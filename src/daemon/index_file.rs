//! `sops/INDEX.md` on disk: written when the registry moved, restored when somebody edited it.

use super::workspace::{PRIVATE_FOLDER, Workspace};
use crate::base::{Digest, files, problem::Result};
use crate::registry;
use serde_json::json;
use std::time::SystemTime;

/// What INDEX.md was last found or made to be: its revision, and the size and time stamp of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    revision: i64,
    file: Option<(u64, Option<SystemTime>)>,
}

/// [`keep`], where registry or file have moved since the last look. With thousands of SOPs the comparison costs a
/// large part of a second's work, and the daemon looks after INDEX.md every two seconds.
pub(super) fn look_after(workspace: &Workspace, last: &mut Looked) -> Result<()> {
    let path = workspace.root.join("sops/INDEX.md");
    let look = || -> Result<Looked> {
        let file = std::fs::metadata(&path).ok().map(|data| (data.len(), data.modified().ok()));
        Ok(Looked { revision: workspace.journal.read(registry::revision)?, file })
    };
    if look()? != *last {
        // A revision that comes during the writing is looked at again with the next pass.
        let revision = workspace.journal.read(registry::revision)?;
        keep(workspace)?;
        *last = Looked { revision, ..look()? };
    }
    Ok(())
}

/// Writes INDEX.md as the journal has it. Bytes that sopd did not write are put aside first and reported.
pub fn keep(workspace: &Workspace) -> Result<()> {
    let Some(index) = workspace.journal.read(registry::index)? else { return Ok(()) };
    let path = workspace.root.join("sops/INDEX.md");
    let mark = workspace.root.join(PRIVATE_FOLDER).join("index.sha256");
    let ours = std::fs::read_to_string(&mark).unwrap_or_default();
    if let Ok(there) = std::fs::read(&path) {
        let digest = Digest::of(&there);
        if there == index.text.as_bytes() {
            return remember(&mark, &ours, &digest);
        }
        if digest.0 != ours.trim() {
            put_aside(workspace, &there)?;
        }
    }
    files::write(&path, index.text.as_bytes(), files::Existing::Replace)?;
    remember(&mark, &ours, &Digest::of(&index.text))
}

fn remember(mark: &std::path::Path, before: &str, digest: &Digest) -> Result<()> {
    if before.trim() == digest.0 { Ok(()) } else { files::project(mark, digest.0.as_bytes()) }
}

fn put_aside(workspace: &Workspace, there: &[u8]) -> Result<()> {
    let now = workspace.journal.clock().now();
    let name = format!("sops/INDEX.conflict-{}.md", now.utc().format("%Y%m%dT%H%M%SZ"));
    files::write(&workspace.root.join(&name), there, files::Existing::Replace)?;
    tracing::warn!(kept_as = %name, "INDEX.md was edited by hand; the edit is kept and the registry's own text restored");
    let body = json!({ "kept_as": name, "sha256": Digest::of(there) });
    workspace.journal.append(move |tx| tx.event("sopd", "index_edited_by_hand", &body).map(drop))
}
