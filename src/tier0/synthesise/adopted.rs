//! Puts a procedure that is one already into our form: each section is the document's own text, in its own layout; beside it
//! stands only what was answered or is assumed.

use super::fates::{Fates, id};
use crate::roles::synthesise::{Synthesis, SynthesisQuestion, SynthesisStep};
use crate::sop::Section;
use crate::sop::render::section_text_of;
use crate::tier0::request::adopted::read;

/// The document as it stands; `None` where its owner has drafted nothing.
pub(super) fn adopted(q: &SynthesisQuestion) -> Option<Synthesis> {
    let own = q.drafts.iter().find(|draft| draft.agent == q.owner && draft.draft.declined.is_empty())?;
    let procedure = read(&q.mission).procedure;
    let mut fates = Fates::default();
    let mut section = |section: Section| {
        let statements = own.draft.statements.iter().enumerate().filter(|(_, one)| one.section == section);
        let mut lines = Vec::new();
        for (index, statement) in statements {
            fates.kept(&id(&own.agent, "statement", index));
            lines.push(statement.text.trim().to_owned());
        }
        let text = section_text_of(&procedure.body, section);
        let single = matches!(section, Section::Trigger | Section::DefinitionOfDone | Section::Purpose);
        let lines = if single { lines.join("\n\n") } else { bulleted(&lines) };
        let lists = text.lines().last().is_some_and(|line| line.starts_with("- ")) && lines.starts_with("- ");
        let gap = match (text.is_empty() || lines.is_empty(), lists) {
            (true, _) => "",
            (false, true) => "\n",
            (false, false) => "\n\n",
        };
        format!("{text}{gap}{lines}")
    };
    let purpose = Some(section(Section::Purpose)).filter(|text| !text.is_empty());
    let mut synthesis = Synthesis {
        purpose: purpose.unwrap_or_else(|| q.objective.clone()),
        scope: section(Section::Scope),
        roles: section(Section::Roles),
        trigger: section(Section::Trigger),
        inputs: own.draft.inputs.clone(),
        preflight: section(Section::Preflight),
        steps: Vec::new(),
        definition_of_done: section(Section::DefinitionOfDone),
        confidence: section(Section::Confidence),
        risk: section(Section::Risk),
        references: section(Section::References),
        change: change(&procedure.headings, &procedure.body.change_log),
        dispositions: Vec::new(),
        dissent: Vec::new(),
    };
    for index in 0..own.draft.inputs.len() {
        fates.kept(&id(&own.agent, "input", index));
    }
    for (index, step) in own.draft.steps.iter().enumerate() {
        fates.kept(&id(&own.agent, "step", index));
        synthesis.steps.push(SynthesisStep {
            title: step.title.clone(),
            text: step.text.clone(),
            assignee: step.assignee.clone(),
            artifact: step.artifact.clone(),
            keys: step.keys.clone(),
        });
    }
    synthesis.dispositions = fates.complete(&q.drafts);
    Some(synthesis)
}

fn bulleted(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

/// What this version is, with the headings that are others here, and the log the document has of itself.
fn change(headings: &[String], log: &str) -> String {
    let mut change = "Adopted as it stands.".to_owned();
    if !headings.is_empty() {
        change = format!("{change} Headings of it that are others here: {}.", headings.join("; "));
    }
    if log.is_empty() { change } else { format!("{change}\n\nBefore:\n\n{log}") }
}
