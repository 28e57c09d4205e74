//! What the machine has left of what every piece of work needs: room on the disk and open files.

use rustix::process::{Resource, getrlimit};
use std::path::Path;

/// With less free space than this, in bytes, nothing should be started.
pub const NO_SPACE: u64 = 50 * 1024 * 1024;
/// With fewer free names on the disk, whole file systems run out although there is room.
const FEW_NAMES: u64 = 1_000;
/// With fewer open files left, the next command or request may not find the handful it needs.
const FEW_FILES: u64 = 32;

/// How many files this process may have open.
pub fn most_open_files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// What the machine is short of, one sentence each; empty where all is well.
pub fn short_of(root: &Path) -> Vec<String> {
    let mut short = Vec::new();
    if let Ok(disk) = rustix::fs::statvfs(root) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < NO_SPACE {
            short.push(format!("the disk has {} MiB left", free / (1024 * 1024)));
        }
        if disk.f_files > 0 && disk.f_favail < FEW_NAMES {
            short.push(format!("the disk takes only {} more files", disk.f_favail));
        }
    }
    let most = most_open_files();
    match std::fs::read_dir("/proc/self/fd").map(Iterator::count) {
        Ok(open) => {
            let left = most.saturating_sub(u64::try_from(open).unwrap_or(u64::MAX));
            if left < FEW_FILES {
                short.push(format!("{left} of {most} open files are left"));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => short.push(format!("no open files are left: {error}")),
    }
    short
}
