//! Agent SOPs, `*.sop.md`: title, overview, parameters, steps with constraints. Every constraint is kept.

use super::{Draft, add};
use crate::sop::document::{Input, InputKind, Step};
use crate::sop::input_type;
use crate::sop::outline::{Bullet, Part, bullets, parts};
use crate::sop::plain::{below, without_keys};
use crate::sop::words::is_snake_case;

pub(super) fn read(mut draft: Draft, text: &str) -> Draft {
    for part in parts(text, 2, 1) {
        match (part.level, part.title.as_str()) {
            (1, title) if draft.title.is_empty() => {
                title.clone_into(&mut draft.title);
                if !part.text.is_empty() {
                    draft.overview(&part.text);
                }
            }
            (_, "Overview") => draft.overview(&part.text),
            (_, "Parameters") => parameters(&mut draft, &part),
            (_, "Steps") => steps(&mut draft, &part),
            _ => draft.keep(&part),
        }
    }
    draft
}

/// Parameters become inputs; every other line of the section stays, as rules about them, before the steps.
fn parameters(draft: &mut Draft, part: &Part) {
    draft.inputs_are_said = true;
    let bullets = bullets(&part.text, 1);
    let mut taken: Vec<u32> = Vec::new();
    for (index, bullet) in bullets.iter().enumerate().filter(|(_, bullet)| bullet.depth == 0) {
        let nested = || bullets.iter().skip(index + 1).take_while(|below| below.depth > 0);
        let Some(mut input) = parameter(bullet) else { continue };
        for below in nested() {
            input.description = format!("{} {}", with_stop(&input.description), below.text);
        }
        let next = bullets.iter().skip(index + 1).find(|next| next.depth == 0).map(|next| next.line);
        let end = next.unwrap_or_else(|| last_line(&part.text, bullet.line));
        taken.extend(bullet.line..end);
        draft.body.inputs.push(input);
    }
    if !draft.body.inputs.is_empty() {
        draft
            .notes
            .push("the form names no types: every input is `text` until somebody says more".to_owned());
    }
    let rest: Vec<&str> = (1..)
        .zip(part.text.lines())
        .filter(|(line, _)| !taken.contains(line))
        .map(|(_, line)| line)
        .collect();
    let rest = rest.join("\n");
    if !rest.trim().is_empty() {
        add(&mut draft.body.preflight, &below(&without_keys(rest.trim()), 3));
    }
}

fn with_stop(text: &str) -> String {
    if text.ends_with(['.', ':', '!', '?']) || text.is_empty() { text.to_owned() } else { format!("{text}.") }
}

/// The line after the item that starts on `from`: the list ends at a line that is neither indented nor blank.
fn last_line(text: &str, from: u32) -> u32 {
    let after = (1..).zip(text.lines()).filter(|(line, _)| *line > from);
    let mut end = from + 1;
    for (line, text) in after {
        if !text.is_empty() && !text.starts_with([' ', '\t']) {
            return line;
        }
        end = line + 1;
    }
    end
}

/// `**snake_case** (required|optional[, default: X]): text`
fn parameter(bullet: &Bullet) -> Option<Input> {
    let (name, rest) = bullet.text.strip_prefix("**")?.split_once("**")?;
    let (kind, text) = rest.trim_start().strip_prefix('(')?.split_once("):")?;
    let (required, default) = match kind.split_once(',') {
        Some((required, default)) => (required.trim(), Some(default.trim())),
        None => (kind.trim(), None),
    };
    if !is_snake_case(name) || !matches!(required, "required" | "optional") {
        return None;
    }
    let said = default.and_then(|default| default.strip_prefix("default:")).map(|said| unquoted(said.trim()));
    // What the type cell could not hold again stays in the description, where nothing is lost.
    let value = said.filter(|value| holds(value)).map(str::to_owned);
    let mut description = text.trim().to_owned();
    if let (Some(default), None) = (default, &value) {
        description = format!("{} ({default})", description.trim_end_matches('.'));
    }
    if description.is_empty() {
        description = format!("MISSING: what `{name}` is.");
    }
    Some(Input {
        name: name.to_owned(),
        kind: InputKind::Text,
        required: required == "required",
        description,
        default: value,
        pattern: None,
    })
}

/// This form sets text in quotes; they are no part of the value.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

fn holds(value: &str) -> bool {
    input_type::read(&format!("text, default: {value}"))
        .is_ok_and(|cell| cell.default.as_deref() == Some(value) && cell.pattern.is_none())
}

fn steps(draft: &mut Draft, section: &Part) {
    for part in parts(&section.text, 3, section.text_line) {
        if part.level == 0 {
            draft.keep(&part);
            continue;
        }
        let number = u32::try_from(draft.body.steps.len() + 1).unwrap_or(u32::MAX);
        let title = part
            .title
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .trim_start_matches(['.', ')', ':'])
            .trim();
        let text = without_keys(&below(&part.text, 4));
        draft.body.steps.push(Step { number, title: title.to_owned(), text, ..Step::default() });
    }
}
