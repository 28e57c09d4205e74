//! What `approve`, `reject`, `revise`, `answer` and `mission retry` have in common: one answer to one decision.

use super::desk::Desk;
use super::print;
use super::seen;
use super::trouble::Done;
use crate::daemon::Workspace;
use crate::decision::{Answer, Decision, DecisionKind, State, Verb};
use crate::front::next::{self, Next};
use crate::front::{self, Answered, Answering, shapes};

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
    /// The text that takes the draft's place, with the name of its file.
    pub(super) edited: Option<(String, String)>,
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
    let Act { id, verb, party, text, overriding, line, shown, edited } = act;
    let shown = match shown {
        None if matches!(verb, Verb::Approve | Verb::Edit) => seen::hash_of(workspace, &id)?,
        shown => shown,
    };
    let answering = Answering { id, verb, text, overriding, line, shown, edited };
    let Answered { decision, answer } =
        front::answer(&desk.command(), workspace, &Desk::actor(party), answering)?;
    Ok((decision, answer))
}

fn tell(desk: &Desk, (decision, answer): (&Decision, &Answer), next: &Next) -> Done {
    if desk.json {
        return print::json(&shapes::answer(decision, answer, next));
    }
    let what = match (answer.verb, decision.ask.kind) {
        (Verb::Approve, DecisionKind::Forward) => "forwarded",
        (Verb::Approve, DecisionKind::Publish | DecisionKind::Review) => "signed",
        (Verb::Approve, DecisionKind::Gate) if decision.state == State::Open => "approved",
        (Verb::Approve, DecisionKind::Gate) => "let through",
        (Verb::Approve, DecisionKind::PeriodicReview) => "confirmed",
        (Verb::Approve, _) => "accepted",
        (Verb::Reject, _) => "rejected",
        (Verb::Revise, _) => "sent back",
        (Verb::Answer, _) => "answered",
        (Verb::Complete, _) => "handed in",
        (Verb::Retry, _) => "tried again",
        (Verb::Edit, _) => "edited",
    };
    print::line(&format!(
        "{} {what} by {} ({}), on record as done by {}",
        decision.id, answer.by, decision.ask.subject, answer.os_user
    ))?;
    if decision.state == State::Open {
        let (said, quorum) = (decision.votes.len(), decision.ask.quorum);
        return print::line(&format!("{said} of {quorum} have said yes; it waits for the others"));
    }
    print::line(&next.words(&desk.command()))
}
