//! What a run will do, fixed when it starts: the SOP as published, the nested versions it is bound to, and, where a
//! held run was adjusted, how it differs from its SOP.

use super::mode::{Rules, Widened, mode_of};
use super::records::RunRow;
use crate::base::{Digest, Problem, Span, problem::Result};
use crate::journal::Journal;
use crate::roster::{Roster, Runtime};
use crate::settings::{PriorityModes, Settings};
use crate::sop::document::{ExecutionMode, OnFailure};
use crate::sop::work::{Work, work};
use crate::sop::{Sop, SopId, Step, Version};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Plans kept in memory: those of as many SOP versions as run at one time in a large company.
const MOST_KNOWN: usize = 256;

/// What a run will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The SOP version, adjusted where somebody did.
    pub sop: Sop,
    /// The mode it was started in.
    pub mode: ExecutionMode,
    /// What `priority_based` stands for.
    pub priority_modes: PriorityModes,
    /// Who does each step, by number.
    pub assignees: BTreeMap<u32, Assignee>,
    /// Versions of the SOPs that steps call, pinned at the start.
    pub nested: BTreeMap<SopId, Version>,
    /// How it differs from its SOP, one sentence each.
    pub changes: Vec<String>,
    /// Who made them: none of them answers the gate that asks about them.
    #[serde(default)]
    pub adjusted_by: BTreeSet<String>,
    /// Numbers of steps that were left out: never given to another.
    #[serde(default)]
    pub dropped: BTreeSet<u32>,
    /// Who is asked above whom: the next at work in the reporting line.
    pub chiefs: BTreeMap<String, String>,
    /// Whom gates ask where neither step nor owner leaves anybody.
    pub last_resort: String,
    /// How long a gate waits when its step does not say.
    pub approval_timeout: Span,
    /// Most moves of one gate up the reporting line.
    pub max_escalations: u32,
    /// How long a person has for a step that says nothing.
    pub task_time: Span,
    /// Most times one step may be begun.
    pub max_visits: u32,
    /// Longest a run may take.
    pub time_limit: Span,
}

/// Who does a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignee {
    /// Agent id.
    pub id: String,
    /// A person; otherwise code, a model, or sopd itself.
    pub person: bool,
    /// Tier of its model.
    pub tier: u8,
    /// Whom the SOP names, where that one was not at work when the run was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
}

impl Plan {
    /// Loads the plan of `run`. The last ones read are kept in memory: a plan never changes under its hash, and every
    /// look at a step needs it.
    pub fn of(journal: &Journal, run: &RunRow) -> Result<Arc<Self>> {
        static KNOWN: Mutex<BTreeMap<Digest, Arc<Plan>>> = Mutex::new(BTreeMap::new());
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = known().get(&run.plan) {
            return Ok(plan.clone());
        }
        let plan = Arc::new(Self::read(run, journal.blob(&run.plan)?)?);
        let mut known = known();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(run.plan.clone(), plan.clone());
        Ok(plan)
    }

    /// Reads the plan of `run`, as its payload has it.
    pub(super) fn read(run: &RunRow, payload: Option<Vec<u8>>) -> Result<Self> {
        let lost = || Problem::store(format!("the journal lacks the plan of {}", run.id));
        serde_json::from_slice(&payload.ok_or_else(lost)?)
            .map_err(|error| Problem::store(format!("the plan of {} cannot be read: {error}", run.id)))
    }

    /// The step with that number.
    pub(super) fn step(&self, number: u32) -> Result<&Step> {
        let found = self.sop.body.steps.iter().find(|step| step.number == number);
        found.ok_or_else(|| Problem::not_found(format!("{} has no step {number}", self.sop.head.id)))
    }

    /// The numbers of its steps, those that were left out included.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.sop.body.steps.iter().map(|step| step.number).chain(self.dropped.iter().copied())
    }

    /// What a step asks to be done.
    pub(super) fn work(&self, number: u32) -> Result<Work> {
        work(self.step(number)?).map_err(|error| Problem::invalid(format!("step {number}: {error}")))
    }

    /// The word for who or what does a step: `command`, `http`, `sop`, `wait`, `person`, `agent`.
    pub(super) fn kind(&self, number: u32) -> Result<&'static str> {
        Ok(match self.work(number)? {
            Work::Hands if self.assignees.get(&number).is_some_and(|one| one.person) => "person",
            Work::Hands => "agent",
            other => other.word(),
        })
    }

    /// That whoever the SOP names for a step is not at work, and who stands in; `None` where nobody does, or where code
    /// does the step.
    pub(super) fn stands_in(&self, number: u32) -> Option<String> {
        let Assignee { id, person, instead_of, .. } = self.assignees.get(&number)?;
        let named = instead_of.as_ref()?;
        matches!(self.work(number), Ok(Work::Hands)).then(|| {
            let how = if *person { "" } else { ", an agent: no person does this step" };
            format!("step {number}: {named} is not at work, so {id}, who owns the SOP, stands in{how}")
        })
    }

    /// [`Self::stands_in`] for all steps.
    pub fn stand_ins(&self) -> Vec<String> {
        self.assignees.keys().filter_map(|number| self.stands_in(*number)).collect()
    }

    /// Steps that come right before `step`: those it names, else the one before it in the file, unless it comes first.
    pub(super) fn before(&self, step: &Step) -> Vec<u32> {
        if step.is_first || !step.depends_on.is_empty() {
            return step.depends_on.clone();
        }
        let numbers = self.sop.body.steps.iter().map(|other| other.number);
        numbers.filter(|number| *number < step.number).max().into_iter().collect()
    }

    /// What the workflow needs to find its way.
    pub(super) fn route(&self) -> Vec<Leg> {
        let leg = |step: &Step| Leg {
            number: step.number,
            after: self.before(step),
            on_failure: step.on_failure.clone().unwrap_or(OnFailure::Stop),
            rollback: step.rollback.as_deref().is_some_and(|text| crate::sop::work::script(text).is_some()),
        };
        self.sop.body.steps.iter().map(leg).collect()
    }

    /// The mode, `priority_based` resolved.
    pub(super) fn resolved_mode(&self) -> ExecutionMode {
        mode_of(self.mode, self.sop.head.priority, &self.priority_modes)
    }

    /// What decides on gates, given how far autonomy is widened.
    pub(super) fn rules<'a>(&'a self, widened: &'a Widened) -> Rules<'a> {
        Rules {
            mode: self.mode,
            priority: self.sop.head.priority,
            priority_modes: &self.priority_modes,
            risk: self.sop.head.risk_level,
            widened,
        }
    }
}

/// One step as the workflow sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Leg {
    pub(super) number: u32,
    /// Steps that must be over.
    pub(super) after: Vec<u32>,
    pub(super) on_failure: OnFailure,
    /// It can be undone by a command.
    pub(super) rollback: bool,
}

/// Who does each step of `sop`: its assignee where the roster has it at work, else the owner.
pub(super) fn assignees(sop: &Sop, roster: &Roster) -> BTreeMap<u32, Assignee> {
    let known = |id: &str| roster.get(id).filter(|agent| agent.is_active());
    let of = |step: &Step| {
        let asked = step.assignee.as_deref().and_then(known);
        let instead_of = step.assignee.clone().filter(|_| asked.is_none());
        let agent = asked.or_else(|| known(&sop.head.owner));
        match agent {
            Some(agent) => Assignee {
                id: agent.head.id.clone(),
                person: agent.head.runtime != Runtime::Model,
                tier: agent.head.tier,
                instead_of,
            },
            // An owner who has left is still a name somebody can act under.
            None => Assignee { id: sop.head.owner.clone(), person: true, tier: 0, instead_of },
        }
    };
    sop.body.steps.iter().map(|step| (step.number, of(step))).collect()
}

/// Who signs publications now: gates that nobody else may answer end there.
pub fn signer(settings: &Settings, roster: &Roster) -> String {
    let publication = &settings.publication;
    let at_work = roster.get(&publication.signs).is_some_and(crate::roster::Agent::is_active);
    if at_work { publication.signs.clone() } else { publication.interim.signs.clone() }
}

/// The plan of the run with that id.
pub fn plan_of(journal: &Journal, run: &str) -> Result<Arc<Plan>> {
    let row = journal.read(|db| super::records::run(db, run))?;
    Plan::of(journal, &row)
}
