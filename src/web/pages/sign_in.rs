//! Signing in, by a one-time link or a password, and out. The session is always a new one.

use crate::access::{self, Secret};
use crate::base::{Problem, problem::Result};
use crate::front;
use crate::web::caller::{Visitor, cookie_name, cookie_named};
use crate::web::form::{Nothing, Signed};
use crate::web::onward::{encoded, own_page};
use crate::web::page::{Answer, Failure};
use crate::web::serve::Peer;
use crate::web::site::Shared;
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

/// The cookie that remembers the page somebody wanted.
const NEXT: &str = "sopd-next";
/// For how long, in seconds.
const NEXT_SECONDS: i64 = 15 * 60;

/// Where somebody wanted to go who had to sign in first.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Onward {
    /// A page of ours; anything else is left aside.
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`: the page wanted is remembered for a while as well, since a one-time link comes another way.
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Option<Extension<Visitor>>,
    Query(Onward { next }): Query<Onward>,
) -> Answer {
    let next = own_page(&next);
    if visitor.is_some() {
        return Ok(Redirect::to(next.unwrap_or("/inbox")).into_response());
    }
    let page = site.render(None, "sign_in.html", &json!({ "link": null, "next": next }))?;
    let Some(next) = next else { return Ok(page.into_response()) };
    let cookie = cookie(&site, NEXT, &encoded(next), NEXT_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], page).into_response())
}

/// `GET /sign-in/{secret}`: only shows for whom; whoever previews a link must not use it up.
pub(super) async fn show_link(
    State(site): State<Shared>,
    Path(secret): Path<String>,
    Query(Onward { next }): Query<Onward>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Answer {
    let party = party_of(&site, &secret, (&peer, &headers)).await?;
    Ok(site
        .render(None, "sign_in.html", &json!({ "link": secret, "party": party, "next": own_page(&next) }))?
        .into_response())
}

/// For whom a link signs in. Only what is no link is counted: a good one is never kept out by others' bad ones.
async fn party_of(
    site: &Shared,
    secret: &str,
    (peer, headers): (&Peer, &HeaderMap),
) -> Result<String, Failure> {
    let (now, wanted) = (site.now(), secret.to_owned());
    let found = site
        .work(move |workspace| {
            let party = workspace.journal.read(|db| access::party_of_link(db, &wanted, now))?;
            front::let_in(workspace, &party).map(|()| party)
        })
        .await;
    if found.is_err() {
        slow_down(!site.is_wrong_link_too_many(site.peer(headers, peer)))?;
    }
    Ok(found?)
}

/// `POST /sign-in/{secret}`
pub(super) async fn with_link(
    State(site): State<Shared>,
    Path(secret): Path<String>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    form: Result<Form<Onward>, FormRejection>,
) -> Answer {
    party_of(&site, &secret, (&peer, &headers)).await?;
    let agent = agent(&headers);
    let session = site
        .append(move |tx| {
            let party = access::use_link(tx, &secret)?;
            access::begin(tx, &party, &agent, "link")
        })
        .await?;
    let said = form.map(|Form(Onward { next })| next).unwrap_or_default();
    Ok(let_in(&site, &session, &onward(&said, &headers)))
}

/// What the form of the sign-in page holds.
#[derive(Deserialize)]
pub(super) struct Credentials {
    party: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`
pub(super) async fn with_password(
    State(site): State<Shared>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(Credentials { party, password, next }): Form<Credentials>,
) -> Answer {
    let wanted = party.clone();
    let hash = site.read(move |db| access::password_of(db, &wanted)).await?;
    let (at_once, turn) = site.turn(site.peer(&headers, &peer), &party).await;
    let whose = party.clone();
    let fits = site
        .work(move |workspace| {
            let fits = access::matches(hash.as_deref(), &password);
            if fits { front::let_in(workspace, &whose).map(|()| true) } else { Ok(false) }
        })
        .await?;
    drop(turn);
    if !fits {
        slow_down(at_once)?;
        return Err(Problem::not_allowed("this party and password do not belong together")
            .hint("or sign in with a link: `sopd sign-in PARTY` on the machine that runs sopd")
            .into());
    }
    let agent = agent(&headers);
    let session = site.append(move |tx| access::begin(tx, &party, &agent, "password")).await?;
    Ok(let_in(&site, &session, &onward(&next, &headers)))
}

/// `POST /sign-out`
pub(super) async fn out(State(site): State<Shared>, form: Signed<Nothing>) -> Answer {
    let Signed { visitor, fields: Nothing {} } = form;
    let session = visitor.session;
    site.append(move |tx| access::end(tx, &session.party, session.number)).await?;
    let gone = [(header::SET_COOKIE, session_cookie(&site, "", 0))];
    Ok((gone, Redirect::to("/sign-in")).into_response())
}

fn agent(headers: &HeaderMap) -> String {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned()
}

fn slow_down(allowed: bool) -> Result<(), Failure> {
    if allowed {
        return Ok(());
    }
    Err(Failure::Refused(StatusCode::TOO_MANY_REQUESTS, "too many tries; wait a minute".to_owned()))
}

/// Where somebody goes who has signed in: the page the form names, else the one that was wanted a while ago.
fn onward(said: &str, headers: &HeaderMap) -> String {
    let remembered = cookie_named(headers, NEXT).unwrap_or_default();
    let remembered = percent_encoding::percent_decode_str(&remembered).decode_utf8_lossy();
    own_page(said).or_else(|| own_page(&remembered)).unwrap_or("/inbox").to_owned()
}

fn let_in(site: &Shared, session: &Secret, to: &str) -> Response {
    let longest = site.limits.longest.millis() / 1_000;
    let cookies = [session_cookie(site, session.reveal(), longest), cookie(site, NEXT, "", 0)];
    let cookies = cookies.map(|cookie| (header::SET_COOKIE, cookie));
    (AppendHeaders(cookies), Redirect::to(to)).into_response()
}

fn session_cookie(site: &Shared, value: &str, seconds: i64) -> String {
    cookie(site, cookie_name(site.secure), value, seconds)
}

/// `Lax`: a link in a mail arrives signed in. What writes is a POST, for which browsers send it to no other site's
/// forms, and which the guard and the mark of the form hold to our own pages besides.
fn cookie(site: &Shared, name: &str, value: &str, seconds: i64) -> String {
    let secure = if site.secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}
