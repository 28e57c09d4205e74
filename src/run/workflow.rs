//! The story of a run, from its start to its end. Everything it awaits is recorded, so it may be told again from its
//! first line after any crash; it ends only when a run is complete or somebody ends it.

use super::close::Close;
use super::control::{CONTROL, Control};
use super::floor::Floor;
use super::gate::{AskGate, GateEnd, gate_key};
use super::moves::Reopen;
use super::open::{Admitted, Begin, LookAhead, Preflight};
use super::records::left_out;
use super::standstill::{AskHow, WHOLE};
use super::state::RunState;
use super::verdict::done_or_not;
use crate::journal::{Pending, Stop, Story, Workflow};
use futures::future::{Either, select};
use serde::de::DeserializeOwned;
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
    const VERSION: u32 = 2;
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
    let look = |nth| w.call(LookAhead { run: run.to_owned(), nth });
    let mut opening = match insist(w, run, LOOKS, || look(1)).await? {
        Ok(opening) => opening,
        Err(given_up) => return Ok(given_up),
    };
    if opening.held {
        let_go(w).await?;
        opening = match insist(w, run, LOOKS + FAR, || look(2)).await? {
            Ok(opening) => opening,
            Err(given_up) => return Ok(given_up),
        };
    }
    let preflight = || w.call(Preflight { run: run.to_owned() });
    match insist(w, run, CHECKS, preflight).await? {
        Ok(Admitted::Go) => {}
        Ok(Admitted::No(reason)) => return Ok(RunEnd::new(RunState::Cancelled, reason)),
        Err(given_up) => return Ok(given_up),
    }
    if let Some(why) = opening.gate
        && let Some(end) = may_begin(w, run, why).await?
    {
        return Ok(end);
    }
    match insist(w, run, BEGINNINGS, || w.call(Begin { run: run.to_owned() })).await? {
        Ok(Admitted::Go) => {}
        Ok(Admitted::No(reason)) => return Ok(RunEnd::new(RunState::Cancelled, reason)),
        Err(given_up) => return Ok(given_up),
    }
    let mut floor = Floor::new(w, run, opening.legs, (opening.max_visits, opening.time_limit));
    floor.work().await?;
    done_or_not(w, run).await
}

/// Where the numbers of questions about what comes before the first step begin: each of these has its own, far from
/// those about gates and steps.
const FAR: u32 = 1_000_000;
const LOOKS: u32 = FAR;
const CHECKS: u32 = 3 * FAR;
const BEGINNINGS: u32 = 4 * FAR;

/// Does what comes before the first step, and again as often as somebody wants it where it cannot be done: a run that
/// has failed asks how it goes on. The inner `Err` is how it was given up.
async fn insist<T: DeserializeOwned>(
    w: &Workflow,
    run: &str,
    first: u32,
    work: impl Fn() -> Pending<T>,
) -> Result<Result<T, RunEnd>, Stop> {
    let mut nth = first;
    loop {
        let reason = match work().await {
            Err(Stop::Failed(failure)) => failure.reason,
            other => return other.map(Ok),
        };
        super::floor::halt(w, run, &nth.to_string(), (RunState::Failed, &reason)).await?;
        let asking = AskHow { run: run.to_owned(), step: WHOLE, nth, reason, late: false };
        match how(w, asking).await? {
            How::Again(by) => {
                let (run, steps, by) = (run.to_owned(), Vec::new(), Some(by));
                w.call(Reopen { run, steps, by, nth, back_to: None, reason: String::new() }).await?;
            }
            How::GivenUp(reason) => return Ok(Err(RunEnd::new(RunState::Cancelled, reason))),
        }
        nth += 1;
    }
}

/// Waits until somebody lets a held run go.
async fn let_go(w: &Workflow) -> Result<(), Stop> {
    loop {
        if let Control::Resume { .. } = w.signal::<Control>(CONTROL).await? {
            return Ok(());
        }
    }
}

/// Asks before the first step. `Some` ends the run; a no pauses it until it is asked again or cancelled.
async fn may_begin(w: &Workflow, run: &str, why: Vec<String>) -> Result<Option<RunEnd>, Stop> {
    let mut visit = 1;
    loop {
        let gate = AskGate { run: run.to_owned(), step: None, visit, why: why.clone() };
        let reason = match w.child(gate).await {
            Ok(GateEnd::Approved { .. }) => return Ok(None),
            Ok(GateEnd::Skipped { reason }) => return Ok(Some(RunEnd::new(RunState::Cancelled, reason))),
            Ok(GateEnd::Rejected { reason } | GateEnd::Lapsed { reason } | GateEnd::Nobody { reason }) => {
                reason
            }
            Err(Stop::Failed(failure)) => failure.reason,
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
        };
        super::floor::halt(w, run, &gate_key(None, visit), (RunState::Paused, &reason)).await?;
        let asking = AskHow { run: run.to_owned(), step: WHOLE, nth: visit, reason, late: false };
        if let How::GivenUp(reason) = how(w, asking).await? {
            return Ok(Some(RunEnd::new(RunState::Cancelled, reason)));
        }
        visit += 1;
    }
}

/// How a run that has not begun goes on.
enum How {
    /// Once more, as this party wants it.
    Again(String),
    /// Not at all, with these words.
    GivenUp(String),
}

/// Waits until somebody wants it tried again, or gives it up. Where nobody can be asked, those who steer runs by hand
/// decide.
async fn how(w: &Workflow, asking: AskHow) -> Result<How, Stop> {
    let mut how = w.child(asking);
    let mut control = w.signal::<Control>(CONTROL);
    loop {
        let said = match select(&mut how, &mut control).await {
            Either::Left((again, _)) => Either::Left(again),
            Either::Right((wish, _)) => Either::Right(wish?),
        };
        let wish = match said {
            Either::Left(Ok(Some(wish))) => return Ok(How::Again(wish.by_and_reason().0)),
            Either::Left(Err(Stop::Cancelled)) => return Err(Stop::Cancelled),
            Either::Left(_) => control.await?,
            Either::Right(wish) => wish,
        };
        match wish {
            Control::Retry { by, .. } => return Ok(How::Again(by)),
            Control::Skip { by, reason, .. } => return Ok(How::GivenUp(left_out(&by, &reason))),
            Control::Pause { .. } | Control::Resume { .. } | Control::Complete { .. } => {
                control = w.signal(CONTROL);
            }
        }
    }
}
