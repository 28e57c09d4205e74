//! Moves what was dropped into the dossier of the mission it became: a file by itself, of a folder each file to its place.

use super::refused::explanation;
use super::sources::{Folder, bytes};
use super::workspace::Workspace;
use crate::base::{Digest, Kind, files, problem::Result};
use crate::mission::{self, Artifact, original_file, source_file};
use crate::source::{Form, MOST_SOURCES};
use std::path::Path;

/// Where the rest of a dropped folder goes: hidden files, and what came into it since.
const REST: &str = "dropped";

/// Moves what lies at `path` into the dossier of `mission`, and records that it is there.
pub fn move_in(workspace: &Workspace, mission: &str, path: &Path) -> Result<()> {
    if path.is_dir() {
        move_folder(workspace, mission, path)?;
    } else {
        move_mission(workspace, mission, path)?;
    }
    files::remove(&explanation(path))?;
    let mission = mission.to_owned();
    workspace.journal.append(move |tx| mission::mark_moved(tx, &mission))
}

fn move_mission(workspace: &Workspace, mission: &str, path: &Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_text = Form::of(&name).is_ok_and(Form::is_text);
    let own = if is_text { "mission.md".to_owned() } else { original_file(&name) };
    match files::relocate(path, &workspace.missions().join(mission).join(own)) {
        // Taken away in between; the journal has its text and writes it again.
        Err(problem) if problem.kind == Kind::NotFound => Ok(()),
        other => other,
    }
}

/// The sources first and the mission last: what a crash leaves is begun again as long as the mission is there, and after that
/// only what nobody reads is left.
fn move_folder(workspace: &Workspace, mission: &str, path: &Path) -> Result<()> {
    let dossier = workspace.missions().join(mission);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Ok((own, beside)) = Folder::look(path).and_then(|folder| folder.parted(&name)) {
        let kept = workspace.journal.read(|db| mission::artifacts(db, mission))?;
        for file in beside {
            if let Some(place) = place_of(&file, &kept) {
                files::relocate(&file, &dossier.join(place))?;
            }
        }
        move_mission(workspace, mission, &own)?;
    }
    // A folder that is empty now goes; any other keeps what is in it.
    if path.is_dir() && std::fs::remove_dir(path).is_err() {
        files::relocate(path, &dossier.join(REST))?;
    }
    Ok(())
}

/// Where the dossier has this very file.
fn place_of(file: &Path, kept: &[Artifact]) -> Option<String> {
    let name = file.file_name()?.to_string_lossy().into_owned();
    let bytes = bytes(file, &name).ok()?;
    let mut places = (1..=u32::try_from(MOST_SOURCES).ok()?).map(|number| source_file(number, &name, &bytes));
    places.find(|place| kept.iter().any(|artifact| artifact.name == *place))
}

/// Moves what became missions right before a crash.
pub(super) fn finish_moves(workspace: &Workspace) -> Result<()> {
    for (id, file, sha256) in workspace.journal.read(mission::unmoved)? {
        let path = workspace.missions().join(&file);
        if is_of(workspace, (&id, &sha256), &path)? {
            move_in(workspace, &id, &path)?;
        } else {
            workspace.journal.append(move |tx| mission::mark_moved(tx, &id))?;
        }
    }
    Ok(())
}

/// Whether what lies at `path` is what the mission was made of.
fn is_of(workspace: &Workspace, (id, sha256): (&str, &Digest), path: &Path) -> Result<bool> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = if path.is_dir() {
        let folder = Folder::look(path)?;
        if folder.is_empty() {
            return Ok(true);
        }
        let Ok((own, _)) = folder.parted(&name) else { return Ok(false) };
        own
    } else {
        path.to_owned()
    };
    let Ok(bytes) = files::bytes(&own) else { return Ok(false) };
    let digest = Digest::of(bytes);
    let kept = workspace.journal.read(|db| mission::artifacts(db, id))?;
    Ok(digest == *sha256 || kept.iter().any(|artifact| artifact.hash == digest))
}
