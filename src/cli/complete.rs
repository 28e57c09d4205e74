//! `sopd complete RUN --step N --as PARTY --note T | --artifact FILE`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::{Problem, files};
use crate::front::{self, next, shapes};
use crate::run::Handed;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["note", "artifact"]))]
pub(super) struct Args {
    /// The run (sop_run_…)
    run: String,
    /// The step you were asked to do
    #[arg(long)]
    step: u32,
    /// For whom you act: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// What was done, or found
    #[arg(long)]
    note: Option<String>,
    /// The file the step promises
    #[arg(long, value_name = "FILE")]
    artifact: Option<PathBuf>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let Args { run, step, party, note, artifact } = args;
    let file = match artifact {
        Some(path) => {
            let name = path.file_name().ok_or_else(|| Problem::usage("the artifact has no file name"))?;
            let bytes = std::fs::read(&path).map_err(|error| files::explain(&path, &error))?;
            Some((name.to_string_lossy().into_owned(), bytes))
        }
        None => None,
    };
    let before = workspace.journal.head()?.0;
    let handed = Handed { run: run.clone(), step, note: note.unwrap_or_default(), file };
    let answer = front::complete(&desk.command(), &workspace, &Desk::actor(party), handed)?;
    let next = next::look_on(&workspace, &run, before)?;
    if desk.json {
        return print::json(&shapes::completed(step, &answer.by, &next));
    }
    print::line(&format!("step {step} of {run} handed in by {}", answer.by))?;
    print::line(&next.after(&desk.command(), &workspace))
}
