//! Binds the id of an agent's session to the credential it was begun with: whoever learns or guesses the id of
//! somebody else's session can do nothing with it. The seal is part of the id, so that nothing is kept.

use crate::base::{Problem, problem::Result};
use crate::front::Caller;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A key that lives as long as the desk; so do sessions.
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    pub(super) fn new() -> Result<Self> {
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Problem::failed(format!("the machine gives us no random numbers: {error}")))?;
        let mac = Hmac::new_from_slice(&key)
            .map_err(|error| Problem::failed(format!("BUG: a key of the wrong length: {error}")))?;
        Ok(Self(mac))
    }

    /// `id` as `caller` is told it.
    pub(super) fn close(&self, id: &str, caller: &Caller) -> String {
        let mark = self.over(id, caller).finalize().into_bytes();
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(mark))
    }

    /// The id that `caller` was told as `sealed`; `None` where it was not.
    pub(super) fn open<'a>(&self, sealed: &'a str, caller: &Caller) -> Option<&'a str> {
        let (id, mark) = sealed.rsplit_once('.')?;
        let mark = URL_SAFE_NO_PAD.decode(mark).ok()?;
        self.over(id, caller).verify_slice(&mark).ok()?;
        Some(id)
    }

    fn over(&self, id: &str, caller: &Caller) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        // No part holds a zero byte, so no two lists of parts read the same.
        for part in [id, &caller.party, &caller.means] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::Scope;

    #[test]
    fn a_session_opens_for_its_own_credential_alone() {
        let caller = |party: &str, means: &str| Caller {
            party: party.to_owned(),
            scope: Scope::Read,
            means: means.to_owned(),
        };
        let (seal, own) = (Seal::new().unwrap(), caller("cro", "token 1 (ci)"));
        let sealed = seal.close("6f2c", &own);
        assert_eq!(seal.open(&sealed, &own), Some("6f2c"));
        for other in [caller("ceo", "token 1 (ci)"), caller("cro", "token 2 (ci)")] {
            assert_eq!(seal.open(&sealed, &other), None);
        }
        for wrong in ["6f2c", "6f2c.", ".x", &sealed.replace("6f", "7f"), ""] {
            assert_eq!(seal.open(wrong, &own), None, "{wrong}");
        }
        assert_eq!(Seal::new().unwrap().open(&sealed, &own), None, "a desk that was started anew");
    }
}
