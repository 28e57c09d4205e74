//! When a chore of the daemon is done next: soon after something was appended, by whichever process, and at its own times.
//! Nothing is looked at because time has passed and nothing else.

use crate::base::{Trouble, problem::Result};
use crate::journal::{Journal, News, other_than};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The figure of how often something was looked at: at rest hardly any of them moves.
pub(super) const LOOKS: &str = "sopd_looks_total";

/// One chore's rhythm.
#[derive(Debug)]
pub(super) struct Beat {
    news: watch::Receiver<News>,
    /// What the last pass took in, at least.
    seen: News,
    /// Not before, however much comes.
    soonest: Instant,
    /// Then, also when nothing comes.
    latest: Instant,
    /// What it is for, in figures.
    what: &'static str,
    trouble: Trouble,
}

impl Beat {
    /// The first one is due at once. While the chore fails, `waits` says what does not go on.
    pub(super) fn new(journal: &Journal, what: &'static str, waits: &'static str) -> Self {
        let (news, now) = (journal.news(), Instant::now());
        let seen = *news.borrow();
        Self { news, seen, soonest: now, latest: now, what, trouble: Trouble::of(waits) }
    }

    /// A pass begins: what is appended from here on is news to the next one.
    pub(super) fn begin(&mut self) {
        self.seen = *self.news.borrow();
        metrics::counter!(LOOKS, "what" => self.what).increment(1);
    }

    /// A pass has ended: the next one comes after `pause` where there are news, and after `rest` in any case.
    pub(super) fn rest(&mut self, pause: Duration, rest: Duration) {
        let now = Instant::now();
        (self.soonest, self.latest) = (now + pause, now + rest.max(pause));
    }

    /// What came of a pass, told. After one that failed the next is tried later each time, whatever was said before.
    pub(super) fn came<T>(&mut self, outcome: &Result<T>) {
        if let Some(pause) = self.trouble.after(outcome) {
            self.rest(pause, pause);
        }
    }

    /// When the next pass should be.
    pub(super) async fn due(&mut self) {
        let (seen, soonest, latest) = (self.seen, self.soonest, self.latest);
        let news = &mut self.news;
        let come = async {
            other_than(news, seen).await;
            tokio::time::sleep_until(soonest).await;
        };
        tokio::select! {
            () = come => {}
            () = tokio::time::sleep_until(latest) => {}
        }
    }
}
