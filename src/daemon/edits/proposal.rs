//! Major rewrites of prompts: they lie with the council until it has answered, and are written by somebody who has
//! read the answer. What the council would not let pass needs another party than its author, and a reason.

use super::history::{self, Change, State, text_of};
use super::{Edit, Saved, Target, authorise, check_opened, standing_hash, write};
use crate::base::{Digest, Problem, problem::Result};
use crate::brief::{Ask, Brief};
use crate::daemon::Workspace;
use crate::governance::rewrite_class;
use crate::journal::events_of;
use crate::mission::{self, Brought, MissionState, NewMission};
use crate::run::Actor;
use crate::sop::diff;
use rusqlite::Connection;
use serde_json::{Value, json};

/// More facts than a review has.
const MOST: u32 = 10_000;

/// What the council has said to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Asked,
    /// Nothing stands in the way.
    Passes,
    /// It would not let it pass as it is.
    Blocks,
    /// The review ended without an answer.
    Unanswered,
}

/// Brings a change before the council.
pub(super) fn propose(
    workspace: &Workspace,
    actor: &Actor,
    edit: Edit,
    before: Option<String>,
) -> Result<Saved> {
    let path = edit.target.path();
    if let Some(open) = workspace.journal.read(|db| history::pending(db, Some(&path)))?.first() {
        let review = open.review.clone().unwrap_or_default();
        return Err(Problem::conflict(format!("{path} has a rewrite before the council already: {review}"))
            .hint("wait for its answer, or withdraw that one"));
    }
    let (root, actor) = (workspace.root.clone(), actor.clone());
    workspace.journal.append(move |tx| {
        check_opened(&edit, standing_hash(tx, &root, &edit.target)?.as_ref())?;
        let text = question(&path, (before.as_deref().unwrap_or_default(), &edit.text), &edit.note);
        let brief = Brief { title: title(&path), text: text.clone(), ask: Ask::default() };
        let file = path.clone();
        let new = NewMission {
            brief,
            text,
            file,
            requester: actor.by.clone(),
            again: true,
            dropped: false,
            brought: Brought::default(),
        };
        let review = mission::review(tx, &new)?;
        let number =
            history::insert(tx, &actor, (&edit, before.as_deref()), (State::Proposed, Some(&review)))?;
        let body = json!({
            "by": actor.by, "os_user": actor.os_user, "change": number, "review": review, "old": edit.opened,
            "new": Digest::of(&edit.text), "note": edit.note, "class": rewrite_class(),
        });
        tx.event(&path, "file_edit_proposed", &body)?;
        Ok(Saved::Proposed(number, review))
    })
}

fn title(path: &str) -> String {
    format!("Rewrite of {path}")
}

/// What the council sees: why, what differs, and the whole of the new text, as quotations.
fn question(path: &str, (before, after): (&str, &str), note: &str) -> String {
    let why = if note.trim().is_empty() { "No reason was given." } else { note.trim() };
    let differs = diff::diff(before, after, ("as it is", "as proposed"));
    let quoted = |text: &str| {
        let longest =
            text.lines().map(|line| line.trim_start().chars().take_while(|c| *c == '`').count()).max();
        let fence = "`".repeat(longest.unwrap_or(0).max(3) + 1);
        format!("{fence}\n{}\n{fence}", text.trim_end())
    };
    format!(
        "Somebody wants to rewrite {path}, by which agents are told what to do.\n\n{why}\n\n## What differs\n\n{}\n\n\
         ## The whole text as proposed\n\n{}\n",
        quoted(&differs),
        quoted(after)
    )
}

/// What the council has said to a change.
pub fn standing(db: &Connection, change: &Change) -> Result<Standing> {
    let Some(review) = &change.review else { return Ok(Standing::Unanswered) };
    let state = mission::mission(db, review)?.state;
    if !state.ended() {
        return Ok(Standing::Asked);
    }
    if state != MissionState::Answered {
        return Ok(Standing::Unanswered);
    }
    let facts = events_of(db, Some(review), 0, MOST)?;
    let held = facts.iter().rfind(|fact| fact.kind == "council_held");
    let told: Value = held.and_then(|fact| serde_json::from_str(&fact.text).ok()).unwrap_or_default();
    // Whoever does not say that nothing blocks has not let it pass.
    Ok(if told.get("blocks") == Some(&Value::Bool(false)) { Standing::Passes } else { Standing::Blocks })
}

/// Writes what the council has answered. `reason` says why, where the council would not let it pass.
///
/// # Errors
/// `Conflict` before the answer, or where the file has changed since; `NotAllowed` for who may not.
pub fn adopt(workspace: &Workspace, actor: &Actor, number: i64, reason: &str) -> Result<()> {
    let change = workspace.journal.read(|db| history::change(db, number))?;
    let target = Target::of(&change.path)?;
    authorise(workspace, &target, &actor.by)?;
    let text = text_of(workspace, &change.new)?;
    super::vet(workspace, &target, &text).map_err(super::first_of)?;
    let edit = Edit {
        target: target.clone(),
        opened: change.old.clone(),
        text,
        note: String::new(),
        skip_council: false,
    };
    let (root, actor, reason) = (workspace.root.clone(), actor.clone(), reason.trim().to_owned());
    workspace.journal.append(move |tx| {
        let change = open(tx.db(), number)?;
        check_answer(standing(tx.db(), &change)?, (&change.by, &actor.by), &reason)?;
        check_opened(&edit, standing_hash(tx, &root, &edit.target)?.as_ref())?;
        history::set_state(tx, number, State::Recorded)?;
        let body = json!({
            "by": actor.by, "os_user": actor.os_user, "change": number, "review": change.review,
            "old": change.old, "new": change.new, "override": (!reason.is_empty()).then_some(&reason),
        });
        tx.event(&change.path, "file_edited", &body).map(drop)
    })?;
    write(workspace, number, &target)
}

fn open(db: &Connection, number: i64) -> Result<Change> {
    let change = history::change(db, number)?;
    if change.state == State::Proposed {
        return Ok(change);
    }
    Err(Problem::conflict(format!("change {number} is {}", change.state.word())))
}

fn check_answer(standing: Standing, (author, by): (&str, &str), reason: &str) -> Result<()> {
    match standing {
        Standing::Asked => Err(Problem::conflict("the council has not answered yet")),
        Standing::Unanswered => Err(Problem::conflict("the council's review ended without an answer")
            .hint("withdraw the change, and propose it again")),
        Standing::Blocks if author == by => {
            Err(Problem::not_allowed("the council would not let this pass, and it is your own change")
                .hint("somebody else who may change prompts can write it, with a reason"))
        }
        Standing::Blocks if reason.is_empty() => {
            Err(Problem::usage("the council would not let this pass; say why it is written all the same"))
        }
        Standing::Passes | Standing::Blocks => Ok(()),
    }
}

/// Gives a change up.
///
/// # Errors
/// `Conflict` where it is no longer open; `NotAllowed` for who may not.
pub fn withdraw(workspace: &Workspace, actor: &Actor, number: i64) -> Result<()> {
    let change = workspace.journal.read(|db| history::change(db, number))?;
    authorise(workspace, &Target::of(&change.path)?, &actor.by)?;
    let actor = actor.clone();
    workspace.journal.append(move |tx| {
        let change = open(tx.db(), number)?;
        history::set_state(tx, number, State::Withdrawn)?;
        let body =
            json!({ "by": actor.by, "os_user": actor.os_user, "change": number, "review": change.review });
        tx.event(&change.path, "file_edit_withdrawn", &body).map(drop)
    })
}
