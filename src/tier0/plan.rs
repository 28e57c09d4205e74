//! Plans a mission by comparing its words with what the roster knows: which SOP, whose, drafted by whom, held to
//! what. Where neither the roster nor the mission holds the work, it asks instead of guessing.

mod adopt;
mod desk;
mod head;
mod owner;
mod questions;
mod workers;

use super::knowledge::choice::chosen;
use super::knowledge::matching::{Library, Query};
use super::request::read::read;
use crate::roles::plan::{PlanAnswer, PlanQuestion};
use crate::roster::Roster;
use desk::{Desk, named, told};

/// Makes the plan.
///
/// # Errors
/// When the roster has no worker at all, or the requester names an owner the roster does not have.
pub fn plan(q: &PlanQuestion, roster: &Roster) -> Result<PlanAnswer, String> {
    if q.mission.adopts() {
        let mut answer = adopt::plan(q, roster)?;
        answer.assertions = super::promises::assertions(&answer, q, roster);
        return Ok(answer);
    }
    let material = read(&q.mission.told(), &q.mission.answers);
    let library = Library::new(roster.active());
    let told = told(q);
    let fits = chosen(&library, &Query::new(&q.mission.title, &told), &told);
    let current =
        q.mission.current.as_deref().and_then(|text| crate::sop::parse("the current version", text).ok());
    let names = named(&material, roster);
    let desk = Desk { q, roster, material, fits, current, names };
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
