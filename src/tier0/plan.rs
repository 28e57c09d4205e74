//! Plans a mission by comparing its words with what the roster knows: which SOP, whose, drafted by whom, held to
//! what. Where neither the roster nor the mission holds the work, it asks instead of guessing.

use super::assignment::{Wanted, written};
use super::choice::{by_name, carries, chosen, trigger};
use super::clause::full_stop;
use super::matching::{Fit, Library, Query};
use super::names;
use super::prose::{ASK_DONE, ASK_STEPS, ASK_TRIGGER, ASK_WHO, Material, ProseStep, read};
use super::sound::{can_lead, is_sound};
use crate::roles::Answered;
use crate::roles::plan::{PlanAnswer, PlanQuestion, PlannedAssignment};
use crate::roster::{Agent, AgentRole, Roster};
use crate::sop::Sop;

/// What a requester answers who wants the nearest knowledge to be used.
const USE_IT: &str = "use it";

/// Everything the parts of the plan look at.
pub(crate) struct Desk<'a> {
    pub(crate) q: &'a PlanQuestion,
    pub(crate) roster: &'a Roster,
    pub(crate) material: Material,
    pub(crate) fits: Vec<Fit<'a>>,
    pub(crate) current: Option<Sop>,
}

/// Makes the plan.
///
/// # Errors
/// When the roster has no worker at all, or the requester names an owner the roster does not have.
pub fn plan(q: &PlanQuestion, roster: &Roster) -> Result<PlanAnswer, String> {
    let material = read(&q.mission.text, &q.mission.answers);
    let library = Library::new(roster.active());
    let told = told(q);
    let fits = if material.readable {
        chosen(&library, &Query::new(&q.mission.title, &told), &told)
    } else {
        Vec::new()
    };
    let current =
        q.mission.current.as_deref().and_then(|text| crate::sop::parse("the current version", text).ok());
    let desk = Desk { q, roster, material, fits, current };
    let owner = desk.owner()?;
    let assignments = desk.assignments(owner.0);
    let title = desk.title();
    let (department, name) = desk.identity(owner.0, &title);
    let mut answer = PlanAnswer {
        department,
        name,
        owner: owner.0.head.id.clone(),
        owner_reason: owner.1,
        objective: desk.objective(&title),
        description: desk.description(&title),
        risk_level: desk.risk_level(),
        impact: desk.impact(),
        assignments,
        assertions: Vec::new(),
        questions: desk.questions(),
        title,
    };
    answer.assertions = super::promises::assertions(&answer, q, roster);
    Ok(answer)
}

fn told(q: &PlanQuestion) -> String {
    let answers = q.mission.answers.iter().map(|answered| answered.answer.as_str());
    let asked = q.ask.workers.iter().map(|worker| worker.brief.as_str());
    let objective = q.mission.objective.as_deref().into_iter();
    let all: Vec<&str> =
        std::iter::once(q.mission.text.as_str()).chain(objective).chain(asked).chain(answers).collect();
    all.join("\n")
}

impl<'a> Desk<'a> {
    pub(crate) fn carried(&self) -> bool {
        let chosen = told(self.q).to_lowercase().contains(USE_IT);
        self.fits.first().is_some_and(|fit| chosen || carries(fit))
    }

    /// The requester's own steps lead when they are a list, or when no topic carries the SOP.
    pub(crate) fn own_words(&self) -> bool {
        let steps = self.material.steps.len();
        (steps >= 3 && self.material.listed) || (steps >= 2 && !self.carried())
    }

    fn owner(&self) -> Result<(&'a Agent, String), String> {
        let head =
            self.current.as_ref().map(|sop| (sop.head.owner.as_str(), "they own the version in force"));
        let asked = self.q.ask.owner.as_deref().map(|id| (id, "the requester named them"));
        if let Some((id, why)) = asked.or(head) {
            let agent =
                self.roster.get(id).ok_or_else(|| format!("the owner `{id}` is not in the roster"))?;
            return Ok((agent, format!("{} owns it because {why}.", agent.head.id)));
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
        if let Some(fit) = self.fits.iter().find(|fit| in_department(fit.known.agent)) {
            return Ok((fit.known.agent, self.reason(fit)));
        }
        let actors: Vec<String> = self.material.steps.iter().filter_map(|step| step.actor.clone()).collect();
        if let Some(agent) =
            by_name(&actors, &self.q.mission.title, self.roster).filter(|agent| in_department(agent))
        {
            return Ok((
                agent,
                format!("{} stands for the first department the mission names.", agent.head.id),
            ));
        }
        self.fallback(in_department)
    }

    /// Of several departments' workers the one whose own event starts the work, by the topic its brief means.
    fn starts_among(&self, named: &[&'a Agent]) -> Option<(&'a Agent, &'a str)> {
        let first = named.first()?;
        if named.iter().all(|agent| agent.head.department == first.head.department) {
            return None;
        }
        let topic = |agent: &&'a Agent| {
            let ask = self.q.ask.workers.iter().find(|ask| ask.agent == agent.head.id)?;
            let topic = super::draft::topic_meant(agent, &ask.brief, &self.q.mission.title)?;
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

    fn assignments(&self, owner: &Agent) -> Vec<PlannedAssignment> {
        let asked = &self.q.ask.workers;
        if !asked.is_empty() {
            return asked.iter().map(|ask| self.asked(ask, owner)).collect();
        }
        let owner_id = owner.head.id.as_str();
        let mut planned: Vec<PlannedAssignment> = Vec::new();
        let own = self.fits.iter().find(|fit| fit.known.agent.head.id == owner_id);
        let leads = self.wanted(own);
        planned.push(PlannedAssignment {
            agent: owner_id.to_owned(),
            brief: written(&leads),
            optional: false,
        });
        for fit in self.fits.iter().filter(|fit| fit.known.agent.head.id != owner_id) {
            if self.own_words() {
                continue;
            }
            let wanted = Wanted { topics: vec![fit.known.topic.title.clone()], ..Wanted::default() };
            let agent = fit.known.agent.head.id.clone();
            planned.push(PlannedAssignment { agent, brief: written(&wanted), optional: false });
        }
        planned
    }

    fn asked(&self, ask: &crate::brief::WorkerAsk, owner: &Agent) -> PlannedAssignment {
        let brief = if ask.brief.trim().is_empty() {
            let fit = self.fits.iter().find(|fit| fit.known.agent.head.id == ask.agent);
            let wanted = if ask.agent == owner.head.id || fit.is_none() {
                self.wanted(fit)
            } else {
                Wanted {
                    topics: fit.iter().map(|fit| fit.known.topic.title.clone()).collect(),
                    ..Wanted::default()
                }
            };
            written(&wanted)
        } else {
            ask.brief.clone()
        };
        PlannedAssignment { agent: ask.agent.clone(), brief, optional: ask.optional }
    }

    fn wanted(&self, fit: Option<&Fit<'_>>) -> Wanted {
        let own_words = self.own_words();
        let usable = fit.filter(|fit| !own_words || carries(fit));
        let names = if own_words { self.names() } else { Vec::new() };
        let own_words = own_words || usable.is_none();
        Wanted {
            topics: usable.iter().map(|fit| fit.known.topic.title.clone()).collect(),
            own_words,
            names,
            subjects: Vec::new(),
        }
    }

    /// Whom the names in the requester's steps mean.
    fn names(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for actor in self.material.steps.iter().filter_map(|step| step.actor.as_ref()) {
            let known = found.iter().any(|(name, _)| name == actor);
            if let Some(agent) = names::meant(actor, self.roster).filter(|_| !known) {
                found.push((actor.clone(), agent.head.id.clone()));
            }
        }
        found
    }

    /// Questions only where there is nothing to draft from.
    fn questions(&self) -> Vec<String> {
        if self.current.is_some() || !self.q.ask.workers.is_empty() || self.carried() {
            return Vec::new();
        }
        if !self.material.readable {
            return vec!["The mission is not written in English, and without a model only English can be read. Please describe it in English: what starts the work, who does it, the three to five steps in order, and when it is finished?".to_owned()];
        }
        if !can_lead(&self.material) {
            return self.open_questions();
        }
        let answered = self.q.mission.answers.iter().any(|a| a.question.starts_with(ASK_TRIGGER));
        if self.material.trigger.is_none() && !answered {
            return vec![self.ask_trigger()];
        }
        Vec::new()
    }

    fn ask_trigger(&self) -> String {
        let subject = self.q.mission.title.trim();
        format!(
            "{ASK_TRIGGER} (“{subject}”)? Name the exact event, for example “a customer writes to support”.{}",
            self.understood()
        )
    }

    /// The steps that were read so far, quoted so that the requester sees what is missing.
    fn understood(&self) -> String {
        let sound = |step: &&ProseStep| step.orders.iter().all(is_sound);
        let orders = self.material.steps.iter().filter(sound).flat_map(|step| &step.orders);
        let quoted: Vec<String> = orders
            .enumerate()
            .map(|(at, order)| format!("{}. {}", at + 1, order.sentence().trim_end_matches('.')))
            .collect();
        if quoted.is_empty() { String::new() } else { format!(" I understood: {}.", quoted.join("; ")) }
    }

    fn open_questions(&self) -> Vec<String> {
        let subject = self.q.mission.title.trim();
        let answered =
            |ask: &str| self.q.mission.answers.iter().any(|a: &Answered| a.question.starts_with(ask));
        let mut asked = Vec::new();
        if let Some(fit) = self.fits.first() {
            let (topic, id) = (&fit.known.topic.title, &fit.known.agent.head.id);
            asked.push(format!("The nearest knowledge is “{topic}” of {id}, and it seems to be about other work. Is it meant after all (then answer “{USE_IT}”)?"));
        }
        if self.material.trigger.is_none() && !answered(ASK_TRIGGER) {
            let understood = self.understood();
            let plain = self.ask_trigger();
            asked.push(plain.strip_suffix(&understood).unwrap_or(&plain).to_owned());
        }
        if !answered(ASK_WHO) {
            asked.push(format!("{ASK_WHO} (“{subject}”), and which department answers for the result?"));
        }
        asked.push(format!("{ASK_STEPS} of “{subject}”, in order? Write a numbered list, each line starting with a verb, with any deadlines and amounts.{}{}", self.understood(), if self.understood().is_empty() { "" } else { " What is missing?" }));
        if self.material.done.is_none() && !answered(ASK_DONE) {
            asked.push(format!("{ASK_DONE} (“{subject}”)? Name something that can be counted or looked up."));
        }
        asked
    }
}
