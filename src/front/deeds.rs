//! What a party does: each deed looks the party up, and calls the layer that decides whether it may.

use super::party::{check_asked, check_party};
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::{self, Answer, Decision, DecisionKind, Given, Verb};
use crate::draft;
use crate::journal::Tx;
use crate::registry::{self, Status};
use crate::run::{self, Actor, Cause, Control, Handed, Request, Started};
use crate::sop::SopId;
use crate::sop::document::ExecutionMode;
use serde_json::json;
use std::collections::BTreeMap;

/// One answer to one decision.
#[derive(Clone, Debug)]
pub struct Answering {
    /// The decision's id, or that of a mission or run with just one open.
    pub id: String,
    /// How.
    pub verb: Verb,
    /// Comment, reason or answer.
    pub text: String,
    /// Why failed blocking assertions are overridden.
    pub overriding: Option<String>,
    /// The line of the draft a comment is about.
    pub line: Option<u32>,
    /// The hash the party was shown.
    pub shown: Option<String>,
    /// The text that takes the draft's place, with the name of its file.
    pub edited: Option<(String, String)>,
}

impl Answering {
    /// One without words.
    pub fn new(id: String, verb: Verb) -> Self {
        Self { id, verb, text: String::new(), overriding: None, line: None, shown: None, edited: None }
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The decision as it stands now: still open where more than one must agree.
    pub decision: Decision,
    /// What is on record.
    pub answer: Answer,
}

/// What somebody wants of a run.
#[derive(Clone, Debug)]
pub enum Steering {
    /// Pause, resume, retry, skip.
    Control(Control),
    /// End it, for this reason.
    Cancel(String),
}

impl Steering {
    /// What comes of it once it is taken up.
    pub fn words(&self, run: &str) -> String {
        match self {
            Self::Control(Control::Pause { .. }) => format!("{run} begins no further step"),
            Self::Control(Control::Resume { .. }) => format!("{run} goes on"),
            Self::Control(Control::Retry { step: None, .. }) => format!("what holds {run} up is done again"),
            Self::Control(Control::Retry { step: Some(step), .. }) => {
                format!("step {step} of {run} and what comes after it are done again")
            }
            Self::Control(Control::Skip { step, .. }) => format!("step {step} of {run} is left out"),
            Self::Control(Control::Complete { step, .. }) => format!("step {step} of {run} is done by hand"),
            Self::Cancel(_) => format!("{run} ends"),
        }
    }
}

/// Answers a decision. A draft that is not in its form is explained and not handed in.
///
/// # Errors
/// Those of [`decision::resolve`]; of a draft every problem.
pub fn answer(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    act: Answering,
) -> Result<Answered, Vec<Problem>> {
    answer_if(sopd, workspace, actor, act, |_tx, _decision| Ok(()))
}

/// [`answer`], unless `also` objects in the very transaction that answers.
pub(super) fn answer_if(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    act: Answering,
    also: impl FnOnce(&Tx<'_>, &Decision) -> Result<()> + Send + 'static,
) -> Result<Answered, Vec<Problem>> {
    let decision =
        workspace.journal.read(|db| decision::find(db, &act.id)).map_err(|problem| vec![problem])?;
    if decision.ask.kind == DecisionKind::Assignment && act.verb == Verb::Answer {
        draft::parse(&format!("{}'s draft", actor.by), &act.text)?;
    }
    if act.verb == Verb::Edit {
        let (name, text) = act.edited.as_ref().map_or(("", ""), |(name, text)| (name, text));
        super::edited::vet(workspace, &decision, (name, text))?;
    }
    resolve(sopd, workspace, actor, (decision, act), also).map_err(|problem| vec![problem])
}

fn resolve(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (decision, act): (Decision, Answering),
    also: impl FnOnce(&Tx<'_>, &Decision) -> Result<()> + Send + 'static,
) -> Result<Answered> {
    let journal = &workspace.journal;
    check_asked(sopd, workspace, &actor.by, &decision)?;
    run::check_words(&decision, act.verb, &act.text)?;
    let given = Given {
        by: actor.by.clone(),
        os_user: actor.os_user.clone(),
        text: act.text,
        overriding: act.overriding,
        line: act.line,
        shown: act.shown,
        edited: act.edited.map(|(_name, text)| text),
    };
    let (id, verb) = (decision.id.clone(), act.verb);
    let answered = journal.append(move |tx| {
        let answered = decision::resolve(tx, &decision.id, verb, &given)?;
        also(tx, &decision)?;
        Ok(answered)
    });
    let answer = answered??;
    let decision = journal.read(|db| decision::one(db, &id))?;
    Ok(Answered { decision, answer })
}

/// Starts a run of the active version of `request.sop`.
///
/// # Errors
/// Those of [`run::begin`], with every problem of settings and roster that cannot be read.
pub fn start(sopd: &str, workspace: &Workspace, request: Request) -> Result<Started, Vec<Problem>> {
    check_party(sopd, workspace, &request.by, &[]).map_err(|problem| vec![problem])?;
    let snapshot = workspace.snapshot()?;
    let begun = run::begin(&workspace.journal, &workspace.root, &snapshot, request);
    let mut started = begun.map_err(|problem| vec![problem])?;
    if started.waits.is_empty() && !started.existing && daemon::is_stopping(&workspace.root) {
        "it begins with the next start: sopd is stopping here and begins nothing new"
            .clone_into(&mut started.waits);
    }
    Ok(started)
}

/// What somebody asks for by hand.
pub fn by_hand(actor: &Actor, sop: SopId, given: BTreeMap<String, String>) -> Request {
    Request {
        sop,
        given,
        mode: None,
        by: actor.by.clone(),
        os_user: actor.os_user.clone(),
        cause: Cause::Manual,
        hold: false,
        idempotency_key: None,
        pinned: None,
    }
}

/// Steers a run.
///
/// # Errors
/// Those of [`run::control`] and [`run::cancel`].
pub fn steer(sopd: &str, workspace: &Workspace, actor: &Actor, (id, wish): (&str, Steering)) -> Result<()> {
    let plan = run::plan_of(&workspace.journal, id)?;
    check_party(sopd, workspace, &actor.by, &[])?;
    let (actor, run) = (actor.clone(), id.to_owned());
    workspace.journal.append(move |tx| match &wish {
        Steering::Control(control) => run::control(tx, &run, control, (&actor, &plan)),
        Steering::Cancel(reason) => run::cancel(tx, &run, reason, (&actor, &plan)),
    })
}

/// Hands in a step of a run.
///
/// # Errors
/// Those of [`run::complete`].
pub fn complete(sopd: &str, workspace: &Workspace, actor: &Actor, handed: Handed) -> Result<Answer> {
    workspace.journal.read(|db| run::run(db, &handed.run))?;
    check_party(sopd, workspace, &actor.by, &[])?;
    let given = Given { by: actor.by.clone(), os_user: actor.os_user.clone(), ..Given::default() };
    workspace.journal.append(move |tx| run::complete(tx, &handed, &given))?
}

/// Reads a mode's word.
///
/// # Errors
/// `Usage` for a word that is none.
pub fn mode(word: &str) -> Result<ExecutionMode> {
    serde_json::from_value(json!(word)).map_err(|_unknown| {
        Problem::usage(format!("there is no mode `{word}`"))
            .hint("one of auto, supervised, step_by_step, priority_based")
    })
}

/// Hands a mission in: the party is its requester. Gives the mission's id.
///
/// # Errors
/// Every problem of the file, of settings and of the roster.
pub fn submit(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    file: (&str, &str),
    again: bool,
) -> Result<String, Vec<Problem>> {
    check_party(sopd, workspace, &actor.by, &[]).map_err(|problem| vec![problem])?;
    let snapshot = workspace.snapshot()?;
    Ok(daemon::submit_as(workspace, &snapshot, file, again, actor)?.mission)
}

/// The SOP that is meant: its id, or the name in it where just one active SOP has that (`lead-qualification`).
///
/// # Errors
/// `NotFound` where nothing active has that name, `Usage` where several have.
pub fn sop_named(workspace: &Workspace, name: &str) -> Result<SopId> {
    if let Ok(id) = name.parse::<SopId>() {
        return Ok(id);
    }
    let rows = workspace.journal.read(registry::all)?;
    let mut ids = rows
        .into_iter()
        .filter(|row| row.status == Status::Active && row.id.name() == name)
        .map(|row| row.id);
    match (ids.next(), ids.next()) {
        (Some(only), None) => Ok(only),
        (Some(one), Some(two)) => {
            Err(Problem::usage(format!("`{name}` may be {one} or {two}")).hint("give the whole id"))
        }
        (None, _) => Err(Problem::not_found(format!("there is no active SOP `{name}`"))
            .hint("see `sopd sop list --active`")),
    }
}
