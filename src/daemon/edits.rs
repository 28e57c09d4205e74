//! Changes of the workspace's own files from a face: agents, prompts, settings, drafts of SOPs. What is to be written
//! must read, with all other files, as the daemon would read it; then the fact and both texts are recorded, and only
//! then the file is written. A crash in between is made good at the next start.

mod history;
mod proposal;
mod target;

pub use history::{Change, State, change, history, latest, pending, text_of};
pub use proposal::{Standing, adopt, standing, withdraw};
pub use target::Target;

use super::run::first_of;
use super::workspace::Workspace;
use crate::agent::Snapshot;
use crate::base::text::listed;
use crate::base::{Digest, Problem, files, problem::Result};
use crate::governance::{self, Rewrite};
use crate::journal::Tx;
use crate::roster;
use crate::run::Actor;
use crate::settings::Settings;
use crate::sop::diff;
use serde_json::json;
use std::path::Path;

/// The tables of this part, as of version 2.
pub const TABLES: &str = "
CREATE TABLE file_edit(
  number INTEGER PRIMARY KEY,
  path TEXT NOT NULL,                   -- relative to the workspace
  old TEXT,                             -- hash of the bytes before; NULL for a new file
  new TEXT NOT NULL,                    -- hash of the bytes after
  by TEXT NOT NULL,
  note TEXT NOT NULL,                   -- why, in the words of who did it
  at INTEGER NOT NULL,
  review TEXT,                          -- the council's review it waits or waited for
  state TEXT NOT NULL                   -- proposed, recorded (to be written), written, withdrawn
) STRICT;
CREATE INDEX file_edit_path ON file_edit(path, number);
CREATE INDEX file_edit_open ON file_edit(number) WHERE state IN ('proposed', 'recorded');
";

/// Longest reason, in bytes.
const MAX_NOTE: usize = 2_000;

/// A file as somebody wants it.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Which file.
    pub target: Target,
    /// Hash of the bytes it was made from; `None` for a file that is not there.
    pub opened: Option<Digest>,
    /// The new bytes.
    pub text: String,
    /// Why; may be empty.
    pub note: String,
    /// The wish to do without the council.
    pub skip_council: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// The file has these bytes now; the number of the change.
    Written(i64),
    /// It had them already.
    Unchanged,
    /// The council is asked first, in a review with this id; the number of the change.
    Proposed(i64, String),
}

/// The bytes of a file, and their hash; `None` where it is not there.
///
/// # Errors
/// Of the disk; a file that is too large or no text.
pub fn current(root: &Path, target: &Target) -> Result<Option<(String, Digest)>> {
    let path = root.join(target.path());
    if !path.is_file() {
        return Ok(None);
    }
    let text = files::read_shown(&path, target.most())?;
    let digest = Digest::of(&text);
    Ok(Some((text, digest)))
}

/// Refuses a text that the daemon could not read, with every problem.
///
/// # Errors
/// Each problem with its place in the file.
pub fn vet(workspace: &Workspace, target: &Target, text: &str) -> Result<(), Vec<Problem>> {
    let most = target.most();
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > most {
        return Err(vec![Problem::invalid(format!("{} may hold at most {most} bytes", target.path()))]);
    }
    workspace.journal.check_free_of_secrets(&target.path(), text)?;
    if *target == Target::Settings {
        check_reach(workspace, text)?;
    }
    match target {
        // A draft is work in progress: what is wrong with it is told beside it, and stops it when it is brought.
        Target::Draft(..) => Ok(()),
        _ => Snapshot::read_with(&workspace.root, &target.path(), text).map(drop),
    }
}

/// Refuses settings that only who can write on the machine may change, whoever asks and however the text came about:
/// written anew, by a form, or brought back from before.
fn check_reach(workspace: &Workspace, text: &str) -> Result<(), Vec<Problem>> {
    let there = current(&workspace.root, &Target::Settings)?.map(|(text, _)| text).unwrap_or_default();
    let before = Settings::parse("sopd.yaml", &there).map_err(|problems| {
        let first = first_of(problems);
        vec![
            Problem::conflict(format!("sopd.yaml as it is cannot be read: {}", first.message))
                .hint("mend it on the machine first"),
        ]
    })?;
    let changed = before.machine_keys_changed(&Settings::parse("sopd.yaml", text)?);
    if changed.is_empty() {
        return Ok(());
    }
    let problem = Problem::not_allowed(format!("to be changed on the machine only: {}", listed(&changed)));
    Err(vec![problem.hint(
        "programs, addresses, variables, secrets and who answers for what are named on the machine; leave these as \
         they are",
    )])
}

/// Writes a file, or brings a major rewrite of a prompt before the council.
///
/// # Errors
/// Every problem of the text; `NotAllowed` for who may not; `Conflict` where the file is no longer what was opened.
/// Nothing has changed then.
pub fn save(workspace: &Workspace, actor: &Actor, edit: Edit) -> Result<Saved, Vec<Problem>> {
    let whole = |problem: Problem| vec![problem];
    authorise(workspace, &edit.target, &actor.by).map_err(whole)?;
    if edit.note.len() > MAX_NOTE {
        return Err(vec![Problem::invalid(format!("a reason has at most {MAX_NOTE} bytes"))]);
    }
    let there = current(&workspace.root, &edit.target).map_err(whole)?;
    if there.as_ref().is_some_and(|(text, _)| *text == edit.text) {
        return Ok(Saved::Unchanged);
    }
    check_opened(&edit, there.as_ref().map(|(_, digest)| digest)).map_err(whole)?;
    vet(workspace, &edit.target, &edit.text)?;
    let before = there.map(|(text, _)| text);
    check_standing(workspace, actor, &edit, before.as_deref()).map_err(whole)?;
    match way(workspace, actor, &edit, before.as_deref()).map_err(whole)? {
        Rewrite::Council => proposal::propose(workspace, actor, edit, before).map_err(whole),
        Rewrite::AtOnce => {
            let target = edit.target.clone();
            let number = record(workspace, actor, edit, before).map_err(whole)?;
            write(workspace, number, &target).map_err(whole)?;
            Ok(Saved::Written(number))
        }
    }
}

/// Refuses who may not change the file.
///
/// # Errors
/// `NotAllowed`; the problems of settings and roster that cannot be read.
pub fn authorise(workspace: &Workspace, target: &Target, party: &str) -> Result<()> {
    workspace.check_party(party, &[])?;
    if matches!(target, Target::Draft(..)) {
        return Ok(());
    }
    let snapshot = workspace.snapshot().map_err(first_of)?;
    governance::may_edit(&snapshot.settings, &snapshot.roster, party).map_err(Problem::not_allowed)
}

/// Refuses a change of an agent's standing to whoever only forwards. A file that cannot be read gives nobody a standing.
fn check_standing(workspace: &Workspace, actor: &Actor, edit: &Edit, before: Option<&str>) -> Result<()> {
    let Target::Agent(_) = &edit.target else { return Ok(()) };
    let path = edit.target.path();
    let head = |text: &str| roster::parse(&path, text).map(|agent| agent.head).ok();
    let Some(after) = head(&edit.text) else { return Ok(()) };
    let before = before.and_then(head);
    let snapshot = workspace.snapshot().map_err(first_of)?;
    let (settings, roster) = (&snapshot.settings, &snapshot.roster);
    governance::may_change_standing(settings, roster, &actor.by, (before.as_ref(), &after)).map_err(
        |reason| Problem::not_allowed(reason).hint("ask for it, or let it be changed on the machine"),
    )
}

/// Whether the change is one the council sees first. A prompt is measured against what the council, or nobody yet, has
/// changed, so that many small changes do not add up to a rewrite nobody has looked at.
fn way(workspace: &Workspace, actor: &Actor, edit: &Edit, before: Option<&str>) -> Result<Rewrite> {
    let (Target::Prompt(_), Some(before)) = (&edit.target, before) else { return Ok(Rewrite::AtOnce) };
    let base = history::base(workspace, &edit.target.path())?;
    let kept = diff::kept(base.as_deref().unwrap_or(before), &edit.text);
    let snapshot = workspace.snapshot().map_err(first_of)?;
    governance::rewrite(&snapshot.settings, &snapshot.roster, (&actor.by, kept, edit.skip_council))
        .map_err(Problem::not_allowed)
}

fn check_opened(edit: &Edit, there: Option<&Digest>) -> Result<()> {
    if edit.opened.as_ref() == there {
        return Ok(());
    }
    let path = edit.target.path();
    let (message, hint) = match (&edit.opened, there) {
        (None, _) => (format!("{path} exists already"), "open it, and change what is there"),
        (_, None) => (format!("{path} is gone since you opened it"), "save it under a new name"),
        _ => (
            format!("{path} was changed since you opened it"),
            "look at both texts, and save what should stand",
        ),
    };
    Err(Problem::conflict(message).hint(hint))
}

fn record(workspace: &Workspace, actor: &Actor, edit: Edit, before: Option<String>) -> Result<i64> {
    let (root, actor) = (workspace.root.clone(), actor.clone());
    workspace.journal.append(move |tx| {
        // Looked at once more where appends are in order, so that of two who save at once one is told.
        check_opened(&edit, standing_hash(tx, &root, &edit.target)?.as_ref())?;
        let number = history::insert(tx, &actor, (&edit, before.as_deref()), (State::Recorded, None))?;
        let body = json!({
            "by": actor.by, "os_user": actor.os_user, "change": number, "old": edit.opened,
            "new": Digest::of(&edit.text), "note": edit.note,
        });
        tx.event(&edit.target.path(), "file_edited", &body)?;
        Ok(number)
    })
}

/// The hash of what the file holds or, where a recorded change is about to be written, will hold.
fn standing_hash(tx: &Tx<'_>, root: &Path, target: &Target) -> Result<Option<Digest>> {
    match history::unwritten(tx.db(), &target.path())? {
        Some(change) => Ok(Some(change.new)),
        None => Ok(current(root, target)?.map(|(_, digest)| digest)),
    }
}

fn write(workspace: &Workspace, number: i64, target: &Target) -> Result<()> {
    let change = workspace.journal.read(|db| change(db, number))?;
    let text = text_of(workspace, &change.new)?;
    let written =
        files::write(&workspace.root.join(target.path()), text.as_bytes(), files::Existing::Replace);
    let refusal = written.as_ref().err().map(ToString::to_string);
    workspace.journal.append(move |tx| match refusal {
        None => history::set_state(tx, number, State::Written),
        Some(reason) => {
            history::set_state(tx, number, State::Withdrawn)?;
            tx.event(&change.path, "file_not_written", &json!({ "change": number, "reason": reason }))
                .map(drop)
        }
    })?;
    written
}

/// Writes what a crash kept from being written; a file that somebody has changed since is left alone, and trouble with
/// one file keeps nobody from work.
pub(super) fn finish(workspace: &Workspace) -> Result<()> {
    for change in workspace.journal.read(history::recorded)? {
        let number = change.number;
        if let Err(problem) = finish_one(workspace, &change) {
            tracing::error!(%problem, change = number, "a file that was to be changed could not be written");
        }
    }
    Ok(())
}

fn finish_one(workspace: &Workspace, change: &Change) -> Result<()> {
    let target = Target::of(&change.path)?;
    let there = current(&workspace.root, &target)?.map(|(_, digest)| digest);
    if there == change.old {
        return write(workspace, change.number, &target);
    }
    let number = change.number;
    workspace.journal.append(move |tx| history::set_state(tx, number, State::Written))
}
