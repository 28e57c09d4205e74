//! `/events`: the journal's facts as they come, resumable by their place in the chain.

use super::caller::{Visitor, party_of};
use super::page::{Answer, Failure};
use super::site::Shared;
use crate::access::Scope;
use crate::journal::{Event as Fact, Journal, events_of};
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

/// How often the journal's end is looked at, for all listeners together.
const LOOK: Duration = Duration::from_millis(100);
/// How often a silent line says that it is alive, so that proxies keep it.
const ALIVE: Duration = Duration::from_secs(20);
/// Facts read at once for one listener.
const PAGE: u32 = 200;

/// The place of the journal's last fact, kept up to date until the daemon stops.
pub(super) fn bell(journal: &Journal, mut stopping: crate::daemon::Stopping) -> watch::Receiver<i64> {
    let (ring, bell) = watch::channel(0);
    let journal = journal.clone();
    tokio::spawn(async move {
        while !*stopping.borrow() {
            let looked = journal.clone();
            let head = tokio::task::spawn_blocking(move || looked.head()).await;
            if let Ok(Ok((seq, _hash))) = head {
                ring.send_if_modified(|last| std::mem::replace(last, seq) != seq);
            }
            tokio::select! {
                _ = stopping.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    });
    bell
}

#[derive(Debug, Deserialize)]
pub(super) struct After {
    /// The place the page was made at.
    after: Option<i64>,
}

/// `GET /events`
pub(super) async fn stream(
    State(site): State<Shared>,
    visitor: Option<Extension<Visitor>>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
) -> Answer {
    if visitor.is_none() {
        if !headers.contains_key(header::AUTHORIZATION) {
            return Err(Failure::SignIn);
        }
        party_of(&headers, &site.workspace, Scope::Read).await?;
    }
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let from = resumed.or(after).unwrap_or_else(|| *site.bell.borrow());
    let facts = facts(site, from);
    Ok(Sse::new(facts).keep_alive(KeepAlive::new().interval(ALIVE)).into_response())
}

struct Line {
    site: Shared,
    bell: watch::Receiver<i64>,
    stopping: watch::Receiver<bool>,
    after: i64,
    waiting: VecDeque<Fact>,
}

fn facts(site: Shared, after: i64) -> impl Stream<Item = Result<Event, Infallible>> {
    let (bell, stopping) = (site.bell.clone(), site.stopping.clone());
    let line = Line { site, bell, stopping, after, waiting: VecDeque::new() };
    stream::unfold(line, |mut line| async move {
        loop {
            if let Some(fact) = line.waiting.pop_front() {
                line.after = fact.seq;
                let data = json!({ "seq": fact.seq, "subject": fact.subject, "kind": fact.kind });
                let event = Event::default().id(fact.seq.to_string()).event("fact").data(data.to_string());
                return Some((Ok(event), line));
            }
            if *line.bell.borrow_and_update() > line.after {
                let after = line.after;
                // A journal that cannot be read ends the line; the browser calls again, from where it was.
                let page = line.site.read(move |db| events_of(db, None, after, PAGE)).await.ok()?;
                line.waiting = page.into();
                if !line.waiting.is_empty() {
                    continue;
                }
            }
            tokio::select! {
                changed = line.bell.changed() => changed.ok()?,
                _stopped = line.stopping.changed() => return None,
            }
        }
    })
}

/// Whether the journal answers.
pub(super) async fn ready(State(site): State<Shared>) -> Response {
    match site.read(|db| Ok(db.query_row("SELECT 1", [], |_row| Ok(()))?)).await {
        Ok(()) => "ready\n".into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, problem.message).into_response(),
    }
}
