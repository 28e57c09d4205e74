//! What a party keeps here: its password, its sessions, its tokens.

use crate::access;
use crate::base::Problem;
use crate::web::caller::Visitor;
use crate::web::form::{Nothing, Signed};
use crate::web::page::Answer;
use crate::web::serve::Peer;
use crate::web::site::Shared;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::json;

/// `GET /account`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let (party, limits, now) = (visitor.party().to_owned(), site.limits, site.now());
    let (sessions, tokens, password) = site
        .read(move |db| {
            let sessions = access::open_sessions(db, &party, limits, now)?;
            let tokens = access::tokens_of(db, Some(&party))?;
            Ok((sessions, tokens, access::password_of(db, &party)?.is_some()))
        })
        .await?;
    let context = json!({
        "title": "Account", "sessions": sessions, "tokens": tokens, "has_password": password,
        "this": visitor.session.number, "shortest": access::SHORTEST_PASSWORD,
    });
    site.page(&visitor, "account.html", &context)
}

/// A new password, and the old one where there is one.
#[derive(Deserialize)]
pub(super) struct NewPassword {
    password: String,
    #[serde(default)]
    old: String,
}

/// `POST /account/password`: ends every other session.
pub(super) async fn password(
    State(site): State<Shared>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    form: Signed<NewPassword>,
) -> Answer {
    let Signed { visitor, fields: NewPassword { password, old } } = form;
    let party = visitor.party().to_owned();
    // Counted apart from signing in: how many tries are left there tells nobody who has a password.
    let (at_once, turn) = site.turn(site.peer(&headers, &peer), &format!("{party}, signed in")).await;
    let wanted = party.clone();
    let there = site.read(move |db| access::password_of(db, &wanted)).await?;
    let hash = site
        .work(move |_workspace| {
            if there.is_some() && !access::matches(there.as_deref(), &old) {
                if !at_once {
                    return Err(Problem::not_allowed("too many tries; wait a minute"));
                }
                return Err(Problem::not_allowed("this is not the password you have had so far"));
            }
            access::password_hash(&password)
        })
        .await?;
    drop(turn);
    let number = visitor.session.number;
    site.append(move |tx| {
        access::keep_password(tx, &party, &hash)?;
        access::end_all(tx, &party, Some(number))
    })
    .await?;
    Ok(Redirect::to("/account").into_response())
}

/// `POST /account/sessions`
pub(super) async fn end_others(State(site): State<Shared>, form: Signed<Nothing>) -> Answer {
    let Signed { visitor, fields: Nothing {} } = form;
    let session = visitor.session;
    site.append(move |tx| access::end_all(tx, &session.party, Some(session.number))).await?;
    Ok(Redirect::to("/account").into_response())
}

/// Which token.
#[derive(Deserialize)]
pub(super) struct Number {
    token: String,
}

/// `POST /account/tokens`
pub(super) async fn revoke(State(site): State<Shared>, form: Signed<Number>) -> Answer {
    let Signed { visitor, fields: Number { token } } = form;
    let number: i64 = token.parse().map_err(|_odd| Problem::usage("that is no token's number"))?;
    let party = visitor.party().to_owned();
    site.append(move |tx| access::revoke(tx, number, Some(&party), &party).map(drop)).await?;
    Ok(Redirect::to("/account").into_response())
}
