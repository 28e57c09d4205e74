//! The journal's facts as they come, for everybody who listens: one task reads the new ones, whichever process
//! appended them, and keeps the last ones in memory, so that a thousand listeners cost one read.

use super::chain::{Event, events_of};
use super::store::Journal;
use crate::base::{Trouble, problem::Result};
use futures::Stream;
use futures::stream::unfold;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// Facts kept in memory: more than come while a listener is being served, a few hundred bytes each.
const KEPT: usize = 1_000;
/// Facts read at once.
const PAGE: u32 = 200;

type Recent = Arc<RwLock<VecDeque<Arc<Event>>>>;

/// A hand on the stream of facts; clones share it.
#[derive(Clone, Debug)]
pub struct Feed {
    journal: Journal,
    head: watch::Receiver<i64>,
    recent: Recent,
    /// How many listen.
    present: Arc<AtomicUsize>,
    stopping: watch::Receiver<bool>,
}

impl Feed {
    /// Starts looking, until `stopping` turns true. Call it inside a runtime.
    pub fn start(journal: &Journal, stopping: watch::Receiver<bool>) -> Self {
        let (tell, head) = watch::channel(0);
        let (recent, present) = (Recent::default(), Arc::<AtomicUsize>::default());
        let looker =
            Looker { journal: journal.clone(), recent: recent.clone(), present: present.clone(), tell };
        let feed = Self { journal: journal.clone(), head, recent, present, stopping };
        tokio::spawn(looker.work(feed.stopping.clone()));
        feed
    }

    /// The place of the last fact that was seen.
    pub fn head(&self) -> i64 {
        *self.head.borrow()
    }

    /// How many listen now.
    pub fn listeners(&self) -> usize {
        self.present.load(Ordering::Relaxed)
    }

    /// Every fact after place `after`, each once and in order, until sopd stops or the journal cannot be read.
    pub fn listen(&self, after: i64) -> impl Stream<Item = Arc<Event>> + Send + use<> {
        self.present.fetch_add(1, Ordering::Relaxed);
        let line = Line { feed: self.clone(), after, waiting: VecDeque::new() };
        unfold(line, |mut line| async move { line.next().await.map(|fact| (fact, line)) })
    }
}

/// One listener: nothing is kept for it but its place.
struct Line {
    feed: Feed,
    after: i64,
    waiting: VecDeque<Arc<Event>>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.feed.present.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Line {
    async fn next(&mut self) -> Option<Arc<Event>> {
        loop {
            if *self.feed.stopping.borrow() {
                return None;
            }
            if let Some(fact) = self.waiting.pop_front() {
                self.after = fact.seq;
                return Some(fact);
            }
            // Looked at before the facts are read: what comes in between wakes us again.
            if *self.feed.head.borrow_and_update() > self.after {
                self.waiting = self.read().await?;
                if !self.waiting.is_empty() {
                    continue;
                }
            }
            tokio::select! {
                changed = self.feed.head.changed() => changed.ok()?,
                _stopped = self.feed.stopping.changed() => return None,
            }
        }
    }

    /// What comes after our place: from memory where it reaches back so far, else from the journal.
    async fn read(&self) -> Option<VecDeque<Arc<Event>>> {
        let after = self.after;
        {
            let recent = self.feed.recent.read().unwrap_or_else(PoisonError::into_inner);
            if recent.front().is_some_and(|first| first.seq <= after.saturating_add(1)) {
                let known = recent.partition_point(|fact| fact.seq <= after);
                return Some(recent.range(known..).cloned().collect());
            }
        }
        let journal = self.feed.journal.clone();
        let look = move || journal.read(|db| events_of(db, None, after, PAGE));
        let found = tokio::task::spawn_blocking(look).await.ok()?.ok()?;
        Some(found.into_iter().map(Arc::new).collect())
    }
}

/// The one who looks.
struct Looker {
    journal: Journal,
    recent: Recent,
    present: Arc<AtomicUsize>,
    tell: watch::Sender<i64>,
}

impl Looker {
    async fn work(self, mut stopping: watch::Receiver<bool>) {
        let mut news = self.journal.news();
        let mut trouble = Trouble::of("pages and programs that listen wait for new facts");
        while !*stopping.borrow() && !self.tell.is_closed() {
            news.borrow_and_update();
            let pause = trouble.after(&self.look().await);
            tokio::select! {
                // A sender that is gone says that the daemon is.
                changed = stopping.changed() => if changed.is_err() { return },
                changed = news.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            }
        }
    }

    async fn look(&self) -> Result<()> {
        let (journal, recent, before) = (self.journal.clone(), self.recent.clone(), *self.tell.borrow());
        // Facts are only brought into memory while somebody listens.
        let heard = self.present.load(Ordering::Relaxed) > 0;
        let look = move || -> Result<i64> {
            let (head, _hash) = journal.head()?;
            if !heard {
                recent.write().unwrap_or_else(PoisonError::into_inner).clear();
            } else if head > before {
                fill(&journal, &recent, (before, head))?;
            }
            Ok(head)
        };
        let head = tokio::task::spawn_blocking(look).await.unwrap_or(Ok(before))?;
        self.tell.send_if_modified(|known| std::mem::replace(known, head) != head);
        Ok(())
    }
}

/// Brings the facts up to `head` into memory. Where more came than are kept, the memory begins anew with the last.
fn fill(journal: &Journal, recent: &Recent, (before, head): (i64, i64)) -> Result<()> {
    let kept = i64::try_from(KEPT).unwrap_or(i64::MAX);
    let last = recent.read().unwrap_or_else(PoisonError::into_inner).back().map_or(before, |fact| fact.seq);
    let mut after = last.max(head.saturating_sub(kept));
    let mut found = Vec::new();
    while after < head {
        let page = journal.read(|db| events_of(db, None, after, PAGE))?;
        let Some(fact) = page.last() else { break };
        after = fact.seq;
        found.extend(page.into_iter().map(Arc::new));
    }
    let mut recent = recent.write().unwrap_or_else(PoisonError::into_inner);
    if found.first().is_some_and(|first| first.seq != last.saturating_add(1)) {
        recent.clear();
    }
    recent.extend(found);
    while recent.len() > KEPT {
        recent.pop_front();
    }
    Ok(())
}
