//! A decision as it is stored and shown.

use crate::base::{Digest, Instant, Problem, problem::Result};
use crate::journal::Tx;
use crate::journal::columns::{json, word};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// Read, recommend, pass on to who signs (or send back). Not a signature.
    Forward,
    /// Sign the publication.
    Publish,
    /// Answer a question of the orchestrator or a worker.
    Question,
    /// Hand in a draft as a person who is on the roster as a worker.
    Assignment,
    /// Say how to go on where the mission cannot by itself.
    Stuck,
    /// Let a step of a run, or its start, go ahead.
    Gate,
    /// Do a step of a run and hand in what it gives.
    Task,
    /// Look at a result nobody may rely on yet, and take it or send it back.
    Result,
    /// Sign the post-run review.
    Review,
    /// Say whether a published SOP is still right.
    PeriodicReview,
}

/// What a person may do with a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Yes.
    Approve,
    /// No, for good.
    Reject,
    /// Not yet: change this first.
    Revise,
    /// Here is the answer, or the draft.
    Answer,
    /// Done: here is what the step gives. Never without the check of what is handed in.
    Complete,
    /// Try again.
    Retry,
    /// Here is the text as it should be: it takes the draft's place, and is checked and asked about anew.
    Edit,
}

impl DecisionKind {
    /// Every kind, in the order in which people meet them.
    pub const ALL: [Self; 10] = [
        Self::Forward,
        Self::Publish,
        Self::Question,
        Self::Assignment,
        Self::Stuck,
        Self::Gate,
        Self::Task,
        Self::Result,
        Self::Review,
        Self::PeriodicReview,
    ];

    /// The verbs this kind takes.
    pub fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Forward | Self::Publish | Self::PeriodicReview => {
                &[Verb::Approve, Verb::Reject, Verb::Revise]
            }
            Self::Gate => &[Verb::Approve, Verb::Reject],
            Self::Task => &[Verb::Complete, Verb::Reject],
            Self::Result => &[Verb::Approve, Verb::Answer, Verb::Reject],
            Self::Review => &[Verb::Approve, Verb::Answer],
            Self::Question | Self::Assignment => &[Verb::Answer],
            Self::Stuck => &[Verb::Retry, Verb::Approve, Verb::Revise, Verb::Reject],
        }
    }
    /// The word in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Publish => "publish",
            Self::Question => "question",
            Self::Assignment => "assignment",
            Self::Stuck => "stuck",
            Self::Gate => "gate",
            Self::Task => "task",
            Self::Result => "result",
            Self::Review => "review",
            Self::PeriodicReview => "periodic_review",
        }
    }
}

impl Verb {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Revise => "revise",
            Self::Edit => "edit",
            Self::Answer => "answer",
            Self::Complete => "complete",
            Self::Retry => "mission retry",
        }
    }
}

/// What happens when nobody answers in time. Publication is never approved by silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDeadline {
    /// Asked again, with a new deadline, a bounded number of times; then it stays open and overdue.
    #[default]
    Remind,
    /// The one above the asked party is asked as well.
    Escalate,
    /// Counts as no.
    Reject,
    /// The assumption stated with the question stands.
    Assume,
    /// Counts as yes. Only for gates of runs, and only where the published SOP says so.
    Approve,
    /// The step behind the gate is left out.
    Skip,
    /// The run pauses.
    Pause,
}

impl OnDeadline {
    /// Whether the rule ends the decision, so that no answer counts after the deadline.
    pub fn ends(self) -> bool {
        !matches!(self, Self::Remind | Self::Escalate)
    }
}

/// Where a decision is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits.
    Open,
    /// Answered.
    Resolved,
    /// Its deadline passed and its rule was applied.
    Expired,
    /// Its subject changed or its mission ended.
    Void,
}

/// What a workflow asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewDecision {
    /// The workflow that waits for the signal `decision/D-…`.
    pub workflow: String,
    /// Key of the opening step, unique in the workflow.
    pub step: String,
    /// The mission or run it belongs to.
    pub mission: String,
    /// What is asked.
    pub kind: DecisionKind,
    /// What it is about: an SOP with version, an agent's part.
    pub subject: String,
    /// One line, verb first.
    pub title: String,
    /// Why a person is asked, in words.
    pub why: String,
    /// Parties who may answer.
    pub asked_of: Vec<String>,
    /// Parties who may not, and why.
    pub barred: BTreeMap<String, String>,
    /// Hash of what the answer is about.
    pub hash: Digest,
    /// What else the person should see.
    pub details: Value,
    /// When the deadline rule applies.
    pub due_at: Option<Instant>,
    /// The rule.
    pub on_deadline: OnDeadline,
    /// How many of the asked parties must say yes; one no is a no.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub quorum: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
fn is_one(count: &u32) -> bool {
    *count == 1
}

/// A decision as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// `D-17`.
    pub id: String,
    /// What was asked for.
    #[serde(flatten)]
    pub ask: NewDecision,
    /// When it was asked.
    pub requested_at: Instant,
    /// Reminders and escalations so far.
    pub reminders: u32,
    /// Where it is in its life.
    pub state: State,
    /// The answer of a resolved one: of the party that completed the quorum.
    pub answer: Option<super::Answer>,
    /// Who has said yes so far where more than one must. Recorded decisions of format 1 have none.
    #[serde(default)]
    pub votes: Vec<String>,
}

impl Decision {
    /// Its row: the id without its prefix.
    pub(super) fn number(&self) -> &str {
        self.id.trim_start_matches("D-")
    }
}

/// Whether that step has opened its decision before.
pub fn is_asked(tx: &Tx<'_>, new: &NewDecision) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM decision WHERE workflow = ?1 AND step = ?2)";
    Ok(tx.db().prepare_cached(sql)?.query_row((&new.workflow, &new.step), |row| row.get(0))?)
}

/// Opens a decision; opening the same step again returns the one that is there.
pub fn open(tx: &Tx<'_>, new: &NewDecision) -> Result<Decision> {
    let there = tx
        .db()
        .prepare_cached(&format!("{SELECT} WHERE workflow = ?1 AND step = ?2"))?
        .query_row((&new.workflow, &new.step), read)
        .optional()?;
    if let Some(there) = there {
        return Ok(there);
    }
    if new.on_deadline == OnDeadline::Approve && new.kind != DecisionKind::Gate {
        return Err(Problem::failed("BUG: only the gate of a run may be approved by silence"));
    }
    tx.db()
        .prepare_cached(
            "INSERT INTO decision(workflow, step, mission, kind, subject, title, why, asked_of, barred, hash,
               details, requested_at, due_at, on_deadline, quorum, state)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 'open')",
        )?
        .execute(rusqlite::params![
            new.workflow,
            new.step,
            new.mission,
            text(&new.kind)?,
            new.subject,
            tx.clean(&new.title),
            tx.clean(&new.why),
            text(&new.asked_of)?,
            text(&new.barred)?,
            new.hash.0,
            tx.clean(&text(&new.details)?),
            tx.now().0,
            new.due_at.map(|due| due.0),
            text(&new.on_deadline)?,
            new.quorum,
        ])?;
    let decision = super::one(tx.db(), &format!("D-{}", tx.db().last_insert_rowid()))?;
    tx.event(
        &new.mission,
        "decision_requested",
        &json!({
            "decision": decision.id, "asked": new.kind, "title": new.title, "asked_of": new.asked_of,
            "hash": new.hash, "due_at": new.due_at.map(|due| due.to_string()), "on_deadline": new.on_deadline,
        }),
    )?;
    Ok(decision)
}

/// One column of JSON.
pub(super) fn text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Problem::failed(format!("BUG: not JSON: {error}")))
}

/// What [`read`] reads, in its order.
pub(super) const COLUMNS: &str =
    "number, workflow, step, mission, decision.kind, subject, title, why, asked_of, barred,
  hash, details, requested_at, due_at, on_deadline, reminders, state, answer, quorum, votes";

pub(super) const SELECT: &str =
    "SELECT number, workflow, step, mission, kind, subject, title, why, asked_of, barred,
  hash, details, requested_at, due_at, on_deadline, reminders, state, answer, quorum, votes FROM decision";

/// Reads a row of [`SELECT`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Decision> {
    Ok(Decision {
        id: format!("D-{}", row.get::<_, i64>(0)?),
        ask: NewDecision {
            workflow: row.get(1)?,
            step: row.get(2)?,
            mission: row.get(3)?,
            kind: json(row, 4)?,
            subject: row.get(5)?,
            title: row.get(6)?,
            why: row.get(7)?,
            asked_of: json(row, 8)?,
            barred: json(row, 9)?,
            hash: Digest(row.get(10)?),
            details: json(row, 11)?,
            due_at: row.get::<_, Option<i64>>(13)?.map(Instant),
            on_deadline: json(row, 14)?,
            quorum: row.get(18)?,
        },
        requested_at: Instant(row.get(12)?),
        reminders: row.get(15)?,
        state: word(row, 16)?,
        answer: match row.get_ref(17)? {
            ValueRef::Null => None,
            _ => Some(json(row, 17)?),
        },
        votes: json(row, 19)?,
    })
}
