//! Is this contract worth freezing? A contract that asks nothing, or that an empty draft would fulfil, is
//! refused before any worker is dispatched.

use super::{Assertion, Check, Contract, Finding, Severity};
use crate::base::text::counted;
use crate::draft::Assignment;
use std::collections::BTreeSet;

/// The assignment that stands for the orchestrator's own synthesis.
pub const SYNTHESIS: &str = "synthesis";

/// Most assertions of one contract; more than this nobody reads, and a validator's answer would not fit.
pub const MAX_ASSERTIONS: usize = 60;

/// Words that turn a statement into one about absence.
const NEGATIONS: [&str; 12] = [
    "no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot", "avoid",
    "avoids",
];

/// What is wrong with `contract` for these `assignments`; empty when it may be frozen. `known_checks` are the
/// names of the coded checks that exist.
pub fn lint(contract: &Contract, assignments: &[Assignment], known_checks: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let assertions = &contract.assertions;
    if assertions.is_empty() {
        return vec![finding("contract-empty", "the contract asks nothing; write at least one assertion")];
    }
    if assertions.len() > MAX_ASSERTIONS {
        let message =
            format!("{} are too many; {MAX_ASSERTIONS} are the most", counted(assertions.len(), "assertion"));
        findings.push(finding("contract-size", message));
    }
    if assertions.iter().all(|assertion| assertion.severity == Severity::Advisory) {
        findings.push(finding(
            "contract-blocks-nothing",
            "no assertion is blocking, so anything could be published",
        ));
    }
    let mut seen = BTreeSet::new();
    for assertion in assertions {
        if !seen.insert(&assertion.id) {
            findings.push(about(assertion, "assertion-id-twice", "stands twice; give each its own number"));
        }
        check_words(assertion, known_checks, &mut findings);
        check_claim(assertion, assignments, &mut findings);
        if is_negative(assertion) && !assertions.iter().any(|other| pairs(assertion, other)) {
            let message = "says only what must be absent, so an empty draft would fulfil it; add an assertion of at \
                           least the same severity about what one of its sections must hold";
            findings.push(about(assertion, "assertion-holds-when-empty", message));
        }
    }
    check_assignments(assertions, assignments, &mut findings);
    findings
}

/// Form: id, words, sections, the named check.
fn check_words(assertion: &Assertion, known_checks: &[&str], findings: &mut Vec<Finding>) {
    if !is_assertion_id(&assertion.id) {
        findings.push(about(assertion, "assertion-id", "is not an id; write it like `VAL-STEPS-001`"));
    }
    if assertion.statement.trim().is_empty() || assertion.fails_if.trim().is_empty() {
        let message = "lacks its statement, or what would break it; write one sentence for each";
        findings.push(about(assertion, "assertion-words", message));
    }
    if assertion.sections.is_empty() {
        let message = "names no section, so no evidence could ever count; name at least one";
        findings.push(about(assertion, "assertion-sections", message));
    }
    if let Check::Code { name, .. } = &assertion.check
        && !known_checks.contains(&name.as_str())
    {
        let message = format!("asks for the coded check `{name}`, and there is none of that name");
        findings.push(about(assertion, "assertion-check", message));
    }
    if let Check::Code { name, argument } = &assertion.check
        && name == "states"
        && !crate::sop::lint::has_key_words(argument)
    {
        let message = "looks for words that stand in every text; name what the line must say";
        findings.push(about(assertion, "assertion-check", message));
    }
}

/// Exactly one assignment, or synthesis, must fulfil it, and must know so.
fn check_claim(assertion: &Assertion, assignments: &[Assignment], findings: &mut Vec<Finding>) {
    let by = assertion.fulfilled_by.as_str();
    if by == SYNTHESIS {
        return;
    }
    let Some(assignment) = assignments.iter().find(|assignment| assignment.agent == by) else {
        let message = format!("must be fulfilled by `{by}`, who has no assignment in this mission");
        findings.push(about(assertion, "assertion-unclaimed", message));
        return;
    };
    if !assignment.assertions.contains(&assertion.id) {
        let message = format!("must be fulfilled by `{by}`, whose assignment does not name it");
        findings.push(about(assertion, "assertion-unclaimed", message));
    }
    if assignment.optional && assertion.severity == Severity::Blocking {
        let message = format!("blocks publication and hangs on `{by}`, whose part is optional");
        findings.push(Finding {
            severity: Severity::Advisory,
            ..about(assertion, "assertion-hangs-on-optional", message)
        });
    }
}

fn check_assignments(assertions: &[Assertion], assignments: &[Assignment], findings: &mut Vec<Finding>) {
    for assignment in assignments {
        let agent = &assignment.agent;
        if assignment.assertions.is_empty() {
            let message =
                format!("the assignment of `{agent}` fulfils no assertion; give it one or leave it out");
            findings.push(finding("assignment-without-assertion", message));
        }
        for id in &assignment.assertions {
            let owner = assertions.iter().find(|assertion| assertion.id == *id);
            let message = match owner {
                Some(assertion) if assertion.fulfilled_by == *agent => continue,
                Some(assertion) => {
                    let by = &assertion.fulfilled_by;
                    format!("the assignment of `{agent}` names `{id}`, which `{by}` must fulfil")
                }
                None => format!("the assignment of `{agent}` names `{id}`, which the contract does not have"),
            };
            findings.push(finding("assignment-assertion", message));
        }
    }
}

/// Words that begin a clause about something else than what the sentence asks for.
const SUBORDINATE: [&str; 12] =
    ["who", "whom", "whose", "which", "that", "when", "if", "where", "while", "because", "what", "how"];

/// Whether a statement is about absence: it holds a negation before any clause within it. "The text says what is done
/// when a name reaches somebody who may not know it" asks for something. A coded check never holds for an empty draft:
/// it passes only with words of the draft as proof.
fn is_negative(assertion: &Assertion) -> bool {
    let statement = assertion.statement.to_lowercase();
    let words = statement.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    let mut main = words.take_while(|word| !SUBORDINATE.contains(word));
    assertion.check == Check::Judged && main.any(|word| NEGATIONS.contains(&word) || word.ends_with("n't"))
}

/// Whether `other` makes sure that something is there for `negative` to be about.
fn pairs(negative: &Assertion, other: &Assertion) -> bool {
    let shared = negative.sections.iter().any(|section| other.sections.contains(section));
    shared && !is_negative(other) && other.severity >= negative.severity
}

/// `VAL-STEPS-001`: capitals for the area, three digits.
pub fn is_assertion_id(id: &str) -> bool {
    let Some((area, number)) = id.strip_prefix("VAL-").and_then(|rest| rest.rsplit_once('-')) else {
        return false;
    };
    let area_ok = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase());
    area.len() <= 24
        && area.split('-').all(area_ok)
        && number.len() == 3
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn finding(code: &str, message: impl Into<String>) -> Finding {
    Finding {
        code: code.to_owned(),
        severity: Severity::Blocking,
        section: None,
        message: message.into(),
        quote: String::new(),
        other: None,
    }
}

fn about(assertion: &Assertion, code: &str, message: impl AsRef<str>) -> Finding {
    let message = format!("`{}` {}", assertion.id, message.as_ref());
    Finding { quote: assertion.statement.clone(), ..finding(code, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::Section;

    fn assertion(id: &str, statement: &str, by: &str) -> Assertion {
        Assertion {
            id: id.to_owned(),
            statement: statement.to_owned(),
            fails_if: "it is missing".to_owned(),
            check: Check::Judged,
            severity: Severity::Blocking,
            sections: vec![Section::Steps],
            fulfilled_by: by.to_owned(),
        }
    }

    fn sound() -> (Contract, Vec<Assignment>) {
        let assertions = vec![
            assertion("VAL-STEPS-001", "Every step names its artifact.", "vp.sales"),
            assertion("VAL-STEPS-002", "No step leaves a deadline open.", SYNTHESIS),
        ];
        let assignment = Assignment {
            agent: "vp.sales".to_owned(),
            brief: "criteria".to_owned(),
            topics: Vec::new(),
            optional: false,
            assertions: vec!["VAL-STEPS-001".to_owned()],
        };
        (Contract { assertions }, vec![assignment])
    }

    fn codes(change: impl Fn(&mut Contract, &mut Vec<Assignment>)) -> String {
        let (mut contract, mut assignments) = sound();
        change(&mut contract, &mut assignments);
        let found = lint(&contract, &assignments, &["steps-have-artifacts"]);
        found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_sound_contract_passes_and_each_fault_is_named() {
        assert_eq!(codes(|_, _| ()), "");
        assert_eq!(codes(|c, _| c.assertions.clear()), "contract-empty");
        assert_eq!(codes(|c, _| c.assertions[1].id = "VAL-STEPS-001".into()), "assertion-id-twice");
        assert_eq!(codes(|c, _| c.assertions[1].id = "VAL-steps-1".into()), "assertion-id");
        assert_eq!(codes(|c, _| c.assertions[1].fails_if = " ".into()), "assertion-words");
        assert_eq!(codes(|c, _| c.assertions[1].fulfilled_by = "cro".into()), "assertion-unclaimed");
        assert_eq!(codes(|_, a| a[0].assertions.clear()), "assertion-unclaimed assignment-without-assertion");
        assert_eq!(codes(|_, a| a[0].assertions.push("VAL-STEPS-002".into())), "assignment-assertion");
        assert_eq!(codes(|_, a| a[0].assertions.push("VAL-STEPS-009".into())), "assignment-assertion");
        assert_eq!(codes(|_, a| a[0].optional = true), "assertion-hangs-on-optional");
        let coded = |name: &str| Check::Code { name: name.to_owned(), argument: String::new() };
        assert_eq!(codes(|c, _| c.assertions[0].check = coded("steps-have-artifacts")), "");
        assert_eq!(codes(|c, _| c.assertions[0].check = coded("steps-have-artefacts")), "assertion-check");
        let advisory =
            |c: &mut Contract| c.assertions.iter_mut().for_each(|a| a.severity = Severity::Advisory);
        assert_eq!(codes(|c, _| advisory(c)), "contract-blocks-nothing");
    }

    #[test]
    fn what_an_empty_draft_would_fulfil_needs_a_positive_partner() {
        let lonely = "assertion-holds-when-empty";
        assert_eq!(codes(|c, _| c.assertions[0].sections = vec![Section::Risk]), lonely);
        assert_eq!(codes(|c, _| c.assertions[0].severity = Severity::Advisory), lonely);
        let both = codes(|c, _| c.assertions[0].statement = "Steps don't contradict each other.".into());
        assert_eq!(both, format!("{lonely} {lonely}"));
        let coded = Check::Code { name: "steps-have-artifacts".to_owned(), argument: String::new() };
        assert_eq!(codes(|c, _| c.assertions[1].check = coded.clone()), "", "code proves presence");
        let asks = "The text says what is done at once when a name has become known to somebody who may not know it.";
        assert_eq!(codes(|c, _| c.assertions[0].statement = asks.into()), "", "it asks for something");
    }
}
