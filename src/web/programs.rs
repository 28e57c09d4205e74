//! Programs and agents at the desk's address: the API and the protocol of agents, opened with the tokens of
//! `sopd token new`.

use super::caller::bearer;
use super::seal::Seal;
use super::site::Shared;
use crate::access;
use crate::api::caller::{Caller, Callers};
use crate::api::refused;
use crate::base::{Problem, problem::Result};
use crate::daemon::{Stopping, Workspace};
use crate::front::apart;
use crate::mcp;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use std::sync::Arc;
use std::time::Duration;

/// Longest time to read a request of an agent and to begin the answer.
const LONGEST: Duration = Duration::from_secs(30);
/// The header that names an agent's session.
const SESSION: &str = "mcp-session-id";
/// The header that a client sends once it has shaken hands.
const VERSION: &str = "mcp-protocol-version";

/// Knows whoever shows a token that was made and not revoked.
pub(super) struct ByToken(pub(super) Workspace);

impl Callers for ByToken {
    fn caller_of(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let unknown = || {
            Problem::not_allowed("this token is missing, unknown or revoked")
                .hint("make one with `sopd token new PARTY`, and send it as `Authorization: Bearer TOKEN`")
        };
        let token = bearer(headers).ok_or_else(unknown)?;
        self.0.journal.read(|db| access::party_of_token(db, token))?.ok_or_else(unknown)
    }
}

/// What agents pass.
struct Door {
    workspace: Workspace,
    seal: Seal,
    http: mcp::Http,
}

/// `/mcp`, for whoever has a token.
pub(super) fn agents(site: &Shared, stopping: Stopping) -> Result<Router> {
    let http = mcp::http(&site.workspace, &site.feed, &site.origins, stopping)?;
    let service = http.service.clone();
    let door = Arc::new(Door { workspace: site.workspace.clone(), seal: Seal::new()?, http });
    Ok(Router::new().route_service("/mcp", service).layer(from_fn_with_state(door, pass)))
}

/// Who calls, and whether the session is its own. Host, origin and size are looked at by the service.
async fn pass(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let (callers, headers) = (ByToken(door.workspace.clone()), request.headers().clone());
    let caller = match apart(move || callers.caller_of(&headers)).await.flatten() {
        Ok(caller) => caller,
        Err(problem) => return refused(StatusCode::UNAUTHORIZED, problem),
    };
    let headers = request.headers_mut();
    match headers.get(SESSION).map(|sealed| opened(&door, sealed, &caller)) {
        Some(Some(id)) => drop(headers.insert(SESSION, id)),
        Some(None) => {
            let problem = Problem::not_found("this is no session of yours, or it is over");
            return refused(StatusCode::NOT_FOUND, problem.hint("begin a new one with `initialize`"));
        }
        None if !headers.contains_key(VERSION) && door.http.is_full().await => {
            let problem = Problem::conflict("too many agents have a session now").hint("try again later");
            return refused(StatusCode::SERVICE_UNAVAILABLE, problem);
        }
        None => {}
    }
    request.extensions_mut().insert(caller.clone());
    let Ok(mut response) = tokio::time::timeout(LONGEST, next.run(request)).await else {
        return refused(StatusCode::REQUEST_TIMEOUT, Problem::failed("this took too long"));
    };
    let begun = response.headers().get(SESSION).and_then(|id| id.to_str().ok());
    let sealed = begun.and_then(|id| HeaderValue::from_str(&door.seal.close(id, &caller)).ok());
    if let Some(sealed) = sealed {
        response.headers_mut().insert(SESSION, sealed);
    }
    response
}

fn opened(door: &Door, sealed: &HeaderValue, caller: &Caller) -> Option<HeaderValue> {
    HeaderValue::from_str(door.seal.open(sealed.to_str().ok()?, caller)?).ok()
}
