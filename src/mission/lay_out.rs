//! Lays out what an agent that works elsewhere is shown: the very words a worker in this process would be sent, from
//! the mission's own snapshot, with a receipt of each part.

use super::Office;
use crate::agent::{Outside, outside};
use crate::base::Digest;
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::roles::draft::{DraftQuestion, DraftWork};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LayOut {
    pub(super) mission: String,
    pub(super) agent: String,
    pub(super) snapshot: Digest,
    pub(super) question: DraftQuestion,
    pub(super) key: String,
}

impl Activity for LayOut {
    const NAME: &'static str = "lay_out";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Outside;
    fn key(&self) -> String {
        self.key.clone()
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Outside>, Failure> {
        let snapshot = office.gateway.snapshot(&self.snapshot)?;
        let (shown, receipt) = outside::<DraftWork>(&snapshot, &self.agent, &self.question)?;
        let event = json!({ "agent": self.agent, "key": self.key, "receipt": receipt });
        Ok(Recorded::of(shown).event(&self.mission, "assignment_laid_out", event))
    }
}
