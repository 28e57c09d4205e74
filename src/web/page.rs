//! Rendering: templates, and what a person sees when something does not work.

use super::caller::Visitor;
use super::form::Field;
use super::markdown;
use super::site::Site;
use crate::base::text::{first_unseen, visible};
use crate::base::{Digest, Kind, Problem, problem::Result};
use crate::daemon;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::json;

#[derive(RustEmbed)]
#[folder = "src/web/templates"]
#[include = "*.html"]
struct Templates;

/// All templates, with what they may use. Every value is escaped unless it comes out of [`markdown`], and shows what a
/// browser would obey or hide: what a person decides on must be what there is. Only fields that people edit hold their
/// text as it is.
pub(super) fn templates(version: &str) -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(|out, state, value| match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) if first_unseen(text).is_some() => {
            minijinja::escape_formatter(out, state, &Value::from(visible(text)))
        }
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment.add_filter("as_written", as_written);
    environment.add_global("assets", format!("/assets/{version}"));
    environment.add_filter("markdown", |text: &str| Value::from_safe_string(markdown::html(text)));
    environment.add_filter("ago", |from: i64, now: i64| ago(now - from));
    environment.add_filter("minute", |at: i64| crate::base::Instant(at).minute());
    environment.add_filter("usd", usd);
    environment.add_filter("moment", moment);
    for name in Templates::iter() {
        let Some(file) = Templates::get(&name) else { continue };
        let text = String::from_utf8_lossy(&file.data).into_owned();
        let added = environment.add_template_owned(name.to_string(), text);
        added.map_err(|error| Problem::failed(format!("BUG: a template is broken: {error:#}")))?;
    }
    Ok(environment)
}

/// The text of a field that is edited: escaped, and otherwise as it is, since it comes back.
fn as_written(text: &str) -> Value {
    Value::from_safe_string(minijinja::HtmlEscape(text).to_string())
}

/// A length of time as people say it: `4 min`, `3 h`, `2 d`.
fn ago(millis: i64) -> String {
    let minutes = millis.max(0) / 60_000;
    match minutes {
        0 => "under 1 min".to_owned(),
        1..=119 => format!("{minutes} min"),
        120..=2_879 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1_440),
    }
}

/// An amount of money; single calls cost fractions of a cent.
pub(super) fn usd(dollars: f64) -> String {
    let digits = if dollars == 0.0 || dollars >= 1.0 { 2 } else { 4 };
    format!("${dollars:.digits$}")
}

/// `2026-11-20T16:02:45.000Z` as people read it: `2026-11-20 16:02 UTC`.
fn moment(text: &str) -> String {
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text.to_owned(),
    }
}

/// What a handler gives.
pub(super) type Answer<T = Response> = std::result::Result<T, Failure>;

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody is signed in.
    SignIn,
    /// The request itself was not understood or too large.
    Refused(StatusCode, String),
    /// What was asked for does not work.
    Problem(Vec<Problem>),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(vec![problem])
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Problem(problems)
    }
}

/// The problems of a failed request, on their way to the guard, which has the templates.
#[derive(Clone, Debug)]
pub(super) struct Told(pub(super) Vec<Problem>);

/// What came with a request that failed, for the page that says so.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sent<'a> {
    /// The page it was sent from.
    pub(super) back: Option<String>,
    /// Where it was sent.
    pub(super) to: &'a str,
    /// Its fields, where somebody wrote something.
    pub(super) fields: &'a [Field],
}

/// Tells two makings of a page apart that keeps itself new: a page that is asked for with the mark of what is shown
/// already is not sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark(pub(super) String);

/// Where a page that keeps itself new says its mark.
const MARK: &str = "id=\"mark\" name=\"mark\" value=\"";
/// Where it says how new it is, which differs with every fact and is nothing that is shown.
const LINE: &str = "/events?after=";

/// Puts the mark of what a page shows into it, where there is room for one.
fn marked(page: String) -> (String, Option<Mark>) {
    let Some((before, after)) = page.split_once(MARK) else { return (page, None) };
    let (rest, line) = after.split_once(LINE).unwrap_or((after, ""));
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let mark = Digest::of_all([before, rest, line].map(str::as_bytes)).0;
    (format!("{before}{MARK}{mark}{after}"), Some(Mark(mark)))
}

/// Says that an answer leads to signing in; the guard knows from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignInFirst;

/// The status that says what kind of trouble it is, like the exit codes of the command line.
pub(super) fn status(kind: Kind) -> StatusCode {
    StatusCode::from_u16(kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, problems) = match self {
            Self::SignIn => {
                let mut response = Redirect::to("/sign-in").into_response();
                response.extensions_mut().insert(SignInFirst);
                return response;
            }
            Self::Refused(status, words) => (status, vec![Problem::usage(words)]),
            Self::Problem(problems) => (
                problems.first().map_or(StatusCode::INTERNAL_SERVER_ERROR, |first| status(first.kind)),
                problems,
            ),
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Told(problems));
        response
    }
}

impl Site {
    /// A page for somebody who is signed in.
    pub(super) fn page(&self, visitor: &Visitor, template: &str, context: &serde_json::Value) -> Answer {
        let Html(page) = self.render(Some(visitor), template, context)?;
        let (page, mark) = marked(page);
        let mut response = Html(page).into_response();
        if let Some(mark) = mark {
            response.extensions_mut().insert(mark);
        }
        Ok(response)
    }

    /// A page; `seq` is the journal's place it is at least as new as.
    pub(super) fn render(
        &self,
        visitor: Option<&Visitor>,
        template: &str,
        context: &serde_json::Value,
    ) -> Result<Html<String>> {
        let me = visitor.map(|visitor| json!({ "party": visitor.party(), "csrf": visitor.csrf }));
        // What is wrong with the workspace's own files is for those who are in, not for whoever passes by.
        let root = &self.workspace.root;
        let mut notes = if me.is_some() { daemon::standing_notes(root) } else { Vec::new() };
        if me.is_some() && daemon::is_stopping(root) {
            notes.push("sopd is stopping: what is asked for now begins with its next start".to_owned());
        }
        let all = json!({ "me": me, "now": self.now().0, "seq": self.feed.head(), "standing_notes": notes });
        let context = minijinja::context! { ..Value::from(Serde(context)), ..Value::from(Serde(all)) };
        let made = self.templates.get_template(template).and_then(|template| template.render(context));
        made.map(Html).map_err(|error| {
            // The details hold what the page was to show; they are for whoever runs sopd.
            tracing::error!(template, error = %format!("{error:#}"), "BUG: a page is broken");
            Problem::failed("BUG: this page is broken").hint("the log of sopd says more")
        })
    }

    /// A piece of a page, made before the page itself.
    pub(super) fn fragment(&self, template: &str, context: &serde_json::Value) -> Result<String> {
        let made = self
            .templates
            .get_template(template)
            .and_then(|template| template.render(Value::from(Serde(context))));
        made.map_err(|error| Problem::failed(format!("BUG: a piece of a page is broken: {error:#}")))
    }

    /// What a person sees instead of the page.
    pub(super) fn trouble(
        &self,
        visitor: Option<&Visitor>,
        status: StatusCode,
        (problems, sent): (&[Problem], &Sent<'_>),
    ) -> Response {
        let title = match status {
            StatusCode::NOT_FOUND => "There is no such page",
            StatusCode::CONFLICT => "Somebody or something was faster",
            StatusCode::FORBIDDEN => "This is not yours to do",
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => "This could not be taken",
            StatusCode::PAYLOAD_TOO_LARGE => "This is too large",
            StatusCode::TOO_MANY_REQUESTS => "Too many tries",
            _ => "This did not work",
        };
        let context = json!({
            "title": title, "problems": problems, "status": status.as_u16(), "sent": sent,
        });
        match self.render(visitor, "trouble.html", &context) {
            Ok(page) => (status, [(header::CACHE_CONTROL, "no-store")], page).into_response(),
            Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.message).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_as_people_say_it() {
        let told = [0, 59_999, 60_000, 7_200_000, 172_800_000].map(ago);
        assert_eq!(told, ["under 1 min", "under 1 min", "1 min", "2 h", "2 d"]);
    }
}
