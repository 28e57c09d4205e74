//! Writes an SOP in the forms other programs read: Agent SOP (`*.sop.md`) and Agent Skill (`SKILL.md`).
//! Every rule and key of a step goes along, as a constraint in words where the form has no key for it.

use super::document::{Input, Section, Sop, Step};
use super::input_type;
use super::render::section_text;
use super::step_keys::KEYS;
use crate::base::text::{full_stop, slug};
use std::fmt::Write as _;

/// Name and content of an Agent SOP: no head, `## Parameters`, `### 1. Name`, constraints with RFC 2119 words.
pub fn agent_sop(sop: &Sop) -> (String, String) {
    let (head, body) = (&sop.head, &sop.body);
    let mut out = format!("# {}\n\n## Overview\n\n{}\n", head.title, body.purpose);
    out.push_str("\n## Parameters\n\n");
    for input in &body.inputs {
        out.push_str(&parameter(input));
    }
    if body.inputs.is_empty() {
        out.push_str("None.\n");
    }
    put_section(&mut out, "Before you begin", &body.preflight);
    out.push_str("\n## Steps\n");
    for step in &body.steps {
        out.push_str(&agent_step(step));
    }
    for section in [
        Section::Scope,
        Section::Roles,
        Section::Trigger,
        Section::DefinitionOfDone,
        Section::Confidence,
        Section::Risk,
        Section::References,
    ] {
        put_section(&mut out, section.title(), &section_text(sop, section));
    }
    (format!("{}.sop.md", head.id.name()), out)
}

/// Path and content of an Agent Skill: `<name>/SKILL.md` with `name` and `description` in its head.
pub fn skill(sop: &Sop) -> (String, String) {
    let (head, body) = (&sop.head, &sop.body);
    let name = slug(head.id.name(), 64);
    let when = body.trigger.split_whitespace().collect::<Vec<_>>().join(" ");
    let described = format!("{} Use when: {when}", full_stop(&head.description));
    let described = serde_json::Value::from(described.chars().take(MAX_DESCRIPTION).collect::<String>());
    let mut out = format!("---\nname: {name}\ndescription: {described}\n---\n\n# {}\n", head.title);
    let source = format!("This skill follows {} v{}, owned by {}.", head.id, head.version, head.owner);
    put_section(&mut out, "Source", &source);
    for (section, title) in Section::ALL {
        let text = section_text(sop, section);
        if section != Section::ChangeLog {
            put_section(&mut out, title, &text);
        }
    }
    (format!("{name}/SKILL.md"), out)
}

/// Longest description that form allows, in letters.
const MAX_DESCRIPTION: usize = 1024;

fn put_section(out: &mut String, title: &str, text: &str) {
    if !text.trim().is_empty() {
        let written = write!(out, "\n## {title}\n\n{}\n", text.trim());
        debug_assert!(written.is_ok(), "BUG: writing to a string failed");
    }
}

fn parameter(input: &Input) -> String {
    let mut need = if input.required { "required" } else { "optional" }.to_owned();
    if let Some(default) = &input.default {
        need.push_str(", default: ");
        need.push_str(default);
    }
    let typed = input_type::write(&Input { default: None, ..input.clone() });
    let kind = match typed.as_str() {
        "text" => String::new(),
        kind => format!("\n  - Type: {kind}"),
    };
    format!("- **{}** ({need}): {}{kind}\n", input.name, input.description)
}

fn agent_step(step: &Step) -> String {
    let mut out =
        format!("\n### {}. {}\n\n{}\n\n**Constraints:**\n", step.number, step.title, step.text.trim());
    for key in &KEYS {
        if let Some(value) = (key.write)(step) {
            out.push_str(&constraint(key.name, &value));
        }
    }
    out
}

/// A key of a step as a sentence.
fn constraint(name: &str, value: &str) -> String {
    let sentence = match name {
        "Assignee" => format!("This step MUST be done by {value}."),
        "Artifact" => format!("You MUST leave behind: {value}."),
        "Depends On" => format!("You MUST NOT begin before these steps are complete: {value}."),
        "When" => format!("You MUST skip this step unless `{value}` holds."),
        "Approval Required" if value == "Yes" => {
            "You MUST NOT begin before a person has approved it.".to_owned()
        }
        "Approval Required" => "You MAY begin without an approval.".to_owned(),
        "Approvers" => format!("The approval MUST come from: {value}."),
        "Approval Timeout" => format!("You MUST wait for the approval for {value}."),
        "Approval When" => {
            format!("You MUST NOT begin before a person has approved it when `{value}` holds.")
        }
        "On Failure" => format!("When the step fails you MUST: {value}."),
        "Needs Skills" => format!("Whoever does this step MUST have the skills: {value}."),
        "Time Limit" => format!("You MUST finish within {value}."),
        "Confidence" => {
            format!("You MUST hand the result to a person when your confidence is below {value}.")
        }
        "Tools" => format!("You MUST NOT use tools other than: {value}."),
        "Reaches Customers" if value == "Yes" => {
            "You MUST treat the result as reaching customers.".to_owned()
        }
        "Reaches Customers" => "You MUST NOT let the result reach customers.".to_owned(),
        "Network" if value == "Yes" => "Its script MAY use the network.".to_owned(),
        "Network" => "Its script MUST NOT use the network.".to_owned(),
        "Secrets" => format!("You MUST NOT read secrets other than: {value}."),
        "Output" => format!("Your result MUST match this JSON schema:\n\n```json\n{value}\n```"),
        "Rollback" => format!("To undo this step you MUST do this: {value}"),
        other => format!("{other}: {value}"),
    };
    let mut lines = sentence.lines();
    let mut out = format!("- {}\n", lines.next().unwrap_or_default());
    for line in lines {
        let indented = if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
        out.push_str(&indented);
    }
    // A rollback may begin with its fence, which has to stand on a line of its own.
    out.replace("do this: ```", "do this:\n\n  ```")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::import::{Given, import};
    use crate::sop::parse;
    use crate::sop::sample::SAMPLE;

    #[test]
    fn an_exported_agent_sop_comes_back_with_every_step_and_rule() {
        let sop = parse("s.md", SAMPLE).unwrap();
        let (name, text) = agent_sop(&sop);
        assert_eq!(name, "lead-qualification.sop.md");
        let given = Given {
            department: Some("REV".into()),
            created_by: "sop.manager".into(),
            created_at: "2026-11-20".into(),
            ..Given::default()
        };
        let back = import(&[(name, text.clone())], &given)
            .unwrap_or_else(|problems| panic!("{}\n{text}", problems[0]));
        assert_eq!(back.sop.body.steps.len(), 3);
        assert_eq!(back.sop.body.inputs.len(), 3);
        assert_eq!(back.sop.body.steps[2].title, "Hand over the lead");
        let third = &back.sop.body.steps[2].text;
        for rule in
            ["approval MUST come from: chief.staff, coo (2)", "30 minutes, then escalate", "./crm release"]
        {
            assert!(third.contains(rule), "{rule} is not in {third}");
        }
        assert!(back.sop.body.steps[0].text.contains("## not a heading"));
    }

    #[test]
    fn a_skill_says_when_to_use_it() {
        let (path, text) = skill(&parse("s.md", SAMPLE).unwrap());
        assert_eq!(path, "lead-qualification/SKILL.md");
        assert!(
            text.starts_with("---\nname: lead-qualification\ndescription: \"Scores an inbound lead"),
            "{text}"
        );
        assert!(text.contains("Use when: A new lead record is created"));
        assert!(text.contains("follows SOP-REV-lead-qualification v1.1, owned by vp.sales"));
        assert!(text.contains("**Approvers**: chief.staff, coo (2)"));
    }
}
