//! `sopd backup FILE`: the workspace in one tar file, also while a daemon runs. What it contains is one moment of the
//! journal, and the files that moment speaks of; the last entry says so, so that a cut-off copy is noticed, and names
//! what was left out.

mod contents;
mod scratch;

pub(super) use contents::stays_inside;
pub(super) use scratch::Scratch;

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::text::counted;
use crate::base::{Instant, Problem, files, problem::Result};
use crate::registry;
use contents::Contents;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tar::{Builder, Header};

/// What is kept beside the journal.
pub(super) const FOLDERS: [&str; 4] = ["agents", "prompts", "missions", "sops"];
pub(super) const SETTINGS: &str = "sopd.yaml";
/// The name under which the working folders of runs under way are in the backup.
pub(super) const RUNS: &str = "runs";
/// The name under which other files of the workspace are in it that settings or SOPs name.
pub(super) const NAMED: &str = "workspace";
/// The journal's name in the backup.
pub(super) const JOURNAL: &str = "journal.db";
/// The last entry.
pub(super) const SEAL: &str = "sopd-backup.json";
/// The form of the seal.
pub(super) const SHAPE: &str = "sopd/backup/1";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to make; an existing one is never overwritten
    file: PathBuf,
}

/// What the last entry of a backup says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seal {
    pub(super) shape: String,
    pub(super) taken_at: String,
    /// Entries before this one.
    pub(super) entries: usize,
    /// Place and hash of the last fact.
    pub(super) head: (i64, String),
    /// What of the workspace is not in it, and why.
    #[serde(default)]
    pub(super) left_out: Vec<String>,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let target = &args.file;
    if target.exists() {
        return Err(taken(target).into());
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let trouble = |error: std::io::Error| files::explain(target, &error);
    let scratch = Scratch::beside(folder)?;
    let copy = scratch.path.join(JOURNAL);
    let head = copy_journal(workspace.journal.path(), &copy)?;
    let whole = scratch.path.join("backup.tar");
    let mut file =
        files::private(File::options().write(true).create_new(true)).open(&whole).map_err(trouble)?;
    let contents = {
        let db = Connection::open(&copy)?;
        contents::of(&workspace.root, &db)?
    };
    let packed = pack(&workspace.root, &copy, &contents, &mut file);
    let entries = packed.and_then(|(mut builder, entries)| {
        let seal = Seal {
            shape: SHAPE.to_owned(),
            taken_at: desk.clock.now().to_string(),
            entries,
            head: head.clone(),
            left_out: contents.left_out.clone(),
        };
        let text = serde_json::to_vec_pretty(&seal).map_err(std::io::Error::other)?;
        append(&mut builder, SEAL, &text)?;
        builder.into_inner()?;
        Ok(entries)
    });
    let entries = entries.map_err(trouble)?;
    file.sync_all().map_err(trouble)?;
    // A link fails when the name is taken: another backup of that name is never overwritten.
    std::fs::hard_link(&whole, target).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(target),
        _ => files::explain(target, &error),
    })?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(trouble)?;
    note_backup(&workspace.root, desk.clock.now());
    if desk.json {
        return print::json(&json!({
            "shape": SHAPE, "file": target, "entries": entries, "head": head, "left_out": contents.left_out,
        }));
    }
    print::line(&format!("{} holds {}, up to fact {}", target.display(), counted(entries, "file"), head.0))?;
    print_left_out(&contents.left_out)
}

/// Notes that a backup was made, for `sopd doctor`. It is no part of the log: a backup changes nothing.
fn note_backup(root: &Path, at: Instant) {
    if let Err(problem) = files::project(&last_file(root), at.0.to_string().as_bytes()) {
        tracing::warn!(%problem, "it is not noted that a backup was made");
    }
}

/// When the last backup was made here.
pub(super) fn last_backup(root: &Path) -> Option<Instant> {
    std::fs::read_to_string(last_file(root)).ok()?.trim().parse().ok().map(Instant)
}

fn last_file(root: &Path) -> PathBuf {
    root.join(".sopd").join("last-backup")
}

/// Says what a backup does not hold.
pub(super) fn print_left_out(left_out: &[String]) -> Done {
    if left_out.is_empty() {
        return Ok(());
    }
    print::line(&format!("it does not hold:\n- {}", left_out.join("\n- ")))
}

fn taken(target: &Path) -> Problem {
    Problem::conflict(format!("{} exists already", target.display()))
        .hint("a backup never overwrites: name another file")
}

/// Copies the journal as it is at one moment, while others append; gives its last fact.
fn copy_journal(from: &Path, to: &Path) -> Result<(i64, String)> {
    let source = Connection::open(from)?;
    let mut copy = Connection::open(to)?;
    {
        let backup = Backup::new(&source, &mut copy)?;
        // All pages in one step: a single read transaction, so no append in between restarts it.
        if backup.step(-1)? != StepResult::Done {
            return Err(Problem::store("the journal was too busy to be copied").hint("try again"));
        }
    }
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| files::explain(to, &error))?;
    // The copy stands alone: no side files.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    let head = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1";
    let found = copy.query_row(head, [], |row| Ok((row.get(0)?, row.get(1)?)));
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok((0, String::new())),
        other => Ok(other?),
    }
}

type Packed<'a> = (Builder<&'a mut File>, usize);

fn pack<'a>(
    root: &Path,
    journal: &Path,
    contents: &Contents,
    file: &'a mut File,
) -> std::io::Result<Packed<'a>> {
    let mut builder = Builder::new(file);
    let mut entries = 2;
    put(&mut builder, &journal.to_path_buf(), Path::new(JOURNAL))?;
    put(&mut builder, &root.join(SETTINGS), Path::new(SETTINGS))?;
    for (from, name) in &contents.files {
        entries += usize::from(put(&mut builder, from, name)?);
    }
    let copy = Connection::open(journal).map_err(std::io::Error::other)?;
    let known: BTreeSet<String> =
        registry::all(&copy).map_err(std::io::Error::other)?.into_iter().map(|row| row.path).collect();
    for folder in FOLDERS {
        for name in files_below(root, Path::new(folder))? {
            // The index is written from the copy; a version published since is not part of this moment.
            let shown = name.to_string_lossy();
            if shown == INDEX || (is_published(&shown) && !known.contains(shown.as_ref())) {
                continue;
            }
            entries += usize::from(put(&mut builder, &root.join(&name), &name)?);
        }
    }
    if let Some(index) = registry::index(&copy).map_err(std::io::Error::other)? {
        append(&mut builder, INDEX, index.text.as_bytes())?;
        entries += 1;
    }
    Ok((builder, entries))
}

const INDEX: &str = "sops/INDEX.md";

fn is_published(name: &str) -> bool {
    name.strip_prefix("sops/")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(_, file)| file.starts_with("SOP-"))
        && !name.starts_with("sops/drafts/")
}

/// Puts a file in as it is now, also while somebody writes it; of a run's folder also a link or a folder, as what it is.
/// Whether it was still there.
fn put<W: Write>(builder: &mut Builder<W>, from: &PathBuf, name: &Path) -> std::io::Result<bool> {
    let kind = if name.starts_with(RUNS) { std::fs::symlink_metadata(from).ok() } else { None };
    if let Some(data) = kind.filter(|data| !data.is_file()) {
        let mut header = Header::new_gnu();
        header.set_metadata(&data);
        header.set_size(0);
        if data.is_symlink() {
            builder.append_link(&mut header, name, std::fs::read_link(from)?)?;
        } else {
            builder.append_data(&mut header, name, std::io::empty())?;
        }
        return Ok(true);
    }
    let file = match File::open(from) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    let data = file.metadata()?;
    let mut header = Header::new_gnu();
    header.set_metadata(&data);
    let size = data.len();
    header.set_size(size);
    // One that grows meanwhile is cut, one that shrinks is filled up: the entries after it stay readable.
    builder.append_data(&mut header, name, file.take(size).chain(std::io::repeat(0)).take(size))?;
    Ok(true)
}

fn append<W: Write>(builder: &mut Builder<W>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    header.set_mode(0o644);
    builder.append_data(&mut header, name, bytes)
}

/// Plain files below `folder`, relative to `root`, in order. Links are not followed, hidden and temporary files left out.
pub(super) fn files_below(root: &Path, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                waiting.push(folder.join(name));
            } else if kind.is_file() {
                found.push(folder.join(name));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registered_files_count_as_published() {
        assert!(is_published("sops/REV/SOP-REV-x-v1.0.md"));
        for other in ["sops/TEMPLATE.md", "sops/drafts/SOP-REV-x-v1.0.md", "missions/SOP-x.md"] {
            assert!(!is_published(other), "{other}");
        }
    }
}
