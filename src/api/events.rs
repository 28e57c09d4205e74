//! The log as a stream of server-sent events. Each has its place in the log as its id, so that whoever comes back
//! with the last one it saw goes on right after it.

use super::Api;
use super::answers::{Asked, apart};
use super::refusal::{ProblemDetails, Refusal};
use crate::base::Problem;
use crate::front;
use crate::journal;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use utoipa::IntoParams;

/// A listener that hears nothing for so long is sent a comment, so that nobody on the way hangs up.
const SILENCE: Duration = Duration::from_secs(15);

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

/// Facts as they happen, each with its place in the log; resumes after `Last-Event-ID` without a gap or a repeat
#[utoipa::path(get, path = "/events", tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last place that was seen")),
    responses((status = 200, body = String, content_type = "text/event-stream",
               description = "`id` is the place, `event` the kind, `data` seq, subject, hash and fact"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn events(
    State(api): State<Api>,
    headers: HeaderMap,
    Asked(asked): Asked<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let last = headers.get("last-event-id").map(|value| {
        let place = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
        place.ok_or_else(|| Problem::usage("`Last-Event-ID` is not a place in the log"))
    });
    let after = last.transpose()?.or(asked.after);
    let workspace = api.workspace.clone();
    let after = apart(move || match after {
        Some(after) => workspace.journal.read(|db| journal::within(db, after)),
        None => Ok(workspace.journal.head()?.0),
    })
    .await?;
    let wanted = move |fact: &journal::Event| asked.subject.as_ref().is_none_or(|one| *one == fact.subject);
    let told = move |fact: Arc<journal::Event>| {
        std::future::ready(if wanted(&fact) { told(&fact).map(Ok) } else { None })
    };
    let (workspace, callers) = (api.workspace.clone(), api.callers.clone());
    let may = move || {
        let caller = callers.caller_of(&headers);
        caller.and_then(|caller| front::admit(&workspace, &caller.party, ("GET", "/api/v1/events"))).is_ok()
    };
    let stream = api.feed.listen(after).filter_map(told).take_until(front::refused_at_last(may));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(SILENCE)))
}

fn told(fact: &journal::Event) -> Option<Event> {
    let data = format!("{{\"seq\":{},\"hash\":\"{}\",\"fact\":{}}}", fact.seq, fact.hash, fact.text);
    (!data.contains(['\n', '\r']))
        .then(|| Event::default().id(fact.seq.to_string()).event(fact.kind.clone()).data(data))
}
