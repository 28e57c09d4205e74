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
use crate::front::{Known, apart, let_in};
use crate::mcp;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state, map_request};
use axum::response::Response;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest time to read a request of an agent and to begin the answer.
const LONGEST: Duration = Duration::from_secs(30);
/// Sessions of one token at once: a twentieth of all, so that nobody keeps the others out.
const MOST_OF_ONE: usize = 50;
/// The header that names an agent's session.
const SESSION: &str = "mcp-session-id";
/// The header that a client sends once it has shaken hands.
const VERSION: &str = "mcp-protocol-version";

/// Knows whoever shows a token that was made and not revoked, while its party is at work here.
#[derive(Clone)]
pub(super) struct ByToken(pub(super) Workspace);

impl Callers for ByToken {
    fn caller_of(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let unknown = || {
            Problem::not_allowed("this token is missing, unknown, revoked or past its time")
                .hint("make one with `sopd token new PARTY`, and send it as `Authorization: Bearer TOKEN`")
        };
        let token = bearer(headers).ok_or_else(unknown)?;
        let journal = &self.0.journal;
        let now = journal.clock().now();
        let found = journal.read(|db| access::party_of_token(db, token, now))?;
        let (caller, stale) = found.ok_or_else(unknown)?;
        let_in(&self.0, &caller.party)?;
        if let Some(number) = stale {
            journal.append(move |tx| access::used(tx, number))?;
        }
        Ok(caller)
    }
}

/// What agents pass.
struct Door {
    workspace: Workspace,
    seal: Seal,
    http: mcp::Http,
    /// Which credential each session was begun with, and credentials that are beginning one now.
    begun: Mutex<(HashMap<String, String>, Vec<String>)>,
}

impl Door {
    /// Takes a place for one more session of `means`, where it has not had its share.
    async fn begin(&self, means: &str) -> Result<(), Problem> {
        let none = |words: &str| Err(Problem::conflict(words).hint("end one, or try again later"));
        if self.http.is_full().await {
            return none("too many agents have a session now");
        }
        let open = self.http.sessions().await;
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (sessions, beginning) = &mut *begun;
        sessions.retain(|id, _| open.contains(id));
        let own = sessions.values().chain(beginning.iter()).filter(|other| *other == means).count();
        if own >= MOST_OF_ONE {
            return none(&format!("{means} has {own} sessions now, as many as one token may"));
        }
        beginning.push(means.to_owned());
        Ok(())
    }

    /// What came of a session that was about to begin.
    fn begun(&self, means: &str, id: Option<&str>) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (sessions, beginning) = &mut *begun;
        if let Some(at) = beginning.iter().position(|other| other == means) {
            beginning.swap_remove(at);
        }
        sessions.extend(id.map(|id| (id.to_owned(), means.to_owned())));
    }
}

/// `/mcp`, for whoever has a token.
pub(super) fn agents(site: &Shared, stopping: Stopping) -> Result<Router> {
    let http = mcp::http(&site.workspace, &site.feed, &site.origins, stopping)?;
    let service = http.service.clone();
    let (workspace, seal) = (site.workspace.clone(), Seal::new()?);
    let door = Arc::new(Door { workspace, seal, http, begun: Mutex::default() });
    Ok(Router::new()
        .route_service("/mcp", service)
        .layer(map_request(mcp::kept))
        .layer(from_fn_with_state(door, pass)))
}

/// Who calls, and whether the session is its own. Host, origin and size are looked at by the service.
async fn pass(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let (callers, headers) = (ByToken(door.workspace.clone()), request.headers().clone());
    let caller = match apart(move || callers.caller_of(&headers)).await.flatten() {
        Ok(caller) => caller,
        Err(problem) => return refused(StatusCode::UNAUTHORIZED, problem),
    };
    let headers = request.headers_mut();
    let begins = !headers.contains_key(SESSION) && !headers.contains_key(VERSION);
    match headers.get(SESSION).map(|sealed| opened(&door, sealed, &caller)) {
        Some(Some(id)) => drop(headers.insert(SESSION, id)),
        Some(None) => {
            let problem = Problem::not_found("this is no session of yours, or it is over");
            return refused(StatusCode::NOT_FOUND, problem.hint("begin a new one with `initialize`"));
        }
        None if begins => {
            if let Err(problem) = door.begin(&caller.means).await {
                return refused(StatusCode::SERVICE_UNAVAILABLE, problem);
            }
        }
        None => {}
    }
    request.extensions_mut().insert(caller.clone());
    let answer = tokio::time::timeout(LONGEST, next.run(request)).await;
    let begun = answer.as_ref().ok().and_then(|answer| answer.headers().get(SESSION)?.to_str().ok());
    if begins {
        door.begun(&caller.means, begun);
    }
    let sealed = begun.and_then(|id| HeaderValue::from_str(&door.seal.close(id, &caller)).ok());
    let Ok(mut response) = answer else {
        return refused(StatusCode::REQUEST_TIMEOUT, Problem::failed("this took too long"));
    };
    if let Some(sealed) = sealed {
        response.headers_mut().insert(SESSION, sealed);
    }
    response.extensions_mut().insert(Known);
    response
}

fn opened(door: &Door, sealed: &HeaderValue, caller: &Caller) -> Option<HeaderValue> {
    HeaderValue::from_str(door.seal.open(sealed.to_str().ok()?, caller)?).ok()
}
