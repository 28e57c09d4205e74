//! `sopd approve ID --as PARTY`

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
    /// A remark that goes on record
    #[arg(long, default_value = "")]
    comment: String,
    /// Why it may be published although blocking assertions failed; stays visible in the index
    #[arg(long = "override", value_name = "REASON")]
    overriding: Option<String>,
    /// The hash you were shown, at least its first 32 digits. Without it the yes is for what `sopd inbox`, `show` or
    /// `status` last showed you of this decision; where they showed nothing, or something else, it is refused
    #[arg(long)]
    hash: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let Args { id, party, comment, overriding, hash } = args;
    act(
        desk,
        Act {
            id,
            verb: Verb::Approve,
            party,
            text: comment,
            overriding,
            line: None,
            shown: hash,
            edited: None,
        },
    )
}
