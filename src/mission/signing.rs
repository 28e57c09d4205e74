//! The publication path: a draft is forwarded where the path says so, signed, and published; or sent back.

use super::assemble::Assembled;
use super::decide::{Question, decide};
use super::edited::Edit;
use super::help::{at_line, help, person};
use super::publish::Publish;
use super::records::MissionState;
use super::rounds::{Desk, NOTHING_UNSEEN, Round, Wish};
use super::workflow::Ending;
use crate::base::text::put;
use crate::contract::verdicts::Settled;
use crate::decision::{Answer, DecisionKind, Verb};
use crate::governance::Voice;
use crate::journal::Stop;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a decision led to.
pub(super) enum Decided {
    Published(Ending),
    Again(Wish),
    /// This party's text takes the draft's place.
    Edited(Edit),
}

/// What a question shows, with what was asked and where it is, what was taken for granted and what was left out. A round
/// of an older sopd has no ledger, and its question stays as it is on record.
pub(super) fn with_ledger(mut details: Value, round: &Assembled) -> Value {
    let Assembled { coverage, assumed, left_out, unfounded, done, .. } = round;
    if let Some(details) = details.as_object_mut().filter(|_| !coverage.is_empty()) {
        details.insert("asked".to_owned(), json!(coverage.summary()));
        details.insert("not_in_it".to_owned(), json!(coverage.open()));
        details.insert("assumed".to_owned(), json!(assumed));
        details.insert("left_out".to_owned(), json!(left_out));
        details.insert("unfounded".to_owned(), json!(unfounded));
        details.insert("done".to_owned(), json!(done));
    }
    details
}

impl Desk<'_> {
    /// The publication path: forwarded where the path says so, then signed, then published.
    pub(super) async fn decide(&self, round: &Round) -> Result<Decided, Stop> {
        let mut nth = 1;
        loop {
            let mut remark = None;
            if let Some(reader) = &self.plan.path.forwards {
                let forwarded = self.put(round, (DecisionKind::Forward, reader, None), nth).await?;
                if let Some(again) = Self::sent_back(round, (forwarded.as_ref(), None))? {
                    return Ok(again);
                }
                remark = forwarded.filter(|answer| !answer.text.trim().is_empty());
                remark = remark.filter(|_| self.w.version() >= NOTHING_UNSEEN);
            }
            let remark = remark.map(|answer| format!("{}: {}", answer.by, answer.text.trim()));
            let to_sign = (DecisionKind::Publish, &*self.plan.path.signs, remark.as_deref());
            let signed = self.put(round, to_sign, nth).await?;
            if let Some(again) = Self::sent_back(round, (signed.as_ref(), remark.as_deref()))? {
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

    /// `remark`: what whoever passed it on had to say of it.
    async fn put(
        &self,
        round: &Round,
        (kind, party, remark): (DecisionKind, &str, Option<&str>),
        nth: u32,
    ) -> Result<Option<Answer>, Stop> {
        let name = format!("{} v{}", self.plan.sop, self.plan.version);
        let (verb, deadline) = match kind {
            DecisionKind::Forward => ("Forward", self.setup.deadlines.forwarding),
            _ => ("Publish", self.setup.deadlines.signature),
        };
        let mut barred = BTreeMap::new();
        if kind == DecisionKind::Publish {
            barred = self.plan.parties.barred();
            // Who asks for a change has not drafted: the path's signer signs what it asked for, and is told.
            if self.plan.parties.voices.get(party) != Some(&Voice::Drafted) {
                barred.remove(party);
            }
        }
        let why = match kind {
            DecisionKind::Forward => format!(
                "read it and pass it on to {} with your recommendation, or send it back",
                self.plan.path.signs
            ),
            _ => match remark {
                None => "your signature makes it the active version".to_owned(),
                Some(remark) => {
                    format!(
                        "your signature makes it the active version; it was passed on with a remark. {remark}"
                    )
                }
            },
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
            details: self.details(round, remark),
            deadline,
            assume: false,
        };
        decide(self.w, &self.setup, question).await
    }

    /// What the person who decides should see besides the draft.
    fn details(&self, round: &Round, remark: Option<&str>) -> Value {
        let advice: Vec<&str> =
            round.judged.findings.iter().map(|finding| finding.message.as_str()).collect();
        let answers = self.view().answers;
        let assumed = answers.iter().filter(|answered| answered.assumed);
        let mut details = json!({
            "round": round.number,
            "file": format!("missions/{}/synthesis-{}.md", self.setup.asker.mission, round.number),
            "failed": round.judged.blocking(),
            "findings": advice,
            "for_you_to_judge": self.to_judge(round),
            "unsourced_lines": round.assembled.unsourced,
            "assumptions": assumed.map(|a| format!("{} — assumed: {}", a.question, a.answer)).collect::<Vec<_>>(),
            "gaps": self.gaps,
            "tier_0": self.setup.asker.tiers.is_empty(),
            "exception": self.plan.path.exception,
            "risk_level": self.plan.risk_level,
            "supersedes": self.plan.supersedes,
        });
        if let Some(details) = details.as_object_mut().filter(|_| self.w.version() >= NOTHING_UNSEEN) {
            details.extend(remark.map(|remark| ("remark".to_owned(), json!(remark))));
            let line = |wish: &Wish| format!("{}: {}", wish.by, wish.words);
            details.insert("gone".to_owned(), json!(self.gone(&round.assembled.text)));
            details.insert("sent_back".to_owned(), json!(self.wishes.iter().map(line).collect::<Vec<_>>()));
        }
        with_ledger(details, &round.assembled)
    }

    /// What nobody judged: what a mind has passed with words of the text is no longer for the reader alone.
    fn to_judge(&self, round: &Round) -> Vec<String> {
        let mut list = round.assembled.to_judge.clone();
        if !self.setup.asker.tiers.is_empty() {
            let outcomes = &round.judged.report.outcomes;
            let passed = outcomes.iter().filter(|outcome| outcome.result == Settled::Passed);
            let passed: Vec<String> = passed.map(|outcome| format!("{}: ", outcome.assertion.id)).collect();
            list.retain(|line| !passed.iter().any(|id| line.starts_with(id.as_str())));
        }
        list
    }

    fn sent_back(
        round: &Round,
        (answer, remark): (Option<&Answer>, Option<&str>),
    ) -> Result<Option<Decided>, Stop> {
        match answer {
            Some(Answer { verb: Verb::Revise, by, text, line, .. }) => {
                let mut wish =
                    Wish::about(&round.assembled.text, by, at_line(&round.assembled.text, *line, text));
                // What was said of it before goes with it, and asks for nothing by itself.
                if let Some(remark) = remark {
                    put(&mut wish.words, format_args!("\n\nIt had been passed on with a remark. {remark}"));
                }
                Ok(Some(Decided::Again(wish)))
            }
            Some(Answer { verb: Verb::Edit, by, edited: Some(text), .. }) => {
                Ok(Some(Decided::Edited(Edit { by: by.clone(), text: text.clone() })))
            }
            Some(Answer { verb: Verb::Reject, by, text, .. }) => {
                Err(person(format!("{by} rejected it: {text}")))
            }
            Some(_) => Ok(None),
            None => Err(person("nobody decided before the deadline".to_owned())),
        }
    }
}
