//! Renders a role's template: block `system` is the stable part, block `user` what differs from call to call.

mod outside;

use crate::base::problem::Result;
use crate::base::text::visible;
use crate::base::{Place, Problem};
use crate::roster::Agent;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use outside::{BLOCKS, outside};
use serde::Deserialize as _;
use serde_json::{Value, json};

/// Steps a template may take; the shipped ones take a few thousand for a long mission.
const FUEL: u64 = 5_000_000;
/// Longest prompt in bytes; a longer one would not fit any model's context and is a runaway template.
const MAX_PROMPT_BYTES: usize = 2 * 1024 * 1024;

/// The prompts as they are shipped.
#[derive(rust_embed::RustEmbed)]
#[folder = "prompts"]
#[include = "*.md"]
pub struct ShippedPrompts;

/// The shipped prompt of a role: it stands in for a file that is not in the workspace, as after an upgrade that brought
/// the role.
pub(super) fn shipped(role: &str) -> Option<String> {
    let file = ShippedPrompts::get(&format!("{role}.md"))?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// Roles that judge a text or what came of it: they are shown what a screen would obey or hide, as people are.
const JUDGES: [&str; 6] = ["scrutiny", "execute", "grade", "council_member", "council_chair", "done"];

/// A rendered prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) system: String,
    pub(super) user: String,
}

/// Renders `template` of `role` for `agent` and `question`.
pub(super) fn render(role: &str, template: &str, agent: &Agent, question: &Value) -> Result<Prompt> {
    let environment = environment();
    let wrong = |error: &minijinja::Error| explain((role, template), error);
    let compiled = environment.template_from_named_str(role, template).map_err(|error| wrong(&error))?;
    let topics: Vec<String> =
        question.get("topics").and_then(|topics| Vec::deserialize(topics).ok()).unwrap_or_default();
    let chapters = agent.chapters(&topics);
    let shown = json!({
        "id": agent.head.id, "title": agent.head.title, "department": agent.head.department,
        "persona": agent.persona, "knowledge": chapters.text, "other_topics": chapters.others,
    });
    let values = context! {
        agent => Serde(shown), input => Serde(question.clone()), rules => crate::sop::lint::blocking(),
    };
    let mut captured = compiled.render_captured(values).map_err(|error| wrong(&error))?;
    let mut block = |name: &str| -> Result<String> {
        let text =
            captured.with_state_mut(|state| state.render_block(name)).map_err(|error| wrong(&error))?;
        if text.len() > MAX_PROMPT_BYTES {
            return Err(Problem::invalid(format!("prompts/{role}.md renders to {} bytes", text.len()))
                .hint(format!("at most {MAX_PROMPT_BYTES} are sent; look for a loop that runs away")));
        }
        Ok(as_seen(role, text.trim()))
    };
    Ok(Prompt { system: block("system")?, user: block("user")? })
}

fn as_seen(role: &str, text: &str) -> String {
    if JUDGES.contains(&role) { visible(text) } else { text.to_owned() }
}

/// Whether a template can be read, has both blocks and nothing beside them, and uses only what it is given.
pub(super) fn check(role: &str, template: &str) -> Result<()> {
    let environment = environment();
    let compiled = environment
        .template_from_named_str(role, template)
        .map_err(|error| explain((role, template), &error))?;
    let mut used: Vec<String> = compiled.undeclared_variables(false).into_iter().collect();
    used.sort();
    if let Some(unknown) = used.iter().find(|name| !["agent", "input", "rules"].contains(&name.as_str())) {
        let line = template.lines().position(|line| line.contains(unknown.as_str())).unwrap_or(0);
        let place =
            Place::of(&format!("prompts/{role}.md"), template, u32::try_from(line + 1).unwrap_or(1), 0);
        return Err(Problem::invalid(format!("a prompt is not given `{unknown}`"))
            .at(place)
            .hint("use what `agent` and `input` hold, and `rules`"));
    }
    for block in BLOCKS {
        if !template.contains(&format!("block {block}")) {
            return Err(Problem::invalid(format!("prompts/{role}.md has no block `{block}`"))
                .hint("write {% block system %}…{% endblock %}{% block user %}…{% endblock %}"));
        }
    }
    outside(&format!("prompts/{role}.md"), template).map_or(Ok(()), Err)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("fenced", fenced);
    environment.add_filter("numbered", numbered);
    environment
}

/// Puts foreign text between fences longer than any fence inside it, so that it cannot end its own quotation.
#[expect(clippy::needless_pass_by_value, reason = "a template filter is handed its value")]
fn fenced(text: String) -> String {
    let longest = text.lines().map(|line| line.trim_start().chars().take_while(|c| *c == '`').count()).max();
    let fence = "`".repeat(longest.unwrap_or(0).max(3) + 1);
    format!("{fence}\n{}\n{fence}", text.trim_end())
}

/// The lines of a source as they are cited, `S1:14 …`.
#[expect(clippy::needless_pass_by_value, reason = "a template filter is handed its value")]
fn numbered(text: String, id: String, first: u32) -> String {
    let line = |(line, number): (&str, u32)| format!("{id}:{number} {line}\n");
    text.lines().zip(first..).map(line).collect()
}

fn explain((role, template): (&str, &str), error: &minijinja::Error) -> Problem {
    let file = format!("prompts/{role}.md");
    let line = error.line().map_or(String::new(), |line| format!(" line {line}"));
    let detail = error.detail().map_or(String::new(), |detail| format!(": {detail}"));
    let problem = Problem::invalid(format!("{file}{line} cannot be used: {}{detail}", error.kind()));
    let line = error.line().and_then(|line| u32::try_from(line).ok());
    let problem = match line {
        Some(line) => problem.at(Place::of(&file, template, line, 0)),
        None => problem,
    };
    problem.hint("mend the template, or remove it and let `sopd init` write the shipped one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_judges_is_shown_what_would_turn_or_hide_the_text() {
        for judge in JUDGES {
            assert_eq!(as_seen(judge, "rm \u{202e}a\u{200b}"), "rm \\u{202e}a\\u{200b}");
        }
        assert_eq!(as_seen("perform", "Sach\u{ad}bearbeiter"), "Sach\u{ad}bearbeiter");
    }

    #[test]
    fn quoted_text_cannot_end_its_own_fence() {
        assert_eq!(fenced("a".to_owned()), "````\na\n````");
        assert_eq!(fenced("`````\nx\n`````".to_owned()), "``````\n`````\nx\n`````\n``````");
    }

    #[test]
    fn a_template_without_its_blocks_or_with_an_unknown_name_is_refused() {
        assert!(
            check("plan", "{% block system %}x{% endblock %}").unwrap_err().message.contains("block `user`")
        );
        assert!(check("plan", "{% block system %}").is_err());
    }
}
