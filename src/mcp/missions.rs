//! Missions and decisions as tools. Agents that work elsewhere see of missions what their assignments show.

use super::answers::{Place, SOPD, Told, fields, whole};
use crate::base::problem::Result;
use crate::daemon::{self, MissionStatus};
use crate::front::{self, shapes};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

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

pub(super) fn status(place: &Place, Status { mission_id }: Status) -> Told {
    let journal = &place.workspace.journal;
    let told = match mission_id {
        Some(id) => journal.read(|db| daemon::status_of(db, &id)).and_then(|status| facts(&status)),
        None => journal.read(|db| daemon::statuses(db, false)).and_then(|all| {
            let all = all.iter().map(shapes::mission).collect::<Result<Vec<Value>>>()?;
            Ok(fields(json!({ "missions": all })))
        }),
    };
    Ok(place.with_note(told.map_err(whole)?))
}

/// A mission.
pub(super) fn facts(status: &MissionStatus) -> Result<Map<String, Value>> {
    Ok(fields(json!({ "missionId": status.id, "mission": shapes::mission(status)? })))
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
    let shown = front::shown_to(SOPD, &place.workspace, &place.caller.party, &id).map_err(whole)?;
    Ok(fields(json!({ "decisionId": id, "shown": shown })))
}
