//! Settings, roster and prompts as a mission found them at its start: edits count for new missions only.

use crate::base::text::put;
use crate::base::{Digest, Problem, files, problem::Result};
use crate::journal::Journal;
use crate::roster::{self, Agent, Roster};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The file of the settings.
const SETTINGS: &str = "sopd.yaml";
/// Largest file of these that is read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Everything a mission takes from the workspace's own files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// `sopd.yaml`.
    pub settings: Settings,
    /// `agents/`.
    pub roster: Roster,
    /// `prompts/`, by role.
    pub prompts: BTreeMap<String, String>,
}

impl Snapshot {
    /// Reads the workspace's files. Every problem is told, not only the first.
    ///
    /// The last reading is kept and stands as long as no byte of the files has changed: understanding some thirty
    /// files costs more than all else that happens between a mission and its first question.
    pub fn read(root: &Path) -> Result<Self, Vec<Problem>> {
        static LAST: Mutex<Option<(Digest, Snapshot)>> = Mutex::new(None);
        let files = fingerprint(root);
        let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(files), Some((known, snapshot))) = (&files, &*last())
            && files == known
        {
            return Ok(snapshot.clone());
        }
        let snapshot = Self::read_afresh(root)?;
        // Edited while it was read: what was read belongs to neither.
        if let Some(files) = files.filter(|files| fingerprint(root).as_ref() == Some(files)) {
            *last() = Some((files, snapshot.clone()));
        }
        Ok(snapshot)
    }

    /// The workspace's files as they would read with `text` in the file `name` (`agents/vp.sales.md`). Nothing is
    /// written.
    pub fn read_with(root: &Path, name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        Self::read_as(&Files { root, instead: Some((name, text)) })
    }

    fn read_afresh(root: &Path) -> Result<Self, Vec<Problem>> {
        Self::read_as(&Files { root, instead: None })
    }

    fn read_as(files: &Files<'_>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let settings = files.settings().unwrap_or_else(|found| {
            problems.extend(found);
            Settings::default()
        });
        let roster = read_roster(files).unwrap_or_else(|found| {
            problems.extend(found);
            Roster::default()
        });
        let prompts = read_prompts(files).unwrap_or_else(|found| {
            problems.extend(found);
            BTreeMap::new()
        });
        if problems.is_empty() { Ok(Self { settings, roster, prompts }) } else { Err(problems) }
    }

    /// The form in which it is stored.
    pub(super) fn text(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Problem::failed(format!("BUG: the snapshot is not JSON: {error}")))
    }

    /// Loads a stored one.
    pub fn load(journal: &Journal, digest: &Digest) -> Result<Self> {
        let lost = || Problem::store(format!("the journal lacks the snapshot {}", digest.short()));
        let bytes = journal.blob(digest)?.ok_or_else(lost)?;
        Self::of(&bytes, digest)
    }

    /// Reads the stored form.
    pub(super) fn of(bytes: &[u8], digest: &Digest) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| {
            Problem::store(format!("the snapshot {} cannot be read: {error}", digest.short()))
        })
    }

    /// The agent with that id.
    pub fn agent(&self, id: &str) -> Result<&Agent> {
        self.roster
            .get(id)
            .ok_or_else(|| Problem::not_found(format!("there is no agent `{id}` on the roster")))
    }
}

/// The hash of everything a snapshot is read from; `None` where something cannot be read.
fn fingerprint(root: &Path) -> Option<Digest> {
    let mut all = files::read_text(&root.join(SETTINGS), MAX_FILE_BYTES).ok()?;
    let there = Files { root, instead: None };
    for folder in ["agents", "prompts"] {
        for (name, text) in there.folder(folder).ok()? {
            // Lengths keep what belongs to one file from passing for another's.
            put(&mut all, format_args!("\n{folder} {} {name} {}\n{text}", name.len(), text.len()));
        }
    }
    Some(Digest::of(all))
}

/// The workspace's files, one of them read as something else where somebody wants to know what that would do.
struct Files<'a> {
    root: &'a Path,
    instead: Option<(&'a str, &'a str)>,
}

impl Files<'_> {
    fn settings(&self) -> Result<Settings, Vec<Problem>> {
        let text = match self.instead {
            Some((SETTINGS, text)) => text.to_owned(),
            _ => files::read_text(&self.root.join(SETTINGS), MAX_FILE_BYTES)
                .map_err(|problem| vec![problem])?,
        };
        Settings::parse(SETTINGS, &text)
    }

    /// The Markdown files of a folder by their stem, in order.
    fn folder(&self, folder: &str) -> Result<Vec<(String, String)>, Vec<Problem>> {
        let mut found = read_folder(self.root, folder)?;
        let instead = self.instead.and_then(|(name, text)| Some((name.strip_prefix(folder)?, text)));
        if let Some((name, text)) = instead
            && let Some(stem) = name.strip_prefix('/').and_then(|name| name.strip_suffix(".md"))
        {
            found.retain(|(there, _)| there != stem);
            found.push((stem.to_owned(), text.to_owned()));
            found.sort();
        }
        Ok(found)
    }
}

fn read_roster(files: &Files<'_>) -> Result<Roster, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut agents = Vec::new();
    for (name, text) in files.folder("agents")? {
        match roster::parse(&format!("agents/{name}.md"), &text) {
            Ok(agent) => agents.push(agent),
            Err(found) => problems.extend(found),
        }
    }
    let roster = Roster::new(agents).unwrap_or_else(|found| {
        problems.extend(found);
        Roster::default()
    });
    if problems.is_empty() {
        problems.extend(roster.check());
    }
    if problems.is_empty() { Ok(roster) } else { Err(problems) }
}

fn read_prompts(files: &Files<'_>) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let prompts: BTreeMap<String, String> = files.folder("prompts")?.into_iter().collect();
    let problems: Vec<Problem> = super::roles::NAMES
        .iter()
        .filter_map(|role| match prompts.get(*role) {
            Some(text) => super::prompt::check(role, text).err(),
            None => Some(
                Problem::not_found(format!("prompts/{role}.md is missing"))
                    .hint("`sopd init` writes the shipped one again; it replaces nothing that is there"),
            ),
        })
        .collect();
    if problems.is_empty() { Ok(prompts) } else { Err(problems) }
}

/// The Markdown files of a folder by their stem, in order.
fn read_folder(root: &Path, folder: &str) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let path = root.join(folder);
    let entries = std::fs::read_dir(&path).map_err(|error| vec![files::explain(&path, &error)])?;
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with(['.', '~']);
        if hidden || path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        match files::read_text(&path, MAX_FILE_BYTES) {
            Ok(text) => {
                found.push((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), text));
            }
            Err(problem) => problems.push(problem),
        }
    }
    found.sort();
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}
