//! What handlers have in common: reading a request strictly, working on threads that may block, answering with a hash
//! of the answer, and lists by pages.

use super::refusal::Refusal;
use crate::base::{Digest, Problem, json};
use crate::front;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::error::Error;
use std::io;
use utoipa::ToSchema;

/// What handlers return.
pub(super) type Answer = Result<Response, Refusal>;

/// Entries of a page where nobody says how many.
pub(super) const USUAL: u32 = 50;
/// Most entries of a page.
pub(super) const MOST: u32 = 500;

/// Does `work` on a thread that may block: the journal and the disk do.
pub(super) async fn apart<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Refusal>
where
    T: Send + 'static,
    E: Into<Refusal> + Send + 'static,
{
    front::apart(work).await?.map_err(Into::into)
}

/// All of a body, of at most `most` bytes.
pub(super) async fn whole(body: axum::body::Body, most: usize) -> Result<Bytes, Refusal> {
    to_bytes(body, most).await.map_err(|error| {
        let error = error.into_inner();
        if error.is::<http_body_util::LengthLimitError>() {
            let problem = Problem::usage(format!("the body is too large; at most {most} bytes are taken"));
            return Refusal::with(StatusCode::PAYLOAD_TOO_LARGE, problem);
        }
        refused(error)
    })
}

/// Why a body did not come.
pub(super) fn refused(error: impl Into<Box<dyn Error + Send + Sync>>) -> Refusal {
    let error = error.into();
    if is_late(&*error) {
        let problem = Problem::usage("the body did not come in time");
        return Refusal::with(StatusCode::REQUEST_TIMEOUT, problem);
    }
    Problem::usage(format!("the body cannot be read: {error}")).into()
}

/// Whether something below `error` is that time ran out.
fn is_late(error: &(dyn Error + 'static)) -> bool {
    let late = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    error.downcast_ref().is_some_and(late) || error.source().is_some_and(is_late)
}

/// The JSON body of a request.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;
    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/json" {
            let problem =
                Problem::usage("the body is not JSON").hint("send `Content-Type: application/json`");
            return Err(Refusal::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
        }
        // The door has read it already, up to its own limit.
        let bytes = whole(request.into_body(), usize::MAX).await?;
        let read = serde_json::from_slice(&bytes);
        read.map(Self).map_err(|error| {
            Problem::invalid(format!("the body cannot be used: {}", json::at_line(&error))).into()
        })
    }
}

/// The query of a request.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|error| Problem::usage(error.body_text()).into())
    }
}

/// A step's number in an address.
pub(super) fn step(text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_not_a_number| Problem::not_found(format!("there is no step `{text}`")))
}

/// `value`, or 304 where the caller has it already.
pub(super) fn seen(headers: &HeaderMap, value: &Value) -> Response {
    let text = value.to_string();
    let tag = format!("\"{}\"", Digest::of(&text));
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(str::trim);
    let has = known.any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    let mut response =
        if has { StatusCode::NOT_MODIFIED.into_response() } else { json(StatusCode::OK, text) };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// `value` as the answer to something that was done.
pub(super) fn done(value: &Value) -> Response {
    json(StatusCode::OK, value.to_string())
}

/// `value` as the answer to something that was made, and where that is.
pub(super) fn made(value: &Value, address: &str) -> Response {
    let mut response = json(StatusCode::CREATED, value.to_string());
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

fn json(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Page {
    /// The entries, in the shapes of the command line
    items: Vec<Value>,
    /// Give it as `cursor` to get the page after this one; null on the last
    next: Option<String>,
}

/// All entries on one page: of what there is only ever little.
pub(super) fn list(items: impl Iterator<Item = Value>) -> Value {
    json!({ "items": items.collect::<Vec<_>>(), "next": null })
}

/// How many entries are looked up for a page of `limit`: one more, to know whether there is another page.
pub(super) fn look_for(limit: Option<u32>) -> (usize, u32) {
    let limit = limit.unwrap_or(USUAL).clamp(1, MOST);
    (usize::try_from(limit).unwrap_or(usize::MAX), limit.saturating_add(1))
}

/// The page of `limit` entries out of what was found; `place` names an entry as a cursor.
pub(super) fn page<T>(
    mut found: Vec<T>,
    limit: usize,
    place: impl Fn(&T) -> String,
    shape: impl Fn(&T) -> Result<Value, Problem>,
) -> Result<Value, Problem> {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(place);
    let items = found.iter().map(shape).collect::<Result<Vec<Value>, Problem>>()?;
    serde_json::to_value(Page { items, next })
        .map_err(|error| Problem::failed(format!("BUG: a page is not JSON: {error}")))
}
