//! The story of a mission, from brief to published SOP. Everything it awaits is recorded, so it may be told again
//! from its first line after any crash.

use super::assemble::{Assemble, Assembled};
use super::close::Close;
use super::council::HoldCouncil;
use super::decide::{self, Question, decide, settled};
use super::draft::{self, DraftPart, Part};
use super::enter::Enter;
use super::judge::{Judge, Judged, carry};
use super::plan::{MissionPlan, SettlePlan, Settled};
use super::publish::Publish;
use super::records::{CLAIM_FREE, MissionState};
use super::setup::{Prepare, Setup};
use super::validate::{Scrutinise, UserTest, scenarios};
use crate::agent::{Asking, Seat, ask};
use crate::base::Digest;
use crate::brief::{Brief, Scenario};
use crate::contract::verdicts::Judgement;
use crate::contract::{Finding, Severity, revision};
use crate::decision::{Answer, DecisionKind, Verb};
use crate::journal::{Failure, FailureClass, Stop, Story, Workflow};
use crate::roles::plan::{Plan, PlanAnswer, PlanQuestion};
use crate::roles::synthesise::{Synthesis, SynthesisQuestion, Synthesise, WorkerDraft};
use crate::roles::{Answered, AssertionView};
use crate::sop::id::Change;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// A mission.
#[derive(Debug, Serialize, Deserialize)]
pub struct Author {
    /// `M-2026-1120-lead-qualification`.
    pub mission: String,
    /// What was asked for.
    pub brief: Brief,
    /// Who asked.
    pub requester: String,
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
    const VERSION: u32 = 1;
    type Output = Ending;
    fn key(&self) -> String {
        self.mission.clone()
    }
    async fn tell(self, w: Workflow) -> Result<Ending, Stop> {
        let ending = match author(&w, &self).await {
            Ok(ending) => ending,
            Err(Stop::Cancelled) => {
                Ending { state: MissionState::Cancelled, reason: "somebody cancelled it".to_owned() }
            }
            Err(Stop::Failed(failure)) if failure.class == FailureClass::Person => {
                Ending { state: MissionState::Rejected, reason: failure.reason }
            }
            Err(Stop::Failed(failure)) => Ending { state: MissionState::Failed, reason: failure.reason },
        };
        let close = Close { mission: self.mission, state: ending.state, reason: ending.reason.clone() };
        w.call(close).await?;
        Ok(ending)
    }
}

/// What a mission carries from stage to stage.
struct Desk<'a> {
    w: &'a Workflow,
    setup: Setup,
    plan: MissionPlan,
    scenarios: Vec<Scenario>,
    drafts: Vec<WorkerDraft>,
    gaps: Vec<String>,
    comments: Vec<String>,
    round: u32,
}

/// One round's draft with its judgement.
#[derive(Clone)]
struct Round {
    number: u32,
    assembled: Assembled,
    judged: Judged,
}

async fn author(w: &Workflow, mission: &Author) -> Result<Ending, Stop> {
    let (setup, plan) = planned(w, mission).await?;
    let patch = plan.change == Change::Patch;
    let scenarios =
        if patch { Vec::new() } else { scenarios(w, &setup, &plan, &mission.brief.ask.scenarios).await? };
    let mut desk = Desk {
        w,
        setup,
        plan,
        scenarios,
        drafts: Vec::new(),
        gaps: Vec::new(),
        comments: Vec::new(),
        round: 1,
    };
    if patch {
        // Wording only: the requester's words are the change; no workers, no validators.
        desk.comments.push(mission.brief.text.clone());
    } else {
        desk.draft(&BTreeMap::new()).await?;
    }
    loop {
        let round = desk.reach_a_draft_worth_deciding().await?;
        match desk.decide(&round).await? {
            Decided::Published(ending) => return Ok(ending),
            Decided::Again(comment) => {
                desk.comments.push(comment);
                desk.round = round.number.max(desk.round) + 1;
            }
        }
    }
}

/// Looks around, plans, and freezes the plan; waits for its turn behind another mission on the same SOP.
async fn planned(w: &Workflow, mission: &Author) -> Result<(Setup, MissionPlan), Stop> {
    let mut answers: Vec<Answered> = Vec::new();
    let mut findings = Vec::new();
    let mut snapshot = None;
    let mut returns = 0;
    let mut nth = 0;
    loop {
        nth += 1;
        let brief = mission.brief.without_scenarios();
        let requester = mission.requester.clone();
        let prepare =
            Prepare { mission: mission.mission.clone(), brief, requester, nth, snapshot: snapshot.clone() };
        let mut setup = prepared(w, mission, prepare).await?;
        snapshot = Some(setup.asker.snapshot.clone());
        setup.view.answers.clone_from(&answers);
        let answer = plan_once(w, &setup, findings.clone(), nth).await?;
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
        };
        match w.call(settle).await? {
            Settled::Frozen(plan) => return Ok((setup, *plan)),
            Settled::Held(_) => {
                w.signal::<()>(CLAIM_FREE).await?;
            }
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
async fn prepared(w: &Workflow, mission: &Author, prepare: Prepare) -> Result<Setup, Stop> {
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
    setup: &Setup,
    findings: Vec<Finding>,
    nth: u32,
) -> Result<PlanAnswer, Stop> {
    let question = PlanQuestion {
        mission: setup.view.clone(),
        ask: setup.ask.clone(),
        roster: setup.roster.clone(),
        sops: setup.sops.clone(),
        findings,
    };
    let mut setup = setup.clone();
    let mut attempt = 1;
    loop {
        let asking = Asking {
            agent: setup.orchestrator.clone(),
            tier: setup.tiers.get(&setup.orchestrator).copied().unwrap_or(0),
            seat: Seat::Author,
            key: format!("plan#{nth}.{attempt}"),
        };
        match ask::<Plan>(w, &setup.asker, &asking, &question).await {
            Ok((answer, _)) => return Ok(answer),
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
            Err(Stop::Failed(failure)) => {
                let key = format!("plan#{nth}.{attempt}");
                grant(&failure, &mut setup);
                help(w, &setup, &key, "the orchestrator could not plan", &failure.reason).await?;
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

/// Asks the helper how to go on where the mission cannot by itself. Returns when it may try again.
async fn help(w: &Workflow, setup: &Setup, key: &str, what: &str, why: &str) -> Result<(), Stop> {
    let question = Question {
        key: format!("help/{key}"),
        kind: DecisionKind::Stuck,
        subject: setup.asker.mission.clone(),
        title: format!("Say how to go on: {what}"),
        why: why.to_owned(),
        asked_of: vec![setup.helper.clone()],
        barred: BTreeMap::new(),
        hash: Digest::of(why),
        details: json!({ "retry": "try again once the cause is mended", "reject": "end the mission" }),
        deadline: setup.deadlines.help,
        assume: false,
    };
    match decide(w, setup, question).await? {
        Some(answer) if answer.verb != Verb::Reject => Ok(()),
        Some(answer) => Err(person(format!("{} ended it: {}", answer.by, answer.text))),
        None => Err(person(format!("nobody said how to go on: {why}"))),
    }
}

/// A person who says "try again" after a used-up budget grants it once more.
fn grant(failure: &Failure, setup: &mut Setup) {
    if failure.class == FailureClass::Budget {
        setup.asker.grants += 1;
    }
}

fn person(reason: String) -> Stop {
    Stop::Failed(Failure::new(FailureClass::Person, reason))
}

/// What a decision led to.
enum Decided {
    Published(Ending),
    Again(String),
}

impl Desk<'_> {
    async fn enter(&self, state: MissionState) -> Result<(), Stop> {
        let mission = self.setup.asker.mission.clone();
        self.w.call(Enter { mission, state, round: self.round, reason: String::new() }).await
    }

    /// Sends every worker off in parallel; in later rounds only those whose domain was found wanting.
    async fn draft(&mut self, findings: &BTreeMap<String, Vec<Finding>>) -> Result<(), Stop> {
        let wanted = |agent: &str| findings.is_empty() || findings.contains_key(agent);
        let parts: Vec<DraftPart> = self
            .plan
            .assignments
            .iter()
            .filter(|assignment| wanted(&assignment.agent))
            .map(|assignment| {
                let theirs = findings.get(&assignment.agent).cloned().unwrap_or_default();
                let question = draft::question(&self.plan, &self.setup.view, assignment, theirs);
                DraftPart {
                    setup: self.setup.clone(),
                    assignment: assignment.clone(),
                    question,
                    round: self.round,
                }
            })
            .collect();
        let width = usize::try_from(self.setup.rules.parallel_workers).unwrap_or(1).max(1);
        let mut parts = parts.into_iter().peekable();
        while parts.peek().is_some() {
            let group = parts.by_ref().take(width).map(|part| self.w.child(part)).collect();
            for part in self.w.all(group).await? {
                self.take_in(part?);
            }
        }
        if self.drafts.iter().all(|worker| !worker.draft.declined.is_empty()) {
            let reasons = self.gaps.join("; ");
            return Err(Stop::Failed(Failure::new(
                FailureClass::Content,
                format!("no worker drafted anything: {reasons}"),
            )));
        }
        Ok(())
    }

    fn take_in(&mut self, part: Part) {
        let Part { agent, draft, gap, answers } = part;
        self.setup.view.answers.extend(answers);
        if let Some(gap) = gap {
            self.gaps.push(format!("{agent}: {gap}"));
        }
        let Some(draft) = draft else { return };
        let department = self.setup.departments.get(&agent).cloned().unwrap_or_default();
        match self.drafts.iter_mut().find(|worker| worker.agent == agent) {
            Some(worker) => worker.draft = draft,
            None => self.drafts.push(WorkerDraft { agent, department, draft }),
        }
    }

    /// Rounds of synthesis and judgement, until nothing blocks, or a person takes what there is.
    async fn reach_a_draft_worth_deciding(&mut self) -> Result<Round, Stop> {
        let first = self.round;
        let last = first + self.setup.rules.rounds - 1;
        let mut rounds: Vec<Round> = Vec::new();
        loop {
            let before = rounds.last().cloned();
            let round = self.once(before.as_ref()).await?;
            let found = round.judged.findings.clone();
            let earlier: Vec<Vec<Finding>> =
                rounds.iter().map(|round| round.judged.findings.clone()).collect();
            rounds.push(round.clone());
            if round.judged.passed {
                return Ok(round);
            }
            let repeated = revision::repeated(&earlier, &found).len();
            if repeated > 0 || self.round >= last {
                let why = match repeated {
                    0 => format!("{} rounds did not settle it", rounds.len()),
                    _ => "the same finding came back".to_owned(),
                };
                if let Some(round) = self.stuck(&rounds, &why).await? {
                    return Ok(round);
                }
                rounds.clear();
            }
            self.revise(&found).await?;
        }
    }

    /// One round: synthesis, coded checks, council, scrutiny and user test in parallel, judgement.
    async fn once(&mut self, before: Option<&Round>) -> Result<Round, Stop> {
        self.enter(MissionState::Synthesising).await?;
        let synthesis = self.synthesise(before).await?;
        let assemble = Assemble {
            mission: self.setup.asker.mission.clone(),
            snapshot: self.setup.asker.snapshot.clone(),
            plan: self.plan.clone(),
            view: self.setup.view.clone(),
            drafts: self.drafts.clone(),
            synthesis,
            comments: self.comments.clone(),
            round: self.round,
        };
        let assembled = self.w.call(assemble).await?;
        let judged = if self.plan.change == Change::Patch {
            by_code_only(&assembled)
        } else {
            self.judge(before, &assembled).await?
        };
        Ok(Round { number: self.round, assembled, judged })
    }

    async fn synthesise(&mut self, before: Option<&Round>) -> Result<Synthesis, Stop> {
        let question = SynthesisQuestion {
            mission: self.setup.view.clone(),
            title: self.plan.title.clone(),
            objective: self.plan.objective.clone(),
            description: self.plan.description.clone(),
            owner: self.plan.parties.owner.clone(),
            assertions: self.plan.contract.assertions.iter().map(AssertionView::of).collect(),
            drafts: self.drafts.clone(),
            previous: before.map(|round| round.assembled.text.clone()),
            findings: before.map_or_else(Vec::new, |round| round.judged.findings.clone()),
            comments: self.comments.clone(),
        };
        let mut attempt = 1;
        loop {
            let asking = Asking {
                agent: self.setup.orchestrator.clone(),
                tier: self.setup.tiers.get(&self.setup.orchestrator).copied().unwrap_or(0),
                seat: Seat::Author,
                key: format!("synthesise#{}.{attempt}", self.round),
            };
            match ask::<Synthesise>(self.w, &self.setup.asker, &asking, &question).await {
                Ok((synthesis, _)) => return Ok(synthesis),
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
                Err(Stop::Failed(failure)) => {
                    grant(&failure, &mut self.setup);
                    let key = format!("synthesise#{}.{attempt}", self.round);
                    help(self.w, &self.setup, &key, "the drafts could not be merged", &failure.reason)
                        .await?;
                }
            }
            attempt += 1;
        }
    }

    async fn judge(&mut self, before: Option<&Round>, assembled: &Assembled) -> Result<Judged, Stop> {
        let carried = before.map_or_else(Vec::new, |round| {
            carry(&round.judged.judgements, &self.plan, &round.assembled.text, &assembled.text)
        });
        let council = match self.plan.council.clone().filter(|_| before.is_none()) {
            None => None,
            Some(council) => {
                self.enter(MissionState::Council).await?;
                let (setup, sop) = (self.setup.clone(), assembled.text.clone());
                let held = self.w.child(HoldCouncil { setup, council, sop, round: self.round }).await;
                Some(self.or_help(held, "the council could not answer").await?).flatten()
            }
        };
        self.enter(MissionState::Validating).await?;
        let mut attempt = 0;
        let (scrutiny, tested) = loop {
            let scrutiny = self.w.child(self.scrutinise(assembled, &carried, attempt));
            let tested = self.w.child(self.user_test(assembled, attempt));
            let (scrutiny, tested) = (scrutiny.await, tested.await);
            if let (Ok(scrutiny), Ok(tested)) = (&scrutiny, &tested) {
                break (scrutiny.clone(), tested.clone());
            }
            self.or_help(scrutiny, "scrutiny gave no usable verdicts").await?;
            self.or_help(tested, "user testing gave no usable verdicts").await?;
            attempt += 1;
        };
        let judge = Judge {
            mission: self.setup.asker.mission.clone(),
            plan: self.plan.clone(),
            text: assembled.text.clone(),
            coded: assembled.coded.clone(),
            evidence: assembled.evidence.clone(),
            findings: assembled.findings.clone(),
            council,
            scrutiny,
            tested,
            carried,
            round: self.round,
        };
        self.w.call(judge).await
    }

    /// A part of the judgement, or `None` once a person said to try again.
    async fn or_help<T>(&mut self, part: Result<T, Stop>, what: &str) -> Result<Option<T>, Stop> {
        match part {
            Ok(part) => Ok(Some(part)),
            Err(Stop::Cancelled) => Err(Stop::Cancelled),
            Err(Stop::Failed(failure)) => {
                grant(&failure, &mut self.setup);
                let key = format!("{}#{}", crate::base::text::slug(what, 40), self.round);
                help(self.w, &self.setup, &key, what, &failure.reason).await?;
                Ok(None)
            }
        }
    }

    fn scrutinise(&self, assembled: &Assembled, carried: &[Judgement], attempt: u32) -> Scrutinise {
        let survives = |id: &str| {
            let mut verdicts = carried.iter().flat_map(|judgement| &judgement.verdicts);
            verdicts.any(|verified| verified.verdict.assertion == id)
        };
        Scrutinise {
            setup: self.setup.clone(),
            validator: self.plan.parties.scrutiny.clone(),
            sop: assembled.text.clone(),
            assertions: self.plan.contract.judged().filter(|a| !survives(&a.id)).cloned().collect(),
            findings: assembled.findings.clone(),
            round: self.round,
            attempt,
        }
    }

    /// Each round exercises a scenario no round before has used.
    fn user_test(&self, assembled: &Assembled, attempt: u32) -> UserTest {
        let at = usize::try_from(self.round - 1).unwrap_or(0);
        let scenario = self.scenarios.get(at.checked_rem(self.scenarios.len()).unwrap_or(0)).cloned();
        UserTest {
            setup: self.setup.clone(),
            validator: self.plan.parties.user_testing.clone(),
            sop: assembled.text.clone(),
            scenario: scenario.unwrap_or(Scenario { text: String::new(), given: BTreeMap::new() }),
            assertions: self.plan.contract.judged().cloned().collect(),
            round: self.round,
            attempt,
        }
    }

    /// Findings go back to the worker whose domain they are of, and all of them to the orchestrator.
    async fn revise(&mut self, findings: &[Finding]) -> Result<(), Stop> {
        self.round += 1;
        self.enter(MissionState::Revising).await?;
        let mut by_worker: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.severity == Severity::Blocking) {
            let assertion = self.plan.contract.get(&finding.code);
            let worker = assertion.map(|assertion| assertion.fulfilled_by.clone());
            if let Some(worker) = worker.filter(|worker| self.plan.parties.workers.contains(worker)) {
                by_worker.entry(worker).or_default().push(finding.clone());
            }
        }
        if by_worker.is_empty() { Ok(()) } else { self.draft(&by_worker).await }
    }

    /// Rounds came to nothing: a person takes the best of them, asks for more, or ends it.
    async fn stuck(&mut self, rounds: &[Round], why: &str) -> Result<Option<Round>, Stop> {
        let reports: Vec<_> = rounds.iter().map(|round| round.judged.report.clone()).collect();
        let best = revision::best(&reports).and_then(|at| rounds.get(at)).or(rounds.last());
        let Some(best) = best.cloned() else { return Ok(None) };
        let blocking = best.judged.blocking();
        let question = Question {
            key: format!("stuck#{}", self.round),
            kind: DecisionKind::Stuck,
            subject: format!("{} v{}", self.plan.sop, self.plan.version),
            title: format!("Say how to go on with {}: {why}", self.plan.sop),
            why: format!("{why}; still blocking: {}", blocking.join(", ")),
            asked_of: vec![self.setup.helper.clone()],
            barred: BTreeMap::new(),
            hash: best.assembled.sha256.clone(),
            details: json!({
                "best_round": best.number, "blocking": blocking,
                "approve": "hand the best round on for signature; what failed needs an override there",
                "retry": "let the rounds go on", "revise": "go on with your comment", "reject": "end the mission",
            }),
            deadline: self.setup.deadlines.help,
            assume: false,
        };
        match decide(self.w, &self.setup, question).await? {
            Some(Answer { verb: Verb::Approve, .. }) => Ok(Some(best)),
            Some(Answer { verb: Verb::Revise, text, line, .. }) => {
                self.comments.push(at_line(&best.assembled.text, line, &text));
                Ok(None)
            }
            Some(Answer { verb: Verb::Reject, by, text, .. }) => {
                Err(person(format!("{by} ended it: {text}")))
            }
            Some(_) => Ok(None),
            None => Err(person(format!("nobody said how to go on: {why}"))),
        }
    }

    /// The publication path: forwarded where the path says so, then signed, then published.
    async fn decide(&self, round: &Round) -> Result<Decided, Stop> {
        let mut nth = 1;
        loop {
            if let Some(reader) = &self.plan.path.forwards {
                let forwarded = self.put(round, DecisionKind::Forward, reader, nth).await?;
                if let Some(again) = self.sent_back(round, forwarded.as_ref())? {
                    return Ok(again);
                }
            }
            let signed = self.put(round, DecisionKind::Publish, &self.plan.path.signs, nth).await?;
            if let Some(again) = self.sent_back(round, signed.as_ref())? {
                return Ok(again);
            }
            let Some(answer) = signed else {
                return Err(person("nobody signed before the deadline".to_owned()));
            };
            let publish = Publish {
                mission: self.setup.asker.mission.clone(),
                plan: self.plan.clone(),
                text: round.assembled.text.clone(),
                answer: answer.clone(),
                nth,
            };
            match self.w.call(publish).await {
                Ok(published) => {
                    let reason = format!("{} is active, signed by {}", published.path, answer.by);
                    return Ok(Decided::Published(Ending { state: MissionState::Published, reason }));
                }
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
                Err(Stop::Failed(failure)) => {
                    let key = format!("publish#{}.{nth}", round.number);
                    help(
                        self.w,
                        &self.setup,
                        &key,
                        "the approved version could not be published",
                        &failure.reason,
                    )
                    .await?;
                }
            }
            nth += 1;
        }
    }

    async fn put(
        &self,
        round: &Round,
        kind: DecisionKind,
        party: &str,
        nth: u32,
    ) -> Result<Option<Answer>, Stop> {
        let name = format!("{} v{}", self.plan.sop, self.plan.version);
        let (verb, deadline) = match kind {
            DecisionKind::Forward => ("Forward", self.setup.deadlines.forwarding),
            _ => ("Publish", self.setup.deadlines.signature),
        };
        let barred = if kind == DecisionKind::Publish { self.plan.parties.barred() } else { BTreeMap::new() };
        let why = match kind {
            DecisionKind::Forward => format!(
                "read it and pass it on to {} with your recommendation, or send it back",
                self.plan.path.signs
            ),
            _ => "your signature makes it the active version".to_owned(),
        };
        let question = Question {
            key: format!("{}#{}.{nth}", kind.word(), round.number),
            kind,
            subject: name.clone(),
            title: format!("{verb} {name}: {}", self.plan.title),
            why,
            asked_of: vec![party.to_owned()],
            barred,
            hash: round.assembled.sha256.clone(),
            details: self.details(round),
            deadline,
            assume: false,
        };
        decide(self.w, &self.setup, question).await
    }

    /// What the person who decides should see besides the draft.
    fn details(&self, round: &Round) -> serde_json::Value {
        let advice: Vec<&str> =
            round.judged.findings.iter().map(|finding| finding.message.as_str()).collect();
        let assumed = self.setup.view.answers.iter().filter(|answered| answered.assumed);
        json!({
            "round": round.number,
            "file": format!("missions/{}/synthesis-{}.md", self.setup.asker.mission, round.number),
            "failed": round.judged.blocking(),
            "findings": advice,
            "for_you_to_judge": round.assembled.to_judge,
            "unsourced_lines": round.assembled.unsourced,
            "assumptions": assumed.map(|a| format!("{} — assumed: {}", a.question, a.answer)).collect::<Vec<_>>(),
            "gaps": self.gaps,
            "tier_0": self.setup.asker.tiers.is_empty(),
            "exception": self.plan.path.exception,
            "risk_level": self.plan.risk_level,
            "supersedes": self.plan.supersedes,
        })
    }

    fn sent_back(&self, round: &Round, answer: Option<&Answer>) -> Result<Option<Decided>, Stop> {
        match answer {
            Some(Answer { verb: Verb::Revise, text, line, .. }) => {
                Ok(Some(Decided::Again(at_line(&round.assembled.text, *line, text))))
            }
            Some(Answer { verb: Verb::Reject, by, text, .. }) => {
                Err(person(format!("{by} rejected it: {text}")))
            }
            Some(_) => Ok(None),
            None => Err(person("nobody decided before the deadline".to_owned())),
        }
    }
}

/// A patch is judged by the coded checks alone.
fn by_code_only(assembled: &Assembled) -> Judged {
    let passed = assembled.findings.iter().all(|finding| finding.severity != Severity::Blocking);
    let report = crate::contract::verdicts::Report { outcomes: Vec::new() };
    Judged { report, findings: assembled.findings.clone(), judgements: Vec::new(), passed }
}

/// A comment with the words of the line it is about.
fn at_line(text: &str, line: Option<u32>, comment: &str) -> String {
    let index = line.and_then(|line| usize::try_from(line.checked_sub(1)?).ok());
    match index.and_then(|index| text.lines().nth(index)).filter(|words| !words.trim().is_empty()) {
        Some(words) => format!("{comment} (about the line \"{}\")", words.trim()),
        None => comment.to_owned(),
    }
}
