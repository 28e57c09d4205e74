//! Questions to people with authority, bound to what they were shown, and the one answer each gets.
//!
//! A decision is opened by a workflow and resolved in one transaction by whoever answers, in whichever process:
//! authority, hash and deadline are looked at inside it, so that of two answers, or an answer and a deadline,
//! exactly one wins. Reading a decision never decides it.

mod answer;
mod ask;
mod brought_back;
mod care;
mod claim;
pub mod commands;
mod deadline;
mod defer;
mod delegate;
mod inbox;
mod lapse;
mod lease;
mod queue;
mod rows;
mod unsent;
mod witness;
mod words;

pub use answer::{Answer, Given, resolve};
pub use ask::{about, ask, questions};
pub use brought_back::{bring_back, bring_back_holds};
pub use care::{Care, Claim, Look, TABLES_4, care, look_of, looked};
pub use claim::{CLAIM_MINUTES, claim, release};
pub use deadline::{ApplyDeadline, Awaited, signal_of};
pub use defer::defer;
pub use delegate::{close_for, delegate, hand_on, let_through};
pub use inbox::{
    WAITING_TABLES, all_of_mission, find, one, open_after, open_for, open_of_mission, waiting,
    waiting_by_kind,
};
pub use lapse::{Lapsed, lapse, void_all, void_asked_by, void_of};
pub use lease::{TABLES_3, held_by_other, lease};
pub use queue::{Queue, ResponseTime, queues, response_times};
pub use rows::{Decision, DecisionKind, NewDecision, OnDeadline, State, Verb, is_asked, open};
pub use unsent::{UNSENT_TABLES, keep_unsent, sent, unsent};
pub use witness::{unwitnessed, witness};

/// The tables of this layer, as of version 1.
pub const TABLES: &str = "
CREATE TABLE decision(
  number INTEGER PRIMARY KEY,           -- its id is D-<number>
  workflow TEXT NOT NULL,               -- which one waits for it
  step TEXT NOT NULL,                   -- key of the step that opened it: opening twice is opening once
  mission TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  title TEXT NOT NULL,
  why TEXT NOT NULL,
  asked_of TEXT NOT NULL,               -- JSON list of parties
  barred TEXT NOT NULL,                 -- JSON object: party to the reason why it may not answer
  hash TEXT NOT NULL,                   -- SHA-256 of what the answer is about
  details TEXT NOT NULL,                -- JSON object, by kind
  requested_at INTEGER NOT NULL,
  due_at INTEGER,
  on_deadline TEXT NOT NULL,
  reminders INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,                  -- open, resolved, expired, void
  answer TEXT,                          -- JSON, of a resolved one
  resolved_at INTEGER,
  UNIQUE(workflow, step)
) STRICT;
CREATE INDEX decision_open ON decision(mission) WHERE state = 'open';
CREATE INDEX decision_mission ON decision(mission);
";

/// What version 2 adds: decisions that more than one party must agree to.
pub const TABLES_2: &str = "
ALTER TABLE decision ADD COLUMN quorum INTEGER NOT NULL DEFAULT 1;
ALTER TABLE decision ADD COLUMN votes TEXT NOT NULL DEFAULT '[]';  -- JSON list of the parties that said yes
";
