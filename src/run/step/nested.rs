//! A step done by another SOP: a run of its own, of the version pinned when the outer run started.

use super::{OneTry, Tried};
use crate::agent::Snapshot;
use crate::base::Exacts;
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Workflow};
use crate::run::Site;
use crate::run::effect::Sight;
use crate::run::result::{self, finish};
use crate::run::start::{Cause, Request, prepare, start};
use crate::run::state::RunState;
use crate::run::workflow::RunEnd;
use crate::sop::work::Work;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Starts the inner run and waits for its end.
pub(in crate::run) async fn by_sop(w: &Workflow, at: &OneTry<'_>) -> Result<Tried, Stop> {
    let OneTry { run, step, visit, attempt } = *at;
    let start = StartNested { run: run.to_owned(), step, visit, attempt, workflow: w.id().to_owned() };
    let inner = w.call(start).await?;
    let end = match w.signal::<RunEnd>(&ended(&inner)).await {
        Ok(end) => end,
        Err(stop) => {
            w.call(EndNested { inner, run: run.to_owned() }).await?;
            return Err(stop);
        }
    };
    if end.state != RunState::Completed {
        return Ok(Tried::Failed(format!("{inner} is {}: {}", end.state.word(), end.reason)));
    }
    w.call(TakeNested { run: run.to_owned(), step, inner }).await?;
    Ok(Tried::Done)
}

/// The signal by which an inner run tells its end to the step that waits for it.
pub(in crate::run) fn ended(run: &str) -> String {
    format!("run/{run}")
}

/// Starts the inner run.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct StartNested {
    run: String,
    step: u32,
    visit: u32,
    attempt: u32,
    workflow: String,
}

impl Activity for StartNested {
    const NAME: &'static str = "start_nested";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = String;
    fn key(&self) -> String {
        format!("nested-{}#{}.{}", self.step, self.visit, self.attempt)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<String>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let Work::Nested(sop) = sight.plan.work(self.step)? else {
            return Err(Failure::bug(format!("step {} of {} calls no SOP", self.step, self.run)));
        };
        let snapshot = Snapshot::in_force(&site.root).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(FailureClass::Content, words.join("; "))
        })?;
        let request = Request {
            given: values(&sight, self.step),
            mode: None,
            by: sight.row.initiator.clone(),
            os_user: String::new(),
            cause: Cause::Step { run: self.run.clone(), step: self.step, workflow: self.workflow.clone() },
            hold: false,
            // Starting twice is starting once: a crash between the start and its record must not make two.
            idempotency_key: Some(format!("{}/{}", self.run, self.key())),
            pinned: sight.plan.nested.get(&sop).copied(),
            sop,
        };
        let ready = prepare(&site.journal, &site.root, &snapshot, request)?;
        let started = site.journal.append_async(move |tx| start(tx, &ready)).await??;
        let (run, step, runs_as) = (self.run, self.step, format!("it runs as {}", started.run));
        Ok(Recorded::of(started.run).change(move |tx| {
            tx.db()
                .prepare_cached("UPDATE run_step SET reason = ?3 WHERE run = ?1 AND number = ?2")?
                .execute((&run, step, &runs_as))?;
            Ok(())
        }))
    }
}

/// The outer packet, and what earlier steps gave, as the inner packet; the packet wins over a step.
fn values(sight: &Sight, step: u32) -> BTreeMap<String, String> {
    let scope = sight.scope(step);
    let all = scope.steps.into_values().flatten().chain(scope.inputs);
    all.filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, value.plain())).collect()
}

/// Takes the inner run's end as the step's result.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct TakeNested {
    run: String,
    step: u32,
    inner: String,
}

impl Activity for TakeNested {
    const NAME: &'static str = "take_nested";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("take/{}", self.inner)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| {
            let mut outputs = Exacts::new();
            for step in crate::run::records::steps(tx.db(), &self.inner)? {
                outputs.extend(step.outputs);
            }
            let more = Map::from_iter([("inner".to_owned(), json!(self.inner))]);
            let said = format!("{} is complete", self.inner);
            let result = result::Result { outputs, said, more, ..result::Result::default() };
            finish(tx, (&self.run, self.step), &result)
        }))
    }
}

/// Ends an inner run whose outer one ends.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct EndNested {
    inner: String,
    run: String,
}

impl Activity for EndNested {
    const NAME: &'static str = "end_nested";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("end/{}", self.inner)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| {
            let reason = format!("{}, which had started it, went on without it", self.run);
            tx.db()
                .prepare_cached("UPDATE run SET reason = ?2 WHERE id = ?1 AND ended_at IS NULL")?
                .execute((&self.inner, reason))?;
            tx.signal(&self.inner, "cancel", &Value::Null)
        }))
    }
}
