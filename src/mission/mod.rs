//! A mission: from a brief to a published SOP. `workflow.rs` is the story; each activity and child it asks for
//! has a file of its own, named after it. In the order of the story:
//!
//! - how it comes in: `records` (a mission's rows), `brought` (its sources), `setup`, `activation` and `settle_file` (a file instead of a brief);
//! - the plan: `planning`, `plan`, `claims` (one open mission per SOP);
//! - the drafts: `passages` (what of the sources each sees), `first_drafts`, `draft` (one worker), `lay_out` and `objection` (workers elsewhere);
//! - a round: `rounds`, `assemble` (with `covered`) or `examine`, `checks`, `council`, `judging`, `validate`, `impartial`, `judge`, `revising`;
//! - people: `decide` (ask and wait), `help` (how to go on), `signing`, `edited` (a text of their own), `control` (end, try again), `hands` (who did what);
//! - the end: `publish`, `retire`, `close`; and what others read of it: `shown`, `sources`.

mod activation;
mod assemble;
mod brought;
mod checks;
mod claims;
mod close;
mod control;
mod council;
mod council_review;
mod covered;
mod decide;
mod draft;
mod edited;
mod enter;
mod examine;
mod first_drafts;
mod hands;
mod help;
mod impartial;
mod judge;
mod judging;
mod lay_out;
mod objection;
mod passages;
mod periodic;
mod plan;
mod planning;
mod publish;
mod records;
mod retire;
mod revising;
mod rounds;
mod settle_file;
mod setup;
mod several;
mod shown;
mod signing;
mod sources;
mod stuck;
mod unfounded;
mod validate;
mod workflow;
mod writing;

pub use activation::{NewActivation, activate, vet};
pub use brought::{Brought, Original, SOURCES, original_file, source_file};
pub use checks::Known;
pub use claims::claimed;
pub use control::{Control, cancel, retry};
pub use council::called_and_not_held;
pub use council_review::review;
pub use hands::hands;
pub use objection::{Fated, Objection, fates_of, object};
pub use periodic::{ask_owners, is_periodic};
pub use plan::MissionPlan;
pub use records::{
    Artifact, MissionRow, MissionState, NewMission, artifacts, by_state, call_council, is_id, mark_moved,
    mission, missions, missions_after, open_missions, receive, unmoved,
};
pub use retire::{Retire, retire};
pub use shown::{Draft, Files, Line, Verdicts};
pub use sources::LineSource;
pub use workflow::Author;

use crate::agent::{Gateway, Think};
use crate::decision::{self, ApplyDeadline};
use crate::journal::{Journal, Stories};
use std::path::PathBuf;
use std::sync::Arc;

/// What missions need of the world.
#[derive(Debug)]
pub struct Office {
    /// The workspace's folder.
    pub root: PathBuf,
    /// The journal.
    pub journal: Journal,
    /// The door to models, which keeps the snapshots in use in memory.
    pub gateway: Arc<Gateway>,
}

/// Adds everything a mission's journal may mention.
#[must_use]
pub fn stories(stories: Stories, office: &Arc<Office>, gateway: &Arc<Gateway>) -> Stories {
    stories
        .witness(decision::witness)
        .activity::<ApplyDeadline>(&Arc::new(office.journal.clone()))
        .story::<Author>()
        .story::<activation::Activation>()
        .story::<draft::DraftPart>()
        .story::<close::Closing>()
        .story::<council::HoldCouncil>()
        .story::<council_review::CouncilReview>()
        .story::<periodic::PeriodicReview>()
        .story::<validate::Scrutinise>()
        .story::<validate::UserTest>()
        .story::<validate::WalkThrough>()
        .activity::<Think>(gateway)
        .activity::<setup::Prepare>(office)
        .activity::<several::Split>(office)
        .activity::<passages::FindPassages>(office)
        .activity::<plan::SettlePlan>(office)
        .activity::<settle_file::SettleFile>(office)
        .activity::<examine::Examine>(office)
        .activity::<enter::Enter>(office)
        .activity::<decide::OpenDecision>(office)
        .activity::<decide::GoOn>(office)
        .activity::<draft::KeepDraft>(office)
        .activity::<lay_out::LayOut>(office)
        .activity::<assemble::Assemble>(office)
        .activity::<edited::TakeEdit>(office)
        .activity::<council::KeepCouncil>(office)
        .activity::<council_review::SeatCouncil>(office)
        .activity::<validate::KeepScenarios>(office)
        .activity::<judge::Judge>(office)
        .activity::<publish::Publish>(office)
        .activity::<periodic::SettleReview>(office)
        .activity::<close::Close>(office)
}

/// Whether a count that came later may be left out of what is kept, so that what was kept before it reads the same.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The tables of this layer, as of version 1.
pub const TABLES: &str = "
CREATE TABLE mission(
  id TEXT PRIMARY KEY,                  -- M-2026-1120-lead-qualification
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,                 -- why it waits or how it ended, in words; empty while it goes on
  round INTEGER NOT NULL DEFAULT 0,
  sop TEXT,
  version TEXT,
  requested_by TEXT NOT NULL,
  file TEXT NOT NULL,                   -- name of the dropped file
  sha256 TEXT NOT NULL,                 -- of its bytes
  moved INTEGER NOT NULL,               -- whether the dropped file was moved into the dossier
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX mission_bytes ON mission(sha256);
CREATE INDEX mission_open ON mission(created_at, id) WHERE ended_at IS NULL;
CREATE TABLE artifact(                  -- the dossier's files, by their content
  mission TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(mission, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE claim(                     -- one SOP has one open mission
  sop TEXT PRIMARY KEY,
  mission TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE claim_queue(
  number INTEGER PRIMARY KEY,
  sop TEXT NOT NULL,
  mission TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE council_call(
  mission TEXT PRIMARY KEY,
  by TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";
