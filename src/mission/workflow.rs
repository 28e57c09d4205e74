//! The story of a mission, from brief to published SOP. Everything it awaits is recorded, so it may be told again
//! from its first line after any crash.

use super::close::Close;
use super::planning::planned;
use super::records::MissionState;
use super::rounds::{Desk, Wish};
use super::several;
use super::signing::Decided;
use super::validate::scenarios;
use crate::brief::Brief;
use crate::journal::{FailureClass, Stop, Story, Workflow};
use crate::sop::id::Change;
use crate::source::Listed;
use serde::{Deserialize, Serialize};

/// A mission.
#[derive(Debug, Serialize, Deserialize)]
pub struct Author {
    /// `M-2026-1120-lead-qualification`.
    pub mission: String,
    /// What was asked for.
    pub brief: Brief,
    /// Who asked.
    pub requester: String,
    /// What it rests on besides its own text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Listed>,
}

/// How a mission ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Its last state.
    pub state: MissionState,
    /// How, in words.
    pub reason: String,
}

impl Story for Author {
    const NAME: &'static str = "author";
    /// 2: a change that nobody has anything to say on goes back to the requester. 3: see [`super::rounds::GROUNDED`]; 4:
    /// see [`super::rounds::EXAMINED`]; 5: see [`super::rounds::NOTHING_UNSEEN`].
    const VERSION: u32 = super::rounds::NOTHING_UNSEEN;
    type Output = Ending;
    fn key(&self) -> String {
        self.mission.clone()
    }
    async fn tell(self, w: Workflow) -> Result<Ending, Stop> {
        let told = author(&w, &self).await;
        ended(&w, &self.mission, told).await
    }
}

/// Ends a mission as its story told.
pub(super) async fn ended(w: &Workflow, mission: &str, told: Result<Ending, Stop>) -> Result<Ending, Stop> {
    let ending = match told {
        Ok(ending) => ending,
        Err(Stop::Cancelled) => {
            Ending { state: MissionState::Cancelled, reason: "somebody cancelled it".to_owned() }
        }
        Err(Stop::Failed(failure)) if failure.class == FailureClass::Person => {
            Ending { state: MissionState::Rejected, reason: failure.reason }
        }
        Err(Stop::Failed(failure)) => Ending { state: MissionState::Failed, reason: failure.reason },
    };
    let close = || Close { mission: mission.to_owned(), state: ending.state, reason: ending.reason.clone() };
    // A cancel that comes now is too late for the mission, but it interrupts this; it comes only once.
    if let Err(Stop::Cancelled) = w.call(close()).await {
        w.call(close()).await?;
    }
    Ok(ending)
}

async fn author(w: &Workflow, mission: &Author) -> Result<Ending, Stop> {
    if let Some(ending) = several::parted(w, mission).await? {
        return Ok(ending);
    }
    let (mut setup, plan) = planned(w, mission).await?;
    let patch = plan.change == Change::Patch;
    let scenarios = if patch {
        Vec::new()
    } else {
        scenarios(w, &mut setup, &plan, &mission.brief.ask.scenarios).await?
    };
    let mut desk = Desk::new(w, setup, plan, scenarios);
    desk.find_passages().await?;
    if patch {
        // Wording only: the requester's words are the change; no workers, no validators.
        desk.wishes.push(Wish {
            by: desk.setup.requester.clone(),
            words: mission.brief.text.clone(),
            asks: Vec::new(),
        });
    } else {
        desk.first_drafts().await?;
    }
    loop {
        let mut round = desk.reach_a_draft_worth_deciding().await?;
        loop {
            match desk.decide(&round).await? {
                Decided::Published(ending) => return Ok(ending),
                Decided::Edited(edit) => round = desk.take_edit(&round, edit).await?,
                Decided::Again(wish) => {
                    desk.wishes.push(wish);
                    desk.round = round.number.max(desk.round) + 1;
                    break;
                }
            }
        }
    }
}
