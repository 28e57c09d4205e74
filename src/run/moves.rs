//! Small facts of a run that are no step: it stands still, goes on, opens steps again, leaves one out, undoes one.

use super::Site;
use super::admission::let_in;
use super::close::left;
use super::control::ByHand;
use super::effect::Sight;
use super::records::{StepRow, refresh, sent_back, set_run, set_step, steps};
use super::result;
use super::standstill::WHOLE;
use super::state::{RunState, StepState};
use crate::journal::{Activity, Failure, Recorded, Repeat, Tx};
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
    /// The step whose work goes back to who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) back_to: Option<u32>,
    /// What is to be better, in the words of who sends it back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
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
        let Self { run, steps, by, back_to, reason, .. } = self;
        let kind = if by.is_some() { "run_retried" } else { "steps_reopened" };
        let mut body = json!({ "by": by, "steps": steps, "stepNumber": steps.first() });
        let told = back_to.is_some() || !reason.is_empty();
        if let (true, Some(body)) = (told, body.as_object_mut()) {
            body.insert("back_to".to_owned(), json!(back_to));
            body.insert("reason".to_owned(), json!(reason));
        }
        Ok(Recorded::of(()).event(&run.clone(), kind, body).change(move |tx| {
            crate::decision::void_of(tx, &run, WHOLE)?;
            set_run(tx, &run, RunState::Running, "")?;
            let who = by.as_deref().unwrap_or("sopd");
            let word = if told { comment(tx, &run, (who, &reason))? } else { String::new() };
            for step in &steps {
                crate::decision::void_of(tx, &run, *step)?;
                let word = if back_to.is_none_or(|back| back == *step) { word.as_str() } else { "" };
                set_step(tx, (&run, *step), StepState::Pending, word)?;
            }
            refresh(tx, &run)
        }))
    }
}

/// What whoever does a step again is told: the words of who sends it back, and why what came of it was refused.
fn comment(tx: &Tx<'_>, run: &str, (by, reason): (&str, &str)) -> crate::base::problem::Result<String> {
    let refused =
        |row: &StepRow| matches!(row.state, StepState::Rejected | StepState::Failed | StepState::Asking);
    let rows = steps(tx.db(), run)?;
    let mut words: Vec<String> = vec![reason.trim().to_owned()];
    words.extend(rows.iter().filter(|row| refused(row)).map(|row| row.reason.clone()));
    words.retain(|word| !word.is_empty());
    words.dedup();
    Ok(sent_back(by, &words.join("; ")))
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

/// A step is done by hand, in place of who or what the SOP names.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TakeByHand {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) by: String,
    pub(super) given: ByHand,
    /// Nothing else holds the run up.
    pub(super) goes_on: bool,
    pub(super) nth: u32,
}

impl Activity for TakeByHand {
    const NAME: &'static str = "take_by_hand";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("by-hand-{}#{}", self.step, self.nth)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let Self { run, step, by, given, goes_on, .. } = self;
        let result = result::Result {
            outputs: result::read_outputs(&given.outputs)?,
            said: given.note,
            files: given.file.into_iter().collect(),
            note: format!("{by} did it by hand"),
            by: Some(by),
            more: serde_json::Map::from_iter([("by_hand".to_owned(), json!(true))]),
            ..result::Result::default()
        };
        Ok(Recorded::of(()).change(move |tx| {
            if goes_on {
                set_run(tx, &run, RunState::Running, "")?;
            }
            result::finish(tx, (&run, step), &result)
        }))
    }
}
