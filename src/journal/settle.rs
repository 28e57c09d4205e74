//! Records what comes: an activity's answer, a signal, a cancel, the end. One commit each; only what is committed
//! is told to the story.

use super::activity::{Failure, FailureClass, Recorded, Repeat};
use super::blob;
use super::driver::{CANCEL, Driven, Driver, Finished, append};
use super::history::{StepRecord, decode_outcome, encode_outcome};
use super::launch::{GivenUp, put_away};
use super::ledger::{Arrived, consume, put_out, step_of};
use super::stories::Witness;
use super::tx::Tx;
use super::workflow::{Stop, What};
use crate::base::trace::subject_of;
use crate::base::{fault, problem::Result};
use futures::{FutureExt as _, StreamExt as _};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a parent with running children is kept in memory before it is dropped and later replayed: long
/// enough for quick children, short enough that a thousand waiting parents cost nothing.
const LINGER: Duration = Duration::from_secs(1);

/// Everything a look at the signals needs, taken to the writer's thread.
struct Look {
    id: Arc<str>,
    position: i64,
    wanted: BTreeMap<String, (StepRecord, String)>,
    given_up: Vec<(i64, GivenUp)>,
    cancelled: bool,
    may_park: bool,
    witness: Option<Witness>,
}

/// What a look found, already recorded.
enum Seen {
    Answer {
        ordinal: i64,
        outcome: Result<String, Stop>,
        at: i64,
        place: String,
    },
    Cancel {
        at: i64,
    },
    Nothing,
    /// Nothing, and so the workflow is parked.
    Parked,
}

impl Driver<'_> {
    /// Waits for one answer and records it; `false` when the workflow was parked instead.
    pub(super) async fn wait(&mut self) -> Driven<bool> {
        let mut lingered = false;
        loop {
            if self.bell.drains() {
                return Ok(true);
            }
            let running = self.pending.values().any(|(asked, _)| matches!(asked.what, What::Activity { .. }));
            let linger = !running && !lingered && self.has_children() && !self.bell.crowded();
            self.look |= self.bell.take();
            if self.look || !(running || linger) {
                let seen = self.look_at_signals(!running && !linger).await?;
                if !matches!(seen, Seen::Nothing) {
                    return Ok(self.take_in(seen));
                }
            }
            if let Some(finished) = self.ended.pop_front() {
                if self.record_activity(finished).await? {
                    return Ok(true);
                }
            } else if linger {
                lingered = true;
                self.look |= self.bell.rung_within(LINGER).await;
            } else if running {
                tokio::select! {
                    Some(ended) = self.running.next() => {
                        // Given up activities end as aborted.
                        self.ended.extend(ended.ok());
                        // Recording takes a sync to disk. Whatever runs beside is taken as far as it gets first, so
                        // that it does not stand still meanwhile.
                        while let Some(Some(ended)) = self.running.next().now_or_never() {
                            self.ended.extend(ended.ok());
                        }
                    }
                    () = self.bell.rung() => {}
                }
            }
        }
    }

    /// While sopd stops: waits until one of what is under way has come to its end, and records it; `false` when nothing
    /// is left, and the workflow is let go. Nothing else is taken in: it stays in the journal until the next start.
    pub(super) async fn finish_running(&mut self) -> Driven<bool> {
        let bell = self.bell;
        let mut cut = std::pin::pin!(bell.cut());
        loop {
            while let Some(finished) = self.ended.pop_front() {
                if finished.1.as_ref().is_err_and(|failure| failure.class == FailureClass::Machine) {
                    self.hand_back(finished.0).await;
                } else if self.record_activity(finished).await? {
                    return Ok(true);
                }
            }
            if self.running.is_empty() {
                return Ok(false);
            }
            tokio::select! {
                biased;
                Some(ended) = self.running.next() => self.ended.extend(ended.ok()),
                () = &mut cut => return self.cut_off().await.map(|()| false),
            }
        }
    }

    /// Something whose start is on record was not begun: another start may begin it. Where that cannot be written down,
    /// it counts as cut off.
    async fn hand_back(&mut self, ordinal: i64) {
        let id = self.id.clone();
        let sql = "DELETE FROM step WHERE workflow = ?1 AND ordinal = ?2 AND position IS NULL";
        let deleted =
            self.journal.append_async(move |tx| Ok(tx.db().execute(sql, (&*id, ordinal)).map(drop)?));
        if let Err(problem) = deleted.await {
            tracing::warn!(%problem, workflow = %self.id, "what was not begun could not be handed back");
        }
    }

    /// Ends what is under way. What must not run twice unseen has an outcome then: that it was stopped.
    async fn cut_off(&mut self) -> Driven<()> {
        let under_way: Vec<(i64, &'static str)> =
            self.aborts.keys().filter_map(|ordinal| self.unsafe_one(*ordinal)).collect();
        self.running.clear();
        for (ordinal, name) in under_way {
            let reason =
                format!("`{name}` was under way when sopd was stopped, and must not run twice unseen");
            self.record_activity((ordinal, Err(Failure::new(FailureClass::Stopped, reason)))).await?;
        }
        Ok(())
    }

    fn unsafe_one(&self, ordinal: i64) -> Option<(i64, &'static str)> {
        let (asked, _) = self.pending.get(&ordinal)?;
        let What::Activity { name, .. } = &asked.what else { return None };
        (self.repeat_of(name) == Repeat::Unsafe).then_some((ordinal, *name))
    }

    fn has_children(&self) -> bool {
        self.pending.values().any(|(asked, _)| matches!(asked.what, What::Child { .. }))
    }

    /// Tells the story what was seen and recorded; `false` when the workflow was parked.
    fn take_in(&mut self, seen: Seen) -> bool {
        match seen {
            Seen::Parked => return false,
            Seen::Nothing => {}
            Seen::Cancel { at } => self.deliver_cancel(self.position, at),
            Seen::Answer { ordinal, outcome, at, place } => {
                fault::point(&place, "after");
                self.deliver(self.position, ordinal, outcome, at);
            }
        }
        true
    }

    /// Records an activity's answer; `false` when nobody waits for it any more.
    async fn record_activity(&mut self, (ordinal, outcome): Finished) -> Driven<bool> {
        let Some((asked, _)) = self.pending.get(&ordinal) else { return Ok(false) };
        let place = self.fault_place(&asked.key);
        fault::point(&place, "unrecorded");
        let attempt = self.record.steps.get(&ordinal).map_or(1, |step| step.attempt);
        let step = StepRecord { position: Some(self.position), attempt, ..step_of(asked) };
        let (outcome, at) = self.commit_answer(step, outcome).await?;
        fault::point(&place, "after");
        self.deliver(self.position, ordinal, outcome, at);
        Ok(true)
    }

    async fn commit_answer(
        &mut self,
        step: StepRecord,
        outcome: Result<Recorded<String>, Failure>,
    ) -> Driven<(Result<String, Stop>, i64)> {
        let (outcome, changes) = match outcome {
            Ok(recorded) => (Ok(recorded.output), recorded.changes),
            Err(failure) => (Err(Stop::Failed(failure)), Vec::new()),
        };
        let (outcome, written) = self.cleaned(outcome)?;
        let (id, stored) = (self.id.clone(), step.clone());
        let committed = append((self.journal, self.bell), move |tx| {
            changes.iter().try_for_each(|change| change(tx))?;
            stored.write(tx, &id, Some(&written))
        })
        .await;
        let problem = match committed {
            Ok(at) => return Ok((outcome, at)),
            Err(problem) if problem.kind.passes() => return Err(problem.into()),
            Err(problem) => problem,
        };
        // The changes did not apply; what is recorded is that failure, and nothing of the changes.
        let (outcome, written) = self.cleaned(Err(Stop::Failed(Failure::from(problem))))?;
        let id = self.id.clone();
        let at = append((self.journal, self.bell), move |tx| step.write(tx, &id, Some(&written))).await?;
        Ok((outcome, at))
    }

    /// An outcome without secrets, and its stored form. Cleaned before it is delivered: the story must see what
    /// every replay will see.
    fn cleaned(&self, outcome: Result<String, Stop>) -> Driven<(Result<String, Stop>, String)> {
        let written = encode_outcome(&outcome)?;
        let clean = self.journal.clean(&written);
        if clean == written {
            return Ok((outcome, written));
        }
        Ok((decode_outcome(&clean)?, clean))
    }

    async fn look_at_signals(&mut self, may_park: bool) -> Driven<Seen> {
        let look = Look {
            id: self.id.clone(),
            position: self.position,
            wanted: self.wanted(),
            given_up: std::mem::take(&mut self.given_up),
            cancelled: self.cancelled,
            may_park,
            witness: self.stories.witness_of_signals(),
        };
        let seen = append((self.journal, self.bell), move |tx| look.take(tx)).await?;
        // After an answer there may be more.
        self.look = !matches!(seen, Seen::Nothing);
        Ok(seen)
    }

    /// Signals this workflow waits for, with the step each answers and its fault point.
    fn wanted(&self) -> BTreeMap<String, (StepRecord, String)> {
        let mut wanted = BTreeMap::new();
        for (ordinal, (asked, _)) in &self.pending {
            let name = match &asked.what {
                What::Activity { .. } => continue,
                What::Signal { name } => name.clone(),
                What::Child { .. } => format!("child/{}/{}", self.id, asked.key),
                What::Timer { .. } => format!("timer/{ordinal}"),
            };
            // Two waits for one name: the first asked is answered first.
            wanted.entry(name).or_insert_with(|| (step_of(asked), self.fault_place(&asked.key)));
        }
        wanted
    }

    /// Records the end and tells the parent.
    pub(super) async fn end(&mut self, outcome: Result<String, Stop>) -> Driven<()> {
        let (_, written) = self.cleaned(outcome)?;
        let (id, parent) = (self.id.clone(), self.record.parent.clone());
        let given_up = std::mem::take(&mut self.given_up);
        append((self.journal, self.bell), move |tx| {
            put_away(tx, &id, &given_up)?;
            let stored = blob::shelve(tx, &written)?;
            tx.db()
                .prepare_cached(
                    "UPDATE workflow SET state = 'done', outcome = ?2, ended_at = ?3 WHERE id = ?1",
                )?
                .execute((&*id, &stored, tx.now().0))?;
            tx.db()
                .prepare_cached("UPDATE signal SET position = -1 WHERE workflow = ?1 AND position IS NULL")?
                .execute([&*id])?;
            tx.db().prepare_cached("DELETE FROM timer WHERE workflow = ?1")?.execute([&*id])?;
            parent.as_ref().map_or(Ok(()), |parent| tx.signal_text(parent, &format!("child/{id}"), &stored))
        })
        .await?;
        Ok(())
    }
}

impl Look {
    fn take(&self, tx: &Tx<'_>) -> Result<Seen> {
        put_away(tx, &self.id, &self.given_up)?;
        let wants = |name: &str| (name == CANCEL && !self.cancelled) || self.wanted.contains_key(name);
        let Some(found) = self.next(tx, wants)? else {
            if !self.may_park {
                return Ok(Seen::Nothing);
            }
            tx.db()
                .prepare_cached("UPDATE workflow SET state = 'parked' WHERE id = ?1 AND state = 'ready'")?
                .execute([&*self.id])?;
            return Ok(Seen::Parked);
        };
        consume(tx, found.id, self.position)?;
        let Some((step, place)) = self.wanted.get(&found.name) else { return self.cancel(tx) };
        fault::point(place, "before");
        let outcome = if step.kind == "child" { decode_outcome(&found.payload)? } else { Ok(found.payload) };
        let step = StepRecord { position: Some(self.position), ..step.clone() };
        let at = step.write(tx, &self.id, Some(&encode_outcome(&outcome)?))?;
        Ok(Seen::Answer { ordinal: step.ordinal, outcome, at, place: place.clone() })
    }

    /// The oldest signal that is waited for and borne out by the log. One that is not is put out, and told.
    fn next(&self, tx: &Tx<'_>, wants: impl Fn(&str) -> bool) -> Result<Option<Arrived>> {
        while let Some(found) = Arrived::oldest(tx.db(), &self.id, &wants)? {
            let Some(witness) = self.witness else { return Ok(Some(found)) };
            if witness(tx.db(), &found.name, &found.payload)? {
                return Ok(Some(found));
            }
            put_out(tx, found.id)?;
            let root = subject_of(&self.id);
            tx.event(root, "signal_refused", &json!({ "workflow": &*self.id, "signal": found.name }))?;
            tracing::error!(workflow = %self.id, signal = found.name, "no fact bears this signal out: it is not heard");
        }
        Ok(None)
    }

    /// Everything waited for is answered by the cancel, and nothing of it goes on.
    fn cancel(&self, tx: &Tx<'_>) -> Result<Seen> {
        for child in self.wanted.keys().filter_map(|name| name.strip_prefix("child/")) {
            tx.signal(child, CANCEL, &serde_json::Value::Null)?;
        }
        tx.db().prepare_cached("DELETE FROM timer WHERE workflow = ?1")?.execute([&*self.id])?;
        tx.db()
            .prepare_cached(
                "UPDATE step SET outcome = '\"cancelled\"' WHERE workflow = ?1 AND position IS NULL",
            )?
            .execute([&*self.id])?;
        let at = StepRecord::cancel(self.position).write(tx, &self.id, None)?;
        Ok(Seen::Cancel { at })
    }
}
