//! Finding and signalling every process a command has left, also those that began a session of their own.
//! All of them have the warden among their ancestors, because it is their child-subreaper.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::collections::BTreeMap;

/// One process as the kernel lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    process: i32,
    parent: i32,
    group: i32,
}

/// Sends `signal` to every process below `root` and to the group `group`; how many there were.
///
/// The group goes first and at once, so that none of it can fork away between two signals; it is signalled only while
/// a process of it is alive below `root`, since an empty group's number may belong to somebody else.
pub(super) fn signal(root: i32, group: i32, signal: Signal) -> usize {
    let all = below(root, &list());
    if let Some(group) = Pid::from_raw(group)
        && all.iter().any(|entry| entry.group == group.as_raw_nonzero().get())
    {
        // Gone between the look and the signal is what was wanted.
        kill_process_group(group, signal).ok();
    }
    for process in
        all.iter().filter(|entry| entry.group != group).filter_map(|entry| Pid::from_raw(entry.process))
    {
        kill_process(process, signal).ok();
    }
    all.len()
}

/// The processes below `root`, by their numbers.
pub(super) fn members(root: i32) -> Vec<i32> {
    below(root, &list()).into_iter().map(|entry| entry.process).collect()
}

fn list() -> Vec<Entry> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has ended meanwhile has no file any more.
        let Ok(text) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        found.extend(parse(process, &text));
    }
    found
}

/// Reads `/proc/<id>/stat` (proc_pid_stat(5)): after the name in brackets come state, parent and group. A process that
/// has ended and only waits to be reaped (`Z`) is left out.
fn parse(process: i32, text: &str) -> Option<Entry> {
    // The name may hold blanks and brackets itself.
    let (_, rest) = text.rsplit_once(')')?;
    let mut words = rest.split_whitespace();
    let ended = matches!(words.next()?, "Z" | "X");
    let parent = words.next()?.parse().ok()?;
    let group = words.next()?.parse().ok()?;
    (!ended).then_some(Entry { process, parent, group })
}

/// The entries that have `root` among their ancestors.
fn below(root: i32, all: &[Entry]) -> Vec<Entry> {
    let mut children: BTreeMap<i32, Vec<Entry>> = BTreeMap::new();
    for entry in all {
        children.entry(entry.parent).or_default().push(*entry);
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(parent) = next.pop() {
        // Taken out, so that a listing that changed while it was read cannot send us round in a circle.
        for entry in children.remove(&parent).unwrap_or_default() {
            next.push(entry.process);
            found.push(entry);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(process: i32, parent: i32, group: i32) -> Entry {
        Entry { process, parent, group }
    }

    #[test]
    fn a_process_is_read_whatever_its_name() {
        assert_eq!(parse(7, "7 (a) S 1 9 (x) R 3 4 5 0"), Some(entry(7, 3, 4)));
        assert_eq!(parse(7, "7 (bash) Z 3 4 5"), None);
        assert_eq!(parse(7, "7 (bash"), None);
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_circles_end() {
        let all =
            [entry(2, 1, 2), entry(3, 2, 2), entry(4, 3, 4), entry(9, 1, 9), entry(5, 6, 5), entry(6, 5, 5)];
        let mut found: Vec<i32> = below(2, &all).iter().map(|entry| entry.process).collect();
        found.sort_unstable();
        assert_eq!(found, [3, 4]);
        assert_eq!(below(5, &all).len(), 2);
    }
}
