//! The log as a stream of server-sent events. Each has its place in the log as its id, so that whoever comes back
//! with the last one it saw goes on right after it: the log itself is read, and nothing is kept for a listener but
//! its place.

use super::Api;
use super::answers::{Asked, apart};
use super::refusal::{ProblemDetails, Refusal};
use crate::base::Problem;
use crate::front::{self, Caller};
use crate::journal::{self, Journal, events_of};
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{Stream, unfold};
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use utoipa::IntoParams;

/// How often the log is looked at, for all listeners together.
const LOOK: Duration = Duration::from_millis(100);
/// A listener that hears nothing for so long is sent a comment, so that nobody on the way hangs up.
const SILENCE: Duration = Duration::from_secs(15);
/// Facts read at once.
const PAGE: u32 = 200;

/// The place of the last fact, watched by one task for all listeners.
#[derive(Clone, Debug)]
pub(super) struct Pulse(watch::Receiver<i64>);

impl Pulse {
    pub(super) fn start(journal: &Journal) -> Self {
        let (tell, told) = watch::channel(0);
        let journal = journal.clone();
        tokio::spawn(async move {
            while !tell.is_closed() {
                let looked = journal.clone();
                let head = tokio::task::spawn_blocking(move || looked.head()).await;
                if let Ok(Ok((last, _))) = head {
                    tell.send_if_modified(|known| std::mem::replace(known, last) != last);
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Self(told)
    }
}

/// From where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Begin after this place; without it, and without `Last-Event-ID`, with what happens from now on
    after: Option<i64>,
    /// Only facts about this mission, run or SOP
    subject: Option<String>,
}

/// What a listener has.
struct Listener {
    journal: Journal,
    subject: Option<String>,
    after: i64,
    read: VecDeque<journal::Event>,
    pulse: watch::Receiver<i64>,
}

/// Facts as they happen, each with its place in the log; resumes after `Last-Event-ID` without a gap or a repeat
#[utoipa::path(get, path = "/events", tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last place that was seen")),
    security(("bearer" = [])),
    responses((status = 200, body = String, content_type = "text/event-stream",
               description = "`id` is the place, `event` the kind, `data` seq, subject, hash and fact"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Asked(asked): Asked<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let last = headers.get("last-event-id").map(|value| {
        let place = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
        place.ok_or_else(|| Problem::usage("`Last-Event-ID` is not a place in the log"))
    });
    let after = last.transpose()?.or(asked.after);
    let workspace = api.workspace.clone();
    let after = apart(move || {
        front::check_sight(&workspace, &caller.party)?;
        after.map_or_else(|| Ok(workspace.journal.head()?.0), Ok::<i64, Problem>)
    })
    .await?;
    let listener = Listener {
        journal: api.workspace.journal,
        subject: asked.subject,
        after,
        read: VecDeque::new(),
        pulse: api.pulse.0,
    };
    let stream = unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(SILENCE)))
}

impl Listener {
    /// The next fact, once there is one; `None` when the log can no longer be read or sopd ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(fact) = self.read.pop_front() {
                self.after = fact.seq;
                return told(&fact);
            }
            // Seen before the log is read: what comes in between wakes us again.
            self.pulse.borrow_and_update();
            let (journal, subject, after) = (self.journal.clone(), self.subject.clone(), self.after);
            let look = move || journal.read(|db| events_of(db, subject.as_deref(), after, PAGE));
            self.read = tokio::task::spawn_blocking(look).await.ok()?.ok()?.into();
            if self.read.is_empty() {
                self.pulse.changed().await.ok()?;
            }
        }
    }
}

fn told(fact: &journal::Event) -> Option<Event> {
    let data = format!("{{\"seq\":{},\"hash\":\"{}\",\"fact\":{}}}", fact.seq, fact.hash, fact.text);
    (!data.contains(['\n', '\r']))
        .then(|| Event::default().id(fact.seq.to_string()).event(fact.kind.clone()).data(data))
}
