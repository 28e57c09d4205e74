//! Webhooks: a request to a path becomes an arrival of the SOP that listens there, when it is signed with the secret
//! of that path and brings what the SOP asks for.
//!
//! Of the body's members only those are taken that the SOP has as inputs: a sender like GitHub sends what it sends.
//! One of them that is no single value refuses the request, since leaving it out would start another run than meant.

use super::queue::{Arrival, accept};
use super::{wired, words};
use crate::base::{Instant, Problem, fault, problem::Result};
use crate::journal::{Journal, Tx};
use crate::registry;
use crate::run::start::{read, together};
use crate::run::{packet, webhook};
use crate::sop::SopId;
use crate::sop::document::Trigger;
use crate::sop::trigger::Hook;
use rusqlite::OptionalExtension as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::borrow::Cow;
use std::path::Path;

/// Largest body, in bytes: what GitHub sends at most.
pub const LARGEST_BODY: u64 = 25 * 1024 * 1024;
/// Refusals of one trigger that go on record in a minute. More are counted: strangers must not fill the record.
const MOST_REFUSALS: i64 = 10;
/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its path: `/deploy/production`, without a query.
    pub path: String,
    /// Names (in any capitals) and values of its headers.
    pub headers: Vec<(String, String)>,
    /// The bytes of its body.
    pub body: Vec<u8>,
}

/// A request that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// The SOP that it starts.
    pub sop: SopId,
    /// The sender's id of it.
    pub delivery: String,
    /// It came before.
    pub existing: bool,
    /// The run that came of it, once there is one.
    pub run: Option<String>,
    /// Why no run came of it.
    pub refusal: Option<String>,
    /// Why it is not for starting anything: a test of the sender, or another event than the trigger names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}

/// Takes a request in. `secret` is that of its path; without one nobody can be trusted, and the request is refused.
///
/// # Errors
/// `NotFound` where no active SOP listens, `Conflict` where several do, `NotAllowed` for a request that is not proven
/// to come from who knows the secret, `Invalid` for one that brings the wrong things. Refusals of an SOP's webhook are
/// on its record.
pub fn deliver(journal: &Journal, root: &Path, secret: Option<&str>, post: &Post) -> Result<Delivered> {
    let (sop, hook) = listener(journal, root, post)?;
    let ignored = not_meant(&hook, post);
    let trigger = Trigger::Webhook(hook);
    let arrived = arrival(journal, root, (&sop, &trigger), (secret, post, ignored.is_some()));
    match arrived {
        Ok((delivery, _)) if ignored.is_some() => {
            Ok(Delivered { sop, delivery, existing: false, run: None, refusal: None, ignored })
        }
        Ok((delivery, arrival)) => {
            let fresh = match arrival {
                Some(arrival) => journal.append(move |tx| accept(tx, &arrival))?,
                None => false,
            };
            fault::point("trigger/webhook", "accepted");
            came_of(journal, sop, &post.path, delivery, !fresh)
        }
        Err(problem) => {
            let told = problem.clone();
            journal.append(move |tx| note_refusal(tx, &sop, &words(&trigger), &told))?;
            Err(problem)
        }
    }
}

/// Why a request is not for starting anything, whoever sent it. What a sender sends to see whether somebody is here is
/// no work, and neither is an event that the trigger does not name.
fn not_meant(hook: &Hook, post: &Post) -> Option<String> {
    let event = event_of(post);
    match (&hook.event, event.as_deref()) {
        (_, Some(test @ ("ping" | "webhook.test" | "endpoint.ping" | "url_verification")))
            if hook.event.as_deref() != event.as_deref() =>
        {
            Some(format!("`{test}` is the sender's own test; nothing is started by it"))
        }
        (None, _) => None,
        (Some(wanted), Some(event)) if wanted == event => None,
        (Some(wanted), Some(event)) => Some(format!("the trigger takes `{wanted}`, and this is `{event}`")),
        (Some(wanted), None) => Some(format!("the trigger takes `{wanted}`, and this names no event")),
    }
}

/// The event a request names: GitHub's in a header, that of Standard Webhooks in the body.
fn event_of(post: &Post) -> Option<String> {
    #[derive(Deserialize)]
    struct Typed {
        r#type: Option<String>,
    }
    if let Some(event) = webhook::named(&post.headers, "x-github-event").next() {
        return Some(event.trim().to_owned());
    }
    let github = webhook::named(&post.headers, "x-hub-signature-256").next().is_some();
    let typed = || serde_json::from_slice::<Typed>(&post.body).ok()?.r#type;
    if github { None } else { typed() }
}

/// Refuses a request that cannot be let in, by its path and headers alone: before its body is taken. `secret` is that
/// of its path.
///
/// # Errors
/// Those of [`deliver`] that need no body.
pub fn expect(
    journal: &Journal,
    root: &Path,
    secret: Option<&str>,
    (path, headers): (&str, &[(String, String)]),
) -> Result<()> {
    let head = Post { path: path.to_owned(), headers: headers.to_vec(), body: Vec::new() };
    let (sop, hook) = listener(journal, root, &head)?;
    let trigger = words(&Trigger::Webhook(hook));
    let looked = secret
        .ok_or_else(|| nobody_to_trust(path))
        .and_then(|_known| webhook::look(headers, journal.clock().now()));
    if let Err(problem) = &looked {
        let told = problem.clone();
        journal.append(move |tx| note_refusal(tx, &sop, &trigger, &told))?;
    }
    looked
}

fn nobody_to_trust(path: &str) -> Problem {
    Problem::not_allowed(format!("there is no secret for `{path}`, so nobody can be trusted there"))
        .hint("name one under `runs.webhooks` in sopd.yaml, and set it where secrets are")
}

/// The one active SOP that listens at the path, for the event where several name theirs.
fn listener(journal: &Journal, root: &Path, post: &Post) -> Result<(SopId, Hook)> {
    let path = post.path.as_str();
    let wiring = journal.read(|db| wired::wiring(db, root))?;
    let all: Vec<(SopId, Hook)> = wiring
        .triggers
        .into_iter()
        .filter_map(|wired| match wired.trigger {
            Trigger::Webhook(hook) if hook.path == path => Some((wired.sop, hook)),
            _ => None,
        })
        .collect();
    let event = event_of(post);
    let meant: Vec<_> =
        all.iter().filter(|(_, hook)| hook.event.is_none() || hook.event == event).cloned().collect();
    // Where nobody listens for this event, whoever listens at the path says so.
    let mut found = if meant.is_empty() { all.into_iter().take(1).collect() } else { meant }.into_iter();
    match (found.next(), found.next()) {
        (Some(found), None) => Ok(found),
        (None, _) => Err(Problem::not_found(format!("no active SOP has a webhook at `{path}`"))
            .hint("see `sopd triggers`")),
        (Some((one, _)), Some((other, _))) => {
            let message = format!("both {one} and {other} have a webhook at `{path}`, so neither is started");
            Err(Problem::conflict(message).hint("publish one of them with another path"))
        }
    }
}

/// Delivery and what it brings; nothing to write down for one that was taken in before.
fn arrival(
    journal: &Journal,
    root: &Path,
    (sop, trigger): (&SopId, &Trigger),
    (secret, post, ignored): (Option<&str>, &Post, bool),
) -> Result<(String, Option<Arrival>)> {
    let secret = secret.ok_or_else(|| nobody_to_trust(&post.path))?;
    let now = journal.clock().now();
    let delivery = webhook::verify(&post.headers, &post.body, secret.as_bytes(), now)?.id;
    if ignored {
        return Ok((delivery, None));
    }
    let key = occurrence(&post.path, &delivery);
    if journal.read(|db| super::is_known(db, sop, trigger, &key))? {
        return Ok((delivery, None));
    }
    let row = journal.read(|db| registry::version(db, sop.as_str()))?;
    let inputs = read(root, &row)?.body.inputs;
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    let values = packet::from_body(&document(post)?, &names)?;
    packet::check(&inputs, &values).map_err(together)?;
    let arrival = Arrival { sop: sop.clone(), trigger: trigger.clone(), occurrence: key, packet: values };
    Ok((delivery, Some(arrival)))
}

/// The JSON a request brings: its body, or the member `payload` of a form, which is GitHub's default.
fn document(post: &Post) -> Result<Cow<'_, [u8]>> {
    let form = webhook::named(&post.headers, "content-type").next().is_some_and(|kind| {
        kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    });
    if !form {
        return Ok(Cow::Borrowed(&post.body));
    }
    let payload = url::form_urlencoded::parse(&post.body).find(|(name, _)| name == "payload");
    payload.map(|(_, text)| Cow::Owned(text.into_owned().into_bytes())).ok_or_else(|| {
        Problem::invalid("the request is a form without a field `payload`")
            .hint("set the content type to application/json at the sender")
    })
}

/// Ids are the sender's own: another sender's, at another path, may be the same.
fn occurrence(path: &str, delivery: &str) -> String {
    format!("{path} {delivery}")
}

fn came_of(journal: &Journal, sop: SopId, path: &str, delivery: String, existing: bool) -> Result<Delivered> {
    let sql =
        "SELECT run, refusal FROM trigger_due WHERE sop = ?1 AND source = 'webhook' AND occurrence = ?2";
    let key = occurrence(path, &delivery);
    let (run, refusal) = journal.read(|db| {
        let found = db
            .prepare_cached(sql)?
            .query_row((sop.as_str(), &key), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.unwrap_or_default())
    })?;
    Ok(Delivered { sop, delivery, existing, run, refusal, ignored: None })
}

/// Puts a refusal on record: the first of each minute one by one, the rest as a number with the next.
fn note_refusal(tx: &Tx<'_>, sop: &SopId, trigger: &str, problem: &Problem) -> Result<()> {
    let Instant(now) = tx.now();
    let minute = now.div_euclid(MINUTE);
    let before: Option<(Option<i64>, i64)> = tx
        .db()
        .prepare_cached("SELECT minute, refusals FROM trigger_state WHERE sop = ?1 AND trigger = ?2")?
        .query_row((sop.as_str(), trigger), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, count) = before.unwrap_or((None, 0));
    let same = last == Some(minute);
    let (count, unrecorded) = if same { (count + 1, 0) } else { (1, (count - MOST_REFUSALS).max(0)) };
    let reason = tx.clean(&problem.message);
    tx.db()
        .prepare_cached(
            "INSERT INTO trigger_state(sop, trigger, refusal, refused_at, minute, refusals)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET refusal = excluded.refusal,
               refused_at = excluded.refused_at, minute = excluded.minute, refusals = excluded.refusals",
        )?
        .execute((sop.as_str(), trigger, &reason, now, minute, count))?;
    if count > MOST_REFUSALS {
        return Ok(());
    }
    let body = json!({ "trigger": trigger, "reason": reason, "unrecorded": unrecorded });
    tx.event(sop.as_str(), "trigger_refused", &body).map(drop)
}
