//! The door every request passes: who calls, what that credential allows, whether the party may come to that address
//! at all, and that a request which is sent again under its idempotency key is not done again.

use super::Api;
use super::answers::{apart, whole};
use super::refusal::Refusal;
use crate::base::{Digest, Problem};
use crate::daemon::{self, Claim};
use crate::front::{self, Caller, Known, Scope};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Largest body, in bytes: the file of a step in Base64, with what surrounds it.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// Largest answer that is kept, in bytes; answers to POSTs are short.
const LARGEST_ANSWER: usize = 1024 * 1024;
/// The header with the sender's key.
const KEY: &str = "idempotency-key";

/// See the module.
pub(super) async fn door(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let (callers, headers) = (api.callers.clone(), request.headers().clone());
    let known = apart(move || Ok::<_, Problem>(callers.caller_of(&headers))).await?;
    let caller = known.map_err(|problem| Refusal::with(StatusCode::UNAUTHORIZED, problem))?;
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    caller.need(if looks { Scope::Read } else { Scope::Write })?;
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let (workspace, party, method) = (api.workspace.clone(), caller.party.clone(), request.method().clone());
    apart(move || front::admit(&workspace, &party, (method.as_str(), &route))).await?;
    request.extensions_mut().insert(caller.clone());
    let mut response =
        if looks { next.run(request).await } else { write(api, caller, request, next).await? };
    response.extensions_mut().insert(Known);
    Ok(response)
}

/// Has a deed done, once under its key.
async fn write(api: Api, caller: Caller, request: Request, next: Next) -> Result<Response, Refusal> {
    let key = request.headers().get(KEY).map(|value| value.to_str().unwrap_or_default().to_owned());
    let (parts, body) = request.into_parts();
    let bytes = whole(body, LARGEST_BODY).await?;
    let Some(key) = key else {
        return Ok(next.run(Request::from_parts(parts, Body::from(bytes))).await);
    };
    let print = fingerprint(&parts.method, parts.uri.path(), &bytes);
    let request = Request::from_parts(parts, Body::from(bytes));
    // By itself: whoever hangs up in the middle must find the answer under the key, not half a deed.
    let work = async move { once(&api, (caller, key), print, next.run(request)).await };
    let done = tokio::spawn(work).await;
    done.map_err(|_panicked| Problem::failed("sopd made a mistake of its own"))?
}

/// The hash of what a request asks for.
fn fingerprint(method: &Method, address: &str, body: &Bytes) -> Digest {
    let lengths = format!("{method} {address} {}\n", body.len());
    Digest::of_all([lengths.as_bytes(), body])
}

/// Does the request, or gives the answer it had before.
async fn once(
    api: &Api,
    (caller, key): (Caller, String),
    print: Digest,
    work: impl Future<Output = Response> + Send,
) -> Result<Response, Refusal> {
    let journal = &api.workspace.journal;
    let party = caller.party;
    let (by, name) = (party.clone(), key.clone());
    match journal.append_async(move |tx| daemon::claim(tx, (&by, &name), &print)).await? {
        Claim::Done(status, text) => Ok(again(status, text)),
        Claim::New => {
            let response = work.await;
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, LARGEST_ANSWER).await;
            let bytes =
                bytes.map_err(|error| Problem::failed(format!("BUG: an answer is too long: {error}")))?;
            let status = parts.status;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let keep = move |tx: &crate::journal::Tx<'_>| {
                // What failed on our side may well work the next time.
                if status.is_server_error() {
                    return daemon::forget(tx, (&party, &key));
                }
                daemon::keep_answer(tx, (&party, &key), (status.as_u16(), &text))
            };
            journal.append_async(keep).await?;
            Ok(Response::from_parts(parts, Body::from(bytes)))
        }
    }
}

fn again(status: u16, text: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let replayed = HeaderValue::from_static("true");
    let mut response = (status, [(CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response();
    response.headers_mut().insert("idempotency-replayed", replayed);
    response
}
