//! The workspace's own files: changing one as text, what was changed before, and bringing a text back.

use crate::base::{Digest, Kind, Problem, problem::Result};
use crate::daemon::Workspace;
use crate::daemon::edits::{self, Change, Edit, Saved, Standing, State as ChangeState, Target};
use crate::run::Actor;
use crate::sop::diff::kept;
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::{Answer, status};
use crate::web::site::Shared;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};

/// What came of a try to save.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// It is written, or it is with the council.
    pub(super) saved: bool,
    /// It was only looked at, and nothing is wrong with it.
    pub(super) checked: bool,
    /// Why not.
    pub(super) problems: Vec<Problem>,
    /// Where somebody was faster: what differs between the file as it is and what was to be saved.
    pub(super) differs: Option<Vec<Value>>,
    /// And the hash of the file as it is, for who wants to save all the same.
    pub(super) there_hash: Option<String>,
}

impl Tried {
    /// The status of the page that tells it.
    pub(super) fn status(&self) -> StatusCode {
        self.problems.first().map_or(StatusCode::OK, |first| status(first.kind))
    }
}

/// Saves, or only looks; nothing of what was written is lost either way.
pub(super) fn attempt(workspace: &Workspace, actor: &Actor, edit: Edit, only_check: bool) -> Tried {
    let (target, text) = (edit.target.clone(), edit.text.clone());
    let done = if only_check {
        edits::vet(workspace, &target, &text).map(|()| Saved::Unchanged)
    } else {
        edits::save(workspace, actor, edit)
    };
    let Err(problems) = done else {
        return Tried { saved: !only_check, checked: only_check, ..Tried::default() };
    };
    let mut tried = Tried { problems, ..Tried::default() };
    if tried.problems.iter().any(|problem| problem.kind == Kind::Conflict)
        && let Ok(Some((there, digest))) = edits::current(&workspace.root, &target)
        && there != text
    {
        tried.differs = Some(super::diff::rows(&there, &text));
        tried.there_hash = Some(digest.0);
    }
    tried
}

/// Problems for a page, each with the key of the head it is about, where its line says so.
pub(super) fn problem_rows(problems: &[Problem]) -> Vec<Value> {
    let key = |problem: &Problem| {
        let excerpt = &problem.place.as_ref()?.excerpt;
        let (key, _) = excerpt.split_once(':')?;
        let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        plain.then(|| key.to_owned())
    };
    let row = |problem: &Problem| json!({ "message": problem.message, "hint": problem.hint, "place": problem.place, "key": key(problem) });
    problems.iter().map(row).collect()
}

/// `GET /files/{path}`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor, Path(path): Path<String>) -> Answer {
    let target = Target::of(&path)?;
    let party = visitor.party().to_owned();
    let context = site
        .work(move |workspace| {
            let there = edits::current(&workspace.root, &target)?;
            let missing = || Problem::not_found(format!("{} is not there", target.path()));
            let (text, digest) = there.ok_or_else(missing)?;
            let written = Written { text, opened: digest.0, note: String::new() };
            context(workspace, &party, (&target, &written), &Tried::default())
        })
        .await?;
    site.page(&visitor, "file.html", &context)
}

struct Written {
    text: String,
    opened: String,
    note: String,
}

fn context(
    workspace: &Workspace,
    party: &str,
    (target, written): (&Target, &Written),
    tried: &Tried,
) -> Result<Value> {
    let path = target.path();
    let there = edits::current(&workspace.root, target)?.map(|(_, digest)| digest);
    let changes = workspace.journal.read(|db| edits::history(db, &path))?;
    let last = changes.iter().find(|change| change.state == ChangeState::Written);
    let by_hand = last.is_some_and(|last| Some(&last.new) != there.as_ref());
    let may = edits::authorise(workspace, target, party);
    let kind = match target {
        Target::Agent(_) => "agent",
        Target::Prompt(_) => "prompt",
        Target::Settings => "settings",
        Target::Draft(..) => "draft",
    };
    Ok(json!({
        "title": path, "path": path, "kind": kind, "text": written.text, "note": written.note,
        "opened": tried.there_hash.as_ref().unwrap_or(&written.opened), "checked": tried.checked,
        "problems": problem_rows(&tried.problems), "differs": tried.differs, "by_hand": by_hand,
        "changes": changes.iter().map(row).collect::<Vec<_>>(), "refusal": may.err().map(|problem| problem.message),
        "council": matches!(target, Target::Prompt(_)), "below": crate::governance::MAJOR_BELOW,
        "id": match target { Target::Agent(id) => id.as_str(), _ => "" },
    }))
}

pub(super) fn row(change: &Change) -> Value {
    json!({
        "number": change.number, "path": change.path, "by": change.by, "at": change.at.0, "note": change.note,
        "state": change.state.word(), "review": change.review, "old": change.old.as_ref().map(Digest::short),
        "new": change.new.short(),
    })
}

/// A file as text.
#[derive(Deserialize)]
pub(super) struct Sent {
    text: String,
    #[serde(default)]
    opened: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    skip: String,
    #[serde(default)]
    check: String,
}

/// `POST /files/{path}`
pub(super) async fn save(State(site): State<Shared>, Path(path): Path<String>, form: Signed<Sent>) -> Answer {
    let Signed { visitor, fields: Sent { text, opened, note, skip, check } } = form;
    let target = Target::of(&path)?;
    let actor = super::actor(&visitor);
    let party = visitor.party().to_owned();
    let (tried, context) = site
        .work(move |workspace| {
            let text = super::unix(&text);
            let edit = Edit {
                target: target.clone(),
                opened: Some(opened.clone()).filter(|opened| !opened.is_empty()).map(Digest),
                text: text.clone(),
                note: note.clone(),
                skip_council: skip == "1",
            };
            let tried = attempt(workspace, &actor, edit, !check.is_empty());
            let written = Written { text, opened, note };
            let context = context(workspace, &party, (&target, &written), &tried)?;
            Ok((tried, context))
        })
        .await?;
    if tried.saved {
        return Ok(Redirect::to(&format!("/files/{path}")).into_response());
    }
    let page = site.render(Some(&visitor), "file.html", &context)?;
    Ok((tried.status(), page).into_response())
}

/// `GET /changes/{number}`: what one change changed, and what the council said to it.
pub(super) async fn change(State(site): State<Shared>, visitor: Visitor, Path(number): Path<i64>) -> Answer {
    let party = visitor.party().to_owned();
    let context = site.work(move |workspace| change_context(workspace, &party, number)).await?;
    site.page(&visitor, "change.html", &context)
}

fn change_context(workspace: &Workspace, party: &str, number: i64) -> Result<Value> {
    let (change, standing) = workspace.journal.read(|db| {
        let change = edits::change(db, number)?;
        let standing = change.review.is_some().then(|| edits::standing(db, &change)).transpose()?;
        Ok((change, standing))
    })?;
    let text = |digest: &Digest| edits::text_of(workspace, digest).ok();
    let (old, new) = (change.old.as_ref().map(text), text(&change.new));
    let before = old.clone().flatten().unwrap_or_default();
    let differs = new.as_ref().map(|new| super::diff::rows(&before, new));
    let council = match &change.review {
        Some(review) => workspace.journal.read(|db| {
            crate::mission::Files { journal: &workspace.journal, db, mission: review }.text("council.md")
        })?,
        None => None,
    };
    let said = standing.map(|standing| match standing {
        Standing::Asked => "asked",
        Standing::Passes => "passes",
        Standing::Blocks => "blocks",
        Standing::Unanswered => "unanswered",
    });
    let target = Target::of(&change.path)?;
    let may = edits::authorise(workspace, &target, party).is_ok();
    Ok(json!({
        "title": format!("Change {number} of {}", change.path), "row": row(&change), "differs": differs,
        "kept": new.as_ref().map(|new| kept(&before, new)), "said": said, "council": council, "may": may,
        "own": change.by == party, "had_old": old.flatten().is_some(), "open": change.state == ChangeState::Proposed,
    }))
}

/// A wish about a change.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    reason: String,
}

/// `POST /changes/{number}/{verb}`
pub(super) async fn decide(
    State(site): State<Shared>,
    Path((number, verb)): Path<(i64, String)>,
    form: Signed<Wish>,
) -> Answer {
    let Signed { visitor, fields: Wish { reason } } = form;
    let actor = super::actor(&visitor);
    let done = site
        .work(move |workspace| {
            let change = workspace.journal.read(|db| edits::change(db, number))?;
            Ok(match verb.as_str() {
                "write" => edits::adopt(workspace, &actor, number, &reason).map_err(Vec::from),
                "withdraw" => edits::withdraw(workspace, &actor, number).map_err(Vec::from),
                "before" | "after" => bring_back(workspace, &actor, &change, verb == "before"),
                _ => Err(Problem::not_found("nothing is here").into()),
            }
            .map(|()| change.path))
        })
        .await?;
    Ok(Redirect::to(&format!("/files/{}", done?)).into_response())
}

/// Saves the text before or after a change again, as it was.
fn bring_back(
    workspace: &Workspace,
    actor: &Actor,
    change: &Change,
    before: bool,
) -> Result<(), Vec<Problem>> {
    let digest = if before { change.old.as_ref() } else { Some(&change.new) };
    let digest = digest.ok_or_else(|| Problem::not_found("there was no file before this change"))?;
    let target = Target::of(&change.path)?;
    let opened = edits::current(&workspace.root, &target)?.map(|(_, digest)| digest);
    let which = if before { "before" } else { "after" };
    let note = format!("brought back from {which} change {}", change.number);
    let edit = Edit { text: edits::text_of(workspace, digest)?, target, opened, note, skip_council: false };
    edits::save(workspace, actor, edit).map(drop)
}
