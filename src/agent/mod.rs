//! Agents and the models behind them. Whatever a model says is data: checked, recorded, never executed.
//!
//! A workflow asks with [`ask()`]; each single answer is an activity of its own ([`Think`]), so an answer that
//! was recorded is never paid for again. Without a configured model every role is played by tier-0 code.

mod ask;
mod figures;
mod gateway;
mod outside;
mod prompt;
#[cfg(test)]
mod prompt_tests;
pub mod provider;
mod receipt;
mod retry;
mod roles;
mod snapshot;
mod spend;
mod think;
mod trouble;

pub use ask::{Asker, Asking, ask};
pub use gateway::Gateway;
pub use outside::{Outside, outside};
pub use prompt::ShippedPrompts;
pub use snapshot::{Broken, Snapshot};
pub use spend::{Spent, TOTAL, WEEKLY, spent_by_mission, spent_in_all, spent_in_week};
pub use think::{Outcome, Seat, Think, Thought};
pub use trouble::{Trouble, trouble};

/// Finds the facts of model calls among all others, as of version 2.
pub const CALL_INDEX: &str = "CREATE INDEX event_model_called ON event(seq) WHERE kind = 'model_called';";

/// The tables of this layer, as of version 1.
pub const TABLES: &str = "
CREATE TABLE spend(
  call TEXT NOT NULL,                   -- workflow-wide unique key of one model call
  attempt INTEGER NOT NULL,
  mission TEXT NOT NULL,
  at INTEGER NOT NULL,
  reserved_micros INTEGER NOT NULL,     -- micro-dollars set aside before the call
  reserved_tokens INTEGER NOT NULL,
  micros INTEGER,                       -- what it cost; NULL while under way
  tokens INTEGER,
  PRIMARY KEY(call, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_mission ON spend(mission);
CREATE INDEX spend_at ON spend(at);
";
