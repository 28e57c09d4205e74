//! The registry: versions, and their files.

use super::Api;
use super::answers::{Answer, Asked, Page, apart, look_for, page, seen};
use super::refusal::ProblemDetails;
use crate::base::Problem;
use crate::front::shapes;
use crate::registry::{self, Status, VersionRow};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

/// Which versions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SopsQuery {
    /// Only active versions
    #[serde(default)]
    active: bool,
    /// `next` of the page before
    cursor: Option<String>,
    /// At most so many, 1 to 500; 50 without it
    limit: Option<u32>,
}

/// Versions of SOPs: by id, newest version first
#[utoipa::path(get, path = "/sops", tag = "sops", params(SopsQuery),
    responses((status = 200, body = Page, description = "Items of shape sopd/sop/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn sops(
    State(api): State<Api>,
    headers: HeaderMap,
    Asked(asked): Asked<SopsQuery>,
) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let (limit, _) = look_for(asked.limit);
        let mut rows = api.workspace.journal.read(registry::all)?;
        if let Some(cursor) = &asked.cursor {
            let at = rows.iter().position(|row| place(row) == *cursor);
            let at = at.ok_or_else(|| Problem::not_found(format!("there is no {cursor} in the registry")))?;
            rows.drain(..=at);
        }
        rows.retain(|row| !asked.active || row.status == Status::Active);
        page(rows, limit, place, |row| Ok(shapes::sop(row)))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

fn place(row: &VersionRow) -> String {
    format!("{}-v{}", row.id, row.version)
}

/// A version with its file
#[utoipa::path(get, path = "/sops/{id}", tag = "sops",
    params(("id" = String, Path, description = "SOP-REV-x for the active version, or SOP-REV-x-v1.0")),
    responses((status = 200, body = Value, description = "Shape sopd/sop/1 with its text"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn sop(State(api): State<Api>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let row = api.workspace.journal.read(|db| registry::version(db, &id))?;
        let text = registry::read_checked(&api.workspace.root, &row)?;
        let mut value = shapes::sop(&row);
        if let Some(members) = value.as_object_mut() {
            members.insert("text".to_owned(), text.into());
        }
        Ok(value)
    })
    .await?;
    Ok(seen(&headers, &shown))
}
