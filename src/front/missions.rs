//! What a party does with a mission besides answering: ending it, trying again, calling the council.

use super::deeds::{Answering, answer};
use super::party::check_party;
use crate::base::{Problem, problem::Result};
use crate::brief::{Ask, Brief};
use crate::daemon::Workspace;
use crate::decision::{self, DecisionKind, Verb};
use crate::mission::{self, Brought, Control, NewMission};
use crate::run::Actor;

/// Ends a mission; everything produced so far is kept.
///
/// # Errors
/// Those of [`mission::cancel`].
pub fn cancel_mission(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, text): (&str, &str),
) -> Result<(), Vec<Problem>> {
    control(sopd, workspace, actor, (id, text), true)
}

/// Tries again: an open decision about being stuck takes the retry as its answer, a stopped workflow is driven again.
///
/// # Errors
/// `Usage` where the mission is stuck in more than one place, besides those of [`mission::retry`].
pub fn retry_mission(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, text): (&str, &str),
) -> Result<(), Vec<Problem>> {
    let open = workspace.journal.read(|db| {
        mission::mission(db, id)?;
        decision::open_of_mission(db, id)
    });
    let open = open.map_err(|problem| vec![problem])?;
    let mut stuck = open.into_iter().filter(|decision| decision.ask.kind == DecisionKind::Stuck);
    match (stuck.next(), stuck.next()) {
        (None, _) => control(sopd, workspace, actor, (id, text), false),
        (Some(only), None) => {
            let act = Answering { text: text.to_owned(), ..Answering::new(only.id, Verb::Retry) };
            answer(sopd, workspace, actor, act).map(drop)
        }
        (Some(one), Some(two)) => {
            let stuck = format!("{id} is stuck in more than one place: {}, {}", one.id, two.id);
            Err(vec![Problem::usage(stuck).hint("approve, reject or revise one of them by its own id")])
        }
    }
}

fn control(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, text): (&str, &str),
    cancel: bool,
) -> Result<(), Vec<Problem>> {
    let whole = |problem| vec![problem];
    workspace.journal.read(|db| mission::mission(db, id)).map_err(whole)?;
    check_party(sopd, workspace, &actor.by, &[]).map_err(whole)?;
    let publication = workspace.snapshot()?.settings.publication.clone();
    let control = Control {
        mission: id.to_owned(),
        by: actor.by.clone(),
        os_user: actor.os_user.clone(),
        text: text.to_owned(),
    };
    let said = workspace.journal.append(move |tx| {
        if cancel {
            mission::cancel(tx, &control, &publication)
        } else {
            mission::retry(tx, &control, &publication)
        }
    });
    said.map_err(whole)
}

/// What the council is to look at.
#[derive(Clone, Debug)]
pub enum ForCouncil {
    /// A mission, by its id: the council is held with its next round.
    Mission(String),
    /// Any text, as it is: its answer becomes `council.md` of a mission of its own.
    Text {
        /// What the file is called.
        name: String,
        /// What is in it.
        text: String,
        /// Take it although the very same text was looked at before.
        again: bool,
    },
}

/// Calls the council. Gives the mission's id.
///
/// # Errors
/// `NotFound` for an unknown mission, `Conflict` where the council cannot be called.
pub fn call_council(sopd: &str, workspace: &Workspace, party: &str, what: ForCouncil) -> Result<String> {
    if let ForCouncil::Mission(id) = &what {
        workspace.journal.read(|db| mission::mission(db, id))?;
    }
    check_party(sopd, workspace, party, &[])?;
    let by = party.to_owned();
    match what {
        ForCouncil::Mission(id) => {
            let named = id.clone();
            workspace.journal.append(move |tx| mission::call_council(tx, &named, &by))?;
            Ok(id)
        }
        ForCouncil::Text { name, text, again } => {
            let brief = brief(&name, &text);
            let new = NewMission {
                brief,
                text,
                file: name,
                requester: by,
                again,
                dropped: false,
                brought: Brought::default(),
            };
            workspace.journal.append(move |tx| mission::review(tx, &new))
        }
    }
}

/// The file as it is: its first heading is the title, and nothing in it is taken for a mission's head.
fn brief(name: &str, text: &str) -> Brief {
    let heading = text.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim);
    let title = heading.filter(|title| !title.is_empty()).unwrap_or(name);
    Brief { title: title.to_owned(), text: text.to_owned(), ask: Ask::default() }
}
