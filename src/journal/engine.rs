//! Keeps every workflow that can go on going on: wakes them at signals, timers and other processes' appends,
//! drives a bounded number at a time, and knows when nothing is left to do.

use super::driver;
use super::store::Journal;
use super::stories::Stories;
use crate::base::problem::Result;
use futures::FutureExt as _;
use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

/// How often other processes' appends and due timers are looked for. A person who approves on the command
/// line sees the daemon act within a tenth of a second.
const TICK: Duration = Duration::from_millis(50);
/// Workflows in memory at the same time; the others wait in line as ids.
const MOST_DRIVEN: usize = 1_024;
/// Timers fired in one commit.
const TIMER_BATCH: u32 = 500;
/// Pause before a workflow is driven again, or the journal looked at again, after it could not be used.
const STORE_TROUBLE: Duration = Duration::from_secs(1);

/// Rung when something has come for a driven workflow.
#[derive(Default)]
pub(super) struct Bell {
    rung: AtomicBool,
    notify: Notify,
    /// Whether others wait for a place in memory.
    crowded: Arc<AtomicBool>,
}

impl Bell {
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
        });
        let heard = Arc::downgrade(&inner);
        journal.on_commit(Box::new(move |woken| {
            if let Some(inner) = heard.upgrade() {
                inner.woken(woken);
            }
        }));
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

    /// How many workflows are in memory now.
    pub fn driven(&self) -> usize {
        self.inner.floor().driven.len()
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
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut trouble = false;
    loop {
        inner.fill(&mut drives);
        if !trouble && inner.is_asked() {
            tick.reset_immediately();
        }
        tokio::select! {
            _ = &mut stopped => break,
            () = inner.wake.notified() => {}
            Some(_) = drives.join_next() => {}
            _ = tick.tick() => {
                let looked = inner.look_around().await;
                trouble = looked.is_err();
                match looked {
                    Ok(false) => {}
                    Ok(true) => tick.reset_immediately(),
                    Err(problem) => {
                        tracing::error!(%problem, "the journal could not be looked at");
                        tick.reset_after(STORE_TROUBLE);
                    }
                }
            }
        }
    }
    drives.shutdown().await;
}

impl Inner {
    /// Drives as many of those in line as may be driven.
    fn fill(self: &Arc<Self>, drives: &mut JoinSet<()>) {
        let mut floor = self.floor();
        while floor.driven.len() < MOST_DRIVEN {
            let Some(id) = floor.line.pop_front() else { break };
            floor.in_line.remove(&id);
            let bell = Arc::new(Bell { crowded: self.crowded.clone(), ..Bell::default() });
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
        if let Err(problem) = &outcome {
            tracing::error!(%problem, workflow = %id, "driving is tried again shortly");
            tokio::time::sleep(STORE_TROUBLE).await;
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

    /// Takes in what others appended and what is due; `true` when there may be more due.
    async fn look_around(&self) -> Result<bool> {
        let asking = self.askings.load(Ordering::SeqCst);
        if self.journal.others_appended().await? {
            self.scan()?;
        }
        let more = self.fire_due_timers().await?;
        if !more && self.floor().is_quiet() {
            self.answered.send_replace(asking);
        }
        Ok(more)
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

    /// Fires one batch; `true` when there may be more.
    async fn fire_due_timers(&self) -> Result<bool> {
        let now = self.journal.clock().now().0;
        let due: bool = self.journal.read(|db| {
            let sql = "SELECT EXISTS(SELECT 1 FROM timer WHERE due_at <= ?1)";
            Ok(db.prepare_cached(sql)?.query_row([now], |row| row.get(0))?)
        })?;
        if !due {
            return Ok(false);
        }
        self.journal
            .append_async(move |tx| {
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
                Ok(!fired.is_empty())
            })
            .await
    }
}
