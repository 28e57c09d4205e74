//! The SOP library: which versions exist, which one is active, and the facts they are compared by.
//!
//! The hash by which a version counts is the one its publication fact has; the tables beside the chain hold the rest, and
//! `sops/INDEX.md` is written from them. Files are read here, but only the
//! publication itself writes one, before the commit that makes it visible.

mod facts;
mod index;
mod publish;
mod rows;
mod search;
mod verify;

pub use facts::{conflicts, forget, remember_draft, unlike_their_publication};
pub use index::{Index, anchor_the_day, anchors, index, revision};
pub use publish::{
    Approval, Confirmation, Publication, Retirement, confirm, published_path, register, retire, version_path,
};
pub use rows::{
    Status, VersionRow, active, all, check_in_force, due_for_review, history, next_review, published,
    summaries, version,
};
pub use search::{Found, MAX_FOUND, SEARCH_TABLES, referring, search};
pub use verify::{Checked, active_sops, read_checked, verify_files};

/// What version 3 adds: the facts of publications are found by SOP, since they say what may run.
pub const PUBLICATION_INDEX: &str =
    "CREATE INDEX event_registry ON event(text ->> 'sop', seq) WHERE kind IN ('published', 'retired');";

/// The tables of this layer, as of version 1.
pub const TABLES: &str = "
CREATE TABLE sop_version(
  sop TEXT NOT NULL,
  version TEXT NOT NULL,
  status TEXT NOT NULL,                 -- draft, active, deprecated, archived
  title TEXT NOT NULL,
  department TEXT NOT NULL,
  owner TEXT NOT NULL,
  risk_level TEXT NOT NULL,
  trigger_text TEXT NOT NULL,
  path TEXT NOT NULL,                   -- relative to the workspace
  sha256 TEXT NOT NULL,
  mission TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  approved_by TEXT,
  approved_at INTEGER,
  override TEXT,                        -- why failed assertions were overridden
  review_due INTEGER,
  revision INTEGER,                     -- registry revision that published it
  PRIMARY KEY(sop, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sop_one_active ON sop_version(sop) WHERE status = 'active';
CREATE TABLE sop_fact(
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  source TEXT NOT NULL,                 -- SOP id, or the mission an open draft belongs to
  sop TEXT NOT NULL,
  version TEXT NOT NULL,
  fact TEXT NOT NULL                    -- JSON
) STRICT;
CREATE INDEX sop_fact_subject ON sop_fact(kind, subject);
CREATE INDEX sop_fact_source ON sop_fact(source);
CREATE TABLE registry_revision(
  revision INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  by TEXT NOT NULL,
  mission TEXT,
  seq INTEGER NOT NULL,                 -- the fact that recorded it
  hash TEXT NOT NULL                    -- its chain hash, once; now empty: the chain itself has it
) STRICT;
";
