//! `sopd answer ID --as PARTY --text T | --file F`

use super::decide::{Act, act};
use super::desk::Desk;
use super::trouble::Done;
use crate::base::files;
use crate::decision::Verb;
use std::path::PathBuf;

/// Largest answer file; a department's draft has some tens of kilobytes.
const MAX_ANSWER_BYTES: u64 = 256 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The question (D-17), or a mission with just one open question
    id: String,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// The answer
    #[arg(long, required_unless_present = "file", conflicts_with = "file")]
    text: Option<String>,
    /// A file with the answer, or with the draft you were asked for
    #[arg(long)]
    file: Option<PathBuf>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let Args { id, party, text, file } = args;
    let text = match file {
        Some(path) => files::read_text(&path, MAX_ANSWER_BYTES)?,
        None => text.unwrap_or_default(),
    };
    act(
        desk,
        Act { id, verb: Verb::Answer, party, text, overriding: None, line: None, shown: None, edited: None },
    )
}
