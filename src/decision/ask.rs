//! Asking somebody a question before deciding: it waits in that party's inbox like any other question, and the answer
//! stands with the decision. The decision itself does not wait for it.

use super::answer::{Given, check_party, still_open};
use super::care::changed;
use super::lapse::close;
use super::rows::{Decision, DecisionKind, NewDecision, OnDeadline};
use crate::base::{Digest, Problem, problem::Result};
use crate::journal::Tx;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Questions one decision may lead to; whoever has more needs a meeting.
const MOST_QUESTIONS: usize = 20;
/// Longest question, in characters: it is one line of an inbox.
const LONGEST: usize = 1_000;
/// Among the details of a question: what it was asked about.
const ABOUT: &str = "about";

/// Puts the question in `given` to `to`. The inner problem is that of a deadline which was found to have passed.
///
/// # Errors
/// `NotAllowed` where it is not asked of who says so; `Usage` for a question that is empty, too long or one's own to
/// answer; `Conflict` where it is closed, or has led to too many.
pub fn ask(tx: &Tx<'_>, id: &str, to: &str, given: &Given) -> Result<Result<Decision, Problem>> {
    let decision = super::find(tx.db(), id)?;
    check_party(&decision, &given.by)?;
    if let Some(late) = still_open(tx, &decision)? {
        return Ok(Err(late));
    }
    let question = given.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if question.is_empty() {
        return Err(Problem::usage("a question needs words"));
    }
    if question.chars().count() > LONGEST {
        return Err(Problem::usage(format!("a question has at most {LONGEST} characters")));
    }
    if to == given.by {
        return Err(Problem::usage("ask somebody else than yourself"));
    }
    if about(&decision).is_some() {
        return Err(Problem::usage(format!("{} is a question itself: answer it", decision.id)));
    }
    let before = questions(tx.db(), &decision)?.len();
    if before >= MOST_QUESTIONS {
        return Err(Problem::conflict(format!("{} has led to {before} questions already", decision.id)));
    }
    let new = NewDecision {
        workflow: decision.ask.workflow.clone(),
        step: format!("ask/{}#{}", decision.id, before + 1),
        mission: decision.ask.mission.clone(),
        kind: DecisionKind::Question,
        subject: decision.ask.subject.clone(),
        why: format!("{} asks before deciding on {}: {}", given.by, decision.id, decision.ask.title),
        asked_of: vec![to.to_owned()],
        barred: BTreeMap::new(),
        hash: Digest::of(&question),
        details: json!({
            ABOUT: decision.id, "by": given.by, "question": question,
            "answer": format!("your answer stands with {}; nothing else changes", decision.id),
        }),
        title: question,
        due_at: None,
        on_deadline: OnDeadline::Remind,
        quorum: 1,
    };
    let opened = super::open(tx, &new)?;
    changed(tx, &decision)?;
    tx.event(
        &decision.ask.mission,
        "question_asked",
        &json!({
            "decision": decision.id, "question": opened.id, "by": given.by, "os_user": given.os_user, "to": to,
        }),
    )?;
    Ok(Ok(opened))
}

/// The decision `question` was asked about, where it was asked about one.
pub fn about(question: &Decision) -> Option<&str> {
    question.ask.details.get(ABOUT).and_then(Value::as_str)
}

/// The questions that were asked about `decision`, oldest first, with whatever was answered.
pub fn questions(db: &rusqlite::Connection, decision: &Decision) -> Result<Vec<Decision>> {
    let all = super::all_of_mission(db, &decision.ask.mission)?;
    Ok(all.into_iter().filter(|one| about(one) == Some(&decision.id)).collect())
}

/// Once `decision` is closed nobody needs the answers any more; once a question is answered its decision has changed.
pub(super) fn closed(tx: &Tx<'_>, decision: &Decision) -> Result<()> {
    if let Some(parent) = about(decision) {
        return changed(tx, &super::one(tx.db(), parent)?);
    }
    for question in super::open_of_mission(tx.db(), &decision.ask.mission)? {
        if about(&question) == Some(&decision.id) {
            close(tx, &question, "void")?;
            tx.event(&decision.ask.mission, "decision_void", &json!({ "decision": question.id }))?;
        }
    }
    Ok(())
}
