//! Starts what a story asked for and puts away what it gave up. What must be known after a crash is recorded
//! first, all of it in one commit; a thing whose start is on record is never started as new again.

use super::activity::{Failure, FailureClass, Recorded, Repeat};
use super::driver::{CANCEL, Driven, Driver, append, words};
use super::engine::{Phase, UnderWay};
use super::history::StepRecord;
use super::ledger::step_of;
use super::stories::Perform;
use super::tx::Tx;
use super::workflow::{Asked, What};
use crate::base::{Problem, Trouble, fault, problem::Result, trace};
use futures::FutureExt as _;
use futures::future::abortable;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;
use tracing::Instrument as _;

/// Something whose start is recorded.
enum Start {
    Activity(StepRecord),
    Child { step: StepRecord, id: String, kind: (&'static str, u32), input: String },
    Timer { step: StepRecord, due: i64 },
}

/// What is left in the journal of something the story no longer waits for.
pub(super) enum GivenUp {
    /// Nothing but its step.
    Activity,
    /// A workflow, which is told to cancel.
    Child(String),
    /// A row that would still fire, or the signal of one that has fired.
    Timer,
}

struct Performance {
    ordinal: i64,
    name: &'static str,
    input: String,
    /// A crash cut it off, and it must not run again.
    cut_off: bool,
    place: String,
    key: String,
}

impl Driver<'_> {
    /// Starts everything asked for and not yet started.
    pub(super) async fn launch(&mut self) -> Driven<()> {
        let (mut starts, mut performances) = (Vec::new(), Vec::new());
        for (asked, _) in self.pending.values().filter(|(_, launched)| !launched) {
            starts.extend(self.start_of(asked));
            performances.extend(self.performance_of(asked));
        }
        self.pending.values_mut().for_each(|(_, launched)| *launched = true);
        let given_up = std::mem::take(&mut self.given_up);
        if !starts.is_empty() || !given_up.is_empty() {
            let id = self.id.clone();
            append((self.journal, self.bell), move |tx| {
                put_away(tx, &id, &given_up)?;
                starts.iter().try_for_each(|start| start.write(tx, &id))
            })
            .await?;
        }
        for performance in performances {
            self.perform(performance);
        }
        Ok(())
    }

    fn start_of(&self, asked: &Asked) -> Option<Start> {
        let before = self.record.steps.get(&asked.ordinal);
        match &asked.what {
            What::Activity { name, .. } => {
                let attempt = before.map_or(1, |step| step.attempt + 1);
                let recorded = self.repeat_of(name) != Repeat::Pure;
                recorded.then(|| Start::Activity(StepRecord { attempt, ..step_of(asked) }))
            }
            _ if before.is_some() => None,
            What::Signal { .. } => None,
            What::Timer { due } => Some(Start::Timer { step: step_of(asked), due: due.0 }),
            What::Child { name, version, input } => Some(Start::Child {
                step: step_of(asked),
                id: format!("{}/{}", self.id, asked.key),
                kind: (name, *version),
                input: input.clone(),
            }),
        }
    }

    fn performance_of(&self, asked: &Asked) -> Option<Performance> {
        let What::Activity { name, input } = &asked.what else { return None };
        let started = self.record.steps.contains_key(&asked.ordinal);
        Some(Performance {
            ordinal: asked.ordinal,
            name,
            input: input.clone(),
            cut_off: started && self.repeat_of(name) == Repeat::Unsafe,
            place: self.fault_place(&asked.key),
            key: asked.key.clone(),
        })
    }

    pub(super) fn repeat_of(&self, activity: &str) -> Repeat {
        self.stories.find_activity(activity).map_or(Repeat::Pure, |known| known.repeat)
    }

    fn perform(&mut self, Performance { ordinal, name, input, cut_off, place, key }: Performance) {
        let work = match self.stories.find_activity(name) {
            Some(_) if cut_off => Err(Failure::new(
                FailureClass::Interrupted,
                format!("`{name}` was cut off by a crash and must not run twice unseen"),
            )),
            Some(known) => Ok(known.perform.clone()),
            None => Err(Failure::bug(format!("this sopd knows no activity `{name}`"))),
        };
        let span = trace::activity(&self.id, name, &key);
        let (mut phase, under_way) = (self.bell.phase.clone(), self.bell.under_way.clone());
        let more_than_thought = self.repeat_of(name) != Repeat::Pure;
        let here = more_than_thought.then(|| UnderWayHere::note(&under_way, format!("{}: {key}", self.id)));
        let told = span.clone();
        let whole = async move {
            let outcome = match work {
                Err(failure) => Err(failure),
                Ok(perform) => {
                    fault::point(&place, "before");
                    performed(&perform, name, &input.into(), &mut phase).await
                }
            };
            drop(here);
            if let Err(failure) = &outcome {
                trace::failed(&told, failure.class.word());
            }
            (ordinal, outcome)
        }
        .instrument(span);
        let (performed, abort) = abortable(whole.boxed());
        self.aborts.insert(ordinal, abort);
        self.running.push(performed);
    }
}

/// Does the work. What the machine was short of before anything was begun is no outcome: it is tried until it can be.
/// When sopd stops meanwhile it is given back as it is.
async fn performed(
    perform: &Perform,
    name: &str,
    input: &Arc<str>,
    phase: &mut watch::Receiver<Phase>,
) -> Result<Recorded<String>, Failure> {
    let mut trouble = Trouble::of("work waits for the machine");
    loop {
        let outcome = AssertUnwindSafe(perform(input.clone()))
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(Failure::bug(format!("`{name}` broke down: {}", words(&*panic)))));
        match outcome {
            Err(Failure { class: FailureClass::Machine, reason }) => {
                let pause = trouble.failed(&Problem::failed(format!("`{name}`: {reason}")));
                let stops = phase.wait_for(|phase| *phase >= Phase::Draining);
                if tokio::time::timeout(pause, stops).await.is_ok() {
                    return Err(Failure::new(FailureClass::Machine, reason));
                }
            }
            outcome => {
                trouble.over();
                return outcome;
            }
        }
    }
}

/// Something under way, for as long as this lives.
struct UnderWayHere(UnderWay, String);

impl UnderWayHere {
    fn note(all: &UnderWay, name: String) -> Self {
        all.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        Self(all.clone(), name)
    }
}

impl Drop for UnderWayHere {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Start {
    fn write(&self, tx: &Tx<'_>, workflow: &str) -> Result<()> {
        match self {
            Self::Activity(step) => step.write(tx, workflow, None).map(drop),
            Self::Child { step, id, kind, input } => {
                step.write(tx, workflow, None)?;
                tx.start(id, *kind, Some(workflow), input).map(drop)
            }
            Self::Timer { step, due } => {
                step.write(tx, workflow, None)?;
                tx.db()
                    .prepare_cached("INSERT INTO timer(workflow, ordinal, due_at) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING")?
                    .execute((workflow, step.ordinal, due))?;
                Ok(())
            }
        }
    }
}

impl GivenUp {
    pub(super) fn of(workflow: &str, asked: &Asked) -> Self {
        match &asked.what {
            What::Child { .. } => Self::Child(format!("{workflow}/{}", asked.key)),
            What::Timer { .. } => Self::Timer,
            What::Activity { .. } | What::Signal { .. } => Self::Activity,
        }
    }
}

/// Leaves nothing behind that would still run, fire or wait for what was given up.
pub(super) fn put_away(tx: &Tx<'_>, workflow: &str, given_up: &[(i64, GivenUp)]) -> Result<()> {
    for (ordinal, what) in given_up {
        tx.db()
            .prepare_cached(
                "UPDATE step SET outcome = '\"given_up\"' WHERE workflow = ?1 AND ordinal = ?2 AND position IS NULL",
            )?
            .execute((workflow, ordinal))?;
        match what {
            GivenUp::Activity => {}
            GivenUp::Child(child) => {
                never_observe(tx, workflow, &format!("child/{child}"))?;
                tx.signal(child, CANCEL, &serde_json::Value::Null)?;
            }
            GivenUp::Timer => {
                tx.db()
                    .prepare_cached("DELETE FROM timer WHERE workflow = ?1 AND ordinal = ?2")?
                    .execute((workflow, ordinal))?;
                never_observe(tx, workflow, &format!("timer/{ordinal}"))?;
            }
        }
    }
    Ok(())
}

fn never_observe(tx: &Tx<'_>, workflow: &str, name: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "UPDATE signal SET position = -1 WHERE workflow = ?1 AND position IS NULL AND name = ?2",
        )?
        .execute((workflow, name))?;
    Ok(())
}
