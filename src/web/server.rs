//! Listening, wiring and stopping.

use super::events;
use super::guard::guard;
use super::pages;
use super::programs::{ByToken, agents};
use super::serve::{serve, watched};
use super::site::{Shared, Site};
use super::tls::{self, Handshaken};
use super::{assets, events::ready};
use crate::access;
use crate::base::{Problem, problem::Result};
use crate::daemon::{Stopping, Workspace};
use crate::journal::Feed;
use crate::settings;
use axum::Router;
use axum::middleware;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use futures::future::BoxFuture;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

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
pub fn open(
    workspace: &Workspace,
    desk: &settings::Desk,
    feed: &Feed,
    stopping: Stopping,
) -> Result<Option<Serving>> {
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
    let site = Arc::new(Site::new(workspace, desk, origins, feed.clone())?);
    let router = router(&site).merge(agents(&site, stopping.clone())?).layer(middleware::from_fn(watched));
    let tls = match (&desk.tls_certificate, &desk.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(tls::acceptor(&workspace.root.join(certificate), &workspace.root.join(key))?)
        }
        _ => None,
    };
    let serve = Box::pin(async move {
        let Some(acceptor) = tls else {
            // Events are short, and must not wait until the one before is acknowledged.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            return serve(listener, router, stopping).await;
        };
        match Handshaken::new(listener, acceptor) {
            Ok(listener) => serve(listener, router, stopping).await,
            Err(error) => tracing::error!(%error, "the desk cannot serve"),
        }
    });
    Ok(Some(Serving { address, serve }))
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

/// The addresses at which somebody who is signed in finds something; each says by itself who may come there.
pub fn addresses() -> Vec<&'static str> {
    pages::addresses().into_iter().chain(["/events"]).collect()
}

fn router(site: &Shared) -> Router {
    let guarded = pages::router()
        .route("/events", get(events::stream))
        .layer(middleware::from_fn_with_state(site.clone(), guard));
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/assets/{version}/{name}", get(assets::serve))
        .merge(guarded)
        .with_state(site.clone())
        .merge(crate::api::router(&site.workspace, &site.feed, Arc::new(ByToken(site.workspace.clone()))).0)
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
