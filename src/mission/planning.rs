//! From a brief to a frozen plan: the orchestrator plans, may ask the requester, and waits for its turn behind
//! another mission on the same SOP.

use super::claims::CLAIM_FREE;
use super::decide::{self, Question, settled};
use super::enter::Enter;
use super::help::{grant, help};
use super::plan::{MissionPlan, SettlePlan, Settled};
use super::records::MissionState;
use super::rounds::NOTHING_UNSEEN;
use super::setup::{Prepare, Prepared, Setup};
use super::workflow::Author;
use crate::agent::{Asking, Seat, ask};
use crate::base::Digest;
use crate::decision::DecisionKind;
use crate::journal::{Failure, Stop, Workflow};
use crate::roles::plan::{Plan, PlanAnswer, PlanQuestion};
use crate::roles::{Answered, MissionView};
use crate::sop::SopId;
use serde_json::json;
use std::collections::BTreeMap;

/// Looks around, plans, and freezes the plan; waits for its turn behind another mission on the same SOP.
pub(super) async fn planned(w: &Workflow, mission: &Author) -> Result<(Setup, MissionPlan), Stop> {
    let mut answers: Vec<Answered> = Vec::new();
    let mut findings = Vec::new();
    let mut snapshot = None;
    let mut returns = 0;
    let mut nth = 0;
    let mut grants = 0;
    let mut known = None;
    loop {
        nth += 1;
        let looked = prepared(w, mission, (nth, &snapshot), known.as_ref()).await?;
        let Prepared { mut setup, roster, sops, sources } = looked;
        snapshot = Some(setup.asker.snapshot.clone());
        setup.view.answers.clone_from(&answers);
        let question = PlanQuestion {
            mission: MissionView { sources, ..setup.view.clone() },
            ask: setup.ask.clone(),
            roster,
            sops,
            findings: std::mem::take(&mut findings),
        };
        setup.asker.grants = grants;
        let answer = plan_once(w, &mut setup, &question, nth).await?;
        grants = setup.asker.grants;
        if !answer.questions.is_empty() && answers.is_empty() {
            answers = put_questions(w, &setup, &answer).await?;
            continue;
        }
        let settle = SettlePlan {
            mission: mission.mission.clone(),
            snapshot: setup.asker.snapshot.clone(),
            requester: setup.requester.clone(),
            orchestrator: setup.orchestrator.clone(),
            ask: setup.ask.clone(),
            answer,
            nth,
            in_view: w.version() >= NOTHING_UNSEEN,
        };
        match w.call(settle).await? {
            Settled::Frozen(plan) => return Ok((setup, *plan)),
            Settled::Held(_) => {
                w.signal::<()>(CLAIM_FREE).await?;
            }
            Settled::Known(sop) => known = Some(sop),
            Settled::Refused(refused) => {
                returns += 1;
                if returns > setup.rules.plan_returns || setup.asker.tiers.is_empty() {
                    let why = refused.iter().map(|f| f.message.clone()).collect::<Vec<_>>().join("; ");
                    help(w, &setup, &format!("plan#{nth}"), "the plan is not sound", &why).await?;
                    returns = 0;
                    // Settings or roster may have been mended: look at them again.
                    snapshot = None;
                }
                findings = refused;
            }
        }
    }
}

/// Prepares; where the workspace's files cannot be read, the mission ends with the reason.
async fn prepared(
    w: &Workflow,
    mission: &Author,
    (nth, snapshot): (u32, &Option<Digest>),
    known: Option<&SopId>,
) -> Result<Prepared, Stop> {
    let mut brief = mission.brief.without_scenarios();
    brief.ask.sop = brief.ask.sop.or_else(|| known.cloned());
    let prepare = Prepare {
        mission: mission.mission.clone(),
        brief,
        requester: mission.requester.clone(),
        nth,
        snapshot: snapshot.clone(),
        sources: mission.sources.clone(),
    };
    w.call(prepare).await.map_err(|stop| match stop {
        Stop::Failed(failure) => Stop::Failed(Failure::new(
            failure.class,
            format!("{} could not be prepared: {}", mission.mission, failure.reason),
        )),
        Stop::Cancelled => Stop::Cancelled,
    })
}

async fn plan_once(
    w: &Workflow,
    setup: &mut Setup,
    question: &PlanQuestion,
    nth: u32,
) -> Result<PlanAnswer, Stop> {
    let mut attempt = 1;
    loop {
        let asking = Asking {
            agent: setup.orchestrator.clone(),
            tier: setup.tiers.get(&setup.orchestrator).copied().unwrap_or(0),
            seat: Seat::Author,
            key: format!("plan#{nth}.{attempt}"),
        };
        match ask::<Plan>(w, &setup.asker, &asking, question).await {
            Ok((answer, _)) => return Ok(answer),
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
            Err(Stop::Failed(failure)) => {
                let key = format!("plan#{nth}.{attempt}");
                help(w, setup, &key, "the orchestrator could not plan", &failure.reason).await?;
                grant(&failure, setup);
            }
        }
        attempt += 1;
    }
}

/// Puts the orchestrator's questions to the requester, all at once, and waits for every answer.
async fn put_questions(w: &Workflow, setup: &Setup, plan: &PlanAnswer) -> Result<Vec<Answered>, Stop> {
    let why = "the mission does not say enough to plan from, and nobody on the roster knows this work";
    let enter = Enter {
        mission: setup.asker.mission.clone(),
        state: MissionState::WaitingForPerson,
        round: 0,
        reason: format!("{why}: {} must answer", setup.requester),
    };
    w.call(enter).await?;
    let mut open = Vec::new();
    for (index, text) in plan.questions.iter().enumerate() {
        let question = Question {
            key: format!("plan-question#{}", index + 1),
            kind: DecisionKind::Question,
            subject: setup.orchestrator.clone(),
            title: text.clone(),
            why: why.to_owned(),
            asked_of: vec![setup.requester.clone()],
            barred: BTreeMap::new(),
            hash: Digest::of(text),
            details: json!({}),
            deadline: setup.deadlines.help,
            assume: false,
        };
        open.push((text.clone(), decide::open(w, setup, question).await?));
    }
    let mut answers = Vec::new();
    for (question, put) in open {
        let answer = settled(w, setup, put).await?.map(|answer| answer.text);
        answers.push(Answered { question, assumed: answer.is_none(), answer: answer.unwrap_or_default() });
    }
    Ok(answers)
}
