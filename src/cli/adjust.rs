//! `sopd adjust RUN --as PARTY …`: change a held run before it begins

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::{Problem, files};
use crate::front::{self, shapes};
use crate::run::Adjustment;
use std::path::PathBuf;

/// Largest instructions of one step.
const MAX_TEXT_BYTES: u64 = 64 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The held run (sop_run_…)
    run: String,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Let somebody else do a step
    Assign {
        /// The step
        step: u32,
        /// Who does it: an id on the roster
        to: String,
    },
    /// Give a step other instructions
    Text {
        /// The step
        step: u32,
        /// A Markdown file with them
        file: PathBuf,
    },
    /// Leave a step out
    Drop {
        /// The step
        step: u32,
    },
    /// Add a step
    Add {
        /// What it is, imperative
        title: String,
        /// A Markdown file with its instructions
        file: PathBuf,
        /// The step it comes after; the last one where absent
        #[arg(long)]
        after: Option<u32>,
        /// Who does it; the SOP's owner where absent
        #[arg(long)]
        to: Option<String>,
    },
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let wish = (args.run.as_str(), adjustment(args.what)?);
    let changes = front::adjust(&desk.command(), &workspace, &Desk::actor(args.party), wish)?;
    if desk.json {
        return print::json(&shapes::adjusted(&args.run, &changes));
    }
    print::line(&format!("{} differs from its SOP:", args.run))?;
    for change in &changes {
        print::line(&format!("  {change}"))?;
    }
    print::line(&format!("let it go with `{} resume {} --as PARTY`", desk.command(), args.run))
}

fn adjustment(what: What) -> Result<Adjustment, Problem> {
    Ok(match what {
        What::Assign { step, to } => Adjustment::Assign { step, to },
        What::Drop { step } => Adjustment::Drop { step },
        What::Text { step, file } => {
            Adjustment::Text { step, text: files::read_text(&file, MAX_TEXT_BYTES)? }
        }
        What::Add { title, file, after, to } => {
            Adjustment::Add { after, title, text: files::read_text(&file, MAX_TEXT_BYTES)?, to }
        }
    })
}
