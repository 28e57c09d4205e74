//! One decision: exactly what is asked, everything there is to judge it by, and the forms to answer. Showing it
//! decides nothing; an answer counts only for the bytes that were shown.

use crate::base::{Kind, Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::{self, Decision, DecisionKind, Given, State as Stage, Verb};
use crate::mission::{self, Draft, Files};
use crate::run;
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::{Answer, Failure};
use crate::web::site::Shared;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

/// `GET /decisions/{id}`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let (me, now) = (visitor.party().to_owned(), site.now());
    let context = site.work(move |workspace| context(workspace, &id, &me, now)).await?;
    site.page(&visitor, "decision.html", &context)
}

/// The fields of an answer.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    /// The whole hash of what the page showed.
    hash: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    overriding: String,
    #[serde(default)]
    line: String,
}

/// `POST /decisions/{id}/{verb}`
pub(super) async fn answer(
    State(site): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
    form: Signed<Said>,
) -> Answer {
    let Signed { visitor, fields: said } = form;
    let verb = verb_of(&verb)?;
    let line = match said.line.trim() {
        "" => None,
        line => Some(
            line.parse().map_err(|_odd| Problem::usage(format!("`{line}` is not the number of a line")))?,
        ),
    };
    let given = Given {
        by: visitor.party().to_owned(),
        os_user: visitor.means(),
        text: said.text.replace("\r\n", "\n"),
        overriding: (!said.overriding.trim().is_empty()).then_some(said.overriding),
        line,
        shown: Some(said.hash),
    };
    let asked = id.clone();
    let answered = site.append(move |tx| decision::resolve(tx, &asked, verb, &given)).await;
    match answered.and_then(|inner| inner) {
        Ok(_answer) => Ok(Redirect::to(&format!("/decisions/{id}")).into_response()),
        Err(problem) if problem.kind == Kind::Conflict => changed(&site, &visitor, id, &problem).await,
        Err(problem) => Err(problem.into()),
    }
}

fn verb_of(word: &str) -> Result<Verb, Failure> {
    match word {
        "approve" => Ok(Verb::Approve),
        "reject" => Ok(Verb::Reject),
        "revise" => Ok(Verb::Revise),
        "answer" => Ok(Verb::Answer),
        "retry" => Ok(Verb::Retry),
        _ => Err(Problem::not_found(format!("a decision is not answered with `{word}`")).into()),
    }
}

/// What is asked now, with what came in between on top.
async fn changed(site: &Shared, visitor: &Visitor, id: String, problem: &Problem) -> Answer {
    let (me, now) = (visitor.party().to_owned(), site.now());
    let mut context = site.work(move |workspace| context(workspace, &id, &me, now)).await?;
    if let Some(members) = context.as_object_mut() {
        members.insert("conflict".to_owned(), json!(problem));
    }
    let page = site.render(Some(visitor), "decision.html", &context)?;
    Ok((StatusCode::CONFLICT, page).into_response())
}

fn context(workspace: &Workspace, id: &str, me: &str, now: crate::base::Instant) -> Result<Value> {
    workspace.journal.read(|db| {
        let decision = decision::one(db, id)?;
        let ask = &decision.ask;
        let asked = ask.asked_of.iter().any(|party| party == me);
        let of_run = ask.mission.starts_with("sop_run_");
        let draft = if of_run { None } else { draft(workspace, db, &decision)? };
        let reports = if of_run { Vec::new() } else { reports(db, &ask.mission)? };
        let voted = decision.votes.iter().any(|party| party == me);
        let may = decision.state == Stage::Open && asked && !ask.barred.contains_key(me) && !voted;
        Ok(json!({
            "title": ask.title, "id": decision.id, "kind": ask.kind.word(), "ask": ask, "state": decision.state,
            "requested_at": decision.requested_at.0, "due_at": ask.due_at.map(|due| due.0),
            "then": ask.on_deadline.then(), "overdue": decision.overdue(now), "reminders": decision.reminders,
            "votes": decision.votes, "quorum": ask.quorum, "answer": decision.answer, "answered_at": decision.answer.as_ref().map(|a| a.at.0),
            "ways": ways(&decision), "may": may, "voted": voted, "barred": ask.barred.get(me),
            "needs_override": decision.needs_override(), "of_run": of_run,
            "bound": !matches!(ask.kind, DecisionKind::Question | DecisionKind::Assignment | DecisionKind::Stuck),
            "effect": ask.details.get("effect"), "final": ask.details.get("reversible") == Some(&json!(false)),
            "step": ask.details.get("step"), "reports": reports, "draft": draft,
            "cost": cost(db, &decision, of_run)?,
            "siblings": siblings(db, &decision)?,
        }))
    })
}

/// The ways to answer: the word in the address, what it is called, what it leads to, whether words are needed.
fn ways(decision: &Decision) -> Vec<Value> {
    let kind = decision.ask.kind;
    let way = |(verb, leads_to): (Verb, String)| {
        let (word, label) = match (verb, kind) {
            (Verb::Approve, DecisionKind::Forward) => ("approve", "Forward"),
            (Verb::Approve, DecisionKind::Publish | DecisionKind::Review) => ("approve", "Sign"),
            (Verb::Approve, _) => ("approve", "Approve"),
            (Verb::Reject, _) => ("reject", "Reject"),
            (Verb::Revise, _) => ("revise", "Request changes"),
            (Verb::Answer, _) => ("answer", "Answer"),
            (Verb::Retry, _) => ("retry", "Try again"),
            (Verb::Complete, _) => ("complete", "Hand in"),
        };
        let words = matches!(verb, Verb::Reject | Verb::Revise | Verb::Answer);
        json!({ "word": word, "label": label, "leads_to": leads_to, "needs_words": words })
    };
    decision.ways().into_iter().map(way).collect()
}

fn draft(workspace: &Workspace, db: &Connection, decision: &Decision) -> Result<Option<Value>> {
    let mission = &decision.ask.mission;
    let row = mission::mission(db, mission)?;
    let files = Files { journal: &workspace.journal, db, mission };
    let Some(draft) = files.draft(Some(decision), row.round)? else { return Ok(None) };
    let before = match draft.round.checked_sub(1).filter(|round| *round > 0) {
        Some(round) => files.text(&format!("synthesis-{round}.md"))?,
        None => None,
    };
    let unsourced = draft.lines.iter().filter(|line| line.from.starts_with("unsourced")).count();
    Ok(Some(json!({
        "file": draft.file, "sha256": draft.sha256, "round": draft.round, "lines": draft.lines, "text": draft.text,
        "verdicts": draft.verdicts, "each": draft.verdicts.each, "findings": draft.findings,
        "dissent": draft.dissent, "unsourced": unsourced,
        "is_asked": draft.sha256 == decision.ask.hash, "diff": before.map(|before| diff(&before, &draft)),
    })))
}

/// What the contract asks for, and what validators and the council said, word for word.
fn reports(db: &Connection, mission: &str) -> Result<Vec<String>> {
    let told = ["contract", "scrutiny-", "user-test-", "council", "provenance-"];
    let names = mission::artifacts(db, mission)?.into_iter().map(|artifact| artifact.name);
    Ok(names.filter(|name| told.iter().any(|start| name.starts_with(start))).collect())
}

/// What changed since the round before, line by line.
fn diff(before: &str, draft: &Draft) -> Vec<Value> {
    super::diff::rows(before, &draft.text)
}

fn cost(db: &Connection, decision: &Decision, of_run: bool) -> Result<Value> {
    let id = &decision.ask.mission;
    if of_run {
        let status = daemon::run_status(db, id)?;
        return Ok(
            json!({ "usd": status.cost_usd, "tokens": status.tokens, "title": run::run(db, id)?.sop }),
        );
    }
    let status = daemon::status_of(db, id)?;
    Ok(json!({ "usd": status.cost_usd, "tokens": status.tokens, "title": status.title }))
}

/// What else was or is asked for the same mission or run.
fn siblings(db: &Connection, decision: &Decision) -> Result<Vec<Value>> {
    let all = decision::all_of_mission(db, &decision.ask.mission)?;
    let row = |one: &Decision| {
        json!({
            "id": one.id, "title": one.ask.title, "state": one.state, "asked_of": one.ask.asked_of,
            "requested_at": one.requested_at.0, "this": one.id == decision.id,
            "answer": one.answer.as_ref().map(|answer| json!({
                "verb": answer.verb.word(), "by": answer.by, "at": answer.at.0, "text": answer.text,
            })),
        })
    };
    Ok(all.iter().map(row).collect())
}
