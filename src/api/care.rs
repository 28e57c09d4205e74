//! What a party does about a decision short of deciding it: passing it on, putting it off, taking it on, asking.

use super::answers::{Answer, Body, apart, done};
use super::refusal::ProblemDetails;
use super::{Api, SOPD};
use crate::base::{Problem, Span, problem};
use crate::daemon::Workspace;
use crate::decision::Decision;
use crate::front::{self, Actor, Caller, shapes};
use axum::Extension;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Somebody else is to be asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Delegate {
    /// Who is asked in the caller's place: an id on the roster
    #[schema(example = "finance.controller")]
    to: String,
    /// Why; goes on record
    #[serde(default)]
    comment: String,
}

/// A later deadline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Defer {
    /// How much later the deadline is to be
    #[schema(example = "1 business day")]
    by: String,
    /// Why; goes on record
    #[serde(default)]
    comment: String,
}

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// Who is asked: an id on the roster
    #[schema(example = "cro")]
    to: String,
    /// The question
    #[schema(example = "Which limit did we agree on?")]
    text: String,
}

/// Have another party asked in the caller's place: one whom the rules would ask
#[utoipa::path(post, path = "/decisions/{id}/delegate", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Delegate,
    responses((status = 200, body = Value, description = "Shape sopd/inbox/1: the decision as it stands now"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn delegate(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Delegate { to, comment }): Body<Delegate>,
) -> Answer {
    care(api, caller, move |workspace, actor| front::delegate(SOPD, workspace, actor, (&id, &to, &comment)))
        .await
}

/// Move the deadline, all delays together by no more than the settings allow
#[utoipa::path(post, path = "/decisions/{id}/defer", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Defer,
    responses((status = 200, body = Value, description = "Shape sopd/inbox/1: the decision as it stands now"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn defer(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Defer { by, comment }): Body<Defer>,
) -> Answer {
    care(api, caller, move |workspace, actor| {
        let by: Span = by.parse().map_err(Problem::usage)?;
        front::defer(SOPD, workspace, actor, (&id, by, &comment))
    })
    .await
}

/// Show others who are asked, for four hours, that the caller is at it; binds nobody
#[utoipa::path(post, path = "/decisions/{id}/claim", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    responses((status = 200, body = Value, description = "Shape sopd/inbox/1: the decision as it stands now"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn claim(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    care(api, caller, move |workspace, actor| {
        front::claim(SOPD, workspace, actor, &id).map(|(decision, _)| decision)
    })
    .await
}

/// Give back what was claimed
#[utoipa::path(post, path = "/decisions/{id}/release", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    responses((status = 200, body = Value, description = "Shape sopd/inbox/1: the decision as it stands now"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn release(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    care(api, caller, move |workspace, actor| front::release(SOPD, workspace, actor, &id)).await
}

/// Put a question to somebody before deciding; the answer stands with the decision, which does not wait for it
#[utoipa::path(post, path = "/decisions/{id}/ask", tag = "decisions", params(("id" = String, Path, description = "D-…")),
    request_body = Ask,
    responses((status = 200, body = Value, description = "Shape sopd/inbox/1: the question as it waits now"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn ask(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Ask { to, text }): Body<Ask>,
) -> Answer {
    care(api, caller, move |workspace, actor| front::ask(SOPD, workspace, actor, (&id, &to, &text))).await
}

async fn care(
    api: Api,
    caller: Caller,
    deed: impl FnOnce(&Workspace, &Actor) -> problem::Result<Decision> + Send + 'static,
) -> Answer {
    let told = apart(move || -> Result<Value, Problem> {
        let decision = deed(&api.workspace, &caller.actor())?;
        shapes::as_it_stands(SOPD, &api.workspace, decision)
    })
    .await?;
    Ok(done(&told))
}
