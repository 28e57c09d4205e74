//! One decision: the page, and the forms on it. Showing it decides nothing; an answer counts only for the bytes that
//! were shown. What there is to judge it by is put together in `judging`.

use super::judging::{self, View};
use crate::base::{Kind, Problem, Span, problem::Result};
use crate::decision::{self, Look, Verb};
use crate::front::{self, Answering, Remark};
use crate::run::Actor;
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::{Answer, Failure};
use crate::web::site::Shared;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// How command lines begin in what is said here.
const SOPD: &str = "sopd";
/// Begins the name of a form's field for a comment on a line.
const LINE: &str = "line.";

/// What the draft is compared with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Beside {
    /// `version`, `round`, a worker's id; nothing without it.
    #[serde(default)]
    against: String,
}

/// `GET /decisions/{id}`
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(Beside { against }): Query<Beside>,
) -> Answer {
    let view = View { me: visitor.party().to_owned(), now: site.now(), against, shown: String::new() };
    let me = view.me.clone();
    let (context, new) = {
        let (id, shared) = (id.clone(), site.clone());
        site.work(move |workspace| {
            let context = judging::context(&shared, workspace, &id, &view)?;
            let new = workspace.journal.read(|db| {
                let decision = decision::one(db, &id)?;
                let look = decision::look_of(db, &decision, &view.me)?;
                Ok((look != Look::Seen).then_some(decision))
            })?;
            Ok((context, new))
        })
        .await?
    };
    if let Some(decision) = new {
        site.append(move |tx| decision::looked(tx, &decision, &me)).await?;
    }
    site.page(&visitor, "decision.html", &context)
}

/// The fields of every form on the page.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    /// The whole hash of what the page showed.
    #[serde(default)]
    hash: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    overriding: String,
    /// A party, where another one is meant.
    #[serde(default)]
    to: String,
    /// By how much a deadline is to move.
    #[serde(default)]
    by: String,
    /// Comments on lines, `line.12`.
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// `POST /decisions/{id}/{verb}`
pub(super) async fn answer(
    State(site): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
    form: Signed<Said>,
) -> Answer {
    let Signed { visitor, fields: said } = form;
    let actor = Actor { by: visitor.party().to_owned(), os_user: visitor.means() };
    let shown = said.hash.clone();
    let asked = id.clone();
    let done = site.work(move |workspace| Ok(act(workspace, &actor, (&asked, &verb), said))).await?;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/decisions/{id}")).into_response()),
        Err(problems) => match problems.first() {
            Some(first) if first.kind == Kind::Conflict => {
                let problem = first.clone();
                changed(&site, &visitor, (id, shown), &problem).await
            }
            _ => Err(Failure::Problem(problems)),
        },
    }
}

type Workspace = crate::daemon::Workspace;

fn act(
    workspace: &Workspace,
    actor: &Actor,
    (id, verb): (&str, &str),
    said: Said,
) -> Result<(), Vec<Problem>> {
    let text = said.text.replace("\r\n", "\n");
    let one = |problem: Problem| vec![problem];
    match verb {
        "delegate" => {
            front::delegate(SOPD, workspace, actor, (id, said.to.trim(), &text)).map(drop).map_err(one)
        }
        "defer" => {
            let by: Span = said.by.parse().map_err(|words| one(Problem::usage(words)))?;
            front::defer(SOPD, workspace, actor, (id, by, &text)).map(drop).map_err(one)
        }
        "claim" => front::claim(SOPD, workspace, actor, id).map(drop).map_err(one),
        "release" => front::release(SOPD, workspace, actor, id).map(drop).map_err(one),
        "ask" => front::ask(SOPD, workspace, actor, (id, said.to.trim(), &text)).map(drop).map_err(one),
        _ => {
            let verb = verb_of(verb).map_err(one)?;
            let remarks = if verb == Verb::Revise { remarks(&said.rest).map_err(one)? } else { Vec::new() };
            let text = front::with_remarks(workspace, id, &text, &remarks).map_err(one)?;
            let overriding = (!said.overriding.trim().is_empty()).then_some(said.overriding);
            let shown = if said.hash.is_empty() {
                return Err(one(Problem::usage("the form does not say what it showed")));
            } else {
                Some(said.hash)
            };
            let act = Answering { text, overriding, shown, ..Answering::new(id.to_owned(), verb) };
            front::answer(SOPD, workspace, actor, act).map(drop)
        }
    }
}

fn verb_of(word: &str) -> Result<Verb> {
    match word {
        "approve" => Ok(Verb::Approve),
        "reject" => Ok(Verb::Reject),
        "revise" => Ok(Verb::Revise),
        "answer" => Ok(Verb::Answer),
        "retry" => Ok(Verb::Retry),
        _ => Err(Problem::not_found(format!("a decision is not answered with `{word}`"))),
    }
}

/// The comments on lines, in the order of the lines.
fn remarks(fields: &BTreeMap<String, String>) -> Result<Vec<Remark>> {
    let written = fields.iter().filter_map(|(name, text)| Some((name.strip_prefix(LINE)?, text.trim())));
    let mut found = Vec::new();
    for (line, text) in written.filter(|(_, text)| !text.is_empty()) {
        let wrong = |_odd| Problem::usage(format!("`{line}` is not the number of a line"));
        found.push(Remark { line: line.parse().map_err(wrong)?, text: text.to_owned() });
    }
    found.sort_by_key(|remark| remark.line);
    Ok(found)
}

/// What is asked now, with what came in between on top.
async fn changed(
    site: &Shared,
    visitor: &Visitor,
    (id, shown): (String, String),
    problem: &Problem,
) -> Answer {
    let view = View { me: visitor.party().to_owned(), now: site.now(), against: String::new(), shown };
    let shared = site.clone();
    let mut context = site.work(move |workspace| judging::context(&shared, workspace, &id, &view)).await?;
    if let Some(members) = context.as_object_mut() {
        members.insert("conflict".to_owned(), json!(problem));
    }
    let page = site.render(Some(visitor), "decision.html", &context)?;
    Ok((StatusCode::CONFLICT, page).into_response())
}
