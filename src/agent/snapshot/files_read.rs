//! The files a snapshot is read from, and reading them strictly: every problem is told, and one is enough for none.

use super::{MAX_FILE_BYTES, SETTINGS, understood};
use crate::base::{Problem, files};
use crate::roster::{self, Roster};
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::path::Path;

/// The workspace's files, some of them read as something else where somebody wants to know what that would do.
pub(super) struct Files<'a> {
    pub(super) root: &'a Path,
    /// By name the text instead, or that the file is not there.
    pub(super) instead: &'a [(&'a str, Option<&'a str>)],
}

impl<'a> Files<'a> {
    /// As they are.
    pub(super) fn of(root: &'a Path) -> Self {
        Self { root, instead: &[] }
    }

    /// Whether an agent that was at work may still be: its file is there and does not say otherwise. One that cannot be
    /// read says nothing.
    pub(super) fn keeps(&self, id: &str) -> bool {
        let name = format!("agents/{id}.md");
        let path = self.root.join(&name);
        if std::fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return false;
        }
        let read = files::read_shown(&path, MAX_FILE_BYTES).ok();
        let agent = read.and_then(|text| roster::parse(&name, &text).ok());
        agent.is_none_or(|agent| agent.is_active())
    }

    pub(super) fn settings(&self) -> Result<Settings, Vec<Problem>> {
        let text = match self.instead.iter().find(|(name, _)| *name == SETTINGS) {
            Some((_, Some(text))) => (*text).to_owned(),
            _ => files::read_text(&self.root.join(SETTINGS), MAX_FILE_BYTES)
                .map_err(|problem| vec![problem])?,
        };
        Settings::parse(SETTINGS, &text)
    }

    /// The Markdown files of a folder by their stem, in order.
    pub(super) fn folder(&self, folder: &str) -> Result<Vec<(String, String)>, Vec<Problem>> {
        let mut found = read_folder(self.root, folder)?;
        for (name, text) in self.instead {
            let below = name.strip_prefix(folder).and_then(|name| name.strip_prefix('/'));
            let Some(stem) = below.and_then(|name| name.strip_suffix(".md")) else { continue };
            found.retain(|(there, _)| there != stem);
            found.extend(text.map(|text| (stem.to_owned(), text.to_owned())));
        }
        found.sort();
        Ok(found)
    }
}

pub(super) fn read_roster(files: &Files<'_>) -> Result<Roster, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut agents = Vec::new();
    for (name, text) in files.folder("agents")? {
        match understood::agent(&format!("agents/{name}.md"), &text) {
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

pub(super) fn read_prompts(files: &Files<'_>) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let mut prompts: BTreeMap<String, String> = files.folder("prompts")?.into_iter().collect();
    let mut problems = Vec::new();
    for role in crate::agent::roles::NAMES {
        match prompts.get(role) {
            Some(text) => problems.extend(understood::prompt(role, text).err()),
            None => {
                prompts.extend(crate::agent::prompt::shipped(role).map(|text| (role.to_owned(), text)));
            }
        }
    }
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
        match files::read_shown(&path, MAX_FILE_BYTES) {
            Ok(text) => {
                found.push((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), text));
            }
            Err(problem) => problems.push(problem),
        }
    }
    found.sort();
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}
