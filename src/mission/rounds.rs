//! Rounds of drafting, synthesis and judgement, until nothing blocks or a person takes what there is.

use super::assemble::{Assemble, Assembled};
use super::council::CouncilReport;
use super::draft::{self, DraftPart, Part};
use super::enter::Enter;
use super::judge::Judged;
use super::judging::by_code_only;
use super::plan::MissionPlan;
use super::records::MissionState;
use super::setup::Setup;
use super::unfounded::NOBODYS;
use crate::brief::Scenario;
use crate::contract::{Finding, Severity, revision};
use crate::journal::{Failure, FailureClass, Pending, Stop, Workflow};
use crate::ledger;
use crate::roles::synthesise::{Synthesis, WorkerDraft};
use crate::roles::{Answered, MissionView};
use crate::sop::{id::Change, lint};
use crate::source::Shown;
use std::collections::{BTreeMap, BTreeSet};

/// What a mission carries from stage to stage.
pub(super) struct Desk<'a> {
    pub(super) w: &'a Workflow,
    pub(super) setup: Setup,
    pub(super) plan: MissionPlan,
    pub(super) scenarios: Vec<Scenario>,
    /// What of the sources each worker is shown.
    pub(super) passages: BTreeMap<String, Vec<Shown>>,
    pub(super) drafts: Vec<WorkerDraft>,
    pub(super) gaps: Vec<String>,
    pub(super) wishes: Vec<Wish>,
    /// What workers asked and the requester answered, by worker: one's questions tell of its draft.
    pub(super) answers: Vec<(String, Answered)>,
    /// The council's last session.
    pub(super) council: Option<CouncilReport>,
    pub(super) round: u32,
    /// The round before, also across a person's wish to have something changed.
    pub(super) last: Option<Round>,
    /// What the author wrote last: what she left out of it stays left out.
    pub(super) written: Option<Synthesis>,
    /// What the author says she did in this round about what was found and asked.
    pub(super) done: Vec<String>,
    /// Whose drafts a person's later word may have changed: their items bind no more.
    pub(super) overruled: BTreeSet<String>,
    /// Who has drafted since the author wrote last.
    pub(super) fresh: BTreeSet<String>,
    /// The scenarios in which the last draft failed.
    pub(super) failed: Vec<Scenario>,
    /// The text is a file's, brought by its author, and nobody rewords it.
    pub(super) as_brought: bool,
}

/// What somebody with authority asks to have changed.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) by: String,
    pub(super) words: String,
    /// What it asks to be in the text: see [`crate::ledger::asks`].
    pub(super) asks: Vec<String>,
}

impl Wish {
    /// A wish about a text that stood there.
    pub(super) fn about(text: &str, by: &str, words: String) -> Self {
        Self { by: by.to_owned(), asks: ledger::asks(&words, text), words }
    }
}

/// One round's draft with its judgement.
#[derive(Clone)]
pub(super) struct Round {
    pub(super) number: u32,
    pub(super) assembled: Assembled,
    pub(super) judged: Judged,
}

impl<'a> Desk<'a> {
    /// At the first round.
    pub(super) fn new(w: &'a Workflow, setup: Setup, plan: MissionPlan, scenarios: Vec<Scenario>) -> Self {
        Self {
            w,
            setup,
            plan,
            scenarios,
            passages: BTreeMap::new(),
            drafts: Vec::new(),
            gaps: Vec::new(),
            wishes: Vec::new(),
            answers: Vec::new(),
            council: None,
            round: 1,
            last: None,
            written: None,
            done: Vec::new(),
            overruled: BTreeSet::new(),
            fresh: BTreeSet::new(),
            failed: Vec::new(),
            as_brought: false,
        }
    }
}

/// The version of the story from which on authors see what was found before anybody judges, workers see all answers and
/// their own draft, and scrutiny sees what was asked.
pub(super) const GROUNDED: u32 = 3;

/// The version of the story from which on a round walks several scenarios side by side, and the author changes her text by
/// what she gives for its parts instead of writing all of it again.
pub(super) const EXAMINED: u32 = 4;

/// The version of the story from which on scrutiny is asked about what was found before and left as it was, and sees what
/// of the version in force is gone; and a plan for a procedure that is in force is made with its text in view.
pub(super) const NOTHING_UNSEEN: u32 = 5;

/// How often a text goes back to its author for what code finds, before it is judged as it is.
const RETURNS: u32 = 2;

impl Desk<'_> {
    /// The words of everything that was asked to be changed.
    pub(super) fn comments(&self) -> Vec<String> {
        self.wishes.iter().map(|wish| wish.words.clone()).collect()
    }

    /// What they ask to be in the text, each with its words.
    pub(super) fn asks(&self) -> Vec<(String, Vec<String>)> {
        if self.w.version() < NOTHING_UNSEEN {
            return Vec::new();
        }
        self.wishes.iter().map(|wish| (wish.words.clone(), wish.asks.clone())).collect()
    }

    /// Who is at work, as those who write see it. Code alone knows the roster itself.
    pub(super) fn roster(&self) -> Vec<String> {
        if self.w.version() < NOTHING_UNSEEN || self.setup.asker.tiers.is_empty() {
            return Vec::new();
        }
        self.setup.at_work()
    }

    /// Recorded beside the work of the stage: whoever enters awaits it with the stage's own answer, so that telling
    /// where a mission stands costs no time.
    pub(super) fn enter(&self, state: MissionState) -> Pending<()> {
        let mission = self.setup.asker.mission.clone();
        self.w.call(Enter { mission, state, round: self.round, reason: String::new() })
    }

    /// The mission with everything the requester answered.
    pub(super) fn view(&self) -> MissionView {
        let mut view = self.setup.view.clone();
        view.answers.extend(self.answers.iter().map(|(_, answered)| answered.clone()));
        view
    }

    /// The mission as one worker knows it, with what was answered to anybody: an answer may be about several parts.
    fn view_of(&self, worker: &str) -> MissionView {
        let mut view = self.setup.view.clone();
        let all = self.w.version() >= GROUNDED;
        let own = self.answers.iter().filter(|(agent, _)| all || agent == worker);
        view.answers.extend(own.map(|(_, answered)| answered.clone()));
        if let Some(shown) = self.passages.get(worker) {
            view.sources.clone_from(shown);
        }
        view
    }

    /// Later rounds: only those draft again whose domain was found wanting.
    pub(super) async fn draft(&mut self, findings: &BTreeMap<String, Vec<Finding>>) -> Result<(), Stop> {
        self.send(findings).await?;
        if self.nobody_drafted() { Err(self.nothing_drafted()) } else { Ok(()) }
    }

    pub(super) fn nobody_drafted(&self) -> bool {
        self.drafts.iter().all(|worker| !worker.draft.declined.is_empty())
    }

    pub(super) fn nothing_drafted(&self) -> Stop {
        let reasons = format!("no worker drafted anything: {}", self.gaps.join("; "));
        Stop::Failed(Failure::new(FailureClass::Content, reasons))
    }

    /// Sends workers off in parallel: those whose domain was found wanting, all where nothing was found.
    pub(super) async fn send(&mut self, findings: &BTreeMap<String, Vec<Finding>>) -> Result<(), Stop> {
        let wanted = |agent: &str| findings.is_empty() || findings.contains_key(agent);
        let parts: Vec<DraftPart> = self
            .plan
            .assignments
            .iter()
            .filter(|assignment| wanted(&assignment.agent))
            .map(|assignment| {
                let theirs = findings.get(&assignment.agent).cloned().unwrap_or_default();
                let view = self.view_of(&assignment.agent);
                let mut question = draft::question(&self.plan, &view, assignment, theirs);
                if self.w.version() >= GROUNDED && !question.findings.is_empty() {
                    let own = self.drafts.iter().find(|worker| worker.agent == assignment.agent);
                    question.before = own.map(|worker| worker.draft.clone());
                }
                question.roster = self.roster();
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
        Ok(())
    }

    fn take_in(&mut self, part: Part) {
        let Part { agent, draft, gap, answers, grants } = part;
        self.setup.asker.grants = self.setup.asker.grants.max(grants);
        self.answers.extend(answers.into_iter().map(|answered| (agent.clone(), answered)));
        if let Some(gap) = gap {
            self.gaps.push(format!("{agent}: {gap}"));
        }
        let Some(draft) = draft else { return };
        self.fresh.insert(agent.clone());
        let department = self.setup.departments.get(&agent).cloned().unwrap_or_default();
        match self.drafts.iter_mut().find(|worker| worker.agent == agent) {
            Some(worker) => worker.draft = draft,
            None => self.drafts.push(WorkerDraft { agent, department, draft }),
        }
    }

    /// Rounds of synthesis and judgement, until nothing blocks, or a person takes what there is.
    pub(super) async fn reach_a_draft_worth_deciding(&mut self) -> Result<Round, Stop> {
        let first = self.round;
        let mut last = first + self.setup.rules.rounds - 1;
        let mut rounds: Vec<Round> = Vec::new();
        loop {
            let round = self.once().await?;
            self.last = Some(round.clone());
            let found = round.judged.findings.clone();
            let earlier: Vec<Vec<Finding>> =
                rounds.iter().map(|round| round.judged.findings.clone()).collect();
            rounds.push(round.clone());
            if round.judged.passed {
                return Ok(round);
            }
            let repeated = if self.w.version() < GROUNDED {
                revision::repeated(&earlier, &found).len()
            } else {
                revision::returned(&earlier, &found).len()
            };
            if repeated > 0 || self.round >= last {
                let why = match repeated {
                    0 => format!("{} rounds did not settle it", rounds.len()),
                    _ => "the same finding came back".to_owned(),
                };
                if let Some(round) = self.stuck(&rounds, &why).await? {
                    return Ok(round);
                }
                rounds.clear();
                last = self.round + self.setup.rules.rounds;
            }
            self.revise(&found).await?;
        }
    }

    /// One round: synthesis, coded checks, council, scrutiny and user test in parallel, judgement.
    async fn once(&mut self) -> Result<Round, Stop> {
        let entered = self.enter(MissionState::Synthesising);
        let before = self.last.as_ref().map(|round| (&round.assembled.text, &round.judged.findings));
        let before = before.map(|(text, findings)| (text.clone(), findings.clone()));
        let synthesis = self.synthesise(before, 0).await?;
        entered.await?;
        let mut assembled = self.assemble(synthesis, 0).await?;
        // What code finds goes back to the author before anybody is asked to judge.
        let returns =
            if self.w.version() < GROUNDED || self.setup.asker.tiers.is_empty() { 0 } else { RETURNS };
        for again in 1..=returns {
            let goes_back = |finding: &&Finding| {
                finding.severity == Severity::Blocking
                    || again == 1 && [NOBODYS, lint::NAMED].contains(&finding.code.as_str())
            };
            let coded = assembled.coded.iter().filter(|_| self.w.version() >= NOTHING_UNSEEN);
            let coded = coded.flat_map(|coded| &coded.findings).filter(goes_back);
            let found = assembled.findings.iter().filter(goes_back).chain(coded);
            let found: Vec<Finding> = found.cloned().collect();
            if found.is_empty() {
                break;
            }
            let synthesis = self.synthesise(Some((assembled.text.clone(), found)), again).await?;
            assembled = self.assemble(synthesis, again).await?;
        }
        self.judged(assembled).await
    }

    /// The round of a draft that stands: who has which part is settled, and validators or, for a patch, code has judged it.
    pub(super) async fn judged(&mut self, assembled: Assembled) -> Result<Round, Stop> {
        if let Some(parties) = assembled.parties.clone() {
            self.plan.parties = parties;
        }
        let judged = if self.plan.change == Change::Patch {
            by_code_only(&assembled)
        } else {
            self.judge(&assembled).await?
        };
        Ok(Round { number: self.round, assembled, judged })
    }

    async fn assemble(&self, synthesis: Synthesis, again: u32) -> Result<Assembled, Stop> {
        let assemble = Assemble {
            mission: self.setup.asker.mission.clone(),
            snapshot: self.setup.asker.snapshot.clone(),
            plan: self.plan.clone(),
            view: self.view(),
            drafts: self.drafts.clone(),
            synthesis,
            comments: self.comments(),
            asks: self.asks(),
            done: self.done.clone(),
            overruled: self.overruled.iter().cloned().collect(),
            tells_unchanged: self.w.version() >= NOTHING_UNSEEN,
            round: self.round,
            again,
        };
        self.w.call(assemble).await
    }
}
