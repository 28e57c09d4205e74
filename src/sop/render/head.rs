//! The YAML head, one key a line, in the order of the form; plain words where YAML allows, quotes elsewhere.

use crate::base::text::put;
use crate::base::yaml::{quoted, scalar};
use crate::sop::document::{Cron, Head, Missed, Trigger};
use crate::sop::trigger::UTC;

/// The lines between the two `---`.
pub(super) fn render(head: &Head) -> String {
    let mut out = String::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            out.push_str(key);
            out.push_str(if value.starts_with('\n') { ":" } else { ": " });
            out.push_str(&value);
            out.push('\n');
        }
    };
    let text = |value: &str| Some(scalar(value));
    put("id", Some(head.id.to_string()));
    put("version", Some(head.version.to_string()));
    put("title", text(&head.title));
    put("department", Some(head.department.clone()));
    put("owner", text(&head.owner));
    put("objective", text(&head.objective));
    put("description", text(&head.description));
    put("risk_level", word(&head.risk_level));
    put("impact", text(&head.impact));
    put("execution_mode", word(&head.execution_mode));
    put("priority", word(&head.priority));
    put("triggers", Some(triggers(&head.triggers)));
    put("cooldown", head.cooldown.map(|span| span.to_string()));
    put("max_concurrent", head.max_concurrent.map(|count| count.to_string()));
    put("admission", head.admission.as_ref().and_then(word));
    put("confidence", head.confidence.map(|percent| percent.to_string()));
    put("review_every", head.review_every.map(|span| span.to_string()));
    put("created_by", text(&head.created_by));
    put("created_at", text(&head.created_at));
    put("mission", head.mission.as_deref().map(scalar));
    put("contract", head.contract.as_ref().map(|digest| scalar(&digest.0)));
    put("supersedes", head.supersedes.map(|version| version.to_string()));
    out
}

/// The word serde knows a plain value by.
fn word<T: serde::Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned))
}

fn triggers(triggers: &[Trigger]) -> String {
    let written: Vec<String> = triggers
        .iter()
        .map(|trigger| match trigger {
            Trigger::Manual => "manual".to_owned(),
            Trigger::Webhook(hook) => match &hook.event {
                None => format!("webhook: {}", quoted(&hook.path)),
                Some(event) => {
                    format!("webhook: {{ path: {}, event: {} }}", quoted(&hook.path), quoted(event))
                }
            },
            Trigger::Cron(cron) => format!("cron: {}", schedule(cron)),
            Trigger::Files(path) => format!("files: {}", quoted(path)),
        })
        .collect();
    match written.as_slice() {
        [only] if !only.contains(':') => format!("[{only}]"),
        [] => "[]".to_owned(),
        many => format!("\n  - {}", many.join("\n  - ")),
    }
}

/// The schedule alone where it says everything, else what differs from the defaults beside it.
fn schedule(cron: &Cron) -> String {
    let mut out = quoted(&cron.schedule);
    if !cron.is_plain() {
        out = format!("{{ schedule: {out}");
        if cron.zone != UTC {
            put(&mut out, format_args!(", zone: {}", scalar(&cron.zone)));
        }
        if cron.missed != Missed::default() {
            put(&mut out, format_args!(", missed: {}", cron.missed.word()));
        }
        out.push_str(" }");
    }
    out
}
