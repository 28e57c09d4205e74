//! `sopd adjust RUN --as PARTY …`: change a held run before it begins

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::base::{Problem, files};
use crate::run::{self, Actor, Adjustment};
use serde_json::json;
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
    let plan = run::plan_of(&workspace.journal, &args.run)?;
    desk.check_party(&workspace, &args.party, &[])?;
    let roster = workspace.snapshot()?.roster;
    let adjustment = adjustment(args.what)?;
    let actor = Actor { by: args.party, os_user: os_user() };
    let id = args.run.clone();
    let changes = workspace
        .journal
        .append(move |tx| run::adjust(tx, &id, &adjustment, (&actor, (*plan).clone(), &roster)))?;
    if desk.json {
        return print::json(
            &json!({ "shape": "sopd/adjusted/1", "success": true, "run": args.run, "changes": changes }),
        );
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
