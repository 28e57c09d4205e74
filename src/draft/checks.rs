//! Is a returned draft sane? Checked before anybody uses it; what is wrong goes back to the worker.

use super::{Draft, DraftStep, Statement};
use crate::base::text::counted;
use crate::contract::{Finding, Severity};
use crate::roster::is_agent_id;
use crate::sop::words::is_snake_case;
use crate::sop::{Section, Step, step_keys};

/// Most questions of one draft: each one makes a person stop.
pub const MAX_QUESTIONS: usize = 5;
/// Most entries of each list of a draft.
pub const MAX_ENTRIES: usize = 80;
/// Most steps of a draft; an SOP has three to five.
pub const MAX_STEPS: usize = 15;
/// Longest single text, in characters: some three hundred words.
pub const MAX_TEXT: usize = 2_000;

/// What is wrong with `draft`; empty when synthesis may use it.
pub fn check(draft: &Draft) -> Vec<Finding> {
    let mut findings = Vec::new();
    let items = draft.statements.len() + draft.terms.len() + draft.inputs.len() + draft.steps.len();
    let declined = !draft.declined.trim().is_empty();
    if declined && (items > 0 || !draft.questions.is_empty()) {
        let message = "the draft is declined and holds content; either decline, or leave `declined` empty";
        findings.push(finding("draft-declined-with-content", None, message, ""));
    }
    if !declined && items == 0 {
        let message = "the draft holds nothing; contribute at least one item, or decline with a reason";
        findings.push(finding("draft-empty", None, message, ""));
    }
    if draft.confidence > 100 {
        findings.push(finding("draft-confidence", None, "a percentage ends at 100", ""));
    }
    check_sizes(draft, &mut findings);
    draft.statements.iter().for_each(|statement| check_statement(statement, &mut findings));
    draft.steps.iter().for_each(|step| check_step(step, &mut findings));
    check_inputs(draft, &mut findings);
    for question in &draft.questions {
        if !question.text.trim().ends_with('?') || question.assumption.trim().is_empty() {
            let message = "a question ends in a question mark and says what is assumed without an answer";
            findings.push(finding("draft-question", None, message, &question.text));
        }
    }
    findings
}

fn check_sizes(draft: &Draft, findings: &mut Vec<Finding>) {
    let lists = [
        ("statement", draft.statements.len(), MAX_ENTRIES),
        ("term", draft.terms.len(), MAX_ENTRIES),
        ("input", draft.inputs.len(), MAX_ENTRIES),
        ("step", draft.steps.len(), MAX_STEPS),
        ("question", draft.questions.len(), MAX_QUESTIONS),
        ("assumption", draft.assumptions.len(), MAX_ENTRIES),
    ];
    for (noun, count, most) in lists.into_iter().filter(|(_, count, most)| count > most) {
        let message = format!("{} are too many; {most} are the most", counted(count, noun));
        findings.push(finding("draft-size", None, message, ""));
    }
    let steps = draft
        .steps
        .iter()
        .flat_map(|step| [&step.title, &step.text, &step.artifact].into_iter().chain(&step.rules));
    let texts = draft
        .statements
        .iter()
        .map(|statement| &statement.text)
        .chain(draft.terms.iter().flat_map(|term| [&term.term, &term.definition]))
        .chain(draft.inputs.iter().map(|input| &input.description))
        .chain(draft.questions.iter().flat_map(|question| [&question.text, &question.assumption]))
        .chain(&draft.assumptions)
        .chain(&draft.left_out)
        .chain([&draft.declined])
        .chain(steps);
    for text in texts.filter(|text| text.chars().count() > MAX_TEXT) {
        let start: String = text.chars().take(80).collect();
        let message = format!("a text is longer than {MAX_TEXT} characters; say one thing in one sentence");
        findings.push(finding("draft-size", None, message, &start));
    }
    let terms =
        draft.terms.iter().any(|term| term.term.trim().is_empty() || term.definition.trim().is_empty());
    if terms {
        findings.push(finding("draft-term", Some(Section::Scope), "a term has no name or no definition", ""));
    }
}

fn check_statement(statement: &Statement, findings: &mut Vec<Finding>) {
    let section = Some(statement.section);
    if statement.text.trim().is_empty() {
        findings.push(finding("draft-statement", section, "a statement is empty", ""));
    }
    if matches!(statement.section, Section::Inputs | Section::ChangeLog) {
        let message =
            "a statement cannot stand there: inputs have their own list, the change log is written by code";
        findings.push(finding("draft-statement", section, message, &statement.text));
    }
}

fn check_step(step: &DraftStep, findings: &mut Vec<Finding>) {
    let section = Some(Section::Steps);
    let missing: Vec<&str> = [("title", &step.title), ("text", &step.text), ("artifact", &step.artifact)]
        .into_iter()
        .filter(|(_, text)| text.trim().is_empty())
        .map(|(name, _)| name)
        .collect();
    if !missing.is_empty() {
        let message = format!("a step has no {}", missing.join(", no "));
        findings.push(finding("draft-step", section, message, &step.title));
    }
    if !is_agent_id(&step.assignee) {
        let message = format!("`{}` is not an agent id, so nobody would do the step", step.assignee);
        findings.push(finding("draft-step", section, message, &step.title));
    }
    if let Err(message) = step_keys::apply_keys(&mut Step::default(), &step.keys) {
        findings.push(finding("draft-step", section, message, &step.title));
    }
}

fn check_inputs(draft: &Draft, findings: &mut Vec<Finding>) {
    for (at, input) in draft.inputs.iter().enumerate() {
        let message = if !is_snake_case(&input.name) {
            format!("`{}` is not the name of an input; write lower-case words joined by `_`", input.name)
        } else if input.description.trim().is_empty() {
            format!("the input `{}` has no description", input.name)
        } else if draft.inputs.iter().take(at).any(|before| before.name == input.name) {
            format!("the input `{}` stands twice", input.name)
        } else {
            continue;
        };
        findings.push(finding("draft-input", Some(Section::Inputs), message, &input.name));
    }
}

/// A blocking finding.
pub(super) fn finding(
    code: &str,
    section: Option<Section>,
    message: impl Into<String>,
    quote: &str,
) -> Finding {
    Finding {
        code: code.to_owned(),
        severity: Severity::Blocking,
        section,
        message: message.into(),
        quote: quote.to_owned(),
        other: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Question, Term};
    use crate::roster::Phase;
    use crate::sop::{Input, InputKind};

    fn sound() -> Draft {
        Draft {
            statements: vec![Statement { section: Section::Risk, text: "Risk: a lead is lost.".into() }],
            terms: vec![Term { term: "Lead".into(), definition: "a person.".into() }],
            inputs: vec![Input {
                name: "lead_id".into(),
                kind: InputKind::Text,
                required: true,
                description: "its number.".into(),
                default: None,
                pattern: None,
            }],
            steps: vec![DraftStep {
                phase: Phase::Act,
                title: "Call the lead".into(),
                text: "Call it.".into(),
                rules: vec![],
                assignee: "vp.sales".into(),
                artifact: "call note".into(),
                keys: vec!["Time Limit: 1 hour".into()],
            }],
            questions: vec![Question { text: "Which team?".into(), assumption: "sales".into() }],
            confidence: 80,
            ..Draft::default()
        }
    }

    fn codes(change: impl Fn(&mut Draft)) -> String {
        let mut draft = sound();
        change(&mut draft);
        check(&draft).iter().map(|finding| finding.code.clone()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_sound_draft_and_a_reasoned_refusal_pass() {
        assert_eq!(codes(|_| ()), "");
        assert_eq!(codes(|draft| *draft = Draft { declined: "Not my work.".into(), ..Draft::default() }), "");
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(codes(|draft| *draft = Draft::default()), "draft-empty");
        assert_eq!(codes(|draft| draft.declined = "No.".into()), "draft-declined-with-content");
        assert_eq!(codes(|draft| draft.confidence = 101), "draft-confidence");
        assert_eq!(codes(|draft| draft.questions = vec![draft.questions[0].clone(); 6]), "draft-size");
        assert_eq!(codes(|draft| draft.assumptions.push("x".repeat(MAX_TEXT + 1))), "draft-size");
        assert_eq!(codes(|draft| draft.questions[0].assumption.clear()), "draft-question");
        assert_eq!(codes(|draft| draft.statements[0].section = Section::Inputs), "draft-statement");
        assert_eq!(codes(|draft| draft.statements[0].text = " ".into()), "draft-statement");
        assert_eq!(codes(|draft| draft.terms[0].definition.clear()), "draft-term");
        assert_eq!(codes(|draft| draft.inputs[0].name = "Lead".into()), "draft-input");
        assert_eq!(codes(|draft| draft.inputs = vec![draft.inputs[0].clone(); 2]), "draft-input");
        assert_eq!(codes(|draft| draft.steps[0].assignee = "Sales".into()), "draft-step");
        assert_eq!(codes(|draft| draft.steps[0].artifact.clear()), "draft-step");
        assert_eq!(codes(|draft| draft.steps[0].keys = vec!["quickly".into()]), "draft-step");
    }
}
