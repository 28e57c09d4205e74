//! Adjusting a held run before it begins (requirement C4): another assignee, other words, a step less or more. The run
//! says how it differs from its SOP, and somebody other than who adjusted it is always asked before it begins.

use super::control::{Actor, allow};
use super::plan::{Assignee, Plan};
use super::records;
use super::start::materialise;
use crate::base::text::listed;
use crate::base::{Digest, Problem, problem::Result};
use crate::journal::Tx;
use crate::roster::{Roster, Runtime};
use crate::sop::Step;
use crate::sop::blocks;
use crate::sop::work::work;
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;

/// One adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// Somebody else does a step.
    Assign {
        /// The step.
        step: u32,
        /// Who does it.
        to: String,
    },
    /// Other instructions for a step, Markdown.
    Text {
        /// The step.
        step: u32,
        /// Its new text.
        text: String,
    },
    /// A step is left out from the start.
    Drop {
        /// The step.
        step: u32,
    },
    /// One step more, at the end or after another.
    Add {
        /// The step it comes after; the last one where absent.
        after: Option<u32>,
        /// Imperative.
        title: String,
        /// Its instructions, Markdown.
        text: String,
        /// Who does it; the owner where absent.
        to: Option<String>,
    },
}

/// Adjusts a held run; `plan` is the one it has now. Returns how the run differs from its SOP.
pub fn adjust(
    tx: &Tx<'_>,
    run: &str,
    adjustment: &Adjustment,
    (actor, mut plan, roster): (&Actor, Plan, &Roster),
) -> Result<Vec<String>> {
    let row = records::run(tx.db(), run)?;
    allow(&row, actor, &plan)?;
    let held: bool = tx
        .db()
        .prepare_cached("SELECT held FROM run WHERE id = ?1 AND state = 'pending'")?
        .query_row([run], |row| row.get(0))
        .unwrap_or(false);
    if !held {
        return Err(Problem::conflict(format!(
            "{run} is {}: only a held run can be adjusted",
            row.state.word()
        ))
        .hint("start it with `sopd run SOP --hold`"));
    }
    if Digest::of(json!(plan).to_string()) != row.plan {
        return Err(Problem::conflict(format!("{run} was adjusted by somebody else at the same time"))
            .hint("look again"));
    }
    let said = change(&mut plan, adjustment, roster)?;
    plan.adjusted_by.insert(actor.by.clone());
    plan.changes.push(format!("{}: {said}", actor.by));
    let blob = tx.blob(json!(plan).to_string().as_bytes())?;
    tx.db().prepare_cached("UPDATE run SET plan = ?2 WHERE id = ?1")?.execute((run, &blob.0))?;
    tx.db().prepare_cached("DELETE FROM run_step WHERE run = ?1")?.execute([run])?;
    materialise(tx, run, &plan)?;
    let body = json!({ "by": actor.by, "os_user": actor.os_user, "what": said, "plan": blob });
    tx.event(run, "run_adjusted", &body)?;
    Ok(plan.changes)
}

/// How a run differs from its SOP, one sentence each; empty where nobody adjusted it.
pub fn changes_of(db: &Connection, run: &str) -> Result<Vec<String>> {
    let mut found = db.prepare_cached(
        "SELECT json_extract(text, '$.by') || ': ' || json_extract(text, '$.what') FROM event
         WHERE subject = ?1 AND kind = 'run_adjusted' ORDER BY seq",
    )?;
    Ok(found.query_map([run], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn change(plan: &mut Plan, adjustment: &Adjustment, roster: &Roster) -> Result<String> {
    match adjustment {
        Adjustment::Assign { step, to } => {
            able(plan.step(*step)?, roster, to)?;
            let before = plan.assignees.insert(*step, known(roster, to)?);
            Ok(format!("{to} does step {step} in place of {}", before.map_or_else(String::new, |one| one.id)))
        }
        Adjustment::Text { step, text } => {
            let changed = find(plan, *step)?;
            changed.text.clone_from(text);
            understood(changed)?;
            Ok(format!("step {step} has other words"))
        }
        Adjustment::Drop { step } => drop_step(plan, *step),
        Adjustment::Add { after, title, text, to } => {
            let who = known(roster, to.as_deref().unwrap_or(&plan.sop.head.owner))?;
            let step = Step { title: title.clone(), text: text.clone(), ..Step::default() };
            understood(&step)?;
            add_step(plan, *after, (step, who))
        }
    }
}

/// Refuses words that would be taken otherwise than they may be meant: nobody looks at them again before they are done.
fn understood(step: &Step) -> Result<()> {
    work(step).map_err(Problem::invalid)?;
    let doubt = blocks::look(&step.text).doubt();
    doubt.map_or(Ok(()), |doubt| Err(Problem::invalid(format!("the step's text cannot stand so: {doubt}"))))
}

/// Adds a step behind `after`, so that whatever came right after that one waits for the new one; at the end, where no
/// step is named.
fn add_step(plan: &mut Plan, after: Option<u32>, (mut step, who): (Step, Assignee)) -> Result<String> {
    let number = plan.numbers().max().unwrap_or(0) + 1;
    let follows: BTreeSet<u32> = match after {
        Some(after) => {
            plan.step(after)?;
            let steps = plan.sop.body.steps.iter();
            steps.filter(|other| plan.before(other).contains(&after)).map(|other| other.number).collect()
        }
        None => BTreeSet::new(),
    };
    step.number = number;
    step.depends_on = after.map_or_else(|| last(plan), |after| vec![after]);
    for other in plan.sop.body.steps.iter_mut().filter(|other| follows.contains(&other.number)) {
        other.depends_on.retain(|before| Some(*before) != after);
        other.depends_on.push(number);
        other.is_first = false;
    }
    let said = format!("step {number} was added: {}", step.title);
    plan.assignees.insert(number, who);
    plan.sop.body.steps.push(step);
    Ok(said)
}

/// The steps nothing comes after.
fn last(plan: &Plan) -> Vec<u32> {
    let before: BTreeSet<u32> = plan.sop.body.steps.iter().flat_map(|step| plan.before(step)).collect();
    plan.sop.body.steps.iter().map(|step| step.number).filter(|number| !before.contains(number)).collect()
}

fn drop_step(plan: &mut Plan, number: u32) -> Result<String> {
    let dropped = plan.step(number)?.clone();
    if plan.sop.body.steps.len() == 1 {
        return Err(Problem::invalid("a run without any step does nothing").hint("use `sopd cancel`"));
    }
    let before = plan.before(&dropped);
    let follows: Vec<u32> = {
        let steps = &plan.sop.body.steps;
        steps.iter().filter(|step| plan.before(step).contains(&number)).map(|step| step.number).collect()
    };
    plan.sop.body.steps.retain(|step| step.number != number);
    plan.assignees.remove(&number);
    plan.dropped.insert(number);
    // Who waited for it now waits for what it waited for.
    for step in plan.sop.body.steps.iter_mut().filter(|step| follows.contains(&step.number)) {
        let mut after: Vec<u32> = step.depends_on.iter().copied().filter(|other| *other != number).collect();
        after.extend(before.iter().copied().filter(|other| !step.depends_on.contains(other)));
        step.is_first = after.is_empty();
        step.depends_on = after;
    }
    Ok(format!("step {number} was left out: {}", dropped.title))
}

fn find(plan: &mut Plan, number: u32) -> Result<&mut Step> {
    let missing = Problem::not_found(format!("{} has no step {number}", plan.sop.head.id));
    plan.sop.body.steps.iter_mut().find(|step| step.number == number).ok_or(missing)
}

/// Refuses to give a step to somebody without the skills it needs.
fn able(step: &Step, roster: &Roster, to: &str) -> Result<()> {
    let has = |skill: &String| roster.get(to).is_none_or(|agent| agent.head.skills.contains(skill));
    let lacking: Vec<&String> = step.needs_skills.iter().filter(|skill| !has(skill)).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let told = format!("step {} needs the skill {}, which {to} does not have", step.number, listed(&lacking));
    Err(Problem::not_allowed(told).hint("assign it to somebody who has it; see `sopd agents`"))
}

fn known(roster: &Roster, id: &str) -> Result<Assignee> {
    match roster.get(id).filter(|agent| agent.is_active()) {
        Some(agent) => Ok(Assignee {
            id: id.to_owned(),
            person: agent.head.runtime != Runtime::Model,
            tier: agent.head.tier,
            instead_of: None,
        }),
        None => {
            Err(Problem::not_found(format!("{id} is not at work in this company")).hint("see `sopd agents`"))
        }
    }
}
