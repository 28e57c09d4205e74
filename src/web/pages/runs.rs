//! Runs: the monitor, one run with its steps, and what people do to it while it is under way.

use super::written::{self, Came};
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, RunStatus, Workspace};
use crate::decision::{self, Decision, DecisionKind};
use crate::front::{self, Steering};
use crate::journal::events_of;
use crate::run::{self, Actor, Control, Handed, RunState, Wanted};
use crate::web::caller::Visitor;
use crate::web::form::{Signed, WithFile};
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How command lines begin in what is said here.
const SOPD: &str = "sopd";
/// Runs on the monitor.
const MOST_RUNS: u32 = 50;
/// Newest facts of a run that are shown.
const FACTS_SHOWN: usize = 60;
/// More facts than a run has.
const MOST: u32 = 100_000;

/// What is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    sop: String,
    #[serde(default)]
    state: String,
    /// Only runs older than this one.
    #[serde(default)]
    after: String,
}

/// `GET /runs`
pub(super) async fn list(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Answer {
    let state = RunState::ALL.iter().find(|(_, word)| *word == filter.state).map(|(state, _)| *state);
    let sop = match filter.sop.trim() {
        "" => None,
        sop => Some(sop.parse().map_err(Problem::usage)?),
    };
    let after = Some(filter.after.clone()).filter(|after| !after.is_empty());
    // One more than is shown tells whether there are older ones.
    let wanted = Wanted { sop, state, limit: MOST_RUNS + 1, after };
    let (mut found, count) =
        site.read(move |db| Ok((daemon::run_statuses(db, &wanted)?, run::count(db, &wanted)?))).await?;
    let shown = usize::try_from(MOST_RUNS).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let older = found.last().filter(|_| more).map(|status| status.id.clone());
    let states: Vec<&str> = RunState::ALL.iter().map(|(_, word)| *word).collect();
    let rows: Vec<Value> = found.iter().map(row).collect();
    let context = json!({
        "title": "Runs", "rows": rows, "states": states, "state": filter.state, "sop": filter.sop,
        "after": filter.after, "older": older, "count": count,
    });
    site.page(&visitor, "runs.html", &context)
}

pub(super) fn row(status: &RunStatus) -> Value {
    let over = |state: &run::StepState| matches!(state.word(), "completed" | "skipped");
    let done = status.tasks.iter().filter(|task| over(&task.state)).count();
    json!({
        "id": status.id, "sop": status.sop, "version": status.version, "state": status.state.word(),
        "done": done, "steps": status.total_steps, "initiator": status.initiator, "trigger": status.trigger,
        "created_at": status.created_at, "score": status.score, "cost": status.cost_usd,
        "said": if status.waiting_for.is_empty() { &status.reason } else { &status.waiting_for },
    })
}

/// `GET /runs/{id}`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let me = visitor.party().to_owned();
    let context = site.work(move |workspace| context(workspace, &id, &me)).await?;
    site.page(&visitor, "run.html", &context)
}

fn context(workspace: &Workspace, id: &str, me: &str) -> Result<Value> {
    let plan = run::plan_of(&workspace.journal, id)?;
    let (changes, stand_ins) = (plan.changes.clone(), plan.stand_ins());
    workspace.journal.read(|db| {
        let status = daemon::run_status(db, id)?;
        let open = decision::open_of_mission(db, id)?;
        let events = events_of(db, Some(id), 0, MOST)?;
        let review = run::review_of(db, id)?.map(|hash| workspace.journal.blob(&hash)).transpose()?.flatten();
        let open: Vec<Value> = open
            .iter()
            .map(|one| {
                let mine = one.ask.asked_of.iter().any(|party| party == me);
                let step = one.ask.details.get("step");
                json!({
                    "id": one.id, "title": one.ask.title, "asked_of": one.ask.asked_of, "mine": mine, "step": step,
                    "kind": one.ask.kind.word(),
                })
            })
            .collect();
        Ok(json!({
            "title": format!("{} v{}", status.sop, status.version), "run": status, "state": status.state.word(),
            "ended": status.state.ended(), "open": open, "changes": changes, "stand_ins": stand_ins,
            "review": review.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            "facts_of": events.len(), "subject": id,
            "facts": events.iter().rev().take(FACTS_SHOWN).map(super::audit::fact).collect::<Vec<_>>(),
        }))
    })
}

/// A wish about a run.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    step: String,
}

/// `POST /runs/{id}/{verb}`
pub(super) async fn steer(
    State(site): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
    form: Signed<Wish>,
) -> Answer {
    let Signed { visitor, fields: Wish { reason, step } } = form;
    let by = visitor.party().to_owned();
    let actor = Actor { by: by.clone(), os_user: visitor.means() };
    let number =
        || step.parse().map_err(|_odd| Problem::usage(format!("`{step}` is not the number of a step")));
    let wish = match verb.as_str() {
        "pause" => Some(Control::Pause { by, reason: reason.clone() }),
        "resume" => Some(Control::Resume { by }),
        "retry" => {
            let step = if step.is_empty() { None } else { Some(number()?) };
            Some(Control::Retry { by, step, reason: reason.clone() })
        }
        "skip" => Some(Control::Skip { step: number()?, by, reason: reason.clone() }),
        "cancel" => None,
        "review" => {
            let run = id.clone();
            site.append(move |tx| run::ask_review(tx, &run, &by)).await?;
            return Ok(Redirect::to(&format!("/runs/{id}")).into_response());
        }
        _ => return Err(Problem::not_found("nothing is here").into()),
    };
    let run = id.clone();
    let steering = wish.map_or(Steering::Cancel(reason), Steering::Control);
    site.work(move |workspace| front::steer(SOPD, workspace, &actor, (&run, steering))).await?;
    Ok(Redirect::to(&format!("/runs/{id}")).into_response())
}

/// `POST /runs/{id}/steps/{number}/complete`
pub(super) async fn complete(
    State(site): State<Shared>,
    Path((id, step)): Path<(String, u32)>,
    form: WithFile,
) -> Answer {
    let WithFile { visitor, fields, file } = form;
    let (actor, fields) = (super::actor(&visitor), fields.into_iter().collect::<BTreeMap<_, _>>());
    let words = written::read("complete", &fields)?;
    let shown = fields.get("hash").cloned().unwrap_or_default();
    let (run, party) = (id.clone(), actor.by.clone());
    let (task, words) = site
        .work(move |workspace| {
            let of_step = |one: &Decision| {
                one.ask.kind == DecisionKind::Task && one.ask.details.get("step") == Some(&json!(step))
            };
            let open = workspace.journal.read(|db| decision::open_of_mission(db, &run))?;
            let Some(task) = open.into_iter().find(of_step) else { return Ok((None, words)) };
            let came = Came { id: &task.id, party: &party, shown: &shown, words, by_itself: false };
            written::keep(workspace, came).map(|(task, words)| (Some(task), words))
        })
        .await?;
    let note = words.get("complete.text").cloned().unwrap_or_default();
    let handed = Handed { run: id.clone(), step, note, file };
    let of = task.clone();
    let done = site
        .work(move |workspace| {
            Ok(front::complete(SOPD, workspace, &actor, handed).and_then(|_answer| {
                let Some(task) = of else { return Ok(()) };
                let sent = written::sent("complete", &words, false);
                workspace.journal.append(move |tx| decision::sent(tx, &task, &actor.by, &sent))
            }))
        })
        .await?;
    match (done, task) {
        (Ok(()), Some(task)) => Ok(Redirect::to(&format!("/decisions/{}", task.id)).into_response()),
        (Ok(()), None) => Ok(Redirect::to(&format!("/runs/{id}")).into_response()),
        (Err(problem), Some(task)) => {
            let hash = task.ask.hash.0.clone();
            super::decision::refused(&site, &visitor, (task.id, hash), vec![problem]).await
        }
        (Err(problem), None) => Err(problem.into()),
    }
}

/// `GET /runs/{id}/steps/{number}/files/{name}`: always a download, so that it cannot act as a page of ours.
pub(super) async fn file(
    State(site): State<Shared>,
    _visitor: Visitor,
    Path((id, step, name)): Path<(String, u32, String)>,
) -> Answer {
    let wanted = name.clone();
    let bytes = site
        .work(move |workspace| {
            let task = workspace.journal.read(|db| run::step(db, &id, step))?;
            let unknown = || Problem::not_found(format!("step {step} left no file `{wanted}`"));
            let (_, hash) = task.files.into_iter().find(|(file, _)| *file == wanted).ok_or_else(unknown)?;
            let erased = || Problem::not_found(format!("`{wanted}` was erased; its hash is {hash}"));
            workspace.journal.blob(&hash)?.ok_or_else(erased)
        })
        .await?;
    let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{encoded}")),
    ];
    Ok((headers, bytes).into_response())
}
