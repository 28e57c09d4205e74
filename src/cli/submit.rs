//! `sopd submit FILE|- [--again]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::{Problem, files, problem::Result};
use crate::daemon::{self, Workspace};
use crate::front::next;
use crate::front::shapes;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Largest mission file, as for one that is dropped.
const MAX_MISSION_BYTES: u64 = 256 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mission file, a document, a folder of a mission and its sources, or `-` for standard input
    file: PathBuf,
    /// Take it although the very same file was a mission before
    #[arg(long)]
    again: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let snapshot = workspace.snapshot()?;
    let dropped = lies_in(&workspace, &args.file);
    let taken = if args.file.as_os_str() == "-" {
        let (name, text) = read(&args.file)?;
        daemon::submit(&workspace, &snapshot, (&name, &text), args.again, false)?
    } else {
        daemon::submit_path(&workspace, &snapshot, &args.file, (args.again, dropped))?
    };
    if dropped {
        daemon::move_in(&workspace, &taken.mission, &args.file)?;
    }
    if desk.json {
        return print::json(&shapes::submitted(&taken.mission));
    }
    print::line(&format!("taken in as {}", taken.mission))?;
    match next::idle_note(&desk.command(), &workspace) {
        Some(note) => print::line(&note),
        None => print::line(&format!("see how it goes: {} status {} --watch", desk.command(), taken.mission)),
    }
}

pub(super) fn read(path: &Path) -> Result<(String, String)> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        let mut input = std::io::stdin().lock().take(MAX_MISSION_BYTES + 1);
        input
            .read_to_string(&mut text)
            .map_err(|error| Problem::invalid(format!("standard input cannot be read as text: {error}")))?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_MISSION_BYTES {
            return Err(Problem::invalid(format!(
                "more than {MAX_MISSION_BYTES} bytes came in; a mission has fewer"
            )));
        }
        return Ok(("stdin.md".to_owned(), text));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, files::read_text(path, MAX_MISSION_BYTES)?))
}

/// Whether the file lies where files are dropped: then it moves into its dossier like a dropped one.
fn lies_in(workspace: &Workspace, path: &Path) -> bool {
    let folder = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_path_buf));
    folder.is_some() && folder == workspace.missions().canonicalize().ok()
}
