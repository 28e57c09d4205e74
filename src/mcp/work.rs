//! The work of agents that run elsewhere: take assignments, hand in drafts, ask, decline, object.

use super::answers::{Place, SOPD, Told, fields, whole};
use crate::base::Problem;
use crate::draft::Draft;
use crate::front::{self, Disposed, Leased, Work};
use crate::mission;
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
    let merged = front::disposed(&place.workspace, &place.caller.party).map_err(whole)?;
    let merged: Vec<Value> = merged.iter().map(disposed).collect();
    Ok(place.with_note(fields(json!({
        "assignments": assignments, "leaseMinutes": front::LEASE_MINUTES, "merged": merged,
    }))))
}

fn disposed(Disposed { decision, round, items }: &Disposed) -> Value {
    json!({
        "assignmentId": decision.id, "missionId": decision.ask.mission, "title": decision.ask.title,
        "round": round, "items": items,
    })
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

/// Arguments of `worker_submit_draft`: just one of `draft`, `fields`, `decline` and `objections`.
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
    /// After the drafts were merged: what should not have become of your items (`merged` of `worker_assignments`), for whoever decides to read
    objections: Option<Vec<Objection>>,
}

/// One objection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Objection {
    /// Your item: sales.ops/step-2
    item: String,
    /// Why that should not have become of it
    reason: String,
}

impl From<Objection> for mission::Objection {
    fn from(Objection { item, reason }: Objection) -> Self {
        Self { item, reason }
    }
}

pub(super) fn submit(place: &Place, given: Submit) -> Told {
    let Submit { assignment_id, draft, fields, decline, objections } = given;
    let work = match (draft, fields, decline, objections) {
        (Some(text), None, None, None) => Work::File(text),
        (None, Some(members), None, None) => Work::Fields(Box::new(members)),
        (None, None, Some(reason), None) if !reason.trim().is_empty() => Work::Declined(reason),
        (None, None, None, Some(said)) => return object(place, &assignment_id, said),
        _ => {
            let problem = "one of `draft`, `fields`, `decline` and `objections` is needed, and no other; none may be empty";
            return Err(whole(Problem::usage(problem)));
        }
    };
    hand_in(place, &assignment_id, work)
}

fn hand_in(place: &Place, assignment: &str, work: Work) -> Told {
    let declined = matches!(work, Work::Declined(_));
    let on = (assignment, place.holder.as_str());
    let answered = front::hand_in(SOPD, &place.workspace, &place.caller.actor(), on, work)?;
    Ok(place.with_note(fields(json!({
        "assignmentId": assignment, "missionId": answered.decision.ask.mission,
        "status": if declined { "declined" } else { "handed_in" }, "at": answered.answer.at.to_string(),
    }))))
}

fn object(place: &Place, assignment: &str, said: Vec<Objection>) -> Told {
    let said = said.into_iter().map(Into::into).collect();
    let (mission, round) =
        front::object(&place.workspace, &place.caller.actor(), assignment, said).map_err(whole)?;
    Ok(fields(json!({
        "assignmentId": assignment, "missionId": mission, "round": round, "status": "objected",
    })))
}
