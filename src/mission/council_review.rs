//! The council on any piece of work somebody brings, outside a mission: a file goes in, `council.md` comes out.

use super::Office;
use super::close::Close;
use super::council::HoldCouncil;
use super::records::{MissionState, NewMission, receive_as};
use super::setup::Prepare;
use crate::agent::Snapshot;
use crate::base::{Digest, problem::Result as Checked};
use crate::brief::Brief;
use crate::governance::{self, CouncilCall, CouncilPlan, Parties};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Story, Tx, Workflow};
use serde::{Deserialize, Serialize};

/// The council answers on one file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CouncilReview {
    pub(super) mission: String,
    pub(super) brief: Brief,
    /// Who brought it.
    pub(super) by: String,
}

impl Story for CouncilReview {
    const NAME: &'static str = "council_review";
    const VERSION: u32 = 1;
    type Output = ();
    fn key(&self) -> String {
        self.mission.clone()
    }
    async fn tell(self, w: Workflow) -> Result<(), Stop> {
        let (state, reason) = match hold(&w, &self).await {
            Ok(()) => (MissionState::Answered, "the council has answered: see council.md".to_owned()),
            Err(Stop::Cancelled) => (MissionState::Cancelled, "somebody cancelled it".to_owned()),
            Err(Stop::Failed(failure)) => (MissionState::Failed, failure.reason),
        };
        w.call(Close { mission: self.mission, state, reason }).await
    }
}

async fn hold(w: &Workflow, review: &CouncilReview) -> Result<(), Stop> {
    let prepare = Prepare {
        mission: review.mission.clone(),
        brief: review.brief.clone(),
        requester: review.by.clone(),
        nth: 1,
        snapshot: None,
    };
    let setup = w.call(prepare).await?;
    let snapshot = setup.asker.snapshot.clone();
    let orchestrator = setup.orchestrator.clone();
    let council = w.call(SeatCouncil { snapshot, by: review.by.clone(), orchestrator }).await?;
    let sop = format!("# {}\n\n{}\n", review.brief.title, review.brief.text);
    w.child(HoldCouncil { setup, council, sop, round: 1, attempt: 0 }).await.map(drop)
}

/// Chooses who sits on it: nobody who brought the work.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SeatCouncil {
    snapshot: Digest,
    by: String,
    orchestrator: String,
}

impl Activity for SeatCouncil {
    const NAME: &'static str = "seat_council";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = CouncilPlan;
    fn key(&self) -> String {
        "council/seat".to_owned()
    }
    async fn perform(self, office: &Office) -> Result<Recorded<CouncilPlan>, Failure> {
        let Snapshot { settings, roster, .. } = Snapshot::load(&office.journal, &self.snapshot)?;
        let parties = Parties {
            requester: self.by.clone(),
            orchestrator: self.orchestrator,
            owner: self.by.clone(),
            ..Parties::default()
        };
        let call = CouncilCall { classes: &[], ask: None, called_by: Some(&self.by) };
        let seated = governance::council(&settings.council, &roster, &parties, &call, "");
        let council = seated.map_err(|reason| Failure::new(FailureClass::Content, reason))?;
        council.map(Recorded::of).ok_or_else(|| Failure::bug("a called council was not seated"))
    }
}

/// Brings a file before the council. Returns the id under which its answer will be found.
pub fn review(tx: &Tx<'_>, new: &NewMission) -> Checked<String> {
    receive_as(tx, new, "C", |mission| {
        let story = CouncilReview {
            mission: mission.to_owned(),
            brief: new.brief.clone(),
            by: new.requester.clone(),
        };
        ((CouncilReview::NAME, CouncilReview::VERSION), serde_json::to_string(&story))
    })
}
