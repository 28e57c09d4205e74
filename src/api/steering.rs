//! Runs besides starting and steering them: adjusting a held one, its review, the files its steps left, and how far
//! an SOP goes without asking.

use super::answers::{Answer, Body, apart, done, seen, step};
use super::refusal::{ProblemDetails, Refusal};
use super::{Api, SOPD};
use crate::base::Problem;
use crate::front::{self, Autonomy, Caller, next, shapes};
use crate::run::{self, Adjustment};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One change of a held run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "change", deny_unknown_fields)]
pub(super) enum Adjust {
    /// Let somebody else do a step
    Assign {
        /// The step
        step: u32,
        /// Who does it: an id on the roster
        to: String,
    },
    /// Give a step other instructions
    Text {
        /// The step
        step: u32,
        /// Markdown
        text: String,
    },
    /// Leave a step out
    Drop {
        /// The step
        step: u32,
    },
    /// Add a step
    Add {
        /// The step it comes after; the last one without it
        after: Option<u32>,
        /// What it is, imperative
        title: String,
        /// Its instructions, Markdown
        text: String,
        /// Who does it; the SOP's owner without it
        to: Option<String>,
    },
}

impl From<Adjust> for Adjustment {
    fn from(wish: Adjust) -> Self {
        match wish {
            Adjust::Assign { step, to } => Self::Assign { step, to },
            Adjust::Text { step, text } => Self::Text { step, text },
            Adjust::Drop { step } => Self::Drop { step },
            Adjust::Add { after, title, text, to } => Self::Add { after, title, text, to },
        }
    }
}

/// Change a held run before it begins
#[utoipa::path(post, path = "/runs/{id}/adjust", tag = "runs",
    params(("id" = String, Path, description = "sop_run_…")), request_body = Adjust,
    responses((status = 200, body = Value, description = "Shape sopd/adjusted/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn adjust(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Adjust>,
) -> Answer {
    let told = apart(move || -> Result<Value, Vec<Problem>> {
        let changes = front::adjust(SOPD, &api.workspace, &caller.actor(), (&id, wish.into()))?;
        Ok(shapes::adjusted(&id, &changes))
    })
    .await?;
    Ok(done(&told))
}

/// The post-run review, once it is drafted
#[utoipa::path(get, path = "/runs/{id}/review", tag = "runs",
    params(("id" = String, Path, description = "sop_run_…")),
    responses((status = 200, body = Value, description = "Shape sopd/review/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn review(State(api): State<Api>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let review = front::review(&api.workspace, &id)?;
        Ok(shapes::review(&next::now(&api.workspace, &id)?, &review))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// Have the post-run review of a run that has ended drafted
#[utoipa::path(post, path = "/runs/{id}/review", tag = "runs",
    params(("id" = String, Path, description = "sop_run_…")),
    responses((status = 200, body = Value, description = "Shape sopd/review/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn ask_review(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let told = apart(move || -> Result<Value, Problem> {
        let workspace = &api.workspace;
        front::ask_review(SOPD, workspace, &caller.party, &id)?;
        Ok(shapes::review(&next::now(workspace, &id)?, &front::review(workspace, &id)?))
    })
    .await?;
    Ok(done(&told))
}

/// A file that a step left, byte for byte
#[utoipa::path(get, path = "/runs/{id}/steps/{n}/files/{name}", tag = "runs",
    params(("id" = String, Path, description = "sop_run_…"), ("n" = u32, Path, description = "The step"),
           ("name" = String, Path, description = "The file's name, as the run shows it")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn step_file(
    State(api): State<Api>,
    Path((id, number, name)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let bytes = apart(move || -> Result<Vec<u8>, Problem> {
        let number = step(&number)?;
        let journal = &api.workspace.journal;
        let task = journal.read(|db| run::step(db, &id, number))?;
        let unknown = || Problem::not_found(format!("step {number} left no file `{name}`"));
        let (_, hash) = task.files.into_iter().find(|(file, _)| *file == name).ok_or_else(unknown)?;
        let erased = || Problem::not_found(format!("`{name}` was erased; its hash is {hash}"));
        journal.blob(&hash)?.ok_or_else(erased)
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Say how far an SOP goes without asking.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SayAutonomy {
    /// Whether its danger no longer asks a person first; `false` takes that back
    widen: bool,
    /// One step only
    step: Option<u32>,
    /// Why; goes on record
    #[schema(example = "Twenty runs without a remark")]
    reason: String,
}

/// How far an SOP goes without asking
#[utoipa::path(get, path = "/sops/{id}/autonomy", tag = "sops",
    params(("id" = String, Path, description = "SOP-REV-x")),
    responses((status = 200, body = Value, description = "Shape sopd/autonomy/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn autonomy(State(api): State<Api>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let shown = apart(move || autonomous(&api, &id, None)).await?;
    Ok(seen(&headers, &shown))
}

/// Widen or narrow how far an SOP goes without asking; only who signs publications may
#[utoipa::path(post, path = "/sops/{id}/autonomy", tag = "sops",
    params(("id" = String, Path, description = "SOP-REV-x")), request_body = SayAutonomy,
    responses((status = 200, body = Value, description = "Shape sopd/autonomy/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn say_autonomy(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(SayAutonomy { widen, step, reason }): Body<SayAutonomy>,
) -> Answer {
    let told =
        apart(move || autonomous(&api, &id, Some((&caller, Autonomy { step, widen, reason })))).await?;
    Ok(done(&told))
}

fn autonomous(api: &Api, id: &str, said: Option<(&Caller, Autonomy)>) -> Result<Value, Vec<Problem>> {
    let sop = id.parse().map_err(|error| vec![Problem::usage(error)])?;
    let said = said.map(|(caller, word)| (caller.actor(), word));
    let said = said.as_ref().map(|(actor, word)| (actor, word.clone()));
    let now = front::autonomy(SOPD, &api.workspace, &sop, said)?;
    Ok(shapes::autonomy(&sop, &now))
}
