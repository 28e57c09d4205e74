//! `drafts/<agent>.md`: a draft as a file for people, in the form [`super::parse()`] reads.

use super::{Draft, DraftStep};
use crate::base::markdown::one_line;
use crate::roster::bullets::input_line;
use crate::roster::steps::PHASES;
use crate::sop::Section;

/// The draft of `agent` as Markdown.
pub fn markdown(agent: &str, draft: &Draft) -> String {
    let mut parts = vec![format!("# Draft: {agent}")];
    if !draft.declined.trim().is_empty() {
        parts.push(format!("## Declined\n\n{}", one_line(&draft.declined)));
    }
    for (section, title) in Section::ALL {
        let lines = draft.statements.iter().filter(|statement| statement.section == section);
        let heading = if section == Section::Steps { super::parse::STEP_RULES } else { title };
        push_list(&mut parts, heading, lines.map(|statement| one_line(&statement.text)));
    }
    let term = |term: &super::Term| format!("**{}**: {}", one_line(&term.term), one_line(&term.definition));
    push_list(&mut parts, "Terms", draft.terms.iter().map(term));
    push_list(&mut parts, Section::Inputs.title(), draft.inputs.iter().map(input_line));
    if !draft.steps.is_empty() {
        let steps: Vec<String> = (1..).zip(&draft.steps).map(|(number, known)| step(number, known)).collect();
        parts.push(format!("## Steps\n\n{}", steps.join("\n")));
    }
    let question = |question: &super::Question| {
        format!("{}\n  - Assumption: {}", one_line(&question.text), one_line(&question.assumption))
    };
    push_list(&mut parts, "Questions", draft.questions.iter().map(question));
    push_list(&mut parts, "Assumptions", draft.assumptions.iter().map(|line| one_line(line)));
    push_list(&mut parts, "Left out", draft.left_out.iter().map(|line| one_line(line)));
    parts.push(format!("## How sure\n\n{} %", draft.confidence));
    parts.join("\n\n") + "\n"
}

fn push_list(parts: &mut Vec<String>, heading: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("- {line}")).collect();
    if !lines.is_empty() {
        parts.push(format!("## {heading}\n\n{}", lines.join("\n")));
    }
}

fn step(number: u32, step: &DraftStep) -> String {
    let marker = format!("{number}. ");
    let indent = " ".repeat(marker.len());
    let phase = PHASES.iter().find(|(_, phase)| *phase == step.phase).map_or("", |(name, _)| name);
    let text = step.text.trim().replace('\n', &format!("\n{indent}"));
    let mut lines = vec![format!("{marker}**{}**", one_line(&step.title)), format!("{indent}{text}")];
    if text.contains('\n') {
        lines.push(String::new());
    }
    let own = [("Phase", phase), ("Assignee", &step.assignee), ("Artifact", &step.artifact)];
    lines.extend(own.map(|(key, value)| format!("{indent}- {key}: {}", one_line(value))));
    lines.extend(step.keys.iter().chain(&step.rules).map(|line| format!("{indent}- {}", one_line(line))));
    lines.join("\n")
}
