//! What a mission file says about people, held against the roster: does everyone exist, may everyone do what
//! is asked, and are the duties separate (requirement F7)? Parsing alone cannot tell.

use super::parse::place_of;
use super::{Ask, Brief};
use crate::base::Problem;
use crate::roster::{Agent, AgentRole, Roster};

/// What is wrong with the parties a brief names; empty when nothing is.
pub fn check(brief: &Brief, roster: &Roster) -> Vec<Problem> {
    faults(&brief.ask, roster).into_iter().map(Fault::problem).collect()
}

/// As [`check`], each problem with its place in the file the brief was read from.
pub fn check_file(file: &str, text: &str, brief: &Brief, roster: &Roster) -> Vec<Problem> {
    let placed = |fault: Fault| {
        let place = place_of(file, text, fault.key, &fault.word);
        fault.problem().at(place)
    };
    faults(&brief.ask, roster).into_iter().map(placed).collect()
}

/// Something wrong, and where in the head to look for it.
struct Fault {
    key: &'static str,
    word: String,
    message: String,
    hint: String,
}

impl Fault {
    fn problem(self) -> Problem {
        Problem::invalid(self.message).hint(self.hint)
    }
}

fn fault(key: &'static str, word: &str, message: String, hint: impl Into<String>) -> Fault {
    Fault { key, word: word.to_owned(), message, hint: hint.into() }
}

fn faults(ask: &Ask, roster: &Roster) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(id) = &ask.requested_by {
        faults.extend(known(roster, "requested_by", id).err());
    }
    if let Some(id) = &ask.owner {
        faults.extend(able(roster, "owner", id, AgentRole::Worker).err());
    }
    for (at, worker) in ask.workers.iter().enumerate() {
        faults.extend(able(roster, "workers", &worker.agent, AgentRole::Worker).err());
        if ask.workers.iter().take(at).any(|before| before.agent == worker.agent) {
            let message = format!("`{}` is named twice among the workers", worker.agent);
            faults.push(fault("workers", &worker.agent, message, "join the two into one brief"));
        }
    }
    if let Some(id) = &ask.scrutiny {
        faults.extend(able(roster, "scrutiny", id, AgentRole::Scrutiny).err());
        faults.extend(same_department(ask, roster, id));
    }
    if let Some(id) = &ask.user_testing {
        faults.extend(able(roster, "user_testing", id, AgentRole::UserTesting).err());
    }
    faults.extend(mixed_duties(ask, roster));
    faults
}

fn known<'a>(roster: &'a Roster, key: &'static str, id: &str) -> Result<&'a Agent, Fault> {
    roster.get(id).ok_or_else(|| {
        let message = format!("`{key}` names `{id}`, and there is no such agent");
        fault(key, id, message, "write an id that `sopd agents` lists")
    })
}

/// Known, at work, and allowed to play `role`.
fn able(roster: &Roster, key: &'static str, id: &str, role: AgentRole) -> Result<(), Fault> {
    let agent = known(roster, key, id)?;
    if !agent.is_active() {
        let message = format!("`{key}` names `{id}`, who is planned and not at work yet");
        return Err(fault(key, id, message, "name an active agent"));
    }
    if agent.can(role) {
        return Ok(());
    }
    let message = format!("`{key}` names `{id}`, who does not have the role `{}`", role.word());
    let able: Vec<&str> = roster.with_role(role).map(|agent| agent.head.id.as_str()).collect();
    Err(fault(key, id, message, format!("name one of: {}", crate::base::text::listed(&able))))
}

/// Scrutiny comes from outside the owner's department (decision record DR-009).
fn same_department(ask: &Ask, roster: &Roster, scrutiny: &str) -> Option<Fault> {
    let department = |id: &str| roster.get(id).map(|agent| agent.head.department.as_str());
    let owner = ask.owner.as_deref()?;
    let shared = department(owner).filter(|own| department(scrutiny) == Some(own) && owner != scrutiny)?;
    let message = format!("`scrutiny` names `{scrutiny}`, who is of the owner's department {shared}");
    Some(fault("scrutiny", scrutiny, message, "name somebody of another department"))
}

/// A validator is not worker, orchestrator, requester or owner; the orchestrator drafts nothing.
fn mixed_duties(ask: &Ask, roster: &Roster) -> Vec<Fault> {
    let mut faults = Vec::new();
    let orchestrator = roster.orchestrator().map(|agent| agent.head.id.as_str());
    for (key, validator) in [("scrutiny", &ask.scrutiny), ("user_testing", &ask.user_testing)] {
        let Some(id) = validator.as_deref() else { continue };
        let duties = [
            ("a worker", ask.workers.iter().any(|worker| worker.agent == id)),
            ("the owner", ask.owner.as_deref() == Some(id)),
            ("the requester", ask.requested_by.as_deref() == Some(id)),
            ("the orchestrator", orchestrator == Some(id)),
        ];
        for (duty, _) in duties.iter().filter(|(_, held)| *held) {
            let message = format!("`{key}` names `{id}`, who is also {duty} of this mission");
            faults.push(fault(key, id, message, "name somebody who has no other part in it"));
        }
    }
    for worker in ask.workers.iter().filter(|worker| orchestrator == Some(worker.agent.as_str())) {
        let message = format!("`workers` names `{}`, who orchestrates and drafts nothing", worker.agent);
        faults.push(fault("workers", &worker.agent, message, "name a worker of a department"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brief::parse;

    fn roster() -> Roster {
        let agent = |id: &str, department: &str, status: &str, roles: &str| {
            let head =
                format!("id: {id}\ntitle: T\ndepartment: {department}\nstatus: {status}\nroles: [{roles}]");
            crate::roster::parse(&format!("{id}.md"), &format!("---\n{head}\n---\nJudges.\n")).unwrap()
        };
        Roster::new([
            agent("sop.manager", "OPS", "active", "orchestrator, worker"),
            agent("vp.sales", "REV", "active", "worker"),
            agent("cro", "REV", "active", "worker, council, scrutiny"),
            agent("coo", "OPS", "planned", "approver, worker"),
            agent("chief.staff", "OPS", "active", "scrutiny"),
            agent("qa.testing", "QA", "active", "user_testing"),
        ])
        .unwrap()
    }

    fn messages(head: &str) -> String {
        let text = format!("---\n{head}\n---\n# T\n\nText.\n");
        let brief = parse("m.md", &text).unwrap();
        let problems = check_file("m.md", &text, &brief, &roster());
        assert_eq!(problems.len(), check(&brief, &roster()).len());
        let line = |problem: &Problem| problem.place.as_ref().map_or(0, |place| place.line);
        problems.iter().map(|p| format!("{}: {}", line(p), p.message)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn parties_must_exist_be_able_and_keep_their_duties_apart() {
        let sound = "requested_by: cro\nowner: vp.sales\nworkers: [{ agent: vp.sales }]\nscrutiny: chief.staff\nuser_testing: qa.testing";
        assert_eq!(messages(sound), "");
        for (head, expected) in [
            ("owner: vp.sale", "2: `owner` names `vp.sale`, and there is no such agent"),
            ("owner: chief.staff", "2: `owner` names `chief.staff`, who does not have the role `worker`"),
            ("owner: coo", "2: `owner` names `coo`, who is planned and not at work yet"),
            (
                "owner: vp.sales\nscrutiny: cro",
                "3: `scrutiny` names `cro`, who is of the owner's department REV",
            ),
            (
                "scrutiny: qa.testing",
                "2: `scrutiny` names `qa.testing`, who does not have the role `scrutiny`",
            ),
            (
                "requested_by: chief.staff\nscrutiny: chief.staff",
                "3: `scrutiny` names `chief.staff`, who is also the requester of this mission",
            ),
            ("workers:\n  - { agent: cro }\n  - { agent: cro }", "3: `cro` is named twice among the workers"),
            (
                "workers:\n  - { agent: cro }\nscrutiny: cro",
                "4: `scrutiny` names `cro`, who is also a worker of this mission",
            ),
            (
                "workers: [{ agent: sop.manager }]",
                "2: `workers` names `sop.manager`, who orchestrates and drafts nothing",
            ),
        ] {
            assert_eq!(messages(head), expected, "{head}");
        }
    }
}
