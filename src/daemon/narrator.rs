//! The log of the daemon, for whoever keeps it: one line for each fact an operator would want to know, and for what the
//! machine runs short of. The facts themselves are in the journal; a line is no record.

use super::health::short_of;
use crate::journal::Event;
use serde_json::{Map, Value};
use std::path::Path;
use tracing::Level;

/// Facts that are told, with their words.
const TOLD: &[(&str, Level, &str)] = &[
    ("mission_received", Level::INFO, "mission accepted"),
    ("mission_closed", Level::INFO, "mission ended"),
    ("mission_held", Level::INFO, "mission held"),
    ("mission_parted", Level::INFO, "mission became several"),
    ("published", Level::INFO, "published"),
    ("retired", Level::INFO, "retired"),
    ("review_confirmed", Level::INFO, "still right"),
    ("run_started", Level::INFO, "run started"),
    ("run_completed", Level::INFO, "run ended"),
    ("run_cancelled", Level::INFO, "run cancelled"),
    ("run_failed", Level::WARN, "run failed"),
    ("run_paused", Level::WARN, "run waits"),
    ("run_refused", Level::WARN, "run refused"),
    ("step_failed", Level::WARN, "step failed"),
    ("service_down", Level::WARN, "a service is down; it is tried again"),
    ("trigger_refused", Level::WARN, "a request was refused at the door"),
    ("schedule_set_back", Level::WARN, "a schedule goes on from now"),
    ("decision_requested", Level::INFO, "decision asked"),
    ("decision_resolved", Level::INFO, "decision answered"),
    ("decision_reminded", Level::WARN, "decision overdue"),
    ("decision_escalated", Level::WARN, "decision overdue and escalated"),
    ("decision_expired", Level::WARN, "decision expired"),
    ("signed_in", Level::INFO, "signed in"),
    ("signed_out", Level::INFO, "signed out"),
    ("sign_in_link_made", Level::INFO, "sign-in link made"),
    ("password_set", Level::INFO, "password set"),
    ("token_made", Level::INFO, "token made"),
    ("token_revoked", Level::INFO, "token revoked"),
    ("file_edited", Level::INFO, "file edited"),
    ("autonomy_widened", Level::WARN, "autonomy widened"),
    ("autonomy_narrowed", Level::INFO, "autonomy narrowed"),
    ("draft_contradicted", Level::WARN, "a draft contradicts what was published meanwhile"),
    ("signal_refused", Level::ERROR, "an answer that no fact bears out was not heard"),
    ("timer_refused", Level::ERROR, "a timer that was set forward past the log was set back"),
    ("index_edited_by_hand", Level::WARN, "INDEX.md was edited by hand"),
    ("budget_used_up", Level::WARN, "budget used up"),
    ("payloads_erased", Level::INFO, "payloads erased"),
    ("workflow_stopped", Level::ERROR, "stopped; a person must look"),
    ("workspace_restored", Level::WARN, "restored from a backup"),
    ("workspace_copied", Level::WARN, "a copy of another workspace"),
    ("workspace_goes_on", Level::INFO, "a held workspace goes on"),
];

/// Members of a fact that say which and why, in this order. Texts and values of missions and runs are not among them.
const NAMED: [&str; 20] = [
    "run",
    "sop",
    "version",
    "stepNumber",
    "decision",
    "kind",
    "verb",
    "outcome",
    "state",
    "to",
    "trigger",
    "file",
    "asked_of",
    "party",
    "by",
    "session",
    "token",
    "error",
    "reason",
    "deadline",
];
/// Longest value in a line, in letters.
const LONGEST: usize = 200;

/// Tells what is new on a page of facts: everything after `told`, which moves on.
pub(super) fn tell(page: &[Event], told: &mut i64) {
    for event in page.iter().filter(|event| event.seq > *told) {
        if let Some((_, level, words)) = TOLD.iter().find(|(kind, ..)| *kind == event.kind) {
            line(*level, words, event);
        }
    }
    *told = page.last().map_or(*told, |last| last.seq.max(*told));
}

fn line(level: Level, words: &str, event: &Event) {
    let (about, fact, more) = (&event.subject, event.seq, members(&event.text));
    match level {
        Level::ERROR => tracing::error!(about, fact, more, "{words}"),
        Level::WARN => tracing::warn!(about, fact, more, "{words}"),
        _ => tracing::info!(about, fact, more, "{words}"),
    }
}

/// `by=ceo reason=…`
fn members(text: &str) -> String {
    let fact: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let one = |name: &&str| {
        let value = match fact.get(*name)? {
            Value::Null => return None,
            Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        };
        Some(format!("{name}={}", value.chars().take(LONGEST).collect::<String>()))
    };
    NAMED.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

/// What the machine was short of at the last look.
#[derive(Default)]
pub(super) struct Short(Vec<String>);

impl Short {
    /// Looks, and says what is new or over.
    pub(super) fn look(&mut self, root: &Path) {
        let short = short_of(root);
        if short.is_empty() != self.0.is_empty() {
            if short.is_empty() {
                tracing::info!("the machine has room and open files again");
            } else {
                tracing::error!(short = short.join("; "), "the machine runs short; work may have to wait");
            }
        }
        self.0 = short;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_who_and_why_and_nothing_of_the_content() {
        let text = r#"{"at":"x","by":"cro","error":"it\n  broke","stepNumber":2,"inputs":{"a":"b"}}"#;
        assert_eq!(members(text), "stepNumber=2 by=cro error=it broke");
    }
}
