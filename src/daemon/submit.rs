//! Takes missions in, whoever hands them in and however: the text, what it rests on, and what is wrong with either.

use super::intake::MAX_MISSION_BYTES;
use super::sources::{self, Folder, Mission, Reader, gather};
use super::workspace::Workspace;
use crate::agent::Snapshot;
use crate::base::{Problem, files, problem::Result};
use crate::brief;
use crate::journal::Tx;
use crate::mission::{self, Brought, NewMission, Original};
use crate::run::Actor;
use crate::source::Form;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Taken {
    /// The mission's id.
    pub mission: String,
}

/// Takes the text of a mission file in, whoever offers it. All problems are told, not only the first.
pub fn submit(
    workspace: &Workspace,
    snapshot: &Snapshot,
    file: (&str, &str),
    again: bool,
    dropped: bool,
) -> Result<Taken, Vec<Problem>> {
    let new = vet((&Reader::of(workspace), snapshot), Handed::of(file), again)?;
    received(workspace, NewMission { dropped, ..new })
}

/// [`submit`] by the word of a party, which is the mission's requester: whoever asks for a mission does not sign it,
/// so nobody may ask in another's name.
///
/// # Errors
/// `NotAllowed` where the file names another requester, besides those of [`submit`].
pub fn submit_as(
    workspace: &Workspace,
    snapshot: &Snapshot,
    file: (&str, &str),
    again: bool,
    actor: &Actor,
) -> Result<Taken, Vec<Problem>> {
    let new = vet((&Reader::of(workspace), snapshot), Handed::of(file), again)?;
    let Actor { by, os_user } = actor.clone();
    if let Some(other) = new.brief.ask.requested_by.as_ref().filter(|other| **other != by) {
        let problem = Problem::not_allowed(format!("{by} may not hand in a mission that {other} asks for"));
        return Err(vec![problem.hint("leave `requested_by` out, or let the one it names hand it in")]);
    }
    let new = NewMission { requester: by.clone(), ..new };
    let receive = move |tx: &Tx<'_>| {
        let mission = mission::receive(tx, &new)?;
        tx.event(&mission, "mission_handed_in", &json!({ "by": by, "os_user": os_user }))?;
        Ok(mission)
    };
    let mission = workspace.journal.append(receive).map_err(|problem| vec![problem])?;
    Ok(Taken { mission })
}

/// Takes in what lies at `path`: a mission file, a document of another form, or a folder of a mission and its sources.
/// Whether the very same may be taken again, and whether it was dropped and still must move into its dossier.
///
/// # Errors
/// Every problem of it, of its sources, of settings and of the roster.
pub fn submit_path(
    workspace: &Workspace,
    snapshot: &Snapshot,
    path: &Path,
    (again, dropped): (bool, bool),
) -> Result<Taken, Vec<Problem>> {
    submit_read_by(&Reader::of(workspace), snapshot, path, (again, dropped))
}

/// [`submit_path`], read by a reader that may be stopped.
pub(super) fn submit_read_by(
    reader: &Reader,
    snapshot: &Snapshot,
    path: &Path,
    (again, dropped): (bool, bool),
) -> Result<Taken, Vec<Problem>> {
    let new = vet((reader, snapshot), found(reader, path)?, again)?;
    received(&reader.workspace, NewMission { dropped, ..new })
}

/// [`submit`] of a text that was read from another document, which the dossier keeps: its name and its bytes.
///
/// # Errors
/// As there.
pub fn submit_read(
    workspace: &Workspace,
    snapshot: &Snapshot,
    file: (&str, &str),
    original: Option<Original>,
    again: bool,
) -> Result<Taken, Vec<Problem>> {
    let handed = Handed { original, ..Handed::of(file) };
    received(workspace, vet((&Reader::of(workspace), snapshot), handed, again)?)
}

fn received(workspace: &Workspace, new: NewMission) -> Result<Taken, Vec<Problem>> {
    let mission = workspace.journal.append(move |tx| mission::receive(tx, &new));
    Ok(Taken { mission: mission.map_err(|problem| vec![problem])? })
}

/// What is handed in.
struct Handed {
    /// What the file is called, by which its form is told.
    file: String,
    /// What was dropped: the file's name, or its folder's.
    dropped: String,
    text: String,
    /// Files beside it, which are its sources.
    beside: Vec<PathBuf>,
    /// The document the text was read from.
    original: Option<Original>,
}

impl Handed {
    fn of((file, text): (&str, &str)) -> Self {
        let (file, dropped, text) = (file.to_owned(), file.to_owned(), text.to_owned());
        Self { file, dropped, text, beside: Vec::new(), original: None }
    }
}

/// What lies at `path`.
fn found(reader: &Reader, path: &Path) -> Result<Handed> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !path.is_dir() {
        return found_file(reader, path, &name);
    }
    let (mission, beside) = Folder::look(path)?.parted(&name)?;
    let file = mission.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let handed = found_file(reader, &mission, &format!("{name}/{file}"))?;
    Ok(Handed { beside, dropped: name, ..handed })
}

fn found_file(reader: &Reader, path: &Path, name: &str) -> Result<Handed> {
    let form = Form::of(name)?;
    if form.is_text() {
        let text = files::read_text(path, MAX_MISSION_BYTES).map_err(|problem| relative(problem, name))?;
        // Both forms are read whichever way their names end.
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let file = format!("{stem}.{}", if form == Form::Markdown { "md" } else { "txt" });
        return Ok(Handed { dropped: name.to_owned(), ..Handed::of((&file, &text)) });
    }
    let bytes = sources::bytes(path, name)?;
    let text = reader.document(name, &bytes)?;
    let (file, text) = brief::of_foreign(name, &text);
    let handed = Handed::of((&file, &text));
    Ok(Handed { dropped: name.to_owned(), original: Some((name.to_owned(), bytes)), ..handed })
}

fn relative(problem: Problem, name: &str) -> Problem {
    let place = problem.message.split_whitespace().next().unwrap_or_default().to_owned();
    Problem { message: problem.message.replacen(&place, name, 1), ..problem }
}

/// Reads a mission with its sources, and holds it against roster and settings.
fn vet(
    (reader, snapshot): (&Reader, &Snapshot),
    handed: Handed,
    again: bool,
) -> Result<NewMission, Vec<Problem>> {
    let Handed { file, dropped: called, text, beside, original } = handed;
    reader.workspace.journal.check_free_of_secrets(&file, &text)?;
    let brief = brief::parse(&file, &text)?;
    let mut problems = brief::check_file(&file, &text, &brief, &snapshot.roster);
    let mission = Mission { file: &file, text: &text, beside: &beside };
    let sources = gather((reader, snapshot), &mission, &brief.ask);
    let sources = sources.map_err(|found| problems.extend(found)).unwrap_or_default();
    if !problems.is_empty() {
        return Err(problems);
    }
    let settings = &snapshot.settings;
    settings.council.level(&brief.ask.class).map_err(|reason| vec![Problem::invalid(reason)])?;
    let requester = brief.ask.requested_by.clone().unwrap_or_else(|| settings.requester.clone());
    let brought = Brought { sources, original };
    Ok(NewMission { brief, text, file: called, requester, again, dropped: false, brought })
}
