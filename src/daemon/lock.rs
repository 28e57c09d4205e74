//! One daemon per workspace: an advisory lock that the system gives back when its holder dies.

use super::workspace::PRIVATE_FOLDER;
use crate::base::{Clock, Problem, files, problem::Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// The line of a lock whose holder begins nothing new.
const STOPPING: &str = "stopping";

impl Lock {
    /// Takes the workspace, or says who holds it.
    pub fn take(root: &Path, clock: &Clock) -> Result<Self> {
        let folder = root.join(PRIVATE_FOLDER);
        files::make_private(&folder)?;
        let path = folder.join("lock");
        let trouble = |error: std::io::Error| files::explain(&path, &error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(trouble)?;
        if !taken(&file) {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(trouble)?;
            return Err(Problem::conflict(format!(
                "the workspace {} is held by {}",
                root.display(),
                in_words(&holder)
            ))
            .hint("only one sopd drives a workspace; stop that one first, or let it do the work"));
        }
        file.set_len(0).map_err(trouble)?;
        file.rewind().map_err(trouble)?;
        writeln!(file, "process {} (sopd, since {})", std::process::id(), clock.now().minute())
            .map_err(trouble)?;
        Ok(Self { file })
    }

    /// Says to whoever looks that nothing new is begun any more. The line is put behind what is there, so that nobody
    /// reads half of it.
    pub(super) fn tell_stopping(&mut self) -> Result<()> {
        let told = self.file.seek(SeekFrom::End(0)).and_then(|_end| writeln!(self.file, "{STOPPING}"));
        told.map_err(|error| Problem::failed(format!("the lock cannot be written: {error}")))
    }
}

/// Whether the lock is ours now. A program that is just being started holds for a moment what whoever starts it has open,
/// also a lock given back meanwhile: so it is tried again for a quarter of a second.
fn taken(file: &File) -> bool {
    const TRIES: u32 = 25;
    const BETWEEN: std::time::Duration = std::time::Duration::from_millis(10);
    (0..TRIES).any(|nth| {
        if nth > 0 {
            std::thread::sleep(BETWEEN);
        }
        flock(file, FlockOperation::NonBlockingLockExclusive).is_ok()
    })
}

/// `process 12 (sopd, since 2026-11-20 09:00 UTC)`, and whether it is stopping.
fn in_words(lock: &str) -> String {
    lock.lines().collect::<Vec<_>>().join(", ")
}

/// Whether the workspace is driven by somebody who begins nothing new.
pub fn is_stopping(root: &Path) -> bool {
    holder(root).is_some_and(|words| words.ends_with(STOPPING))
}

/// The process that drives the workspace now; `None` when nobody does.
pub fn driver(root: &Path) -> Option<rustix::process::Pid> {
    process_in(&holder(root)?)
}

fn process_in(words: &str) -> Option<rustix::process::Pid> {
    let number = words.strip_prefix("process ")?.split(' ').next()?.parse().ok()?;
    rustix::process::Pid::from_raw(number)
}

/// Who drives the workspace now, in the words of the lock; `None` when nobody does. Never takes the lock from a
/// daemon that is about to start: it is only tried when the process named in it is alive, whether that process
/// still is the holder.
pub fn holder(root: &Path) -> Option<String> {
    let path = root.join(PRIVATE_FOLDER).join("lock");
    let words = in_words(&std::fs::read_to_string(&path).ok()?);
    let process = process_in(&words)?;
    if let Err(rustix::io::Errno::SRCH) = rustix::process::test_kill_process(process) {
        return None;
    }
    let file = File::open(&path).ok()?;
    flock(&file, FlockOperation::NonBlockingLockShared).is_err().then_some(words)
}
