//! Keeps every workflow that can go on going on: wakes them at signals, timers and other processes' appends,
//! drives a bounded number at a time, and knows when nothing is left to do.

use super::driver;
use super::store::Journal;
use super::stories::Stories;
use crate::base::problem::Result;
use dashmap::DashMap;
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How often other processes' appends and due timers are looked for. A person who approves on the command
/// line sees the daemon act within a tenth of a second.
const TICK: Duration = Duration::from_millis(50);
/// Workflows in memory at the same time; the others wait in line as ids.
const MOST_DRIVEN: usize = 1_024;
/// Timers fired in one commit.
const TIMER_BATCH: u32 = 500;
/// Pause before a workflow is driven again after the journal could not be written.
const STORE_TROUBLE: Duration = Duration::from_secs(1);

/// Rung when something has come for a driven workflow.
#[derive(Default)]
pub(super) struct Bell {
    rung: AtomicBool,
    notify: Notify,
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.notify.notify_one();
    }
    pub(super) fn clear(&self) {
        self.rung.store(false, Ordering::SeqCst);
    }
    pub(super) async fn rung(&self) {
        while !self.rung.load(Ordering::SeqCst) {
            self.notify.notified().await;
        }
    }
    pub(super) async fn rung_within(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.rung()).await.is_ok()
    }
}

/// Whether anything is left that needs neither a person nor a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Something is being driven or waits in line.
    No,
    /// Everything waits for a person or a clock, or has ended.
    Yes,
}

/// The running engine. Dropping it stops driving; nothing recorded is lost.
pub struct Engine {
    inner: Arc<Inner>,
    tasks: JoinSet<()>,
}

struct Inner {
    journal: Journal,
    stories: Stories,
    driven: DashMap<String, Arc<Bell>>,
    line: Mutex<Line>,
    wake: Notify,
    idle: watch::Sender<Idle>,
}

#[derive(Default)]
struct Line {
    ids: VecDeque<String>,
    known: HashSet<String>,
}

impl Engine {
    /// Starts driving everything in `journal` that can go on.
    pub fn start(journal: &Journal, stories: Stories) -> Result<Self> {
        let inner = Arc::new(Inner {
            journal: journal.clone(),
            stories,
            driven: DashMap::new(),
            line: Mutex::default(),
            wake: Notify::new(),
            idle: watch::channel(Idle::No).0,
        });
        let heard = Arc::downgrade(&inner);
        journal.on_commit(Box::new(move |woken| {
            if let Some(inner) = heard.upgrade() {
                inner.woken(woken);
            }
        }));
        inner.scan()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(dispatch(inner.clone()));
        Ok(Self { inner, tasks })
    }

    /// Waits until everything waits for a person or a clock, or has ended.
    pub async fn idle(&self) {
        let mut idle = self.inner.idle.subscribe();
        // The sender lives as long as `self`.
        drop(idle.wait_for(|idle| *idle == Idle::Yes).await);
    }

    /// Whether nothing is being driven or waits in line.
    pub fn is_idle(&self) -> bool {
        *self.inner.idle.borrow() == Idle::Yes
    }

    /// How many workflows are in memory now.
    pub fn driven(&self) -> usize {
        self.inner.driven.len()
    }

    /// Stops driving and waits until everything in flight has let go.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn dispatch(inner: Arc<Inner>) {
    let mut drives = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        inner.fill(&mut drives);
        tokio::select! {
            () = inner.wake.notified() => {}
            Some(_) = drives.join_next() => {}
            _ = tick.tick() => {
                if let Err(problem) = inner.look_around().await {
                    tracing::error!(%problem, "the journal could not be looked at");
                }
            }
        }
    }
}

impl Inner {
    /// Drives as many of those in line as may be driven.
    fn fill(self: &Arc<Self>, drives: &mut JoinSet<()>) {
        while self.driven.len() < MOST_DRIVEN {
            let Some(id) = self.next_in_line() else { break };
            let bell = Arc::new(Bell::default());
            self.driven.insert(id.clone(), bell.clone());
            drives.spawn(self.clone().drive(id, bell));
        }
        self.tell_idle();
    }

    async fn drive(self: Arc<Self>, id: String, bell: Arc<Bell>) {
        let outcome = driver::drive(&self.journal, &self.stories, &id, &bell).await;
        if let Err(problem) = &outcome {
            tracing::error!(%problem, workflow = %id, "driving is tried again shortly");
            tokio::time::sleep(STORE_TROUBLE).await;
        }
        self.driven.remove(&id);
        // Rung after the drive last looked: what came must not be missed.
        if bell.rung.load(Ordering::SeqCst) || outcome.is_err() {
            self.enqueue(id);
        }
        self.wake.notify_one();
    }

    fn woken(&self, ids: Vec<String>) {
        for id in ids {
            // The shard stays locked while ringing, so a drive cannot leave between the look and the ring.
            match self.driven.get(&id) {
                Some(bell) => bell.ring(),
                None => self.enqueue(id),
            }
        }
        self.wake.notify_one();
    }

    fn enqueue(&self, id: String) {
        let mut line = self.line();
        if line.known.insert(id.clone()) {
            line.ids.push_back(id);
            self.idle.send_replace(Idle::No);
        }
    }

    fn next_in_line(&self) -> Option<String> {
        let mut line = self.line();
        // One that is still being driven stays in line until it is let go.
        let at = line.ids.iter().position(|id| !self.driven.contains_key(id))?;
        let id = line.ids.remove(at)?;
        line.known.remove(&id);
        Some(id)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_around(&self) -> Result<()> {
        if self.journal.others_appended().await? {
            self.scan()?;
        }
        while self.fire_due_timers().await? {}
        self.tell_idle();
        Ok(())
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

    /// Whether there may be more.
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

    fn tell_idle(&self) {
        let busy = !self.driven.is_empty() || !self.line().ids.is_empty();
        self.idle.send_replace(if busy { Idle::No } else { Idle::Yes });
    }
}
