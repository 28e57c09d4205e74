//! The sources of a mission, found and read: the files beside `mission.md` in a folder that is dropped, and those that the
//! head of a mission names in the workspace. What cannot be taken is told, each file with its reason.

mod folder;
mod reading;

pub(super) use folder::{Folder, is_dossier, is_passed_over};
pub use reading::document;
pub(super) use reading::{Reader, remove_left_behind};

use super::workspace::{Workspace, private_files};
use crate::agent::Snapshot;
use crate::base::{Problem, files, problem::Result};
use crate::brief::{self, Ask, SourceAsk};
use crate::source::{Form, MAX_BINDING_BYTES, MAX_SOURCE_BYTES, MOST_SOURCES, Read};
use std::path::{Path, PathBuf};

/// A mission's file as it is looked at: its name, its text, and the folder whose other files are its sources.
pub(super) struct Mission<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) beside: &'a [PathBuf],
}

/// A source that is wanted, and where the head names it, if it does.
struct Wanted {
    name: String,
    path: PathBuf,
    binding: bool,
    named: Option<String>,
}

/// Reads the sources of a mission: those beside it, and those its head names.
///
/// # Errors
/// Everything that is wrong with any of them, each with the file, and with the line of the head that names it.
pub(super) fn gather(
    (reader, snapshot): (&Reader, &Snapshot),
    mission: &Mission<'_>,
    ask: &Ask,
) -> Result<Vec<Read>, Vec<Problem>> {
    let mut wanted: Vec<Wanted> = mission.beside.iter().map(|path| beside(path)).collect();
    let mut problems = Vec::new();
    for SourceAsk { file, binding } in &ask.sources {
        if let Some(known) = wanted.iter_mut().find(|known| known.named.is_none() && known.name == *file) {
            known.binding = *binding;
            known.named = Some(file.clone());
            continue;
        }
        match in_workspace((&reader.workspace, snapshot), file) {
            Ok(path) => wanted.push(Wanted { binding: *binding, named: Some(file.clone()), ..beside(&path) }),
            Err(problem) => problems.push(placed(mission, file, problem)),
        }
    }
    if wanted.len() > MOST_SOURCES {
        let message =
            format!("{} come with the mission; at most {MOST_SOURCES} sources are read", wanted.len());
        problems.push(Problem::invalid(message).hint("keep those that matter"));
        return Err(problems);
    }
    let mut read = Vec::new();
    for one in wanted {
        match read_one(reader, &one) {
            Ok(source) => read.push(source),
            Err(problem) => problems.push(match &one.named {
                Some(file) => placed(mission, file, problem),
                None => problem,
            }),
        }
    }
    let bound: usize = read.iter().filter(|source| source.binding).map(|source| source.text.len()).sum();
    if bound > MAX_BINDING_BYTES {
        let message = format!(
            "the binding sources hold {} KiB of text; at most {} can be answered for line by line",
            bound / 1024,
            MAX_BINDING_BYTES / 1024
        );
        problems.push(placed(
            mission,
            "",
            Problem::invalid(message).hint("let only what must be in the SOP bind"),
        ));
    }
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

fn beside(path: &Path) -> Wanted {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Wanted { name, path: path.to_owned(), binding: false, named: None }
}

/// At the line of the head that names `file`.
fn placed(mission: &Mission<'_>, file: &str, problem: Problem) -> Problem {
    if problem.place.is_some() {
        problem
    } else {
        problem.at(brief::place_of(mission.file, mission.text, "sources", file))
    }
}

/// The file of the workspace that a head names; never one outside of it, nor one that holds secrets.
fn in_workspace((workspace, snapshot): (&Workspace, &Snapshot), file: &str) -> Result<PathBuf> {
    let root = workspace.root.canonicalize().map_err(|error| files::explain(&workspace.root, &error))?;
    let path = root.join(file);
    let real = path.canonicalize().map_err(|_missing| {
        Problem::not_found(format!("`{file}` does not exist")).hint(
            "a source's path begins at the workspace's folder; in a mission's own folder its name is enough",
        )
    })?;
    let hidden =
        |path: &Path| path.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
    let inside = real.strip_prefix(&root).is_ok_and(|below| !hidden(below) && !is_kept(below));
    if !inside {
        return Err(Problem::not_allowed(format!("`{file}` is a link that leads where no source may lie"))
            .hint("put the file itself there"));
    }
    let private = private_files(&root, &snapshot.settings);
    if private.iter().any(|private| private.canonicalize().is_ok_and(|private| private == real)) {
        return Err(Problem::not_allowed(format!("`{file}` holds secrets, and is nobody's source")));
    }
    Ok(path)
}

/// Whether a path of the workspace is in a dossier or in a run's folder.
fn is_kept(below: &Path) -> bool {
    let parts: Vec<String> =
        below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    match parts.as_slice() {
        [first, ..] if first == "runs" => true,
        [first, folder, _, ..] => first == "missions" && is_dossier(folder),
        _ => false,
    }
}

fn read_one(reader: &Reader, wanted: &Wanted) -> Result<Read> {
    let name = &wanted.name;
    Form::of(name)?;
    let bytes = bytes(&wanted.path, name)?;
    let text = reader.document(name, &bytes)?;
    Ok(Read { name: name.clone(), bytes, text, binding: wanted.binding })
}

/// What the file at `path` holds, called `name` where it is told of.
///
/// # Errors
/// `Invalid` for one that is too large, and for what is no file.
pub fn bytes(path: &Path, name: &str) -> Result<Vec<u8>> {
    let told = |error: &std::io::Error| {
        let problem = files::explain(Path::new(name), error);
        Problem { message: problem.message.replace("cannot be written", "cannot be read"), ..problem }
    };
    let size = std::fs::metadata(path).map_err(|error| told(&error))?.len();
    if size > MAX_SOURCE_BYTES {
        let most = MAX_SOURCE_BYTES / 1024 / 1024;
        let message = format!("{name} is {} MiB; at most {most} are taken", size.div_ceil(1024 * 1024));
        return Err(Problem::invalid(message).hint("hand in the part of it that matters"));
    }
    // A link to what only its owner may read would tell it to everybody who sees the mission.
    let link = std::fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink());
    if link && files::check_private(path).is_ok() {
        let problem =
            Problem::not_allowed(format!("{name} is a link to a file that only its owner may read"));
        return Err(problem.hint("put the file itself there"));
    }
    files::bytes(path).map_err(|error| told(&error))
}
