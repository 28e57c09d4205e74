//! `/events`: the journal's facts as they come, resumable by their place in the chain.

use super::caller::Visitor;
use super::page::{Answer, Failure};
use super::programs::ByToken;
use super::site::Shared;
use crate::access::{self, Scope};
use crate::api::caller::Callers as _;
use crate::base::trace::is_run;
use crate::base::{Problem, problem::Result};
use crate::daemon;
use crate::front;
use crate::journal::Event as Fact;
use crate::mission::is_id;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use serde::Deserialize;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

/// How often a silent line says that it is alive, so that proxies keep it.
const ALIVE: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize)]
pub(super) struct After {
    /// The place the page was made at.
    after: Option<i64>,
    /// What the page is about: `missions`, `runs`, `inbox`, the id of a mission or run; everything without it.
    #[serde(default)]
    about: String,
}

/// Whether a fact concerns a page about `about`: what does not is not told, so that a page is not made anew for others.
fn concerns(about: &str, fact: &Fact) -> bool {
    match about {
        "" | "all" => true,
        "missions" => !is_run(&fact.subject) && (is_id(&fact.subject) || fact.kind == "published"),
        "runs" => is_run(&fact.subject),
        "inbox" => fact.kind.starts_with("decision_"),
        subject => fact.subject == subject,
    }
}

/// `GET /events`
pub(super) async fn stream(
    State(site): State<Shared>,
    visitor: Option<Extension<Visitor>>,
    Query(After { after, about }): Query<After>,
    headers: HeaderMap,
) -> Answer {
    let may = may_listen(&site, visitor.map(|Extension(visitor)| visitor), headers.clone())?;
    let now = may.clone();
    site.work(move |_workspace| now()).await?;
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    // A place that is yet to come is of a log that went back since: what is new from now on is news.
    let head = site.feed.head();
    let from = resumed.or(after).filter(|place| (0..=head).contains(place)).unwrap_or(head);
    let facts = site.feed.listen(from).filter_map(move |fact| {
        std::future::ready(concerns(&about, &fact).then(|| Ok::<_, Infallible>(told(&fact))))
    });
    let facts = facts.take_until(front::refused_at_last(move || may().is_ok()));
    let mut response = Sse::new(facts).keep_alive(KeepAlive::new().interval(ALIVE)).into_response();
    response.extensions_mut().insert(front::Known);
    Ok(response)
}

/// Whether somebody may listen, each time it is asked.
fn may_listen(
    site: &Shared,
    visitor: Option<Visitor>,
    headers: HeaderMap,
) -> Result<impl Fn() -> Result<()> + Clone + Send + 'static, Failure> {
    if visitor.is_none() && !headers.contains_key(header::AUTHORIZATION) {
        return Err(Failure::SignIn);
    }
    let (site, callers) = (site.clone(), ByToken(site.workspace.clone()));
    let session = move |visitor: &Visitor| {
        let (party, now) = (visitor.party().to_owned(), site.now());
        let open = site.workspace.journal.read(|db| access::open_sessions(db, &party, site.limits, now))?;
        let there = open.iter().any(|session| session.number == visitor.session.number);
        there.then_some(party).ok_or_else(|| Problem::not_allowed("this session is over"))
    };
    Ok(move || {
        let party = if let Some(visitor) = &visitor {
            session(visitor)?
        } else {
            let caller = callers.caller_of(&headers)?;
            caller.need(Scope::Read)?;
            caller.party
        };
        front::admit(&callers.0, &party, ("GET", "/events"))
    })
}

fn told(fact: &Fact) -> Event {
    let data = json!({ "seq": fact.seq, "subject": fact.subject, "kind": fact.kind });
    Event::default().id(fact.seq.to_string()).event("fact").data(data.to_string())
}

/// Whether work can be taken on: the journal answers, and the machine has what every piece of work needs.
pub(super) async fn ready(State(site): State<Shared>) -> Response {
    let look = site.work(|workspace| {
        workspace.journal.read(|db| Ok(db.query_row("SELECT 1", [], |_row| Ok(()))?))?;
        Ok(daemon::short_of(&workspace.root))
    });
    match look.await {
        Ok(short) if short.is_empty() => "ready\n".into_response(),
        Ok(short) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", short.join("\n"))).into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", problem.message)).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_what_concerns_it_alone() {
        let (mission, run) = ("M-2026-1120-keys", "sop_run_54b51f39ac18");
        let fact = |subject: &str, kind: &str| Fact {
            seq: 1,
            subject: subject.to_owned(),
            kind: kind.to_owned(),
            text: "{}".to_owned(),
            hash: String::new(),
        };
        for (about, told) in [
            ("", [true, true, true, true]),
            ("all", [true, true, true, true]),
            ("missions", [true, false, false, false]),
            ("runs", [false, true, true, false]),
            ("inbox", [false, false, true, false]),
            (mission, [true, false, false, false]),
            (run, [false, true, true, false]),
        ] {
            let facts = [
                fact(mission, "mission_state"),
                fact(run, "step_completed"),
                fact(run, "decision_requested"),
                fact("ceo", "signed_in"),
            ];
            assert_eq!(facts.map(|fact| concerns(about, &fact)), told, "{about}");
        }
    }
}
