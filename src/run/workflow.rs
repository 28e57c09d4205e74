//! The story of a run, from its start to its end. Everything it awaits is recorded, so it may be told again from its
//! first line after any crash; it ends only when a run is complete or somebody ends it.

use super::close::Close;
use super::control::{CONTROL, Control};
use super::floor::Floor;
use super::gate::{AskGate, GateEnd, gate_key};
use super::open::{Admitted, Begin, LookAhead, Opening, Preflight};
use super::records::left_out;
use super::standstill::{AskHow, WHOLE};
use super::state::RunState;
use super::verdict::done_or_not;
use crate::journal::{Stop, Story, Workflow};
use futures::future::{Either, select};
use serde::{Deserialize, Serialize};

/// A run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Execute {
    /// `sop_run_…`.
    pub run: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// Its last state.
    pub state: RunState,
    /// How, in words; empty when it is complete, or when somebody's word is on record.
    pub reason: String,
}

impl RunEnd {
    pub(super) fn new(state: RunState, reason: impl Into<String>) -> Self {
        Self { state, reason: reason.into() }
    }
}

impl Story for Execute {
    const NAME: &'static str = "execute";
    const VERSION: u32 = 1;
    type Output = RunEnd;
    fn key(&self) -> String {
        self.run.clone()
    }
    async fn tell(self, w: Workflow) -> Result<RunEnd, Stop> {
        let end = match execute(&w, &self.run).await {
            Ok(end) => end,
            Err(Stop::Cancelled) => RunEnd::new(RunState::Cancelled, ""),
            Err(Stop::Failed(failure)) => RunEnd::new(RunState::Failed, failure.reason),
        };
        let close = || Close { run: self.run.clone(), state: end.state, reason: end.reason.clone() };
        // A cancel that comes now is too late for the run, but it interrupts this; it comes only once.
        if let Err(Stop::Cancelled) = w.call(close()).await {
            w.call(close()).await?;
        }
        Ok(end)
    }
}

async fn execute(w: &Workflow, run: &str) -> Result<RunEnd, Stop> {
    let opening = w.call(LookAhead { run: run.to_owned(), nth: 1 }).await?;
    let opening = if opening.held { let_go(w, run).await? } else { opening };
    match w.call(Preflight { run: run.to_owned() }).await? {
        Admitted::Go => {}
        Admitted::No(reason) => return Ok(RunEnd::new(RunState::Cancelled, reason)),
    }
    if let Some(why) = opening.gate
        && let Some(end) = may_begin(w, run, why).await?
    {
        return Ok(end);
    }
    if let Admitted::No(reason) = w.call(Begin { run: run.to_owned() }).await? {
        return Ok(RunEnd::new(RunState::Cancelled, reason));
    }
    let mut floor = Floor::new(w, run, opening.legs, (opening.max_visits, opening.time_limit));
    floor.work().await?;
    done_or_not(w, run).await
}

/// Waits until somebody lets a held run go, then looks at the plan again: it may have been adjusted.
async fn let_go(w: &Workflow, run: &str) -> Result<Opening, Stop> {
    loop {
        if let Control::Resume { .. } = w.signal::<Control>(CONTROL).await? {
            return w.call(LookAhead { run: run.to_owned(), nth: 2 }).await;
        }
    }
}

/// Asks before the first step. `Some` ends the run; a no pauses it until it is asked again or cancelled.
async fn may_begin(w: &Workflow, run: &str, why: Vec<String>) -> Result<Option<RunEnd>, Stop> {
    let mut visit = 1;
    loop {
        let gate = AskGate { run: run.to_owned(), step: None, visit, why: why.clone() };
        let reason = match w.child(gate).await? {
            GateEnd::Approved { .. } => return Ok(None),
            GateEnd::Skipped { reason } => return Ok(Some(RunEnd::new(RunState::Cancelled, reason))),
            GateEnd::Rejected { reason } | GateEnd::Lapsed { reason } | GateEnd::Nobody { reason } => reason,
        };
        super::floor::halt(w, run, &gate_key(None, visit), (RunState::Paused, &reason)).await?;
        let asking = AskHow { run: run.to_owned(), step: WHOLE, nth: visit, reason, late: false };
        if let Some(reason) = given_up(w, asking).await? {
            return Ok(Some(RunEnd::new(RunState::Cancelled, reason)));
        }
        visit += 1;
    }
}

/// Waits until somebody wants a run to be asked about again, or gives it up: with these words.
async fn given_up(w: &Workflow, asking: AskHow) -> Result<Option<String>, Stop> {
    let mut how = w.child(asking);
    let mut control = w.signal::<Control>(CONTROL);
    loop {
        match select(&mut how, &mut control).await {
            Either::Left((again, _)) => {
                if again?.is_some() {
                    return Ok(None);
                }
            }
            Either::Right((wish, _)) => match wish? {
                Control::Retry { .. } => return Ok(None),
                Control::Skip { by, reason, .. } => return Ok(Some(left_out(&by, &reason))),
                Control::Pause { .. } | Control::Resume { .. } => control = w.signal(CONTROL),
            },
        }
    }
}
