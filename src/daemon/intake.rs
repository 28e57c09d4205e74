//! Watches what is dropped into `missions/`: a settled, valid file or folder becomes a mission and moves into its dossier; any
//! other stays where it is with an explanation beside it.

use super::beat::LOOKS;
use super::moves::{finish_moves, move_in};
use super::refused::{EXPLANATION, drop_orphaned_explanations, put_beside};
use super::sources::{Folder, Reader, is_dossier, is_passed_over, remove_left_behind};
use super::submit::{Taken, submit_read_by};
use super::workspace::Workspace;
use crate::agent::Snapshot;
use crate::base::{Problem, Trouble, files, problem::Result};
use crate::source::Form;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{HashMap, HashSet};
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

/// A file is taken when its size and time stamp have been still for this long: longer than an editor's pause
/// between two writes, short enough that nobody waits for it.
const SETTLED: Duration = Duration::from_millis(250);
/// The same for a folder: what is copied file by file pauses in between.
const FOLDER_SETTLED: Duration = Duration::from_secs(1);
/// How long ago, at most, a file is taken to have been still before it was first looked at: what it takes until a
/// change is told. Time stamps are trusted no further, since files are copied with old ones.
const TOLD_WITHIN: Duration = Duration::from_millis(50);
/// How often the folder is looked at without being told: events get lost.
const RESCAN: Duration = Duration::from_secs(2);
/// How long what was refused is left alone where looking at it again costs a process.
const RESCAN_COSTLY: Duration = Duration::from_mins(5);
/// The coarsest steps in which a file system tells time, and a little more.
const COARSEST: Duration = Duration::from_secs(3);
/// Largest mission file.
pub(super) const MAX_MISSION_BYTES: u64 = 256 * 1024;

/// What became of something that was dropped: whether it was taken in.
type Outcome = (PathBuf, Result<bool>);

/// Watches `missions/`. Folders in it that are no dossiers are looked into at each look: nobody tells of changes in them.
pub(super) struct Intake {
    workspace: Workspace,
    told: Arc<Notify>,
    seen: HashMap<PathBuf, Seen>,
    /// The folder's time stamp at the last look that found nothing to wait for.
    quiet: Option<SystemTime>,
    /// Whether folders are there in which nothing is to be seen yet.
    empty: bool,
    next: Instant,
    trouble: Trouble,
    /// What is being read now, and what was read and is not taken up yet.
    reading: Option<JoinHandle<Vec<Outcome>>>,
    read: Option<Result<Vec<Outcome>, JoinError>>,
    /// Set where what is being read is to be left.
    stop: Arc<AtomicBool>,
    _watcher: Option<RecommendedWatcher>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    size: u64,
    changed: Option<SystemTime>,
}

#[derive(Clone, Copy)]
struct Seen {
    shape: Shape,
    since: Instant,
    /// How long it must have been still, and how long it is left alone once it was refused.
    pace: (Duration, Duration),
    /// When it was looked at and left with an explanation. It is looked at again from time to time: what was wrong
    /// may have been mended elsewhere, in the settings or on the roster.
    left: Option<Instant>,
}

impl Seen {
    fn is_ready(&self, now: Instant) -> bool {
        let (settled, again) = self.pace;
        let (since, long) = self.left.map_or((self.since, settled), |left| (left, again));
        now.duration_since(since) >= long
    }
}

impl Intake {
    pub(super) fn start(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.missions();
        std::fs::create_dir_all(&folder).map_err(|error| files::explain(&folder, &error))?;
        let told = Arc::new(Notify::new());
        let intake = Self {
            workspace: workspace.clone(),
            _watcher: watch(&folder, told.clone()),
            told,
            seen: HashMap::new(),
            quiet: None,
            empty: false,
            next: Instant::now(),
            trouble: Trouble::of("the missions folder is not looked at"),
            reading: None,
            read: None,
            stop: Arc::default(),
        };
        remove_left_behind(workspace);
        finish_moves(workspace)?;
        Ok(intake)
    }

    /// When something is to be done: what was read is there, the folder changed, a file may have settled, or it is time for a
    /// rescan.
    pub(super) async fn due(&mut self) {
        if let Some(reading) = &mut self.reading {
            let read = reading.await;
            self.reading = None;
            self.read = Some(read);
            return;
        }
        let settling =
            self.seen.values().filter(|seen| seen.left.is_none()).map(|seen| seen.since + seen.pace.0);
        let at = settling.min().map_or(self.next, |settled| settled.min(self.next));
        tokio::select! {
            () = self.told.notified() => {}
            () = tokio::time::sleep_until(at) => {}
        }
    }

    /// Whether a file is still being written, or was written just now.
    pub(super) fn unsettled(&self) -> bool {
        self.seen.values().any(|seen| seen.left.is_none())
    }

    /// Takes up what was read, or begins to read what has settled. Its trouble is told and tried again. It waits for no
    /// document: a large one takes seconds, and everything else goes on meanwhile.
    pub(super) fn attend(&mut self) {
        let outcome = match self.read.take() {
            Some(read) => self.take_up(read),
            None => self.begin().map(|()| false),
        };
        if let Some(pause) = self.trouble.after(&outcome) {
            self.next = Instant::now() + pause;
        }
    }

    /// Whether nothing can have come since the last look: no file is waited for, and the folder has its old time stamp,
    /// which no change can have left as it was.
    fn is_quiet(&self, folder: &Path) -> bool {
        let changed = std::fs::metadata(folder).and_then(|data| data.modified()).ok();
        self.seen.is_empty() && !self.empty && changed.is_some() && changed == self.quiet
    }

    /// Looks at every file once, and waits until what has settled is read. Returns whether a mission was taken in.
    pub(super) async fn sweep(&mut self) -> Result<bool> {
        if self.reading.is_none() && self.read.is_none() {
            self.begin()?;
        }
        if self.reading.is_some() {
            self.due().await;
        }
        match self.read.take() {
            Some(read) => self.take_up(read),
            None => Ok(false),
        }
    }

    /// Begins to read what has settled.
    fn begin(&mut self) -> Result<()> {
        self.next = Instant::now() + RESCAN;
        let ready = self.look()?;
        if !ready.is_empty() {
            let reader = Reader::until(&self.workspace, &self.stop);
            self.reading = Some(tokio::task::spawn_blocking(move || {
                let snapshot = reader.workspace.snapshot();
                ready.into_iter().map(|path| take(&reader, &snapshot, path)).collect()
            }));
        }
        Ok(())
    }

    /// Leaves what is being read, which is begun anew with the next start, and waits until nobody works on it.
    pub(super) async fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(reading) = self.reading.take()
            && let Err(error) = reading.await
        {
            tracing::warn!(%error, "BUG: intake broke down");
        }
    }

    fn take_up(&mut self, read: Result<Vec<Outcome>, JoinError>) -> Result<bool> {
        self.next = Instant::now() + RESCAN;
        let outcomes = read.map_err(|error| Problem::failed(format!("BUG: intake broke down: {error}")))?;
        let mut any = false;
        for (path, outcome) in outcomes {
            let taken = outcome?;
            any |= taken;
            match self.seen.get_mut(&path) {
                Some(seen) if !taken => seen.left = Some(Instant::now()),
                _ => drop(self.seen.remove(&path)),
            }
        }
        Ok(any)
    }

    /// Files that have settled since they were last looked at.
    fn look(&mut self) -> Result<Vec<PathBuf>> {
        let folder = self.workspace.missions();
        if self.is_quiet(&folder) {
            return Ok(Vec::new());
        }
        metrics::counter!(LOOKS, "what" => "missions").increment(1);
        let stamp = std::fs::metadata(&folder).and_then(|data| data.modified()).ok();
        // File systems tell time in steps, and two changes within one may leave the same stamp.
        self.quiet = stamp.filter(|stamp| stamp.elapsed().is_ok_and(|since| since >= COARSEST));
        let entries = std::fs::read_dir(&folder).map_err(|error| files::explain(&folder, &error))?;
        let now = Instant::now();
        let mut ready = Vec::new();
        let mut there = HashSet::new();
        let mut odd = Vec::new();
        self.empty = false;
        for entry in entries.flatten() {
            let path = entry.path();
            if !is_mission_name(&path) {
                continue;
            }
            let Some(shape) = self.shape_at(&entry, &path, &mut odd)? else { continue };
            there.insert(path.clone());
            let fresh = self.fresh(&path, shape, now);
            let seen = self.seen.entry(path.clone()).or_insert(fresh);
            if seen.shape != shape {
                *seen = fresh;
            }
            if seen.is_ready(now) {
                ready.push(path);
            }
        }
        for path in odd {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let problem = Problem::invalid(format!(
                "{name} is no file of this folder: a link that leads elsewhere, a pipe or a device"
            ))
            .hint("put the file itself here");
            put_beside(&self.workspace, &path, &[problem])?;
        }
        self.seen.retain(|path, _| there.contains(path));
        drop_orphaned_explanations(&folder);
        // What takes long waits for what does not.
        ready.sort_by_key(|path| (is_costly(path), path.clone()));
        Ok(ready)
    }

    /// How long a file that was just noticed has been as it is.
    fn still(&self, shape: Shape) -> Duration {
        let changed = shape.changed.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let now = u64::try_from(self.workspace.journal.clock().now().0).map(Duration::from_millis);
        let still = now.ok().zip(changed).and_then(|(now, changed)| now.checked_sub(changed));
        still.unwrap_or_default().min(TOLD_WITHIN)
    }

    /// The shape of what may be a mission; `None` where there is nothing to take. What is neither file nor folder is `odd`.
    fn shape_at(&mut self, entry: &DirEntry, path: &Path, odd: &mut Vec<PathBuf>) -> Result<Option<Shape>> {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let file = shape_of(&self.workspace.root, path);
            // Gone while we looked: nothing is to be said.
            let strange = file.is_none() && path.symlink_metadata().is_ok();
            odd.extend(strange.then(|| path.to_owned()));
            return Ok(file);
        }
        // Dossiers are folders: the list of entries and their names say so, without a look at each.
        if is_dossier(&entry.file_name().to_string_lossy()) {
            return Ok(None);
        }
        match Folder::look(path) {
            Ok(folder) => {
                self.empty |= folder.is_empty();
                Ok((!folder.is_empty()).then(|| Shape::from(folder.shape(path))))
            }
            // One folder that is shut keeps nobody from all others.
            Err(problem) if path.exists() => {
                self.empty = true;
                put_beside(&self.workspace, path, &[problem]).map(|()| None)
            }
            Err(_) => Ok(None),
        }
    }

    /// What was just noticed, or has changed.
    fn fresh(&self, path: &Path, shape: Shape, now: Instant) -> Seen {
        let since = now.checked_sub(self.still(shape)).unwrap_or(now);
        let settled = if path.is_dir() { FOLDER_SETTLED } else { SETTLED };
        Seen {
            shape,
            since,
            pace: (settled, if is_costly(path) { RESCAN_COSTLY } else { RESCAN }),
            left: None,
        }
    }
}

impl From<(u64, Option<SystemTime>)> for Shape {
    fn from((size, changed): (u64, Option<SystemTime>)) -> Self {
        Self { size, changed }
    }
}

/// Whether reading it takes a process of its own, or may.
fn is_costly(path: &Path) -> bool {
    path.is_dir() || Form::of(&path.to_string_lossy()).is_ok_and(|form| !form.is_text())
}

fn watch(folder: &Path, told: Arc<Notify>) -> Option<RecommendedWatcher> {
    // What is only opened, read or closed brings nothing; our own looks are told as well, and whoever woke at those
    // would never rest again.
    let brings = |event: &Event| !matches!(event.kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write));
    let hears = move |event: notify::Result<Event>| {
        if event.as_ref().map_or(true, brings) {
            told.notify_one();
        }
    };
    let started = notify::recommended_watcher(hears).and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    started
        .map_err(|error| tracing::warn!(%error, "the missions folder cannot be watched; it is looked at every two seconds"))
        .ok()
}

/// Whether a file of that name may be a mission: hidden and temporary ones and our own are not looked at.
fn is_mission_name(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    !(is_passed_over(name) || name == "STATUS.md" || name.ends_with(EXPLANATION))
}

/// The size and time stamp of a file; `None` of what is none, and of links that leave the folder of missions.
fn shape_of(root: &Path, path: &Path) -> Option<Shape> {
    let itself = std::fs::symlink_metadata(path).ok()?;
    // Only a link can lead out, and following every name costs much where a thousand dossiers lie beside. What lies
    // elsewhere in the workspace, secrets among it, is nobody's mission.
    let inside = || Some(path.canonicalize().ok()?.starts_with(root.join("missions").canonicalize().ok()?));
    let followed = itself.is_symlink() && inside()?;
    let data = if followed { std::fs::metadata(path).ok()? } else { itself };
    if !data.is_file() {
        return None;
    }
    Some(Shape { size: data.len(), changed: data.modified().ok() })
}

/// Takes one file, or explains why not. The answer says whether it became a mission.
fn take(
    reader: &Reader,
    snapshot: &Result<Arc<Snapshot>, Vec<Problem>>,
    path: PathBuf,
) -> (PathBuf, Result<bool>) {
    let outcome = take_or_explain(reader, snapshot, &path);
    (path, outcome)
}

fn take_or_explain(
    reader: &Reader,
    snapshot: &Result<Arc<Snapshot>, Vec<Problem>>,
    path: &Path,
) -> Result<bool> {
    let taken = match snapshot {
        Err(problems) => Err(problems.clone()),
        Ok(snapshot) => submit_read_by(reader, snapshot, path, (false, true)),
    };
    match taken {
        Ok(Taken { mission }) => {
            move_in(&reader.workspace, &mission, path)?;
            Ok(true)
        }
        // Gone while we looked: its owner thought better of it.
        Err(_) if !path.exists() => Ok(false),
        Err(problems) if problems.iter().any(|problem| problem.kind.passes()) => Err(problems
            .into_iter()
            .next()
            .unwrap_or_else(|| Problem::store("the journal could not be used"))),
        Err(problems) => {
            put_beside(&reader.workspace, path, &problems)?;
            Ok(false)
        }
    }
}
