//! Who is at work today among those a run names. A run keeps the plan it began with; whoever has left since, or was
//! never there, can be nobody's answer, so the next above is asked; so it is where somebody would judge their own work.

use super::Site;
use super::effect::Sight;
use super::plan::{Plan, signer};
use super::records::StepRow;
use crate::agent::Snapshot;
use crate::base::problem::Result;
use crate::roster::Agent;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The company as it is now; where its files cannot be read, everybody the plan names counts as at work.
#[derive(Debug, Default)]
pub(super) struct Today(Option<Arc<Snapshot>>);

impl Today {
    /// Reads the roster of the workspace.
    pub(super) fn of(site: &Site) -> Self {
        Self(Snapshot::in_force(&site.root).ok())
    }

    /// Whether `id` can answer nothing any more.
    pub(super) fn is_gone(&self, id: &str) -> bool {
        self.0.as_ref().is_some_and(|now| !now.roster.get(id).is_some_and(Agent::is_active))
    }

    /// Those above `id`, the nearest first, in the end whoever signs publications; nobody who has left.
    pub(super) fn above(&self, sight: &Sight, id: &str) -> Vec<String> {
        let chiefs: BTreeMap<String, String> =
            self.0.as_ref().map(|now| now.roster.chiefs()).unwrap_or_default();
        let chief = |id: &String| chiefs.get(id).or_else(|| sight.plan.chiefs.get(id)).cloned();
        let most = sight.plan.chiefs.len() + chiefs.len();
        let last = self.0.as_ref().map(|now| signer(&now.settings, &now.roster));
        let line = std::iter::successors(chief(&id.to_owned()), chief).take(most);
        let mut found: Vec<String> = Vec::new();
        for party in line.chain([last.unwrap_or_else(|| sight.plan.last_resort.clone())]) {
            if !self.is_gone(&party) && !found.contains(&party) {
                found.push(party);
            }
        }
        found
    }

    /// `id`, or the next above it that is at work.
    pub(super) fn or_above(&self, sight: &Sight, id: &str) -> String {
        let above = if self.is_gone(id) { self.above(sight, id).into_iter().next() } else { None };
        above.unwrap_or_else(|| id.to_owned())
    }
}

/// Who did the work, and how, by hand or through an agent: none of them says whether it is good. Who started the run
/// by hand does not either.
pub(super) fn hands(sight: &Sight, steps: &[u32], did: &[(u32, String)]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if sight.row.trigger == "manual" || sight.row.trigger.starts_with("step ") {
        found.insert(sight.row.initiator.clone(), "it started the run".to_owned());
    }
    let rows = sight.steps.iter().filter(|row| steps.contains(&row.number) && row.visits > 0);
    let agents = rows.filter(|row| by_somebody(row)).map(|row| (row.number, row.assignee.clone()));
    let did = did.iter().filter(|(step, _)| steps.contains(step)).cloned();
    for (step, party) in agents.chain(did) {
        found.entry(party).or_insert_with(|| format!("step {step} is its own work"));
    }
    found
}

/// Whether somebody does the step, in place of a script, a request, another SOP or the clock.
fn by_somebody(row: &StepRow) -> bool {
    matches!(row.work.as_str(), "person" | "agent")
}

/// Whether `party` does step `number` of `plan` itself.
pub(super) fn does(plan: &Plan, number: u32, party: &str) -> bool {
    plan.assignees.get(&number).is_some_and(|one| one.id == party)
        && matches!(plan.kind(number), Ok("person" | "agent"))
}

/// Who completed which step in place of whom the plan names, as it is on record.
pub(super) fn stood_in(db: &Connection, run: &str) -> Result<Vec<(u32, String)>> {
    let sql = "SELECT json_extract(text, '$.stepNumber'), json_extract(text, '$.by') FROM event
               WHERE subject = ?1 AND kind = 'step_completed' AND (json_extract(text, '$.work') IN ('person', 'agent') OR json_extract(text, '$.by_hand'))
               ORDER BY seq";
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Whom a judgement is asked of.
#[derive(Debug)]
pub(super) struct Judges {
    pub(super) asked: String,
    /// Who is asked as well when it is late.
    pub(super) above: Option<String>,
    pub(super) barred: BTreeMap<String, String>,
    /// That nobody is left but somebody who should not be asked; empty where somebody is.
    pub(super) note: String,
}

impl Judges {
    /// The owner, or the next above who is at work and not `barred`. Where the whole line is, the last of it is asked
    /// all the same: a run waits for nobody for ever, and it is said.
    pub(super) fn of(sight: &Sight, today: &Today, mut barred: BTreeMap<String, String>) -> Self {
        let owner = sight.plan.sop.head.owner.clone();
        let mut line = today.above(sight, &owner);
        if !today.is_gone(&owner) && !line.contains(&owner) {
            line.insert(0, owner.clone());
        }
        let mut free = line.iter().filter(|party| !barred.contains_key(*party)).cloned();
        let (first, above) = (free.next(), free.next());
        let asked = first.clone().or_else(|| line.last().cloned()).unwrap_or(owner);
        let mut note = String::new();
        if first.is_none()
            && let Some(reason) = barred.remove(&asked)
        {
            note = format!("nobody else is left to ask, although {asked} is not free: {reason}");
        }
        Self { asked, above, barred, note }
    }

    /// Why it is asked, with what is to be known about who is asked.
    pub(super) fn why(&self, why: &str) -> String {
        if self.note.is_empty() { why.to_owned() } else { format!("{why}; {}", self.note) }
    }
}
