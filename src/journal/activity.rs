//! What a workflow may ask for: activities and child workflows, both plain data with a name.

use super::tx::Tx;
use super::workflow::{Stop, Workflow};
use crate::base::problem::Result;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// One named piece of outside work. Runs once; its recorded outcome is what replay sees.
pub trait Activity: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the journal. Never reuse one for something else.
    const NAME: &'static str;
    /// Whether it may run again after a crash in its middle.
    const REPEAT: Repeat;
    /// What it needs of the world: paths, a gateway, a clock.
    type World: Send + Sync + 'static;
    /// What it returns.
    type Output: Serialize + DeserializeOwned + Send + 'static;
    /// Readable key of this call, unique within its workflow where it can be: `draft/vp.sales#1`.
    fn key(&self) -> String;
    /// Does the work.
    fn perform(
        self,
        world: &Self::World,
    ) -> impl Future<Output = Result<Recorded<Self::Output>, Failure>> + Send;
}

/// Whether an activity may run again when a crash cut it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It computes, or repeating it changes nothing and costs nothing: its start is not even recorded.
    Pure,
    /// Repeating it is harmless but may cost: its start is recorded, and it runs again as the next attempt.
    Safe,
    /// It must not run twice unseen: a crash in its middle is a failure of class `interrupted`. A failure of class
    /// `machine` says that nothing was begun.
    Unsafe,
}

/// A workflow: straight-line code over [`Workflow`]. It may only await what the workflow gives it.
pub trait Story: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the journal.
    const NAME: &'static str;
    /// Raised when its shape changes; the version a workflow started with is pinned.
    const VERSION: u32;
    /// What it ends with.
    type Output: Serialize + DeserializeOwned + Send + 'static;
    /// Key among its parent's steps; a child's id is `parent id/key`.
    fn key(&self) -> String;
    /// Tells the story.
    fn tell(self, w: Workflow) -> impl Future<Output = Result<Self::Output, Stop>> + Send;
}

/// Applied again where the commit it was part of was lost.
pub(super) type Change = Arc<dyn Fn(&Tx<'_>) -> Result<()> + Send + Sync>;

/// An activity's answer with everything that must become visible together with it.
pub struct Recorded<T> {
    /// The answer.
    pub output: T,
    pub(super) changes: Vec<Change>,
}

impl<T: fmt::Debug> fmt::Debug for Recorded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorded({:?}, {} changes)", self.output, self.changes.len())
    }
}

impl<T> Recorded<T> {
    /// An answer that changes nothing else.
    pub fn of(output: T) -> Self {
        Self { output, changes: Vec::new() }
    }
    /// Adds a fact about `subject`.
    #[must_use]
    pub fn event(self, subject: &str, kind: &'static str, body: Value) -> Self {
        let subject = subject.to_owned();
        self.change(move |tx| tx.event(&subject, kind, &body).map(drop))
    }
    /// Adds a change of rows. When it fails nothing is recorded but the failure.
    #[must_use]
    pub fn change(mut self, change: impl Fn(&Tx<'_>) -> Result<()> + Send + Sync + 'static) -> Self {
        self.changes.push(Arc::new(change));
        self
    }
    /// The same changes with another answer.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Recorded<U> {
        Recorded { output: with(self.output), changes: self.changes }
    }
}

/// Why something did not succeed. Recorded, shown to the person, never only logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of cause.
    pub class: FailureClass,
    /// What happened, in words for a person: one sentence, lower case, no full stop.
    pub reason: String,
}

/// Causes that are treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Network, disk, a server's trouble: worth trying again later.
    Infrastructure,
    /// The provider asked for a pause.
    RateLimit,
    /// The model refused or answered what cannot be used.
    Model,
    /// The content did not pass a check.
    Content,
    /// The contract or the plan could not be made sound.
    Contract,
    /// The budget is used up.
    Budget,
    /// A person said no, or must act.
    Person,
    /// Cut off in the middle of work that must not run twice unseen.
    Interrupted,
    /// The world moved: already decided, already published, other bytes.
    Conflict,
    /// A defect of sopd itself.
    Bug,
    /// The machine had no room, no open files or no memory for it, and nothing was begun. It is never recorded: the
    /// engine waits and tries again.
    Machine,
    /// A person stopped sopd in the middle of work that must not run twice unseen.
    Stopped,
}

impl FailureClass {
    /// The word it is stored under.
    pub fn word(self) -> &'static str {
        match self {
            Self::Infrastructure => "infrastructure",
            Self::RateLimit => "rate_limit",
            Self::Model => "model",
            Self::Content => "content",
            Self::Contract => "contract",
            Self::Budget => "budget",
            Self::Person => "person",
            Self::Interrupted => "interrupted",
            Self::Conflict => "conflict",
            Self::Bug => "bug",
            Self::Machine => "machine",
            Self::Stopped => "stopped",
        }
    }
}

impl Failure {
    /// A failure of `class`.
    pub fn new(class: FailureClass, reason: impl Into<String>) -> Self {
        Self { class, reason: reason.into() }
    }
    /// The trouble of something that was begun already: also what the machine was short of is its outcome then.
    pub fn of_begun(problem: crate::base::Problem) -> Self {
        let failure = Self::from(problem);
        match failure.class {
            FailureClass::Machine => Self { class: FailureClass::Infrastructure, ..failure },
            _ => failure,
        }
    }
    /// A defect of sopd itself.
    pub fn bug(reason: impl fmt::Display) -> Self {
        Self::new(FailureClass::Bug, format!("BUG: {reason}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Failure {}

impl From<crate::base::Problem> for Failure {
    fn from(problem: crate::base::Problem) -> Self {
        use crate::base::Kind;
        let class = match problem.kind {
            Kind::Machine => FailureClass::Machine,
            Kind::Failed | Kind::Store => FailureClass::Infrastructure,
            Kind::Usage | Kind::Invalid | Kind::NotFound => FailureClass::Content,
            Kind::NotAllowed => FailureClass::Person,
            Kind::Conflict => FailureClass::Conflict,
        };
        Self::new(class, problem.to_string())
    }
}
