//! Where webhooks arrive: whoever knows the secret of a path starts what listens there. Nobody signs in for it, so
//! path and headers are looked at before a byte of the body is taken, and the bytes nobody has vouched for yet are
//! bounded over all requests together.

use super::Api;
use super::answers::{apart, refused};
use super::refusal::Refusal;
use crate::base::Problem;
use crate::daemon;
use crate::front::shapes;
use crate::run::{LARGEST_BODY, Post};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Largest press of a button, in bytes: Slack sends the whole message along, some tens of kilobytes.
pub(super) const LARGEST_PRESS: u64 = 256 * 1024;

/// A webhook's request: signed by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`) or in
/// GitHub's form (`X-Hub-Signature-256`, `X-GitHub-Delivery`). A delivery that comes again is the same run
#[utoipa::path(post, path = "/hooks/{path}", tag = "hooks", security(()),
    params(("path" = String, Path, description = "As the SOP's trigger names it; may hold slashes")),
    responses((status = 200, body = Value, description = "Shape sopd/delivery/1: trusted, and not for starting anything, like GitHub's `ping`"),
              (status = 202, body = Value, description = "Shape sopd/delivery/1: written down; the run follows in its turn"),
              (status = "default", body = super::refusal::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn hook(
    State(api): State<Api>,
    Path(path): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let (path, workspace) = (format!("/{path}"), api.workspace.clone());
    let (parts, body) = request.into_parts();
    let headers = texts(&parts.headers);
    let (at, head) = (path.clone(), headers.clone());
    apart(move || daemon::expect(&workspace, (&at, &head))).await?;
    let unproven = take((&parts.headers, body), LARGEST_BODY).await?;
    let delivered = apart(move || {
        let post = Post { path, headers, body: unproven.bytes };
        let delivered = daemon::deliver(&api.workspace, &post);
        drop(unproven.places);
        delivered
    });
    let delivered = delivered.await?;
    // Written down, and the run follows in its turn; what is not for starting anything is only thanked for.
    let status = if delivered.ignored.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(shapes::delivery(&delivered))))
}

/// Places for kilobytes that nobody has vouched for: small requests, and those that say that they are large. Each has
/// its own, so that large ones keep no small one out.
static SMALL: Semaphore = Semaphore::const_new(8 * 1024);
static LARGE: Semaphore = Semaphore::const_new(32 * 1024);
/// Most bytes of a request that is small, and of one that does not say how large it is.
const MOST_SMALL: u64 = 256 * 1024;
/// Bytes of a place.
const PLACE: usize = 1024;

/// A body whose signature is still to be checked, with the places that it takes.
pub(super) struct Unproven {
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<SemaphorePermit<'static>>,
}

/// The headers as text.
pub(super) fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// Takes a body of at most `most` bytes in, piece by piece, as long as there are places.
pub(super) async fn take((headers, body): (&HeaderMap, Body), most: u64) -> Result<Unproven, Refusal> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let most = if declared.is_none() { most.min(MOST_SMALL) } else { most };
    let too_large = || {
        let problem = Problem::usage(format!("the body is too large; at most {most} bytes are taken"));
        Refusal::with(StatusCode::PAYLOAD_TOO_LARGE, problem)
    };
    if declared.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let of = if declared.is_some_and(|length| length > MOST_SMALL) { &LARGE } else { &SMALL };
    let mut taken = Unproven { bytes: Vec::new(), places: Vec::new() };
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(refused)?;
        if (taken.bytes.len() + piece.len()) as u64 > most {
            return Err(too_large());
        }
        let places = u32::try_from(piece.len().div_ceil(PLACE)).unwrap_or(u32::MAX);
        taken.places.push(of.try_acquire_many(places).map_err(|_none| {
            let problem =
                Problem::conflict("too much is being sent here now that nobody has vouched for yet");
            Refusal::with(StatusCode::SERVICE_UNAVAILABLE, problem.hint("send it again later"))
        })?);
        taken.bytes.extend_from_slice(&piece);
    }
    Ok(taken)
}
