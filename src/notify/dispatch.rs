//! Sends what is in the outbox: the messages of one channel one after the other, the channels beside each other. A
//! server that hangs holds up its own channel and nothing else.

use super::channel::{self, Fault};
use super::message::Message;
use super::outbox::{self, Outcome, Waiting};
use super::wiring::Wiring;
use super::{Notice, texts};
use crate::base::{Instant, Problem, fault, problem::Result};
use crate::journal::Journal;
use crate::settings::What;
use crate::settings::notifications::Notifications;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Messages of one channel sent in a row before it is looked at whether there are others.
const IN_A_ROW: usize = 100;

/// Who sends.
#[derive(Debug)]
pub struct Dispatcher {
    journal: Journal,
    busy: Arc<Mutex<BTreeSet<String>>>,
    sending: JoinSet<()>,
}

impl Dispatcher {
    /// For the outbox of that journal.
    pub fn new(journal: &Journal) -> Self {
        Self { journal: journal.clone(), busy: Arc::default(), sending: JoinSet::new() }
    }

    /// Begins to send what is due, by every channel that is not at it already. Whether anything is being sent then. Call
    /// it within a runtime.
    pub fn pass(&mut self, wiring: &Arc<Wiring>) -> Result<bool> {
        while self.sending.try_join_next().is_some() {}
        let now = self.journal.clock().now();
        for channel in self.journal.read(|db| outbox::due_channels(db, now))? {
            let free = self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(channel.clone());
            if free {
                self.begin(wiring.clone(), channel);
            }
        }
        Ok(!self.sending.is_empty())
    }

    fn begin(&mut self, wiring: Arc<Wiring>, channel: String) {
        let (journal, busy) = (self.journal.clone(), self.busy.clone());
        self.sending.spawn(async move {
            if let Err(problem) = serve(&journal, &wiring, &channel).await {
                tracing::error!(%problem, channel, "notifications could not be sent; they are tried again");
            }
            busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
        });
    }

    /// Waits until nothing is being sent, at most so long. What is cut off then is sent once more, under the same key.
    pub async fn rest(&mut self, most: Duration) {
        let ended = async { while self.sending.join_next().await.is_some() {} };
        if tokio::time::timeout(most, ended).await.is_err() {
            tracing::warn!("a notification was still being sent; it is sent again at the next start");
        }
    }
}

async fn serve(journal: &Journal, wiring: &Wiring, channel: &str) -> Result<()> {
    for _turn in 0..IN_A_ROW {
        let now = journal.clock().now();
        let Some(waiting) = journal.read(|db| outbox::next(db, channel, now))? else { return Ok(()) };
        let (number, attempts) = (waiting.number, waiting.attempts + 1);
        if journal.read(|db| outbox::is_stale(db, &waiting.notices))? {
            // What is left of it is read anew in the next turn.
            journal.append_async(move |tx| outbox::drop_stale(tx, number)).await?;
            continue;
        }
        let sent = channel::send(wiring, &message(wiring, channel, waiting)).await;
        fault::point("notify", "sent");
        let outcome = match sent {
            Ok(()) => Outcome::Sent,
            Err(fault) => {
                let why = journal.clean(fault.why());
                tracing::warn!(why, channel, attempts, "a notification could not be sent");
                after(&wiring.settings, &fault, (attempts, journal.clock().now()))
            }
        };
        journal.append_async(move |tx| outbox::record(tx, number, &outcome)).await?;
        fault::point("notify", "recorded");
    }
    Ok(())
}

fn message(wiring: &Wiring, channel: &str, waiting: Waiting) -> Message {
    let Waiting { id, party, made_at, notices, .. } = waiting;
    Message {
        id,
        party,
        channel: channel.to_owned(),
        made_at,
        notices,
        desk: wiring.desk.clone(),
        answerable: channel::is_slack(&wiring.settings, channel) && wiring.answers(),
    }
}

/// What a try that did not work leads to.
fn after(settings: &Notifications, fault: &Fault, (attempts, now): (u32, Instant)) -> Outcome {
    match fault {
        Fault::Never(why) => Outcome::Failed(why.clone()),
        Fault::Later { why, .. } if attempts >= settings.attempts => {
            Outcome::Failed(format!("given up after {attempts} tries: {why}"))
        }
        Fault::Later { why, retry_after } => {
            let longest = Duration::from_millis(millis(settings.longest_pause));
            let asked = retry_after.map_or(Duration::ZERO, |after| after.wait(now));
            let pause = pause(settings, attempts).max(asked).min(longest);
            let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
            Outcome::Later(now.plus_millis(pause), why.clone())
        }
    }
}

/// The pause after the `nth` failure: doubling from the first to the longest, with jitter.
fn pause(settings: &Notifications, nth: u32) -> Duration {
    let nth = usize::try_from(nth).unwrap_or(usize::MAX);
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(millis(settings.first_pause)))
        .with_max_delay(Duration::from_millis(millis(settings.longest_pause)))
        .with_max_times(nth)
        .with_jitter()
        .build();
    pauses.nth(nth.saturating_sub(1)).unwrap_or_default()
}

fn millis(span: crate::base::Span) -> u64 {
    u64::try_from(span.millis()).unwrap_or(0)
}

/// Sends a test message by a channel, to a party where one is named, without the outbox.
///
/// # Errors
/// Why it was not sent.
pub async fn try_out(wiring: &Wiring, (party, channel): (&str, &str), who: &str) -> Result<()> {
    let values = json!({ "who": who });
    let (headline, lines) = texts::fill("test", values.as_object().cloned().unwrap_or_default())?;
    let at = wiring.clock.now();
    // It belongs to no switch; that of what is never silent stands for it.
    let what = What::ApprovalRequired;
    let notice = Notice { what, headline, lines, page: "/inbox".to_owned(), at, decision: None };
    let id = format!("msg_{}", uuid::Uuid::now_v7().simple());
    let waiting =
        Waiting { number: 0, id, party: party.to_owned(), attempts: 0, made_at: at, notices: vec![notice] };
    channel::send(wiring, &message(wiring, channel, waiting)).await.map_err(|fault| {
        Problem::failed(format!("{channel} did not take the message: {}", fault.why()))
            .hint("mend `notifications:` in sopd.yaml, or the server, and try again")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::provider::RetryAfter;

    #[test]
    fn pauses_grow_are_bounded_and_end() {
        let settings = Notifications::default();
        let now = Instant(0);
        let later = |retry_after| Fault::Later { why: "away".to_owned(), retry_after };
        let due = |attempts, fault: &Fault| match after(&settings, fault, (attempts, now)) {
            Outcome::Later(due, _) => due.0,
            other => panic!("{other:?}"),
        };
        // Jitter adds up to one first pause.
        for (attempts, least, most) in
            [(1, 10_000, 20_000), (2, 20_000, 40_000), (15, 14_400_000, 14_400_000)]
        {
            let due = due(attempts, &later(None));
            assert!((least..=most).contains(&due), "{attempts}: {due}");
        }
        assert!(due(1, &later(Some(RetryAfter::Seconds(600)))) >= 600_000, "as the server wishes");
        assert_eq!(due(1, &later(Some(RetryAfter::Seconds(u64::MAX)))), 14_400_000, "but not for ever");
        let ended = after(&settings, &later(None), (16, now));
        assert_eq!(ended, Outcome::Failed("given up after 16 tries: away".to_owned()));
        assert_eq!(
            after(&settings, &Fault::Never("no".to_owned()), (1, now)),
            Outcome::Failed("no".to_owned())
        );
    }
}
