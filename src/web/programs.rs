//! Programs at the desk's address: the API, opened with the tokens of `sopd token new`.

use super::caller::bearer;
use crate::access;
use crate::api::caller::{Caller, Callers, Scope};
use crate::base::Problem;
use crate::daemon::Workspace;
use axum::http::HeaderMap;

/// Knows whoever shows a token that was made and not revoked.
pub(super) struct ByToken(pub(super) Workspace);

impl Callers for ByToken {
    fn caller_of(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let unknown = || {
            Problem::not_allowed("this token is missing, unknown or revoked")
                .hint("make one with `sopd token new PARTY`, and send it as `Authorization: Bearer TOKEN`")
        };
        let token = bearer(headers).ok_or_else(unknown)?;
        let found = self.0.journal.read(|db| access::party_of_token(db, token))?.ok_or_else(unknown)?;
        let scope = if found.scope == access::Scope::Write { Scope::Write } else { Scope::Read };
        Ok(Caller { party: found.party, scope, means: found.means })
    }
}
