//! The daemon: holds a workspace, takes missions in, drives every workflow, and keeps the files people read.
//!
//! - the workspace itself: `workspace`, `starter` (what `sopd init` writes) with `kits`, `lock`, and `run` (start, wire, stop);
//! - what comes in: `intake` (mission files and folders) with `sources` (the documents they rest on), `edits` (files changed from a face), `triggers` and `watched` (what starts
//!   runs), `repeats` (requests sent twice);
//! - who may still act: `departed` moves what is asked of parties that have left;
//! - what is told: `projector` keeps `dossier`, `run_folder`, `index_file` and `git` in step with the journal, `status` and
//!   `run_status` say it in words, `notices` and `traces` send it on;
//! - that it stays what it was: `truth` (which rows are held against the chain), `anchors` (a cut-off tail is noticed),
//!   `held` (a copy knows that it is one), `retention` (what is over is removed);
//! - what is known of it from outside: `door` (where it listens, if it does), `health` (what the machine has left).

mod anchors;
mod beat;
mod departed;
mod door;
mod dossier;
pub mod edits;
mod git;
mod health;
pub mod held;
mod index_file;
mod intake;
mod kits;
mod lock;
mod moves;
mod narrator;
mod notices;
mod projector;
mod refused;
mod repeats;
mod retention;
mod run;
mod run_folder;
mod run_status;
mod set_back;
mod sound;
mod sources;
mod starter;
mod status;
mod submit;
pub mod traces;
mod triggers;
mod truth;
mod wanted;
mod watched;
mod workspace;

pub use anchors::{anchors, named, went_back, written_down};
pub use door::{Door, no_door, shut_out};
pub use dossier::plain;
pub use git::{repository, uncommitted};
pub use health::{NO_SPACE, most_open_files, short_of};
pub use index_file::keep as keep_index;
pub use kits::KITS;
pub use lock::{Lock, driver, holder, is_stopping};
pub use moves::move_in;
pub use notices::reach as notify_reach;
pub use refused::{RefusedMission, refused_missions};
pub use repeats::{Claim, REPEAT_TABLES, claim, forget, keep_answer};
pub use run::{Stopping, Until, first_of, run, run_beside};
pub use run_folder::empty_run_folders;
pub use run_status::{RunStatus, Task, newer_version, run_status, run_statuses};
pub use set_back::clock_trouble;
pub use sound::{broken_agents, standing_notes, unsound_files};
pub use sources::{bytes as bytes_of, document};
pub use starter::{Written, init, init_kit};
pub use status::{MissionStatus, status_of, status_page, statuses};
pub use submit::{Taken, submit, submit_as, submit_path, submit_read};
pub use truth::verify;
pub use workspace::{
    Workspace, absolute, deliver, expect, notify_secrets, notify_wiring, private_files, private_own,
    secrets_named,
};
