//! A folder for what is half made: it goes away with us, and when we are killed, with whoever makes the next one there.
//! The lock on it, which the system gives back when its holder dies, says whether somebody still works in it.

use crate::base::{Problem, files, problem::Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// What its name begins and ends with.
const BEGIN: &str = ".sopd-";
const END: &str = ".tmp";

/// A folder of our own.
pub(in crate::cli) struct Scratch {
    pub(in crate::cli) path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes one in `folder`, and removes those there that nobody works in any more.
    pub(in crate::cli) fn beside(folder: &Path) -> Result<Self> {
        remove_left(folder);
        let id = uuid::Uuid::now_v7().simple().to_string();
        let path = folder.join(format!("{BEGIN}{id}{END}"));
        // It has its name only once it is locked, so that nobody takes it for one that was left.
        let unnamed = folder.join(format!("{BEGIN}{id}"));
        std::fs::create_dir_all(folder).map_err(|error| files::explain(folder, &error))?;
        DirBuilder::new().mode(0o700).create(&unnamed).map_err(|error| files::explain(&unnamed, &error))?;
        let lock = File::open(&unnamed).map_err(|error| files::explain(&unnamed, &error))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
            Problem::failed(format!("{} could not be locked: {error}", unnamed.display()))
        })?;
        files::relocate(&unnamed, &path)?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now goes with the next one.
        drop(std::fs::remove_dir_all(&self.path));
    }
}

/// Removes what killed ones left. What cannot be removed stays, and fails nobody.
fn remove_left(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let id = name.strip_prefix(BEGIN).map(|rest| rest.strip_suffix(END).unwrap_or(rest));
        let ours = id.is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if !name.ends_with(END) {
            // Killed before it was named: empty, or somebody is about to name it.
            continue;
        }
        let Ok(there) = File::open(entry.path()) else { continue };
        if flock(&there, FlockOperation::NonBlockingLockExclusive).is_ok() {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_one_left_goes_with_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let count = || std::fs::read_dir(folder.path()).unwrap().count();
        let left = folder.path().join(format!("{BEGIN}{}{END}", "0".repeat(32)));
        let others = folder.path().join(".sopd-mine.tmp");
        for path in [&left, &others] {
            std::fs::create_dir(path).unwrap();
        }
        let first = Scratch::beside(folder.path()).unwrap();
        let second = Scratch::beside(folder.path()).unwrap();
        assert!(!left.exists() && others.exists() && first.path.exists() && second.path.exists());
        drop((first, second));
        assert_eq!(count(), 1);
    }
}
