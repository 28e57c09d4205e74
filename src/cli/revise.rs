//! `sopd revise ID --as PARTY --comment T [--line N]`

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
    /// What to change
    #[arg(long)]
    comment: String,
    /// The line of the draft it is about, as `sopd show` numbers them
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    line: Option<u32>,
    /// The hash you were shown, at least its first 32 digits; other bytes are then refused
    #[arg(long)]
    hash: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let Args { id, party, comment, line, hash } = args;
    act(
        desk,
        Act {
            id,
            verb: Verb::Revise,
            party,
            text: comment,
            overriding: None,
            line,
            shown: hash,
            edited: None,
        },
    )
}
