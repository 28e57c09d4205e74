//! Starts what nobody starts by hand: takes in what schedules and watched folders bring, starts a run for each thing
//! that waits in the queue, in the order of arrival, and asks owners to look at their SOPs when that is due. Which triggers
//! there are is read from the registry and read again whenever the registry has changed.

use super::beat::Beat;
use super::set_back;
use super::watched::Watched;
use super::workspace::Workspace;
use crate::base::{Instant, Problem, fault, problem::Result};
use crate::journal::AHEAD;
use crate::mission;
use crate::registry;
use crate::run::{self, Wired};
use crate::sop::document::Trigger;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time;

/// How soon after news registry and queue are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How often schedules are looked at without news: the clock on the wall may be set at any moment.
const REST: Duration = Duration::from_secs(4);
/// The least time between two looks for what falls due.
const FINEST: Duration = Duration::from_millis(5);
/// How long until unreadable SOPs are looked at again: somebody may have put the file back.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Arrivals taken in one pass; more would keep the daemon from its other work.
const MOST_TAKEN: u32 = 32;

pub(super) struct Triggers {
    state: Arc<Mutex<State>>,
    beat: Beat,
    unsettled: bool,
}

struct State {
    workspace: Workspace,
    /// The registry's revision that the triggers are of; `None` before the first look.
    revision: Option<i64>,
    schedules: Vec<Wired>,
    folders: Vec<Wired>,
    /// When SOPs that could not be read are tried again.
    again: Option<time::Instant>,
    /// When the next schedule falls due.
    next: Option<Instant>,
    /// When the next review of an SOP falls due.
    review: Instant,
    /// The moment of the last look: a clock that shows an earlier one was set back.
    seen: Instant,
    watched: Watched,
    /// It was told that settings or roster cannot be read.
    told: bool,
}

impl Triggers {
    pub(super) fn start(workspace: &Workspace) -> Self {
        let state = State {
            workspace: workspace.clone(),
            revision: None,
            schedules: Vec::new(),
            folders: Vec::new(),
            again: None,
            next: None,
            review: Instant(i64::MIN),
            seen: Instant(i64::MIN),
            watched: Watched::default(),
            told: false,
        };
        let beat = Beat::new(&workspace.journal, "triggers", "what waits to start is not taken");
        Self { state: Arc::new(Mutex::new(state)), beat, unsettled: false }
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

    /// Whether a watched file is still being written, or was written just now. A schedule's next moment is no work.
    pub(super) fn unsettled(&self) -> bool {
        self.unsettled
    }

    /// Takes in what has come and starts what waits. Whether there was anything of either.
    pub(super) async fn pass(&mut self) -> Result<bool> {
        self.beat.begin();
        let state = self.state.clone();
        let work = tokio::task::spawn_blocking(move || {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let did = state.pass();
            (did, state.watched.unsettled(), state.rest())
        });
        let (did, unsettled, rest) =
            work.await.map_err(|error| Problem::failed(format!("BUG: starting runs broke down: {error}")))?;
        self.unsettled = unsettled;
        let more = did.as_ref().is_ok_and(|did| *did);
        let (pause, rest) = if more { (Duration::ZERO, Duration::ZERO) } else { (TICK, rest) };
        self.beat.rest(pause, rest);
        did
    }
}

impl State {
    fn pass(&mut self) -> Result<bool> {
        self.rewire()?;
        let mut came = self.fall_due()?;
        came |= self.ask_owners()?;
        came |= self.watched.look(&self.workspace, &self.folders)?;
        Ok(self.take()? || came)
    }

    /// How long nothing is due without news.
    fn rest(&self) -> Duration {
        let now = self.workspace.journal.clock().now();
        let until =
            |next: Instant| Duration::from_millis(u64::try_from(next.0.saturating_sub(now.0)).unwrap_or(0));
        let left = |at: time::Instant| at.saturating_duration_since(time::Instant::now());
        let watched = if self.folders.is_empty() { None } else { self.watched.next_look() };
        let all = [self.next.map(until), Some(until(self.review)), self.again.map(left), watched.map(left)];
        all.into_iter().flatten().fold(REST, Duration::min).max(FINEST)
    }

    /// Reads anew what may start runs, where that has changed.
    fn rewire(&mut self) -> Result<()> {
        let journal = &self.workspace.journal;
        let revision = journal.read(registry::revision)?;
        let again = self.again.is_some_and(|again| again <= time::Instant::now());
        if self.revision == Some(revision) && !again {
            return Ok(());
        }
        let wiring = journal.read(|db| run::wiring(db, &self.workspace.root))?;
        if self.again.is_none() {
            for (sop, problem) in &wiring.unreadable {
                tracing::error!(%sop, %problem, "nothing starts this SOP");
            }
        }
        self.again = (!wiring.unreadable.is_empty()).then(|| time::Instant::now() + LOOK_AGAIN);
        let of = |fits: fn(&Trigger) -> bool| {
            wiring.triggers.iter().filter(|wired| fits(&wired.trigger)).cloned().collect()
        };
        self.schedules = of(|trigger| matches!(trigger, Trigger::Cron(_)));
        self.folders = of(|trigger| matches!(trigger, Trigger::Files(_)));
        journal.append(move |tx| run::put_in_force(tx, &wiring))?;
        self.revision = Some(revision);
        // Whatever the schedules and reviews were, they are looked at now.
        self.seen = Instant(i64::MAX);
        self.review = Instant(i64::MIN);
        Ok(())
    }

    /// Takes in what schedules have brought.
    fn fall_due(&mut self) -> Result<bool> {
        let now = self.workspace.journal.clock().now();
        let set_back = now < self.seen;
        if self.seen < Instant(i64::MAX) && now.0.saturating_add(AHEAD) < self.seen.0 {
            set_back::look(&self.workspace)?;
        }
        self.seen = now;
        if !set_back && self.next.is_none_or(|next| now < next) {
            return Ok(false);
        }
        let mut came = false;
        for (wired, _) in self.moments(now)?.into_iter().filter(|(_, next)| *next <= now) {
            let wired = wired.clone();
            came |= self.workspace.journal.append(move |tx| run::fall_due(tx, &wired))? > 0;
        }
        if came {
            fault::point("trigger/cron", "accepted");
        }
        self.next = self.moments(now)?.into_iter().map(|(_, next)| next).min();
        Ok(came)
    }

    /// Asks the owners of SOPs whose review falls due.
    fn ask_owners(&mut self) -> Result<bool> {
        let journal = &self.workspace.journal;
        let now = journal.clock().now();
        if now < self.review {
            return Ok(false);
        }
        let begun = journal.append(mission::ask_owners)?;
        self.review = journal.read(|db| registry::next_review(db, now))?.unwrap_or(Instant(i64::MAX));
        Ok(begun > 0)
    }

    /// Every schedule with its next moment.
    fn moments(&self, now: Instant) -> Result<Vec<(&Wired, Instant)>> {
        self.workspace.journal.read(|db| {
            let next = |wired| Ok(run::next_due(db, wired, now)?.map(|next| (wired, next)));
            self.schedules.iter().filter_map(|wired| next(wired).transpose()).collect()
        })
    }

    /// Starts what waits, oldest first. With settings or a roster that cannot be read it goes on waiting.
    fn take(&mut self) -> Result<bool> {
        let due = self.workspace.journal.read(|db| run::open_due(db, MOST_TAKEN))?;
        if due.is_empty() {
            return Ok(false);
        }
        let snapshot = match self.workspace.snapshot() {
            Ok(snapshot) => snapshot,
            Err(_) if self.told => return Ok(false),
            Err(problems) => {
                self.told = true;
                for problem in problems {
                    tracing::error!(%problem, "what waits to start is kept until this is mended");
                }
                return Ok(false);
            }
        };
        self.told = false;
        for due in due {
            run::take(&self.workspace.journal, &self.workspace.root, &snapshot, due)?;
        }
        Ok(true)
    }
}
