//! What all faces share: the deeds of a party (answer, start, steer, hand in) and the JSON that tells of them, so
//! that the command line, the API and MCP give the same answers. Rules are not made here: each deed calls the layer
//! that decides, in the transaction that does it.

mod caller;
pub mod commands;
mod deeds;
mod library;
mod missions;
pub mod next;
mod party;
mod roster;
mod runs;
pub mod shapes;
mod show;
mod worker;

pub use crate::run::Actor;
pub use caller::{Caller, Scope};
pub use deeds::{
    Answered, Answering, Steering, answer, by_hand, complete, mode, sop_named, start, steer, submit,
};
pub use library::{
    Drafted, Folder, Form, HandedIn, Known, begin_sop, export_sop, hand_in_sop, import_files, lint_text,
    retire, verify_folder, version_text,
};
pub use missions::{ForCouncil, call_council, cancel_mission, retry_mission};
pub use party::{check_party, check_sight};
pub use roster::{AtWork, Load, agents};
pub use runs::{Autonomy, adjust, ask_review, autonomy, review};
pub use show::{Shown, show};
pub use worker::{LEASE_MINUTES, Leased, Work, assignments, hand_in};
