//! The author writes: first the whole text from what the departments gave, then only what changes in it.

use super::help::{grant, help};
use super::rounds::{Desk, EXAMINED, NOTHING_UNSEEN};
use crate::agent::{Asking, Seat, ask};
use crate::contract::{Finding, Severity};
use crate::journal::Stop;
use crate::ledger;
use crate::roles::revise::Revise;
use crate::roles::synthesise::{Synthesis, SynthesisQuestion, Synthesise};
use crate::roles::{AssertionView, Role};
use crate::sop::{self, lint};

impl Desk<'_> {
    /// `before` is the author's text and what was found in it; `again` counts the returns within a round.
    pub(super) async fn synthesise(
        &mut self,
        before: Option<(String, Vec<Finding>)>,
        again: u32,
    ) -> Result<Synthesis, Stop> {
        let (previous, mut findings) = before.map_or((None, Vec::new()), |(text, found)| (Some(text), found));
        // What somebody has released meanwhile is not asked for again.
        let released = ledger::released_ids(&self.comments());
        findings.retain(|finding| {
            !released.iter().any(|id| finding.message.starts_with(&format!("{id} was asked")))
        });
        let wishes = self.wishes.iter().map(|wish| (&wish.by, ledger::besides_releases(&wish.words)));
        let wishes: Vec<(&String, String)> = wishes.filter(|(_, wish)| !wish.is_empty()).collect();
        let mut question = SynthesisQuestion {
            mission: self.view(),
            title: self.plan.title.clone(),
            objective: self.plan.objective.clone(),
            description: self.plan.description.clone(),
            owner: self.plan.parties.owner.clone(),
            assertions: self.plan.contract.assertions.iter().map(AssertionView::of).collect(),
            drafts: self.drafts.clone(),
            previous,
            findings,
            comments: wishes.iter().map(|(_, wish)| wish.clone()).collect(),
            roster: self.roster(),
        };
        let synthesis = match self.base(&question) {
            Some(base) => {
                // What stands in her text already is not told again: a first text is written from all of it.
                if self.w.version() >= NOTHING_UNSEEN && self.last.is_some() {
                    if !self.wishes.is_empty() {
                        let others = self.drafts.iter().map(|worker| worker.agent.clone());
                        self.overruled.extend(others.filter(|agent| !self.fresh.contains(agent)));
                        self.overruled.retain(|agent| !self.fresh.contains(agent));
                    }
                    question.drafts.retain(|worker| self.fresh.contains(&worker.agent));
                }
                // A mind is told who asks, and not what is a matter of style: that makes a text grow, and no better.
                question.comments = wishes.iter().map(|(by, wish)| format!("{by}: {wish}")).collect();
                question.findings.retain(|finding| !of_style(finding));
                let revision = self.have_written::<Revise>(&question, again).await?;
                if again == 0 {
                    self.done.clear();
                }
                self.done.extend(revision.done.iter().cloned());
                revision.of(base)
            }
            None => self.have_written::<Synthesise>(&question, again).await?,
        };
        self.written = Some(synthesis.clone());
        self.fresh.clear();
        Ok(synthesis)
    }

    /// The text that is changed, where a model changes one: code joins the drafts anew.
    fn base(&self, question: &SynthesisQuestion) -> Option<Synthesis> {
        if self.w.version() < EXAMINED || self.author_tier() == 0 || self.setup.asker.tiers.is_empty() {
            return None;
        }
        let base = Synthesis::of(&sop::parse("", question.base()?).ok()?);
        let before = self.written.clone().unwrap_or_default();
        let Synthesis { change, dispositions, dissent, .. } = before;
        Some(Synthesis { change, dispositions, dissent, ..base })
    }

    fn author_tier(&self) -> u8 {
        self.setup.tiers.get(&self.setup.orchestrator).copied().unwrap_or(0)
    }

    /// Asks the author; a person helps where she cannot answer.
    async fn have_written<R: Role<Question = SynthesisQuestion>>(
        &mut self,
        question: &SynthesisQuestion,
        again: u32,
    ) -> Result<R::Answer, Stop> {
        let returned = if again == 0 { String::new() } else { format!("-{again}") };
        let mut attempt = 1;
        loop {
            let key = format!("synthesise#{}{returned}.{attempt}", self.round);
            let asking = Asking {
                agent: self.setup.orchestrator.clone(),
                tier: self.author_tier(),
                seat: Seat::Author,
                key: key.clone(),
            };
            match ask::<R>(self.w, &self.setup.asker, &asking, question).await {
                Ok((answer, _)) => return Ok(answer),
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
                Err(Stop::Failed(failure)) => {
                    let what = "the drafts could not be merged";
                    help(self.w, &self.setup, &key, what, &failure.reason).await?;
                    grant(&failure, &mut self.setup);
                }
            }
            attempt += 1;
        }
    }
}

/// Advice of the coded checks: on wording, on length, and where no line was seen to say a thing, which a validator is
/// asked to look at. What validators advise stays.
fn of_style(finding: &Finding) -> bool {
    let coded = lint::severity(&finding.code).is_some() && finding.code != lint::NAMED
        || [ledger::NOT_SEEN, "item-not-found"].contains(&finding.code.as_str());
    finding.severity == Severity::Advisory && coded
}
