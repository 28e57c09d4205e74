//! Taking a decision on: others who are asked see that somebody is at it. Advice only; whoever is asked may still
//! answer, and a claim lapses by itself.

use super::answer::{Given, check_party, still_open};
use super::care::{Claim, care, set_claim};
use super::rows::Decision;
use crate::base::{Problem, problem::Result};
use crate::journal::Tx;
use serde_json::json;

/// How long a claim holds, in minutes: half a working day, so that one who forgot it does not hold others up.
pub const CLAIM_MINUTES: i64 = 240;
/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;

/// Takes the decision on for [`CLAIM_MINUTES`]; once more by the same party renews it. The inner problem is that of a
/// deadline which was found to have passed.
///
/// # Errors
/// `NotAllowed` where it is not asked of who says so; `Conflict` where it is closed or somebody else is at it.
pub fn claim(tx: &Tx<'_>, id: &str, given: &Given) -> Result<Result<Claim, Problem>> {
    let decision = super::find(tx.db(), id)?;
    check_party(&decision, &given.by)?;
    if let Some(late) = still_open(tx, &decision)? {
        return Ok(Err(late));
    }
    if let Some(other) = held(tx, &decision)?.filter(|claim| claim.by != given.by) {
        let said = format!("{} has taken {} on until {}", other.by, decision.id, other.until.minute());
        return Err(Problem::conflict(said).hint("you may answer it all the same"));
    }
    let until = tx.now().plus_millis(CLAIM_MINUTES * MINUTE);
    let claim = Claim { by: given.by.clone(), until };
    set_claim(tx, &decision, Some(&claim))?;
    tell(tx, &decision, ("decision_claimed", Some(&claim)), given)?;
    Ok(Ok(claim))
}

/// Gives a claim back.
///
/// # Errors
/// `Conflict` where who says so has no claim.
pub fn release(tx: &Tx<'_>, id: &str, given: &Given) -> Result<()> {
    let decision = super::find(tx.db(), id)?;
    if held(tx, &decision)?.is_none_or(|claim| claim.by != given.by) {
        return Err(Problem::conflict(format!("{} has not taken {} on", given.by, decision.id)));
    }
    set_claim(tx, &decision, None)?;
    tell(tx, &decision, ("decision_released", None), given)
}

fn held(tx: &Tx<'_>, decision: &Decision) -> Result<Option<Claim>> {
    Ok(care(tx.db(), decision, tx.now())?.claim)
}

fn tell(
    tx: &Tx<'_>,
    decision: &Decision,
    (kind, claim): (&str, Option<&Claim>),
    given: &Given,
) -> Result<()> {
    let until = claim.map(|claim| claim.until.to_string());
    let body = json!({ "decision": decision.id, "by": given.by, "os_user": given.os_user, "until": until });
    tx.event(&decision.ask.mission, kind, &body).map(drop)
}
