//! A run that stands still although nobody wished it: whoever may decide is asked how it goes on, and told what is
//! known. A child of its own, so that the word of somebody who steers the run by hand counts as well; what was asked
//! is void then.

use super::Site;
use super::control::takes_hands;
use super::effect::Sight;
use super::parties::{Judges, Today, does};
use super::state::StepState;
use super::step::person::{Asked, answer_to};
use crate::base::Digest;
use crate::base::text::{put, put_line};
use crate::decision::{self, DecisionKind, NewDecision, OnDeadline};
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Story, Workflow};
use crate::sop::work::Work;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The number of no step: the run itself stands still, before its first step or for the time it has taken.
pub(super) const WHOLE: u32 = 0;

/// Asks how a run goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskHow {
    pub(super) run: String,
    /// Which step holds it up, or [`WHOLE`].
    pub(super) step: u32,
    /// What tells this standstill from others of the run.
    pub(super) nth: u32,
    /// Why it stands still.
    pub(super) reason: String,
    /// Nothing failed: it only waits to be let go on.
    pub(super) late: bool,
}

impl Story for AskHow {
    const NAME: &'static str = "ask_how";
    const VERSION: u32 = 1;
    /// Who wants it to go on; nobody, where what was asked is void.
    type Output = Option<Wish>;
    fn key(&self) -> String {
        format!("how-{}#{}", self.step, self.nth)
    }
    async fn tell(self, w: Workflow) -> Result<Option<Wish>, Stop> {
        let asked = w.call(OpenHow { asking: self, workflow: w.id().to_owned() }).await?;
        Ok(answer_to(&w, &asked).await?.map(|answer| Wish::of(answer.by, answer.text)))
    }
}

/// Somebody's word that a run goes on. The name alone is the form of recorded ones, and of all without words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Wish {
    By(String),
    Said { by: String, reason: String },
}

impl Wish {
    fn of(by: String, reason: String) -> Self {
        if reason.trim().is_empty() { Self::By(by) } else { Self::Said { by, reason } }
    }
    pub(super) fn by_and_reason(self) -> (String, String) {
        match self {
            Self::By(by) => (by, String::new()),
            Self::Said { by, reason } => (by, reason),
        }
    }
}

/// Opens the decision.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpenHow {
    asking: AskHow,
    workflow: String,
}

impl Activity for OpenHow {
    const NAME: &'static str = "open_how";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Asked;
    fn key(&self) -> String {
        format!("open/{}", self.asking.key())
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Asked>, Failure> {
        let sight = Sight::of(&site.journal, &self.asking.run)?;
        let due = sight.plan.task_time.after(site.journal.clock().now());
        let today = Today::of(site);
        let new = self.decision(&sight, &today)?;
        let new = NewDecision { due_at: Some(due), ..new };
        let free = |party: &String| !new.asked_of.contains(party) && !new.barred.contains_key(party);
        let above = today.above(&sight, &sight.plan.sop.head.owner).into_iter().find(free);
        let decision = site.journal.append_async(move |tx| decision::open(tx, &new)).await?;
        Ok(Recorded::of(Asked::of(&decision, &sight.plan, above)))
    }
}

impl OpenHow {
    fn decision(&self, sight: &Sight, today: &Today) -> Result<NewDecision, Failure> {
        let AskHow { step, reason, late, .. } = &self.asking;
        let head = &sight.plan.sop.head;
        let (title, again) = match (*step, *late) {
            (WHOLE, true) => (format!("Say whether a run of {} goes on", head.title), "it goes on"),
            (WHOLE, false) => {
                (format!("Say how a run of {} goes on, which has not begun", head.title), "it is asked again")
            }
            (step, _) => {
                let title = &sight.plan.step(step)?.title;
                (format!("Say how the run goes on after step {step}: {title}"), again(sight, step)?)
            }
        };
        let back = sight.step(*step).ok().and_then(|row| row.depends_on.last().copied());
        let by_hand = sight.step(*step).is_ok_and(|row| takes_hands(row.state));
        let text = told(sight, *step, reason)?;
        let (asked_of, barred) = whom(sight, today, *step);
        Ok(NewDecision {
            workflow: self.workflow.clone(),
            step: self.asking.key(),
            mission: self.asking.run.clone(),
            kind: DecisionKind::Stuck,
            subject: format!("{} v{}", head.id, head.version),
            title,
            why: reason.clone(),
            asked_of,
            barred,
            hash: Digest::of(&text),
            details: json!({ "step": step, "effect": text, "retry": again, "late": late, "back": back, "by_hand": by_hand }),
            due_at: None,
            on_deadline: OnDeadline::Escalate,
            quorum: 1,
        })
    }
}

/// What another try of a step means.
fn again(sight: &Sight, step: u32) -> Result<&'static str, Failure> {
    Ok(match (sight.step(step)?.state, sight.plan.work(step)) {
        (StepState::Rejected, _) => "its gate is asked again",
        (StepState::Asking, _) => "it is asked again, with what you give as the reason",
        (_, Ok(Work::Nested(_))) => {
            "a new run of the whole SOP begins, and what the last one did is done a second time"
        }
        (_, Ok(Work::Command(_))) => "the command runs once more",
        (_, Ok(Work::Http(_))) => "the request is sent once more",
        _ => "the step is done again",
    })
}

/// Who wanted the run, and who owns its SOP; the owner first where nobody started it by hand. Whoever does the step is
/// not asked whether it is done again or left out; where nobody else is left, the next above is.
fn whom(sight: &Sight, today: &Today, step: u32) -> (Vec<String>, BTreeMap<String, String>) {
    let owner = today.or_above(sight, &sight.plan.sop.head.owner);
    let initiator = today.or_above(sight, &sight.row.initiator);
    let mut parties =
        if sight.row.trigger == "manual" { vec![initiator, owner] } else { vec![owner, initiator] };
    parties.dedup();
    let own = |party: &String| does(&sight.plan, step, party);
    let mut barred: BTreeMap<String, String> = parties
        .iter()
        .filter(|party| own(party))
        .map(|party| (party.clone(), "it does the step".to_owned()))
        .collect();
    parties.retain(|party| !barred.contains_key(party));
    if parties.is_empty() {
        let judges = Judges::of(sight, today, barred);
        (parties, barred) = (vec![judges.asked], judges.barred);
    }
    (parties, barred)
}

/// What is known, for whoever decides.
fn told(sight: &Sight, step: u32, reason: &str) -> Result<String, Failure> {
    let mut text = format!("{reason}\n");
    if step == WHOLE {
        return Ok(text);
    }
    let row = sight.step(step)?;
    put_line(&mut text, format_args!("\nStep {step}: {} ({}, {})", row.title, row.work, row.assignee));
    let said = row.said.trim();
    if !said.is_empty() {
        put(&mut text, format_args!("\nWhat it said last:\n\n{said}\n"));
    }
    Ok(text)
}
