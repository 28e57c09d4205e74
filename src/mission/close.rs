//! Ends a mission: its state, its open decisions, its claim, the draft facts others are compared with.

use super::Office;
use super::records::{MissionState, release, set_state};
use crate::decision;
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::registry;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Ends a mission.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Close {
    pub(super) mission: String,
    pub(super) state: MissionState,
    /// How it ended, in words.
    pub(super) reason: String,
}

impl Activity for Close {
    const NAME: &'static str = "close";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        format!("close/{}", self.state.word())
    }
    async fn perform(self, _office: &Office) -> Result<Recorded<()>, Failure> {
        let Self { mission, state, reason } = self;
        let body = json!({ "state": state, "reason": reason });
        Ok(Recorded::of(()).event(&mission.clone(), "mission_closed", body).change(move |tx| {
            decision::void_all(tx, &mission)?;
            registry::forget(tx, &mission)?;
            release(tx, &mission)?;
            set_state(tx, &mission, state, &reason)
        }))
    }
}
