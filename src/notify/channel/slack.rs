//! A Slack incoming webhook (<https://api.slack.com/messaging/webhooks>): blocks for people, a line for previews. Below
//! a decision that takes a plain yes is a button for it, where all that the yes lets happen stands above it; everything
//! else is done at the desk.

use super::Fault;
use super::webhook::post;
use crate::notify::message::{Message, Shown};
use crate::notify::slack_answer::{APPROVE, OPEN};
use crate::notify::texts::one_line;
use crate::notify::wiring::Wiring;
use crate::settings::notifications::Slack;
use serde_json::{Value, json};

/// Longest text of a section, in characters (Slack takes 3,000).
const LONGEST_TEXT: usize = 2_900;
/// Longest headline of the whole (Slack takes 150).
const LONGEST_HEADER: usize = 150;

pub(super) async fn send(wiring: &Wiring, slack: &Slack, message: &Message) -> Result<(), Fault> {
    let url = wiring.secret(&slack.url)?;
    post(wiring, &slack.url, (url, Vec::new(), body(message).to_string()), &[url], &message.id).await
}

fn body(message: &Message) -> Value {
    let subject = message.subject();
    let header = json!({ "type": "header", "text": plain(&one_line(&subject, LONGEST_HEADER)) });
    let mut blocks = vec![header];
    let only = message.notices.len() == 1;
    for shown in message.shown() {
        blocks.push(section(&shown, only));
        let effect = effect(&shown);
        let shown = Shown { asked: shown.asked.filter(|_| effect.is_some()), ..shown };
        blocks.extend(effect);
        blocks.extend(buttons(&shown));
    }
    let rest = message.rest();
    let below = if rest.is_empty() { message.footer() } else { format!("{rest}\n{}", message.footer()) };
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": escaped(&below) }] }));
    json!({ "text": escaped(&subject), "blocks": blocks })
}

fn section(shown: &Shown<'_>, only: bool) -> Value {
    let headline = (!only).then(|| format!("*{}*", escaped(&shown.notice.headline)));
    let lines = shown.notice.lines.iter().map(|line| escaped(line));
    let lines: Vec<String> = headline.into_iter().chain(lines).collect();
    let text = lines.join("\n");
    // An alert without a further line still needs a text: Slack takes no empty one.
    let text = if text.is_empty() { escaped(&shown.notice.headline) } else { text };
    let text: String = text.chars().take(LONGEST_TEXT).collect();
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// All that a yes lets happen, word for word; nothing where Slack would not show it whole. There is no button without
/// it. Plain text, since no mark in it may mean anything here.
fn effect(shown: &Shown<'_>) -> Option<Value> {
    let effect = shown.asked?.effect.as_deref()?;
    let text = format!("What will happen, exactly:\n\n{}", escaped(effect));
    let whole = text.chars().count() <= LONGEST_TEXT;
    whole
        .then(|| json!({ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } }))
}

fn buttons(shown: &Shown<'_>) -> Option<Value> {
    let approve = shown.asked.map(|asked| {
        json!({
            "type": "button", "action_id": APPROVE, "style": "primary", "text": plain("Approve"),
            "value": format!("{} {}", asked.id, asked.hash),
            "confirm": {
                "title": plain("Approve?"), "text": plain(&one_line(&shown.notice.headline, 250)),
                "confirm": plain("Approve"), "deny": plain("Not now"),
            },
        })
    });
    let label = if shown.asked.is_some() { "Read, or reject with a reason" } else { "Open at the desk" };
    let open = shown
        .link
        .as_ref()
        .map(|link| json!({ "type": "button", "action_id": OPEN, "text": plain(label), "url": link }));
    let elements: Vec<Value> = approve.into_iter().chain(open).collect();
    (!elements.is_empty()).then(|| json!({ "type": "actions", "elements": elements }))
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

/// What Slack would read as a link, a mention or an entity is text like any other.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
