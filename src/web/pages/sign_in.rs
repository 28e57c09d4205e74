//! Signing in, by a one-time link or a password, and out. The session is always a new one.

use crate::access::{self, Secret};
use crate::base::Problem;
use crate::front;
use crate::web::caller::{Visitor, cookie_name};
use crate::web::form::{Nothing, Signed};
use crate::web::page::{Answer, Failure};
use crate::web::serve::Peer;
use crate::web::site::Shared;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

/// `GET /sign-in`
pub(super) async fn show(State(site): State<Shared>, visitor: Option<Extension<Visitor>>) -> Answer {
    if visitor.is_some() {
        return Ok(Redirect::to("/inbox").into_response());
    }
    Ok(site.render(None, "sign_in.html", &json!({ "link": null }))?.into_response())
}

/// `GET /sign-in/{secret}`: only shows for whom; whoever previews a link must not use it up.
pub(super) async fn show_link(
    State(site): State<Shared>,
    Path(secret): Path<String>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Answer {
    let party = party_of(&site, &secret, (peer, &headers)).await?;
    Ok(site.render(None, "sign_in.html", &json!({ "link": secret, "party": party }))?.into_response())
}

/// For whom a link signs in. Only what is no link is counted: a good one is never kept out by others' bad ones.
async fn party_of(
    site: &Shared,
    secret: &str,
    (peer, headers): (Peer, &HeaderMap),
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
) -> Answer {
    party_of(&site, &secret, (peer, &headers)).await?;
    let agent = agent(&headers);
    let session = site
        .append(move |tx| {
            let party = access::use_link(tx, &secret)?;
            access::begin(tx, &party, &agent, "link")
        })
        .await?;
    Ok(let_in(&site, &session))
}

/// What the form of the sign-in page holds.
#[derive(Deserialize)]
pub(super) struct Credentials {
    party: String,
    password: String,
}

/// `POST /sign-in`
pub(super) async fn with_password(
    State(site): State<Shared>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(Credentials { party, password }): Form<Credentials>,
) -> Answer {
    let wanted = party.clone();
    let hash = site.read(move |db| access::password_of(db, &wanted)).await?;
    let (at_once, turn) = site.in_turn(site.peer(&headers, peer), &party).await;
    let permit = site.hashing.acquire().await;
    let whose = party.clone();
    let fits = site
        .work(move |workspace| {
            let fits = access::matches(hash.as_deref(), &password);
            if fits { front::let_in(workspace, &whose).map(|()| true) } else { Ok(false) }
        })
        .await?;
    drop((permit, turn));
    if !fits {
        slow_down(at_once)?;
        return Err(Problem::not_allowed("this party and password do not belong together")
            .hint("or sign in with a link: `sopd sign-in PARTY` on the machine that runs sopd")
            .into());
    }
    let agent = agent(&headers);
    let session = site.append(move |tx| access::begin(tx, &party, &agent, "password")).await?;
    Ok(let_in(&site, &session))
}

/// `POST /sign-out`
pub(super) async fn out(State(site): State<Shared>, form: Signed<Nothing>) -> Answer {
    let Signed { visitor, fields: Nothing {} } = form;
    let session = visitor.session;
    site.append(move |tx| access::end(tx, &session.party, session.number)).await?;
    Ok(with_cookie(&site, "", 0, "/sign-in"))
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

fn let_in(site: &Shared, session: &Secret) -> Response {
    let longest = site.limits.longest.millis() / 1_000;
    with_cookie(site, session.reveal(), longest, "/inbox")
}

fn with_cookie(site: &Shared, value: &str, seconds: i64, to: &str) -> Response {
    let name = cookie_name(site.secure);
    let secure = if site.secure { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}
