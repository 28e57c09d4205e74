//! The work of agents that run elsewhere: take assignments, hand in drafts, ask, decline.

use super::answers::whole;
use super::answers::{Place, SOPD, Told, fields};
use crate::base::Problem;
use crate::draft::Draft;
use crate::front::{self, Leased, Work};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Arguments of `worker_assignments`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignments {}

pub(super) fn assignments(place: &Place, _given: Assignments) -> Told {
    let taken = front::assignments(&place.workspace, &place.caller.actor(), &place.holder).map_err(whole)?;
    let assignments: Vec<Value> = taken.iter().map(assignment).collect();
    Ok(place.with_note(fields(json!({
        "assignments": assignments, "leaseMinutes": front::LEASE_MINUTES,
    }))))
}

fn assignment(Leased { decision, until }: &Leased) -> Value {
    let ask = &decision.ask;
    let detail = |name: &str| ask.details.get(name).cloned().unwrap_or_default();
    json!({
        "assignmentId": decision.id, "missionId": ask.mission, "title": ask.title, "brief": ask.why,
        "assignment": detail("assignment"), "request": detail("request"), "hash": ask.hash,
        "dueAt": ask.due_at.map(|due| due.to_string()), "leasedUntil": until.to_string(),
    })
}

/// Arguments of `worker_submit_draft`: just one of `draft`, `fields` and `decline`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Submit {
    /// D-…, of `worker_assignments`
    assignment_id: String,
    /// The draft as Markdown, in the form of the files in a mission's drafts/ folder; its Questions are put to the requester
    draft: Option<String>,
    /// The draft as JSON, of the schema the assignment came with
    fields: Option<Draft>,
    /// Why there is no draft
    decline: Option<String>,
}

pub(super) fn submit(place: &Place, given: Submit) -> Told {
    let Submit { assignment_id, draft, fields: members, decline } = given;
    let work = match (draft, members, decline) {
        (Some(text), None, None) => Work::File(text),
        (None, Some(members), None) => Work::Fields(Box::new(members)),
        (None, None, Some(reason)) if !reason.trim().is_empty() => Work::Declined(reason),
        _ => {
            let problem = Problem::usage("one of `draft`, `fields` and `decline` is needed, and no other");
            return Err(whole(problem));
        }
    };
    let declined = matches!(work, Work::Declined(_));
    let on = (assignment_id.as_str(), place.holder.as_str());
    let answered = front::hand_in(SOPD, &place.workspace, &place.caller.actor(), on, work)?;
    Ok(place.with_note(fields(json!({
        "assignmentId": assignment_id, "missionId": answered.decision.ask.mission,
        "status": if declined { "declined" } else { "handed_in" }, "at": answered.answer.at.to_string(),
    }))))
}
