//! Listening, wiring and stopping.

use super::events;
use super::guard::guard;
use super::pages;
use super::programs::{ByToken, agents};
use super::site::{Shared, Site};
use super::tls::{self, Handshaken};
use super::{assets, events::ready};
use crate::access;
use crate::base::{Problem, problem::Result};
use crate::daemon::{Stopping, Workspace};
use crate::settings;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use axum::serve::Listener;
use futures::future::BoxFuture;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// Largest request, in bytes: the largest file a step may leave (16 MiB) and some fields beside it.
const LARGEST: usize = 17 * 1024 * 1024;

/// A desk that listens already.
pub struct Serving {
    /// Where people reach it, `http://127.0.0.1:8321`.
    pub address: String,
    /// Serves until the daemon stops.
    pub serve: BoxFuture<'static, ()>,
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Serving({})", self.address)
    }
}

/// Listens where the settings say; `None` where they say nowhere. Call it within a runtime.
pub fn open(workspace: &Workspace, desk: &settings::Desk, stopping: Stopping) -> Result<Option<Serving>> {
    let Some(listen) = &desk.listen else { return Ok(None) };
    let listener = TcpListener::bind(listen).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let there = listener.local_addr()?;
        Ok((tokio::net::TcpListener::from_std(listener)?, there))
    });
    let (listener, there) = listener.map_err(|error| {
        Problem::conflict(format!("the desk cannot listen on {listen}: {error}"))
            .hint("choose another port in `desk: listen:` of sopd.yaml, or `null` to do without")
    })?;
    let origins = origins(desk, there);
    let address = origins.first().cloned().unwrap_or_default();
    let bell = events::bell(&workspace.journal, stopping.clone());
    let site = Arc::new(Site::new(workspace, desk, origins, (bell, stopping.clone()))?);
    let router = router(&site).merge(agents(&site, stopping.clone())?).layer(middleware::from_fn(closing));
    let tls = match (&desk.tls_certificate, &desk.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(tls::acceptor(&workspace.root.join(certificate), &workspace.root.join(key))?)
        }
        _ => None,
    };
    let serve = Box::pin(async move {
        let served = match tls {
            Some(acceptor) => match Handshaken::new(listener, acceptor) {
                Ok(listener) => serve(listener, router, stopping).await,
                Err(error) => Err(error),
            },
            None => serve(listener, router, stopping).await,
        };
        if let Err(error) = served {
            tracing::error!(%error, "the desk has stopped serving");
        }
    });
    Ok(Some(Serving { address, serve }))
}

/// Serves until the daemon stops and everybody has the answer they were waiting for.
async fn serve<L>(listener: L, router: Router, mut stopping: Stopping) -> std::io::Result<()>
where
    L: Listener,
    L::Addr: std::fmt::Debug,
{
    let stopped = async move {
        // An error means that the daemon is gone, which is a reason to stop as well.
        drop(stopping.wait_for(|stop| *stop).await);
    };
    axum::serve(listener, router).with_graceful_shutdown(stopped).await
}

/// The addresses that are ours, the one to show first.
fn origins(desk: &settings::Desk, there: SocketAddr) -> Vec<String> {
    let scheme = if desk.tls_certificate.is_some() { "https" } else { "http" };
    let mut all: Vec<String> = desk.address.iter().map(|address| address.to_lowercase()).collect();
    if there.ip().is_loopback() && !desk.behind_proxy {
        all.push(format!("{scheme}://{there}"));
        all.push(format!("{scheme}://localhost:{}", there.port()));
    }
    all
}

fn router(site: &Shared) -> Router {
    let guarded = pages::router()
        .route("/events", get(events::stream))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn_with_state(site.clone(), guard));
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/assets/{version}/{name}", get(assets::serve))
        .merge(guarded)
        .with_state(site.clone())
        .merge(crate::api::router(&site.workspace, Arc::new(ByToken(site.workspace.clone()))).0)
}

/// A write may be refused before its body was read, and the connection cannot be used again then: whoever sent it has
/// to know, or the next request on the connection is lost.
async fn closing(request: Request, next: Next) -> Response {
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    if writes && response.status().is_client_error() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The link that signs in with `secret`.
pub fn link_to(address: &str, secret: &access::Secret) -> String {
    format!("{address}/sign-in/{}", secret.reveal())
}

/// A link for the first visit of all; `None` once anybody has signed in.
pub fn first_link(workspace: &Workspace, address: &str, party: &str) -> Result<Option<String>> {
    if workspace.journal.read(access::anybody_signed_in)? {
        return Ok(None);
    }
    let party = party.to_owned();
    let secret = workspace.journal.append(move |tx| access::new_link(tx, &party))?;
    Ok(Some(link_to(address, &secret)))
}
