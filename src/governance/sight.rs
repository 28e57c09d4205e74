//! Who may act here at all, and who may look into missions. Both fail closed: whoever is not known may nothing. An
//! agent that works elsewhere sees what its assignment shows and nothing more, as a worker in this process does: no
//! other worker's draft, no scenario, no verdict.

use crate::decision::DecisionKind;
use crate::roster::{Agent, AgentRole, Roster, Runtime};
use crate::settings::Settings;

/// Refuses whoever is neither at work on the roster nor the requester that the settings name.
///
/// # Errors
/// Why not, in words.
pub fn at_work(settings: &Settings, roster: &Roster, party: &str) -> Result<(), String> {
    match roster.get(party) {
        Some(agent) if agent.is_active() => Ok(()),
        Some(_) => Err(format!("{party} is on the roster, but not at work")),
        None if settings.requester == party => Ok(()),
        None => Err(format!("{party} is not on the roster")),
    }
}

/// Refuses whoever may no longer give an answer that was asked of it: who has left, who signs no publications now, who
/// works on no drafts now.
///
/// # Errors
/// Why not, in words.
pub fn may_still_answer(
    settings: &Settings,
    roster: &Roster,
    (party, kind): (&str, DecisionKind),
) -> Result<(), String> {
    at_work(settings, roster, party)?;
    let path = &settings.publication;
    match kind {
        DecisionKind::Publish => {
            let signs =
                [&path.signs, &path.interim.signs].into_iter().chain(&path.deputy).any(|id| id == party);
            if signs { Ok(()) } else { Err(format!("{party} signs no publications now")) }
        }
        DecisionKind::Assignment => {
            let works = roster.get(party).is_some_and(|agent| agent.can(AgentRole::Worker));
            if works { Ok(()) } else { Err(format!("{party} works on no drafts now")) }
        }
        DecisionKind::Forward
        | DecisionKind::Question
        | DecisionKind::Stuck
        | DecisionKind::Gate
        | DecisionKind::Task
        | DecisionKind::Result
        | DecisionKind::Review
        | DecisionKind::PeriodicReview => Ok(()),
    }
}

/// Whether `party` may read the dossiers of missions and what is asked of others.
pub fn sees_missions(settings: &Settings, roster: &Roster, party: &str) -> bool {
    at_work(settings, roster, party).is_ok() && !roster.get(party).is_some_and(works_elsewhere)
}

/// Whether an agent works in another process, to which nothing is shown but its assignments.
pub fn works_elsewhere(agent: &Agent) -> bool {
    agent.head.runtime == Runtime::External
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_known_to_be_at_work_neither_acts_nor_looks() {
        let agent = |id: &str, status: &str, runtime: &str| {
            let text = format!(
                "---\nid: {id}\ntitle: T\ndepartment: EXE\nstatus: {status}\nruntime: {runtime}\nroles: [worker]\n---\nWho it is.\n"
            );
            crate::roster::parse(&format!("agents/{id}.md"), &text).unwrap()
        };
        let agents = [
            agent("cro", "active", "person"),
            agent("coo", "planned", "person"),
            agent("ext", "active", "external"),
        ];
        let roster = Roster::new(agents).unwrap();
        let settings = Settings { requester: "big.boss".to_owned(), ..Settings::default() };
        for (party, acts, sees) in [
            ("cro", true, true),
            ("ext", true, false),
            ("coo", false, false),
            ("big.boss", true, true),
            ("who.left", false, false),
            ("", false, false),
        ] {
            assert_eq!(at_work(&settings, &roster, party).is_ok(), acts, "{party}");
            assert_eq!(sees_missions(&settings, &roster, party), sees, "{party}");
        }
        // A role that was taken away is none, whatever was asked before.
        for (party, kind, may) in [
            ("cro", DecisionKind::Gate, true),
            ("cro", DecisionKind::Publish, false),
            ("ext", DecisionKind::Assignment, true),
            ("big.boss", DecisionKind::Assignment, false),
            ("coo", DecisionKind::Publish, false),
            ("who.left", DecisionKind::Gate, false),
        ] {
            assert_eq!(may_still_answer(&settings, &roster, (party, kind)).is_ok(), may, "{party} {kind:?}");
        }
    }
}
