//! What came of an answer, in one line at the top of the page, and what waits next.

use crate::base::problem::Result;
use crate::decision::{Decision, DecisionKind, Queue, State, Verb};
use crate::registry::{self, Status};
use rusqlite::Connection;
use serde_json::{Value, json};

/// What came of the answer to `decision`; nothing while it waits for the party who looks, unless `done` says what that
/// party has just done short of answering.
pub(super) fn notice(db: &Connection, decision: &Decision, (me, done): (&str, &str)) -> Result<Value> {
    let asked = decision.ask.asked_of.join(", ");
    let voted = decision.votes.iter().any(|party| party == me);
    let words = match (&decision.answer, done) {
        (Some(answer), _) => {
            let who = if answer.by == me { "You" } else { answer.by.as_str() };
            format!("{who} {}", came_of(db, decision, answer.verb)?)
        }
        (None, _) if decision.state != State::Open => return Ok(Value::Null),
        (None, "delegate") => format!("You passed this on: it is asked of {asked} now."),
        (None, "defer") => "You put this off; the new deadline is below.".to_owned(),
        (None, "claim") => "You have taken this on; the others who are asked see it.".to_owned(),
        (None, "release") => "You gave this back.".to_owned(),
        (None, "ask") => "Your question is asked; this waits for you meanwhile.".to_owned(),
        (None, "keep") => "What you wrote is kept; nothing was sent.".to_owned(),
        (None, _) if voted => format!(
            "You have said yes. {} of {} agree; it waits for the others.",
            decision.votes.len(),
            decision.ask.quorum
        ),
        (None, _) => return Ok(Value::Null),
    };
    let mine = decision.answer.as_ref().is_some_and(|answer| answer.by == me);
    Ok(
        json!({ "words": words, "next": if mine || voted || done == "delegate" { next(db, decision, me)? } else { Value::Null } }),
    )
}

fn came_of(db: &Connection, decision: &Decision, verb: Verb) -> Result<String> {
    let (kind, subject, title) = (decision.ask.kind, &decision.ask.subject, &decision.ask.title);
    Ok(match (verb, kind) {
        (Verb::Approve, DecisionKind::Publish) if is_active(db, subject)? => {
            format!("signed {subject}; it is active.")
        }
        (Verb::Approve, DecisionKind::Publish) => format!("signed {subject}; it is on its way to be active."),
        (Verb::Approve, DecisionKind::Forward) => {
            format!("forwarded {subject} to who signs; nothing is published yet.")
        }
        (Verb::Approve, _) => format!("approved: {title}."),
        (Verb::Reject, _) => format!("rejected: {title}."),
        (Verb::Revise, _) => format!("sent it back with what to change: {title}."),
        (Verb::Answer, DecisionKind::Assignment) => format!("handed in the draft: {title}."),
        (Verb::Answer, _) => format!("answered: {title}."),
        (Verb::Retry, _) => format!("had it tried again: {title}."),
        (Verb::Edit, _) => format!("put your text in the draft's place: {title}."),
        (Verb::Complete, _) => format!("handed in what was done: {title}."),
    })
}

/// Whether `subject`, `SOP-REV-leads v1.1`, is in force.
fn is_active(db: &Connection, subject: &str) -> Result<bool> {
    let Some((id, version)) = subject.split_once(" v") else { return Ok(false) };
    match registry::version(db, &format!("{id}-v{version}")) {
        Ok(row) => Ok(row.status == Status::Active),
        Err(problem) if problem.kind == crate::base::Kind::NotFound => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// What waits for the party next, and how much besides.
fn next(db: &Connection, decision: &Decision, me: &str) -> Result<Value> {
    let queue = Queue { party: Some(me.to_owned()), ..Queue::default() };
    let (rows, count) = queue.page(db, (0, 2))?;
    let next = rows.into_iter().find(|one| one.id != decision.id);
    Ok(match next {
        Some(one) => {
            json!({ "id": one.id, "title": one.ask.title, "more": count.saturating_sub(1) })
        }
        None => json!({ "id": null }),
    })
}
