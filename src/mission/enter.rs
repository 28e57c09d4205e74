//! Records that a mission enters a stage.

use super::Office;
use super::records::{MissionState, set_round, set_state};
use crate::journal::{Activity, Failure, Recorded, Repeat};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The stage a mission enters.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Enter {
    pub(super) mission: String,
    pub(super) state: MissionState,
    pub(super) round: u32,
    /// Why, where the stage alone does not say it.
    pub(super) reason: String,
}

impl Activity for Enter {
    const NAME: &'static str = "enter";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        format!("enter/{}#{}", self.state.word(), self.round)
    }
    async fn perform(self, _office: &Office) -> Result<Recorded<()>, Failure> {
        let Self { mission, state, round, reason } = self;
        let body = json!({ "state": state, "round": round, "reason": reason });
        Ok(Recorded::of(()).event(&mission.clone(), "stage_entered", body).change(move |tx| {
            set_round(tx, &mission, round)?;
            set_state(tx, &mission, state, &reason)
        }))
    }
}
