//! One decision: the page, and the forms on it. Showing it decides nothing; an answer counts only for the bytes that
//! were shown. What there is to judge it by is put together in `judging`.

use super::judging::{self, View};
use super::written::{self, Came, Words};
use crate::base::{Kind, Problem, Span, problem::Result};
use crate::decision::{self, Decision, DecisionKind, Look, Verb};
use crate::front::{self, Answering};
use crate::run::Actor;
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::{Answer, status};
use crate::web::site::Shared;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Redirect};
use futures::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How command lines begin in what is said here.
const SOPD: &str = "sopd";
/// Longest wait for what was signed to be in force before the page is shown.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// What the draft is compared with, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Beside {
    /// `version`, `round`, a worker's id; nothing without it.
    against: String,
    /// What whoever looks has just done short of answering.
    done: String,
}

/// `GET /decisions/{id}`
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(Beside { against, done }): Query<Beside>,
) -> Answer {
    let view = View { against, done, ..View::of(visitor.party(), site.now()) };
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

/// A form of the page, or of the question what is to become of comments.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    /// The whole hash of what the page showed.
    #[serde(default)]
    hash: String,
    /// `send` or `keep`: what becomes of comments that the answer would leave behind.
    #[serde(default)]
    comments: String,
    /// What the draft is to be compared with.
    #[serde(default)]
    against: String,
    /// Everything that was written, see [`written::read`].
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// `POST /decisions/{id}/{verb}`
pub(super) async fn answer(
    State(site): State<Shared>,
    Path((id, way)): Path<(String, String)>,
    headers: HeaderMap,
    form: Signed<Said>,
) -> Answer {
    let Signed { visitor, fields: Said { hash, comments, against, rest } } = form;
    let actor = super::actor(&visitor);
    let by_itself = headers.contains_key("hx-request");
    let words = written::read(&way, &rest)?;
    let (asked, party, shown) = (id.clone(), actor.by.clone(), hash.clone());
    let (decision, words) = site
        .work(move |workspace| {
            let came = Came { id: &asked, party: &party, shown: &shown, words, by_itself };
            written::keep(workspace, came)
        })
        .await?;
    let left = written::left_behind(&way, &words);
    if way == "keep" {
        return kept(&site, &id, (by_itself, &against), &left);
    }
    let ends = matches!(way.as_str(), "approve" | "reject" | "answer" | "retry");
    if ends && !left.is_empty() && !matches!(comments.as_str(), "send" | "keep") {
        let context = json!({
            "title": "What becomes of your comments?", "id": id, "way": way, "hash": hash, "left": left,
            "label": judging::label(&way, decision.ask.kind),
        });
        return site.page(&visitor, "unsent.html", &context);
    }
    let along = way == "revise" || comments == "send";
    let act = Act { id: id.clone(), way: way.clone(), shown: hash.clone(), words, along };
    let before = site.feed.head();
    let done = site.work(move |workspace| Ok(carry_out(workspace, &actor, &decision, act))).await?;
    match done {
        Ok(Some(mission)) => published(&site, &mission, before).await,
        Ok(None) => {}
        Err(problems) => return refused(&site, &visitor, (id, hash), problems).await,
    }
    let told = if matches!(way.as_str(), "delegate" | "defer" | "claim" | "release" | "ask") {
        format!("?done={way}")
    } else {
        String::new()
    };
    Ok(Redirect::to(&format!("/decisions/{id}{told}")).into_response())
}

/// Where somebody goes on who only had words kept; the page itself is given the list of comments.
fn kept(site: &Shared, id: &str, (by_itself, against): (bool, &str), left: &[Value]) -> Answer {
    if by_itself {
        let list = site.fragment("comments.html", &json!({ "comments": left }))?;
        return Ok(Html(list).into_response());
    }
    let to = if against.is_empty() {
        format!("/decisions/{id}?done=keep")
    } else {
        let against = percent_encoding::utf8_percent_encode(against, percent_encoding::NON_ALPHANUMERIC);
        format!("/decisions/{id}?against={against}#compare")
    };
    Ok(Redirect::to(&to).into_response())
}

/// Waits a moment for what was signed to be in force, so that the page can say so.
async fn published(site: &Shared, mission: &str, before: i64) {
    let there = |fact: &crate::journal::Event| {
        fact.subject == mission
            && matches!(fact.kind.as_str(), "published" | "mission_closed" | "decision_requested")
    };
    let facts = std::pin::pin!(site.feed.listen(before).any(|fact| std::future::ready(there(&fact))));
    // Whether it came or not, the page says how it stands.
    drop(tokio::time::timeout(LONGEST_WAIT, facts).await);
}

type Workspace = crate::daemon::Workspace;

/// What somebody does.
struct Act {
    id: String,
    way: String,
    /// The hash of what was shown.
    shown: String,
    words: Words,
    /// Comments go along.
    along: bool,
}

/// Does it, and forgets of the words what was sent. The mission that is published with it, where one is.
fn carry_out(
    workspace: &Workspace,
    actor: &Actor,
    decision: &Decision,
    act: Act,
) -> Result<Option<String>, Vec<Problem>> {
    let one = |problem: Problem| vec![problem];
    let Act { id, way, shown, words, along } = act;
    let part = |name: &str| words.get(&format!("{way}.{name}")).map_or("", String::as_str);
    let (text, to) = (part("text"), part("to").trim());
    let signed = match way.as_str() {
        "delegate" => front::delegate(SOPD, workspace, actor, (&id, to, text)).map(|_| false).map_err(one)?,
        "defer" => {
            let by: Span = part("by").parse().map_err(|words| one(Problem::usage(words)))?;
            front::defer(SOPD, workspace, actor, (&id, by, text)).map(|_| false).map_err(one)?
        }
        "claim" => front::claim(SOPD, workspace, actor, &id).map(|_| false).map_err(one)?,
        "release" => front::release(SOPD, workspace, actor, &id).map(|_| false).map_err(one)?,
        "ask" => front::ask(SOPD, workspace, actor, (&id, to, text)).map(|_| false).map_err(one)?,
        _ => {
            let verb = verb_of(&way).map_err(one)?;
            if shown.is_empty() {
                return Err(one(Problem::usage("the form does not say what it showed")));
            }
            let text = if along {
                with_comments(workspace, &id, (&way, &words)).map_err(one)?
            } else {
                text.to_owned()
            };
            let overriding = Some(part("overriding").to_owned()).filter(|reason| !reason.trim().is_empty());
            let answering = Answering { text, overriding, shown: Some(shown), ..Answering::new(id, verb) };
            let answered = front::answer(SOPD, workspace, actor, answering)?;
            verb == Verb::Approve
                && decision.ask.kind == DecisionKind::Publish
                && answered.decision.answer.is_some()
        }
    };
    let (of, party) = (decision.clone(), actor.by.clone());
    let fields = written::sent(&way, &words, along);
    workspace.journal.append(move |tx| decision::sent(tx, &of, &party, &fields)).map_err(one)?;
    Ok(signed.then(|| decision.ask.mission.clone()))
}

/// The words of an answer with what was to be changed and the comments on lines below them.
fn with_comments(workspace: &Workspace, id: &str, (way, words): (&str, &Words)) -> Result<String> {
    let part = |name: String| words.get(&name).map_or("", |text| text.trim());
    let own = part(format!("{way}.text"));
    let changes = if way == "revise" { "" } else { part("revise.text".to_owned()) };
    let text = [own, changes].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    front::with_remarks(workspace, id, &text, &written::remarks(words))
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

/// The page as it stands now, with why nothing was done on top, and everything that was written still in it. Whoever
/// was late is told what came in between.
pub(super) async fn refused(
    site: &Shared,
    visitor: &Visitor,
    (id, shown): (String, String),
    problems: Vec<Problem>,
) -> Answer {
    let late = problems.first().is_some_and(|first| first.kind == Kind::Conflict);
    let shown = if late { shown } else { String::new() };
    let view = View { shown, ..View::of(visitor.party(), site.now()) };
    let shared = site.clone();
    let mut context = site.work(move |workspace| judging::context(&shared, workspace, &id, &view)).await?;
    let status = problems.first().map_or(StatusCode::BAD_REQUEST, |first| status(first.kind));
    if let Some(members) = context.as_object_mut() {
        members.insert("refused".to_owned(), json!(problems));
        members.insert("late".to_owned(), json!(late));
    }
    let page = site.render(Some(visitor), "decision.html", &context)?;
    Ok((status, page).into_response())
}
