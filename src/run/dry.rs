//! A dry run: what a run would ask, do and wait for, with what each expression comes to. Performs nothing, and makes
//! its answers with the same code as the run itself.

use super::effect::Sight;
use super::gate::asked;
use super::mode::{Widened, at_start, at_step};
use super::parties::Today;
use super::preflight::{Check, checks};
use super::records::{RunRow, StepRow};
use super::start::Ready;
use super::state::{RunState, StepState};
use crate::base::{Digest, Exacts, Instant, Problem, problem::Result};
use crate::decision::OnDeadline;
use crate::sop::expression::holds;
use crate::sop::request::{form, parse};
use crate::sop::work::Work;
use serde::Serialize;
use std::sync::Arc;

/// What a run would do. Stable as JSON, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct DryRun {
    /// The SOP and its version.
    pub sop: String,
    /// The mode, and what it stands for.
    pub mode: String,
    /// The packet, defaults filled in.
    pub packet: Exacts,
    /// The pre-flight checks with what they come to; commands are not run.
    pub preflight: Vec<String>,
    /// Which of them would refuse the run, and why; absent where none does.
    pub refused: Option<String>,
    /// Who is asked before it begins.
    pub gate: Option<GateAhead>,
    /// Its steps.
    pub steps: Vec<StepAhead>,
    /// The definition of done.
    pub definition_of_done: String,
}

/// A gate that would stand.
#[derive(Clone, Debug, Serialize)]
pub struct GateAhead {
    /// Why.
    pub why: Vec<String>,
    /// Who is asked; empty where nobody may answer.
    pub asked_of: Vec<String>,
    /// How many of them must agree.
    pub quorum: u32,
    /// How long it waits.
    pub waits: String,
    /// What happens without an answer, or why nobody may answer.
    pub then: String,
}

/// A step that would be done.
#[derive(Clone, Debug, Serialize)]
pub struct StepAhead {
    /// From 1.
    pub number: u32,
    /// Imperative.
    pub title: String,
    /// `command`, `http`, `sop`, `wait`, `person` or `agent`.
    pub work: String,
    /// Who does it.
    pub assignee: String,
    /// That whoever the SOP names is not at work, and who stands in; absent where nobody does.
    pub stands_in: Option<String>,
    /// Steps before it.
    pub after: Vec<u32>,
    /// What its `When` comes to with this packet; absent where it has none.
    pub when: Option<String>,
    /// What its `Approval When` comes to; absent where it has none.
    pub asks_when: Option<String>,
    /// Who is asked first.
    pub gate: Option<GateAhead>,
    /// Exactly what it would do.
    pub effect: String,
    /// Longest it may take.
    pub time_limit: Option<String>,
}

/// What a run of `ready` would do.
pub fn dry_run(ready: &Ready, widened: &Widened) -> Result<DryRun> {
    let sight = imagined(ready);
    let plan = &sight.plan;
    let rules = plan.rules(widened);
    let first = plan.sop.body.steps.first().map_or(1, |step| step.number);
    let steps = plan.sop.body.steps.iter().map(|step| ahead(&sight, step.number, widened));
    let resolved = plan.resolved_mode().word();
    let named = plan.mode.word();
    Ok(DryRun {
        sop: format!("{} v{}", plan.sop.head.id, plan.sop.head.version),
        mode: if named == resolved {
            named.to_owned()
        } else {
            format!("{named}, which stands for {resolved}")
        },
        packet: sight.packet.clone(),
        preflight: checks(&plan.sop.body.preflight).iter().map(|check| checked(&sight, check)).collect(),
        refused: checks(&plan.sop.body.preflight).iter().find_map(|check| no(&sight, check)),
        gate: gate(&sight, None, at_start(&rules, first)),
        steps: steps.collect::<Result<_>>()?,
        definition_of_done: plan.sop.body.definition_of_done.trim().to_owned(),
    })
}

fn checked(sight: &Sight, check: &Check) -> String {
    match check {
        Check::Told(words) => format!("for whoever starts it: {words}"),
        Check::Command(script) => format!("runs on this machine: `{}`", script.trim()),
        Check::Expression(text) => match no(sight, check) {
            None => format!("`{text}` holds"),
            Some(why) => format!("{why}: the run would be refused"),
        },
    }
}

/// Why a check that can be done without doing anything would refuse the run.
fn no(sight: &Sight, check: &Check) -> Option<String> {
    let Check::Expression(text) = check else { return None };
    match holds(text, &sight.scope(0)) {
        Ok(true) => None,
        Ok(false) => Some(format!("`{text}` does not hold")),
        Err(error) => Some(error),
    }
}

fn ahead(sight: &Sight, number: u32, widened: &Widened) -> Result<StepAhead> {
    let plan = &sight.plan;
    let step = plan.step(number)?;
    let scope = sight.scope(number);
    let comes_to = |condition: Option<&str>| condition.map(|text| (text.to_owned(), holds(text, &scope)));
    let (when, condition) = (comes_to(step.when.as_deref()), comes_to(step.approval_when.as_deref()));
    let rules = plan.rules(widened);
    let why = match (&when, &condition) {
        (Some((_, Ok(false))), _) => Vec::new(),
        (_, Some((_, Ok(asks)))) => at_step(&rules, step, Some(*asks)),
        (_, Some((_, Err(_)))) => {
            let own = "its own condition may ask".to_owned();
            at_step(&rules, step, Some(false)).into_iter().chain([own]).collect()
        }
        (_, None) => at_step(&rules, step, None),
    };
    let told = |found: Option<&(String, std::result::Result<bool, String>)>, otherwise: &str| {
        found.map(|(text, holds)| match holds {
            Ok(true) => format!("`{text}` holds"),
            Ok(false) => format!("`{text}` does not hold: {otherwise}"),
            // An earlier step may give it; one that does not fails the step.
            Err(reason) => format!("{reason}, unless an earlier step gives it"),
        })
    };
    Ok(StepAhead {
        number,
        title: step.title.clone(),
        work: plan.kind(number)?.to_owned(),
        assignee: plan.assignees.get(&number).map(|one| one.id.clone()).unwrap_or_default(),
        stands_in: plan.stands_in(number),
        after: plan.before(step),
        when: told(when.as_ref(), "it would be left out"),
        asks_when: told(condition.as_ref(), "it would not ask"),
        gate: gate(sight, Some(number), why),
        effect: sight.effect(number).map_or_else(|problem| open(sight, number, &problem), |one| one.text),
        time_limit: step.time_limit.map(|limit| limit.to_string()),
    })
}

/// What a step would do that cannot be shown whole before earlier ones are done: its form, each open place named.
fn open(sight: &Sight, number: u32, problem: &Problem) -> String {
    let form = match sight.plan.work(number) {
        Ok(Work::Http(block)) => {
            parse(&block).ok().and_then(|request| form(&request, &sight.scope(number)).ok())
        }
        _ => None,
    };
    let told = match form {
        Some(form) => format!(
            "Sends this request; what stands in ‹…› is not known yet, or a secret:\n\n```http\n{form}\n```"
        ),
        None => format!("Not known yet: {}", problem.message),
    };
    let title = sight.plan.step(number).map(|step| step.title.clone()).unwrap_or_default();
    format!("Step {number}: {title}\n\n{told}\n")
}

fn gate(sight: &Sight, step: Option<u32>, why: Vec<String>) -> Option<GateAhead> {
    if why.is_empty() {
        return None;
    }
    Some(match asked(sight, step, &Today::default()) {
        Ok(asked) => GateAhead {
            why,
            quorum: asked.quorum,
            waits: asked.period.to_string(),
            then: rule(asked.rule).to_owned(),
            asked_of: asked.parties,
        },
        Err(nobody) => GateAhead { why, asked_of: Vec::new(), quorum: 0, waits: String::new(), then: nobody },
    })
}

fn rule(rule: OnDeadline) -> &'static str {
    match rule {
        OnDeadline::Approve => "it goes ahead: the SOP says so",
        OnDeadline::Skip => "the step is left out",
        OnDeadline::Reject => "it counts as no",
        OnDeadline::Pause => "the run pauses",
        OnDeadline::Remind | OnDeadline::Escalate | OnDeadline::Assume => "those above are asked as well",
    }
}

/// The run as it would stand before its first step.
fn imagined(ready: &Ready) -> Sight {
    let plan = Arc::new(ready.plan().clone());
    let row = RunRow {
        id: "sop_run_dry".to_owned(),
        sop: plan.sop.head.id.clone(),
        version: plan.sop.head.version,
        sha256: Digest::of(""),
        state: RunState::Pending,
        reason: String::new(),
        mode: plan.resolved_mode(),
        initiator: ready.initiator().to_owned(),
        trigger: "dry run".to_owned(),
        packet: Digest::of(""),
        plan: Digest::of(""),
        created_at: Instant(0),
        started_at: None,
        ended_at: None,
        score: None,
    };
    let steps = plan.sop.body.steps.iter().map(|step| StepRow {
        number: step.number,
        title: step.title.clone(),
        work: plan.kind(step.number).unwrap_or_default().to_owned(),
        state: StepState::Pending,
        reason: String::new(),
        assignee: plan.assignees.get(&step.number).map(|one| one.id.clone()).unwrap_or_default(),
        skills: step.needs_skills.clone(),
        depends_on: plan.before(step),
        artifact: step.artifact.clone(),
        due_at: None,
        visits: 0,
        attempts: 0,
        started_at: None,
        ended_at: None,
        confidence: None,
        outputs: Exacts::new(),
        said: String::new(),
        files: Vec::new(),
    });
    let steps = steps.collect();
    Sight { row, packet: ready.packet().clone(), steps, plan }
}
