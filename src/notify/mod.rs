//! Telling people what happened and what is wanted of them, without their asking.
//!
//! The journal's facts are read behind a cursor that the journal keeps; what a fact has to tell, and by which channels
//! which parties hear of it, goes into an outbox in the transaction that moves the cursor. From there messages are
//! sent beside everything else: at least once, under one key each, several notices of a party in one message, tried
//! again with longer and longer pauses and a last time. Nothing here decides anything, and no workflow waits for it.

mod budgets;
mod channel;
mod dispatch;
mod facts;
mod message;
mod notice;
mod outbox;
mod reader;
mod slack_answer;
mod texts;
mod wiring;

pub use channel::Fault;
pub use dispatch::{Dispatcher, try_out};
pub use notice::{Asked, Notice};
pub use outbox::{Counts, Posted, counts, posted, waits as outbox_waits};
pub use reader::Reader;
pub use slack_answer::{
    Pressed, claim as claim_slack, ours as is_slacks_own, pressed, reply as reply_to_slack,
};
pub use wiring::Wiring;

/// The tables of this room, as of version 2.
pub const TABLES: &str = "
CREATE TABLE notice_cursor(
  only INTEGER PRIMARY KEY CHECK(only = 1),
  seq INTEGER NOT NULL,                 -- every fact up to this one has been looked at
  looked_at INTEGER NOT NULL            -- reviews that fell due up to this moment have been told
) STRICT;
CREATE TABLE notice_mark(
  name TEXT PRIMARY KEY,                -- a state that is told once: budget/week/80
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE message(
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,              -- the same however often it is sent
  party TEXT NOT NULL,                  -- empty: everybody's, on a channel of operations
  channel TEXT NOT NULL,
  state TEXT NOT NULL,                  -- waiting, sent, failed
  attempts INTEGER NOT NULL DEFAULT 0,
  made_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,              -- when it is tried next
  ended_at INTEGER,
  trouble TEXT NOT NULL DEFAULT ''      -- why the last try did not work
) STRICT;
CREATE INDEX message_waiting ON message(channel, due_at) WHERE state = 'waiting';
CREATE INDEX message_ended ON message(state, ended_at);
CREATE TABLE notice(
  number INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,             -- what is told to whom by which channel, so that it is told once
  party TEXT NOT NULL,
  channel TEXT NOT NULL,
  decision TEXT,                        -- told only while that one is open
  text TEXT NOT NULL,                   -- JSON
  made_at INTEGER NOT NULL,
  message INTEGER                       -- the message it goes with; NULL until it is made
) STRICT;
CREATE INDEX notice_loose ON notice(party, channel, number) WHERE message IS NULL;
CREATE INDEX notice_message ON notice(message, number);
CREATE TABLE slack_seen(
  signature TEXT PRIMARY KEY,           -- of a request whose answer was taken
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";
