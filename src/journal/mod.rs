//! Durable workflows, their signals and timers, and the tamper-evident event log, in one SQLite file.
//!
//! A workflow is straight-line async code ([`Story`]) that may only await four things, alone or in groups:
//! an [`Activity`], a child workflow, a signal, a timer. What each answered is recorded, in the order in which
//! it was observed; after a crash the code runs again from its first line and is fed the recorded answers, so
//! no recorded outcome is ever produced twice. An activity's output, the events it causes and the rows it
//! changes are committed in one transaction.
//!
//! The journal is also the bus: any process may append; the daemon that holds the workspace drives.
//! This layer knows nothing of missions or SOPs.

mod abandon;
mod activity;
mod blob;
mod brought_back;
mod chain;
pub mod columns;
mod driver;
mod engine;
mod feed;
mod history;
mod kept;
mod launch;
mod ledger;
mod look;
mod redact;
mod schema;
mod settle;
mod sound;
mod stopped;
mod store;
mod stories;
mod tx;
mod waits;
mod wal;
mod workflow;
mod writer;

pub use activity::{Activity, Failure, FailureClass, Recorded, Repeat, Story};
pub use brought_back::{AHEAD, BroughtBack, WORTH_A_WORD, bring_back_timers};
pub use chain::{
    Anchor, Event, Verified, events_of, holds, is_linked, last_of, quick_check, verify, verify_tail, within,
};
pub use engine::{Engine, other_than};
pub use feed::Feed;
pub use kept::{
    KEPT_ENDS, KEPT_PAYLOADS, KEPT_SIGNALS, KEPT_STEPS, KEPT_TIMERS, KEPT_WORKFLOWS, Kept, ROWS, TABLES_5,
    TABLES_6,
};
pub use ledger::signals_heard;
pub use look::{Order, Search, lines, search};
pub use redact::Redactor;
pub use schema::TABLES;
pub use stopped::{Stopped, stopped};
pub use store::{Access, IDLE_READERS, Journal, overwrite_erased, settle_writes};
pub use stories::{Stories, Witness};
pub use tx::Tx;
pub use waits::{Answered, Wait, waits};
pub use workflow::{Either, Pending, Stop, Workflow};
pub use writer::{Appended, COMMIT_SECONDS, News};
