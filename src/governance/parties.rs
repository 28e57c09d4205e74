//! Separation of duties among the parties of one mission.

use crate::base::text::listed;
use crate::roster::{Agent, AgentRole, Roster};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who has which part in a mission, as far as it is settled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parties {
    /// Who asked for it.
    pub requester: String,
    /// Who plans and synthesises.
    pub orchestrator: String,
    /// Who will own the SOP.
    pub owner: String,
    /// Who drafts.
    pub workers: Vec<String>,
    /// Who judges structure and conflicts; empty until chosen.
    pub scrutiny: String,
    /// Who exercises it; empty until chosen.
    pub user_testing: String,
}

impl Parties {
    /// Why `id` had a hand in the draft, if it had.
    pub(super) fn hand_in_draft(&self, id: &str) -> Option<String> {
        if self.workers.iter().any(|worker| worker == id) {
            return Some(format!("{id} drafted part of it"));
        }
        if self.orchestrator == id {
            return Some(format!("{id} orchestrates the mission"));
        }
        None
    }

    /// Why `id` may not validate, if it may not: worker, orchestrator, requester, owner.
    fn interested(&self, id: &str) -> Option<String> {
        let other = || {
            if self.requester == id {
                Some(format!("{id} asked for it"))
            } else if self.owner == id {
                Some(format!("{id} will own it"))
            } else {
                None
            }
        };
        self.hand_in_draft(id).or_else(other)
    }

    /// Who may not sign, and why: whoever drafted or validated. The requester is looked at by the path, since
    /// it may sign where the path leaves nobody else.
    pub fn barred(&self) -> BTreeMap<String, String> {
        let mut barred = BTreeMap::new();
        for id in self.workers.iter().chain([&self.orchestrator]) {
            if let Some(reason) = self.hand_in_draft(id) {
                barred.insert(id.clone(), reason);
            }
        }
        for (id, what) in [(&self.scrutiny, "scrutinised"), (&self.user_testing, "tested")] {
            if !id.is_empty() {
                barred.entry(id.clone()).or_insert_with(|| format!("{id} {what} it"));
            }
        }
        barred
    }
}

/// The scrutiny validator: the asked one if it may, else the first who may. Never a worker, the orchestrator,
/// the requester or the owner, and never of the owner's department.
pub fn scrutiny_validator(roster: &Roster, asked: Option<&str>, parties: &Parties) -> Result<String, String> {
    let department = roster.get(&parties.owner).map(|owner| owner.head.department.clone());
    let refused = |agent: &Agent| {
        let id = agent.head.id.as_str();
        parties.interested(id).or_else(|| {
            let same = department.as_deref() == Some(agent.head.department.as_str());
            same.then(|| format!("{id} is of the owner's department"))
        })
    };
    choose(roster, AgentRole::Scrutiny, "scrutiny", asked, refused)
}

/// The user-testing validator: the asked one if it may, else the first who may. Never a worker, the
/// orchestrator, the requester or the owner.
pub fn user_tester(roster: &Roster, asked: Option<&str>, parties: &Parties) -> Result<String, String> {
    choose(roster, AgentRole::UserTesting, "user testing", asked, |agent| parties.interested(&agent.head.id))
}

fn choose(
    roster: &Roster,
    role: AgentRole,
    what: &str,
    asked: Option<&str>,
    refused: impl Fn(&Agent) -> Option<String>,
) -> Result<String, String> {
    if let Some(id) = asked {
        let agent =
            roster.get(id).ok_or_else(|| format!("`{id}`, asked for {what}, is not on the roster"))?;
        if !agent.is_active() || !agent.can(role) {
            return Err(format!(
                "{id} cannot be asked for {what}: its agent file does not give it that role"
            ));
        }
        return match refused(agent) {
            None => Ok(id.to_owned()),
            Some(reason) => Err(format!("{id} may not be the {what} validator: {reason}")),
        };
    }
    let mut reasons = Vec::new();
    for agent in roster.with_role(role) {
        match refused(agent) {
            None => return Ok(agent.head.id.clone()),
            Some(reason) => reasons.push(reason),
        }
    }
    if reasons.is_empty() {
        return Err(format!("nobody on the roster can be asked for {what}"));
    }
    Err(format!("nobody is left for {what}: {}", listed(&reasons)))
}
