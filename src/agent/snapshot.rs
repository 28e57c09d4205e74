//! Settings, roster and prompts as a mission found them at its start: edits count for new missions only.

use crate::base::text::put;
use crate::base::{Clock, Digest, Instant, Problem, files, problem::Result};
use crate::journal::Journal;
use crate::roster::{Agent, AgentStatus, Roster};
use crate::settings::Settings;
use files_read::{Files, read_prompts, read_roster};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use partial::Broken;

/// The file of the settings.
const SETTINGS: &str = "sopd.yaml";
/// Where the last sound reading is kept.
const SOUND: &str = ".sopd/sound.json";
/// What that reading is of: the hash of the files, the program that read them, the hash of what was kept.
const SOUND_OF: &str = ".sopd/sound.of";
/// Largest one that is read.
const MAX_SOUND_BYTES: u64 = 64 * 1024 * 1024;
/// Largest file of these that is read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// How long a file must have been left alone before its marks stand for its bytes, in milliseconds: file systems tell
/// time in steps, and two changes within one step (2 s at the coarsest) may leave the same marks.
const SETTLED: i64 = 3_000;
/// Workspaces whose last reading is kept: a daemon has one.
const MOST_READINGS: usize = 16;

/// Everything a mission takes from the workspace's own files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// `sopd.yaml`.
    pub settings: Settings,
    /// `agents/`.
    pub roster: Roster,
    /// `prompts/`, by role.
    pub prompts: BTreeMap<String, String>,
    #[serde(skip)]
    known: Known,
}

/// What is known of a snapshot besides what it says. A copy may be changed, so of a copy nothing is known.
#[derive(Debug, Default)]
struct Known {
    /// The hash of everything it was read from.
    print: Option<Digest>,
    /// The form in which it is stored.
    text: OnceLock<String>,
}

impl Clone for Known {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Snapshot {
    /// Reads the workspace's files. Every problem is told, not only the first.
    ///
    /// The last reading is kept and stands as long as no byte of the files has changed: understanding some thirty
    /// files costs more than all else that happens between a mission and its first question. Files that have been left
    /// alone for a while are not even read: every request of the API looks here.
    pub fn read(root: &Path) -> Result<Arc<Self>, Vec<Problem>> {
        static LAST: Mutex<Vec<Reading>> = Mutex::new(Vec::new());
        Self::read_at(root, Clock::System.now(), &LAST)
    }

    /// [`Self::read`], or where only agents' files cannot be read, all others (see [`Self::without_broken`]), or else what
    /// all files were when they last were sound: one typing error stops nothing that does not need it.
    ///
    /// # Errors
    /// What is wrong with the files, where no daemon ever found them sound.
    pub fn in_force(root: &Path) -> Result<Arc<Self>, Vec<Problem>> {
        let last = || Self::last_sound(root).map(|last| Arc::new(last.without_gone(&Files::of(root))));
        let partial = || Self::without_broken(root).map(|(partial, _broken)| Arc::new(partial));
        Self::read(root).or_else(|problems| partial().or_else(last).ok_or(problems))
    }

    /// The last sound one without those whom today's files let go: an edit that cannot be read keeps nobody at work whose
    /// own file is not there any more, or says today that it is not at work, and no credential that is named no more.
    fn without_gone(mut self, today: &Files<'_>) -> Self {
        for (id, agent) in &mut self.roster.agents {
            if !today.keeps(id) {
                agent.head.status = AgentStatus::Planned;
            }
        }
        if let Ok(settings) = today.settings() {
            self.settings.requester = settings.requester;
            let named = settings.notifications.slack_answers.users;
            let still = |user: &String, party: &mut String| named.get(user) == Some(party);
            self.settings.notifications.slack_answers.users.retain(still);
        }
        self
    }

    /// Keeps it as the last sound one. What is kept already is not written again: to put it in its stored form is a good
    /// part of a start.
    pub fn keep(&self, root: &Path) -> Result<()> {
        let (path, note) = (root.join(SOUND), root.join(SOUND_OF));
        let of = |kept: &[u8]| {
            let print = self.known.print.as_ref()?;
            Some(format!("{} {} {}\n", print.0, program()?, Digest::of(kept).0))
        };
        let kept = files::bytes(&path).ok().and_then(|bytes| of(&bytes));
        if kept.is_some() && kept == files::read_text(&note, MAX_FILE_BYTES).ok() {
            return Ok(());
        }
        let text = self.text()?;
        files::project(&path, text.as_bytes())?;
        of(text.as_bytes()).map_or_else(|| files::remove(&note), |of| files::project(&note, of.as_bytes()))
    }

    fn last_sound(root: &Path) -> Option<Self> {
        serde_json::from_str(&files::read_text(&root.join(SOUND), MAX_SOUND_BYTES).ok()?).ok()
    }

    fn read_at(root: &Path, now: Instant, last: &Mutex<Vec<Reading>>) -> Result<Arc<Self>, Vec<Problem>> {
        let last = || last.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = Marks::of(root, now);
        let unchanged = |known: &&Reading| known.marks.settled && marks.as_ref() == Some(&known.marks);
        if let Some(known) = last().iter().find(unchanged) {
            return Ok(known.snapshot.clone());
        }
        let print = fingerprint(root);
        let same = last().iter().find(|known| print.as_ref() == Some(&known.print)).cloned();
        // Edited while it was read: what was read belongs to neither.
        let whole = |print: &Digest| same.is_some() || fingerprint(root).as_ref() == Some(print);
        let (print, snapshot) = if let Some(known) = &same {
            (print, known.snapshot.clone())
        } else {
            let mut read = Self::read_afresh(root)?;
            let print = print.filter(whole);
            read.known.print.clone_from(&print);
            (print, Arc::new(read))
        };
        if let (Some(marks), Some(print)) = (marks, print) {
            let mut last = last();
            last.retain(|known| known.root != root);
            if last.len() >= MOST_READINGS {
                last.remove(0);
            }
            let root = root.to_owned();
            last.push(Reading { root, marks, print, snapshot: snapshot.clone() });
        }
        Ok(snapshot)
    }

    /// The workspace's files as they would read with `text` in the file `name` (`agents/vp.sales.md`). Nothing is
    /// written.
    pub fn read_with(root: &Path, name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        Self::read_changed(root, &[(name, Some(text))])
    }

    /// [`Self::read_with`] for several files at once; a file without a text is taken away.
    ///
    /// # Errors
    /// Everything that would be wrong then.
    pub fn read_changed(root: &Path, changes: &[(&str, Option<&str>)]) -> Result<Self, Vec<Problem>> {
        Self::read_as(&Files { root, instead: changes })
    }

    fn read_afresh(root: &Path) -> Result<Self, Vec<Problem>> {
        Self::read_as(&Files::of(root))
    }

    fn read_as(files: &Files<'_>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let settings = files.settings().unwrap_or_else(|found| {
            problems.extend(found);
            Settings::default()
        });
        let roster = read_roster(files).unwrap_or_else(|found| {
            problems.extend(found);
            Roster::default()
        });
        let prompts = read_prompts(files).unwrap_or_else(|found| {
            problems.extend(found);
            BTreeMap::new()
        });
        if problems.is_empty() {
            Ok(Self { settings, roster, prompts, known: Known::default() })
        } else {
            Err(problems)
        }
    }

    /// The form in which it is stored.
    pub(super) fn text(&self) -> Result<&str> {
        if self.known.text.get().is_none() {
            let text = serde_json::to_string(self)
                .map_err(|error| Problem::failed(format!("BUG: the snapshot is not JSON: {error}")))?;
            return Ok(self.known.text.get_or_init(|| text));
        }
        Ok(self.known.text.get().map_or("", String::as_str))
    }

    /// Loads a stored one.
    pub fn load(journal: &Journal, digest: &Digest) -> Result<Self> {
        let lost = || Problem::store(format!("the journal lacks the snapshot {}", digest.short()));
        let bytes = journal.blob(digest)?.ok_or_else(lost)?;
        Self::of(&bytes, digest)
    }

    /// Reads the stored form.
    pub(super) fn of(bytes: &[u8], digest: &Digest) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| {
            Problem::store(format!("the snapshot {} cannot be read: {error}", digest.short()))
        })
    }

    /// The agent with that id.
    pub fn agent(&self, id: &str) -> Result<&Agent> {
        self.roster
            .get(id)
            .ok_or_else(|| Problem::not_found(format!("there is no agent `{id}` on the roster")))
    }
}

/// What was read last.
#[derive(Clone)]
struct Reading {
    root: PathBuf,
    marks: Marks,
    print: Digest,
    snapshot: Arc<Snapshot>,
}

/// What the file system says of everything a snapshot is read from, without reading it.
#[derive(Clone)]
struct Marks {
    files: Vec<(String, Mark)>,
    /// Whether none of the files was changed within [`SETTLED`] of this look.
    settled: bool,
}

/// Device, inode, length, and the seconds and nanoseconds of the last change of bytes and of the last change of
/// anything. The last of these is the system's own: nobody can set it back.
type Mark = [i128; 7];

impl PartialEq for Marks {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Marks {
    /// `None` where something cannot be looked at.
    fn of(root: &Path, now: Instant) -> Option<Self> {
        let mut paths = vec![root.join(SETTINGS)];
        for folder in ["agents", "prompts"] {
            for entry in std::fs::read_dir(root.join(folder)).ok()? {
                paths.push(entry.ok()?.path());
            }
        }
        paths.sort();
        let mut settled = true;
        let mut mark = |path: PathBuf| {
            let data = std::fs::metadata(&path).ok()?;
            let changed = data.ctime().saturating_mul(1_000).saturating_add(data.ctime_nsec() / 1_000_000);
            settled &= changed < now.0.saturating_sub(SETTLED);
            let mark = [
                data.dev().into(),
                data.ino().into(),
                data.len().into(),
                data.mtime().into(),
                data.mtime_nsec().into(),
                data.ctime().into(),
                data.ctime_nsec().into(),
            ];
            Some((path.to_str()?.to_owned(), mark))
        };
        let files = paths.into_iter().map(&mut mark).collect::<Option<_>>()?;
        Some(Self { files, settled })
    }
}

/// This very program: another one may understand the same files otherwise.
fn program() -> Option<String> {
    let own = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    Some(format!("{}-{}-{}.{}", env!("CARGO_PKG_VERSION"), own.len(), own.mtime(), own.mtime_nsec()))
}

/// The hash of everything a snapshot is read from; `None` where something cannot be read.
fn fingerprint(root: &Path) -> Option<Digest> {
    let mut all = files::read_text(&root.join(SETTINGS), MAX_FILE_BYTES).ok()?;
    let there = Files::of(root);
    for folder in ["agents", "prompts"] {
        for (name, text) in there.folder(folder).ok()? {
            // Lengths keep what belongs to one file from passing for another's.
            put(&mut all, format_args!("\n{folder} {} {name} {}\n{text}", name.len(), text.len()));
        }
    }
    Some(Digest::of(all))
}

mod files_read;
mod partial;
mod understood;

#[cfg(test)]
mod tests;
