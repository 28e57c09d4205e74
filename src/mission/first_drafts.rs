//! The drafts of the first round, and what is asked where nobody has anything to say.

use super::decide::{Question, decide};
use super::enter::Enter;
use super::help::{help, person};
use super::records::MissionState;
use super::rounds::Desk;
use crate::base::Digest;
use crate::decision::DecisionKind;
use crate::journal::Stop;
use crate::roles::Answered;
use crate::sop::id::Change;
use serde_json::json;
use std::collections::BTreeMap;

/// The version of the story from which on somebody is asked; before it the mission failed.
const ASKS_WHAT_TO_CHANGE: u32 = 2;

impl Desk<'_> {
    /// The drafts of the first round. Where nobody has anything to say on a change, the requester is asked what it
    /// should be; on something new, the helper is asked how to go on.
    pub(super) async fn first_drafts(&mut self) -> Result<(), Stop> {
        self.send(&BTreeMap::new()).await?;
        while self.nobody_drafted() {
            if self.w.version() < ASKS_WHAT_TO_CHANGE {
                return Err(self.nothing_drafted());
            }
            let gaps = self.gaps.join("; ");
            if self.plan.change == Change::New {
                help(
                    self.w,
                    &self.setup,
                    &format!("nobody#{}", self.round),
                    "nobody drafted anything",
                    &gaps,
                )
                .await?;
            } else {
                let answered = self.ask_what_to_change(&gaps).await?;
                self.setup.view.answers.push(answered);
            }
            self.gaps.clear();
            self.drafts.clear();
            self.round += 1;
            self.enter(MissionState::Drafting).await?;
            self.send(&BTreeMap::new()).await?;
        }
        Ok(())
    }

    async fn ask_what_to_change(&self, why: &str) -> Result<Answered, Stop> {
        let text = format!("What exactly shall change in {}?", self.plan.sop);
        let enter = Enter {
            mission: self.setup.asker.mission.clone(),
            state: MissionState::WaitingForPerson,
            round: self.round,
            reason: format!("{why}: {} must answer", self.setup.requester),
        };
        self.w.call(enter).await?;
        let question = Question {
            key: format!("what-to-change#{}", self.round),
            kind: DecisionKind::Question,
            subject: format!("{} v{}", self.plan.sop, self.plan.version),
            title: text.clone(),
            why: format!(
                "{}; say the new rule in full sentences, with its figures",
                why.trim_end_matches('.')
            ),
            asked_of: vec![self.setup.requester.clone()],
            barred: BTreeMap::new(),
            hash: Digest::of(why),
            details: json!({}),
            deadline: self.setup.deadlines.help,
            assume: false,
        };
        match decide(self.w, &self.setup, question).await? {
            Some(answer) => Ok(Answered { question: text, assumed: false, answer: answer.text }),
            None => Err(person(format!("nobody said what to change: {why}"))),
        }
    }
}
