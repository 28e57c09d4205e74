//! The work of agents that run elsewhere: taking the assignments they are asked for, for a while, handing in, and
//! objecting to what became of what they handed in. What they are shown was fixed when the assignment was opened, and is what a worker in this process is shown.

use super::deeds::{Answered, Answering, answer_if};
use crate::base::{Instant, Problem, problem::Result};
use crate::daemon::Workspace;
use crate::decision::{self, Decision, DecisionKind, State, Verb};
use crate::draft::{self, Draft};
use crate::mission::{self, Fated, Objection};
use crate::run::Actor;
use rusqlite::Connection;

/// How long an assignment is kept for who took it, in minutes: long enough for a large model's draft, short enough
/// that the work of one that died is soon somebody else's.
pub const LEASE_MINUTES: i64 = 15;

/// Open missions that are looked through for drafts of a party, the newest first.
const MOST_MISSIONS: u32 = 200;

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
    workspace.check_party(&actor.by, &[])?;
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
    workspace.journal.read(|db| assignment(db, id)).map_err(whole)?;
    let act = Answering { text: work.text(&actor.by), ..Answering::new(id.to_owned(), Verb::Answer) };
    let holder = holder.to_owned();
    answer_if(sopd, workspace, actor, act, move |tx, decision| {
        decision::held_by_other(tx.db(), decision, &holder, tx.now())
    })
}

/// The assignment `id`.
fn assignment(db: &Connection, id: &str) -> Result<Decision> {
    let decision = decision::one(db, id)?;
    if decision.ask.kind == DecisionKind::Assignment {
        return Ok(decision);
    }
    let problem = Problem::usage(format!("{id} is no assignment ({})", decision.ask.title));
    Err(problem.hint("`worker_assignments` lists what waits for you"))
}

/// What became of a draft that was handed in.
#[derive(Clone, Debug)]
pub struct Disposed {
    /// The assignment it was handed in for; the last one, where there were several.
    pub decision: Decision,
    /// The last round of synthesis.
    pub round: u32,
    /// The party's own items.
    pub items: Vec<Fated>,
}

/// What became of the party's drafts in the missions that are open still.
///
/// # Errors
/// Of the journal.
pub fn disposed(workspace: &Workspace, party: &str) -> Result<Vec<Disposed>> {
    let journal = &workspace.journal;
    journal.read(|db| {
        let mut found = Vec::new();
        for row in mission::open_missions(db, MOST_MISSIONS)?.0 {
            let all = decision::all_of_mission(db, &row.id)?.into_iter();
            let mut own = all.filter(|one| {
                one.ask.kind == DecisionKind::Assignment
                    && one.state == State::Resolved
                    && one.ask.asked_of.iter().any(|asked| asked == party)
            });
            let Some(decision) = own.next_back() else { continue };
            let fates = mission::fates_of(db, &|hash| journal.blob(hash), (&row.id, party))?;
            found.extend(fates.map(|(round, items)| Disposed { decision, round, items }));
        }
        Ok(found)
    })
}

/// Puts on record what the party says against what became of the draft it handed in for the assignment `id`. Gives the
/// mission, and the round of synthesis it is about.
///
/// # Errors
/// `NotAllowed` for an assignment of somebody else, besides those of [`mission::object`].
pub fn object(
    workspace: &Workspace,
    actor: &Actor,
    id: &str,
    objections: Vec<Objection>,
) -> Result<(String, u32)> {
    let (actor, id) = (actor.clone(), id.to_owned());
    workspace.journal.append(move |tx| {
        let decision = assignment(tx.db(), &id)?;
        if !decision.ask.asked_of.contains(&actor.by) {
            return Err(Problem::not_allowed(format!("{id} was not asked of {}", actor.by)));
        }
        let mission = decision.ask.mission;
        let round = mission::object(tx, &mission, (&actor.by, &actor.os_user), &objections)?;
        Ok((mission, round))
    })
}
