//! Drives one workflow: feeds it what is recorded, starts what is not, records answers one by one, and lets
//! go of it as soon as it only waits.

use super::activity::{Failure, Recorded, Repeat};
use super::history::{self, Record, StepRecord, decode_outcome, encode_outcome};
use super::ledger::{Arrived, Start, consume, step_of};
use super::store::Journal;
use super::stories::{Stories, Told};
use super::workflow::{Asked, Stop, What, Workflow};
use super::{blob, engine::Bell};
use crate::base::{Kind, fault, problem::Result};
use futures::FutureExt as _;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long a parent with running children is kept in memory before it is dropped and later replayed: long
/// enough for quick children, short enough that a thousand waiting parents cost nothing.
const LINGER: Duration = Duration::from_secs(1);

/// The signal that cancels.
pub(super) const CANCEL: &str = "cancel";

type Finished = (i64, Result<Recorded<String>, Failure>);

/// Why the drive ended.
enum Turn {
    Again,
    Leave,
}

/// A difference between record and code, or a defect: the workflow is stopped with these words.
struct Halt(String);

/// Drives `id` until it ends, parks or stops.
pub(super) async fn drive(journal: &Journal, stories: &Stories, id: &str, bell: &Bell) -> Result<()> {
    let Some(record) = journal.read(|db| history::load(db, id))? else { return Ok(()) };
    let halted = match begin(stories, id, &record) {
        Ok((story, handle)) => {
            let (done, finished) = mpsc::unbounded_channel();
            let mut driver = Driver {
                journal,
                stories,
                id: id.into(),
                bell,
                story,
                handle,
                record,
                pending: BTreeMap::new(),
                tasks: JoinSet::new(),
                done,
                finished,
            };
            driver.run().await?
        }
        Err(halt) => Some(halt),
    };
    let Some(Halt(reason)) = halted else { return Ok(()) };
    stop(journal, id, reason).await
}

fn begin(stories: &Stories, id: &str, record: &Record) -> Result<(Told, Workflow), Halt> {
    let Some(known) = stories.find_story(&record.kind) else {
        return Err(Halt(format!("this sopd knows no workflow `{}`", record.kind)));
    };
    if record.version > known.version {
        return Err(Halt(format!(
            "`{}` was started by a newer sopd (version {}, this one knows {})",
            record.kind, record.version, known.version
        )));
    }
    let handle = Workflow::new(id, record.version, crate::base::Instant(record.created_at));
    let story = (known.tell)(&record.input, handle.clone()).map_err(|failure| Halt(failure.reason))?;
    Ok((story, handle))
}

async fn stop(journal: &Journal, id: &str, reason: String) -> Result<()> {
    let id = id.to_owned();
    journal
        .append_async(move |tx| {
            tx.db()
                .prepare_cached("UPDATE workflow SET state = 'stopped', note = ?2 WHERE id = ?1")?
                .execute((&id, &reason))?;
            let root = id.split('/').next().unwrap_or(&id);
            tx.event(root, "workflow_stopped", &serde_json::json!({ "workflow": id, "reason": reason }))?;
            Ok(())
        })
        .await
}

struct Driver<'a> {
    journal: &'a Journal,
    stories: &'a Stories,
    id: Arc<str>,
    bell: &'a Bell,
    story: Told,
    handle: Workflow,
    record: Record,
    /// Asked and not answered; the flag says whether it was launched.
    pending: BTreeMap<i64, (Asked, bool)>,
    tasks: JoinSet<()>,
    done: mpsc::UnboundedSender<Finished>,
    finished: mpsc::UnboundedReceiver<Finished>,
}

impl Driver<'_> {
    async fn run(&mut self) -> Result<Option<Halt>> {
        let mut position = 0;
        loop {
            match self.poll() {
                Err(halt) => return Ok(Some(halt)),
                Ok(Poll::Ready(outcome)) => {
                    if !self.record.completed.is_empty() {
                        return Ok(Some(self.left_over()));
                    }
                    self.end(outcome).await?;
                    return Ok(None);
                }
                Ok(Poll::Pending) => {}
            }
            if let Err(halt) = self.take_asked() {
                return Ok(Some(halt));
            }
            if let Some(ordinal) = self.record.completed.pop_front() {
                if let Err(halt) = self.replay(ordinal, position)? {
                    return Ok(Some(halt));
                }
                position += 1;
                continue;
            }
            if self.pending.is_empty() {
                return Ok(Some(Halt("BUG: it awaits something the workflow did not give it".to_owned())));
            }
            self.launch().await?;
            match self.wait(position).await? {
                Turn::Again => position += 1,
                Turn::Leave => return Ok(None),
            }
        }
    }

    fn poll(&mut self) -> Result<Poll<Result<String, Stop>>, Halt> {
        let story = self.story.as_mut();
        let mut context = Context::from_waker(Waker::noop());
        std::panic::catch_unwind(AssertUnwindSafe(move || story.poll(&mut context)))
            .map_err(|panic| Halt(format!("BUG: the workflow's code broke down: {}", words(&*panic))))
    }

    /// Takes over what the story asked for, compared with the record.
    fn take_asked(&mut self) -> Result<(), Halt> {
        let (asked, dropped) = {
            let mut desk = self.handle.desk();
            (std::mem::take(&mut desk.asked), std::mem::take(&mut desk.dropped))
        };
        for asked in asked {
            if let Some(step) = self.record.steps.get(&asked.ordinal) {
                step.check(&asked).map_err(Halt)?;
            }
            self.pending.insert(asked.ordinal, (asked, false));
        }
        for ordinal in dropped {
            // A timer that was given up may still fire: its signal then finds nobody waiting and is ignored.
            self.pending.remove(&ordinal);
        }
        Ok(())
    }

    fn left_over(&self) -> Halt {
        let ordinal = self.record.completed.front().copied().unwrap_or_default();
        let key = self.record.steps.get(&ordinal).map_or("?", |step| step.key.as_str());
        Halt(format!("the journal holds step {ordinal} `{key}`, which the code no longer asks for"))
    }

    fn replay(&mut self, ordinal: i64, position: i64) -> Result<Result<(), Halt>> {
        let Some(step) = self.record.steps.get(&ordinal).cloned() else { return Ok(Ok(())) };
        if step.kind == CANCEL {
            self.deliver_cancel(position, step.at);
            return Ok(Ok(()));
        }
        if !self.pending.contains_key(&ordinal) {
            return Ok(Err(Halt(format!(
                "the journal holds step {ordinal} `{}`, which the code no longer asks for",
                step.key
            ))));
        }
        let outcome = decode_outcome(step.outcome.as_deref().unwrap_or_default())?;
        self.deliver(ordinal, position, outcome, step.at);
        Ok(Ok(()))
    }

    fn deliver(&mut self, ordinal: i64, position: i64, outcome: Result<String, Stop>, at: i64) {
        self.pending.remove(&ordinal);
        self.handle.desk().answer(ordinal, position, outcome, at);
    }

    fn deliver_cancel(&mut self, position: i64, at: i64) {
        self.tasks.abort_all();
        let mut desk = self.handle.desk();
        for ordinal in std::mem::take(&mut self.pending).into_keys() {
            desk.answer(ordinal, position, Err(Stop::Cancelled), at);
        }
    }

    /// Starts everything asked for and not yet started; what needs a record of its start gets it first, all in
    /// one commit.
    async fn launch(&mut self) -> Result<()> {
        let mut starts = Vec::new();
        let mut performs = Vec::new();
        for (ordinal, (asked, launched)) in &mut self.pending {
            if std::mem::replace(launched, true) {
                continue;
            }
            let before = self.record.steps.get(ordinal);
            match &asked.what {
                What::Signal { .. } => {}
                What::Timer { due } => starts.push(Start::Timer { ordinal: *ordinal, due: due.0 }),
                What::Child { name, version, input } => starts.push(Start::Child {
                    id: format!("{}/{}", self.id, asked.key),
                    kind: (name, *version),
                    input: input.clone(),
                }),
                What::Activity { name, input } => {
                    let repeat = self.stories.find_activity(name).map_or(Repeat::Pure, |known| known.repeat);
                    if repeat != Repeat::Pure {
                        starts.push(Start::Activity(StepRecord {
                            attempt: before.map_or(1, |step| step.attempt + 1),
                            ..step_of(asked)
                        }));
                    }
                    let cut_off = before.is_some() && repeat == Repeat::Unsafe;
                    performs.push((*ordinal, *name, input.clone(), cut_off));
                }
            }
        }
        if !starts.is_empty() {
            let id = self.id.clone();
            self.journal
                .append_async(move |tx| starts.iter().try_for_each(|start| start.write(tx, &id)))
                .await?;
        }
        for (ordinal, name, input, cut_off) in performs {
            self.perform(ordinal, name, input, cut_off);
        }
        Ok(())
    }

    fn perform(&mut self, ordinal: i64, name: &'static str, input: String, cut_off: bool) {
        let done = self.done.clone();
        let work = match self.stories.find_activity(name) {
            Some(_) if cut_off => Err(Failure::new(
                super::FailureClass::Interrupted,
                format!("`{name}` was cut off by a crash and must not run twice unseen"),
            )),
            Some(known) => Ok((known.perform)(input)),
            None => Err(Failure::bug(format!("this sopd knows no activity `{name}`"))),
        };
        let place = self.fault_place(ordinal);
        self.tasks.spawn(async move {
            let outcome = match work {
                Err(failure) => Err(failure),
                Ok(work) => {
                    fault::point(&place, "before");
                    let answer = AssertUnwindSafe(work).catch_unwind().await;
                    answer.unwrap_or_else(|panic| {
                        Err(Failure::bug(format!("`{name}` broke down: {}", words(&*panic))))
                    })
                }
            };
            // The receiver is gone only when the drive has ended; then nobody wants the answer.
            drop(done.send((ordinal, outcome)));
        });
    }

    /// Waits for one answer and records it.
    async fn wait(&mut self, position: i64) -> Result<Turn> {
        loop {
            self.bell.clear();
            if self.observe_signal(position).await? {
                return Ok(Turn::Again);
            }
            if let Ok((ordinal, outcome)) = self.finished.try_recv() {
                self.record_activity(ordinal, position, outcome).await?;
                return Ok(Turn::Again);
            }
            let running = self.pending.values().any(|(asked, _)| matches!(asked.what, What::Activity { .. }));
            let children = self.pending.values().any(|(asked, _)| matches!(asked.what, What::Child { .. }));
            let busy = running || (children && self.bell.rung_within(LINGER).await);
            if !busy {
                if self.park().await? {
                    return Ok(Turn::Leave);
                }
                continue;
            }
            tokio::select! {
                Some((ordinal, outcome)) = self.finished.recv() => {
                    self.record_activity(ordinal, position, outcome).await?;
                    return Ok(Turn::Again);
                }
                () = self.bell.rung() => {}
            }
        }
    }

    async fn record_activity(
        &mut self,
        ordinal: i64,
        position: i64,
        outcome: Result<Recorded<String>, Failure>,
    ) -> Result<()> {
        let Some((asked, _)) = self.pending.get(&ordinal) else { return Ok(()) };
        let place = self.fault_place(ordinal);
        fault::point(&place, "unrecorded");
        let step = StepRecord { position: Some(position), ..step_of(asked) };
        let (outcome, changes) = match outcome {
            Ok(recorded) => (Ok(recorded.output), recorded.changes),
            Err(failure) => (Err(Stop::Failed(failure)), Vec::new()),
        };
        // Cleaned before it is delivered too: the story must see what every replay will see.
        let written = self.journal.clean(&encode_outcome(&outcome)?);
        let outcome = decode_outcome(&written)?;
        let (id, stored) = (self.id.clone(), step.clone());
        let committed = self
            .journal
            .append_async(move |tx| {
                changes.into_iter().try_for_each(|change| change(tx))?;
                stored.write(tx, &id, Some(&written))
            })
            .await;
        let (outcome, at) = match committed {
            Ok(at) => (outcome, at),
            Err(problem) if problem.kind == Kind::Store => return Err(problem),
            Err(problem) => {
                // The changes did not apply; what is recorded is that failure, and nothing of the changes.
                let outcome = Err(Stop::Failed(Failure::from(problem)));
                let (id, written) = (self.id.clone(), encode_outcome(&outcome)?);
                let at = self.journal.append_async(move |tx| step.write(tx, &id, Some(&written))).await?;
                (outcome, at)
            }
        };
        fault::point(&place, "after");
        self.deliver(ordinal, position, outcome, at);
        Ok(())
    }

    /// Observes the oldest signal somebody waits for, if there is one.
    async fn observe_signal(&mut self, position: i64) -> Result<bool> {
        let wanted = self.wanted();
        let (id, names) = (self.id.clone(), wanted.clone());
        let Some(found) = self.journal.read(|db| Arrived::oldest(db, &id, &names))? else { return Ok(false) };
        if found.name == CANCEL {
            self.observe_cancel(position, found.id).await?;
            return Ok(true);
        }
        let Some(ordinal) = wanted.get(&found.name).copied() else { return Ok(false) };
        let Some((asked, _)) = self.pending.get(&ordinal) else { return Ok(false) };
        let outcome = match asked.what {
            What::Child { .. } => decode_outcome(&found.payload)?,
            _ => Ok(found.payload),
        };
        let step = StepRecord { position: Some(position), ..step_of(asked) };
        let place = self.fault_place(ordinal);
        fault::point(&place, "before");
        let (id, written) = (self.id.clone(), encode_outcome(&outcome)?);
        let at = self
            .journal
            .append_async(move |tx| {
                consume(tx, found.id, position)?;
                step.write(tx, &id, Some(&written))
            })
            .await?;
        fault::point(&place, "after");
        self.deliver(ordinal, position, outcome, at);
        Ok(true)
    }

    async fn observe_cancel(&mut self, position: i64, signal: i64) -> Result<()> {
        let children: Vec<String> = self
            .pending
            .values()
            .filter(|(asked, _)| matches!(asked.what, What::Child { .. }))
            .map(|(asked, _)| format!("{}/{}", self.id, asked.key))
            .collect();
        let step = StepRecord {
            ordinal: -1 - position,
            kind: CANCEL.to_owned(),
            name: CANCEL.to_owned(),
            key: CANCEL.to_owned(),
            input_hash: String::new(),
            attempt: 1,
            position: Some(position),
            outcome: None,
            at: 0,
        };
        let id = self.id.clone();
        let at = self
            .journal
            .append_async(move |tx| {
                consume(tx, signal, position)?;
                tx.db().prepare_cached("DELETE FROM timer WHERE workflow = ?1")?.execute([&*id])?;
                children.iter().try_for_each(|child| tx.signal(child, CANCEL, &serde_json::Value::Null))?;
                step.write(tx, &id, None)
            })
            .await?;
        self.deliver_cancel(position, at);
        Ok(())
    }

    /// Lets go of the workflow unless a signal it waits for has come meanwhile.
    async fn park(&mut self) -> Result<bool> {
        let (id, wanted) = (self.id.clone(), self.wanted());
        self.journal
            .append_async(move |tx| {
                if Arrived::oldest(tx.db(), &id, &wanted)?.is_some() {
                    return Ok(false);
                }
                tx.db()
                    .prepare_cached("UPDATE workflow SET state = 'parked' WHERE id = ?1 AND state = 'ready'")?
                    .execute([&*id])?;
                Ok(true)
            })
            .await
    }

    async fn end(&mut self, outcome: Result<String, Stop>) -> Result<()> {
        let (id, parent) = (self.id.clone(), self.record.parent.clone());
        let written = self.journal.clean(&encode_outcome(&outcome)?);
        self.journal
            .append_async(move |tx| {
                let stored = blob::shelve(tx, &written)?;
                tx.db()
                    .prepare_cached(
                        "UPDATE workflow SET state = 'done', outcome = ?2, ended_at = ?3 WHERE id = ?1",
                    )?
                    .execute((&*id, stored, tx.now().0))?;
                tx.db()
                    .prepare_cached(
                        "UPDATE signal SET position = -1 WHERE workflow = ?1 AND position IS NULL",
                    )?
                    .execute([&*id])?;
                tx.db().prepare_cached("DELETE FROM timer WHERE workflow = ?1")?.execute([&*id])?;
                match parent {
                    Some(parent) => {
                        let payload = serde_json::from_str(&written).unwrap_or_default();
                        tx.signal(&parent, &format!("child/{id}"), &payload)
                    }
                    None => Ok(()),
                }
            })
            .await
    }

    /// Signals this workflow waits for, with the step each answers.
    fn wanted(&self) -> BTreeMap<String, i64> {
        let mut wanted = BTreeMap::new();
        for (ordinal, (asked, _)) in &self.pending {
            let name = match &asked.what {
                What::Activity { .. } => continue,
                What::Signal { name } => name.clone(),
                What::Child { .. } => format!("child/{}/{}", self.id, asked.key),
                What::Timer { .. } => format!("timer/{ordinal}"),
            };
            // Two waits for one name: the first asked is answered first.
            wanted.entry(name).or_insert(*ordinal);
        }
        wanted
    }

    fn fault_place(&self, ordinal: i64) -> String {
        let key = self.pending.get(&ordinal).map_or("?", |(asked, _)| asked.key.as_str());
        let path = self.id.split_once('/').map_or("", |(_, path)| path);
        format!("{}/{key}", if path.is_empty() { &self.record.kind } else { path })
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
