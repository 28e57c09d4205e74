//! A button pressed below a Slack message (<https://api.slack.com/reference/interaction-payloads/block-actions>): read
//! and trusted only when Slack signed it. What it means is decided where every other answer is.

use super::wiring::Wiring;
use crate::base::{Instant, Problem, problem::Result};
use crate::journal::Tx;
use crate::run::http::{self, HttpLimits, Ready};
use crate::run::webhook::verify_slack;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use url::Url;

/// The action of the button that says yes.
pub(super) const APPROVE: &str = "approve";
/// The action of the button that opens a page; Slack tells of it as well, and nothing follows.
pub(super) const OPEN: &str = "open";
/// How long a signature is remembered: twice as long as it is accepted, in milliseconds.
const REMEMBERED_MILLIS: i64 = 10 * 60 * 1_000;
/// Longest time to tell the person what came of it.
const LONGEST_REPLY: Duration = Duration::from_secs(5);

/// What was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// The signature of the request, which is taken once.
    pub signature: String,
    /// The Slack user.
    pub user: String,
    /// The decision to say yes to, and the hash that was shown; `None` for a button that only opened a page.
    pub yes: Option<(String, String)>,
    /// What Slack wants said back to see that somebody is here; nothing is pressed then.
    pub challenge: Option<String>,
    /// Where the person can be told what came of it.
    pub response_url: Option<String>,
}

#[derive(Deserialize)]
struct Payload {
    r#type: String,
    user: User,
    #[serde(default)]
    actions: Vec<Action>,
    response_url: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    #[serde(default)]
    value: String,
}

/// Reads a request of Slack, which must be signed with `secret` within five minutes of `now`.
///
/// # Errors
/// `NotAllowed` for one that is not trusted, `Usage` for one that is no press of our buttons.
pub fn pressed(headers: &[(String, String)], body: &[u8], secret: &str, now: Instant) -> Result<Pressed> {
    let signature = verify_slack(headers, body, secret.trim().as_bytes(), now)?;
    if let Some(challenge) = challenge(body) {
        let challenge = Some(challenge);
        return Ok(Pressed { signature, user: String::new(), yes: None, challenge, response_url: None });
    }
    let wrong = || {
        Problem::usage("this is not a button of ours")
            .hint("point Slack's interactivity at this address only")
    };
    let form = url::form_urlencoded::parse(body).find(|(name, _)| name == "payload").ok_or_else(wrong)?;
    let payload: Payload = serde_json::from_str(&form.1).map_err(|_not_json| wrong())?;
    let [action] = payload.actions.as_slice() else { return Err(wrong()) };
    if payload.r#type != "block_actions" {
        return Err(wrong());
    }
    let yes = match action.action_id.as_str() {
        OPEN => None,
        APPROVE => {
            let (id, hash) = action.value.split_once(' ').ok_or_else(wrong)?;
            Some((id.to_owned(), hash.to_owned()))
        }
        _ => return Err(wrong()),
    };
    Ok(Pressed { signature, user: payload.user.id, yes, challenge: None, response_url: payload.response_url })
}

/// What a control message of Slack wants to hear: `url_verification` its challenge, `ssl_check` nothing at all.
fn challenge(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Control {
        r#type: String,
        challenge: String,
    }
    if url::form_urlencoded::parse(body).any(|(name, value)| name == "ssl_check" && value == "1") {
        return Some(String::new());
    }
    let control: Control = serde_json::from_slice(body).ok()?;
    (control.r#type == "url_verification").then_some(control.challenge)
}

/// Takes a request, once.
///
/// # Errors
/// `Conflict` for one that was taken before.
pub fn claim(tx: &Tx<'_>, signature: &str) -> Result<()> {
    let now = tx.now().0;
    tx.db().prepare_cached("DELETE FROM slack_seen WHERE at < ?1")?.execute([now - REMEMBERED_MILLIS])?;
    let rows = tx
        .db()
        .prepare_cached("INSERT INTO slack_seen(signature, at) VALUES(?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((signature, now))?;
    if rows == 1 { Ok(()) } else { Err(Problem::conflict("this request was taken before")) }
}

/// Whether `response_url` is at the server that a channel of ours posts to: nothing is sent anywhere else, whatever a
/// request says.
pub fn ours(wiring: &Wiring, response_url: &str) -> bool {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    let wanted = origin(response_url);
    let mut known = wiring.settings.slack.values().filter_map(|slack| wiring.secret(&slack.url).ok());
    wanted.is_some() && known.any(|url| origin(url) == wanted)
}

/// Tells the person what came of it, once and as well as may be: in place of the buttons where it is `done`, else to
/// them alone.
pub async fn reply(wiring: &Wiring, response_url: &str, done: bool, words: &str) {
    let body = json!({
        "replace_original": done, "response_type": if done { "in_channel" } else { "ephemeral" }, "text": words,
    });
    let Some(ready) = Ready::of_ours(response_url, Vec::new(), body.to_string(), &[response_url]) else {
        return;
    };
    let limits = HttpLimits { time: LONGEST_REPLY, answer_bytes: 1024, tail_bytes: 200 };
    if let Err(fault) = http::send(&wiring.http, &ready, "", limits).await {
        tracing::warn!(%fault, "Slack could not be told what came of an answer");
    }
}
