//! Missions: where they stand, and handing one in.

use super::answers::{Answer, Asked, Body, Page, apart, look_for, made, page, seen};
use super::refusal::ProblemDetails;
use super::{Api, SOPD};
use crate::daemon;
use crate::front::{self, Caller, shapes};
use crate::mission;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which missions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MissionsQuery {
    /// Those that have ended as well
    #[serde(default)]
    all: bool,
    /// `next` of the page before
    cursor: Option<String>,
    /// At most so many, 1 to 500; 50 without it
    limit: Option<u32>,
}

/// Missions, newest first
#[utoipa::path(get, path = "/missions", tag = "missions", params(MissionsQuery), security(("bearer" = [])),
    responses((status = 200, body = Page, description = "Items of shape sopd/status/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn missions(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Asked(asked): Asked<MissionsQuery>,
) -> Answer {
    let shown = apart(move || {
        front::check_sight(&api.workspace, &caller.party)?;
        let (limit, wanted) = look_for(asked.limit);
        let journal = &api.workspace.journal;
        let place = (asked.cursor.as_deref(), wanted);
        let found = journal.read(|db| daemon::status_page(db, asked.all, place))?;
        page(found, limit, |one| one.id.clone(), shapes::mission)
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// A mission with its draft, the source of every line, and what it asks
#[utoipa::path(get, path = "/missions/{id}", tag = "missions", params(("id" = String, Path, description = "M-…")),
    security(("bearer" = [])),
    responses((status = 200, body = Value, description = "Shape sopd/show/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn mission(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let shown = apart(move || {
        let workspace = &api.workspace;
        front::check_sight(workspace, &caller.party)?;
        workspace.journal.read(|db| mission::mission(db, &id))?;
        front::show(workspace, &id)?.shape(SOPD, workspace.journal.clock().now())
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// A mission to be handed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Submit {
    /// The mission file
    text: String,
    /// What to call it; mission.md without it
    file: Option<String>,
    /// Take it although the very same text was a mission before
    #[serde(default)]
    again: bool,
}

/// Hand a mission in; the caller is its requester
#[utoipa::path(post, path = "/missions", tag = "missions", security(("bearer" = [])), request_body = Submit,
    responses((status = 201, body = Value, description = "Shape sopd/submit/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn submit(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<Submit>,
) -> Answer {
    let mission = apart(move || {
        let Submit { text, file, again } = asked;
        let name = file.unwrap_or_else(|| "mission.md".to_owned());
        front::submit(SOPD, &api.workspace, &caller.actor(), (&name, &text), again)
    })
    .await?;
    Ok(made(&shapes::submitted(&mission), &format!("/api/v1/missions/{mission}")))
}
