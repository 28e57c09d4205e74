//! `sopd reject ID --as PARTY --reason T`

use super::decide::{Act, act};
use super::desk::Desk;
use super::trouble::Done;
use crate::decision::Verb;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The decision (D-17), or a mission with just one open decision
    id: String,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// Why not; goes on record
    #[arg(long)]
    reason: String,
    /// The hash you were shown, at least its first 32 digits; other bytes are then refused
    #[arg(long)]
    hash: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let Args { id, party, reason, hash } = args;
    act(
        desk,
        Act {
            id,
            verb: Verb::Reject,
            party,
            text: reason,
            overriding: None,
            line: None,
            shown: hash,
            edited: None,
        },
    )
}
