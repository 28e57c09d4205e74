//! Folders that start runs: a file that has come or changed, and has been still for a moment, is one arrival. Files
//! are looked at and never touched.

use super::workspace::Workspace;
use crate::base::{fault, problem::Result};
use crate::run::{self, Arrival, Wired};
use crate::sop::SopId;
use crate::sop::document::Trigger;
use crate::sop::trigger::{FILE_INPUT, files, fits, is_ours};
use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// A file is taken when size and time stamp have been still for this long: longer than the pauses of a copy. Who
/// writes in smaller pieces writes under another name first, and renames.
const SETTLED: Duration = Duration::from_millis(500);
/// How often the folders are looked at.
const RESCAN: Duration = Duration::from_secs(1);
/// How many times as long as a look the pause after it is, where a folder holds very many files.
const BREATH: u32 = 4;
/// Arrivals written down in one append.
const AT_ONCE: usize = 500;

/// What was seen of the watched folders.
#[derive(Default)]
pub(super) struct Watched {
    seen: HashMap<(SopId, String), Seen>,
    next: Option<Instant>,
}

/// One file, as one SOP sees it.
struct Seen {
    /// Size, time stamp and path: the key under which it arrives.
    occurrence: String,
    since: Instant,
    /// It has arrived.
    taken: bool,
}

impl Watched {
    /// Whether a file may still be on its way.
    pub(super) fn unsettled(&self) -> bool {
        self.seen.values().any(|seen| !seen.taken)
    }

    /// When the folders should be looked at: a file may have settled, or it is time again.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let settling = self.seen.values().filter(|seen| !seen.taken).map(|seen| seen.since + SETTLED).min();
        self.next.into_iter().chain(settling).min()
    }

    /// Looks at the folders, if it is time. Whether a file has arrived.
    pub(super) fn look(&mut self, workspace: &Workspace, wired: &[Wired]) -> Result<bool> {
        let begun = Instant::now();
        if self.next_look().is_some_and(|at| begun < at) {
            return Ok(false);
        }
        let mut there = HashMap::new();
        let mut ready = Vec::new();
        for wired in wired {
            let Trigger::Files(pattern) = &wired.trigger else { continue };
            for (path, occurrence) in fitting(&workspace.root, pattern) {
                let key = (wired.sop.clone(), path);
                // Two triggers of one SOP that fit the same file bring it once.
                if there.contains_key(&key) {
                    continue;
                }
                let seen = self.seen(workspace, wired, &key, occurrence)?;
                if !seen.taken && begun.saturating_duration_since(seen.since) >= SETTLED {
                    ready.push((key.clone(), arrival(wired, &key.1, &seen.occurrence)));
                }
                there.insert(key, seen);
            }
        }
        self.seen = there;
        let came = !ready.is_empty();
        for batch in ready.chunks(AT_ONCE) {
            let arrivals: Vec<Arrival> = batch.iter().map(|(_, arrival)| arrival.clone()).collect();
            let write = move |tx: &crate::journal::Tx<'_>| {
                arrivals.iter().try_for_each(|arrival| run::accept(tx, arrival).map(drop))
            };
            workspace.journal.append(write)?;
            for (key, _) in batch {
                self.seen.entry(key.clone()).and_modify(|seen| seen.taken = true);
            }
        }
        if came {
            fault::point("trigger/files", "accepted");
        }
        self.next = Some(Instant::now() + RESCAN.max(begun.elapsed() * BREATH));
        Ok(came)
    }

    /// The file as it was seen last, or as it is seen now for the first time in this form.
    fn seen(
        &mut self,
        workspace: &Workspace,
        wired: &Wired,
        key: &(SopId, String),
        occurrence: String,
    ) -> Result<Seen> {
        match self.seen.remove(key) {
            Some(seen) if seen.occurrence == occurrence => Ok(seen),
            _ => {
                let known = |db: &_| run::is_known(db, &wired.sop, &wired.trigger, &occurrence);
                let taken = workspace.journal.read(known)?;
                Ok(Seen { occurrence, since: Instant::now(), taken })
            }
        }
    }
}

fn arrival(wired: &Wired, path: &str, occurrence: &str) -> Arrival {
    Arrival {
        sop: wired.sop.clone(),
        trigger: wired.trigger.clone(),
        occurrence: occurrence.to_owned(),
        packet: BTreeMap::from([(FILE_INPUT.to_owned(), path.to_owned())]),
    }
}

/// Files that fit `pattern`: path from the workspace, and the key of what is there now, in the order of their names.
fn fitting(root: &Path, pattern: &str) -> Vec<(String, String)> {
    let Ok((folder, name)) = files(pattern) else { return Vec::new() };
    let Ok(root) = root.canonicalize() else { return Vec::new() };
    let at = root.join(folder);
    if !is_inside(&root, &at) {
        return Vec::new();
    }
    let entries = std::fs::read_dir(&at).into_iter().flatten().flatten();
    let mut found: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            if !fits(name, &file) || is_temporary(&file) {
                return None;
            }
            let path = format!("{folder}/{file}");
            let key = key_of(&root, &entry.path(), &path)?;
            Some((path, key))
        })
        .collect();
    found.sort();
    found
}

/// What people's programs call a file that they have not finished.
fn is_temporary(name: &str) -> bool {
    name.starts_with(['~', '#'])
        || [".tmp", ".swp", ".part", ".partial", ".crdownload", "~"].iter().any(|end| name.ends_with(end))
}

/// Size, time stamp and path; `None` for what is no file, and for links that leave the workspace or lead into what is
/// sopd's own.
fn key_of(root: &Path, at: &Path, path: &str) -> Option<String> {
    let itself = std::fs::symlink_metadata(at).ok()?;
    // Only a link can lead out.
    let data = if itself.is_symlink() {
        std::fs::metadata(at).ok().filter(|_| is_inside(root, at))?
    } else {
        itself
    };
    data.is_file().then(|| format!("{} {}.{:09} {path}", data.size(), data.mtime(), data.mtime_nsec()))
}

/// Whether `at`, with every link followed, lies in the workspace and in no folder of sopd's own.
fn is_inside(root: &Path, at: &Path) -> bool {
    let Ok(real) = at.canonicalize() else { return false };
    let Ok(inner) = real.strip_prefix(root) else { return false };
    let first = inner.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
    first.is_some_and(|first| !is_ours(&first))
}
