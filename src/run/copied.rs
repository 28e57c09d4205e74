//! Runs that were under way in a workspace which was restored or copied: what they do may have been done since, in the
//! workspace this one was made of. So each stands still, and whoever wants it is asked once whether it goes on here.

use super::Site;
use super::control::go_on;
use super::records;
use super::standstill::{AskHow, WHOLE};
use super::start::set_off;
use crate::base::text::put;
use crate::base::{Problem, problem};
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Story, Tx, Workflow};
use serde::{Deserialize, Serialize};

/// What the workflows begin with that ask about such runs.
pub(super) const ASKS: &str = "copied-";

/// Why such a run stands still.
const WHY: &str = "this workspace was restored or copied while the run was under way: what it does next may have been done already, where \
     it came from; look there first";

/// Makes every run under way stand still, and asks about each. `left_out` says what the backup does not hold: what of it
/// is of a run's folder is told with the question. Gives their ids.
pub fn stand_still(tx: &Tx<'_>, nth: u32, left_out: &[String]) -> problem::Result<Vec<String>> {
    let mut stopped = Vec::new();
    for run in records::open_runs(tx.db())? {
        // One that waited for its turn would begin by itself as soon as another ends.
        set_off(tx, &run)?;
        if tx.halt(&run, WHY)? == 0 {
            continue;
        }
        let of_run = format!("runs/{run}/");
        let lacks =
            left_out.iter().filter_map(|name| name.strip_prefix(&of_run)).map(str::to_owned).collect();
        let story = AskAfterCopy { run: run.clone(), nth, lacks };
        let input = serde_json::to_string(&story)
            .map_err(|error| Problem::failed(format!("BUG: a question is not JSON: {error}")))?;
        tx.start(&story.key(), (AskAfterCopy::NAME, AskAfterCopy::VERSION), None, &input)?;
        stopped.push(run);
    }
    Ok(stopped)
}

/// Asks whether a run goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskAfterCopy {
    run: String,
    /// Which copying it was.
    nth: u32,
    /// What its folder had and has no longer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lacks: Vec<String>,
}

impl Story for AskAfterCopy {
    const NAME: &'static str = "ask_after_copy";
    const VERSION: u32 = 1;
    type Output = ();
    fn key(&self) -> String {
        format!("{ASKS}{}#{}", self.run, self.nth)
    }
    async fn tell(self, w: Workflow) -> Result<(), Stop> {
        let Self { run, nth, lacks } = self;
        let mut reason = WHY.to_owned();
        if !lacks.is_empty() {
            put(&mut reason, format_args!("; its folder lacks {}", lacks.join(", ")));
        }
        let asked = w.child(AskHow { run: run.clone(), step: WHOLE, nth, reason, late: true }).await?;
        match asked {
            Some(wish) => w.call(GoOn { run, by: wish.by_and_reason().0, nth }).await,
            None => Ok(()),
        }
    }
}

/// Lets it go on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GoOn {
    run: String,
    by: String,
    nth: u32,
}

impl Activity for GoOn {
    const NAME: &'static str = "go_on_after_copy";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("go-on#{}", self.nth)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| go_on(tx, &self.run, &self.by)))
    }
}
