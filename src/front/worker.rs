//! The work of agents that run elsewhere: taking the assignments they are asked for, for a while, and handing in.
//! What they are shown was fixed when the assignment was opened, and is what a worker in this process is shown.

use super::deeds::{Answered, Answering, answer_if};
use crate::base::{Instant, Problem, problem::Result};
use crate::daemon::Workspace;
use crate::decision::{self, Decision, DecisionKind, Verb};
use crate::draft::{self, Draft};
use crate::run::Actor;

/// How long an assignment is kept for who took it, in minutes: long enough for a large model's draft, short enough
/// that the work of one that died is soon somebody else's.
pub const LEASE_MINUTES: i64 = 15;

/// An assignment somebody has taken.
#[derive(Clone, Debug)]
pub struct Leased {
    /// The decision that waits for the draft.
    pub decision: Decision,
    /// Until when it is kept.
    pub until: Instant,
}

/// Takes every assignment that waits for the party and that no other worker of it holds; one that is held by `holder`
/// already is kept longer.
///
/// # Errors
/// Of the journal.
pub fn assignments(workspace: &Workspace, actor: &Actor, holder: &str) -> Result<Vec<Leased>> {
    let (actor, holder) = (actor.clone(), holder.to_owned());
    workspace.journal.append(move |tx| {
        let mut taken = Vec::new();
        for decision in decision::open_for(tx.db(), Some(&actor.by))? {
            if decision.ask.kind != DecisionKind::Assignment {
                continue;
            }
            let until = decision::lease(tx, &decision, (&actor.by, &actor.os_user, &holder), LEASE_MINUTES)?;
            taken.extend(until.map(|until| Leased { decision, until }));
        }
        Ok(taken)
    })
}

/// What a worker hands in.
#[derive(Clone, Debug)]
pub enum Work {
    /// A draft in its file form.
    File(String),
    /// A draft as JSON, of the form a model answers in.
    Fields(Box<Draft>),
    /// No draft, and why.
    Declined(String),
}

impl Work {
    /// The file form; what it would not be read back from as is refused by [`super::answer`].
    fn text(self, party: &str) -> String {
        match self {
            Self::File(text) => text,
            Self::Fields(fields) => draft::render::markdown(party, &fields),
            Self::Declined(declined) => {
                draft::render::markdown(party, &Draft { declined, ..Draft::default() })
            }
        }
    }
}

/// Hands in the work of an assignment.
///
/// # Errors
/// Every problem of a draft that is not in its form: nothing has changed then. `Conflict` where another worker of the
/// party holds the assignment, besides those of [`super::answer`].
pub fn hand_in(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (id, holder): (&str, &str),
    work: Work,
) -> Result<Answered, Vec<Problem>> {
    let whole = |problem: Problem| vec![problem];
    let decision = workspace.journal.read(|db| decision::one(db, id)).map_err(whole)?;
    if decision.ask.kind != DecisionKind::Assignment {
        let problem = Problem::usage(format!("{id} is no assignment ({})", decision.ask.title));
        return Err(whole(problem.hint("`worker_assignments` lists what waits for you")));
    }
    let act = Answering { text: work.text(&actor.by), ..Answering::new(id.to_owned(), Verb::Answer) };
    let holder = holder.to_owned();
    answer_if(sopd, workspace, actor, act, move |tx, decision| {
        decision::held_by_other(tx.db(), decision, &holder, tx.now())
    })
}
