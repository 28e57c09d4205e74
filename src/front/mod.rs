//! What all faces share: the deeds of a party (answer, start, steer, hand in) and the JSON that tells of them, so
//! that the command line, the API and MCP give the same answers. Rules are not made here: each deed calls the layer
//! that decides, in the transaction that does it.

pub mod agents;
mod apart;
mod caller;
mod care;
mod deeds;
pub mod drafts;
pub mod edited;
pub mod figures;
mod library;
pub mod lint;
mod missions;
pub mod named;
pub mod next;
mod party;
pub mod people;
mod remarks;
mod roster;
mod runs;
pub mod shapes;
mod show;
mod worker;

pub use crate::run::Actor;
pub use apart::apart;
pub use caller::{Caller, Known, Scope, refused_at_last};
pub use care::{ask, claim, defer, delegate, release, stand_ins};
pub use deeds::{
    Answered, Answering, Steering, answer, by_hand, complete, mode, sop_named, start, steer, submit,
};
pub use drafts::{Drafted, HandedIn, hand_in_sop, import_files};
pub use library::{Folder, Form, export_sop, retire, verify_folder, version_text};
pub use missions::{ForCouncil, call_council, cancel_mission, retry_mission};
pub use party::{OPEN_TO_OUTSIDE, admit, check_party, check_sight, let_in};
pub use remarks::{Remark, with_remarks};
pub use roster::{AtWork, at_work};
pub use runs::{Autonomy, adjust, ask_review, autonomy, review};
pub use show::{Shown, show, shown_to};
pub use worker::{Disposed, LEASE_MINUTES, Leased, Work, assignments, disposed, hand_in, object};
