//! A folder that is dropped: `mission.md`, or the one document in it, is the mission; the files beside it are its sources.

use crate::base::{Problem, problem::Result};
use crate::source::{Form, MOST_SOURCES};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most entries that are looked at: more is no mission.
const MOST_ENTRIES: usize = 200;

/// What is in a folder, as far as anybody looks.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Folder {
    /// Its files, by name.
    files: Vec<PathBuf>,
    /// What is neither a file nor hidden.
    odd: Vec<String>,
}

impl Folder {
    /// Looks into `path`. Hidden and temporary files are passed over.
    ///
    /// # Errors
    /// Of the file system.
    pub(in crate::daemon) fn look(path: &Path) -> Result<Self> {
        let mut found = Self::default();
        let entries = std::fs::read_dir(path).map_err(|error| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Problem::failed(format!("{name}/ cannot be looked into: {error}"))
                .hint("give the user that runs sopd the right to read it")
        })?;
        for entry in entries.flatten().take(MOST_ENTRIES) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_passed_over(&name) {
                continue;
            }
            let inside = |path: &Path| path.canonicalize().ok().filter(|real| real.is_file());
            let folder = path.canonicalize().unwrap_or_default();
            // A link may lead to another file of the folder and nowhere else.
            match inside(&entry.path()) {
                Some(real) if real.starts_with(&folder) => found.files.push(entry.path()),
                _ => found.odd.push(name),
            }
        }
        found.files.sort();
        found.odd.sort();
        Ok(found)
    }

    /// Whether nothing is in it yet.
    pub(in crate::daemon) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.odd.is_empty()
    }

    /// The bytes of all its files together, and when the last of them or `path` itself changed.
    pub(in crate::daemon) fn shape(&self, path: &Path) -> (u64, Option<SystemTime>) {
        let data = self.files.iter().filter_map(|file| std::fs::metadata(file).ok());
        let (sizes, times): (Vec<u64>, Vec<_>) = data.map(|data| (data.len(), data.modified().ok())).unzip();
        let own = std::fs::metadata(path).and_then(|data| data.modified()).ok();
        (sizes.into_iter().sum(), times.into_iter().flatten().chain(own).max())
    }

    /// The mission's file, and the files beside it.
    ///
    /// # Errors
    /// `Invalid` where it holds what is no file, or where nobody can tell which file is the mission.
    pub(in crate::daemon) fn parted(self, name: &str) -> Result<(PathBuf, Vec<PathBuf>)> {
        if let [odd, ..] = self.odd.as_slice() {
            let problem = Problem::invalid(format!(
                "{name}/{odd} is no file of this folder: a folder, a link that leads elsewhere, a pipe or a device"
            ));
            return Err(problem.hint(format!("put the files themselves into {name}/, beside mission.md")));
        }
        let is_mission = |path: &PathBuf| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
            stem == "mission" && Form::of(&path.to_string_lossy()).is_ok()
        };
        let (mut mission, mut beside): (Vec<PathBuf>, Vec<PathBuf>) =
            self.files.into_iter().partition(is_mission);
        if mission.is_empty() && beside.len() == 1 {
            std::mem::swap(&mut mission, &mut beside);
        }
        if beside.len() > MOST_SOURCES {
            let message = format!("{name}/ holds {} files beside its mission", beside.len());
            return Err(
                Problem::invalid(message).hint(format!("keep at most {MOST_SOURCES}, those that matter"))
            );
        }
        match (mission.len(), mission.pop()) {
            (1, Some(mission)) => Ok((mission, beside)),
            (0, _) => Err(Problem::invalid(format!("{name}/ holds several files and no mission.md"))
                .hint("write what is wanted into mission.md beside them; the others are then its sources")),
            _ => Err(Problem::invalid(format!("{name}/ holds several files called mission"))
                .hint("keep one: the others beside it are its sources under any other name")),
        }
    }
}

/// Whether a name is hidden, or that of a file that is still being written.
pub(in crate::daemon) fn is_passed_over(name: &str) -> bool {
    name.starts_with(['.', '~', '#'])
        || [".tmp", ".swp", ".part", "~", ".crdownload"].iter().any(|end| name.ends_with(end))
        || ["Thumbs.db", "desktop.ini"].contains(&name)
}

/// Whether a folder in `missions/` is none that anybody drops: a mission's dossier by its name, or the examples.
pub(in crate::daemon) fn is_dossier(name: &str) -> bool {
    let dated = |rest: &str| {
        let digits = |from: usize, to: usize| {
            rest.get(from..to).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        digits(0, 4) && rest.get(4..5) == Some("-") && digits(5, 9) && rest.get(9..10) == Some("-")
    };
    name == "examples"
        || ["M-", "A-", "C-", "P-"].iter().any(|kind| name.strip_prefix(kind).is_some_and(dated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dossier_is_known_by_its_name() {
        for name in ["M-2026-1120-lead-qualification", "A-2026-0101-x", "examples"] {
            assert!(is_dossier(name), "{name}");
        }
        for name in ["M-1", "M-refunds", "P-2026", "refunds", "M-2026-11a0-x"] {
            assert!(!is_dossier(name), "{name}");
        }
    }
}
