//! The coded checks over any SOP text, with the roster and the registry of the workspace.

use crate::base::Problem;
use crate::contract::Finding;
use crate::daemon::Workspace;
use crate::mission::Known;
use crate::sop::{self, Sop};

/// What the checks say to one text.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// Why it cannot be read; nothing is found then.
    pub problems: Vec<Problem>,
    /// What the checks find.
    pub findings: Vec<Finding>,
}

/// Looks at `text`, the content of `file`.
///
/// # Errors
/// Only where the looking itself does not work.
pub fn look(workspace: &Workspace, file: &str, text: &str) -> Result<Linted, Vec<Problem>> {
    match sop::parse(file, text) {
        Err(problems) => Ok(Linted { problems, findings: Vec::new() }),
        Ok(sop) => Ok(Linted { problems: Vec::new(), findings: check(workspace, &sop, text)? }),
    }
}

/// The findings about an SOP whose file reads `text`.
///
/// # Errors
/// The problems of settings and roster that cannot be read; those of the journal.
pub fn check(workspace: &Workspace, sop: &Sop, text: &str) -> Result<Vec<Finding>, Vec<Problem>> {
    let snapshot = workspace.snapshot()?;
    let found = workspace.journal.read(|db| Known::of(db, &snapshot, text)?.findings(db, sop, text));
    found.map_err(|problem| vec![problem])
}
