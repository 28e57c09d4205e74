//! Rounds that came to nothing go to a person.

use super::decide::{Question, decide};
use super::help::{at_line, person};
use super::rounds::{Desk, Round, Wish};
use super::signing::with_ledger;
use crate::contract::revision;
use crate::decision::{Answer, DecisionKind, Verb};
use crate::journal::Stop;
use crate::ledger::{self, Coverage};
use serde_json::json;
use std::collections::BTreeMap;

impl Desk<'_> {
    /// Rounds came to nothing: a person takes the best of them, asks for more, or ends it.
    pub(super) async fn stuck(&mut self, rounds: &[Round], why: &str) -> Result<Option<Round>, Stop> {
        let reports: Vec<_> = rounds.iter().map(|round| round.judged.report.clone()).collect();
        let best = revision::best(&reports).and_then(|at| rounds.get(at)).or(rounds.last());
        let Some(best) = best.cloned() else { return Ok(None) };
        let blocking = best.judged.blocking();
        let (retry, revise) = if self.as_brought {
            ("have it looked at once more", "send it back to its author with your comment")
        } else {
            ("let the rounds go on", "go on with your comment")
        };
        let question = Question {
            key: format!("stuck#{}", self.round),
            kind: DecisionKind::Stuck,
            subject: format!("{} v{}", self.plan.sop, self.plan.version),
            title: format!("Say how to go on with {}: {why}", self.plan.sop),
            why: format!(
                "{why}; still blocking: {}{}",
                blocking.join(", "),
                release(&best.assembled.coverage)
            ),
            asked_of: vec![self.setup.helper.clone()],
            barred: BTreeMap::new(),
            hash: best.assembled.sha256.clone(),
            details: with_ledger(
                json!({
                    "best_round": best.number, "blocking": blocking,
                    "approve": "hand the best round on for signature; what failed needs an override there",
                    "retry": retry, "revise": revise, "reject": "end the mission",
                }),
                &best.assembled,
            ),
            deadline: self.setup.deadlines.help,
            assume: false,
        };
        match decide(self.w, &self.setup, question).await? {
            Some(Answer { verb: Verb::Approve, .. }) => {
                self.last = Some(best.clone());
                Ok(Some(best))
            }
            Some(Answer { verb: Verb::Revise, by, text, line, .. }) => {
                let text_of = &best.assembled.text;
                self.wishes.push(Wish::about(text_of, &by, at_line(text_of, line, &text)));
                Ok(None)
            }
            Some(Answer { verb: Verb::Reject, by, text, .. }) => {
                Err(person(format!("{by} ended it: {text}")))
            }
            Some(_) => Ok(None),
            None => Err(person(format!("nobody said how to go on: {why}"))),
        }
    }
}

/// How what need not be in the text is released, where something of it is lost.
fn release(coverage: &Coverage) -> String {
    let lost = coverage
        .entries
        .iter()
        .find(|entry| matches!(entry.fate, ledger::Fate::Lost { binds: true, .. } | ledger::Fate::NotPlaced));
    lost.map_or(String::new(), |entry| {
        format!("; what need not be in the text is released by a comment like `{}: why`", entry.statement.id)
    })
}
