//! Serving connections, with a limit on everything by which somebody could keep us busy: connections at once, the
//! time for the head of a request, the time for its body.

use crate::daemon::{Stopping, most_open_files};
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::Listener;
use futures::StreamExt as _;
use futures::stream::unfold;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Longest time for the head of a request, and between two requests of a connection.
const HEAD: Duration = Duration::from_secs(10);
/// Longest time for the body of a request: a large file over a slow line.
const BODY: Duration = Duration::from_secs(30);
/// Connections at once, where the limit of open files allows it; more wait to be accepted. Ten thousand pages that
/// listen, and room beside them.
const CONNECTIONS: u64 = 20_000;
/// Open files that connections leave to the work, as far as the limit goes: half of it where that is fewer.
const RESERVE: u64 = 1_024;
/// Most bytes of the head of a request, and of what is held of an answer that is not fetched.
const BUFFER: usize = 64 * 1024;

/// Serves until the daemon stops and everybody has the answer they were waiting for.
pub(super) async fn serve<L: Listener>(mut listener: L, router: Router, mut stopping: Stopping) {
    let places = Arc::new(Semaphore::new(places(most_open_files())));
    let leaving = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await.0)
        };
        let (place, stream) = tokio::select! {
            accepted = accepted => accepted,
            // An error means that the daemon is gone, which is a reason to stop as well.
            _stopped = stopping.wait_for(|stop| *stop) => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = leaving.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
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

/// What every request passes, whoever answers it: its body must come in time, how long it took is counted, and whoever
/// writes is told when the connection cannot be used again.
pub(super) async fn watched(request: Request, next: Next) -> Response {
    let begun = std::time::Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(if writes { request.map(in_time) } else { request }).await;
    // A write may be refused before its body was read, and the connection cannot be used again then: whoever sent it
    // has to know, or the next request on the connection is lost.
    if writes && response.status().is_client_error() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let status = response.status().as_u16().to_string();
    metrics::counter!("sopd_http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("sopd_http_request_seconds", "method" => method, "route" => route)
        .record(begun.elapsed());
    response
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
