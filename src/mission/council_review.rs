//! The council on any piece of work somebody brings, outside a mission: a file goes in, `council.md` comes out.

use super::Office;
use super::close::Close;
use super::council::HoldCouncil;
use super::plan::MissionPlan;
use super::records::{MissionState, NewMission, council_called_by, receive_as};
use super::setup::{Prepare, Setup};
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
        sources: Vec::new(),
    };
    let setup = w.call(prepare).await?.setup;
    let parties = Parties {
        requester: review.by.clone(),
        orchestrator: setup.orchestrator.clone(),
        owner: review.by.clone(),
        ..Parties::default()
    };
    let (mission, snapshot) = (review.mission.clone(), setup.asker.snapshot.clone());
    let seat = SeatCouncil { mission, snapshot, parties, called_by: Some(review.by.clone()), round: 1 };
    let council = w.call(seat).await?.ok_or_else(|| Failure::bug("a called council was not seated"))?;
    let sop = format!("# {}\n\n{}\n", review.brief.title, review.brief.text);
    w.child(HoldCouncil { setup, council, sop, round: 1, attempt: 0 }).await.map(drop)
}

/// Chooses who sits on it, if anybody called for it: nobody who had a hand in the work.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SeatCouncil {
    mission: String,
    snapshot: Digest,
    parties: Parties,
    /// Who calls for it; absent where the mission's rows say whether anybody has.
    called_by: Option<String>,
    round: u32,
}

impl SeatCouncil {
    /// Seats the council where a party has called for it since the plan was frozen.
    pub(super) fn if_called(setup: &Setup, plan: &MissionPlan, round: u32) -> Self {
        let (mission, snapshot) = (setup.asker.mission.clone(), setup.asker.snapshot.clone());
        Self { mission, snapshot, parties: plan.parties.clone(), called_by: None, round }
    }
}

impl Activity for SeatCouncil {
    const NAME: &'static str = "seat_council";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Option<CouncilPlan>;
    fn key(&self) -> String {
        format!("council/seat#{}", self.round)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Option<CouncilPlan>>, Failure> {
        let called_by = match self.called_by {
            Some(party) => Some(party),
            None => office.journal.read(|db| council_called_by(db, &self.mission))?,
        };
        if called_by.is_none() {
            return Ok(Recorded::of(None));
        }
        let snapshot = office.gateway.snapshot(&self.snapshot)?;
        let Snapshot { settings, roster, .. } = &*snapshot;
        let call = CouncilCall { classes: &[], ask: None, called_by: called_by.as_deref() };
        let seated = governance::council(&settings.council, roster, &self.parties, &call, "");
        seated.map(Recorded::of).map_err(|reason| Failure::new(FailureClass::Content, reason))
    }
}

/// Brings a file before the council. Returns the id under which its answer will be found.
pub fn review(tx: &Tx<'_>, new: &NewMission) -> Checked<String> {
    receive_as(tx, new, "C", |mission, _sources| {
        let story = CouncilReview {
            mission: mission.to_owned(),
            brief: new.brief.clone(),
            by: new.requester.clone(),
        };
        ((CouncilReview::NAME, CouncilReview::VERSION), serde_json::to_string(&story))
    })
}
