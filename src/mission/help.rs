//! Asking a person how to go on where a mission cannot by itself.

use super::decide::{Question, decide};
use super::setup::Setup;
use crate::base::Digest;
use crate::decision::{DecisionKind, Verb};
use crate::journal::{Failure, FailureClass, Stop, Workflow};
use serde_json::json;
use std::collections::BTreeMap;

/// Asks the helper how to go on where the mission cannot by itself. Returns when it may try again.
pub(super) async fn help(w: &Workflow, setup: &Setup, key: &str, what: &str, why: &str) -> Result<(), Stop> {
    let question = Question {
        key: format!("help/{key}"),
        kind: DecisionKind::Stuck,
        subject: setup.asker.mission.clone(),
        title: format!("Say how to go on: {what}"),
        why: why.to_owned(),
        asked_of: vec![setup.helper.clone()],
        barred: BTreeMap::new(),
        hash: Digest::of(why),
        details: json!({ "retry": "try again once the cause is mended", "reject": "end the mission" }),
        deadline: setup.deadlines.help,
        assume: false,
    };
    match decide(w, setup, question).await? {
        Some(answer) if answer.verb != Verb::Reject => Ok(()),
        Some(answer) => Err(person(format!("{} ended it: {}", answer.by, answer.text))),
        None => Err(person(format!("nobody said how to go on: {why}"))),
    }
}

/// A person who says "try again" after a used-up budget grants it once more.
pub(super) fn grant(failure: &Failure, setup: &mut Setup) {
    if failure.class == FailureClass::Budget {
        setup.asker.grants += 1;
    }
}

/// The end of a mission by a person's word, or by nobody's.
pub(super) fn person(reason: String) -> Stop {
    Stop::Failed(Failure::new(FailureClass::Person, reason))
}

/// A comment with the words of the line it is about.
pub(super) fn at_line(text: &str, line: Option<u32>, comment: &str) -> String {
    let index = line.and_then(|line| usize::try_from(line.checked_sub(1)?).ok());
    match index.and_then(|index| text.lines().nth(index)).filter(|words| !words.trim().is_empty()) {
        Some(words) => format!("{comment} (about the line \"{}\")", words.trim()),
        None => comment.to_owned(),
    }
}
