//! Writes an SOP in its one form. The same SOP always gives the same bytes, and reading them gives it back.

mod head;

use super::document::{Body, Input, Section, Sop, Step};
use super::input_type;
use super::outline::without_blank_ends;
use super::step_keys::KEYS;

/// The columns of the table of inputs.
pub(super) const INPUT_COLUMNS: [&str; 4] = ["Name", "Type", "Required", "Description"];
/// What the section of inputs says when there are none.
pub const NO_INPUTS: &str = "No inputs.";
/// What the section of references says when there are none: an empty section looks forgotten.
pub const NO_REFERENCES: &str = "None.";

/// The file's text: head, title, the sections in template order, ending in one line end.
pub fn render(sop: &Sop) -> String {
    let mut out = format!("---\n{}---\n\n# {}\n", head::render(&sop.head), sop.head.title);
    for (section, title) in Section::ALL {
        let mut text = section_text(sop, section);
        if section == Section::References && text.is_empty() {
            NO_REFERENCES.clone_into(&mut text);
        }
        out.push_str("\n## ");
        out.push_str(title);
        out.push('\n');
        if !text.is_empty() {
            out.push('\n');
            out.push_str(&text);
            out.push('\n');
        }
    }
    out
}

/// One section as it stands in the file, below its heading; empty where the file says only that nothing is referenced.
pub fn section_text(sop: &Sop, section: Section) -> String {
    section_text_of(&sop.body, section)
}

/// As [`section_text`], of a body without a head.
pub fn section_text_of(body: &Body, section: Section) -> String {
    let text = match section {
        Section::Purpose => &body.purpose,
        Section::Scope => &body.scope,
        Section::Roles => &body.roles,
        Section::Trigger => &body.trigger,
        Section::Inputs => return inputs(&body.inputs),
        Section::Preflight => &body.preflight,
        Section::Steps => return body.steps.iter().map(step).collect::<Vec<_>>().join("\n\n"),
        Section::DefinitionOfDone => &body.definition_of_done,
        Section::Confidence => &body.confidence,
        Section::Risk => &body.risk,
        Section::References => &body.references,
        Section::ChangeLog => &body.change_log,
    };
    without_blank_ends(text).to_owned()
}

fn inputs(inputs: &[Input]) -> String {
    if inputs.is_empty() {
        return NO_INPUTS.to_owned();
    }
    let mut rows = vec![INPUT_COLUMNS.map(str::to_owned)];
    rows.extend(inputs.iter().map(|input| {
        let required = if input.required { "yes" } else { "no" };
        let cell = |text: &str| text.trim().replace('|', "\\|");
        [
            format!("`{}`", input.name),
            cell(&input_type::write(input)),
            required.to_owned(),
            cell(&input.description),
        ]
    }));
    table(&rows)
}

/// A table with its columns aligned, but for the last, which may hold long text.
fn table(rows: &[[String; 4]]) -> String {
    let [_, _, _, last] = INPUT_COLUMNS;
    let mut widths = [0; 4];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    if let Some(width) = widths.last_mut() {
        *width = last.len();
    }
    let line = |cells: &[String; 4]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("| {} |", padded.join(" | "))
    };
    let dashes = widths.map(|width| "-".repeat(width));
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.insert(1.min(lines.len()), line(&dashes));
    lines.join("\n")
}

fn step(step: &Step) -> String {
    let mut out = format!("### Step {}: {}", step.number, step.title);
    let text = without_blank_ends(&step.text);
    if !text.is_empty() {
        out.push_str("\n\n");
        out.push_str(text);
    }
    let written = |fenced: bool| {
        KEYS.iter().filter_map(move |key| {
            let value = (key.write)(step)?;
            (value.contains('\n') == fenced).then_some((key.name, value))
        })
    };
    // Two spaces at the end of a line keep the keys on lines of their own when the page is shown.
    let lines: Vec<String> = written(false).map(|(name, value)| format!("**{name}**: {value}")).collect();
    if !lines.is_empty() {
        out.push_str("\n\n");
        out.push_str(&lines.join("  \n"));
    }
    for (name, value) in written(true) {
        out.push_str("\n\n");
        out.push_str(&block_key(name, &value));
    }
    out
}

/// A key whose value spans lines: an output schema gets its fence, a rollback brings its own.
fn block_key(name: &str, value: &str) -> String {
    if name == "Output" {
        format!("**{name}**:\n\n```json\n{value}\n```")
    } else if value.starts_with("```") || value.starts_with("~~~") {
        format!("**{name}**:\n\n{value}")
    } else {
        format!("**{name}**: {value}")
    }
}

#[cfg(test)]
mod tests;
