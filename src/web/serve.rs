//! Serving connections, with a limit on everything by which somebody could keep us busy: connections at once, the
//! time for the head of a request, the time for its body.

use super::places::{Guest, Places};
use crate::daemon::{Stopping, most_open_files};
use crate::front::Known;
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::Listener;
use futures::StreamExt as _;
use futures::stream::unfold;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest time for the head of a request, and between two requests of a connection.
const HEAD: Duration = Duration::from_secs(10);
/// Longest time for the body of a request: a large file over a slow line.
const BODY: Duration = Duration::from_secs(30);
/// Connections at once, where the limit of open files allows it; see [`Places`] for more. Ten thousand pages that
/// listen, and room beside them.
const CONNECTIONS: u64 = 20_000;
/// Open files that connections leave to the work, as far as the limit goes: half of it where that is fewer.
const RESERVE: u64 = 1_024;
/// Most bytes of the head of a request, and of what is held of an answer that is not fetched.
const BUFFER: usize = 16 * 1024;

/// Serves until the daemon stops and everybody has the answer they were waiting for.
pub(super) async fn serve<L: Listener<Addr = SocketAddr>>(
    mut listener: L,
    router: Router,
    mut stopping: Stopping,
) {
    let mut places = Places::new(places(most_open_files()));
    let leaving = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
    loop {
        let accepted = async {
            let accepted = listener.accept().await;
            (accepted, places.next().await)
        };
        let ((stream, from), place) = tokio::select! {
            accepted = accepted => accepted,
            // An error means that the daemon is gone, which is a reason to stop as well.
            _stopped = stopping.wait_for(|stop| *stop) => break,
        };
        let Some((place, guest)) = place else { break };
        let peer = Peer { address: from.ip(), guest: guest.clone() };
        let service = From { router: TowerToHyperService::new(router.clone()), peer };
        let connection = leaving.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                }
                () = guest.leaves() => tracing::debug!("a connection that nobody known used made room"),
            }
            drop(place);
        });
    }
    drop(listener);
    leaving.shutdown().await;
}

/// How many connections there may be where so many files may be open.
fn places(most_open: u64) -> usize {
    let places = most_open.saturating_sub(RESERVE.min(most_open / 2)).min(CONNECTIONS);
    usize::try_from(places).unwrap_or(usize::MAX)
}

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Where it comes from.
    pub(super) address: IpAddr,
    guest: Arc<Guest>,
}

/// Tells the router where a connection comes from.
#[derive(Clone)]
struct From {
    router: TowerToHyperService<Router>,
    peer: Peer,
}

impl hyper::service::Service<hyper::Request<Incoming>> for From {
    type Response = Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as hyper::service::Service<hyper::Request<Incoming>>>::Future;

    fn call(&self, mut request: hyper::Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer.clone());
        hyper::service::Service::call(&self.router, request)
    }
}

/// What every request passes, whoever answers it: its body must come in time, how long it took is counted, and whoever
/// writes is told when the connection cannot be used again.
pub(super) async fn watched(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let peer = request.extensions().get::<Peer>().cloned();
    let mut response = next.run(if writes { request.map(in_time) } else { request }).await;
    // A write may be refused before its body was read, and the connection cannot be used again then: whoever sent it
    // has to know, or the next request on the connection is lost.
    if writes && response.status().is_client_error() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    keep_to_itself(response.headers_mut());
    if let (Some(peer), Some(Known)) = (peer, response.extensions().get::<Known>()) {
        peer.guest.is_known();
    }
    if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        tell_refused(method, &route, response.status());
    }
    let status = response.status().as_u16().to_string();
    metrics::counter!("sopd_http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("sopd_http_request_seconds", "method" => method, "route" => route)
        .record(begun.elapsed());
    response
}

/// No answer is kept by anybody on its way or taken for something else than it says, but for files that say by
/// themselves how long they stand.
fn keep_to_itself(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let stands =
        headers.get(header::CACHE_CONTROL).is_some_and(|kept| kept.as_bytes().starts_with(b"public"));
    if !stands {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// How often refused requests are told at most: whoever tries doors must not fill a disk with it.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Tells that somebody was refused, and how many were since that was last told.
fn tell_refused(method: &str, route: &str, status: StatusCode) {
    static LAST: Mutex<(Option<Instant>, u32)> = Mutex::new((None, 0));
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    last.1 = last.1.saturating_add(1);
    if last.0.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
        let refused = std::mem::take(&mut last.1);
        last.0 = Some(Instant::now());
        tracing::info!(method, route, status = status.as_u16(), refused, "a request was refused at the door");
    }
}

/// The method's name; made-up ones share one, so that they fill no memory.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `body`, ended with an error where it does not come in time.
fn in_time(body: Body) -> Body {
    let late = tokio::time::Instant::now() + BODY;
    let chunks = unfold(Some(body.into_data_stream()), move |chunks| async move {
        let mut chunks = chunks?;
        match tokio::time::timeout_at(late, chunks.next()).await {
            Ok(chunk) => Some((chunk?.map_err(io::Error::other), Some(chunks))),
            Err(_late) => {
                let error = io::Error::new(io::ErrorKind::TimedOut, "the body did not come in time");
                Some((Err(error), None))
            }
        }
    });
    Body::from_stream(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_open_files_to_the_work() {
        for (most, expected) in
            [(0, 0), (256, 128), (1_024, 512), (4_096, 3_072), (20_480, 19_456), (u64::MAX, 20_000)]
        {
            assert_eq!(places(most), expected, "{most}");
        }
    }
}
