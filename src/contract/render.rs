//! The contract and the verdicts as files for people: `contract.md`, `scrutiny-1.md`, `user-test-1.md`.

use super::quote::Verified;
use super::verdicts::{Judgement, Report, Settled};
use super::{Answer, Assertion, Check, Contract, Severity};
use crate::base::Digest;
use crate::base::markdown::one_line;
use crate::base::text::{counted, listed};
use std::fmt::Write as _;

/// `contract.md`: the frozen assertions with their hash. `mission` is its title.
pub fn contract(mission: &str, contract: &Contract, digest: &Digest) -> String {
    let blocking =
        contract.assertions.iter().filter(|assertion| assertion.severity == Severity::Blocking).count();
    let mut out = format!(
        "# Validation contract: {}\n\nFrozen before the first draft. {}, {blocking} of them blocking.\n\n\
         SHA-256 of the assertions: `{digest}`\n",
        one_line(mission),
        counted(contract.assertions.len(), "assertion"),
    );
    for assertion in &contract.assertions {
        out.push_str(&one(assertion));
    }
    out
}

fn one(assertion: &Assertion) -> String {
    let check = match &assertion.check {
        Check::Code { name, argument } if argument.is_empty() => format!("code, `{name}`"),
        Check::Code { name, argument } => format!("code, `{name}` of \"{}\"", one_line(argument)),
        Check::Judged => "judged by validators".to_owned(),
    };
    let sections: Vec<&str> = assertion.sections.iter().map(|section| section.title()).collect();
    format!(
        "\n## {}\n\n{}\n\n- Fails if: {}\n- Checked by: {check}\n- Severity: {}\n- Evidence counts in: {}\n- Fulfilled by: {}\n",
        assertion.id,
        one_line(&assertion.statement),
        one_line(&assertion.fails_if),
        severity(assertion.severity),
        listed(&sections),
        assertion.fulfilled_by,
    )
}

/// The verdicts of one validator, each with its quote and place. `title` heads the file.
pub fn judgement(title: &str, judgement: &Judgement) -> String {
    let passed = judgement.verdicts.iter().filter(|verified| verified.passes()).count();
    let verdicts = counted(judgement.verdicts.len(), "verdict");
    let mut out = format!("# {}\n\n{verdicts}, {passed} passed with evidence.\n", one_line(title));
    for verified in &judgement.verdicts {
        out.push_str(&verdict(verified));
    }
    if !judgement.unasked.is_empty() {
        let ids: Vec<&str> = judgement.unasked.iter().map(|verdict| verdict.assertion.as_str()).collect();
        add(&mut out, format_args!("\nAnswered without being asked, and not counted: {}.\n", listed(&ids)));
    }
    out
}

fn verdict(verified: &Verified) -> String {
    let said = &verified.verdict;
    let answer = match said.answer {
        Answer::Pass => "pass",
        Answer::Fail => "fail",
        Answer::CannotTell => "cannot tell",
    };
    let mut out = format!("\n## {}: {answer}\n\n{}\n", said.assertion, one_line(&said.reason));
    if !said.quote.trim().is_empty() {
        let place = verified.found.map_or_else(
            || "not found".to_owned(),
            |found| format!("{}, line {}", found.section.title(), found.line),
        );
        add(&mut out, format_args!("\n> {}\n\nPlace: {place}\n", one_line(&said.quote)));
    }
    if let Some(why) = &verified.voided {
        add(&mut out, format_args!("\n**Does not count**: {why}\n"));
    }
    out
}

/// How every assertion stands, as a table.
pub fn report(report: &Report) -> String {
    let mut out = "| assertion | stands | severity | statement |\n| --- | --- | --- | --- |\n".to_owned();
    for outcome in &report.outcomes {
        let stands = match outcome.result {
            Settled::Passed => "passed",
            Settled::Failed => "**failed**",
            Settled::Open => "**open**",
        };
        let assertion = &outcome.assertion;
        let statement = one_line(&assertion.statement).replace('|', "\\|");
        let severity = severity(assertion.severity);
        add(&mut out, format_args!("| {} | {stands} | {severity} | {statement} |\n", assertion.id));
    }
    out
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocking => "blocking",
        Severity::Advisory => "advisory",
    }
}

/// Writing into a string cannot fail.
fn add(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Verdict;
    use crate::contract::quote::Found;
    use crate::sop::Section;

    #[test]
    fn the_contract_is_readable_and_carries_its_hash() {
        let sample = Contract {
            assertions: vec![Assertion {
                id: "VAL-STEPS-001".to_owned(),
                statement: "Every step\nnames its artifact.".to_owned(),
                fails_if: "a step names none".to_owned(),
                check: Check::Code { name: "artifacts".to_owned(), argument: String::new() },
                severity: Severity::Blocking,
                sections: vec![Section::Steps, Section::Risk],
                fulfilled_by: "synthesis".to_owned(),
            }],
        };
        insta::assert_snapshot!(contract("Lead qualification", &sample, &Digest("abc".to_owned())), @r#"
        # Validation contract: Lead qualification

        Frozen before the first draft. 1 assertion, 1 of them blocking.

        SHA-256 of the assertions: `abc`

        ## VAL-STEPS-001

        Every step names its artifact.

        - Fails if: a step names none
        - Checked by: code, `artifacts`
        - Severity: blocking
        - Evidence counts in: Steps and Risk and rollback
        - Fulfilled by: synthesis
        "#);
    }

    #[test]
    fn verdicts_show_quote_place_and_why_they_do_not_count() {
        let verified = |answer, quote: &str, found, voided: Option<&str>| Verified {
            verdict: Verdict {
                assertion: "VAL-A-001".to_owned(),
                answer,
                quote: quote.to_owned(),
                reason: "It says so.".to_owned(),
            },
            found,
            voided: voided.map(str::to_owned),
        };
        let found = Some(Found { section: Section::Steps, line: 12 });
        let sample = Judgement {
            by: "scrutiny".to_owned(),
            verdicts: vec![
                verified(Answer::Pass, "Call within one day.", found, None),
                verified(Answer::Pass, "Call whenever.", None, Some("the quote is not in the text")),
            ],
            unasked: vec![],
        };
        insta::assert_snapshot!(judgement("Scrutiny, round 1", &sample), @r#"
        # Scrutiny, round 1

        2 verdicts, 1 passed with evidence.

        ## VAL-A-001: pass

        It says so.

        > Call within one day.

        Place: Steps, line 12

        ## VAL-A-001: pass

        It says so.

        > Call whenever.

        Place: not found

        **Does not count**: the quote is not in the text
        "#);
    }
}
