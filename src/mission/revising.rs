//! What goes back to whom after a round: a finding to the worker whose domain it is of, in words that worker may see.

use super::judge::USER_TEST;
use super::records::MissionState;
use super::rounds::{Desk, EXAMINED, GROUNDED};
use crate::contract::{Assertion, Finding, Severity};
use crate::journal::Stop;
use std::collections::BTreeMap;

impl Desk<'_> {
    /// Findings go back to the worker whose domain they are of, and all of them to the orchestrator.
    pub(super) async fn revise(&mut self, findings: &[Finding]) -> Result<(), Stop> {
        self.round += 1;
        self.enter(MissionState::Revising).await?;
        let mut by_worker: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.severity == Severity::Blocking) {
            let Some(assertion) = self.plan.contract.get(&finding.code) else {
                if let Some(worker) = self.whose_step(finding) {
                    by_worker
                        .entry(worker)
                        .or_default()
                        .push(Finding { quote: String::new(), ..finding.clone() });
                }
                continue;
            };
            let worker = &assertion.fulfilled_by;
            if self.plan.parties.workers.contains(worker) {
                by_worker
                    .entry(worker.clone())
                    .or_default()
                    .push(self.for_worker(worker, assertion, finding));
            }
        }
        if by_worker.is_empty() { Ok(()) } else { self.draft(&by_worker).await }
    }

    /// The worker who does the step in which somebody who followed the text got stuck: only who knows the work can say what
    /// is missing there.
    fn whose_step(&self, finding: &Finding) -> Option<String> {
        if self.w.version() < EXAMINED || finding.code != USER_TEST {
            return None;
        }
        let number = finding.quote.strip_prefix("### Step ")?.split(':').next()?.parse::<usize>().ok()?;
        let step = self.written.as_ref()?.steps.get(number.checked_sub(1)?)?;
        self.plan.parties.workers.contains(&step.assignee).then(|| step.assignee.clone())
    }

    /// A finding as one worker may see it. Words of the draft that are not its own came from somebody else's part:
    /// then it is told what its assertion asks, and not a word of theirs.
    fn for_worker(&self, worker: &str, assertion: &Assertion, finding: &Finding) -> Finding {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let own = self.drafts.iter().filter(|draft| draft.agent == worker);
        let items = own.flat_map(|own| crate::draft::items(worker, &own.draft));
        let marks = |c: char| "#-* ".contains(c);
        let quote = words(finding.quote.trim_start_matches(marks));
        let quote =
            quote.strip_prefix("Step ").and_then(|rest| rest.split_once(": ")).map_or(&*quote, |(_, q)| q);
        if finding.quote.is_empty() || items.into_iter().any(|item| words(&item.text).contains(quote)) {
            return finding.clone();
        }
        let statement = assertion.statement.trim_end_matches('.');
        let others = self.drafts.iter().filter(|draft| draft.agent != worker);
        let theirs = others.flat_map(|other| crate::draft::items(&other.agent, &other.draft));
        let mut sentences = theirs.flat_map(|item| item.text.lines().map(words).collect::<Vec<_>>());
        let said = words(&finding.message);
        // A reason in a validator's own words tells more than what would break the assertion.
        let foreign = said.contains(quote) || sentences.any(|line| line.len() > 12 && said.contains(&line));
        let message = if self.w.version() < GROUNDED || foreign {
            format!("{statement} does not hold: {}", assertion.fails_if)
        } else {
            finding.message.clone()
        };
        Finding { message, quote: String::new(), other: None, ..finding.clone() }
    }
}
