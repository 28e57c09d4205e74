//! Waiting for a decision from a workflow, until somebody answers or the deadline's rule has spoken.

use super::answer::Answer;
use super::lapse::{Lapsed, lapse};
use super::rows::State;
use super::witness::PREFIX;
use crate::base::{Instant, Span};
use crate::journal::{Activity, Either, Failure, Journal, Recorded, Repeat, Stop, Workflow};
use serde::{Deserialize, Serialize};

/// A decision that is waited for.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// Its id.
    pub decision: String,
    /// When its rule applies; never, where absent.
    pub due: Option<Instant>,
    /// Time to answer, and again for who is asked again.
    pub period: Span,
    /// Most reminders or escalations.
    pub most: u32,
}

/// The name of the signal that carries the answer to a decision.
pub fn signal_of(decision: &str) -> String {
    format!("{PREFIX}{decision}")
}

impl Awaited {
    /// The name of the signal that carries the answer.
    pub fn signal(&self) -> String {
        signal_of(&self.decision)
    }

    /// Waits. `above` names who is asked as well when the deadline has passed for the `nth` time, where the rule says
    /// so. `None` when the rule ended it without an answer, or it is void.
    pub async fn settled(
        self,
        w: &Workflow,
        above: impl Fn(u32) -> Vec<String>,
    ) -> Result<Option<Answer>, Stop> {
        let name = self.signal();
        let Self { decision, mut due, period, most } = self;
        // Deadlines that came, and those of them whose rule was applied.
        let (mut nth, mut applied) = (0, 0);
        loop {
            let signal = w.signal::<Option<Answer>>(&name);
            let Some(at) = due else { return signal.await };
            if let Either::First(answer) = w.first(signal, w.timer(at)).await? {
                return Ok(answer);
            }
            nth += 1;
            let escalate_to = above(applied + 1);
            let apply = ApplyDeadline { decision: decision.clone(), nth, escalate_to, period, most };
            match w.call(apply).await? {
                Lapsed::Answered(answer) => return Ok(Some(answer)),
                Lapsed::Expired | Lapsed::Void => return Ok(None),
                Lapsed::Extended(next) => (due, applied) = (next, applied + 1),
                Lapsed::Deferred(next) => due = Some(next),
            }
        }
    }
}

/// Applies the deadline rule of a decision, unless an answer came before.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyDeadline {
    /// The decision.
    pub decision: String,
    /// How often its rule was applied, this time included.
    pub nth: u32,
    /// Who is asked as well where the rule says so.
    pub escalate_to: Vec<String>,
    /// Time to answer for who is asked again.
    pub period: Span,
    /// Most reminders or escalations.
    pub most: u32,
}

impl Activity for ApplyDeadline {
    const NAME: &'static str = "apply_deadline";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Journal;
    type Output = Lapsed;
    fn key(&self) -> String {
        format!("deadline/{}#{}", self.decision, self.nth)
    }
    async fn perform(self, journal: &Journal) -> Result<Recorded<Lapsed>, Failure> {
        let lapsed = journal
            .append_async(move |tx| {
                let decision = super::one(tx.db(), &self.decision)?;
                if decision.state == State::Open && !decision.is_due(tx.now()) {
                    return super::lapse::moved_on(tx.db(), &decision);
                }
                lapse(tx, &self.decision, &self.escalate_to, (self.period, self.most))
            })
            .await?;
        Ok(Recorded::of(lapsed))
    }
}
