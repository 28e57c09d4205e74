//! The files dropped into `missions/` that could not be taken in, for everybody who looks for them elsewhere than in
//! the folder.

use super::intake::MAX_MISSION_BYTES;
use super::workspace::Workspace;
use crate::base::text::{put, visible};
use crate::base::{Problem, files, problem::Result};
use std::path::{Path, PathBuf};

/// Marks an explanation beside a file.
pub(super) const EXPLANATION: &str = ".error.md";

/// A dropped file that could not be taken in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RefusedMission {
    /// Its name in `missions/`.
    pub file: String,
    /// Why, and what to do: the note that lies beside it.
    pub note: String,
    /// Who asks for it, where the file says so and can be read so far.
    pub requested_by: Option<String>,
}

/// The files in `missions/` that could not be taken in, by name; each stays there until somebody mends it.
///
/// # Errors
/// The folder cannot be read.
pub fn refused_missions(workspace: &Workspace) -> Result<Vec<RefusedMission>> {
    let folder = workspace.missions();
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| files::explain(&folder, &error))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| files::explain(&folder, &error))?.file_name();
        let name = name.to_string_lossy();
        let Some(file) = name.strip_suffix(EXPLANATION).filter(|file| is_there(&folder.join(file))) else {
            continue;
        };
        // A note that has just gone away is none.
        let Ok(note) = files::read_text(&folder.join(&*name), MAX_MISSION_BYTES) else { continue };
        let requested_by = requester(&folder.join(file));
        found.push(RefusedMission { file: file.to_owned(), note, requested_by });
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(found)
}

/// Links that lead nowhere and pipes are there as well, and explained.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whom the file names as its requester, however wrong the rest of it is.
fn requester(path: &Path) -> Option<String> {
    let in_folder = path.join("mission.md");
    let path = if path.is_dir() { &in_folder } else { path };
    // What a link leads to is nobody's mission.
    let itself = path.symlink_metadata().is_ok_and(|data| data.is_file());
    let text = itself.then(|| files::read_text(path, MAX_MISSION_BYTES).ok())??;
    let named = text.lines().find_map(|line| line.strip_prefix("requested_by:"))?;
    let named = named.split('#').next()?.trim().trim_matches(['"', '\'']);
    (!named.is_empty()).then(|| named.to_owned())
}

/// Writes beside a file why it was not taken in.
pub(super) fn put_beside(workspace: &Workspace, path: &Path, problems: &[Problem]) -> Result<()> {
    // Excerpts come from anywhere: they neither tell a secret nor command the screen of who reads them.
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words = visible(&workspace.journal.clean(&explain(&name, problems)));
    let note = explanation(path);
    if std::fs::read(&note).is_ok_and(|there| there == words.as_bytes()) {
        return Ok(());
    }
    tracing::warn!(
        file = name,
        problems = problems.len(),
        "a mission file was not taken in; a note lies beside it"
    );
    files::project(&note, words.as_bytes())
}

/// An explanation whose file is gone explains nothing any more.
pub(super) fn drop_orphaned_explanations(folder: &Path) {
    let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>());
    for entry in entries.unwrap_or_default() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let orphaned =
            name.strip_suffix(EXPLANATION).is_some_and(|file| folder.join(file).symlink_metadata().is_err());
        if orphaned && let Err(problem) = files::remove(&entry.path()) {
            tracing::warn!(%problem, "an explanation could not be removed");
        }
    }
}

/// Where the note of a file lies.
pub(super) fn explanation(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    path.with_file_name(format!("{name}{EXPLANATION}"))
}

fn explain(name: &str, problems: &[Problem]) -> String {
    let mut out = format!(
        "# {name} was not taken in\n\nNothing was changed and nothing is lost: the file is where you put it. Mend it \
         and save it; this note then goes away by itself.\n"
    );
    for problem in problems {
        put(&mut out, format_args!("\n```\n{problem}\n```\n"));
    }
    out
}
