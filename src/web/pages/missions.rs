//! Missions: the board, one mission with its files, and the form that hands a new one in.

use crate::base::text::{put, slug};
use crate::base::{Kind, MicroUsd, Problem, problem::Result};
use crate::daemon::{self, MissionStatus, Workspace};
use crate::decision::{self, Decision, DecisionKind};
use crate::front;
use crate::journal::events_of;
use crate::mission::{self, Control, Files, MissionState};
use crate::run::Actor;
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Ended missions shown on the board.
const ENDED_SHOWN: usize = 30;
/// Missions looked at in one go for those that have ended.
const PAGE: u32 = 100;
/// The words of the states in which a mission has ended.
const ENDED: [&str; 5] = ["published", "answered", "rejected", "cancelled", "failed"];
/// More facts than a mission has.
const MOST: u32 = 100_000;
/// Newest facts of a mission that are shown.
const FACTS_SHOWN: usize = 60;

/// Which of the ended ones are shown.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// Only those older than this mission.
    #[serde(default)]
    after: String,
}

/// Ended missions older than `after`, one more than is shown, and how many there are in all.
fn ended(db: &Connection, after: &str) -> Result<(Vec<MissionStatus>, u32)> {
    let by_state = mission::by_state(db)?.into_iter();
    let count = by_state.filter(|(word, _)| ENDED.contains(&word.as_str())).map(|(_, count)| count).sum();
    let mut found = Vec::new();
    let mut place = Some(after.to_owned()).filter(|after| !after.is_empty());
    while found.len() <= ENDED_SHOWN {
        let page = daemon::status_page(db, true, (place.as_deref(), PAGE))?;
        let Some(last) = page.last() else { break };
        place = Some(last.id.clone());
        found.extend(page.into_iter().filter(|status| status.ended_at.is_some()));
    }
    Ok((found, count))
}

/// `GET /missions`
pub(super) async fn board(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(Page { after }): Query<Page>,
) -> Answer {
    let asked = after.clone();
    let (open, (ended, ended_count), refused) = site
        .work(move |workspace| {
            let refused = daemon::refused_missions(workspace)?;
            workspace.journal.read(|db| Ok((daemon::statuses(db, false)?, ended(db, &asked)?, refused)))
        })
        .await?;
    let waiting = |status: &&MissionStatus| {
        matches!(status.state.word(), "awaiting_decision" | "waiting_for_person" | "held")
    };
    let (waits, works): (Vec<_>, Vec<_>) = open.iter().partition(waiting);
    let cards = |list: &[&MissionStatus]| list.iter().map(|status| card(status)).collect::<Vec<_>>();
    let shown: Vec<_> = ended.iter().take(ENDED_SHOWN).collect();
    let older = shown.last().filter(|_| ended.len() > ENDED_SHOWN).map(|status| status.id.clone());
    let context = json!({
        "title": "Missions",
        "columns": [
            { "name": "At work", "cards": cards(&works), "count": works.len() },
            { "name": "Waiting", "cards": cards(&waits), "count": waits.len() },
            { "name": "Ended", "cards": cards(&shown), "count": ended_count, "older": older, "after": after },
        ],
        "refused": refused,
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
        let told: Vec<Value> = events.iter().filter_map(|event| serde_json::from_str(&event.text).ok()).collect();
        let drafts = files.worker_drafts(status.round.max(1))?;
        let names: Vec<String> = mission::artifacts(db, id)?.into_iter().map(|one| one.name).collect();
        let open = decision::open_of_mission(db, id)?;
        Ok(json!({
            "title": status.title, "status": status, "state": status.state.word(),
            "plain": daemon::plain(status.state), "brief": files.text("mission.md")?, "files": names,
            "workers": workers(&plan, &drafts, &told, &open), "stages": stages(status.state, &told), "plan": plan,
            "facts": facts, "facts_of": events.len(), "subject": id, "ended": status.ended_at.is_some(),
            "open": open.iter().map(|one| json!({ "id": one.id, "title": one.ask.title, "asked_of": one.ask.asked_of }))
                .collect::<Vec<_>>(),
        }))
    })
}

/// Each worker of the plan: what it waits for, what it has drafted, what that took.
fn workers(
    plan: &Value,
    drafts: &BTreeMap<String, String>,
    facts: &[Value],
    open: &[Decision],
) -> Vec<Value> {
    let ids = plan.get("workers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    ids.map(|id| {
        let own = |fact: &&Value| fact.get("agent").and_then(Value::as_str) == Some(id);
        let is = |fact: &&Value, kind: &str| fact.get("kind").and_then(Value::as_str) == Some(kind);
        let calls = facts.iter().filter(own).filter(|fact| is(fact, "model_called"));
        let (mut tokens, mut micros) = (0, 0);
        for call in calls {
            let count = |name: &str| call.pointer(&format!("/tokens/{name}")).and_then(Value::as_i64).unwrap_or(0);
            tokens += count("input") + count("output");
            micros += call.get("cost_micros").and_then(Value::as_i64).unwrap_or(0);
        }
        let received = facts.iter().filter(own).rfind(|fact| is(fact, "draft_received"));
        let waits = open.iter().find(|one| {
            let own = matches!(one.ask.kind, DecisionKind::Assignment | DecisionKind::Question | DecisionKind::Stuck);
            own && one.ask.subject == id
        });
        json!({
            "id": id, "draft": drafts.get(id), "received": received, "tokens": tokens,
            "cost": MicroUsd(micros).dollars(),
            "waits": waits.map(|one| json!({ "id": one.id, "title": one.ask.title, "asked_of": one.ask.asked_of })),
        })
    })
    .collect()
}

/// The stages of a mission in their order, and how far this one is: `done`, `now`, or nothing yet.
fn stages(state: MissionState, facts: &[Value]) -> Vec<Value> {
    let words = [
        "received",
        "planning",
        "drafting",
        "synthesising",
        "checking",
        "validating",
        "awaiting_decision",
        "published",
    ];
    let stage = match state {
        MissionState::Council => MissionState::Checking.word(),
        MissionState::Publishing => MissionState::AwaitingDecision.word(),
        MissionState::Revising => MissionState::Drafting.word(),
        other => other.word(),
    };
    let reached =
        |word: &str| facts.iter().any(|fact| fact.get("state").and_then(Value::as_str) == Some(word));
    let now = words.iter().position(|word| *word == stage);
    let at = now.unwrap_or_else(|| words.iter().rposition(|word| reached(word)).unwrap_or(0));
    let published = state == MissionState::Published;
    let mark = |place: usize| match place {
        _ if published || place < at => "done",
        _ if place == at && state.ended() => "bad",
        _ if place == at => "now",
        _ => "",
    };
    words.iter().enumerate().map(|(place, word)| json!({ "word": word, "mark": mark(place) })).collect()
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
    site.page(&visitor, "mission_new.html", &json!({ "title": "New mission", "text": "", "fields": {} }))
}

/// A mission file, written by fields or as a whole.
#[derive(Deserialize)]
pub(super) struct New {
    /// The whole file; the fields are not looked at where there is one.
    #[serde(default)]
    text: String,
    #[serde(default)]
    again: String,
    /// The fields of the form, those of the head by their key.
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

/// Keys of a mission file's head that the form has fields for.
const HEAD: [&str; 7] = ["sop", "change", "owner", "objective", "risk_level", "priority", "due"];

/// The mission file that the fields make. Whether it is one is for whoever reads mission files to say.
fn composed(fields: &BTreeMap<String, String>) -> String {
    let field = |name: &str| fields.get(name).map_or("", |value| value.trim());
    let mut head = String::new();
    for key in HEAD {
        if !field(key).is_empty() {
            // A JSON string is a YAML string, whatever it holds.
            put(&mut head, format_args!("{key}: {}\n", json!(field(key))));
        }
    }
    let head = if head.is_empty() { String::new() } else { format!("---\n{head}---\n") };
    let title = field("title").split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{head}# {title}\n\n{}\n", field("body"))
}

/// `POST /missions`
pub(super) async fn submit(State(site): State<Shared>, form: Signed<New>) -> Answer {
    let Signed { visitor, fields: New { text, again, fields } } = form;
    let by_fields = text.trim().is_empty();
    let text = if by_fields { composed(&fields) } else { text };
    let text = text.replace("\r\n", "\n");
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("mission");
    let name = format!("{}.md", slug(title, 60));
    let (whole, actor) = (text.clone(), Actor { by: visitor.party().to_owned(), os_user: visitor.means() });
    let taken = site
        .work(move |workspace| Ok(front::submit("sopd", workspace, &actor, (&name, &whole), again == "1")))
        .await?;
    match taken {
        Ok(mission) => Ok(Redirect::to(&format!("/missions/{mission}")).into_response()),
        Err(problems) => {
            let status = problems.first().map(|first| crate::web::page::status(first.kind));
            // The form comes back as it was sent: fields as fields, a whole file as a file.
            let text = if by_fields { String::new() } else { text };
            let twice = problems.iter().any(|problem| problem.kind == Kind::Conflict);
            let context = json!({
                "title": "New mission", "text": text, "problems": problems, "fields": fields, "twice": twice,
            });
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
