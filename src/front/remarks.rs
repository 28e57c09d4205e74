//! Comments on single lines of a draft: they travel to the orchestrator with the words they are about, since line
//! numbers mean nothing in the next round.

use crate::base::text::put;
use crate::base::trace::is_run;
use crate::base::{Problem, problem::Result};
use crate::daemon::Workspace;
use crate::decision;
use crate::mission::Files;

/// Lines one answer may comment on; beyond that a draft is better written anew.
const MOST: usize = 100;

/// A comment on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The line, from 1.
    pub line: u32,
    /// What to change there.
    pub text: String,
}

/// `text` with the remarks below it, one a line, each with the words of its line.
///
/// # Errors
/// `Usage` for too many, or for a line the draft does not have; `Conflict` where the decision is about no draft.
pub fn with_remarks(workspace: &Workspace, id: &str, text: &str, remarks: &[Remark]) -> Result<String> {
    if remarks.is_empty() {
        return Ok(text.to_owned());
    }
    if remarks.len() > MOST {
        return Err(Problem::usage(format!("comment on at most {MOST} lines")));
    }
    let draft = workspace.journal.read(|db| {
        let decision = decision::find(db, id)?;
        if is_run(&decision.ask.mission) {
            return Ok(None);
        }
        Files { journal: &workspace.journal, db, mission: &decision.ask.mission }.draft(Some(&decision), 0)
    })?;
    let draft = draft.ok_or_else(|| Problem::conflict("there is no draft to comment on"))?;
    let mut out = text.trim().to_owned();
    for Remark { line, text } in remarks {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let there = draft.lines.get(index).filter(|_| *line > 0);
        let words = there.ok_or_else(|| Problem::usage(format!("the draft has no line {line}")))?;
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !out.is_empty() {
            out.push('\n');
        }
        put(&mut out, format_args!("- {said} (about the line \"{}\")", words.text.trim()));
    }
    Ok(out)
}
