//! Runs: where they stand, starting and steering them, handing in steps.

use super::answers::{Answer, Asked, Body, Page, apart, done, look_for, made, page, seen, step};
use super::refusal::ProblemDetails;
use super::{Api, SOPD};
use crate::base::Problem;
use crate::daemon;
use crate::front::{self, Caller, Steering, next, shapes};
use crate::journal::{events_of, within};
use crate::run::{self, Control, Handed, RunState, Wanted, packet};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RunsQuery {
    /// Only runs of this SOP
    sop: Option<String>,
    /// Only runs in this state
    state: Option<String>,
    /// `next` of the page before
    cursor: Option<String>,
    /// At most so many, 1 to 500; 50 without it
    limit: Option<u32>,
}

/// Runs, newest first
#[utoipa::path(get, path = "/runs", tag = "runs", params(RunsQuery),
    responses((status = 200, body = Page, description = "Items of shape sopd/run/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn runs(
    State(api): State<Api>,
    headers: HeaderMap,
    Asked(asked): Asked<RunsQuery>,
) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let (limit, wanted) = look_for(asked.limit);
        let wanted = Wanted {
            sop: asked.sop.as_deref().map(str::parse).transpose().map_err(Problem::usage)?,
            state: asked.state.as_deref().map(RunState::named).transpose()?,
            limit: wanted,
            after: asked.cursor,
        };
        let found = api.workspace.journal.read(|db| daemon::run_statuses(db, &wanted))?;
        page(found, limit, |one| one.id.clone(), shapes::run)
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// A run with its steps, and exactly what it asks
#[utoipa::path(get, path = "/runs/{id}", tag = "runs", params(("id" = String, Path, description = "sop_run_…")),
    responses((status = 200, body = Value, description = "Shape sopd/show-run/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn run(State(api): State<Api>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let shown = apart(move || {
        let workspace = &api.workspace;
        workspace.journal.read(|db| run::run(db, &id))?;
        front::show(workspace, &id)?.shape(SOPD, workspace.journal.clock().now())
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// Which part of a run's log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// `next` of the page before
    cursor: Option<i64>,
    /// At most so many facts are looked at, 1 to 500; 50 without it
    limit: Option<u32>,
}

/// What happened in a run, in the form of the skill description
#[utoipa::path(get, path = "/runs/{id}/audit", tag = "runs",
    params(("id" = String, Path, description = "sop_run_…"), AuditQuery),
    responses((status = 200, body = Page, description = "Items: timestamp, eventType, runId, stepNumber, details"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn audit(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Asked(asked): Asked<AuditQuery>,
) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let journal = &api.workspace.journal;
        let (limit, wanted) = look_for(asked.limit);
        let found = journal.read(|db| {
            run::run(db, &id)?;
            events_of(db, Some(&id), within(db, asked.cursor.unwrap_or(0))?, wanted)
        })?;
        let mut value = page(
            found,
            limit,
            |event| event.seq.to_string(),
            |event| {
                let line = run::audit::line(journal, event)?;
                Ok(line.and_then(|line| serde_json::from_str(&line).ok()).unwrap_or_default())
            },
        )?;
        // Facts that are not of that form's kinds stay out.
        if let Some(items) = value.get_mut("items").and_then(Value::as_array_mut) {
            items.retain(|item| !item.is_null());
        }
        Ok(value)
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// A run to be started.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// The SOP; always its active version
    #[schema(example = "SOP-REV-lead-qualification")]
    sop: String,
    /// Its inputs by name: single texts, numbers or booleans
    #[serde(default)]
    #[schema(example = json!({ "lead_id": "L-1042", "source": "demo_form", "employees": 40 }))]
    #[schema(value_type = Object)]
    inputs: Option<Box<RawValue>>,
    /// auto, supervised, step_by_step or priority_based; without it the SOP's own
    #[schema(example = "supervised")]
    mode: Option<String>,
    /// Make the run and its tasks, and wait until it is resumed
    #[serde(default)]
    hold: bool,
}

/// Start a run; whoever does answers none of its gates
#[utoipa::path(post, path = "/runs", tag = "runs", request_body = Start,
    responses((status = 201, body = Value, description = "Shape sopd/started/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn start(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<Start>,
) -> Answer {
    let started = apart(move || -> Result<run::Started, Vec<Problem>> {
        let whole = |problem| vec![problem];
        let sop = asked.sop.parse().map_err(Problem::usage).map_err(whole)?;
        // As it was written: a number that was read before would have lost digits.
        let inputs = asked.inputs.as_deref().map_or("{}", RawValue::get);
        let inputs = packet::from_file("inputs.json", inputs).map_err(whole)?;
        let mut request = front::by_hand(&caller.actor(), sop, inputs);
        request.mode = asked.mode.as_deref().map(front::mode).transpose().map_err(whole)?;
        request.hold = asked.hold;
        front::start(SOPD, &api.workspace, request)
    })
    .await?;
    Ok(made(&shapes::started(&started), &format!("/api/v1/runs/{}", started.run)))
}

/// Why.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Why {
    /// Goes on record
    #[schema(example = "The customer asked us to wait")]
    reason: String,
}

/// What is done once more.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// From which step on, where the work goes back to who made it
    #[serde(default)]
    #[schema(example = 1)]
    step: Option<u32>,
    /// What is to be better; whoever does the step again is told
    #[serde(default)]
    #[schema(example = "Another tone")]
    reason: String,
}

/// A step to be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Skip {
    /// Which
    #[schema(example = 2)]
    step: u32,
    /// Goes on record
    #[schema(example = "Done by hand")]
    reason: String,
}

macro_rules! steering {
    ($name:ident, $path:literal, $words:literal, $body:ty, |$by:ident, $said:ident| $wish:expr) => {
        #[doc = $words]
        #[utoipa::path(post, path = $path, tag = "runs", params(("id" = String, Path, description = "sop_run_…")), request_body = $body,
            responses((status = 200, body = Value, description = "Shape sopd/steered/1"),
                      (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
        pub(super) async fn $name(
            State(api): State<Api>,
            Extension(caller): Extension<Caller>,
            Path(id): Path<String>,
            Body($said): Body<$body>,
        ) -> Answer {
            let $by = caller.party.clone();
            let wish = $wish;
            steer(api, caller, id, wish).await
        }
    };
}

steering!(pause, "/runs/{id}/pause", "Begin no further step", Why, |by, said| Steering::Control(
    Control::Pause { by, reason: said.reason }
));
steering!(resume, "/runs/{id}/resume", "Go on after a pause, or let a held run go", Why, |by, _said| {
    Steering::Control(Control::Resume { by })
});
steering!(
    retry,
    "/runs/{id}/retry",
    "Begin what failed, was rejected or was cut off once more",
    Again,
    |by, said| Steering::Control(Control::Retry { by, step: said.step, reason: said.reason })
);
steering!(cancel, "/runs/{id}/cancel", "End a run; everything produced so far is kept", Why, |_by, said| {
    Steering::Cancel(said.reason)
});
steering!(skip, "/runs/{id}/skip", "Leave a step out", Skip, |by, said| Steering::Control(Control::Skip {
    step: said.step,
    by,
    reason: said.reason
}));

async fn steer(api: Api, caller: Caller, id: String, wish: Steering) -> Answer {
    let told = apart(move || -> Result<Value, Problem> {
        front::steer(SOPD, &api.workspace, &caller.actor(), (&id, wish))?;
        Ok(shapes::steered(&caller.party, &next::now(&api.workspace, &id)?))
    })
    .await?;
    Ok(done(&told))
}

/// What a step gave.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Complete {
    /// What was done, or found; needed where there is no file
    #[serde(default)]
    #[schema(example = "Meeting booked for Monday")]
    note: String,
    /// The file the step promises
    artifact: Option<Artifact>,
}

/// A file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Artifact {
    /// Its name, without a folder
    #[schema(example = "call.txt")]
    name: String,
    /// Its bytes
    #[schema(example = "aGk=")]
    base64: String,
}

impl Artifact {
    fn read(self) -> Result<(String, Vec<u8>), Problem> {
        let plain = !self.name.is_empty() && !self.name.contains(['/', '\\', '\0']) && self.name != "..";
        if !plain {
            return Err(Problem::invalid(format!("`{}` is not the name of a file", self.name)));
        }
        let bytes = STANDARD
            .decode(&self.base64)
            .map_err(|error| Problem::invalid(format!("the file is not Base64: {error}")))?;
        Ok((self.name, bytes))
    }
}

/// Hand in the step of a run the caller was asked to do
#[utoipa::path(post, path = "/runs/{id}/steps/{n}/complete", tag = "runs",
    params(("id" = String, Path, description = "sop_run_…"), ("n" = u32, Path, description = "The step")), request_body = Complete,
    responses((status = 200, body = Value, description = "Shape sopd/completed/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn complete(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((id, number)): Path<(String, String)>,
    Body(said): Body<Complete>,
) -> Answer {
    let told = apart(move || -> Result<Value, Problem> {
        let number = step(&number)?;
        let file = said.artifact.map(Artifact::read).transpose()?;
        if file.is_none() && said.note.trim().is_empty() {
            return Err(Problem::usage("a note or a file is needed"));
        }
        let handed = Handed { run: id.clone(), step: number, note: said.note, file };
        let answer = front::complete(SOPD, &api.workspace, &caller.actor(), handed)?;
        Ok(shapes::completed(number, &answer.by, &next::now(&api.workspace, &id)?))
    })
    .await?;
    Ok(done(&told))
}
