//! Judging one round's draft: the council where it is called, scrutiny and user test side by side, and one report.

use super::assemble::Assembled;
use super::council::{CouncilReport, HoldCouncil};
use super::council_review::SeatCouncil;
use super::help::{grant, help};
use super::judge::{Judge, Judged, USER_TEST, carry};
use super::records::MissionState;
use super::rounds::{Desk, EXAMINED, GROUNDED, NOTHING_UNSEEN, Wish};
use super::validate::{Scrutinise, Tested, UserTest, more_scenarios};
use crate::brief::Scenario;
use crate::contract::verdicts::Judgement;
use crate::contract::{Finding, Severity, revision};
use crate::journal::Stop;
use crate::roles::scrutiny::ScrutinyAnswer;
use crate::sop;
use std::collections::BTreeMap;

impl Desk<'_> {
    pub(super) async fn judge(&mut self, assembled: &Assembled) -> Result<Judged, Stop> {
        self.fresh_scenario().await?;
        let carried = self.last.as_ref().map_or_else(Vec::new, |round| {
            carry(&round.judged.judgements, &self.plan, &round.assembled.text, &assembled.text)
        });
        let council = self.counsel(assembled).await?;
        let entered = self.enter(MissionState::Validating);
        let (scrutiny, tested) = self.validate(assembled, &carried).await?;
        entered.await?;
        self.failed = if self.w.version() < NOTHING_UNSEEN { tested.failed() } else { tested.wanting() };
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
            open: self.left_open(&assembled.text),
            round: self.round,
            whole: self.tells_whole(),
        };
        self.w.call(judge).await
    }

    /// Whether what a draft has failed at is told whole: then no scenario is used again. Code knows one kind of scenario.
    fn tells_whole(&self) -> bool {
        self.w.version() >= GROUNDED && !self.setup.asker.tiers.is_empty()
    }

    /// How many scenarios the rounds up to this one use: all but one for each further round at the first, then one more
    /// each, which is the exam: no round before has seen it.
    fn used(&self) -> usize {
        let round = usize::try_from(self.round).unwrap_or(usize::MAX);
        let first = if self.walks_side_by_side() { self.setup.rules.scenarios.max(1) } else { 1 };
        usize::try_from(first).unwrap_or(1).saturating_add(round - 1)
    }

    /// Whether one round walks several scenarios.
    fn walks_side_by_side(&self) -> bool {
        self.w.version() >= EXAMINED && self.tells_whole()
    }

    /// A scenario no round before has used, where those of the beginning are used up.
    async fn fresh_scenario(&mut self) -> Result<(), Stop> {
        while self.tells_whole() && self.scenarios.len() < self.used() {
            let more =
                more_scenarios(self.w, &mut self.setup, &self.plan, (self.round, &self.scenarios)).await?;
            if more.is_empty() {
                return Ok(());
            }
            self.scenarios.extend(more);
        }
        Ok(())
    }

    /// What the council says, where the plan calls for it or somebody has called for it since: asked once, and again
    /// as long as it would not let the draft pass. In the other rounds its split stays on record.
    async fn counsel(&mut self, assembled: &Assembled) -> Result<Option<CouncilReport>, Stop> {
        if let Some(report) = self.council.clone().filter(|report| !report.blocks()) {
            return Ok(Some(report.on_record()));
        }
        let council = match self.plan.council.clone() {
            Some(council) => council,
            None => match self.w.call(SeatCouncil::if_called(&self.setup, &self.plan, self.round)).await? {
                Some(council) => council,
                None => return Ok(None),
            },
        };
        self.enter(MissionState::Council).await?;
        let mut attempt = 0;
        loop {
            let (setup, sop) = (self.setup.clone(), assembled.text.clone());
            let session = HoldCouncil { setup, council: council.clone(), sop, round: self.round, attempt };
            let held = self.w.child(session).await;
            self.council = self.or_help(held, "the council could not answer", attempt).await?;
            if self.council.is_some() {
                return Ok(self.council.clone());
            }
            attempt += 1;
        }
    }

    /// Scrutiny and user test side by side. What one of them has answered is kept while a person helps the other.
    async fn validate(
        &mut self,
        assembled: &Assembled,
        carried: &[Judgement],
    ) -> Result<(ScrutinyAnswer, Tested), Stop> {
        let (mut scrutiny, mut tested) = (None, None);
        let mut attempt = 0;
        loop {
            let (w, scrutinise, user_test) =
                (self.w, self.scrutinise(assembled, carried, attempt), self.user_test(assembled, attempt));
            let reading = scrutiny.is_none().then(|| w.child(scrutinise));
            let walking = tested.is_none().then(|| w.child(user_test));
            let read = match reading {
                Some(reading) => Some(reading.await),
                None => None,
            };
            let walked = match walking {
                Some(walking) => Some(walking.await),
                None => None,
            };
            if let Some(read) = read {
                scrutiny = self.or_help(read, "scrutiny gave no usable verdicts", attempt).await?;
            }
            if let Some(walked) = walked {
                tested = self.or_help(walked, "user testing gave no usable verdicts", attempt).await?;
            }
            match (scrutiny, tested) {
                (Some(scrutiny), Some(tested)) => return Ok((scrutiny, tested)),
                open => (scrutiny, tested) = open,
            }
            attempt += 1;
        }
    }

    /// A part of the judgement, or `None` once a person said to try again.
    async fn or_help<T>(
        &mut self,
        part: Result<T, Stop>,
        what: &str,
        attempt: u32,
    ) -> Result<Option<T>, Stop> {
        match part {
            Ok(part) => Ok(Some(part)),
            Err(Stop::Cancelled) => Err(Stop::Cancelled),
            Err(Stop::Failed(failure)) => {
                let key = format!("{}#{}.{attempt}", crate::base::text::slug(what, 40), self.round);
                help(self.w, &self.setup, &key, what, &failure.reason).await?;
                grant(&failure, &mut self.setup);
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
            findings: about_the_text(&assembled.findings),
            asked: if self.w.version() < GROUNDED { Vec::new() } else { self.asked(assembled) },
            open: self.left_open(&assembled.text),
            gone: self.gone(&assembled.text),
            round: self.round,
            attempt,
        }
    }

    /// What blocked the round before, where the text has not changed since. What code or a walk found is looked for anew.
    fn left_open(&self, text: &str) -> Vec<Finding> {
        let Some(last) = self.last.as_ref().filter(|_| self.w.version() >= NOTHING_UNSEEN) else {
            return Vec::new();
        };
        let found_anew = |finding: &Finding| {
            finding.code == USER_TEST
                || self.plan.contract.get(&finding.code).is_some()
                || last.assembled.findings.iter().any(|one| one.code == finding.code)
        };
        let standing = revision::standing(&last.judged.findings, &last.assembled.text, text);
        standing.into_iter().filter(|finding| !found_anew(finding)).collect()
    }

    /// The lines of the version in force that do not stand in the text.
    pub(super) fn gone(&self, text: &str) -> Vec<String> {
        match &self.setup.view.current {
            Some(current) if self.w.version() >= NOTHING_UNSEEN => sop::diff::gone(current, text),
            _ => Vec::new(),
        }
    }

    /// What was asked, statement by statement, then what was answered with the question it answers.
    fn asked(&self, assembled: &Assembled) -> Vec<String> {
        let mut asked = assembled.coverage.asked();
        let answers = self.view().answers.into_iter().filter(|one| !one.assumed);
        asked.extend(answers.map(|one| format!("the requester, asked “{}”: {}", one.question, one.answer)));
        if self.w.version() >= EXAMINED {
            let line = |wish: &Wish| format!("{}, of a draft before this one: {}", wish.by, wish.words);
            asked.extend(self.wishes.iter().map(line));
        }
        asked
    }

    /// Each round walks a scenario no round before has used; where several are walked, the first round walks all that
    /// are not kept for later rounds, and a later one again those that failed in the round before.
    fn user_test(&self, assembled: &Assembled, attempt: u32) -> UserTest {
        let count = self.scenarios.len();
        let newest = (self.used() - 1).checked_rem(count).unwrap_or(0);
        let from = if self.walks_side_by_side() && self.last.is_none() { 0 } else { newest };
        let again = if self.walks_side_by_side() { self.failed.clone() } else { Vec::new() };
        let mut scenarios = self.scenarios.iter().skip(from).take(newest + 1 - from).cloned().chain(again);
        let scenario = scenarios.next().unwrap_or(Scenario { text: String::new(), given: BTreeMap::new() });
        UserTest {
            setup: self.setup.clone(),
            validator: self.plan.parties.user_testing.clone(),
            sop: assembled.text.clone(),
            scenario,
            others: scenarios.collect(),
            assertions: self.plan.contract.judged().cloned().collect(),
            round: self.round,
            attempt,
        }
    }
}

/// Findings a validator may see: those about the text. What became of draft items tells of the drafts.
fn about_the_text(findings: &[Finding]) -> Vec<Finding> {
    findings.iter().filter(|finding| !finding.code.starts_with("item-")).cloned().collect()
}

/// A patch is judged by the coded checks alone.
pub(super) fn by_code_only(assembled: &Assembled) -> Judged {
    let passed = assembled.findings.iter().all(|finding| finding.severity != Severity::Blocking);
    let report = crate::contract::verdicts::Report { outcomes: Vec::new() };
    Judged { report, findings: assembled.findings.clone(), judgements: Vec::new(), passed }
}
