//! What a decision means, in words that every face uses.

use super::rows::{Decision, DecisionKind, OnDeadline, State, Verb};
use crate::base::Instant;
use serde_json::Value;

impl OnDeadline {
    /// What happens when nobody answers in time.
    pub fn then(self) -> &'static str {
        match self {
            Self::Remind => "asked again",
            Self::Escalate => "the one above is asked as well",
            Self::Reject => "counts as no",
            Self::Assume => "the stated assumption stands",
            Self::Approve => "counts as yes: the SOP says so",
            Self::Skip => "the step is left out",
            Self::Pause => "the run pauses",
        }
    }
}

impl State {
    /// Where it stands, in words.
    pub fn plain(self) -> &'static str {
        match self {
            Self::Open => "waits for an answer",
            Self::Resolved => "answered",
            Self::Expired => "its deadline passed without an answer",
            Self::Void => "asked no longer",
        }
    }
}

impl Decision {
    /// Whether its deadline has passed, or it was asked again as often as it may be.
    pub fn overdue(&self, now: Instant) -> bool {
        self.ask.due_at.map_or(self.reminders > 0, |due| due < now)
    }

    /// Whether its deadline is there; one without a deadline has been asked again as often as it may be.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.ask.due_at.is_some_and(|due| due <= now)
    }

    /// Whether blocking assertions failed, so that publishing needs a reason for overriding them.
    pub fn needs_override(&self) -> bool {
        let failed = self.ask.details.get("failed").and_then(Value::as_array);
        self.ask.kind == DecisionKind::Publish && failed.is_some_and(|failed| !failed.is_empty())
    }

    /// Whether a yes to it cannot be undone: what is published stays published, and a step may say so of itself.
    pub fn is_final(&self) -> bool {
        self.ask.kind == DecisionKind::Publish
            || self.ask.details.get("reversible") == Some(&Value::Bool(false))
    }

    /// Whether it asks about a draft of a mission, which may be edited. A file somebody brought stays its author's.
    pub fn takes_edit(&self) -> bool {
        let about_draft = matches!(self.ask.kind, DecisionKind::Forward | DecisionKind::Publish);
        about_draft && self.ask.mission.starts_with("M-")
    }

    /// The verbs it takes now, the usual one first, each with what it leads to.
    pub fn ways(&self) -> Vec<(Verb, String)> {
        let told = |verb: Verb| self.ask.details.get(detail(verb)).and_then(Value::as_str);
        let stuck = self.ask.kind == DecisionKind::Stuck;
        let verbs = self.ask.kind.verbs().iter().filter(|verb| !stuck || told(**verb).is_some());
        let words = |verb: Verb| told(verb).map_or_else(|| usual(verb, self.ask.kind), str::to_owned);
        verbs.map(|verb| (*verb, words(*verb))).collect()
    }
}

/// Under which name the details of a stuck mission explain a verb.
fn detail(verb: Verb) -> &'static str {
    match verb {
        Verb::Retry => "retry",
        other => other.word(),
    }
}

fn usual(verb: Verb, kind: DecisionKind) -> String {
    let words = match (verb, kind) {
        (Verb::Approve, DecisionKind::Forward) => "pass it on to who signs; this is no signature",
        (Verb::Approve, DecisionKind::Gate) => "let it go ahead, exactly as shown",
        (Verb::Reject, DecisionKind::Gate) => "the run pauses with your reason",
        (Verb::Approve, DecisionKind::Result) => "take it as it is",
        (Verb::Answer, DecisionKind::Result) => "put your words in its place",
        (Verb::Reject, DecisionKind::Task | DecisionKind::Result) => "the step fails with your reason",
        (Verb::Approve, DecisionKind::Review) => "sign the review",
        (Verb::Answer, DecisionKind::Review) => "sign it with your own words added",
        (Verb::Approve, DecisionKind::PeriodicReview) => "it is still right: its next review is set",
        (Verb::Revise, DecisionKind::PeriodicReview) => "a mission changes it as you say",
        (Verb::Reject, DecisionKind::PeriodicReview) => {
            "it is no longer needed: who signs publications retires it"
        }
        (Verb::Approve, _) => "sign it: it becomes the active version",
        (Verb::Reject, _) => "end the mission",
        (Verb::Revise, _) => "send it back with your comment",
        (Verb::Answer, DecisionKind::Assignment) => "hand your draft in",
        (Verb::Answer, _) => "answer, and the mission goes on with it",
        (Verb::Complete, _) => "hand it in",
        (Verb::Retry, _) => "try again",
        (Verb::Edit, _) => "put your own text in its place",
    };
    words.to_owned()
}
