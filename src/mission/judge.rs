//! One round's judgement: verdicts with their quotes re-read, findings with fingerprints, and whether the draft
//! may go to a person with authority.

use super::Office;
use super::council::CouncilReport;
use super::plan::MissionPlan;
use super::records::keep;
use super::validate::Tested;
use crate::base::Digest;
use crate::base::text::{full_stop, put};
use crate::brief::Scenario;
use crate::contract::quote::Verified;
use crate::contract::verdicts::{Coded, Evidence, Judgement, Outcome, Report, Settled, combine, judgement};
use crate::contract::{self, Answer, Finding, Severity};
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::roles::scrutiny::ScrutinyAnswer;
use crate::roles::user_test::{RootCause, Trace};
use crate::sop::Section;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Puts everything said about a round's draft together.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Judge {
    pub(super) mission: String,
    pub(super) plan: MissionPlan,
    pub(super) text: String,
    pub(super) coded: Vec<Coded>,
    pub(super) evidence: Vec<(String, String)>,
    pub(super) findings: Vec<Finding>,
    pub(super) council: Option<CouncilReport>,
    pub(super) scrutiny: ScrutinyAnswer,
    pub(super) tested: Tested,
    /// Verdicts of earlier rounds whose sections have not changed.
    pub(super) carried: Vec<Judgement>,
    pub(super) round: u32,
    /// What blocked the round before where the text has not changed since: it stands until scrutiny says otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<Finding>,
    /// The scenario examines no later round: what the draft failed at is told whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) whole: bool,
}

/// What a round came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    pub(super) report: Report,
    /// Everything found, without a word of a scenario that is still to be used.
    pub(super) findings: Vec<Finding>,
    /// Verdicts to carry over to a later round.
    pub(super) judgements: Vec<Judgement>,
    /// Nothing stands in the way of a decision.
    pub(super) passed: bool,
}

impl Judged {
    /// Assertions and findings that block, in words.
    pub(super) fn blocking(&self) -> Vec<String> {
        let failed = self.report.blocking().map(|outcome| outcome.assertion.id.clone());
        let findings = self.findings.iter().filter(|f| f.severity == Severity::Blocking);
        let mut words: Vec<String> = failed.collect();
        for finding in findings {
            if !words.contains(&finding.code) {
                words.push(finding.code.clone());
            }
        }
        words
    }
}

impl Activity for Judge {
    const NAME: &'static str = "judge";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Judged;
    fn key(&self) -> String {
        format!("judge#{}", self.round)
    }
    async fn perform(self, _office: &Office) -> Result<Recorded<Judged>, Failure> {
        let contract = &self.plan.contract;
        let parties = &self.plan.parties;
        let scrutiny = judgement(&parties.scrutiny, &self.scrutiny.verdicts, contract, &self.text);
        let user_test = judgement(&parties.user_testing, &self.tested.grade.verdicts, contract, &self.text);
        let mut judgements = vec![scrutiny.clone(), user_test.clone()];
        judgements.extend(self.carried.iter().cloned());
        let report = combine(contract, &self.coded, &judgements);
        let findings = self.all_findings(&report);
        let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocking);
        let passed = report.passes() && !blocked;
        let reports = [
            (format!("scrutiny-{}.md", self.round), self.scrutiny_report(&scrutiny, &report, &findings)),
            (format!("user-test-{}.md", self.round), self.test_report(&user_test)),
        ];
        let event = json!({
            "round": self.round, "sha256": Digest::of(&self.text), "passed": passed,
            "verdicts": report.outcomes.iter().map(|outcome| self.verdict(outcome)).collect::<Vec<_>>(),
            "findings": findings.iter().map(|f| json!({
                "code": f.code, "severity": f.severity, "fingerprint": f.fingerprint().short() })).collect::<Vec<_>>(),
        });
        let mission = self.mission;
        let judged = Judged { report, findings, judgements, passed };
        Ok(Recorded::of(judged).event(&mission.clone(), "verdicts_given", event).change(move |tx| {
            reports.iter().try_for_each(|(name, text)| keep(tx, &mission, name, text).map(drop))
        }))
    }
}

impl Judge {
    /// One assertion as it goes on record: how it stands, and the words of the draft that show it.
    fn verdict(&self, outcome: &Outcome) -> Value {
        let (id, said) = (&outcome.assertion.id, outcome.evidence.first());
        let quoted = said.map(|evidence| evidence.verified.verdict.quote.clone());
        let found = self.evidence.iter().find(|(assertion, _)| assertion == id);
        let wanted = outcome.findings.first().map(|finding| finding.quote.clone());
        let quote = quoted.or_else(|| found.map(|(_, quote)| quote.clone())).or(wanted).unwrap_or_default();
        json!({
            "assertion": id, "result": outcome.result, "statement": outcome.assertion.statement,
            "severity": outcome.assertion.severity, "by": said.map_or("code", |evidence| evidence.by.as_str()),
            "quote": quote.trim(),
        })
    }

    fn all_findings(&self, report: &Report) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        findings.extend(self.scrutiny.findings.iter().map(|finding| self.of_scrutiny(finding)));
        let settled = |finding: &&Finding| self.scrutiny.settled.contains(&finding.code);
        let said_again =
            |finding: &&Finding| self.scrutiny.findings.iter().any(|one| one.code == finding.code);
        let stands = self.open.iter().filter(|finding| !settled(finding) && !said_again(finding));
        findings.extend(stands.cloned());
        findings.extend(self.council.iter().flat_map(|council| council.findings.iter().cloned()));
        findings.extend(self.failed_assertions(report));
        findings.extend(self.root_causes());
        // The same defect found by several is one finding; the gravest counts.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut seen = BTreeSet::new();
        findings.retain(|finding| seen.insert((finding.fingerprint(), finding.message.clone())));
        findings
    }

    /// A defect no assertion covers: it never passes for a verdict on one.
    fn of_scrutiny(&self, finding: &Finding) -> Finding {
        let taken = self.plan.contract.get(&finding.code).is_some();
        Finding { code: if taken { "scrutiny".to_owned() } else { finding.code.clone() }, ..finding.clone() }
    }

    /// Assertions that did not pass, with the reason. What a tester wrote may speak of the scenario: where that is still to
    /// be used, it is left out.
    fn failed_assertions(&self, report: &Report) -> Vec<Finding> {
        let open = report.outcomes.iter().filter(|outcome| outcome.result != Settled::Passed);
        open.flat_map(|outcome| {
            let coded = self.coded.iter().find(|coded| coded.assertion == outcome.assertion.id);
            if let Some(coded) = coded.filter(|coded| !coded.findings.is_empty()) {
                return coded.findings.clone();
            }
            let statement = outcome.assertion.statement.trim_end_matches('.');
            // Scrutiny says where it fails; what a tester says may speak of the scenario.
            let fails = |evidence: &&Evidence| {
                let may_say = self.whole || evidence.by == self.plan.parties.scrutiny;
                may_say && evidence.verified.verdict.answer != Answer::Pass
            };
            let said = outcome.evidence.iter().find(fails).map(|evidence| &evidence.verified.verdict);
            let reason = said.map(|verdict| verdict.reason.as_str()).filter(|reason| !reason.is_empty());
            let quote = said.map(|verdict| verdict.quote.clone()).unwrap_or_default();
            let message = match outcome.result {
                Settled::Failed => {
                    format!("{statement} does not hold: {}", reason.unwrap_or(&outcome.assertion.fails_if))
                }
                _ => format!("{statement}: no validator could show that it holds"),
            };
            let section = outcome.assertion.sections.first().copied();
            let code = outcome.assertion.id.clone();
            let severity = outcome.assertion.severity;
            vec![Finding { code, severity, section, message, quote, other: None }]
        })
        .collect()
    }

    /// Why the walk stumbled. Blocking when the executor could not finish.
    fn root_causes(&self) -> Vec<Finding> {
        let walks: Vec<(&Scenario, &Trace)> = self.tested.walks().collect();
        let of = |cause: &RootCause| usize::try_from(cause.case.saturating_sub(1)).unwrap_or(0);
        let mut found = Vec::new();
        for (at, (scenario, trace)) in walks.iter().enumerate() {
            let severity = if trace.ended() { Severity::Advisory } else { Severity::Blocking };
            // A case nobody walked is none: what is said of it is taken as said of the first.
            let mine = |cause: &&RootCause| walks.get(of(cause)).map_or(0, |_| of(cause)) == at;
            let causes: Vec<&RootCause> = self.tested.grade.root_causes.iter().filter(mine).collect();
            found.extend(causes.iter().map(|cause| self.root_cause(severity, cause, scenario)));
            if !trace.ended() && causes.is_empty() {
                let case = if self.whole { in_this_case(scenario) } else { String::new() };
                let message = format!("an executor could not reach the definition of done{case}");
                found.push(user_test(severity, message, String::new()));
            }
        }
        found
    }

    fn root_cause(&self, severity: Severity, cause: &RootCause, scenario: &Scenario) -> Finding {
        let lack = if self.whole {
            format!("{}{}", full_stop(&cause.lack), in_this_case(scenario))
        } else {
            without_scenario(&cause.lack, scenario, &self.text)
        };
        let place = if cause.step == 0 { String::new() } else { format!("step {}: ", cause.step) };
        user_test(severity, format!("{place}{lack}"), self.heading(cause.step))
    }

    /// The heading of a step as it stands in the draft; empty for the draft as a whole.
    fn heading(&self, step: u32) -> String {
        let start = format!("### Step {step}:");
        self.text.lines().find(|line| line.starts_with(&start)).unwrap_or_default().trim().to_owned()
    }

    fn scrutiny_report(&self, scrutiny: &Judgement, report: &Report, findings: &[Finding]) -> String {
        let title = format!("Scrutiny, round {} · by {}", self.round, self.plan.parties.scrutiny);
        let mut out = contract::render::judgement(&title, scrutiny);
        out.push_str("\n## The contract\n\n");
        out.push_str(&contract::render::report(report));
        if !self.evidence.is_empty() {
            out.push_str("\n## Evidence found by code\n\n");
            for (assertion, quote) in &self.evidence {
                put(&mut out, format_args!("- {assertion}: \"{}\"\n", quote.trim().replace('\n', " ")));
            }
        }
        out.push_str("\n## Findings\n\n");
        if findings.is_empty() {
            out.push_str("None.\n");
        }
        for finding in findings {
            let other = finding.other.as_ref().map_or(String::new(), |other| format!(" Elsewhere: {other}"));
            let section = finding.section.map_or("the whole", Section::title);
            let severity = if finding.severity == Severity::Blocking { "**blocking**" } else { "advisory" };
            put(
                &mut out,
                format_args!("- {severity} · {section} · `{}`: {}{other}\n", finding.code, finding.message),
            );
        }
        out
    }

    fn test_report(&self, judgement: &Judgement) -> String {
        let title = format!("User test, round {} · by {}", self.round, self.plan.parties.user_testing);
        let mut out = contract::render::judgement(&title, judgement);
        for (scenario, trace) in self.tested.walks() {
            walked(&mut out, scenario, trace);
        }
        out
    }
}

/// A situation and how it was walked, as a report tells it.
fn walked(out: &mut String, scenario: &Scenario, trace: &Trace) {
    put(out, format_args!("\n## The scenario\n\n{}\n\n", scenario.text));
    for (name, value) in &scenario.given {
        put(out, format_args!("- {name}: {value}\n"));
    }
    out.push_str("\n## The walk\n\n");
    for step in &trace.steps {
        put(out, format_args!("{}. {}", step.step, step.did));
        if !step.produced.is_empty() {
            put(out, format_args!(" Produced: {}", step.produced));
        }
        if !step.lacked.is_empty() {
            put(out, format_args!(" **Lacked: {}**", step.lacked));
        }
        out.push('\n');
    }
    let end = match (trace.done, trace.refused) {
        (true, _) => "Definition of done reached",
        (false, true) => "Refused, as the text demands",
        (false, false) => "Definition of done **not reached**",
    };
    put(out, format_args!("\n{end}: {}\n", trace.outcome));
}

/// Where a cause came up, told whole: the case examines no later round.
fn in_this_case(scenario: &Scenario) -> String {
    format!(" It came up in this case: {}", scenario.text.trim())
}

/// The code of what a walk through the text came upon.
pub(super) const USER_TEST: &str = "user-test";

fn user_test(severity: Severity, message: String, quote: String) -> Finding {
    let (code, section) = (USER_TEST.to_owned(), Some(Section::Steps));
    Finding { code, severity, section, message, quote, other: None }
}

/// A root cause without anything only the scenario says: a text that lets one through is replaced whole, since
/// whoever mends the draft must not learn what it will be tested with.
fn without_scenario(lack: &str, scenario: &Scenario, sop: &str) -> String {
    let tokens = |text: &str| -> BTreeSet<String> {
        let tells = |t: &&str| t.len() > 2 || t.chars().any(|c| c.is_ascii_digit());
        text.split(|c: char| !c.is_alphanumeric()).filter(tells).map(str::to_lowercase).collect()
    };
    let given: Vec<String> = scenario.given.values().map(ToString::to_string).collect();
    let secret: BTreeSet<String> =
        tokens(&format!("{} {}", scenario.text, given.join(" "))).difference(&tokens(sop)).cloned().collect();
    let common = tokens(COMMON_WORDS);
    let leaks = tokens(lack).iter().any(|token| secret.contains(token) && !common.contains(token));
    if leaks { "the executor lacked something this part must give".to_owned() } else { lack.to_owned() }
}

/// Words of plain speech that give nothing of a scenario away.
const COMMON_WORDS: &str = "the and for with that this does not say which who what when where how step input value \
  must should need needs lacks lack missing executor instruction defined define definition required requires \
  give given gives field name owner artifact into from before after without there has have are was were its";

/// Verdicts of earlier rounds that still count for `text`.
pub(super) fn carry(judged: &[Judgement], plan: &MissionPlan, before: &str, text: &str) -> Vec<Judgement> {
    let keep = |verdicts: &[Verified]| contract::revision::surviving(verdicts, &plan.contract, before, text);
    judged
        .iter()
        .map(|judgement| Judgement {
            by: judgement.by.clone(),
            verdicts: keep(&judgement.verdicts),
            unasked: Vec::new(),
        })
        .filter(|judgement| !judgement.verdicts.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_cause_never_carries_a_word_of_the_scenario() {
        let scenario = Scenario {
            text: "A firm of 7 from Zanzibar asks at night.".to_owned(),
            given: [("lead_id".to_owned(), json!("L-1042"))].into(),
        };
        let clean = "step 2 does not say who calls";
        assert_eq!(without_scenario(clean, &scenario, ""), clean);
        for leak in ["leads from Zanzibar are not covered", "it fails for 1042", "a firm of 7 is not covered"]
        {
            let told = without_scenario(leak, &scenario, "## Steps");
            assert!(!told.contains("Zanzibar") && !told.contains("1042") && !told.contains('7'), "{told}");
        }
    }
}
