//! A signed webhook: the message as JSON in the frame of Standard Webhooks (<https://www.standardwebhooks.com>).

use super::{Fault, LONGEST_TRY};
use crate::notify::message::Message;
use crate::notify::wiring::Wiring;
use crate::run::http::{self, HttpLimits, Ready};
use crate::run::webhook::sign;
use crate::settings::notifications::Webhook;
use serde_json::json;

/// Bytes read of an answer; only its status counts.
const ANSWER_BYTES: usize = 4 * 1024;

pub(super) async fn send(wiring: &Wiring, hook: &Webhook, message: &Message) -> Result<(), Fault> {
    let (url, key) = (wiring.secret(&hook.url)?, wiring.secret(&hook.key)?);
    let body = json!({
        "type": "sopd.notification", "timestamp": message.made_at.to_string(), "data": message.json(),
    })
    .to_string();
    let signed = sign(&message.id, wiring.clock.now(), body.as_bytes(), key.as_bytes())
        .map_err(|problem| Fault::later(format!("{}: {}", hook.key, problem.message)))?;
    let headers = signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    post(wiring, &hook.url, (url, headers, body), &[url, key], &message.id).await
}

/// Posts JSON to an address that is a secret called `name`.
pub(super) async fn post(
    wiring: &Wiring,
    name: &str,
    (url, headers, body): (&str, Vec<(String, String)>, String),
    secrets: &[&str],
    id: &str,
) -> Result<(), Fault> {
    let ready = Ready::of_ours(url, headers, body, secrets)
        .ok_or_else(|| Fault::later(format!("{name} does not hold an address like https://…")))?;
    let limits = HttpLimits { time: LONGEST_TRY, answer_bytes: ANSWER_BYTES, tail_bytes: 200 };
    http::send(&wiring.http, &ready, id, limits).await?;
    Ok(())
}
