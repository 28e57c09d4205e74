//! Who calls, told from the headers of a request. Whoever mounts the router brings an answer of its own; the one here
//! knows a fixed list of bearer tokens.

use crate::base::{Digest, Problem};
pub use crate::front::{Caller, Scope};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use std::collections::BTreeMap;

/// Tells who calls.
pub trait Callers: Send + Sync + 'static {
    /// The party behind a request, and what its credential allows.
    ///
    /// # Errors
    /// Why nobody is known behind it; answered with 401.
    fn caller_of(&self, headers: &HeaderMap) -> Result<Caller, Problem>;
}

/// A fixed list of bearer tokens, of which only the hashes are kept.
#[derive(Debug, Default)]
pub struct Tokens(BTreeMap<Digest, Caller>);

impl Tokens {
    /// The tokens and whom each stands for.
    pub fn new(tokens: impl IntoIterator<Item = (String, Caller)>) -> Self {
        Self(tokens.into_iter().map(|(token, caller)| (Digest::of(&token), caller)).collect())
    }
}

impl Callers for Tokens {
    fn caller_of(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let unknown = || {
            Problem::not_allowed("nobody is known behind this request")
                .hint("send `Authorization: Bearer` and a token")
        };
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(unknown)?;
        let (scheme, token) = header.split_once(' ').ok_or_else(unknown)?;
        // Looked up by its hash: how long that takes says nothing about the token.
        let found = self.0.get(&Digest::of(token.trim())).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
        found.cloned().ok_or_else(unknown)
    }
}
