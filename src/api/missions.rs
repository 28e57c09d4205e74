//! Missions: where they stand, and handing one in.

use super::answers::{Answer, Asked, Body, Page, apart, done, list, look_for, made, page, seen};
use super::refusal::ProblemDetails;
use super::{Api, SOPD};
use crate::base::Problem;
use crate::daemon::{self, Workspace};
use crate::front::{self, Actor, Caller, ForCouncil, next, shapes};
use crate::mission::{self, Files};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
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
#[utoipa::path(get, path = "/missions", tag = "missions", params(MissionsQuery),
    responses((status = 200, body = Page, description = "Items of shape sopd/status/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn missions(
    State(api): State<Api>,
    headers: HeaderMap,
    Asked(asked): Asked<MissionsQuery>,
) -> Answer {
    let shown = apart(move || {
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
    responses((status = 200, body = Value, description = "Shape sopd/show/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn mission(State(api): State<Api>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let shown = apart(move || {
        let workspace = &api.workspace;
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
    #[schema(
        example = "# Vendor invoices\n\nInvoices get paid twice. Write down how we approve and pay one.\n"
    )]
    text: String,
    /// What to call it; mission.md without it
    #[schema(example = "vendor-invoices.md")]
    file: Option<String>,
    /// Take it although the very same text was a mission before
    #[serde(default)]
    again: bool,
}

/// Hand a mission in; the caller is its requester
#[utoipa::path(post, path = "/missions", tag = "missions", request_body = Submit,
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

/// A remark.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Remark {
    /// Goes on record
    #[schema(example = "The supplier has changed")]
    comment: String,
}

/// End a mission; everything produced so far is kept
#[utoipa::path(post, path = "/missions/{id}/cancel", tag = "missions",
    params(("id" = String, Path, description = "M-…")), request_body = Remark,
    responses((status = 200, body = Value, description = "Shape sopd/mission/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn cancel_mission(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Remark { comment }): Body<Remark>,
) -> Answer {
    steer(api, caller, (id, comment), ("cancelled", front::cancel_mission)).await
}

/// Try again where a mission is stuck or was stopped
#[utoipa::path(post, path = "/missions/{id}/retry", tag = "missions",
    params(("id" = String, Path, description = "M-…")), request_body = Remark,
    responses((status = 200, body = Value, description = "Shape sopd/mission/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn retry_mission(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Remark { comment }): Body<Remark>,
) -> Answer {
    steer(api, caller, (id, comment), ("tried again", front::retry_mission)).await
}

type Deed = fn(&str, &Workspace, &Actor, (&str, &str)) -> Result<(), Vec<Problem>>;

async fn steer(
    api: Api,
    caller: Caller,
    (id, comment): (String, String),
    (said, deed): (&'static str, Deed),
) -> Answer {
    let told = apart(move || -> Result<Value, Vec<Problem>> {
        let workspace = &api.workspace;
        deed(SOPD, workspace, &caller.actor(), (&id, &comment))?;
        let next = next::now(workspace, &id).map_err(|problem| vec![problem])?;
        Ok(shapes::asked(&next, (said, &caller.party)))
    })
    .await?;
    Ok(done(&told))
}

/// What the council is to look at: a mission, or any text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Council {
    /// A mission's id: the council is held with its next round
    mission: Option<String>,
    /// Any text, as it is: the answer becomes `council.md` of a mission of its own
    #[schema(example = "# Pricing\n\nWe raise all prices by 10 % in January.\n")]
    text: Option<String>,
    /// What the text is called; text.md without it
    #[schema(example = "pricing.md")]
    file: Option<String>,
    /// Take it although the very same text was looked at before
    #[serde(default)]
    again: bool,
}

/// Ask the council: would a thoughtful outsider catch something that cannot be seen from inside?
#[utoipa::path(post, path = "/council", tag = "missions", request_body = Council,
    responses((status = 201, body = Value, description = "Shape sopd/council/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn council(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(Council { mission, text, file, again }): Body<Council>,
) -> Answer {
    let what = match (mission, text) {
        (Some(id), None) => ForCouncil::Mission(id),
        (None, Some(text)) => {
            ForCouncil::Text { name: file.unwrap_or_else(|| "text.md".to_owned()), text, again }
        }
        _ => {
            let problem = Problem::usage("it is not clear what the council is to look at");
            return Err(problem.hint("name either a `mission`, or a `text`").into());
        }
    };
    let by = caller.party.clone();
    let mission = apart(move || front::call_council(SOPD, &api.workspace, &caller.party, what)).await?;
    let told = json!({ "shape": "sopd/council/1", "mission": mission, "by": by });
    Ok(made(&told, &format!("/api/v1/missions/{mission}")))
}

/// The files of a mission's folder, with their hashes
#[utoipa::path(get, path = "/missions/{id}/files", tag = "missions",
    params(("id" = String, Path, description = "M-…")),
    responses((status = 200, body = Page, description = "Items: name, sha256"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn files(State(api): State<Api>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let found = api.workspace.journal.read(|db| {
            mission::mission(db, &id)?;
            mission::artifacts(db, &id)
        })?;
        Ok(list(found.iter().map(|file| json!({ "name": file.name, "sha256": file.hash }))))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FileQuery {
    /// Its name as the list has it, such as `drafts/vp.sales.md`
    name: String,
}

/// A file of a mission's folder
#[utoipa::path(get, path = "/missions/{id}/file", tag = "missions",
    params(("id" = String, Path, description = "M-…"), FileQuery),
    responses((status = 200, body = Value, description = "mission, name and text"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn file(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Asked(FileQuery { name }): Asked<FileQuery>,
) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let journal = &api.workspace.journal;
        let text = journal.read(|db| {
            mission::mission(db, &id)?;
            Files { journal, db, mission: &id }.text(&name)
        })?;
        let text = text.ok_or_else(|| Problem::not_found(format!("{id} has no file `{name}`")))?;
        Ok(json!({ "mission": id, "name": name, "text": text }))
    })
    .await?;
    Ok(seen(&headers, &shown))
}
