//! When the council is called, and who sits on it.

use super::parties::Parties;
use crate::base::text::listed;
use crate::brief::CouncilAsk;
use crate::roster::{AgentRole, Roster};
use crate::settings::{Council, CouncilLevel};
use serde::{Deserialize, Serialize};

/// Chairs the council where it may: the chief of staff weighs, and does not write.
const USUAL_CHAIR: &str = "chief.staff";
/// The class of work whose orchestrator is also its sponsor (trigger matrix of the founding decision record).
const SPONSOR_CLASS: &str = "sponsor-contract";

/// A council that will be held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouncilPlan {
    /// Why it was called, one sentence.
    pub why: String,
    /// Who answers independently.
    pub members: Vec<String>,
    /// Who weighs the unnamed answers.
    pub chair: String,
}

/// What was asked about the council.
#[derive(Clone, Debug, Default)]
pub struct CouncilCall<'a> {
    /// Classes of the work.
    pub classes: &'a [String],
    /// The requester's wish.
    pub ask: Option<CouncilAsk>,
    /// The party that called for it while the mission was under way.
    pub called_by: Option<&'a str>,
}

/// Whether the council is held: `None` when nothing calls for it. A mandatory class cannot be skipped but by the
/// party that signs.
pub fn council(
    settings: &Council,
    roster: &Roster,
    parties: &Parties,
    call: &CouncilCall<'_>,
    signer: &str,
) -> Result<Option<CouncilPlan>, String> {
    let mut classes = call.classes.to_vec();
    if parties.requester == parties.orchestrator {
        classes.push(SPONSOR_CLASS.to_owned());
    }
    let level = settings.level(&classes)?;
    let skip = call.ask == Some(CouncilAsk::Skip);
    if skip && level == CouncilLevel::Mandatory && parties.requester != signer {
        return Err(format!("the council is mandatory for {}; only {signer} may skip it", listed(&classes)));
    }
    let why = match (call.called_by, call.ask, level) {
        (Some(party), ..) => format!("{party} asked for it"),
        (None, Some(CouncilAsk::Required), _) => "the mission asks for it".to_owned(),
        (None, None, CouncilLevel::Mandatory) => format!("it is mandatory for {}", listed(&classes)),
        (None, None, CouncilLevel::Recommended) => format!("it is recommended for {}", listed(&classes)),
        (None, Some(CouncilAsk::Skip), _) | (None, None, CouncilLevel::Optional) => return Ok(None),
    };
    seat(settings, roster, parties, why).map(Some)
}

/// Members of different departments first, so that they look from different sides.
fn seat(settings: &Council, roster: &Roster, parties: &Parties, why: String) -> Result<CouncilPlan, String> {
    let may = |id: &str| {
        id != parties.orchestrator
            && id != parties.owner
            && id != parties.requester
            && !parties.workers.iter().any(|worker| worker == id)
            && !parties.voices.contains_key(id)
    };
    let sits = |role: AgentRole| settings.member_roles.contains(&role);
    let mut free: Vec<(&str, &str)> = roster
        .active()
        .filter(|agent| agent.head.roles.iter().copied().any(sits) && may(&agent.head.id))
        .map(|agent| (agent.head.id.as_str(), agent.head.department.as_str()))
        .collect();
    let chair = free
        .iter()
        .position(|(id, _)| *id == USUAL_CHAIR)
        .or_else(|| free.len().checked_sub(1))
        .map(|at| free.remove(at).0.to_owned())
        .ok_or_else(|| {
            format!("the council is called ({why}), but nobody on the roster is free to sit on it")
        })?;
    let wanted = usize::try_from(settings.members).unwrap_or(usize::MAX);
    let mut members: Vec<String> = Vec::new();
    let mut departments: Vec<&str> = Vec::new();
    for fresh in [true, false] {
        for (id, department) in &free {
            let new = !departments.contains(department);
            if members.len() < wanted && new == fresh && !members.iter().any(|member| member == id) {
                members.push((*id).to_owned());
                departments.push(department);
            }
        }
    }
    if members.is_empty() {
        return Err(format!("the council is called ({why}), but only {chair} is free to sit on it"));
    }
    Ok(CouncilPlan { why, members, chair })
}
