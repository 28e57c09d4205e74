//! Which model server a mission waits out, as the journal tells it: the timer set by [`ask`](super::ask()), and the
//! failures recorded before it.

use super::think::{Outcome, Think, Thought};
use crate::base::{Instant, problem::Result};
use crate::journal::{Activity as _, Answered, Failure, FailureClass, waits};
use rusqlite::Connection;

/// A server a mission waits out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The model it serves.
    pub model: String,
    /// What went wrong last, in words.
    pub reason: String,
    /// When it first gave no usable answer to this question.
    pub since: Instant,
    /// When it is asked again.
    pub next: Instant,
}

/// The trouble a mission waits out; of several the one that is tried again first.
///
/// # Errors
/// When the journal cannot be read.
pub fn trouble(db: &Connection, mission: &str) -> Result<Option<Trouble>> {
    let waiting = waits(db, mission, Think::NAME)?;
    Ok(waiting.into_iter().find_map(|wait| {
        let (model, failure, key) = failed(wait.before.first()?)?;
        let same = |answered: &&Answered| failed(answered).is_some_and(|(_, _, other)| other == key);
        let since = wait.before.iter().take_while(same).last()?.at;
        Some(Trouble { model, reason: failure.reason, since, next: wait.due })
    }))
}

/// The model, the failure and the question's own key, where a recorded answer is a server's trouble.
fn failed(answered: &Answered) -> Option<(String, Failure, &str)> {
    let thought: Thought = serde_json::from_str(answered.output.as_deref()?).ok()?;
    let Outcome::Failed(failure) = thought.outcome else { return None };
    let trouble = matches!(failure.class, FailureClass::Infrastructure | FailureClass::RateLimit);
    let key = answered.key.split_once('~').map_or(answered.key.as_str(), |(key, _)| key);
    trouble.then_some((thought.model, failure, key))
}
