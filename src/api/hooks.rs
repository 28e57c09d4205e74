//! Where webhooks arrive: whoever knows the secret of a path starts what listens there. Nobody signs in for it.

use super::Api;
use super::answers::{apart, whole};
use super::refusal::Refusal;
use crate::daemon;
use crate::front::shapes;
use crate::run::{LARGEST_BODY, Post};
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use serde_json::Value;

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
    let (headers, body) = read(request, LARGEST_BODY).await?;
    let post = Post { path: format!("/{path}"), headers, body };
    let delivered = apart(move || daemon::deliver(&api.workspace, &post)).await?;
    // Written down, and the run follows in its turn; what is not for starting anything is only thanked for.
    let status = if delivered.ignored.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(shapes::delivery(&delivered))))
}

/// Headers and body of a request whose signature is to be checked, as they came.
pub(super) async fn read(request: Request, most: u64) -> Result<(Vec<(String, String)>, Vec<u8>), Refusal> {
    let (parts, body) = request.into_parts();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let body = whole(body, most).await?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Ok((headers, body.to_vec()))
}
