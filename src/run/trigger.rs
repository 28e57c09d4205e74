//! What starts runs without a person: which triggers are in force, what they bring, and the queue between the two.
//!
//! Whatever arrives is written down once, under a key of its own, before anything follows from it; it is taken in
//! the order of arrival, and what came of it stands beside it. So nothing that arrives while the daemon is down, or
//! between two of its steps, is lost or starts twice.

mod deliver;
mod overview;
mod queue;
mod scheduled;
mod wired;

pub use deliver::{Delivered, LARGEST_BODY, Post, deliver, expect};
pub use overview::{Came, Overview, Refused, TriggerStatus, overview};
pub use queue::{Arrival, Due, accept, drop_early_arrivals, is_known, open_due, take};
pub use scheduled::{fall_due, next_due};
pub use wired::{Wired, Wiring, put_in_force, wiring};

use crate::sop::Sop;
use crate::sop::document::Trigger;
use crate::sop::trigger::UTC;

/// The tables of triggers, as of version 2.
pub const TRIGGER_TABLES: &str = "
CREATE TABLE trigger_due(
  id INTEGER PRIMARY KEY,               -- the order of arrival
  sop TEXT NOT NULL,
  source TEXT NOT NULL,                 -- cron, webhook, files
  occurrence TEXT NOT NULL,             -- the scheduled moment; path and delivery; size, time stamp and path of a file
  trigger TEXT NOT NULL,                -- the trigger in the SOP's words
  packet TEXT NOT NULL,                 -- JSON object of what it brought; empty once it is taken
  at INTEGER NOT NULL,
  taken_at INTEGER,                     -- NULL while it waits
  run TEXT,                             -- what came of it: this run,
  refusal TEXT,                         -- or this reason why there is none
  UNIQUE(sop, source, occurrence)
) STRICT;
CREATE INDEX trigger_open ON trigger_due(id) WHERE taken_at IS NULL;
CREATE INDEX trigger_latest ON trigger_due(sop, trigger, id);
CREATE TABLE trigger_state(
  sop TEXT NOT NULL,
  trigger TEXT NOT NULL,
  last INTEGER,                         -- of a schedule: the latest moment acted on; only ever moves forward
  refusal TEXT,                         -- of a webhook: why the last request was refused
  refused_at INTEGER,
  minute INTEGER,                       -- the minute in which refusals are counted
  refusals INTEGER NOT NULL DEFAULT 0,  -- in that minute
  PRIMARY KEY(sop, trigger)
) STRICT, WITHOUT ROWID;
CREATE TABLE trigger_known(             -- what the head of an active version lists, so that its file is read once
  sop TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,
  triggers TEXT NOT NULL                -- JSON list
) STRICT, WITHOUT ROWID;
";

/// A trigger as runs and events name it: `webhook /deploy`, `cron 0 9 * * 1 (Europe/Berlin)`, `files incoming/*.csv`.
pub(super) fn words(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Manual => "manual".to_owned(),
        Trigger::Webhook(hook) => format!("webhook {hook}"),
        Trigger::Files(path) => format!("files {path}"),
        Trigger::Cron(cron) => {
            let fields = cron.schedule.split_whitespace().collect::<Vec<_>>().join(" ");
            let zone = if cron.zone == UTC { String::new() } else { format!(" ({})", cron.zone) };
            format!("cron {fields}{zone}")
        }
    }
}

/// Its kind, in one word.
fn source(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::Manual => "manual",
        Trigger::Webhook(_) => "webhook",
        Trigger::Files(_) => "files",
        Trigger::Cron(_) => "cron",
    }
}

/// Whether the SOP lists the trigger that is so called.
pub(super) fn lists(sop: &Sop, named: &str) -> bool {
    sop.head.triggers.iter().any(|trigger| words(trigger) == named)
}
