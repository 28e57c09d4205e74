//! The journal's own tables, and the rule for opening stores of other ages.
//!
//! Layers above bring their tables as further SQL; together they make one numbered list of migrations.

use crate::base::{Kind, Problem, problem::Result};
use rusqlite::Connection;

/// The journal's tables, as of version 1.
pub const TABLES: &str = "
CREATE TABLE event(
  seq INTEGER PRIMARY KEY,              -- 1, 2, 3 … without a gap
  text TEXT NOT NULL,                   -- the fact, as hashed
  hash TEXT NOT NULL,                   -- SHA-256(previous hash ‖ text)
  subject TEXT NOT NULL,                -- copies of two members of the text, for look-ups; verified with it
  kind TEXT NOT NULL
) STRICT;
CREATE INDEX event_subject ON event(subject, seq);
CREATE TABLE blob(
  hash TEXT PRIMARY KEY,
  bytes BLOB,                           -- NULL once erased; the hash stays
  stored_at INTEGER NOT NULL,
  erased_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE workflow(
  id TEXT PRIMARY KEY,                  -- a child's id is its parent's, a slash and its key
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,             -- of the code that started it
  parent TEXT,
  input TEXT NOT NULL,
  state TEXT NOT NULL,                  -- ready: wants driving; parked: waits; done; stopped: needs a person
  outcome TEXT,                         -- of a done one
  note TEXT,                            -- why a stopped one stopped
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_ready ON workflow(id) WHERE state = 'ready';
CREATE INDEX workflow_stopped ON workflow(id) WHERE state = 'stopped';
CREATE TABLE step(
  workflow TEXT NOT NULL,
  ordinal INTEGER NOT NULL,             -- place in the order of asking; negative for a cancel
  kind TEXT NOT NULL,                   -- activity, child, signal, timer, cancel
  name TEXT NOT NULL,
  key TEXT NOT NULL,                    -- readable: draft/vp.sales#1
  input_hash TEXT NOT NULL,
  attempt INTEGER NOT NULL,             -- 1 at first
  position INTEGER,                     -- place in the order of completion; NULL while open
  outcome TEXT,                         -- of an open one: why nobody waits for it any more
  at INTEGER NOT NULL,                  -- when the last of these was written
  PRIMARY KEY(workflow, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE signal(
  id INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  name TEXT NOT NULL,
  payload TEXT NOT NULL,
  at INTEGER NOT NULL,
  position INTEGER                      -- where the workflow observed it; NULL until then; -1 never
) STRICT;
CREATE INDEX signal_open ON signal(workflow, id) WHERE position IS NULL;
CREATE TABLE timer(
  workflow TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY(workflow, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer(due_at);
";

/// Brings a store to the newest version. `migrations[n]` leads from version `n` to `n + 1`.
///
/// An empty one is not written anew when the latest writes beside it are `cut_off`: it may have been more than empty.
/// An older store is migrated only when `may_migrate` (the lock holder), and `upgraded` called with the format it had
/// before that counts; a newer one is refused.
pub(super) fn migrate(
    db: &mut Connection,
    migrations: &[&[&str]],
    (may_migrate, cut_off): (bool, bool),
    upgraded: impl FnOnce(&Connection, i64) -> Result<()>,
) -> Result<()> {
    let newest = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(store)?;
    if found > newest {
        return Err(Problem::store(format!(
            "the journal was written by a newer sopd (format {found}, this one knows up to {newest})"
        ))
        .hint("install the newer sopd; this one has not touched the journal"));
    }
    if found == newest {
        return Ok(());
    }
    if found == 0 && cut_off {
        return Err(Problem::store(
            "the journal holds nothing of sopd's: the file of its latest writes, beside it, is damaged",
        )
        .hint("restore the last backup with `sopd restore FILE DIR`; sopd has changed nothing"));
    }
    if !may_migrate && found == 0 {
        return Err(Problem::store("there is nothing of sopd's in the journal yet")
            .hint("start `sopd up` once; if there has been more in it, restore the last backup with `sopd restore FILE DIR`"));
    }
    if !may_migrate {
        return Err(Problem::store(format!("the journal is of an older format ({found}; now {newest})"))
            .hint("start `sopd up` once: the daemon upgrades the journal"));
    }
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(store)?;
    let from = usize::try_from(found).unwrap_or(0);
    for sql in migrations.iter().skip(from).copied().flatten() {
        tx.execute_batch(sql).map_err(store)?;
    }
    if found > 0 {
        upgraded(&tx, found)?;
    }
    tx.pragma_update(None, "user_version", newest).map_err(store)?;
    tx.commit().map_err(store)
}

/// A database error, in words.
///
/// What the machine is short of is of kind `Machine`; what a person must mend in the file is of kind `Store`. A broken rule of
/// the tables or a mistaken statement would fail the same way for ever: whoever asked must hear of it instead.
#[expect(clippy::needless_pass_by_value, reason = "it is the shape map_err wants")]
pub(super) fn store(error: rusqlite::Error) -> Problem {
    use rusqlite::ErrorCode::{
        CannotOpen, ConstraintViolation, DatabaseBusy, DatabaseCorrupt, DiskFull, NotADatabase, OutOfMemory,
        ReadOnly, SystemIoFailure, TypeMismatch, Unknown,
    };
    match error.sqlite_error_code() {
        Some(ConstraintViolation | TypeMismatch | Unknown) | None => {
            return Problem::failed(format!("the journal refused a statement: {error}"));
        }
        Some(_) => {}
    }
    let of_machine =
        matches!(error.sqlite_error_code(), Some(CannotOpen | DiskFull | OutOfMemory | SystemIoFailure));
    let kind = if of_machine { Kind::Machine } else { Kind::Store };
    let problem = Problem::new(kind, format!("the journal could not be used: {error}"));
    match error.sqlite_error_code() {
        Some(DiskFull) => problem.hint("free some disk space; nothing half-written was kept"),
        Some(DatabaseBusy) => problem.hint("another process kept the journal busy for too long; try again"),
        Some(DatabaseCorrupt | NotADatabase) => {
            problem.hint("restore the last backup with `sopd restore FILE DIR`")
        }
        Some(ReadOnly) => problem.hint("give the user that runs sopd the right to write `.sopd/`"),
        _ => problem,
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        store(error)
    }
}
