//! Missions and decisions as tools. Agents that work elsewhere see of missions what their assignments show.

use super::answers::{Place, SOPD, Told, fields, whole};
use crate::base::problem::Result;
use crate::daemon;
use crate::decision::{self, Decision};
use crate::front::{self, shapes};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Arguments of `mission_submit`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Submit {
    /// The mission: a Markdown title and a paragraph, with a YAML head where more is to be fixed
    text: String,
    /// What to call the file; mission.md without it
    file_name: Option<String>,
    /// Take it although the very same text was a mission before
    #[serde(default)]
    again: bool,
}

pub(super) fn submit(place: &Place, given: Submit) -> Told {
    let Submit { text, file_name, again } = given;
    let name = file_name.unwrap_or_else(|| "mission.md".to_owned());
    let actor = &place.caller.actor();
    let mission = front::submit(SOPD, &place.workspace, actor, (&name, &text), again)?;
    let status = place.workspace.journal.read(|db| daemon::status_of(db, &mission)).map_err(whole)?;
    Ok(place.with_note(fields(json!({ "missionId": mission, "status": status.state }))))
}

/// Arguments of `mission_status`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Status {
    /// M-…; without it every open mission
    mission_id: Option<String>,
}

pub(super) fn status(place: &Place, given: Status) -> Told {
    front::check_sight(&place.workspace, &place.caller.party).map_err(whole)?;
    let missions = place.workspace.journal.read(|db| match &given.mission_id {
        Some(id) => Ok(vec![daemon::status_of(db, id)?]),
        None => daemon::statuses(db, false),
    });
    let missions = missions.map_err(whole)?;
    let shaped = missions.iter().map(shapes::mission).collect::<Result<Vec<Value>>>().map_err(whole)?;
    let told = match (given.mission_id, shaped.into_iter().next()) {
        (Some(id), Some(one)) => json!({ "missionId": id, "mission": one }),
        _ => {
            json!({ "missions": missions.iter().map(shapes::mission).collect::<Result<Vec<Value>>>().map_err(whole)? })
        }
    };
    Ok(place.with_note(fields(told)))
}

/// Arguments of `inbox_list`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inbox {
    /// What everybody is asked, not the caller alone
    #[serde(default)]
    all: bool,
}

pub(super) fn inbox(place: &Place, Inbox { all }: Inbox) -> Told {
    if all {
        front::check_sight(&place.workspace, &place.caller.party).map_err(whole)?;
    }
    let party = (!all).then_some(place.caller.party.as_str());
    let journal = &place.workspace.journal;
    let now = journal.clock().now();
    let rows = journal.read(|db| shapes::inbox(db, party, now)).map_err(whole)?;
    let decisions: Vec<Value> = rows.iter().map(|row| shapes::inbox_row(SOPD, row, now)).collect();
    let total = decisions.len();
    Ok(place.with_note(fields(json!({ "decisions": decisions, "total": total }))))
}

/// Arguments of `decision_show`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Show {
    /// D-…, or a mission or run
    decision_id: String,
}

pub(super) fn show(place: &Place, given: Show) -> Told {
    let id = given.decision_id;
    let journal = &place.workspace.journal;
    let now = journal.clock().now();
    if front::check_sight(&place.workspace, &place.caller.party).is_ok() {
        let shown = front::show(&place.workspace, &id).and_then(|shown| shown.shape(SOPD, now));
        return Ok(fields(json!({ "decisionId": id, "shown": shown.map_err(whole)? })));
    }
    let decision: Decision = journal.read(|db| decision::one(db, &id)).map_err(whole)?;
    if !decision.ask.asked_of.contains(&place.caller.party) {
        return Err(front::check_sight(&place.workspace, &place.caller.party)
            .err()
            .map(whole)
            .unwrap_or_default());
    }
    Ok(fields(json!({ "decisionId": id, "shown": shapes::decision(SOPD, &decision, now) })))
}
