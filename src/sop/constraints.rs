//! The rules of a step that one can judge one by one: the `**Constraints:**` lists of an Agent SOP, which an import
//! keeps in the step's text, and every other bullet that binds with an RFC 2119 word.

use super::document::Step;
use super::outline::{BlockKind, blocks, bullets, lines_between};

/// RFC 2119 words as they bind: in capitals.
const BINDING: [&str; 6] = ["MUST", "SHALL", "SHOULD", "MAY", "REQUIRED", "RECOMMENDED"];

/// The constraints of `step` in the order of its text, each on one line; what is nested below one belongs to it.
pub fn constraints(step: &Step) -> Vec<String> {
    let mut found = Vec::new();
    let mut marked = false;
    let lines: Vec<&str> = step.text.lines().collect();
    for block in blocks(&step.text) {
        let text = lines_between(&lines, block.first, block.last).join("\n");
        if block.kind == BlockKind::List {
            found.extend(of_list(&text).into_iter().filter(|rule| marked || binds(rule)));
        } else {
            marked = block.kind == BlockKind::Paragraph && announces(&text);
        }
    }
    found
}

/// The top-level bullets of a list.
fn of_list(text: &str) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    for bullet in bullets(text, 1) {
        match rules.last_mut() {
            Some(rule) if bullet.depth > 0 => {
                rule.push(' ');
                rule.push_str(&bullet.text);
            }
            _ => rules.push(bullet.text),
        }
    }
    rules.retain(|rule| !rule.is_empty());
    rules
}

/// `**Constraints:**`, `*Constraints for the upload:*`: the last line before a list of constraints.
fn announces(paragraph: &str) -> bool {
    let last = paragraph.lines().last().unwrap_or_default();
    let plain = last.replace(['*', '_'], "");
    plain.trim_start().to_lowercase().starts_with("constraints") && plain.trim_end().ends_with(':')
}

fn binds(rule: &str) -> bool {
    rule.split(|c: char| !c.is_alphanumeric()).any(|word| BINDING.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::import::{Given, import};

    fn of(text: &str) -> Vec<String> {
        constraints(&Step { text: text.to_owned(), ..Step::default() })
    }

    #[test]
    fn marked_lists_count_whole_and_other_bullets_when_they_bind() {
        let text = "Load it.\n\n- The list has rows\n- You MUST count them\n\n**Constraints:**\n- Keep the order\n  \
                    - and the names\n- You SHOULD\n  wait\n\n```\n- You MUST not count this\n```\n\n- Free\n\n\
                    Constraints for the upload:\n\n1. You MAY stop\n";
        assert_eq!(
            of(text),
            ["You MUST count them", "Keep the order and the names", "You SHOULD wait", "You MAY stop"]
        );
        assert_eq!(of("The constraints: none.\n\n- a"), Vec::<String>::new());
        assert_eq!(of(""), Vec::<String>::new());
    }

    #[test]
    fn an_imported_agent_sop_gives_every_constraint_of_each_step() {
        let source = "# Clean up\n\n## Overview\n\nCleans.\n\n## Steps\n\n### 1. Read the list\n\nLoad it.\n\n\
                      **Constraints:**\n- You MUST NOT change it because others read it\n- Say how many rows there are\n\n\
                      #### 1.1 Look for doubles\n\n**Constraints:**\n\n- You MAY skip empty rows\n\n### 2. Mark the old\n\nMark.\n";
        let given = Given {
            department: Some("OPS".into()),
            created_by: "ops.manager".into(),
            created_at: "2026-11-20".into(),
            ..Given::default()
        };
        let imported = import(&[("c.sop.md".to_owned(), source.to_owned())], &given).unwrap();
        // As it stands in a published file.
        let sop = crate::sop::parse("c.md", &crate::sop::render(&imported.sop)).unwrap();
        assert_eq!(
            constraints(&sop.body.steps[0]),
            [
                "You MUST NOT change it because others read it",
                "Say how many rows there are",
                "You MAY skip empty rows"
            ]
        );
        assert_eq!(constraints(&sop.body.steps[1]), Vec::<String>::new());
    }
}
