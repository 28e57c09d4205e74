//! Keeps every workflow that can go on going on: wakes them at signals, timers and other processes' appends,
//! drives a bounded number at a time, and knows when nothing is left to do.

use super::stories::Stories;
use super::writer::News;
use super::{driver, sound, store::Journal};
use crate::base::{Trouble, problem::Result};
use futures::FutureExt as _;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How soon after an append of ours it is looked which timers are due: many appends make one look.
const TICK: Duration = Duration::from_millis(50);
/// How often it is looked without news: the clock on the wall may be set at any moment.
const REST: Duration = Duration::from_secs(2);
/// Workflows in memory at the same time; the others wait in line as ids.
const MOST_DRIVEN: usize = 1_024;
/// Timers fired in one commit.
const TIMER_BATCH: u32 = 500;
/// How often it is looked, while sopd stops, whether all has come to its end.
const STEP: Duration = Duration::from_millis(10);

/// How far the engine still goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Everything that can go on is driven.
    Going,
    /// Nothing new begins; what is under way comes to its end.
    Draining,
    /// What is still under way is cut off, and recorded as that.
    Cut,
}

/// Activities under way that are more than a computation, by workflow and key.
pub(super) type UnderWay = Arc<Mutex<BTreeSet<String>>>;

/// Rung when something has come for a driven workflow.
pub(super) struct Bell {
    rung: AtomicBool,
    notify: Notify,
    /// Whether others wait for a place in memory.
    crowded: Arc<AtomicBool>,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) under_way: UnderWay,
}

impl Bell {
    fn of(inner: &Inner) -> Self {
        Self {
            rung: AtomicBool::new(false),
            notify: Notify::new(),
            crowded: inner.crowded.clone(),
            phase: inner.phase.subscribe(),
            under_way: inner.under_way.clone(),
        }
    }
    /// Whether nothing new may begin.
    pub(super) fn drains(&self) -> bool {
        *self.phase.borrow() >= Phase::Draining
    }
    /// Returns when what is under way is to be cut off. An engine that is gone says that as well.
    pub(super) async fn cut(&self) {
        drop(self.phase.clone().wait_for(|phase| *phase == Phase::Cut).await);
    }
    fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.notify.notify_one();
    }
    /// Whether it was rung since the last call.
    pub(super) fn take(&self) -> bool {
        self.rung.swap(false, Ordering::SeqCst)
    }
    pub(super) async fn rung(&self) {
        while !self.rung.load(Ordering::SeqCst) {
            self.notify.notified().await;
        }
    }
    pub(super) async fn rung_within(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.rung()).await.is_ok()
    }
    pub(super) fn crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }
}

/// The running engine. Dropping it stops driving; nothing recorded is lost.
pub struct Engine {
    inner: Arc<Inner>,
    tasks: JoinSet<()>,
    stop: oneshot::Sender<()>,
}

struct Inner {
    journal: Journal,
    stories: Stories,
    floor: Mutex<Floor>,
    crowded: Arc<AtomicBool>,
    wake: Notify,
    /// How often somebody asked to be told when nothing is left to do, and the last asking so answered.
    askings: AtomicU64,
    answered: watch::Sender<u64>,
    looks: AtomicU64,
    phase: watch::Sender<Phase>,
    under_way: UnderWay,
    stalled: Mutex<Trouble>,
}

/// Who is being driven and who waits in line. One lock for both: a workflow that wants driving is at every
/// moment in exactly one of them, so nothing is lost between the two and "nothing left" is never said too early.
#[derive(Default)]
struct Floor {
    driven: HashMap<String, Arc<Bell>>,
    line: VecDeque<String>,
    in_line: HashSet<String>,
}

impl Floor {
    fn enqueue(&mut self, id: String) {
        if self.in_line.insert(id.clone()) {
            self.line.push_back(id);
        }
    }
    fn is_quiet(&self) -> bool {
        self.driven.is_empty() && self.line.is_empty()
    }
}

impl Engine {
    /// Starts driving everything in `journal` that can go on.
    pub fn start(journal: &Journal, stories: Stories) -> Result<Self> {
        let inner = Arc::new(Inner {
            journal: journal.clone(),
            stories,
            floor: Mutex::default(),
            crowded: Arc::default(),
            wake: Notify::new(),
            askings: AtomicU64::new(0),
            answered: watch::channel(0).0,
            looks: AtomicU64::new(0),
            phase: watch::channel(Phase::Going).0,
            under_way: UnderWay::default(),
            stalled: Mutex::new(Trouble::of("what can go on waits for the journal")),
        });
        let heard = Arc::downgrade(&inner);
        journal.on_commit(Box::new(move |woken| {
            if let Some(inner) = heard.upgrade() {
                inner.woken(woken);
            }
        }));
        journal.append(sound::set_again)?;
        inner.scan()?;
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(dispatch(inner.clone(), stopped));
        Ok(Self { inner, tasks, stop })
    }

    /// Waits until everything waits for a person or a clock, or has ended. What was appended before the call,
    /// by any process, and what is due by then, is taken into account.
    pub async fn idle(&self) {
        let asking = self.inner.askings.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = self.inner.answered.subscribe();
        self.inner.wake.notify_one();
        // The sender lives as long as `self`.
        drop(answered.wait_for(|answered| *answered >= asking).await);
    }

    /// Whether nothing of this process is being driven or waits in line at this moment. It does not look for what
    /// is due or was appended elsewhere; [`Engine::idle`] does.
    pub fn is_idle(&self) -> bool {
        self.inner.floor().is_quiet()
    }

    /// How often it looked for what is due, for figures.
    pub fn looks(&self) -> u64 {
        self.inner.looks.load(Ordering::Relaxed)
    }

    /// How many workflows are in memory now.
    pub fn driven(&self) -> usize {
        self.inner.floor().driven.len()
    }

    /// What is under way that is more than a computation: commands, requests, calls of models.
    pub fn under_way(&self) -> Vec<String> {
        self.inner.under_way.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Begins nothing new, and waits until what is under way has come to its end and is recorded; what has not within
    /// `most` is cut off. What can be repeated is repeated after the next start; of what cannot it is recorded that it
    /// was stopped.
    pub async fn drain(&self, most: Duration) {
        self.inner.go_to(Phase::Draining);
        let late = Instant::now() + most;
        while self.driven() > 0 {
            if Instant::now() >= late {
                self.cut();
            }
            tokio::time::sleep(STEP).await;
        }
    }

    /// Cuts off what is under way.
    pub fn cut(&self) {
        self.inner.go_to(Phase::Cut);
    }

    /// Stops driving and waits until everything in flight has let go: afterwards no activity of this engine
    /// runs, and what it had handed to the journal is on disk.
    pub async fn stop(mut self) {
        drop(self.stop);
        while self.tasks.join_next().await.is_some() {}
        if let Err(problem) = self.inner.journal.append_async(|_tx| Ok(())).await {
            tracing::warn!(%problem, "the last appends may be missing");
        }
    }
}

async fn dispatch(inner: Arc<Inner>, mut stopped: oneshot::Receiver<()>) {
    let mut drives = JoinSet::new();
    let mut news = inner.journal.news();
    let mut seen = *news.borrow();
    let mut look_at = Instant::now();
    let mut trouble = Trouble::of("what is due waits for the journal");
    loop {
        inner.fill(&mut drives);
        if !trouble.lasts() && inner.is_asked() {
            look_at = Instant::now();
        }
        tokio::select! {
            _ = &mut stopped => break,
            () = inner.wake.notified() => {}
            Some(_) = drives.join_next() => {}
            now = other_than(&mut news, seen) => {
                let pause = if now.others == seen.others { TICK } else { Duration::ZERO };
                seen = now;
                if !trouble.lasts() {
                    look_at = look_at.min(Instant::now() + pause);
                }
            }
            () = tokio::time::sleep_until(look_at) => {
                seen = *news.borrow();
                let looked = inner.look_around().await;
                let pause = trouble.after(&looked);
                look_at = Instant::now() + pause.or(looked.ok()).unwrap_or(REST).min(Trouble::LONGEST);
            }
        }
    }
    drives.shutdown().await;
}

/// The news, once they are others than `seen`.
pub async fn other_than(news: &mut watch::Receiver<News>, seen: News) -> News {
    if let Ok(now) = news.wait_for(|now| *now != seen).await {
        return *now;
    }
    // Its sender lives as long as the journal: nothing comes any more.
    std::future::pending().await
}

impl Inner {
    /// Goes on to a later phase, and lets everything that is driven know.
    fn go_to(&self, phase: Phase) {
        let later = |now: &mut Phase| {
            let before = *now;
            *now = phase.max(before);
            before < phase
        };
        if self.phase.send_if_modified(later) {
            self.floor().driven.values().for_each(|bell| bell.ring());
        }
    }

    /// Drives as many of those in line as may be driven.
    fn fill(self: &Arc<Self>, drives: &mut JoinSet<()>) {
        if *self.phase.borrow() >= Phase::Draining {
            return;
        }
        let mut floor = self.floor();
        while floor.driven.len() < MOST_DRIVEN {
            let Some(id) = floor.line.pop_front() else { break };
            floor.in_line.remove(&id);
            let bell = Arc::new(Bell::of(self));
            floor.driven.insert(id.clone(), bell.clone());
            drives.spawn(self.clone().drive(id, bell));
        }
        self.tell_crowded(&floor);
    }

    fn tell_crowded(&self, floor: &Floor) {
        self.crowded.store(floor.driven.len() + floor.line.len() > MOST_DRIVEN, Ordering::Relaxed);
    }

    async fn drive(self: Arc<Self>, id: String, bell: Arc<Bell>) {
        let driven = AssertUnwindSafe(driver::drive(&self.journal, &self.stories, &id, &bell));
        let outcome = match driven.catch_unwind().await {
            Ok(outcome) => outcome,
            Err(panic) => {
                let reason = format!("BUG: driving it broke down: {}", driver::words(&*panic));
                driver::stop(&self.journal, &id, reason).await
            }
        };
        // Of all together: they fail for the same reason.
        let pause = self.stalled.lock().unwrap_or_else(PoisonError::into_inner).after(&outcome);
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        let mut floor = self.floor();
        floor.driven.remove(&id);
        // Rung after the drive last looked: what came must not be missed.
        if bell.take() || outcome.is_err() {
            floor.enqueue(id);
        }
        drop(floor);
        self.wake.notify_one();
    }

    fn woken(&self, ids: Vec<String>) {
        let mut floor = self.floor();
        for id in ids {
            match floor.driven.get(&id) {
                Some(bell) => bell.ring(),
                None => floor.enqueue(id),
            }
        }
        self.tell_crowded(&floor);
        drop(floor);
        self.wake.notify_one();
    }

    fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody waits to hear that nothing is left to do, and it may be so.
    fn is_asked(&self) -> bool {
        self.askings.load(Ordering::SeqCst) > *self.answered.borrow() && self.floor().is_quiet()
    }

    /// Takes in what others appended and what is due. How long until something may be due again.
    async fn look_around(&self) -> Result<Duration> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let asking = self.askings.load(Ordering::SeqCst);
        if self.journal.others_appended().await? {
            self.scan()?;
        }
        let next = self.fire_due_timers().await?;
        if !next.is_zero() && self.floor().is_quiet() {
            self.answered.send_replace(asking);
        }
        Ok(next)
    }

    /// Puts everything in line that the journal says can go on.
    fn scan(&self) -> Result<()> {
        let ready: Vec<String> = self.journal.read(|db| {
            let sql = "SELECT id FROM workflow WHERE state = 'ready'";
            let ids = db.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(ids)
        })?;
        self.woken(ready);
        Ok(())
    }

    /// Fires one batch. How long until the next timer is due: not at all where there may be more.
    async fn fire_due_timers(&self) -> Result<Duration> {
        let now = self.journal.clock().now().0;
        let first: Option<i64> = self.journal.read(|db| {
            let sql = "SELECT min(due_at) FROM timer";
            Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })?;
        let Some(wait) = first.map(|due| due.saturating_sub(now)) else { return Ok(REST) };
        if wait > 0 {
            return Ok(Duration::from_millis(u64::try_from(wait).unwrap_or(u64::MAX)).min(REST));
        }
        self.journal
            .append_async(move |tx| {
                sound::set_right(tx, tx.now())?;
                let sql = "DELETE FROM timer WHERE (workflow, ordinal) IN (
                             SELECT workflow, ordinal FROM timer WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2
                           ) RETURNING workflow, ordinal";
                let fired: Vec<(String, i64)> = tx
                    .db()
                    .prepare_cached(sql)?
                    .query_map((now, TIMER_BATCH), |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<Result<_, _>>()?;
                for (workflow, ordinal) in &fired {
                    tx.signal(workflow, &format!("timer/{ordinal}"), &serde_json::Value::Null)?;
                }
                Ok(if fired.is_empty() { REST } else { Duration::ZERO })
            })
            .await
    }
}
