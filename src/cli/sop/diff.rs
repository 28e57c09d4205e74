//! `sopd sop diff A B`: two versions, or two files.

use crate::base::{files, problem::Result};
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::registry;
use crate::sop::diff;
use serde_json::json;
use std::path::Path;

/// Largest file compared.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The older: SOP-REV-x-v1.0, or a file
    a: String,
    /// The newer: SOP-REV-x-v1.1, or a file
    b: String,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let (a, b) = (text(desk, &args.a)?, text(desk, &args.b)?);
    let labels = (args.a.as_str(), args.b.as_str());
    let unified = diff::diff(&a, &b, labels);
    if desk.json {
        return print::json(&json!({ "shape": "sopd/diff/1", "a": args.a, "b": args.b, "diff": unified }));
    }
    if unified.is_empty() {
        return print::line("no difference");
    }
    if !print::is_terminal() {
        return print::document(&unified);
    }
    // Inverse video: it can be told apart with any colours, and without any.
    print::document(&diff::diff_words(&a, &b, labels, ("\u{1b}[7m", "\u{1b}[27m")))
}

fn text(desk: &Desk, name: &str) -> Result<String> {
    if Path::new(name).is_file() {
        return files::read_text(Path::new(name), MAX_BYTES);
    }
    let workspace = desk.open()?;
    let row = workspace.journal.read(|db| registry::version(db, name))?;
    registry::read_checked(&workspace.root, &row)
}
