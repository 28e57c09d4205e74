//! Missions: the board, one mission with its files, and the form that hands a new one in.

use crate::base::{Problem, problem::Result, text::slug};
use crate::daemon::{self, MissionStatus, Workspace};
use crate::decision;
use crate::journal::events_of;
use crate::mission::{self, Control, Files};
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};

/// Ended missions shown on the board.
const ENDED_SHOWN: usize = 30;
/// More facts than a mission has.
const MOST: u32 = 100_000;
/// Newest facts of a mission that are shown.
const FACTS_SHOWN: usize = 60;

/// `GET /missions`
pub(super) async fn board(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let all = site.read(|db| daemon::statuses(db, true)).await?;
    let (open, ended): (Vec<_>, Vec<_>) = all.into_iter().partition(|status| status.ended_at.is_none());
    let waiting = |status: &&MissionStatus| {
        matches!(status.state.word(), "awaiting_decision" | "waiting_for_person" | "held")
    };
    let (waits, works): (Vec<_>, Vec<_>) = open.iter().partition(waiting);
    let cards = |list: &[&MissionStatus]| list.iter().map(|status| card(status)).collect::<Vec<_>>();
    let ended: Vec<_> = ended.iter().take(ENDED_SHOWN).collect();
    let context = json!({
        "title": "Missions",
        "columns": [
            { "name": "At work", "cards": cards(&works) },
            { "name": "Waiting", "cards": cards(&waits) },
            { "name": "Ended", "cards": cards(&ended) },
        ],
    });
    site.page(&visitor, "missions.html", &context)
}

fn card(status: &MissionStatus) -> Value {
    let said = if status.ended_at.is_some() { &status.reason } else { &status.waiting_for };
    json!({
        "id": status.id, "title": status.title, "state": status.state.word(), "sop": status.sop, "said": said,
        "round": status.round, "cost": status.cost_usd,
    })
}

/// `GET /missions/{id}`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let context = site.work(move |workspace| context(workspace, &id)).await?;
    site.page(&visitor, "mission.html", &context)
}

fn context(workspace: &Workspace, id: &str) -> Result<Value> {
    workspace.journal.read(|db| {
        let status = daemon::status_of(db, id)?;
        let files = Files { journal: &workspace.journal, db, mission: id };
        let events = events_of(db, Some(id), 0, MOST)?;
        let facts: Vec<Value> = events.iter().rev().take(FACTS_SHOWN).map(super::audit::fact).collect();
        let plan = events.iter().rfind(|event| event.kind == "plan_made");
        let plan: Value = plan.and_then(|event| serde_json::from_str(&event.text).ok()).unwrap_or_default();
        let names: Vec<String> = mission::artifacts(db, id)?.into_iter().map(|one| one.name).collect();
        let open = decision::open_of_mission(db, id)?;
        Ok(json!({
            "title": status.title, "status": status, "state": status.state.word(),
            "plain": daemon::plain(status.state), "brief": files.text("mission.md")?, "files": names,
            "workers": workers(&plan, &names), "plan": plan, "facts": facts, "ended": status.ended_at.is_some(),
            "open": open.iter().map(|one| json!({ "id": one.id, "title": one.ask.title, "asked_of": one.ask.asked_of }))
                .collect::<Vec<_>>(),
        }))
    })
}

/// Each worker of the plan, and whether its draft is there.
fn workers(plan: &Value, names: &[String]) -> Vec<Value> {
    let ids = plan.get("workers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    ids.map(|id| {
        let draft = names.iter().rfind(|name| name.contains(id) && name.contains("draft"));
        json!({ "id": id, "draft": draft })
    })
    .collect()
}

/// `GET /missions/{id}/files/{name}`: by its name in the journal, never by a path.
pub(super) async fn file(
    State(site): State<Shared>,
    visitor: Visitor,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let (mission, wanted) = (id.clone(), name.clone());
    let text = site
        .work(move |workspace| {
            workspace.journal.read(|db| {
                mission::mission(db, &mission)?;
                let files = Files { journal: &workspace.journal, db, mission: &mission };
                let unknown = || Problem::not_found(format!("{mission} has no file `{wanted}`"));
                files.text(&wanted)?.ok_or_else(unknown)
            })
        })
        .await?;
    let markdown = std::path::Path::new(&name).extension().is_some_and(|end| end == "md");
    let context = json!({ "title": name, "mission": id, "text": text, "markdown": markdown });
    site.page(&visitor, "mission_file.html", &context)
}

/// `GET /missions/new`
pub(super) async fn form(State(site): State<Shared>, visitor: Visitor) -> Answer {
    site.page(&visitor, "mission_new.html", &json!({ "title": "New mission", "text": "# \n\n" }))
}

/// The text of a mission file.
#[derive(Deserialize)]
pub(super) struct New {
    text: String,
    #[serde(default)]
    again: String,
}

/// `POST /missions`
pub(super) async fn submit(State(site): State<Shared>, form: Signed<New>) -> Answer {
    let Signed { visitor, fields: New { text, again } } = form;
    let text = text.replace("\r\n", "\n");
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("mission");
    let name = format!("{}.md", slug(title, 60));
    let whole = text.clone();
    let taken = site
        .work(move |workspace| {
            let done = workspace.snapshot().and_then(|snapshot| {
                daemon::submit(workspace, &snapshot, (&name, &whole), again == "1", false)
            });
            Ok(done)
        })
        .await?;
    match taken {
        Ok(taken) => Ok(Redirect::to(&format!("/missions/{}", taken.mission)).into_response()),
        Err(problems) => {
            let status = problems.first().map(|first| crate::web::page::status(first.kind));
            let context = json!({ "title": "New mission", "text": text, "problems": problems });
            let page = site.render(Some(&visitor), "mission_new.html", &context)?;
            Ok((status.unwrap_or_default(), page).into_response())
        }
    }
}

/// A remark.
#[derive(Deserialize)]
pub(super) struct Remark {
    #[serde(default)]
    text: String,
}

/// `POST /missions/{id}/{verb}`
pub(super) async fn control(
    State(site): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
    form: Signed<Remark>,
) -> Answer {
    let Signed { visitor, fields: Remark { text } } = form;
    let cancel = match verb.as_str() {
        "cancel" => true,
        "retry" => false,
        _ => return Err(Problem::not_found("nothing is here").into()),
    };
    let control =
        Control { mission: id.clone(), by: visitor.party().to_owned(), os_user: visitor.means(), text };
    site.work(move |workspace| {
        workspace.journal.read(|db| mission::mission(db, &control.mission))?;
        let publication = super::settings(workspace)?.publication;
        workspace.journal.append(move |tx| {
            if cancel {
                mission::cancel(tx, &control, &publication)
            } else {
                mission::retry(tx, &control, &publication)
            }
        })
    })
    .await?;
    Ok(Redirect::to(&format!("/missions/{id}")).into_response())
}
