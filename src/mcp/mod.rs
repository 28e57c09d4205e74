//! The protocol of agents (Model Context Protocol): tools with the names of the skill description, every active SOP as
//! a prompt and as a resource. No rules here: each tool is a deed of [`crate::front`], done as a party.
//!
//! Over standard input and output the party is the one named at the start; over HTTP it is the
//! [`Caller`] that whoever mounts the service has put into the request's extensions, request by request.

mod answers;
mod library;
mod missions;
mod runs;
mod server;
mod tools;
mod work;

use crate::base::{Problem, problem::Result};
use crate::daemon::Workspace;
use crate::front::Caller;
use rmcp::ServiceExt as _;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use server::Server;
use std::sync::Arc;

/// Largest request over HTTP, in bytes: a draft and what surrounds it.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// What stands on `/mcp`: a tower service.
pub type Http = StreamableHttpService<Server, LocalSessionManager>;

/// The server for `caller` alone, for any transport of rmcp.
pub fn service(workspace: &Workspace, caller: Caller) -> Server {
    Server::new(workspace.clone(), Some(caller))
}

/// The server over streamable HTTP. Whoever mounts it checks who calls and puts a [`Caller`] into the extensions of
/// each request; without one everything is refused. Pages of other origins than `origins` are refused, and so are
/// other names of this machine than `hosts`.
pub fn http(workspace: &Workspace, origins: &[String], hosts: &[String]) -> Http {
    let workspace = workspace.clone();
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(hosts.to_vec())
        .with_allowed_origins(origins.to_vec())
        .enforce_origin_validation()
        .with_max_request_body_bytes(LARGEST_REQUEST);
    let sessions = Arc::new(LocalSessionManager::default());
    StreamableHttpService::new(move || Ok(Server::new(workspace.clone(), None)), sessions, config)
}

/// Serves `caller` over standard input and output until the other side closes it.
///
/// # Errors
/// `Failed` where the other side does not speak the protocol.
pub async fn stdio(workspace: &Workspace, caller: Caller) -> Result<()> {
    let wrong =
        |error: &dyn std::fmt::Display| Problem::failed(format!("the MCP client cannot be served: {error}"));
    let running =
        service(workspace, caller).serve(rmcp::transport::stdio()).await.map_err(|error| wrong(&error))?;
    running.waiting().await.map(drop).map_err(|error| wrong(&error))
}
