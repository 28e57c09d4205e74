//! What every request passes: whose host it names, where it comes from, who is signed in; and the headers that every
//! answer carries.

use super::caller::{Visitor, cookie};
use super::form::Held;
use super::onward;
use super::page::{Mark, Sent, SignInFirst, Told};
use super::site::Shared;
use crate::access;
use crate::base::Problem;
use crate::front;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Longest time to read a request and make its answer; answers that go on, like `/events`, only have to begin.
const LONGEST: Duration = Duration::from_secs(30);

/// Largest request, in bytes: the largest file a step may leave (16 MiB) and some fields beside it.
const LARGEST: usize = 17 * 1024 * 1024;
/// The same of somebody who is not signed in: a name, the longest password and where to go, encoded.
const LARGEST_OF_STRANGERS: usize = 8 * 1024;
/// The same of somebody who seems to have been signed in a while ago: what was written must not be lost.
const LARGEST_OF_RETURNING: usize = 64 * 1024;
/// So many of those at once; anybody can say so.
static RETURNING: Semaphore = Semaphore::const_new(64);

/// Scripts, styles and requests only from ourselves, nothing inline, no frames, no plug-ins.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Requests that come from a page: refused when that page is not one of ours.
pub(super) async fn guard(State(site): State<Shared>, mut request: Request, next: Next) -> Response {
    let visitor = match known(&site, &mut request).await {
        Ok(visitor) => visitor,
        Err(problem) => {
            let status = super::page::status(problem.kind);
            return dressed(&site, site.trouble(None, status, (&[problem], &Sent::default())));
        }
    };
    let was_here = visitor.is_none() && cookie(request.headers(), site.secure).is_some();
    let returning = was_here.then(|| RETURNING.try_acquire().ok()).flatten();
    let most = match (&visitor, &returning) {
        (Some(_), _) => LARGEST,
        (None, Some(_)) => LARGEST_OF_RETURNING,
        (None, None) => LARGEST_OF_STRANGERS,
    };
    DefaultBodyLimit::max(most).apply(&mut request);
    let writes = *request.method() == Method::POST;
    let wanted = onward::wanted(request.method(), request.uri(), request.headers());
    let pairs = request.uri().query().unwrap_or_default();
    let shown = url::form_urlencoded::parse(pairs.as_bytes()).find(|(name, _)| name == "mark");
    let shown = shown.map(|(_, mark)| mark.into_owned());
    let (held, sent_to) = (Held::default(), request.uri().path().to_owned());
    request.extensions_mut().insert(held.clone());
    let answer = tokio::time::timeout(LONGEST, next.run(request)).await;
    drop(returning);
    let mut response = answer.unwrap_or_else(|_late| {
        let problem = Problem::failed("this took too long").hint("try again; nothing half-done was kept");
        let mut response = StatusCode::REQUEST_TIMEOUT.into_response();
        response.extensions_mut().insert(Told(vec![problem]));
        response
    });
    if let (Some(SignInFirst), Some(wanted)) = (response.extensions().get(), &wanted) {
        response = Redirect::to(&format!("/sign-in?next={}", onward::encoded(wanted))).into_response();
    }
    if response.extensions().get::<Mark>().is_some_and(|mark| shown.as_ref() == Some(&mark.0)) {
        response = StatusCode::NO_CONTENT.into_response();
    }
    if let Some(Told(problems)) = response.extensions_mut().remove::<Told>() {
        let sent = Sent { back: wanted.filter(|_| writes), to: &sent_to, fields: held.fields() };
        response = site.trouble(visitor.as_ref(), response.status(), (&problems, &sent));
    }
    if visitor.is_some() {
        response.extensions_mut().insert(front::Known);
    }
    dressed(&site, response)
}

/// Who sends this; refuses hosts and origins that are not ours, whoever has left, and addresses that are not for all.
async fn known(site: &Shared, request: &mut Request) -> Result<Option<Visitor>, Problem> {
    check_host(site, request.headers())?;
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if writes {
        check_origin(site, request.headers())?;
    }
    let Some(secret) = cookie(request.headers(), site.secure) else { return Ok(None) };
    let (limits, now) = (site.limits, site.now());
    let wanted = secret.clone();
    let found = site.read(move |db| access::session_of(db, &wanted, limits, now)).await?;
    let Some(session) = found else { return Ok(None) };
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let (party, method) = (session.party.clone(), request.method().clone());
    site.work(move |workspace| front::admit(workspace, &party, (method.as_str(), &route))).await?;
    if session.is_stale(now) {
        let number = session.number;
        site.append(move |tx| access::touch(tx, number)).await?;
    }
    let visitor = Visitor::new(session, &secret);
    request.extensions_mut().insert(visitor.clone());
    Ok(Some(visitor))
}

/// A page of another site that had its name lead to this machine must not reach us.
fn check_host(site: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let ours =
        |origin: &String| origin.split_once("://").is_some_and(|(_, name)| name.eq_ignore_ascii_case(host));
    if site.origins.iter().any(ours) {
        return Ok(());
    }
    Err(Problem::not_allowed("this desk is not reached under that name")
        .hint("name it in `desk: address:` of sopd.yaml"))
}

fn check_origin(site: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    match origin {
        Some(origin) if site.origins.iter().any(|ours| ours.eq_ignore_ascii_case(origin)) => Ok(()),
        Some(_) => Err(Problem::not_allowed("this comes from a page of another site")),
        None => Err(Problem::not_allowed("this does not say which page it comes from")
            .hint("send it from a page of this desk")),
    }
}

fn dressed(site: &Shared, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: browsers would then hide the origin of our own forms.
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    );
    if site.secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
