//! Whole missions in tier 0: the shipped examples, and missions nobody tuned for.

use super::testing::{self, Authored};
use crate::contract::{Answer, Severity};
use crate::roles::synthesise::SynthesisQuestion;
use crate::roles::user_test::{ExecuteQuestion, GradeQuestion, ScenarioQuestion};
use crate::roster::Roster;

/// Everything that must hold for an SOP a mission ends with.
fn hold(name: &str, made: &Authored, roster: &Roster) {
    let text = crate::sop::render(&made.sop);
    testing::dump(name, made, roster);
    assert_eq!(crate::sop::parse(name, &text).as_ref(), Ok(&made.sop), "{name}");
    let blocking: Vec<_> =
        testing::lint(&made.sop, roster).into_iter().filter(|f| f.severity == Severity::Blocking).collect();
    assert!(blocking.is_empty(), "{name}: {blocking:#?}");
    for draft in &made.drafts {
        let wrong = crate::draft::checks::check(&draft.draft);
        assert!(wrong.is_empty(), "{name} {}: {wrong:#?}", draft.agent);
    }
    let items: Vec<_> = made.drafts.iter().flat_map(|d| crate::draft::items(&d.agent, &d.draft)).collect();
    let wrong = crate::draft::dispositions::check(&items, &made.synthesis.dispositions, &text);
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    let known: Vec<&str> = crate::sop::lint::CHECKS.iter().map(|(name, _)| *name).collect();
    let wrong = crate::contract::lint(&made.contract(), &made.assignments(), &known);
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    verdicts(name, made, &text);
}

/// Every promise is kept, with a quote that is really there, also when the check has to be read back from the
/// statement; and the scenarios can be walked.
fn verdicts(name: &str, made: &Authored, text: &str) {
    let contract = made.contract();
    let views = made.views();
    let scrutiny = crate::roles::scrutiny::ScrutinyQuestion {
        sop: text.to_owned(),
        assertions: views.clone(),
        findings: Vec::new(),
    };
    for known in [contract.assertions.as_slice(), &[]] {
        let answer = super::scrutiny::scrutiny(&scrutiny, known);
        for (verdict, assertion) in answer.verdicts.iter().zip(&contract.assertions) {
            assert_eq!(verdict.answer, Answer::Pass, "{name}: {verdict:#?} {assertion:#?}");
            let verified = crate::contract::verify(verdict, assertion, text);
            assert!(verified.passes(), "{name}: {verified:#?} {assertion:#?}");
        }
    }
    let question = ScenarioQuestion {
        title: made.plan.title.clone(),
        objective: made.plan.objective.clone(),
        text: String::new(),
        assertions: views.clone(),
        count: 3,
    };
    for scenario in super::scenarios::scenarios(&question).scenarios {
        let trace =
            super::walk::execute(&ExecuteQuestion { sop: text.to_owned(), scenario: scenario.clone() });
        assert_eq!(trace.steps.len(), made.sop.body.steps.len(), "{name}");
        let refused = trace.outcome.starts_with(super::walk::REFUSED);
        assert!(trace.done || refused, "{name}: {scenario:?} {trace:#?}");
        let graded = super::grade::grade(
            &GradeQuestion { sop: text.to_owned(), scenario, trace, assertions: views.clone() },
            &contract.assertions,
        );
        assert!(graded.root_causes.is_empty(), "{name}: {:?}", graded.root_causes);
    }
}

#[test]
fn the_example_missions_give_sops() {
    let roster = testing::roster();
    let first = testing::example("1-lead-qualification", None);
    let first = testing::authored(&first, &roster).unwrap();
    hold("example-1", &first, &roster);
    let current = crate::sop::render(&first.sop);
    let second =
        testing::authored(&testing::example("2-partner-referrals", Some(&current)), &roster).unwrap();
    hold("example-2", &second, &roster);
    for name in ["3-marketing-to-sales-handoff", "4-vendor-invoice-approval"] {
        let made = testing::authored(&testing::example(name, None), &roster).unwrap();
        hold(name, &made, &roster);
    }
}

#[test]
fn a_mission_nobody_tuned_for_gives_an_sop_or_a_question() {
    let roster = testing::roster();
    let asks = ["birthday-cakes", "empty-ish", "quarterly-access-review", "rechnungen"];
    for (name, title, text) in testing::prose() {
        match testing::authored(&testing::plan_question(&title, &text), &roster) {
            Ok(made) => {
                assert!(!asks.contains(&name.as_str()), "{name} should ask");
                hold(&name, &made, &roster);
            }
            Err(questions) => {
                assert!(asks.contains(&name.as_str()), "{name}: {questions:?}");
                assert!(questions.iter().all(|question| question.contains('?')), "{questions:?}");
            }
        }
    }
}
