//! The pages, one file each; every address is in the list below.

mod account;
mod decision;
mod diff;
mod inbox;
mod sign_in;

use super::site::Shared;
use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

/// Every page and every form.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/inbox") }))
        .route("/sign-in", get(sign_in::show).post(sign_in::with_password))
        .route("/sign-in/{secret}", get(sign_in::show_link).post(sign_in::with_link))
        .route("/sign-out", post(sign_in::out))
        .route("/account", get(account::show))
        .route("/account/password", post(account::password))
        .route("/account/sessions", post(account::end_others))
        .route("/account/tokens", post(account::revoke))
        .route("/inbox", get(inbox::show))
        .route("/decisions/{id}", get(decision::show))
        .route("/decisions/{id}/{verb}", post(decision::answer))
        .fallback(|| async { super::page::Failure::from(crate::base::Problem::not_found("nothing is here")) })
}
