//! What a run gave: what is left by those of its steps that no other went on from.

use super::records::{StepRow, steps};
use super::state::StepState;
use crate::base::problem::Result;
use crate::base::text::shortened;
use crate::base::{Digest, Exacts};
use rusqlite::Connection;
use serde::Serialize;
use std::collections::BTreeSet;

/// Ends the name of the file with what a person replaced: on record, and part of no result.
pub(super) const REPLACED: &str = "-replaced.md";
/// Longest form in one line, in characters.
const LINE: usize = 160;

/// What one of a run's last steps left.
#[derive(Clone, Debug, Serialize)]
pub struct Gave {
    /// The step's number.
    pub step: u32,
    /// What it is called.
    pub title: String,
    /// The values it gave.
    pub outputs: Exacts,
    /// The end of what it printed, or the beginning of what whoever did it said.
    pub said: String,
    /// Files it left, by name, with their hash.
    pub files: Vec<(String, Digest)>,
    /// The most telling of it, in one line; empty where it left nothing.
    pub line: String,
}

/// What came out of a run with these steps, so far: what the completed ones gave that no other completed one builds on.
pub fn outcome(steps: &[StepRow]) -> Vec<Gave> {
    let completed = || steps.iter().filter(|step| step.state == StepState::Completed);
    let mut next: Vec<u32> = completed().flat_map(|step| step.depends_on.clone()).collect();
    let mut built_on = BTreeSet::new();
    while let Some(number) = next.pop() {
        // A step that was left out hands on what it would have built on.
        let left_out = |step: &&StepRow| step.number == number && step.state == StepState::Skipped;
        if built_on.insert(number)
            && let Some(step) = steps.iter().find(left_out)
        {
            next.extend(&step.depends_on);
        }
    }
    completed().filter(|step| !built_on.contains(&step.number)).map(gave).collect()
}

/// The files of a step's result.
pub(super) fn files_of(step: &StepRow) -> impl Iterator<Item = &(String, Digest)> {
    step.files.iter().filter(|(name, _)| !name.ends_with(REPLACED))
}

fn gave(step: &StepRow) -> Gave {
    Gave {
        step: step.number,
        title: step.title.clone(),
        outputs: step.outputs.clone(),
        said: step.said.clone(),
        files: files_of(step).cloned().collect(),
        line: line(step),
    }
}

fn line(step: &StepRow) -> String {
    let values = step.outputs.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>();
    let mut lines = step.said.lines().map(str::trim).filter(|line| !line.is_empty());
    // A program says last what came out, whoever writes says it first.
    let told = if step.work == "command" { lines.next_back() } else { lines.next() };
    let files = files_of(step).map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    let all = match (values.is_empty(), told) {
        (false, _) => values.join(", "),
        (true, Some(told)) => told.to_owned(),
        (true, None) => files.join(", "),
    };
    shortened(&all, LINE)
}

/// All of it in one line.
pub fn outcome_line(outcome: &[Gave]) -> String {
    let lines = outcome.iter().map(|one| one.line.as_str()).filter(|line| !line.is_empty());
    shortened(&lines.collect::<Vec<_>>().join("; "), LINE)
}

/// What came out of a run, in one line.
pub fn outcome_of(db: &Connection, run: &str) -> Result<String> {
    Ok(outcome_line(&outcome(&steps(db, run)?)))
}
