//! The activity that applies a decision's deadline rule, for whichever workflow waits for the decision.

use super::lapse::{Lapsed, lapse};
use super::rows::State;
use crate::base::Span;
use crate::journal::{Activity, Failure, Journal, Recorded, Repeat};
use serde::{Deserialize, Serialize};

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
                // A deadline applied in an attempt that a crash cut off has moved on already.
                let decision = super::one(tx.db(), &self.decision)?;
                if decision.state == State::Open && decision.reminders >= self.nth {
                    return Ok(Lapsed::Extended(decision.ask.due_at));
                }
                lapse(tx, &self.decision, &self.escalate_to, (self.period, self.most))
            })
            .await?;
        Ok(Recorded::of(lapsed))
    }
}
