//! The protocol of agents (Model Context Protocol): tools with the names of the skill description, every active SOP as
//! a prompt and as a resource, runs and missions as tasks. No rules here: each tool is a deed of [`crate::front`],
//! done as a party.
//!
//! Over standard input and output the party is the one named at the start; over HTTP it is the
//! [`Caller`] that whoever mounts the service has put into the request's extensions, request by request.

mod answers;
mod digits;
mod library;
mod missions;
mod news;
mod runs;
mod server;
mod tasks;
mod tools;
mod work;

use crate::base::{Problem, problem::Result};
use crate::daemon::{Stopping, Workspace};
use crate::front::Caller;
use crate::journal::Feed;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header::CONTENT_LENGTH};
use news::News;
use rmcp::ServiceExt as _;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use server::Server;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};

/// Largest request over HTTP, in bytes: a draft and what surrounds it.
const LARGEST_REQUEST: usize = 1024 * 1024;
/// Most sessions at once. One that nobody uses ends after five minutes.
const MOST_SESSIONS: usize = 1_000;

/// What stands on `/mcp`.
#[derive(Clone)]
pub struct Http {
    /// A tower service. Whoever mounts it checks who calls and puts a [`Caller`] into the extensions of each request;
    /// without one everything is refused.
    pub service: StreamableHttpService<Server, LocalSessionManager>,
    sessions: Arc<LocalSessionManager>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Http")
    }
}

impl Http {
    /// Whether no further session can begin now.
    pub async fn is_full(&self) -> bool {
        self.sessions.sessions.read().await.len() >= MOST_SESSIONS
    }

    /// The ids of the sessions there are.
    pub async fn sessions(&self) -> HashSet<String> {
        self.sessions.sessions.read().await.keys().map(ToString::to_string).collect()
    }
}

/// The server over streamable HTTP, until sopd stops; call it inside a runtime. Pages that are not of `origins`
/// (`https://sop.example.com`) are refused, and so are requests that name another host than theirs.
///
/// # Errors
/// Where the journal cannot be read.
pub fn http(workspace: &Workspace, feed: &Feed, origins: &[String], mut stopping: Stopping) -> Result<Http> {
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(origins.iter().filter_map(|origin| Some(origin.split_once("://")?.1.to_owned())))
        .with_allowed_origins(origins.iter().map(|origin| with_port(origin)))
        .enforce_origin_validation()
        .with_max_request_body_bytes(LARGEST_REQUEST);
    let end = config.cancellation_token.clone();
    tokio::spawn(async move {
        // An error means that the daemon is gone, which is a reason to end as well.
        drop(stopping.wait_for(|stop| *stop).await);
        end.cancel();
    });
    let (workspace, news) = (workspace.clone(), News::start(&workspace.journal, feed)?);
    let sessions = Arc::new(LocalSessionManager::default());
    let server = move || Ok(Server::new(workspace.clone(), None, news.clone()));
    Ok(Http { service: StreamableHttpService::new(server, sessions.clone(), config), sessions })
}

/// An origin with its port: without one, any port would do.
fn with_port(origin: &str) -> String {
    let parsed = url::Url::parse(origin).ok();
    let port = parsed.as_ref().and_then(|url| url.port().is_none().then(|| url.port_or_known_default())?);
    port.map_or_else(|| origin.to_owned(), |port| format!("{}:{port}", origin.trim_end_matches('/')))
}

/// Serves `caller` over standard input and output until the other side closes it.
///
/// # Errors
/// `Failed` where the other side does not speak the protocol.
pub async fn stdio(workspace: &Workspace, caller: Caller) -> Result<()> {
    let wrong =
        |error: &dyn std::fmt::Display| Problem::failed(format!("the MCP client cannot be served: {error}"));
    // A sender that is dropped says that sopd stops.
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    let news = News::start(&workspace.journal, &Feed::start(&workspace.journal, stopping))?;
    let server = Server::new(workspace.clone(), Some(caller), news);
    let running = server.serve((as_written(), tokio::io::stdout())).await.map_err(|error| wrong(&error))?;
    running.waiting().await.map(drop).map_err(|error| wrong(&error))
}

/// Standard input, its messages (one a line) as [`digits::kept`] gives them.
fn as_written() -> DuplexStream {
    let (messages, mut given) = tokio::io::duplex(LARGEST_REQUEST);
    tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let mut message = digits::kept(line);
            message.push(b'\n');
            // Nobody reads any more once the client is no longer served.
            if given.write_all(&message).await.is_err() {
                return;
            }
        }
    });
    messages
}

/// A request over HTTP, its message as [`digits::kept`] gives it.
///
/// # Errors
/// A body that is larger than a message may be.
pub async fn kept(request: Request) -> Result<Request, StatusCode> {
    let (mut parts, body) = request.into_parts();
    let message =
        to_bytes(body, LARGEST_REQUEST).await.map_err(|_too_large| StatusCode::PAYLOAD_TOO_LARGE)?;
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Request::from_parts(parts, Body::from(digits::kept(message.into()))))
}

#[cfg(test)]
mod tests {
    use super::with_port;

    #[test]
    fn an_origin_names_its_port() {
        for (origin, full) in [
            ("https://sop.example.com", "https://sop.example.com:443"),
            ("http://127.0.0.1:8321", "http://127.0.0.1:8321"),
            ("http://[::1]:8321", "http://[::1]:8321"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            assert_eq!(with_port(origin), full);
        }
    }
}
