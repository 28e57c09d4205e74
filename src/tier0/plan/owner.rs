//! Whose the SOP is: whom the requester or the version in force names, whose event starts the work, who knows most
//! of it; in the end somebody must answer for it.

use super::desk::Desk;
use crate::base::text::full_stop;
use crate::roster::{Agent, AgentRole};
use crate::tier0::knowledge::assignment;
use crate::tier0::knowledge::choice::trigger;
use crate::tier0::knowledge::matching::Fit;
use crate::tier0::knowledge::names;

impl<'a> Desk<'a> {
    pub(super) fn owner(&self) -> Result<(&'a Agent, String), String> {
        let head =
            self.current.as_ref().map(|sop| (sop.head.owner.as_str(), "they own the version in force"));
        let asked = self.q.ask.owner.as_deref().map(|id| (id, "the requester named them"));
        if let Some((id, why)) = asked.or(head) {
            let agent =
                self.roster.get(id).ok_or_else(|| format!("the owner `{id}` is not in the roster"))?;
            return Ok((agent, format!("{} owns it because {why}.", agent.head.id)));
        }
        if let Some((agent, said)) = self.answered() {
            return Ok((
                agent,
                format!("{} owns it because the requester answered “{said}”.", agent.head.id),
            ));
        }
        let department = self.q.ask.sop.as_ref().map(|sop| sop.department().to_owned());
        let in_department =
            |agent: &Agent| department.as_ref().is_none_or(|code| *code == agent.head.department);
        let named: Vec<&Agent> =
            self.q.ask.workers.iter().filter_map(|worker| self.roster.get(&worker.agent)).collect();
        if let Some((agent, event)) = self.starts_among(&named).filter(|(agent, _)| in_department(agent)) {
            let (id, code) = (&agent.head.id, &agent.head.department);
            let reason = format!(
                "The work crosses departments and starts in {code}: {} That side starts it, so {id} owns the whole of it.",
                full_stop(event)
            );
            return Ok((agent, reason));
        }
        if let Some(agent) = named.iter().find(|agent| in_department(agent)) {
            return Ok((*agent, format!("{} is the first worker the requester named.", agent.head.id)));
        }
        if let Some((agent, from)) = self.handing_over().filter(|(agent, _)| in_department(agent)) {
            return Ok((
                agent,
                format!(
                    "The work is handed over from {from}, whose side starts it, so {} owns the whole of it.",
                    agent.head.id
                ),
            ));
        }
        // What a department knows says whose the work is, unless the requester's own lines lead and name somebody.
        let led = self.own_words();
        let fit = self.fits.iter().filter(|_| !led).find(|fit| in_department(fit.known.agent));
        if let Some(fit) = fit {
            return Ok((fit.known.agent, self.reason(fit)));
        }
        let named = self.names.iter().filter_map(|(name, id)| Some((name, self.roster.get(id)?)));
        let mut workers = named.filter(|(_, agent)| agent.can(AgentRole::Worker) && in_department(agent));
        if let Some((name, agent)) = workers.next() {
            let id = &agent.head.id;
            return Ok((agent, format!("{id} owns it because “{name}” is the first the mission names.")));
        }
        self.fallback(in_department)
    }

    /// Whom the requester named when asked who does the work: by id, by title or by department.
    fn answered(&self) -> Option<(&'a Agent, &str)> {
        let said = self.material.who.as_deref()?;
        let word = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let by_id = said.split_whitespace().find_map(|one| self.roster.get(&word(one)));
        let pieces = || said.split([',', ';', '(', ')', '.', '\n']).map(str::trim);
        let by_name = || pieces().find_map(|piece| names::meant(piece, self.roster));
        let by_code = || {
            let codes: Vec<String> = said.split_whitespace().map(word).collect();
            self.roster.with_role(AgentRole::Worker).find(|agent| codes.contains(&agent.head.department))
        };
        let agent = by_id.or_else(by_name).or_else(by_code)?;
        agent.can(AgentRole::Worker).then_some((agent, said))
    }

    /// Of several departments' workers the one whose own event starts the work, by the topic its brief means.
    fn starts_among(&self, named: &[&'a Agent]) -> Option<(&'a Agent, &'a str)> {
        let first = named.first()?;
        if named.iter().all(|agent| agent.head.department == first.head.department) {
            return None;
        }
        let topic = |agent: &&'a Agent| {
            let ask = self.q.ask.workers.iter().find(|ask| ask.agent == agent.head.id)?;
            let topic = assignment::topic_meant(agent, &ask.brief, &self.q.mission.title)?;
            let phase = topic.steps.iter().map(|known| known.phase).min()?;
            trigger(topic).map(|event| (phase, *agent, event))
        };
        named
            .iter()
            .filter_map(topic)
            .min_by_key(|(phase, ..)| *phase)
            .map(|(_, agent, event)| (agent, event))
    }

    /// `from sales to customer success`: whoever hands over starts the work.
    fn handing_over(&self) -> Option<(&'a Agent, String)> {
        let title = self.q.mission.title.to_lowercase();
        let (_, rest) = title.split_once(" from ")?;
        let (from, _) = rest.split_once(" to ")?;
        let agent = names::meant(from, self.roster)
            .filter(|agent| agent.can(AgentRole::Worker) && !self.carried())?;
        Some((agent, from.to_owned()))
    }

    /// Somebody must answer for it: the department's first worker, the requester, or a generalist.
    fn fallback(&self, in_department: impl Fn(&Agent) -> bool) -> Result<(&'a Agent, String), String> {
        let workers = || self.roster.with_role(AgentRole::Worker).filter(|agent| in_department(agent));
        let requester = self.q.ask.requested_by.as_deref();
        let mine = workers().find(|agent| Some(agent.head.id.as_str()) == requester);
        let general = workers().find(|agent| names::words_of(agent).contains(&"operations".to_owned()));
        let found = mine.or(general).or_else(|| workers().next());
        let agent = found.ok_or("the roster has no worker at work in that department")?;
        let why = "nothing in the roster names this work, so operations answers for it until somebody else is named";
        Ok((agent, format!("{}: {why}.", agent.head.id)))
    }

    fn reason(&self, fit: &Fit<'_>) -> String {
        let (agent, topic) = (&fit.known.agent.head, fit.known.topic);
        let departments: Vec<&str> =
            self.fits.iter().map(|fit| fit.known.agent.head.department.as_str()).collect();
        let spans = departments.iter().any(|code| *code != agent.department);
        match trigger(topic).filter(|_| spans) {
            Some(event) => format!(
                "The work crosses departments and starts in {}: {} That side starts it, so {} owns the whole of it.",
                agent.department,
                full_stop(event),
                agent.id
            ),
            None => format!("{} holds the knowledge closest to it: {}.", agent.id, topic.title),
        }
    }
}
