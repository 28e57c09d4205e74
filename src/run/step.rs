//! One step of a run: begun, tried as often as its SOP says, and ended. A child of its own, so that steps go on side
//! by side; who or what does it has a file of its own.

pub(super) mod agent;
pub(super) mod command;
pub(super) mod handed;
pub(super) mod http;
pub(super) mod nested;
pub(super) mod person;
pub(super) mod tools;

use super::Site;
use super::effect::Sight;
use super::records::{set_due, set_step};
use super::result::{Result as Gave, finish};
use super::state::StepState;
use crate::base::{Digest, Instant, Span, span::Unit};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Story, Workflow};
use crate::sop::document::OnFailure;
use crate::sop::work::Work;
use agent::{AgentWork, by_agent};
use command::RunCommand;
use http::{HttpEnd, SendRequest};
use nested::by_sop;
use person::by_person;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Does a step.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DoStep {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) visit: u32,
    /// Hash of the effect that was approved; none where nobody was asked.
    pub(super) shown: Option<Digest>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepEnd {
    Completed,
    /// For good.
    Failed {
        reason: String,
    },
    /// Cut off by a crash in work that must not be repeated unseen.
    Interrupted {
        reason: String,
    },
    /// Whoever does it says that it cannot be done so.
    Asks {
        reason: String,
    },
}

/// What one try came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tried {
    Done,
    Failed(String),
    /// It cannot be done so: what is missing. No failure, and no matter of trying again as it is.
    Asks(String),
}

impl Story for DoStep {
    const NAME: &'static str = "do_step";
    const VERSION: u32 = 2;
    type Output = StepEnd;
    fn key(&self) -> String {
        format!("step-{}#{}", self.step, self.visit)
    }
    async fn tell(self, w: Workflow) -> Result<StepEnd, Stop> {
        let Self { run, step, visit, shown } = self;
        let begun = match w.call(BeginStep { run: run.clone(), step, visit, shown }).await? {
            Begun::Ready(begun) => begun,
            Begun::Changed(reason) => return Ok(StepEnd::Failed { reason }),
        };
        let mut attempt = 1;
        loop {
            let one = OneTry { run: &run, step, visit, attempt };
            let reason = match one.perform(&w, &begun.does).await {
                Ok(Tried::Done) => return Ok(StepEnd::Completed),
                Ok(Tried::Asks(reason)) => {
                    one.fail(&w, (StepState::Asking, &reason)).await?;
                    return Ok(StepEnd::Asks { reason });
                }
                Ok(Tried::Failed(reason)) => reason,
                Err(Stop::Failed(failure)) => match cut_off_by(failure.class) {
                    None => failure.reason,
                    Some(by) => {
                        let reason = format!(
                            "step {step} was cut off {by}; nobody knows how far it came, and it is not repeated unseen"
                        );
                        one.fail(&w, (StepState::Interrupted, &reason)).await?;
                        return Ok(StepEnd::Interrupted { reason });
                    }
                },
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
            };
            if attempt >= begun.tries {
                one.fail(&w, (StepState::Failed, &reason)).await?;
                return Ok(StepEnd::Failed { reason });
            }
            w.call(NoteRetry { run: run.clone(), step, visit, attempt, reason }).await?;
            w.timer(begun.pause.after(w.now())).await?;
            attempt += 1;
        }
    }
}

/// What cut work off that must not be repeated unseen.
fn cut_off_by(class: FailureClass) -> Option<&'static str> {
    match class {
        FailureClass::Interrupted => Some("by a crash"),
        FailureClass::Stopped => Some("when sopd was stopped"),
        _ => None,
    }
}

/// One try of one visit of a step.
pub(super) struct OneTry<'a> {
    pub(super) run: &'a str,
    pub(super) step: u32,
    pub(super) visit: u32,
    pub(super) attempt: u32,
}

/// Pauses while a service is down: short at first, then every quarter of an hour for as long as the run may take.
const OUTAGE: [Span; 3] = [
    Span { count: 1, unit: Unit::Minute },
    Span { count: 5, unit: Unit::Minute },
    Span { count: 15, unit: Unit::Minute },
];

impl OneTry<'_> {
    async fn perform(&self, w: &Workflow, does: &Does) -> Result<Tried, Stop> {
        let Self { run, step, visit, attempt } = *self;
        match does {
            Does::Command => w.call(RunCommand { run: run.to_owned(), step, visit, attempt }).await,
            Does::Request => self.request(w).await,
            Does::Wait(until) => {
                w.timer(*until).await?;
                w.call(Waited { run: run.to_owned(), step, visit }).await?;
                Ok(Tried::Done)
            }
            Does::Person => by_person(w, self).await,
            Does::Agent(work) => by_agent(w, self, work).await,
            Does::Sop => by_sop(w, self).await,
        }
    }

    /// Sends the request; a service that is down is waited for, and uses up no try.
    async fn request(&self, w: &Workflow) -> Result<Tried, Stop> {
        let mut nth = 1;
        loop {
            let Self { run, step, visit, attempt } = *self;
            match w.call(SendRequest { run: run.to_owned(), step, visit, attempt, nth }).await? {
                HttpEnd::Done => return Ok(Tried::Done),
                HttpEnd::Failed(reason) => return Ok(Tried::Failed(reason)),
                HttpEnd::Down => {
                    let pause =
                        OUTAGE.get(nth as usize - 1).or(OUTAGE.last()).map(|span| span.after(w.now()));
                    w.timer(pause.unwrap_or(w.now())).await?;
                }
            }
            nth += 1;
        }
    }

    async fn fail(&self, w: &Workflow, (state, reason): (StepState, &str)) -> Result<(), Stop> {
        let Self { run, step, visit, .. } = *self;
        w.call(FailStep { run: run.to_owned(), step, visit, state, reason: reason.to_owned() }).await
    }
}

/// Marks a step as begun, if it still is what was approved.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BeginStep {
    run: String,
    step: u32,
    visit: u32,
    shown: Option<Digest>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Begun {
    Ready(Ready),
    /// It is no longer what was approved.
    Changed(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ready {
    does: Does,
    /// Tries, the first included.
    tries: u32,
    /// Before the next try.
    pause: Span,
}

/// Who or what does it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Does {
    Command,
    Request,
    Sop,
    Wait(Instant),
    Person,
    Agent(Box<AgentWork>),
}

/// Before another try where the step says nothing: long enough for a passing trouble to pass.
const USUAL_PAUSE: Span = Span { count: 5, unit: Unit::Second };

impl Activity for BeginStep {
    const NAME: &'static str = "begin_step";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Begun;
    fn key(&self) -> String {
        format!("begin-{}#{}", self.step, self.visit)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Begun>, Failure> {
        let Self { run, step, shown, .. } = self;
        let sight = Sight::of(&site.journal, &run)?;
        let changed = match &shown {
            Some(shown) if !sight.is_shown(step, shown)? => {
                Some("what it would do is no longer what was approved".to_owned())
            }
            Some(_) => site.altered(&sight)?,
            None => None,
        };
        if let Some(reason) = changed {
            let body = json!({ "stepNumber": step, "error": reason });
            return Ok(Recorded::of(Begun::Changed(reason.clone()))
                .event(&run.clone(), "step_failed", body)
                .change(move |tx| set_step(tx, (&run, step), StepState::Failed, &reason)));
        }
        let (tries, pause) = match &sight.plan.step(step)?.on_failure {
            Some(OnFailure::Retry { times, every }) => {
                (times.saturating_add(1), every.unwrap_or(USUAL_PAUSE))
            }
            _ => (1, USUAL_PAUSE),
        };
        let (does, snapshot) = does(site, &sight, step)?;
        let limit = sight.plan.step(step)?.time_limit;
        let body = json!({
            "stepNumber": step, "title": sight.plan.step(step)?.title, "work": sight.plan.kind(step)?,
            "assignee": sight.plan.assignees.get(&step).map(|one| &one.id), "effect": shown,
        });
        Ok(Recorded::of(Begun::Ready(Ready { does, tries, pause }))
            .event(&run.clone(), "step_started", body)
            .change(move |tx| {
                snapshot.as_ref().map_or(Ok(()), |bytes| tx.blob(bytes).map(drop))?;
                // Its time is its own: what was waited for before it is nobody's delay.
                set_due(tx, (&run, step), limit.map(|limit| limit.after(tx.now())))?;
                set_step(tx, (&run, step), StepState::Running, "")
            }))
    }
}

fn does(site: &Site, sight: &Sight, step: u32) -> Result<(Does, Option<Vec<u8>>), Failure> {
    let plain = |does| Ok((does, None));
    match sight.plan.work(step)? {
        Work::Command(_) => plain(Does::Command),
        Work::Http(_) => plain(Does::Request),
        Work::Nested(_) => plain(Does::Sop),
        Work::Wait(span) => plain(Does::Wait(span.after(site.journal.clock().now()))),
        Work::Hands if sight.plan.kind(step)? == "person" => plain(Does::Person),
        Work::Hands => {
            let (work, bytes) = AgentWork::of(site, sight, step)?;
            Ok((Does::Agent(Box::new(work)), Some(bytes)))
        }
    }
}

/// Records that a try failed and another follows.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NoteRetry {
    run: String,
    step: u32,
    visit: u32,
    attempt: u32,
    reason: String,
}

impl Activity for NoteRetry {
    const NAME: &'static str = "note_retry";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("retry-{}#{}.{}", self.step, self.visit, self.attempt)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let Self { run, step, attempt, reason, .. } = self;
        let body = json!({ "stepNumber": step, "attempt": attempt, "error": reason });
        Ok(Recorded::of(()).event(&run.clone(), "step_retried", body).change(move |tx| {
            tx.db()
                .prepare_cached(
                    "UPDATE run_step SET attempts = ?3, reason = ?4 WHERE run = ?1 AND number = ?2",
                )?
                .execute((&run, step, attempt + 1, tx.clean(&format!("try {attempt} failed: {reason}"))))?;
            Ok(())
        }))
    }
}

/// Records that a step did not come to a good end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FailStep {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) visit: u32,
    pub(super) state: StepState,
    pub(super) reason: String,
}

impl Activity for FailStep {
    const NAME: &'static str = "fail_step";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("fail-{}#{}", self.step, self.visit)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let Self { run, step, state, reason, .. } = self;
        let body = json!({ "stepNumber": step, "error": reason, "state": state });
        let kind = if state == StepState::Asking { "step_asks" } else { "step_failed" };
        Ok(Recorded::of(())
            .event(&run.clone(), kind, body)
            .change(move |tx| set_step(tx, (&run, step), state, &reason)))
    }
}

/// Records that a wait is over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waited {
    run: String,
    step: u32,
    visit: u32,
}

impl Activity for Waited {
    const NAME: &'static str = "waited";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("waited-{}#{}", self.step, self.visit)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| {
            let said = "the time has passed".to_owned();
            finish(tx, (&self.run, self.step), &Gave { said, ..Gave::default() })
        }))
    }
}
