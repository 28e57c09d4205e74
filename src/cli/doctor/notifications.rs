//! Whether people can be told anything: which channels there are, which secrets they lack, what could not be sent.

use super::{Check, Desk, Outcome, check};
use crate::base::problem::Result;
use crate::base::text::{counted, listed};
use crate::daemon::{Workspace, notify_secrets};
use crate::journal::Access;
use crate::notify::{self, Counts};
use crate::settings::Settings;
use std::path::Path;

const WHAT: &str = "telling";

pub(super) fn look(desk: &Desk, root: &Path, settings: &Settings) -> Vec<Check> {
    let notifications = &settings.notifications;
    if !notifications.reach_anybody() {
        let said = "nobody is told anything: `notifications:` in sopd.yaml names no channel of anybody";
        return vec![check(WHAT, Outcome::Note, said)];
    }
    let looked = Workspace::open(root, Access::Guest, desk.clock.clone()).and_then(|workspace| {
        let lacking = lacking(&workspace, settings)?;
        Ok((lacking, workspace.journal.read(notify::counts)?))
    });
    match looked {
        Err(problem) => vec![check(WHAT, Outcome::Bad, problem.to_string())],
        Ok((lacking, counts)) => {
            let mut checks = vec![outbox(counts)];
            if !lacking.is_empty() {
                let said = format!("{} not set, so its channel cannot send", listed(&lacking));
                checks.push(check(WHAT, Outcome::Bad, said));
            }
            checks
        }
    }
}

/// The names of secrets that channels use and nobody has set.
fn lacking(workspace: &Workspace, settings: &Settings) -> Result<Vec<String>> {
    let known = notify_secrets(workspace, settings)?;
    let names = settings.notifications.secrets();
    Ok(names.filter(|name| !known.contains_key(*name)).cloned().collect())
}

fn outbox(Counts { waiting, failed, messages: _ }: Counts) -> Check {
    let number = |count| usize::try_from(count).unwrap_or(usize::MAX);
    match failed {
        0 => check(WHAT, Outcome::Good, format!("{} to be sent", counted(number(waiting), "notice"))),
        failed => {
            let said = format!(
                "{} could not be sent in the last month: see `sopd notifications`",
                counted(number(failed), "notice")
            );
            check(WHAT, Outcome::Note, said)
        }
    }
}
