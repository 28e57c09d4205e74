//! The files against the journal: a published file is byte for byte what was approved.

use super::rows::{self, Status, VersionRow};
use crate::base::{Digest, Problem, files, problem::Result};
use crate::sop::{self, Sop};
use rusqlite::Connection;
use serde::Serialize;
use std::path::Path;

/// No SOP of ours is larger; one that is was changed by hand.
const MAX_SOP_BYTES: u64 = 4 * 1024 * 1024;

/// What was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Published files that are what was approved.
    pub intact: usize,
    /// What is wrong, one sentence each.
    pub wrong: Vec<String>,
}

/// Reads a published file and refuses it when its bytes are not those of its publication.
pub fn read_checked(root: &Path, row: &VersionRow) -> Result<String> {
    let name = format!("{} v{}", row.id, row.version);
    let text = files::read_text(&root.join(&row.path), MAX_SOP_BYTES).map_err(|problem| Problem {
        message: format!("{name} cannot be read: {}", problem.message),
        ..problem
    })?;
    if Digest::of(&text) == row.sha256 {
        return Ok(text);
    }
    if row.sha256.0.is_empty() {
        return Err(Problem::conflict(format!(
            "no fact says that {name} was published, whatever its row says"
        ))
        .hint("compare the journal with its facts: `sopd audit verify`"));
    }
    Err(Problem::conflict(format!("{} is not what was approved as {name}: its bytes were changed", row.path))
        .hint("put the approved file back (from git or a backup); to change the SOP, submit a mission"))
}

/// Every active version with its document. A file that is not what was approved, or cannot be read, is left out: it is
/// told of by [`verify_files`].
pub fn active_sops(db: &Connection, root: &Path) -> Result<Vec<(VersionRow, Sop)>> {
    let active = rows::all(db)?.into_iter().filter(|row| row.status == Status::Active);
    Ok(active
        .filter_map(|row| {
            let text = read_checked(root, &row).ok()?;
            let sop = sop::parse(&row.path, &text).ok()?;
            Some((row, sop))
        })
        .collect())
}

/// Compares every published file with the hash in its publication fact, and looks for files nobody published.
pub fn verify_files(db: &Connection, root: &Path) -> Result<Checked> {
    let rows = rows::all(db)?;
    let mut checked = Checked { intact: 0, wrong: Vec::new() };
    for row in rows.iter().filter(|row| row.status != Status::Draft) {
        match read_checked(root, row) {
            Ok(_) => checked.intact += 1,
            Err(problem) => checked.wrong.push(problem.message),
        }
    }
    let known: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    for path in published_files(root) {
        if !known.contains(path.as_str()) {
            checked.wrong.push(format!("{path} is in the registry's folder, but was never published"));
        }
    }
    Ok(checked)
}

/// Files that look like published versions: `sops/DEPT/SOP-*.md`, in order.
fn published_files(root: &Path) -> Vec<String> {
    let list = |path: &Path| -> Vec<std::fs::DirEntry> {
        std::fs::read_dir(path).map(|entries| entries.flatten().collect()).unwrap_or_default()
    };
    let is_department = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase());
    let mut found = Vec::new();
    for folder in list(&root.join("sops")) {
        let department = folder.file_name().to_string_lossy().into_owned();
        if !is_department(&department) {
            continue;
        }
        for file in list(&folder.path()) {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.starts_with("SOP-") && Path::new(&name).extension().is_some_and(|end| end == "md") {
                found.push(format!("sops/{department}/{name}"));
            }
        }
    }
    found.sort();
    found
}
