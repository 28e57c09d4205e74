//! Takes mission files in: a settled, valid file becomes a mission and moves into its dossier; any other stays
//! where it is with an explanation beside it.

use super::beat::LOOKS;
use super::refused::{EXPLANATION, drop_orphaned_explanations, explanation, put_beside};
use super::workspace::Workspace;
use crate::agent::Snapshot;
use crate::base::{Digest, Kind, Problem, Trouble, files, problem::Result};
use crate::brief;
use crate::journal::Tx;
use crate::mission::{self, NewMission};
use crate::run::Actor;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::Instant;

/// A file is taken when its size and time stamp have been still for this long: longer than an editor's pause
/// between two writes, short enough that nobody waits for it.
const SETTLED: Duration = Duration::from_millis(250);
/// How long ago, at most, a file is taken to have been still before it was first looked at: what it takes until a
/// change is told. Time stamps are trusted no further, since files are copied with old ones.
const TOLD_WITHIN: Duration = Duration::from_millis(50);
/// How often the folder is looked at without being told: events get lost.
const RESCAN: Duration = Duration::from_secs(2);
/// The coarsest steps in which a file system tells time, and a little more.
const COARSEST: Duration = Duration::from_secs(3);
/// Largest mission file.
pub(super) const MAX_MISSION_BYTES: u64 = 256 * 1024;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Taken {
    /// The mission's id.
    pub mission: String,
}

/// Takes the text of a mission file in, whoever offers it. All problems are told, not only the first.
pub fn submit(
    workspace: &Workspace,
    snapshot: &Snapshot,
    file: (&str, &str),
    again: bool,
    dropped: bool,
) -> Result<Taken, Vec<Problem>> {
    let new = vet(workspace, snapshot, file, again)?;
    let new = NewMission { dropped, ..new };
    let mission =
        workspace.journal.append(move |tx| mission::receive(tx, &new)).map_err(|problem| vec![problem])?;
    Ok(Taken { mission })
}

/// [`submit`] by the word of a party, which is the mission's requester: whoever asks for a mission does not sign it,
/// so nobody may ask in another's name.
///
/// # Errors
/// `NotAllowed` where the file names another requester, besides those of [`submit`].
pub fn submit_as(
    workspace: &Workspace,
    snapshot: &Snapshot,
    file: (&str, &str),
    again: bool,
    actor: &Actor,
) -> Result<Taken, Vec<Problem>> {
    let new = vet(workspace, snapshot, file, again)?;
    let Actor { by, os_user } = actor.clone();
    if let Some(other) = new.brief.ask.requested_by.as_ref().filter(|other| **other != by) {
        let problem = Problem::not_allowed(format!("{by} may not hand in a mission that {other} asks for"));
        return Err(vec![problem.hint("leave `requested_by` out, or let the one it names hand it in")]);
    }
    let new = NewMission { requester: by.clone(), ..new };
    let receive = move |tx: &Tx<'_>| {
        let mission = mission::receive(tx, &new)?;
        tx.event(&mission, "mission_handed_in", &json!({ "by": by, "os_user": os_user }))?;
        Ok(mission)
    };
    let mission = workspace.journal.append(receive).map_err(|problem| vec![problem])?;
    Ok(Taken { mission })
}

/// Reads a mission file, and holds it against roster and settings.
fn vet(
    workspace: &Workspace,
    snapshot: &Snapshot,
    (file, text): (&str, &str),
    again: bool,
) -> Result<NewMission, Vec<Problem>> {
    workspace.journal.check_free_of_secrets(file, text)?;
    let brief = brief::parse(file, text)?;
    let problems = brief::check_file(file, text, &brief, &snapshot.roster);
    if !problems.is_empty() {
        return Err(problems);
    }
    let settings = &snapshot.settings;
    settings.council.level(&brief.ask.class).map_err(|reason| vec![Problem::invalid(reason)])?;
    let requester = brief.ask.requested_by.clone().unwrap_or_else(|| settings.requester.clone());
    let (text, file) = (text.to_owned(), file.to_owned());
    Ok(NewMission { brief, text, file, requester, again, dropped: false })
}

/// Watches `missions/`, not the folders in it.
pub(super) struct Intake {
    workspace: Workspace,
    told: Arc<Notify>,
    seen: HashMap<PathBuf, Seen>,
    /// The folder's time stamp at the last look that found nothing to wait for.
    quiet: Option<SystemTime>,
    next: Instant,
    trouble: Trouble,
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
    /// When it was looked at and left with an explanation. It is looked at again from time to time: what was wrong
    /// may have been mended elsewhere, in the settings or on the roster.
    left: Option<Instant>,
}

impl Seen {
    fn new(shape: Shape, since: Instant) -> Self {
        Self { shape, since, left: None }
    }
    fn is_ready(&self, now: Instant) -> bool {
        let (since, long) = self.left.map_or((self.since, SETTLED), |left| (left, RESCAN));
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
            next: Instant::now(),
            trouble: Trouble::of("the missions folder is not looked at"),
        };
        intake.finish_moves()?;
        Ok(intake)
    }

    /// When the folder should be looked at: it changed, a file may have settled, or it is time for a rescan.
    pub(super) async fn due(&self) {
        let settling = self.seen.values().filter(|seen| seen.left.is_none()).map(|seen| seen.since + SETTLED);
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

    /// [`Self::sweep`], whose trouble is told and tried again.
    pub(super) async fn attend(&mut self) {
        let outcome = self.sweep().await;
        if let Some(pause) = self.trouble.after(&outcome) {
            self.next = Instant::now() + pause;
        }
    }

    /// Whether nothing can have come since the last look: no file is waited for, and the folder has its old time stamp,
    /// which no change can have left as it was.
    fn is_quiet(&self, folder: &Path) -> bool {
        let changed = std::fs::metadata(folder).and_then(|data| data.modified()).ok();
        self.seen.is_empty() && changed.is_some() && changed == self.quiet
    }

    /// Looks at every file once. Returns whether a mission was taken in.
    pub(super) async fn sweep(&mut self) -> Result<bool> {
        self.next = Instant::now() + RESCAN;
        let ready = self.look()?;
        if ready.is_empty() {
            return Ok(false);
        }
        let workspace = self.workspace.clone();
        let work = tokio::task::spawn_blocking(move || {
            let snapshot = workspace.snapshot();
            ready.into_iter().map(|path| take(&workspace, &snapshot, path)).collect::<Vec<_>>()
        });
        let outcomes =
            work.await.map_err(|error| Problem::failed(format!("BUG: intake broke down: {error}")))?;
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
        for entry in entries.flatten() {
            // Dossiers are folders: the list of entries says so, without a look at each.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = entry.path();
            if !is_mission_name(&path) {
                continue;
            }
            let Some(shape) = shape_of(&self.workspace.root, &path) else {
                // Gone while we looked: nothing is to be said.
                odd.extend(path.symlink_metadata().is_ok().then_some(path));
                continue;
            };
            there.insert(path.clone());
            let fresh = Seen::new(shape, now.checked_sub(self.still(shape)).unwrap_or(now));
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
        ready.sort();
        Ok(ready)
    }

    /// How long a file that was just noticed has been as it is.
    fn still(&self, shape: Shape) -> Duration {
        let changed = shape.changed.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let now = u64::try_from(self.workspace.journal.clock().now().0).map(Duration::from_millis);
        let still = now.ok().zip(changed).and_then(|(now, changed)| now.checked_sub(changed));
        still.unwrap_or_default().min(TOLD_WITHIN)
    }

    /// Moves files whose missions were recorded right before a crash.
    fn finish_moves(&self) -> Result<()> {
        for (id, file, sha256) in self.workspace.journal.read(mission::unmoved)? {
            let path = self.workspace.missions().join(&file);
            let same = files::bytes(&path).is_ok_and(|bytes| Digest::of(bytes) == sha256);
            if same {
                move_in(&self.workspace, &id, &path)?;
            } else {
                self.workspace.journal.append(move |tx| mission::mark_moved(tx, &id))?;
            }
        }
        Ok(())
    }
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
    let temporary = name.starts_with(['.', '~', '#'])
        || [".tmp", ".swp", ".part", "~", ".crdownload"].iter().any(|end| name.ends_with(end));
    !(temporary || name == "STATUS.md" || name.ends_with(EXPLANATION))
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
    workspace: &Workspace,
    snapshot: &Result<Arc<Snapshot>, Vec<Problem>>,
    path: PathBuf,
) -> (PathBuf, Result<bool>) {
    let outcome = take_or_explain(workspace, snapshot, &path);
    (path, outcome)
}

fn take_or_explain(
    workspace: &Workspace,
    snapshot: &Result<Arc<Snapshot>, Vec<Problem>>,
    path: &Path,
) -> Result<bool> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let taken = match snapshot {
        Err(problems) => Err(problems.clone()),
        Ok(snapshot) => files::read_text(path, MAX_MISSION_BYTES)
            .map_err(|problem| vec![relative(problem, &name)])
            .and_then(|text| submit(workspace, snapshot, (&name, &text), false, true)),
    };
    match taken {
        Ok(Taken { mission }) => {
            move_in(workspace, &mission, path)?;
            files::remove(&explanation(path))?;
            Ok(true)
        }
        // Gone while we looked: its owner thought better of it.
        Err(_) if !path.exists() => Ok(false),
        Err(problems) if problems.iter().any(|problem| problem.kind.passes()) => Err(problems
            .into_iter()
            .next()
            .unwrap_or_else(|| Problem::store("the journal could not be used"))),
        Err(problems) => {
            put_beside(workspace, path, &problems)?;
            Ok(false)
        }
    }
}

fn relative(problem: Problem, name: &str) -> Problem {
    let place = problem.message.split_whitespace().next().unwrap_or_default().to_owned();
    Problem { message: problem.message.replacen(&place, name, 1), ..problem }
}

fn move_in(workspace: &Workspace, mission: &str, path: &Path) -> Result<()> {
    let target = workspace.missions().join(mission).join("mission.md");
    match files::relocate(path, &target) {
        // Taken away in between; the journal has its text and writes it again.
        Err(problem) if problem.kind == Kind::NotFound => {}
        other => other?,
    }
    let mission = mission.to_owned();
    workspace.journal.append(move |tx| mission::mark_moved(tx, &mission))
}
