//! All agents together: lookups, and what must hold between their files.

use super::{Agent, AgentRole};
use crate::base::Problem;
use crate::base::text::listed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The agents by id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roster {
    /// Every agent file that could be read.
    pub agents: BTreeMap<String, Agent>,
}

impl Roster {
    /// Puts agents together. Two with one id are a problem: neither may quietly win.
    pub fn new(agents: impl IntoIterator<Item = Agent>) -> Result<Self, Vec<Problem>> {
        let mut roster = Self::default();
        let mut problems = Vec::new();
        for agent in agents {
            let id = agent.head.id.clone();
            if roster.agents.insert(id.clone(), agent).is_some() {
                let problem = Problem::invalid(format!("two agent files have the id `{id}`"));
                problems.push(problem.hint("remove one of them, or give it its own id"));
            }
        }
        if problems.is_empty() { Ok(roster) } else { Err(problems) }
    }

    /// The agent with that id.
    pub fn get(&self, id: &str) -> Option<&Agent> {
        self.agents.get(id)
    }

    /// Every agent, in order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// Agents at work, in order of their ids.
    pub fn active(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values().filter(|agent| agent.is_active())
    }

    /// Agents at work that may play `role`, in order of their ids.
    pub fn with_role(&self, role: AgentRole) -> impl Iterator<Item = &Agent> {
        self.active().filter(move |agent| agent.can(role))
    }

    /// Agents at work in `department`, in order of their ids.
    pub fn in_department<'a>(&'a self, department: &'a str) -> impl Iterator<Item = &'a Agent> {
        self.active().filter(move |agent| agent.head.department == department)
    }

    /// The next at work above each agent.
    pub fn chiefs(&self) -> BTreeMap<String, String> {
        self.agents.values().filter_map(|agent| Some((agent.head.id.clone(), self.chief(agent)?))).collect()
    }

    /// The nearest above an agent who is at work.
    fn chief(&self, agent: &Agent) -> Option<String> {
        let above = |agent: &Agent| agent.head.reports_to.as_deref().and_then(|id| self.get(id));
        // No line is longer than the roster: who reports to each other in a circle has nobody above.
        let line = std::iter::successors(above(agent), |agent| above(agent)).take(self.agents.len());
        line.into_iter().find(|agent| agent.is_active()).map(|agent| agent.head.id.clone())
    }

    /// The one active orchestrator; `None` when there is none or more than one (see [`Roster::check`]).
    pub fn orchestrator(&self) -> Option<&Agent> {
        let mut found = self.with_role(AgentRole::Orchestrator);
        found.next().filter(|_| found.next().is_none())
    }

    /// What is wrong between the files: reporting lines, the orchestrator, missing roles, agents that steps and
    /// roles name and nobody has, and terms with two definitions.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (id, agent) in &self.agents {
            if *id != agent.head.id {
                problems
                    .push(Problem::invalid(format!("the agent `{}` is filed under `{id}`", agent.head.id)));
            }
            problems.extend(self.check_line(agent));
            problems.extend(self.check_names(agent));
        }
        problems.extend(self.check_cycles());
        problems.extend(self.check_roles());
        problems.extend(self.check_terms());
        problems
    }

    fn check_line(&self, agent: &Agent) -> Option<Problem> {
        let chief = agent.head.reports_to.as_ref().filter(|chief| !self.agents.contains_key(*chief))?;
        let message = format!("`{}` reports to `{chief}`, and there is no such agent", agent.head.id);
        Some(Problem::invalid(message).hint(format!("add agents/{chief}.md or mend `reports_to`")))
    }

    /// Walks up each reporting line; a line longer than the roster runs in a circle.
    fn check_cycles(&self) -> Vec<Problem> {
        let in_circle = |start: &Agent| {
            let mut at = start;
            for _ in 0..self.agents.len() {
                match at.head.reports_to.as_ref().and_then(|chief| self.agents.get(chief)) {
                    Some(chief) if chief.head.id == start.head.id => return true,
                    Some(chief) => at = chief,
                    None => return false,
                }
            }
            false
        };
        let ids: Vec<&str> = self
            .agents
            .values()
            .filter(|agent| in_circle(agent))
            .map(|agent| agent.head.id.as_str())
            .collect();
        if ids.is_empty() {
            return Vec::new();
        }
        let message = format!("the reporting lines of {} run in a circle", listed(&ids));
        vec![Problem::invalid(message).hint("let one of them report to somebody else, or to nobody")]
    }

    fn check_roles(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let orchestrators: Vec<&str> =
            self.with_role(AgentRole::Orchestrator).map(|agent| agent.head.id.as_str()).collect();
        if orchestrators.len() > 1 {
            let message = format!("{} are all orchestrators at work", listed(&orchestrators));
            problems
                .push(Problem::invalid(message).hint("leave the role `orchestrator` to exactly one of them"));
        }
        for role in [
            AgentRole::Orchestrator,
            AgentRole::Worker,
            AgentRole::Scrutiny,
            AgentRole::UserTesting,
            AgentRole::Approver,
        ] {
            if self.with_role(role).next().is_none() {
                let message = format!("no agent at work has the role `{}`", role.word());
                problems.push(Problem::invalid(message).hint("give the role to an active agent"));
            }
        }
        problems
    }

    /// Agents that an agent's steps and roles name.
    fn check_names(&self, agent: &Agent) -> Vec<Problem> {
        let mut problems = Vec::new();
        for topic in &agent.topics {
            let roles = topic.lines(super::Part::Section(crate::sop::Section::Roles)).iter();
            let roles = roles.filter_map(|line| super::bullets::role(line).ok()).map(|(id, _)| id);
            let assignees = topic.steps.iter().filter_map(|known| known.step.assignee.as_deref());
            let mut unknown: Vec<&str> =
                roles.chain(assignees).filter(|id| !self.agents.contains_key(*id)).collect();
            unknown.sort_unstable();
            unknown.dedup();
            for id in unknown {
                let message = format!("`{}` names `{id}` in the topic `{}`", agent.head.id, topic.title);
                problems.push(Problem::invalid(message).hint("name an agent of the roster"));
            }
        }
        problems
    }

    /// One term has one definition in the whole roster: two would contradict each other in one SOP.
    fn check_terms(&self) -> Vec<Problem> {
        let mut known: BTreeMap<String, (&str, &str)> = BTreeMap::new();
        let mut problems = Vec::new();
        for agent in self.agents.values() {
            for (term, definition) in agent.topics.iter().flat_map(super::Topic::terms) {
                let id = agent.head.id.as_str();
                let (first, meaning) = *known.entry(term.to_lowercase()).or_insert((id, definition));
                if meaning != definition {
                    let message = format!("`{first}` and `{id}` define the term `{term}` differently");
                    problems
                        .push(Problem::invalid(message).hint("give the term one definition, or two names"));
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(id: &str, chief: Option<&str>, roles: &str, body: &str) -> Agent {
        let line = chief.map_or(String::new(), |chief| format!("reports_to: {chief}\n"));
        let text = format!(
            "---\nid: {id}\ntitle: T\ndepartment: OPS\nstatus: active\nroles: [{roles}]\n{line}---\nJudges.\n{body}"
        );
        super::super::parse(&format!("{id}.md"), &text).unwrap()
    }

    fn company() -> Vec<Agent> {
        vec![
            agent("ceo", None, "approver", ""),
            agent("boss", Some("ceo"), "orchestrator", ""),
            agent("hand", Some("boss"), "worker", "## T\n### Terms\n- **Lead**: a person.\n"),
            agent("judge", Some("ceo"), "scrutiny, user_testing", ""),
        ]
    }

    fn check(change: impl Fn(&mut Vec<Agent>)) -> String {
        let mut agents = company();
        change(&mut agents);
        let problems = Roster::new(agents).map_or_else(|problems| problems, |roster| roster.check());
        problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_sound_company_has_no_problems_and_is_looked_up() {
        assert_eq!(check(|_| ()), "");
        let roster = Roster::new(company()).unwrap();
        assert_eq!(roster.orchestrator().unwrap().head.id, "boss");
        assert_eq!(roster.with_role(AgentRole::Worker).count(), 1);
        assert_eq!(roster.in_department("OPS").count(), 4);
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        assert_eq!(check(|all| all.push(company().remove(0))), "two agent files have the id `ceo`");
        let unknown = check(|all| all.push(agent("x", Some("nobody"), "worker", "")));
        assert_eq!(unknown, "`x` reports to `nobody`, and there is no such agent");
        let circle = check(|all| all[0].head.reports_to = Some("boss".to_owned()));
        assert_eq!(circle, "the reporting lines of boss and ceo run in a circle");
        let two = check(|all| all.push(agent("x", None, "orchestrator", "")));
        assert_eq!(two, "boss and x are all orchestrators at work");
        let none = check(|all| all[0].head.status = crate::roster::AgentStatus::Planned);
        assert_eq!(none, "no agent at work has the role `approver`");
        let term =
            check(|all| all.push(agent("x", None, "worker", "## T\n### Terms\n- **lead**: a firm.\n")));
        assert_eq!(term, "`hand` and `x` define the term `lead` differently");
        let named = check(|all| all.push(agent("x", None, "worker", "## T\n### Roles\n- ghost: haunts.\n")));
        assert_eq!(named, "`x` names `ghost` in the topic `T`");
    }
}
