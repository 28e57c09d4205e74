//! Answering: one transaction looks at authority, hash and deadline, and records the winner.

use super::commands;
use super::deadline::signal_of;
use super::inbox::closed;
use super::lapse::expire;
use super::rows::{Decision, DecisionKind, State, Verb, text};
use crate::base::text::listed;
use crate::base::trace::is_run;
use crate::base::{Digest, Instant, Problem, problem::Result};
use crate::journal::Tx;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a person says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The acting party.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
    /// Comment, reason or answer; empty where none was given.
    pub text: String,
    /// Why blocking assertions that failed are overridden.
    pub overriding: Option<String>,
    /// The line of the draft a comment is about.
    pub line: Option<u32>,
    /// The hash the person was shown, whole or its first 32 digits: a yes needs it, and where given it must match.
    pub shown: Option<String>,
    /// The text that takes the draft's place.
    pub edited: Option<String>,
}

/// The recorded answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What was said.
    pub verb: Verb,
    /// By whom.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
    /// When.
    pub at: Instant,
    /// Comment, reason or answer.
    pub text: String,
    /// Why failed blocking assertions are overridden.
    pub overriding: Option<String>,
    /// The line of the draft the comment is about.
    pub line: Option<u32>,
    /// Hash of what was decided on.
    pub hash: Digest,
    /// The text that takes the draft's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<String>,
}

/// Resolves `decision` with `verb`, or says why not. Nothing changes unless it succeeds, but for a deadline that
/// had already won: that is recorded then and there.
pub fn resolve(tx: &Tx<'_>, id: &str, verb: Verb, given: &Given) -> Result<Result<Answer, Problem>> {
    let decision = super::find(tx.db(), id)?;
    if decision.state != State::Open {
        return Err(closed(&decision));
    }
    check_verb(&decision, verb, given)?;
    check_party(&decision, &given.by)?;
    check_hash(&decision, verb, given)?;
    if let Some(late) = still_open(tx, &decision)? {
        return Ok(Err(late));
    }
    let answer = Answer {
        verb,
        by: given.by.clone(),
        os_user: given.os_user.clone(),
        at: tx.now(),
        text: tx.clean(&given.text),
        overriding: overriding(given).map(|reason| tx.clean(reason)),
        line: given.line,
        hash: decision.ask.hash.clone(),
        edited: given.edited.clone().filter(|_| verb == Verb::Edit),
    };
    if verb == Verb::Approve && agreed(tx, &decision, &answer)? < decision.ask.quorum {
        return Ok(Ok(answer));
    }
    record(tx, &decision, &answer)?;
    Ok(Ok(answer))
}

/// Refuses what is closed; where a deadline has passed that ends it, that is recorded, and told.
pub(super) fn still_open(tx: &Tx<'_>, decision: &Decision) -> Result<Option<Problem>> {
    if decision.state != State::Open {
        return Err(closed(decision));
    }
    let passed = decision.ask.due_at.is_some_and(|due| due < tx.now());
    if !passed || !decision.ask.on_deadline.ends() {
        return Ok(None);
    }
    expire(tx, decision)?;
    let problem = Problem::conflict(format!("the deadline of {} passed before you answered", decision.id));
    Ok(Some(problem.hint("its rule was applied; see `sopd status`")))
}

/// Counts a yes; how many there are now. Each party counts once.
fn agreed(tx: &Tx<'_>, decision: &Decision, answer: &Answer) -> Result<u32> {
    if decision.ask.quorum == 1 {
        return Ok(1);
    }
    let mut votes = decision.votes.clone();
    if votes.contains(&answer.by) {
        return Err(Problem::conflict(format!("{} has said yes to {} already", answer.by, decision.id))
            .hint(format!("{} of {} have; another party must", votes.len(), decision.ask.quorum)));
    }
    votes.push(answer.by.clone());
    tx.db()
        .prepare_cached("UPDATE decision SET votes = ?2 WHERE number = ?1")?
        .execute((decision.number(), text(&votes)?))?;
    tx.event(
        &decision.ask.mission,
        "decision_vote",
        &json!({
            "decision": decision.id, "by": answer.by, "os_user": answer.os_user, "text": answer.text,
            "hash": answer.hash, "votes": votes.len(), "quorum": decision.ask.quorum,
        }),
    )?;
    Ok(u32::try_from(votes.len()).unwrap_or(u32::MAX))
}

pub(super) fn record(tx: &Tx<'_>, decision: &Decision, answer: &Answer) -> Result<()> {
    let rows = tx
        .db()
        .prepare_cached(
            "UPDATE decision SET state = 'resolved', answer = ?2, resolved_at = ?3 WHERE number = ?1 AND state = 'open'",
        )?
        .execute((decision.number(), text(answer)?, tx.now().0))?;
    if rows != 1 {
        return Err(Problem::conflict(format!("{} is already decided", decision.id)));
    }
    let mut fact = json!({
        "decision": decision.id, "asked": decision.ask.kind, "verb": answer.verb, "by": answer.by,
        "os_user": answer.os_user, "text": answer.text, "override": answer.overriding, "hash": answer.hash,
    });
    if let (Some(edited), Some(fact)) = (&answer.edited, fact.as_object_mut()) {
        fact.insert("edited".to_owned(), json!(Digest::of(edited)));
    }
    tx.event(&decision.ask.mission, "decision_resolved", &fact)?;
    super::ask::closed(tx, decision)?;
    let signal = serde_json::to_value(Some(answer)).unwrap_or_default();
    tx.signal(&decision.ask.workflow, &signal_of(&decision.id), &signal)
}

fn check_verb(decision: &Decision, verb: Verb, given: &Given) -> Result<()> {
    let verbs: Vec<Verb> = decision.ways().into_iter().map(|(verb, _)| verb).collect();
    let edits = verb == Verb::Edit && decision.takes_edit();
    if edits && given.edited.as_ref().is_none_or(|text| text.trim().is_empty()) {
        return Err(Problem::usage("`edit` needs the whole text as it should be"));
    }
    if !edits && !verbs.contains(&verb) {
        // A run that stands still is steered, each way with a word of its own.
        let steered = decision.ask.kind == DecisionKind::Stuck && is_run(&decision.ask.mission);
        let words = if steered {
            commands::of("sopd", decision).into_iter().map(|way| format!("`{}`", way.line)).collect()
        } else {
            verbs.iter().map(|verb| verb.word().to_owned()).collect::<Vec<_>>()
        };
        return Err(Problem::usage(format!(
            "{} ({}) is not answered with `{}`",
            decision.id,
            decision.ask.title,
            verb.word()
        ))
        .hint(format!("it takes {}", listed(&words))));
    }
    let needs_words = matches!(verb, Verb::Reject | Verb::Revise | Verb::Answer | Verb::Complete);
    if needs_words && given.text.trim().is_empty() {
        return Err(Problem::usage(format!("`{}` needs words: say why, or what to change", verb.word())));
    }
    let failed = decision.ask.details.get("failed").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    let publishes = decision.ask.kind == DecisionKind::Publish && verb == Verb::Approve;
    if publishes && failed > 0 && overriding(given).is_none() {
        return Err(Problem::not_allowed(format!(
            "{failed} blocking assertion{} failed; approving needs a reason for overriding {}",
            if failed == 1 { "" } else { "s" },
            if failed == 1 { "it" } else { "them" },
        ))
        .hint(format!("read `sopd show {}`, then add --override \"why\"", decision.ask.mission)));
    }
    Ok(())
}

/// The reason for overriding; blank words are none.
fn overriding(given: &Given) -> Option<&str> {
    given.overriding.as_deref().map(str::trim).filter(|reason| !reason.is_empty())
}

pub(super) fn check_party(decision: &Decision, party: &str) -> Result<()> {
    if let Some(reason) = decision.ask.barred.get(party) {
        return Err(Problem::not_allowed(format!("{party} may not decide this: {reason}")));
    }
    if decision.ask.asked_of.iter().any(|asked| asked == party) {
        return Ok(());
    }
    Err(Problem::not_allowed(format!(
        "{} is asked of {}, not of {party}",
        decision.id,
        listed(&decision.ask.asked_of)
    )))
}

/// A yes counts for bytes that were seen, so it names them; whatever else is said may.
fn check_hash(decision: &Decision, verb: Verb, given: &Given) -> Result<()> {
    let look = || format!("look at it first: `sopd show {}`", decision.id);
    match &given.shown {
        None if matches!(verb, Verb::Approve | Verb::Edit) => Err(Problem::usage(format!(
            "a yes to {} needs the hash of what was shown, at least its first {} digits",
            decision.id,
            Digest::BINDING
        ))
        .hint(look())),
        Some(shown) if shown.len() < Digest::BINDING => {
            Err(Problem::usage(format!("a hash needs at least its first {} digits", Digest::BINDING))
                .hint(look()))
        }
        Some(shown) if !decision.ask.hash.0.starts_with(shown.as_str()) => {
            Err(Problem::conflict("you decided on other bytes than are asked about now")
                .hint(format!("look again: `sopd show {}`", decision.ask.mission)))
        }
        _ => Ok(()),
    }
}
