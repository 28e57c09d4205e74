//! The look at a step before it begins: does its condition hold, and is somebody asked first?

use super::Site;
use super::autonomy::widened;
use super::effect::Sight;
use super::mode::{Widened, at_step};
use super::records::set_step;
use super::state::StepState;
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::sop::expression::holds;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Looks at a step.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Weigh {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) visit: u32,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Weighed {
    /// Nobody is asked.
    Go,
    /// Its `When` does not hold.
    Skipped,
    /// Somebody is asked, for these reasons.
    Ask { why: Vec<String> },
    /// A condition of it has no answer.
    Wrong { reason: String },
}

impl Activity for Weigh {
    const NAME: &'static str = "weigh";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Weighed;
    fn key(&self) -> String {
        format!("weigh-{}#{}", self.step, self.visit)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Weighed>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let wide = site.journal.read(|db| widened(db, &sight.row.sop, sight.row.version))?;
        let weighed = look(&sight, self.step, &wide)?;
        let Self { run, step, .. } = self;
        let recorded = Recorded::of(weighed.clone());
        Ok(match weighed {
            Weighed::Go | Weighed::Ask { .. } => recorded,
            Weighed::Skipped => {
                let when = sight.plan.step(step)?.when.clone().unwrap_or_default();
                let reason = format!("`{when}` does not hold");
                let body = json!({ "stepNumber": step, "reason": reason });
                recorded
                    .event(&run.clone(), "step_skipped", body)
                    .change(move |tx| set_step(tx, (&run, step), StepState::Skipped, &reason))
            }
            Weighed::Wrong { reason } => recorded
                .event(&run.clone(), "step_failed", json!({ "stepNumber": step, "error": reason }))
                .change(move |tx| set_step(tx, (&run, step), StepState::Failed, &reason)),
        })
    }
}

/// What holds of a step now.
fn look(sight: &Sight, number: u32, wide: &Widened) -> Result<Weighed, Failure> {
    let step = sight.plan.step(number)?;
    let scope = sight.scope(number);
    if let Some(when) = &step.when {
        match holds(when, &scope) {
            Ok(true) => {}
            Ok(false) => return Ok(Weighed::Skipped),
            Err(reason) => return Ok(Weighed::Wrong { reason }),
        }
    }
    let condition = match step.approval_when.as_deref().map(|text| holds(text, &scope)).transpose() {
        Ok(condition) => condition,
        Err(reason) => return Ok(Weighed::Wrong { reason }),
    };
    let why = at_step(&sight.plan.rules(wide), step, condition);
    Ok(if why.is_empty() { Weighed::Go } else { Weighed::Ask { why } })
}
