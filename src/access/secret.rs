//! Secrets: 256 random bits, shown once, kept only as their hash.

use crate::base::{Digest, Problem, problem::Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A secret on its way to whoever will hold it.
#[derive(Clone)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new one.
    pub(super) fn new() -> Result<Self> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Problem::failed(format!("the machine gives us no random numbers: {error}")))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. No salt: nobody finds 256 random bits by trying.
    pub(super) fn hash(&self) -> String {
        hash(&self.0)
    }
}

/// What is kept of `secret`.
pub(super) fn hash(secret: &str) -> String {
    Digest::of(secret).0
}
