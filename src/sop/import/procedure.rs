//! A document that is a procedure already, read without anything added: what it says stands in the section it belongs to,
//! word for word, and what it does not say stays empty.

use super::fields::{control_title, controls};
use super::plan::{Piece, Role, plan};
use super::{Draft, add, inputs, markdown, mend};
use crate::sop::blocks;
use crate::sop::document::{Body, Input, Section};
use crate::sop::headings::Field;
use crate::sop::outline::parts;
use crate::text::{BlockKind, blocks as cut};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Procedure {
    /// The title the document has, or its file's name.
    pub title: String,
    /// Who owns it, in the document's words.
    pub owner: Option<String>,
    /// What it is for, one sentence of the document.
    pub objective: Option<String>,
    /// What happens if it goes wrong.
    pub impact: Option<String>,
    /// What it does, one sentence of the document; empty where it says nothing.
    pub description: String,
    /// The sections; a step has number, title and text, and an assignee where an agent id is named.
    pub body: Body,
    /// Who does a step, where the document says it in words that are no agent id.
    pub who: BTreeMap<u32, String>,
    /// Whether it speaks of inputs, even if only to say that there are none.
    pub inputs_are_said: bool,
    /// Headings of the document that stand under others here, each with where.
    pub headings: Vec<String>,
    /// The commands in the document, each with the step it stands in; all of them are text.
    pub commands: Vec<(Option<u32>, String)>,
}

/// Reads `text`, whose file or mission is called `name`.
pub fn procedure(name: &str, text: &str) -> Procedure {
    let mut draft = markdown::read(Draft::default(), name, text);
    let mut commands = Vec::new();
    for step in &mut draft.body.steps {
        let number = Some(step.number);
        step.text = stays_text(&step.text, |command| commands.push((number, command)));
    }
    for section in [Section::Preflight, Section::Risk, Section::Scope, Section::Purpose] {
        let text = draft.section(section);
        *text = stays_text(text, |command| commands.push((None, command)));
    }
    keep_all_words(&mut draft, text);
    let Draft {
        title,
        description,
        owner,
        owner_said,
        objective,
        impact,
        body,
        who,
        inputs_are_said,
        headings,
        ..
    } = draft;
    Procedure {
        title,
        owner: owner.or(owner_said),
        objective,
        impact,
        description,
        body,
        who,
        inputs_are_said,
        headings,
        commands,
    }
}

/// Whether `text` is plainly a whole procedure, and no wish for one: it has steps below a heading that says so, beside at least
/// two parts that say what else there is to it, and nothing that tells why somebody writes.
pub fn is_procedure(file: &str, text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    let (_, body, first_line) = markdown::cut_head(file, &text);
    let pieces: Vec<Piece> =
        parts(body, markdown::section_level(body), first_line).into_iter().map(Piece::new).collect();
    let of = |is: &dyn Fn(Role) -> bool| {
        pieces.iter().filter(|piece| is(piece.role) && !piece.part.text.is_empty()).count()
    };
    let steps = of(&|role| matches!(role, Role::Section(Section::Steps) | Role::Field(Field::Phase)));
    let all = of(&|role| matches!(role, Role::Section(_) | Role::Field(_)));
    let controlled = control_title(body).is_some() || controls(body);
    of(&|role| role == Role::Context) == 0
        && steps > 0
        && (all - steps) + usize::from(controlled) >= 2
        && plan(&pieces).iter().any(Option::is_some)
}

/// The inputs a list or a table names.
pub fn inputs_in(text: &str) -> Vec<Input> {
    inputs::read(text, &[]).0
}

/// Lines with a word that stands nowhere else are kept whole.
fn keep_all_words(draft: &mut Draft, source: &str) {
    let steps = draft
        .body
        .steps
        .iter()
        .map(|step| format!("Step {}: {}\n{}\n{:?}", step.number, step.title, step.text, step.assignee));
    let inputs = draft.body.inputs.iter().map(|input| format!("{} {}", input.name, input.description));
    let said = [&draft.title, &draft.body.purpose, &draft.body.scope, &draft.body.roles, &draft.body.trigger];
    let more =
        [&draft.body.preflight, &draft.body.definition_of_done, &draft.body.confidence, &draft.body.risk];
    let rest = [&draft.body.references, &draft.body.change_log].into_iter().chain(draft.impact.as_ref());
    let titles = Section::ALL.into_iter().map(|(_, title)| title.to_owned());
    let parts = steps.chain(inputs).chain(draft.headings.iter().cloned()).chain(titles);
    let held: Vec<String> = parts.chain(said.into_iter().chain(more).chain(rest).cloned()).collect();
    let held = held.join("\n");
    let lost: Vec<String> =
        mend::lost(source, &held).iter().map(|(_, line)| format!("    {}", line.trim())).collect();
    if !lost.is_empty() {
        add(&mut draft.body.scope, &format!("### Lines without a place of their own\n\n{}", lost.join("\n")));
    }
}

/// `text` with the tags of blocks that would be done put behind `text`: nobody has said yet that they run.
fn stays_text(text: &str, mut tell: impl FnMut(String)) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for block in cut(text) {
        let BlockKind::Code { info } = &block.kind else { continue };
        if !blocks::is_command(info.trim()) {
            continue;
        }
        let first = block.text.lines().find(|line| !line.trim().is_empty());
        tell(first.unwrap_or_default().trim().to_owned());
        let at = usize::try_from(block.first.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(line) = lines.get_mut(at) {
            let open = line.trim_end().len() - info.trim().len();
            *line = format!("{}text {}", line.get(..open).unwrap_or_default(), info.trim());
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_text_and_is_listed() {
        let read = procedure(
            "x.md",
            "# Disk full\n\n1. Look:\n\n   ```sh\n   df -h\n   ```\n2. Ask.\n\n## Owner\nHead of IT\n",
        );
        assert_eq!(read.commands, [(Some(1), "df -h".to_owned())]);
        assert_eq!(read.body.steps[0].text, "Look:\n\n```text sh\ndf -h\n```");
        assert_eq!(read.owner.as_deref(), Some("Head of IT"));
        assert_eq!(read.body.trigger, "", "what is not said stays empty");
    }
}
