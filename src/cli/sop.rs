//! `sopd sop …`: the published SOPs.

mod activate;
mod diff;
mod export;
mod history;
pub(super) mod import;
mod lint;
mod list;
mod new;
mod retire;
mod search;
mod show;
mod verify;

use super::desk::Desk;
use super::trouble::Done;
use crate::registry::VersionRow;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Every version with its status
    List(list::Args),
    /// Search the active versions by their text
    Search(search::Args),
    /// One version, checked against what was approved
    Show(show::Args),
    /// All versions of one SOP
    History(history::Args),
    /// What differs between two versions or files
    Diff(diff::Args),
    /// Run the coded checks over SOP files
    Lint(lint::Args),
    /// Compare every published file with what was approved
    Verify,
    /// Read a procedure of another form into a draft
    Import(import::Args),
    /// Write a version in the form of another program
    Export(export::Args),
    /// Begin an SOP by hand: a draft to fill in
    New(new::Args),
    /// Have a hand-written or imported SOP checked, validated, signed and published
    Activate(activate::Args),
    /// Take an SOP out of use for good
    Retire(retire::Args),
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    match verb {
        Verb::List(args) => list::run(desk, &args),
        Verb::Search(args) => search::run(desk, &args),
        Verb::Show(args) => show::run(desk, &args),
        Verb::History(args) => history::run(desk, &args),
        Verb::Diff(args) => diff::run(desk, &args),
        Verb::Lint(args) => lint::run(desk, &args),
        Verb::Verify => verify::run(desk),
        Verb::Import(args) => import::run(desk, args),
        Verb::Export(args) => export::run(desk, &args),
        Verb::New(args) => new::run(desk, args),
        Verb::Activate(args) => activate::run(desk, args),
        Verb::Retire(args) => retire::run(desk, args),
    }
}

fn approval(row: &VersionRow) -> String {
    match (&row.approved_by, row.approved_at) {
        (Some(by), Some(at)) => format!("{by}, {}", at.day()),
        _ => "nobody yet".to_owned(),
    }
}
