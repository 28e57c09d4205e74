//! What `approve`, `reject`, `revise`, `answer` and `mission retry` have in common: one answer to one decision.

use super::desk::{Desk, os_user};
use super::next::{self, Next};
use super::print;
use super::trouble::Done;
use crate::daemon::Workspace;
use crate::decision::{self, Answer, Decision, DecisionKind, Given, State, Verb};
use serde_json::json;

/// Which decision is answered, how, and by whom.
#[derive(Debug)]
pub(super) struct Act {
    /// The decision's id, or that of a mission with just one open.
    pub(super) id: String,
    pub(super) verb: Verb,
    /// The acting party.
    pub(super) party: String,
    /// Comment, reason or answer.
    pub(super) text: String,
    pub(super) overriding: Option<String>,
    pub(super) line: Option<u32>,
    /// The hash the person was shown.
    pub(super) shown: Option<String>,
}

/// Answers, and says what happens next.
pub(super) fn act(desk: &Desk, act: Act) -> Done {
    let workspace = desk.open()?;
    let before = workspace.journal.head()?.0;
    let (decision, answer) = resolve(desk, &workspace, act)?;
    let next = next::look_on(&workspace, &decision.ask.mission, before)?;
    tell(desk, (&decision, &answer), &next)
}

/// Answers without looking on.
pub(super) fn answer(desk: &Desk, act: Act) -> Done {
    resolve(desk, &desk.open()?, act).map(drop)
}

fn resolve(desk: &Desk, workspace: &Workspace, act: Act) -> Done<(Decision, Answer)> {
    let journal = &workspace.journal;
    let decision = journal.read(|db| decision::find(db, &act.id))?;
    desk.check_party(workspace, &act.party, &decision.ask.asked_of)?;
    let given = Given {
        by: act.party,
        os_user: os_user(),
        text: act.text,
        overriding: act.overriding,
        line: act.line,
        shown: act.shown,
    };
    let (id, verb) = (decision.id.clone(), act.verb);
    let answer = journal.append(move |tx| decision::resolve(tx, &id, verb, &given))??;
    // Where more than one must agree it may be open still.
    Ok((journal.read(|db| decision::one(db, &decision.id))?, answer))
}

fn tell(desk: &Desk, (decision, answer): (&Decision, &Answer), next: &Next) -> Done {
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/answer/1",
            "decision": decision.id,
            "mission": decision.ask.mission,
            "verb": answer.verb,
            "by": answer.by,
            "os_user": answer.os_user,
            "at": answer.at.to_string(),
            "hash": answer.hash,
            "override": answer.overriding,
            "next": next.open.iter().map(|open| &open.id).collect::<Vec<_>>(),
            "driven": next.driven,
            "state": next.state,
        }));
    }
    let what = match (answer.verb, decision.ask.kind) {
        (Verb::Approve, DecisionKind::Forward) => "forwarded",
        (Verb::Approve, DecisionKind::Publish | DecisionKind::Review) => "signed",
        (Verb::Approve, DecisionKind::Gate) if decision.state == State::Open => "approved",
        (Verb::Approve, DecisionKind::Gate) => "let through",
        (Verb::Approve, _) => "accepted",
        (Verb::Reject, _) => "rejected",
        (Verb::Revise, _) => "sent back",
        (Verb::Answer, _) => "answered",
        (Verb::Complete, _) => "handed in",
        (Verb::Retry, _) => "tried again",
    };
    print::line(&format!(
        "{} {what} by {} ({}), on record as done by {}",
        decision.id, answer.by, decision.ask.subject, answer.os_user
    ))?;
    if decision.state == State::Open {
        let (said, quorum) = (decision.votes.len(), decision.ask.quorum);
        return print::line(&format!("{said} of {quorum} have said yes; it waits for the others"));
    }
    print::line(&next.words(desk))
}
