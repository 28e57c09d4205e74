//! Problems as `application/problem+json` (RFC 9457), with the kinds of the command line's exit codes.

use crate::base::{Kind, Problem};
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The status of a kind of trouble.
pub(super) fn status(kind: Kind) -> StatusCode {
    StatusCode::from_u16(kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Why a request was not done. Never without a problem.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    problems: Vec<Problem>,
}

impl Refusal {
    /// `problem` under another status than its kind's.
    pub(super) fn with(status: StatusCode, problem: Problem) -> Self {
        Self { status, problems: vec![problem] }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { status: status(problem.kind), problems: vec![problem] }
    }
}

impl From<Vec<Problem>> for Refusal {
    fn from(problems: Vec<Problem>) -> Self {
        let kind = problems.first().map_or(Kind::Failed, |first| first.kind);
        Self { status: status(kind), problems }
    }
}

/// The body of a refusal.
#[derive(Serialize, ToSchema)]
pub(super) struct ProblemDetails {
    /// `urn:sopd:` and the kind
    r#type: String,
    /// The kind: failed, usage, invalid, not_allowed, not_found, conflict, store
    kind: Value,
    /// The kind in words
    title: &'static str,
    /// The HTTP status
    status: u16,
    /// What is wrong
    detail: String,
    /// What can be done about it
    hint: Option<String>,
    /// Every problem, with its place in a file where there is one
    errors: Vec<Value>,
}

/// The title of the kind with that word.
pub(super) fn words(kind: &str) -> &'static str {
    title(serde_json::from_value(Value::from(kind)).unwrap_or(Kind::Failed))
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Failed => "It did not work",
        Kind::Usage => "The request was not understood",
        Kind::Invalid => "A value is not in its form",
        Kind::NotAllowed => "The party may not do this",
        Kind::NotFound => "There is no such thing",
        Kind::Conflict => "It was decided already, or on other bytes",
        Kind::Store => "The journal cannot be used",
        Kind::Machine => "The machine cannot do it now",
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let first = self
            .problems
            .first()
            .cloned()
            .unwrap_or_else(|| Problem::failed("BUG: refused without a reason"));
        let kind = serde_json::to_value(first.kind).unwrap_or_default();
        let body = ProblemDetails {
            r#type: format!("urn:sopd:{}", kind.as_str().unwrap_or("failed")),
            kind,
            title: title(first.kind),
            status: self.status.as_u16(),
            detail: first.message,
            hint: first.hint,
            errors: self.problems.iter().filter_map(|problem| serde_json::to_value(problem).ok()).collect(),
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (self.status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An address that is known, but not for this method.
pub(super) async fn wrong_method() -> Refusal {
    let problem = Problem::usage("this address is not for that method").hint("see /api/v1/docs");
    Refusal::with(StatusCode::METHOD_NOT_ALLOWED, problem)
}

/// An address nobody knows.
pub(super) async fn unknown() -> Refusal {
    Problem::not_found("there is nothing at this address").hint("see /api/v1/docs").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_status_of_its_own() {
        let kinds = [
            (Kind::Failed, 500),
            (Kind::Usage, 400),
            (Kind::Invalid, 422),
            (Kind::NotAllowed, 403),
            (Kind::NotFound, 404),
            (Kind::Conflict, 409),
            (Kind::Store, 503),
            (Kind::Machine, 503),
        ];
        for (kind, number) in kinds {
            assert_eq!(status(kind).as_u16(), number);
        }
    }
}
