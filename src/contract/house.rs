//! What the house asks of every SOP, whatever it is about and whoever wrote it: its form, which code checks, and its
//! use, which takes a validator's judgement.

use super::lint::SYNTHESIS;
use super::{Assertion, Check, Contract, Severity};
use crate::sop::Section;

/// One promise of form.
struct Promise {
    check: &'static str,
    statement: &'static str,
    fails_if: &'static str,
    section: Section,
}

const FORM: [Promise; 12] = [
    Promise {
        check: "sections_filled",
        statement: "Every section of the template is filled.",
        fails_if: "a section other than References is empty",
        section: Section::Purpose,
    },
    Promise {
        check: "owner_exists",
        statement: "The one accountable owner is on the roster.",
        fails_if: "the owner is unknown",
        section: Section::Roles,
    },
    Promise {
        check: "terms_defined_once",
        statement: "Each defined term has one definition.",
        fails_if: "a term is defined twice",
        section: Section::Scope,
    },
    Promise {
        check: "trigger_exact",
        statement: "The trigger is an event one can see happen.",
        fails_if: "two people could disagree whether the work has started",
        section: Section::Trigger,
    },
    Promise {
        check: "inputs_defined",
        statement: "Every input a step uses is declared in Inputs.",
        fails_if: "a step uses an input that the packet does not hold",
        section: Section::Inputs,
    },
    Promise {
        check: "preflight_present",
        statement: "At least one check is made before the first step.",
        fails_if: "a run could start unchecked",
        section: Section::Preflight,
    },
    Promise {
        check: "steps_have_assignees",
        statement: "Every step names who does it.",
        fails_if: "a step belongs to nobody",
        section: Section::Steps,
    },
    Promise {
        check: "steps_have_artifacts",
        statement: "Every step names what exists afterwards.",
        fails_if: "a step leaves nothing to look up",
        section: Section::Steps,
    },
    Promise {
        check: "assignees_exist",
        statement: "Every assignee and approver is on the roster.",
        fails_if: "a step waits for somebody who does not exist",
        section: Section::Steps,
    },
    Promise {
        check: "definition_of_done_measurable",
        statement: "The definition of done can be counted or looked up.",
        fails_if: "two people could disagree whether the work is finished",
        section: Section::DefinitionOfDone,
    },
    Promise {
        check: "confidence_threshold_present",
        statement: "A percentage says from when a result stands without review.",
        fails_if: "nobody can tell when a person must look",
        section: Section::Confidence,
    },
    Promise {
        check: "rollback_present",
        statement: "Risk and rollback says how to undo the work.",
        fails_if: "a mistake cannot be undone by the SOP",
        section: Section::Risk,
    },
];

/// One promise about use.
struct Use {
    statement: &'static str,
    fails_if: &'static str,
    sections: &'static [Section],
}

const USE: [Use; 3] = [
    Use {
        statement: "Somebody who has never done this work can carry out every step with what the SOP gives.",
        fails_if: "a step needs a system, a value or a decision that the SOP does not name",
        sections: &[Section::Steps, Section::Inputs],
    },
    Use {
        statement: "When every step is done as written, the definition of done holds.",
        fails_if: "all steps could be done and the definition of done still be missed",
        sections: &[Section::DefinitionOfDone, Section::Steps],
    },
    Use {
        statement: "What can go wrong in the steps has a way back, or somebody who decides.",
        fails_if: "a step can fail in a way for which the SOP names neither",
        sections: &[Section::Risk, Section::Confidence],
    },
];

/// The assertions of form, `VAL-FORM-001` and on; code checks each of them.
pub fn form() -> Vec<Assertion> {
    let form = |(number, rule): (u32, &Promise)| Assertion {
        id: format!("VAL-FORM-{number:03}"),
        statement: rule.statement.to_owned(),
        fails_if: rule.fails_if.to_owned(),
        check: Check::Code { name: rule.check.to_owned(), argument: String::new() },
        severity: crate::sop::lint::severity(rule.check).unwrap_or(Severity::Blocking),
        sections: vec![rule.section, Section::Steps],
        fulfilled_by: SYNTHESIS.to_owned(),
    };
    (1..).zip(&FORM).map(form).collect()
}

/// The check behind a statement of form.
pub fn check_behind(statement: &str) -> Option<&'static str> {
    FORM.iter().find(|rule| rule.statement == statement).map(|rule| rule.check)
}

/// The contract of an SOP that no mission planned. `judged` adds what only a validator with a model can tell.
pub fn contract(judged: bool) -> Contract {
    let mut assertions = form();
    if judged {
        assertions.extend((1..).zip(&USE).map(|(number, rule): (u32, &Use)| Assertion {
            id: format!("VAL-USE-{number:03}"),
            statement: rule.statement.to_owned(),
            fails_if: rule.fails_if.to_owned(),
            check: Check::Judged,
            severity: Severity::Blocking,
            sections: rule.sections.to_vec(),
            fulfilled_by: SYNTHESIS.to_owned(),
        }));
    }
    Contract { assertions }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_contract_may_be_frozen() {
        let checks: Vec<&str> = crate::sop::lint::CHECKS.iter().map(|(name, _)| *name).collect();
        for judged in [false, true] {
            let contract = contract(judged);
            assert_eq!(crate::contract::lint(&contract, &[], &checks), []);
            assert_eq!(contract.judged().next().is_some(), judged);
        }
    }
}
