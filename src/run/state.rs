//! The words for where a run and its steps stand, as tables, JSON and the command line have them.

use crate::base::{Problem, problem::Result};
use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// Every state with its word in tables, JSON and the command line.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $word)),*];
            /// The word in tables, JSON and the command line.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

states!(
    /// Where a run stands (requirement D4).
    RunState {
        /// Made, and nothing of it has begun: it waits for its turn, or for somebody to let it go.
        Pending = "pending",
        /// Asks whether it may begin.
        WaitingApproval = "waiting_approval",
        /// Steps are being done.
        Running = "running",
        /// Every step that could go on asks first.
        AwaitingApproval = "awaiting_approval",
        /// Somebody stopped it, a gate said no, or a step cannot be repeated unseen.
        Paused = "paused",
        /// Every step is done or left out.
        Completed = "completed",
        /// A step failed for good.
        Failed = "failed",
        /// Somebody ended it, or it was not let in.
        Cancelled = "cancelled",
    }
);

impl RunState {
    /// Reads a state's word.
    ///
    /// # Errors
    /// `Usage` for a word that is none.
    pub fn named(word: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state);
        let words: Vec<&str> = Self::ALL.iter().map(|(_, word)| *word).collect();
        found.ok_or_else(|| {
            Problem::usage(format!("there is no state `{word}`")).hint(format!("one of {}", words.join(", ")))
        })
    }
    /// Whether nothing more comes of it unless a person acts. A failed run can be tried again.
    pub fn ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

states!(
    /// Where a step of a run stands.
    StepState {
        /// Not begun.
        Pending = "pending",
        /// Its gate waits for an answer.
        AwaitingApproval = "awaiting_approval",
        /// Being done.
        Running = "running",
        /// Done.
        Completed = "completed",
        /// Left out: its `When` does not hold, its gate lapsed so, or a person said so.
        Skipped = "skipped",
        /// Failed for good.
        Failed = "failed",
        /// Its gate said no.
        Rejected = "rejected",
        /// Cut off, by a crash in work that must not be repeated unseen or by the run's end.
        Interrupted = "interrupted",
        /// Whoever does it says that it cannot be done so, and asks.
        Asking = "asking",
        /// Done, and undone again.
        RolledBack = "rolled_back",
    }
);
