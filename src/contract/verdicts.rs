//! Puts together what the coded checks and the validators said about each assertion. Silence, doubt and voided
//! verdicts are never a pass.

use super::quote::{Verified, verify};
use super::{Answer, Assertion, Check, Contract, Finding, Severity, Verdict};
use crate::sop::Section;
use serde::{Deserialize, Serialize};

/// What the coded checks found for one assertion; it holds when nothing was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coded {
    /// The assertion's id.
    pub assertion: String,
    /// What breaks it.
    pub findings: Vec<Finding>,
}

/// What one validator said, re-read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// `scrutiny`, `user_testing`.
    pub by: String,
    /// Its verdicts.
    pub verdicts: Vec<Verified>,
    /// Verdicts on assertions it was not asked about; they count for nothing.
    pub unasked: Vec<Verdict>,
}

/// Everything known about a draft against its contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// One per assertion, in the contract's order.
    pub outcomes: Vec<Outcome>,
}

/// The final answer to one assertion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The assertion.
    pub assertion: Assertion,
    /// The answer.
    pub result: Settled,
    /// The verdicts behind it; empty for a coded check.
    pub evidence: Vec<Evidence>,
    /// What breaks it, or leaves it open.
    pub findings: Vec<Finding>,
}

/// One validator's verdict on one assertion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The validator.
    pub by: String,
    /// What it said.
    pub verified: Verified,
}

/// How an assertion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// At least one pass with evidence, and no failure.
    Passed,
    /// At least one failure.
    Failed,
    /// Neither: nobody could tell, nobody was asked, or every verdict was voided.
    Open,
}

/// Re-reads the verdicts of validator `by`, who was asked about the judged assertions of `contract`.
pub fn judgement(by: &str, verdicts: &[Verdict], contract: &Contract, sop_text: &str) -> Judgement {
    let mut judgement = Judgement { by: by.to_owned(), verdicts: Vec::new(), unasked: Vec::new() };
    for verdict in verdicts {
        let asked = contract.judged().find(|assertion| assertion.id == verdict.assertion);
        match asked {
            Some(assertion) => judgement.verdicts.push(verify(verdict, assertion, sop_text)),
            None => judgement.unasked.push(verdict.clone()),
        }
    }
    judgement
}

/// Settles every assertion of `contract`.
pub fn combine(contract: &Contract, coded: &[Coded], judgements: &[Judgement]) -> Report {
    let outcome = |assertion: &Assertion| match assertion.check {
        Check::Code { .. } => by_code(assertion, coded),
        Check::Judged => by_judgement(assertion, judgements),
    };
    Report { outcomes: contract.assertions.iter().map(outcome).collect() }
}

impl Report {
    /// Whether every blocking assertion has passed.
    pub fn passes(&self) -> bool {
        self.blocking().next().is_none()
    }
    /// Blocking assertions that have not passed.
    pub fn blocking(&self) -> impl Iterator<Item = &Outcome> {
        let stands_in_the_way = |outcome: &&Outcome| {
            outcome.result != Settled::Passed && outcome.assertion.severity == Severity::Blocking
        };
        self.outcomes.iter().filter(stands_in_the_way)
    }
    /// Everything that breaks an assertion or leaves it open.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.outcomes.iter().flat_map(|outcome| &outcome.findings)
    }
}

impl Contract {
    /// The assertions that validators judge.
    pub fn judged(&self) -> impl Iterator<Item = &Assertion> {
        self.assertions.iter().filter(|assertion| assertion.check == Check::Judged)
    }
    /// The assertion with that id.
    pub fn get(&self, id: &str) -> Option<&Assertion> {
        self.assertions.iter().find(|assertion| assertion.id == id)
    }
}

fn by_code(assertion: &Assertion, coded: &[Coded]) -> Outcome {
    let mine: Vec<&Coded> = coded.iter().filter(|coded| coded.assertion == assertion.id).collect();
    let mut findings: Vec<Finding> = mine.iter().flat_map(|coded| coded.findings.clone()).collect();
    let result = match (mine.is_empty(), findings.is_empty()) {
        (true, _) => Settled::Open,
        (false, true) => Settled::Passed,
        (false, false) => Settled::Failed,
    };
    if result == Settled::Open {
        findings.push(finding(assertion, None, "its coded check did not run", ""));
    }
    Outcome { assertion: assertion.clone(), result, evidence: Vec::new(), findings }
}

fn by_judgement(assertion: &Assertion, judgements: &[Judgement]) -> Outcome {
    let mut evidence = Vec::new();
    for judgement in judgements {
        let mine = judgement.verdicts.iter().filter(|verified| verified.verdict.assertion == assertion.id);
        evidence
            .extend(mine.map(|verified| Evidence { by: judgement.by.clone(), verified: verified.clone() }));
    }
    let failures: Vec<Finding> = evidence
        .iter()
        .filter(|evidence| evidence.verified.fails())
        .map(|evidence| {
            let (verdict, found) = (&evidence.verified.verdict, evidence.verified.found);
            finding(assertion, found.map(|found| found.section), &verdict.reason, &verdict.quote)
        })
        .collect();
    let passed = evidence.iter().any(|evidence| evidence.verified.passes());
    let (result, findings) = if !failures.is_empty() {
        (Settled::Failed, failures)
    } else if passed {
        (Settled::Passed, Vec::new())
    } else {
        (Settled::Open, vec![finding(assertion, None, &why_open(&evidence), "")])
    };
    Outcome { assertion: assertion.clone(), result, evidence, findings }
}

/// Why nothing settles an assertion, in words for the person who must.
fn why_open(evidence: &[Evidence]) -> String {
    if evidence.is_empty() {
        return "no validator answered it".to_owned();
    }
    let reason = |evidence: &Evidence| {
        let (by, verdict) = (&evidence.by, &evidence.verified.verdict);
        match (&evidence.verified.voided, verdict.answer) {
            (Some(why), _) => format!("the verdict of {by} does not count: {why}"),
            (None, Answer::CannotTell) => format!("{by} cannot tell: {}", verdict.reason),
            (None, Answer::Pass | Answer::Fail) => format!("{by} gave no evidence: {}", verdict.reason),
        }
    };
    evidence.iter().map(reason).collect::<Vec<_>>().join("; ")
}

/// A finding under the assertion's id; in its first section where no quote gives a better place.
fn finding(assertion: &Assertion, section: Option<Section>, why: &str, quote: &str) -> Finding {
    Finding {
        code: assertion.id.clone(),
        severity: assertion.severity,
        section: section.or_else(|| assertion.sections.first().copied()),
        message: format!("{} — {why}", assertion.statement.trim()),
        quote: quote.to_owned(),
        other: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOP: &str = "## Steps\n\nCall the lead within one business day.\n";

    fn contract() -> Contract {
        let assertion = |id: &str, check| Assertion {
            id: id.to_owned(),
            statement: "Leads are called in time.".to_owned(),
            fails_if: "not".to_owned(),
            check,
            severity: Severity::Blocking,
            sections: vec![Section::Steps],
            fulfilled_by: "synthesis".to_owned(),
        };
        let code = Check::Code { name: "n".to_owned(), argument: String::new() };
        Contract { assertions: vec![assertion("VAL-A-001", code), assertion("VAL-A-002", Check::Judged)] }
    }

    fn verdict(id: &str, answer: Answer, quote: &str) -> Verdict {
        Verdict { assertion: id.to_owned(), answer, quote: quote.to_owned(), reason: "why".to_owned() }
    }

    fn settled(verdicts: &[Verdict]) -> Settled {
        let coded = [Coded { assertion: "VAL-A-001".to_owned(), findings: vec![] }];
        let judged = judgement("scrutiny", verdicts, &contract(), SOP);
        let report = combine(&contract(), &coded, &[judged]);
        assert_eq!(report.passes(), report.outcomes[1].result == Settled::Passed);
        assert_eq!(report.passes(), report.findings().next().is_none());
        report.outcomes[1].result
    }

    #[test]
    fn only_a_pass_with_evidence_and_no_failure_passes() {
        let (id, quote) = ("VAL-A-002", "Call the lead within one business day.");
        assert_eq!(settled(&[verdict(id, Answer::Pass, quote)]), Settled::Passed);
        assert_eq!(settled(&[]), Settled::Open);
        assert_eq!(settled(&[verdict(id, Answer::CannotTell, quote)]), Settled::Open);
        assert_eq!(settled(&[verdict(id, Answer::Pass, "Call the lead within two days.")]), Settled::Open);
        assert_eq!(settled(&[verdict("VAL-A-009", Answer::Pass, quote)]), Settled::Open);
        let both = [verdict(id, Answer::Pass, quote), verdict(id, Answer::Fail, "")];
        assert_eq!(settled(&both), Settled::Failed);
    }

    #[test]
    fn a_coded_assertion_is_never_settled_by_a_validator() {
        let said = [verdict("VAL-A-001", Answer::Pass, "Call the lead within one business day.")];
        let judged = judgement("scrutiny", &said, &contract(), SOP);
        assert_eq!(judged.unasked.len(), 1);
        let report = combine(&contract(), &[], &[judged]);
        assert_eq!(report.outcomes[0].result, Settled::Open);
    }
}
