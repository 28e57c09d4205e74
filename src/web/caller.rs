//! Who is behind a request: a browser with a session, or a program with a token.

use super::page::Failure;
use super::site::Shared;
use crate::access::Session;
use crate::base::{Digest, Problem, problem::Result};
use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use subtle::ConstantTimeEq as _;

/// Name of the cookie; browsers hold `__Host-` ones to TLS and to this very host.
pub(super) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-sopd" } else { "sopd" }
}

/// The value of our cookie.
pub(super) fn cookie(headers: &HeaderMap, secure: bool) -> Option<String> {
    cookie_named(headers, cookie_name(secure))
}

/// The value of the cookie `name`.
pub(super) fn cookie_named(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// The token of `Authorization: Bearer …`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Somebody signed in with a browser. Put into the request by the guard.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) session: Session,
    /// What our own forms carry: it proves that a request comes from one of them.
    pub(super) csrf: String,
}

impl Visitor {
    /// The visitor behind a session's secret. What forms carry is made from the secret, which other pages never see.
    pub(super) fn new(session: Session, secret: &str) -> Self {
        let csrf = Digest::of_all([b"form of ".as_slice(), secret.as_bytes()]).0;
        Self { session, csrf }
    }

    pub(super) fn party(&self) -> &str {
        &self.session.party
    }

    /// For the record, where the command line names the user of the machine.
    pub(super) fn means(&self) -> String {
        format!("desk session {}", self.session.number)
    }

    /// Refuses a form that is not one of ours.
    pub(super) fn check(&self, csrf: &str) -> Result<()> {
        if bool::from(csrf.as_bytes().ct_eq(self.csrf.as_bytes())) {
            return Ok(());
        }
        Err(Problem::not_allowed(
            "this form did not come from a page of this desk, or you have signed in anew since",
        )
        .hint("open the page again and repeat what you did"))
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _site: &Shared) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or(Failure::SignIn)
    }
}
