//! What is on record: the log of facts, the roster at work, what starts runs, and a party's own tokens.

use super::Api;
use super::answers::{Answer, Asked, Page, apart, done, list, look_for, page, seen};
use super::refusal::{ProblemDetails, Refusal};
use crate::access;
use crate::base::Problem;
use crate::daemon;
use crate::front::{self, AtWork, Caller, shapes};
use crate::journal::{Event, Journal, events_of, within};
use crate::run;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream::unfold;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

/// Facts read at once while the log is written out.
const WRITTEN: u32 = 1_000;

/// Which facts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FactsQuery {
    /// Only facts about this mission, run or SOP
    subject: Option<String>,
    /// `next` of the page before, or the place of a fact: those after it are given
    cursor: Option<i64>,
    /// At most so many, 1 to 500; 50 without it
    limit: Option<u32>,
}

/// The log of facts, oldest first, each as stored and with its chain hash
#[utoipa::path(get, path = "/audit", tag = "audit", params(FactsQuery),
    responses((status = 200, body = Page, description = "Items: seq, hash, fact"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn facts(
    State(api): State<Api>,
    headers: HeaderMap,
    Asked(asked): Asked<FactsQuery>,
) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let (limit, wanted) = look_for(asked.limit);
        let found = api.workspace.journal.read(|db| {
            let after = within(db, asked.cursor.unwrap_or(0))?;
            events_of(db, asked.subject.as_deref(), after, wanted)
        })?;
        let shape = |fact: &Event| {
            let text: Value = serde_json::from_str(&fact.text).unwrap_or_default();
            Ok(json!({ "seq": fact.seq, "hash": fact.hash, "fact": text }))
        };
        page(found, limit, |fact| fact.seq.to_string(), shape)
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// Of what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// Only facts about this mission, run or SOP
    subject: Option<String>,
}

/// The whole log as one JSON object per line, to be hashed again elsewhere
#[utoipa::path(get, path = "/audit/export", tag = "audit", params(ExportQuery),
    responses((status = 200, body = String, content_type = "application/x-ndjson", description = "The lines of `sopd audit export`"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn export_facts(
    State(api): State<Api>,
    Asked(asked): Asked<ExportQuery>,
) -> Result<Response, Refusal> {
    let journal = api.workspace.journal;
    let lines = unfold((journal, asked.subject, 0), |(journal, subject, after)| async move {
        let (looked, wanted) = (journal.clone(), subject.clone());
        let read = tokio::task::spawn_blocking(move || lines_after(&looked, wanted.as_deref(), after)).await;
        match read {
            Ok(Ok(Some((text, last)))) => Some((Ok(text), (journal, subject, last))),
            Ok(Ok(None)) => None,
            // The connection breaks off: half a log must not look like a whole one.
            Ok(Err(problem)) => {
                Some((Err(std::io::Error::other(problem.message)), (journal, subject, i64::MAX)))
            }
            Err(error) => Some((Err(std::io::Error::other(error)), (journal, subject, i64::MAX))),
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

fn lines_after(
    journal: &Journal,
    subject: Option<&str>,
    after: i64,
) -> Result<Option<(String, i64)>, Problem> {
    let facts = journal.read(|db| events_of(db, subject, after, WRITTEN))?;
    let last = facts.last().map(|fact| fact.seq);
    let line = |fact: &Event| {
        format!("{{\"seq\":{},\"hash\":\"{}\",\"fact\":{}}}\n", fact.seq, fact.hash, fact.text)
    };
    Ok(last.map(|last| (facts.iter().map(line).collect(), last)))
}

/// Read the whole log again and compare it with itself, INDEX.md and the git history
#[utoipa::path(post, path = "/audit/verify", tag = "audit",
    responses((status = 200, body = Value, description = "Shape sopd/audit/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn verify_facts(State(api): State<Api>) -> Answer {
    let told = apart(move || -> Result<Value, Problem> {
        let workspace = &api.workspace;
        let verified = daemon::verify(workspace, &daemon::anchors(workspace))?;
        Ok(json!({ "shape": "sopd/audit/1", "verified": verified }))
    })
    .await?;
    Ok(done(&told))
}

/// The roster, and what each agent has at hand
#[utoipa::path(get, path = "/agents", tag = "agents",
    responses((status = 200, body = Page, description = "Items of shape sopd/agents/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn agents(State(api): State<Api>, headers: HeaderMap) -> Answer {
    let shown = apart(move || -> Result<Value, Vec<Problem>> {
        let agents = front::at_work(&api.workspace)?;
        Ok(list(agents.iter().map(AtWork::shape)))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// What will start what, and what came of it last
#[utoipa::path(get, path = "/triggers", tag = "runs",
    responses((status = 200, body = Value, description = "Shape sopd/triggers/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn triggers(State(api): State<Api>, headers: HeaderMap) -> Answer {
    let shown = apart(move || -> Result<Value, Vec<Problem>> {
        let workspace = &api.workspace;
        let settings = workspace.snapshot()?.settings.runs.clone();
        let now = workspace.journal.clock().now();
        let found = workspace.journal.read(|db| run::overview(db, &workspace.root, &settings, now));
        Ok(shapes::triggers(&found.map_err(|problem| vec![problem])?))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// The caller's own tokens, without their secrets
#[utoipa::path(get, path = "/tokens", tag = "tokens",
    responses((status = 200, body = Page, description = "Items: number, party, name, scope, created_at"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn tokens(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let tokens = api.workspace.journal.read(|db| access::tokens_of(db, Some(&caller.party)))?;
        Ok(list(tokens.iter().map(|token| json!(token))))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// Take one of the caller's own tokens back
#[utoipa::path(post, path = "/tokens/{number}/revoke", tag = "tokens",
    params(("number" = i64, Path, description = "Its number, as the list shows it")),
    responses((status = 200, body = Value, description = "Shape sopd/token-revoked/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Answer {
    let told = apart(move || -> Result<Value, Problem> {
        let unknown = || Problem::not_found(format!("there is no token `{number}`"));
        let number: i64 = number.parse().map_err(|_none| unknown())?;
        let Caller { party, means, .. } = caller;
        api.workspace.journal.append(move |tx| access::revoke(tx, number, Some(&party), &means))?;
        Ok(json!({ "shape": "sopd/token-revoked/1", "number": number }))
    })
    .await?;
    Ok(done(&told))
}
