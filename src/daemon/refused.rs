//! The files dropped into `missions/` that could not be taken in, for everybody who looks for them elsewhere than in
//! the folder.

use super::intake::{EXPLANATION, MAX_MISSION_BYTES};
use super::workspace::Workspace;
use crate::base::{files, problem::Result};
use std::path::Path;

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
        let Some(file) = name.strip_suffix(EXPLANATION).filter(|file| folder.join(file).is_file()) else {
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

/// Whom the file names as its requester, however wrong the rest of it is.
fn requester(path: &Path) -> Option<String> {
    let text = files::read_text(path, MAX_MISSION_BYTES).ok()?;
    let named = text.lines().find_map(|line| line.strip_prefix("requested_by:"))?;
    let named = named.split('#').next()?.trim().trim_matches(['"', '\'']);
    (!named.is_empty()).then(|| named.to_owned())
}
