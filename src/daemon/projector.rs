//! Keeps the files people read in step with the journal: dossiers, STATUS.md, INDEX.md, git. Everything here can be
//! deleted and is written again; nothing here is ever read as truth.

use super::beat::Beat;
use super::sound::Sound;
use super::workspace::{PRIVATE_FOLDER, Workspace};
use super::{anchors, dossier, git, index_file, narrator, retention, run_folder};
use crate::base::trace::is_run;
use crate::base::{Problem, files, problem::Result};
use crate::journal::events_of;
use crate::mission;
use crate::registry;
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How soon after news files are written: quick for an eye, and one write for many events.
const PERIOD: Duration = Duration::from_millis(100);
/// How often INDEX.md and outstanding git commits are looked at without news.
const LOOK_AFTER: Duration = Duration::from_secs(4);
/// How many times as long as a pass the pause after it is: files for eyes never hold up the work.
const BREATH: u32 = 4;
/// Events read at once.
const PAGE: u32 = 2_000;

pub(super) struct Projector {
    workspace: Workspace,
    /// Everything up to this fact is on disk.
    done: i64,
    /// Nothing was written since the start: what a crash cut off may lie about.
    fresh: bool,
    beat: Beat,
    looked_after: Instant,
    shelf: Arc<Mutex<Shelf>>,
}

/// What the last pass left on disk, so that the next one writes only what has changed.
struct Shelf {
    dossiers: dossier::Written,
    index: index_file::Looked,
    retention: retention::Looked,
    /// The day an anchor was last written down for.
    anchored: String,
    /// Whether git may have something to commit.
    git: git::Looked,
    sound: Sound,
    /// Everything up to this fact was told in the log.
    told: i64,
    short: narrator::Short,
}

impl Projector {
    pub(super) fn start(workspace: &Workspace, settings: &Settings) -> Self {
        let done = std::fs::read_to_string(mark(workspace))
            .ok()
            .and_then(|text| text.lines().next()?.trim().parse().ok())
            .unwrap_or(0);
        // A mark beyond the log is of another one, and says nothing of this.
        let head = workspace.journal.head().map_or(0, |(head, _)| head);
        let done = if done > head { 0 } else { done };
        let now = Instant::now();
        let mut sound = Sound::start(&workspace.root, settings);
        sound.look(workspace);
        let shelf = Arc::new(Mutex::new(Shelf {
            dossiers: dossier::Written::default(),
            index: index_file::Looked::default(),
            retention: retention::Looked::default(),
            anchored: String::new(),
            git: git::Looked::default(),
            sound,
            told: head,
            short: narrator::Short::default(),
        }));
        let beat = Beat::new(&workspace.journal, "files", "files that people read wait");
        Self { workspace: workspace.clone(), done, fresh: true, beat, looked_after: now, shelf }
    }

    /// When the next pass should be.
    pub(super) async fn due(&mut self) {
        self.beat.due().await;
    }

    /// [`Self::pass`], whose trouble is told and tried again.
    pub(super) async fn attend(&mut self) {
        let outcome = self.pass().await;
        self.beat.came(&outcome);
    }

    /// Writes what the journal has more than the files. Trouble with one file is told after the others are written.
    pub(super) async fn pass(&mut self) -> Result<()> {
        let begun = Instant::now();
        self.beat.begin();
        self.beat.rest(PERIOD, LOOK_AFTER);
        let look_after = self.looked_after.elapsed() >= LOOK_AFTER;
        let head = self.workspace.journal.head()?.0;
        if head <= self.done && !look_after && !self.fresh {
            return Ok(());
        }
        let (workspace, done) = (self.workspace.clone(), self.done);
        let tidy = std::mem::replace(&mut self.fresh, false);
        let shelf = self.shelf.clone();
        let work = tokio::task::spawn_blocking(move || {
            let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
            project(&workspace, (done, tidy), &mut shelf)
        });
        let outcome =
            work.await.map_err(|error| Problem::failed(format!("BUG: a projection broke down: {error}")))?;
        self.looked_after = Instant::now();
        self.beat.rest(PERIOD.max(begun.elapsed() * BREATH), LOOK_AFTER);
        self.done = outcome?;
        Ok(())
    }

    /// Writes everything outstanding, and an anchor of the log as it is left.
    pub(super) async fn flush(&mut self) -> Result<()> {
        self.looked_after = Instant::now().checked_sub(LOOK_AFTER).unwrap_or(self.looked_after);
        self.pass().await?;
        anchors::write_down(&self.workspace)
    }
}

fn mark(workspace: &Workspace) -> PathBuf {
    workspace.root.join(PRIVATE_FOLDER).join(anchors::SEEN)
}

/// Removes half-written files from the folders that all missions share. To be called before anything is driven: a
/// publication's file is half-written too, for a moment.
pub(super) fn remove_leftovers(workspace: &Workspace) {
    let sops = workspace.root.join("sops");
    let departments = std::fs::read_dir(&sops).into_iter().flatten().flatten().map(|entry| entry.path());
    let edited = ["", "agents", "prompts"].map(|folder| workspace.root.join(folder));
    let ours = [workspace.root.join(PRIVATE_FOLDER), workspace.missions(), sops.clone()];
    for folder in ours.into_iter().chain(edited) {
        files::remove_leftovers(&folder);
    }
    departments.filter(|path| path.is_dir()).for_each(|folder| files::remove_leftovers(&folder));
    run_folder::remove_half_scripts(workspace);
}

/// Writes an anchor down at the start and on each new day; on a new day INDEX.md gets one as well.
fn anchor_the_day(workspace: &Workspace, last: &mut String) -> Result<()> {
    let today = workspace.journal.clock().now().day();
    if *last == today {
        return Ok(());
    }
    workspace.journal.append(registry::anchor_the_day)?;
    anchors::write_down(workspace)?;
    *last = today;
    Ok(())
}

fn project(workspace: &Workspace, (done, tidy): (i64, bool), shelf: &mut Shelf) -> Result<i64> {
    let mut at = done;
    let mut seen = None;
    let mut subjects = BTreeSet::new();
    loop {
        let page = workspace.journal.read(|db| events_of(db, None, at, PAGE))?;
        let Some(last) = page.last() else { break };
        at = last.seq;
        seen = Some(format!("{at}\nChain: {at} {}\n", last.hash));
        narrator::tell(&page, &mut shelf.told);
        subjects.extend(page.into_iter().map(|event| event.subject));
    }
    let mut trouble = None;
    for subject in subjects.iter().filter(|subject| mission::is_id(subject)) {
        if tidy {
            dossier::remove_leftovers(workspace, subject);
        }
        if let Err(problem) = dossier::write(workspace, subject, &mut shelf.dossiers) {
            trouble = Some(problem);
        }
    }
    for run in subjects.iter().filter(|subject| is_run(subject)) {
        if tidy {
            run_folder::remove_leftovers(workspace, run);
        }
        if let Err(problem) = run_folder::write(workspace, run) {
            trouble = Some(problem);
        }
    }
    if !subjects.is_empty() {
        dossier::write_overview(workspace)?;
    }
    anchor_the_day(workspace, &mut shelf.anchored)?;
    index_file::look_after(workspace, &mut shelf.index)?;
    retention::look_after(workspace, &mut shelf.retention)?;
    shelf.short.look(&workspace.root);
    shelf.sound.look(workspace);
    let git = workspace.snapshot().map(|snapshot| snapshot.settings.git);
    if let Ok(git) = git
        && git.commit
    {
        git::look_after(workspace, git, &mut shelf.git)?;
    }
    if let Some(problem) = trouble {
        Err(problem)
    } else {
        // With its hash: what was seen once must not be missing from the log later.
        seen.map_or(Ok(()), |seen| files::project(&mark(workspace), seen.as_bytes()))?;
        Ok(at)
    }
}
