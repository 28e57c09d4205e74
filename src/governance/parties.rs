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
    /// Whose words came into it on the way, and how.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub voices: BTreeMap<String, Voice>,
}

/// How the words of a party came into a draft after its plan was made; the closest to drafting is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// It answered a question of those who draft.
    Answered,
    /// It said what to change.
    Revised,
    /// It handed in a part that was asked of another.
    Drafted,
    /// It put its own text in the place of the draft.
    Edited,
}

impl Voice {
    /// What the party did, after its name.
    pub fn words(self) -> &'static str {
        match self {
            Self::Answered => "answered what its authors asked",
            Self::Revised => "said what to change in it",
            Self::Drafted => "drafted part of it",
            Self::Edited => "edited it",
        }
    }
}

impl Parties {
    /// Why `id` had a hand in the draft, if it had.
    pub(super) fn hand_in_draft(&self, id: &str) -> Option<String> {
        if self.workers.iter().any(|worker| worker == id) {
            return Some(format!("{id} {}", Voice::Drafted.words()));
        }
        if self.orchestrator == id {
            return Some(format!("{id} orchestrates the mission"));
        }
        self.voices.get(id).map(|voice| format!("{id} {}", voice.words()))
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

    /// Who may not sign, and why: whoever drafted, spoke or validated. The requester is looked at by the path, since
    /// it may sign where the path leaves nobody else.
    pub fn barred(&self) -> BTreeMap<String, String> {
        let mut barred = BTreeMap::new();
        let spoke = self.voices.keys().filter(|id| **id != self.requester);
        for id in self.workers.iter().chain([&self.orchestrator]).chain(spoke) {
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

    /// That scrutiny is of the owner's own department, if it is: only where nobody of another could do it.
    pub(super) fn judged_at_home(&self, roster: &Roster) -> Option<String> {
        let department = |id: &str| roster.get(id).map(|agent| agent.head.department.as_str());
        let home = department(&self.owner)?;
        let same = department(&self.scrutiny)? == home;
        same.then(|| {
            let judge = &self.scrutiny;
            format!(
                "{judge} scrutinises it and is of the owner's department {home}: no other has anybody who may"
            )
        })
    }

    /// The parties of a draft into which these have spoken: a validator whose words are in it gives its place to
    /// another. Also what who signs should know of it: whose words they are, and a judge nobody could replace.
    pub fn heard(&self, voices: BTreeMap<String, Voice>, roster: &Roster) -> (Self, Vec<String>) {
        let mut parties = Self { voices, ..self.clone() };
        let others = parties.voices.iter().filter(|(id, _)| **id != parties.requester);
        let mut notes: Vec<String> =
            others.map(|(id, voice)| format!("Words of {id} stand in it: {id} {}.", voice.words())).collect();
        let mut replaced = |judge: &str, other: Result<String, String>| {
            let reason = parties.interested(judge)?;
            match other {
                Ok(other) => Some(other),
                Err(nobody) => {
                    notes.push(format!("{judge} judges it although {reason}: {nobody}."));
                    None
                }
            }
        };
        let scrutiny = replaced(&parties.scrutiny, scrutiny_validator(roster, None, &parties));
        let user_testing = replaced(&parties.user_testing, user_tester(roster, None, &parties));
        let other = scrutiny.is_some();
        parties.scrutiny = scrutiny.unwrap_or(parties.scrutiny);
        notes.extend(parties.judged_at_home(roster).filter(|_| other).map(|reason| format!("{reason}.")));
        parties.user_testing = user_testing.unwrap_or(parties.user_testing);
        (parties, notes)
    }
}

/// The scrutiny validator: the asked one if it may, else the first who may. Never a worker, the orchestrator,
/// the requester or the owner, and of the owner's department only where nobody else is left: the publication path puts
/// that on record.
pub fn scrutiny_validator(roster: &Roster, asked: Option<&str>, parties: &Parties) -> Result<String, String> {
    let department = roster.get(&parties.owner).map(|owner| owner.head.department.clone());
    let refused = |agent: &Agent| {
        let id = agent.head.id.as_str();
        parties.interested(id).or_else(|| {
            let same = department.as_deref() == Some(agent.head.department.as_str());
            same.then(|| format!("{id} is of the owner's department"))
        })
    };
    let apart = choose(roster, AgentRole::Scrutiny, "scrutiny", asked, refused);
    apart.or_else(|nobody| {
        let disinterested = |agent: &Agent| parties.interested(&agent.head.id);
        let at_home = || choose(roster, AgentRole::Scrutiny, "scrutiny", None, disinterested).ok();
        asked.map_or_else(at_home, |_| None).ok_or(nobody)
    })
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
    Err(format!(
        "nobody is left for {what}: {}; leave one of them out of the work, or let somebody else ask for it",
        listed(&reasons)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_words_are_in_it_judges_it_no_more() {
        let agent = |id: &str, department: &str, role: &str| {
            let text = format!(
                "---\nid: {id}\ntitle: T\ndepartment: {department}\nstatus: active\nroles: [{role}]\n---\nWho it is.\n"
            );
            crate::roster::parse(&format!("agents/{id}.md"), &text).unwrap()
        };
        let agents = [
            agent("chief.staff", "EXE", "scrutiny"),
            agent("it.security", "IT", "scrutiny"),
            agent("qa.testing", "QA", "user_testing"),
        ];
        let roster = Roster::new(agents).unwrap();
        let planned = Parties {
            requester: "cro".to_owned(),
            scrutiny: "chief.staff".to_owned(),
            user_testing: "qa.testing".to_owned(),
            ..Parties::default()
        };
        let with = |said: &[(&str, Voice)]| {
            let voices = said.iter().map(|(id, voice)| ((*id).to_owned(), *voice)).collect();
            let (parties, notes) = planned.heard(voices, &roster);
            (parties.scrutiny.clone(), parties.user_testing.clone(), notes, parties.barred())
        };
        for voice in [Voice::Answered, Voice::Revised, Voice::Drafted, Voice::Edited] {
            let (scrutiny, _, notes, barred) = with(&[("chief.staff", voice)]);
            assert_eq!(scrutiny, "it.security", "{voice:?}");
            assert_eq!(notes, [format!("Words of chief.staff stand in it: chief.staff {}.", voice.words())]);
            assert!(barred.contains_key("chief.staff"), "it judged before and spoke since: it does not sign");
        }
        let (scrutiny, _, notes, barred) = with(&[("cro", Voice::Answered)]);
        assert_eq!((scrutiny.as_str(), notes.len()), ("chief.staff", 0), "who asked for it is known to have");
        assert!(!barred.contains_key("cro"), "the path says whether who asked for it signs");
        let (_, tester, notes, _) = with(&[("qa.testing", Voice::Revised)]);
        assert_eq!(tester, "qa.testing");
        assert!(notes.iter().any(|note| note.starts_with("qa.testing judges it although")), "{notes:?}");
    }
}
