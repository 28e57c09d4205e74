//! What waits for people, and answering it. A GET never decides.

use super::answers::{Answer, Asked, Body, Page, apart, done, look_for, page, seen};
use super::refusal::ProblemDetails;
use super::{Api, SOPD};
use crate::base::Problem;
use crate::decision::{self, Verb};
use crate::front::{self, Answered, Answering, Caller, next, shapes};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which part of the inbox.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct InboxQuery {
    /// Only what this party is asked
    r#for: Option<String>,
    /// `next` of the page before
    cursor: Option<String>,
    /// At most so many, 1 to 500; 50 without it
    limit: Option<u32>,
}

/// What waits for people, oldest first
#[utoipa::path(get, path = "/inbox", tag = "decisions", params(InboxQuery),
    responses((status = 200, body = Page, description = "Items of shape sopd/inbox/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn inbox(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Asked(asked): Asked<InboxQuery>,
) -> Answer {
    let shown = apart(move || {
        let workspace = &api.workspace;
        if asked.r#for.as_ref() != Some(&caller.party) {
            front::check_sight(workspace, &caller.party)?;
        }
        let (limit, wanted) = look_for(asked.limit);
        let now = workspace.journal.clock().now();
        let rows = workspace.journal.read(|db| {
            let open = decision::open_after(db, asked.r#for.as_deref(), (asked.cursor.as_deref(), wanted))?;
            open.into_iter().map(|one| shapes::waiting(db, one, now)).collect::<Result<Vec<_>, Problem>>()
        })?;
        page(rows, limit, |row| row.decision.id.clone(), |row| Ok(shapes::inbox_row(SOPD, row, now)))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// What to see before deciding: of a mission the draft with the source of every line, of a run what will happen
#[utoipa::path(get, path = "/decisions/{id}", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    responses((status = 200, body = Value, description = "Shape sopd/show/1 or sopd/show-run/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn decision(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let shown = apart(move || {
        api.workspace.journal.read(|db| decision::one(db, &id))?;
        front::shown_to(SOPD, &api.workspace, &caller.party, &id)
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// A yes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Approve {
    /// A remark that goes on record
    #[schema(example = "Read")]
    comment: String,
    /// Why it may be published although blocking assertions failed; stays visible in the index
    r#override: Option<String>,
    /// The hash that was shown, at least its first 32 digits: a yes is for these bytes and no others
    #[schema(required = true)]
    hash: Option<String>,
}

/// A no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reject {
    /// Why not; goes on record
    #[schema(example = "The limit is missing")]
    reason: String,
    /// The hash that was shown, at least its first 32 digits; other bytes are then refused
    hash: Option<String>,
}

/// A not yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revise {
    /// What to change
    #[schema(example = "Name who pays")]
    comment: String,
    /// The line of the draft it is about
    line: Option<u32>,
    /// The hash that was shown, at least its first 32 digits; other bytes are then refused
    hash: Option<String>,
}

/// A text in the draft's place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Edited {
    /// The whole text as it should be, Markdown with its head
    text: String,
    /// Why; goes on record
    #[serde(default)]
    comment: String,
    /// The hash of the draft that was edited, at least its first 32 digits
    hash: String,
}

/// Put a text in the draft's place: what changed is checked, and it is asked about anew
#[utoipa::path(post, path = "/decisions/{id}/edit", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Edited,
    responses((status = 200, body = Value, description = "Shape sopd/answer/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn edit(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(said): Body<Edited>,
) -> Answer {
    let Edited { text, comment, hash } = said;
    let edited = Some(("text".to_owned(), text));
    let answering = Answering { text: comment, shown: Some(hash), edited, ..Answering::new(id, Verb::Edit) };
    act(api, caller, answering).await
}

/// An answer to a question, or a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    /// The answer, or the draft as Markdown
    #[schema(example = "500 euros")]
    text: String,
}

/// Say yes: forward where forwarding is asked, sign where a signature is asked
#[utoipa::path(post, path = "/decisions/{id}/approve", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Approve,
    responses((status = 200, body = Value, description = "Shape sopd/answer/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn approve(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(said): Body<Approve>,
) -> Answer {
    let Approve { comment: text, r#override: overriding, hash: shown } = said;
    act(api, caller, Answering { text, overriding, shown, ..Answering::new(id, Verb::Approve) }).await
}

/// Say no, for good
#[utoipa::path(post, path = "/decisions/{id}/reject", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Reject,
    responses((status = 200, body = Value, description = "Shape sopd/answer/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn reject(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(said): Body<Reject>,
) -> Answer {
    let Reject { reason: text, hash: shown } = said;
    act(api, caller, Answering { text, shown, ..Answering::new(id, Verb::Reject) }).await
}

/// Send a draft back with what to change
#[utoipa::path(post, path = "/decisions/{id}/revise", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Revise,
    responses((status = 200, body = Value, description = "Shape sopd/answer/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn revise(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(said): Body<Revise>,
) -> Answer {
    let Revise { comment: text, line, hash: shown } = said;
    act(api, caller, Answering { text, line, shown, ..Answering::new(id, Verb::Revise) }).await
}

/// Answer a question, or hand in a draft
#[utoipa::path(post, path = "/decisions/{id}/answer", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Say,
    responses((status = 200, body = Value, description = "Shape sopd/answer/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn answer(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(said): Body<Say>,
) -> Answer {
    act(api, caller, Answering { text: said.text, ..Answering::new(id, Verb::Answer) }).await
}

async fn act(api: Api, caller: Caller, act: Answering) -> Answer {
    let told = apart(move || -> Result<Value, Vec<Problem>> {
        let workspace = &api.workspace;
        let Answered { decision, answer } = front::answer(SOPD, workspace, &caller.actor(), act)?;
        let next = next::now(workspace, &decision.ask.mission).map_err(|problem| vec![problem])?;
        Ok(shapes::answer(&decision, &answer, &next))
    })
    .await?;
    Ok(done(&told))
}
