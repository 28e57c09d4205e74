//! Asking a person, and waiting until somebody answers or the deadline's rule has spoken.

use super::Office;
use super::records::{MissionState, set_state};
use super::setup::Setup;
use crate::base::{Digest, Instant, Span};
use crate::decision::{self, Answer, Awaited, Decision, DecisionKind, NewDecision, OnDeadline};
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Tx, Workflow, events_of};
use crate::settings::authority::{Deadline, OnDeadline as Rule};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One question to a person.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Key of the question in its workflow.
    pub(super) key: String,
    pub(super) kind: DecisionKind,
    pub(super) subject: String,
    /// One line, verb first.
    pub(super) title: String,
    pub(super) why: String,
    pub(super) asked_of: Vec<String>,
    pub(super) barred: BTreeMap<String, String>,
    pub(super) hash: Digest,
    pub(super) details: Value,
    pub(super) deadline: Deadline,
    /// The stated assumption stands when nobody answers.
    pub(super) assume: bool,
}

/// Asks and waits. `None` when the deadline's rule ended it without an answer.
pub(super) async fn decide(w: &Workflow, setup: &Setup, question: Question) -> Result<Option<Answer>, Stop> {
    let stuck = question.kind == DecisionKind::Stuck;
    let opened = open(w, setup, question).await?;
    let decision = opened.id.clone();
    let answer = settled(w, setup, opened).await?;
    if stuck && answer.as_ref().is_some_and(|answer| answer.verb != decision::Verb::Reject) {
        w.call(GoOn { mission: setup.asker.mission.clone(), decision }).await?;
    }
    Ok(answer)
}

/// A question that was put; [`settled`] waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Put {
    id: String,
    due: Option<Instant>,
    asked_of: Vec<String>,
    /// Time to answer, and again after each reminder.
    period: Span,
}

/// Puts a question without waiting.
pub(super) async fn open(w: &Workflow, setup: &Setup, question: Question) -> Result<Put, Stop> {
    let Question { key, kind, subject, title, why, asked_of, barred, hash, details, deadline, assume } =
        question;
    let on_deadline = match deadline.on_deadline {
        _ if assume => OnDeadline::Assume,
        Rule::Remind => OnDeadline::Remind,
        // A signature cannot move up to somebody the path does not name.
        Rule::Escalate if kind == DecisionKind::Publish => OnDeadline::Remind,
        Rule::Escalate => OnDeadline::Escalate,
        Rule::Reject => OnDeadline::Reject,
    };
    let new = NewDecision {
        workflow: w.id().to_owned(),
        step: key,
        mission: setup.asker.mission.clone(),
        kind,
        subject,
        title,
        why,
        asked_of,
        barred,
        hash,
        details,
        due_at: Some(deadline.after.after(w.now())),
        on_deadline,
        quorum: 1,
    };
    let decision = w.call(OpenDecision { new }).await?;
    let Decision { id, ask, .. } = decision;
    Ok(Put { id, due: ask.due_at, asked_of: ask.asked_of, period: deadline.after })
}

/// Who stands `levels` above these in the reporting line.
fn above(setup: &Setup, parties: &[String], levels: u32) -> Vec<String> {
    let chief = |party: &String| setup.chiefs.get(party).cloned();
    (0..levels).fold(parties.to_vec(), |parties, _level| parties.iter().filter_map(chief).collect())
}

/// Waits for the answer to a question that was put.
pub(super) async fn settled(w: &Workflow, setup: &Setup, put: Put) -> Result<Option<Answer>, Stop> {
    let Put { id, due, asked_of, period } = put;
    let most = setup.deadlines.max_escalations;
    Awaited { decision: id, due, period, most }.settled(w, |nth| above(setup, &asked_of, nth)).await
}

/// Opens a decision and shows the mission as waiting for it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpenDecision {
    new: NewDecision,
}

impl Activity for OpenDecision {
    const NAME: &'static str = "open_decision";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Decision;
    fn key(&self) -> String {
        format!("ask/{}", self.new.step)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Decision>, Failure> {
        let new = self.new;
        // Opening twice is opening once, so the append may stand apart from the record of this step.
        let decision = office
            .journal
            .append_async(move |tx| {
                let mut new = new;
                if new.kind == DecisionKind::Stuck
                    && let Some(details) = new.details.as_object_mut()
                {
                    details.insert(STAGE.to_owned(), stage(tx, &new.mission)?);
                }
                if matches!(new.kind, DecisionKind::Forward | DecisionKind::Publish)
                    && let Some(details) = new.details.as_object_mut()
                {
                    details.insert("verdicts".to_owned(), counts(tx, &new.mission)?);
                }
                let decision = decision::open(tx, &new)?;
                let state = match new.kind {
                    DecisionKind::Forward | DecisionKind::Publish | DecisionKind::PeriodicReview => {
                        MissionState::AwaitingDecision
                    }
                    DecisionKind::Stuck => MissionState::WaitingForPerson,
                    // The others go on meanwhile.
                    _goes_on => return Ok(decision),
                };
                set_state(tx, &new.mission, state, &new.why)?;
                Ok(decision)
            })
            .await?;
        Ok(Recorded::of(decision))
    }
}

/// More facts than a mission has.
const MOST: u32 = 100_000;

/// How many assertions came out how in the last judgement; null before there was one.
fn counts(tx: &Tx<'_>, mission: &str) -> crate::base::problem::Result<Value> {
    let events = events_of(tx.db(), Some(mission), 0, MOST)?;
    let last = events.iter().rfind(|event| event.kind == "verdicts_given");
    let Some(fact) = last.and_then(|event| serde_json::from_str::<Value>(&event.text).ok()) else {
        return Ok(Value::Null);
    };
    let each = fact.get("verdicts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let count = |word: &str| each.iter().filter(|one| one.get("result") == Some(&Value::from(word))).count();
    Ok(json!({ "passed": count("passed"), "failed": count("failed"), "open": count("open") }))
}

/// Where a mission stood when it got stuck, among the details of the decision.
const STAGE: &str = "stage";

/// Where a mission stands; while it is stuck already, where it stood before.
fn stage(tx: &Tx<'_>, mission: &str) -> crate::base::problem::Result<Value> {
    let row = super::records::mission(tx.db(), mission)?;
    if row.state != MissionState::WaitingForPerson {
        return Ok(Value::from(row.state.word()));
    }
    let open = decision::open_of_mission(tx.db(), mission)?;
    Ok(open.iter().find_map(|one| one.ask.details.get(STAGE).cloned()).unwrap_or_default())
}

/// Shows a mission that a person helped where it stood before, unless it is stuck elsewhere too.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GoOn {
    mission: String,
    decision: String,
}

impl Activity for GoOn {
    const NAME: &'static str = "go_on";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        format!("go-on/{}", self.decision)
    }
    async fn perform(self, _office: &Office) -> Result<Recorded<()>, Failure> {
        let Self { mission, decision } = self;
        Ok(Recorded::of(()).change(move |tx| {
            let answered = decision::one(tx.db(), &decision)?;
            let open = decision::open_of_mission(tx.db(), &mission)?;
            let stuck = open.iter().any(|one| one.ask.kind == DecisionKind::Stuck);
            let before = answered.ask.details.get(STAGE).cloned().map(serde_json::from_value);
            match before {
                Some(Ok(state)) if !stuck => set_state(tx, &mission, state, ""),
                _ => Ok(()),
            }
        }))
    }
}
