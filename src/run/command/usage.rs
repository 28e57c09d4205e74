//! What a running script uses up of the machine, looked at from outside while it runs. The kernel's own limits count one
//! process or one file each; these count all of them together.

use super::family;
use super::spec::Spec;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Shortest pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// A look takes at most one part in so many of the time.
const SHARE: u32 = 100;

/// What a file or folder takes at least, in bytes: a million empty ones count as 4 GiB.
const LEAST: u64 = 4096;

/// What a command may use up of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Memory of all its processes.
    Memory,
    /// Processes at once.
    Processes,
    /// Bytes in the run's folder.
    Disk,
}

impl Bound {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::Disk => "disk space in the folder of its run",
        }
    }

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Memory => "memory_mib",
            Self::Processes => "processes",
            Self::Disk => "disk_mib",
        }
    }
}

/// Looks again and again, until something is over its bound.
pub(super) fn watch(spec: &Spec, warden: i32) -> Bound {
    loop {
        let begun = Instant::now();
        if let Some(bound) = over(spec, warden) {
            return bound;
        }
        std::thread::sleep(PAUSE.max(begun.elapsed().saturating_mul(SHARE)));
    }
}

fn over(spec: &Spec, warden: i32) -> Option<Bound> {
    let processes = family::members(warden);
    if u64::try_from(processes.len()).is_ok_and(|count| count > spec.bounds.processes) {
        return Some(Bound::Processes);
    }
    // What several processes share is counted once for each by the quick look, and rightly by the slow one.
    let quick = |process: &i32| kib(*process, "status", "VmRSS:");
    let slow = |process: &i32| kib(*process, "smaps_rollup", "Pss:");
    let most = spec.bounds.memory / 1024;
    if processes.iter().map(quick).sum::<u64>() > most && processes.iter().map(slow).sum::<u64>() > most {
        return Some(Bound::Memory);
    }
    too_large(spec)
}

/// Whether the run's folder holds more than it may.
pub(super) fn too_large(spec: &Spec) -> Option<Bound> {
    (size(&spec.whole) > spec.bounds.disk).then_some(Bound::Disk)
}

/// A number of KiB in a file of `/proc`; 0 of a process that has ended meanwhile.
fn kib(process: i32, file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Bytes on disk of everything in `folder`. Links are not followed; what is empty takes a place on the disk as well, of
/// which there are not endlessly many.
fn size(folder: &Path) -> u64 {
    let mut bytes = 0_u64;
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let Ok(data) = entry.metadata() else { continue };
            bytes = bytes.saturating_add(data.blocks().saturating_mul(512).max(LEAST));
            if data.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    bytes
}
