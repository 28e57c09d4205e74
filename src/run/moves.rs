//! Small facts of a run that are no step: it stands still, goes on, opens steps again, leaves one out, undoes one.

use super::Site;
use super::admission::let_in;
use super::close::left;
use super::effect::Sight;
use super::records::{refresh, set_run, set_step};
use super::standstill::WHOLE;
use super::state::{RunState, StepState};
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::sop::work::script;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The run stands still: paused, or failed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Halt {
    pub(super) run: String,
    pub(super) state: RunState,
    pub(super) reason: String,
    /// What tells this halt from others of the run.
    pub(super) key: String,
}

impl Activity for Halt {
    const NAME: &'static str = "halt";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("{}#{}", self.state.word(), self.key)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let Self { run, state, reason, .. } = self;
        let kind = if state == RunState::Failed { "run_failed" } else { "run_paused" };
        Ok(Recorded::of(()).event(&run.clone(), kind, json!({ "reason": reason })).change(move |tx| {
            set_run(tx, &run, state, &reason)?;
            let_in(tx, &left(tx, &run)?)
        }))
    }
}

/// The run goes on after somebody's pause.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Resumed {
    pub(super) run: String,
    pub(super) by: String,
    pub(super) nth: u32,
}

impl Activity for Resumed {
    const NAME: &'static str = "resumed";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("resumed#{}", self.nth)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let Self { run, by, .. } = self;
        Ok(Recorded::of(()).event(&run.clone(), "run_resumed", json!({ "by": by })).change(move |tx| {
            crate::decision::void_of(tx, &run, WHOLE)?;
            set_run(tx, &run, RunState::Running, "")?;
            refresh(tx, &run)
        }))
    }
}

/// Steps are open again: somebody tries again, or a failure leads back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reopen {
    pub(super) run: String,
    pub(super) steps: Vec<u32>,
    /// Who tries again; none where the SOP itself leads back.
    pub(super) by: Option<String>,
    pub(super) nth: u32,
}

impl Activity for Reopen {
    const NAME: &'static str = "reopen";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("reopen#{}", self.nth)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let Self { run, steps, by, .. } = self;
        let kind = if by.is_some() { "run_retried" } else { "steps_reopened" };
        let body = json!({ "by": by, "steps": steps, "stepNumber": steps.first() });
        Ok(Recorded::of(()).event(&run.clone(), kind, body).change(move |tx| {
            crate::decision::void_of(tx, &run, WHOLE)?;
            set_run(tx, &run, RunState::Running, "")?;
            for step in &steps {
                crate::decision::void_of(tx, &run, *step)?;
                set_step(tx, (&run, *step), StepState::Pending, "")?;
            }
            refresh(tx, &run)
        }))
    }
}

/// What was asked for a step is asked no longer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UndoGate {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) nth: u32,
}

impl Activity for UndoGate {
    const NAME: &'static str = "undo_gate";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("undo-gate#{}", self.nth)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| crate::decision::void_of(tx, &self.run, self.step)))
    }
}

/// A step is left out.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SkipStep {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) reason: String,
    /// Nothing else holds the run up.
    pub(super) goes_on: bool,
    pub(super) nth: u32,
}

impl Activity for SkipStep {
    const NAME: &'static str = "skip_step";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("skip-{}#{}", self.step, self.nth)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let Self { run, step, reason, goes_on, .. } = self;
        let body = json!({ "stepNumber": step, "reason": reason });
        Ok(Recorded::of(()).event(&run.clone(), "step_skipped", body).change(move |tx| {
            if goes_on {
                set_run(tx, &run, RunState::Running, "")?;
            }
            set_step(tx, (&run, step), StepState::Skipped, &reason)
        }))
    }
}

/// Undoes a completed step with its rollback script.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RollBack {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) nth: u32,
}

impl Activity for RollBack {
    const NAME: &'static str = "roll_back";
    const REPEAT: Repeat = Repeat::Unsafe;
    type World = Site;
    /// Why it could not be undone, if it could not.
    type Output = Option<String>;
    fn key(&self) -> String {
        format!("roll-back-{}#{}", self.step, self.nth)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Option<String>>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let text = sight.plan.step(self.step)?.rollback.as_deref().and_then(script).unwrap_or_default();
        let name = format!("rollback-{}-{}", self.step, self.nth);
        let ended = site.script(&sight, (self.step, &name), text.clone(), site.limits()).await?;
        let wrong = ended
            .how
            .words()
            .map(|words| format!("its rollback {words}: {}{}", ended.tail.trim(), ended.why(&text)));
        let Self { run, step, .. } = self;
        let undone = wrong.is_none();
        Ok(Recorded::of(wrong.clone()).change(move |tx| {
            let output = super::audit::transient(tx, &ended.tail)?;
            let body = json!({ "stepNumber": step, "output": output, "wrong": wrong });
            tx.event(&run, "step_rolled_back", &body)?;
            if undone { set_step(tx, (&run, step), StepState::RolledBack, "undone again") } else { Ok(()) }
        }))
    }
}
