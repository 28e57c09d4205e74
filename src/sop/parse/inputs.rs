//! The input packet: a table with the columns name, type, required and description, or `No inputs.`

use super::Reader;
use crate::sop::document::Input;
use crate::sop::input_type::{self, Cell};
use crate::sop::outline::Part;
use crate::sop::render::{INPUT_COLUMNS, NO_INPUTS};
use crate::sop::words::{is_snake_case, yes_or_no};

const FORM: &str = "write `No inputs.`, or a table with the columns Name, Type, Required and Description";

impl Reader<'_> {
    pub(super) fn inputs(&mut self, part: &Part) -> Vec<Input> {
        if part.text.is_empty() || part.text == NO_INPUTS {
            return Vec::new();
        }
        let mut found: Vec<Input> = Vec::new();
        for (line, text) in (part.text_line..).zip(part.text.lines()) {
            let Some(cells) = cells(text) else {
                self.refuse(line, 1, "this line is not a row of the table of inputs", FORM);
                continue;
            };
            match line - part.text_line {
                0 => self.columns(line, &cells),
                1 => self.dashes(line, &cells),
                _ => {
                    if let Some(input) = self.input(line, &cells, &found) {
                        found.push(input);
                    }
                }
            }
        }
        if found.is_empty() {
            self.refuse(part.line, 1, "the table of inputs has no rows", FORM);
        }
        found
    }

    fn columns(&mut self, line: u32, cells: &[String]) {
        let same = cells.len() == INPUT_COLUMNS.len()
            && cells.iter().zip(INPUT_COLUMNS).all(|(cell, name)| cell.eq_ignore_ascii_case(name));
        if !same {
            self.refuse(line, 1, "these are not the columns of the table of inputs", FORM);
        }
    }

    fn dashes(&mut self, line: u32, cells: &[String]) {
        if cells.iter().any(|cell| {
            cell.trim_matches(':').is_empty() || !cell.trim_matches(':').chars().all(|c| c == '-')
        }) {
            self.refuse(
                line,
                1,
                "the second line of a table is its line of dashes",
                "write `| --- | --- | --- | --- |`",
            );
        }
    }

    fn input(&mut self, line: u32, cells: &[String], found: &[Input]) -> Option<Input> {
        let [name, kind, required, description] = cells else {
            let message = format!("the row has {} cells, not {}", cells.len(), INPUT_COLUMNS.len());
            self.refuse(line, 1, message, "write `\\|` for a bar inside a cell");
            return None;
        };
        let name = name.trim_matches('`').to_owned();
        if !is_snake_case(&name) {
            self.refuse_words(
                line,
                &name,
                format!("`{name}` is not a name for an input"),
                "write it like `lead_id`",
            );
        }
        if found.iter().any(|other| other.name == name) {
            self.refuse_words(line, &name, format!("the input `{name}` is there twice"), "keep one of them");
        }
        if description.is_empty() {
            self.refuse(
                line,
                1,
                format!("the input `{name}` has no description"),
                "say what it is and where it comes from",
            );
        }
        let kind = self.kind(line, kind);
        let answer = yes_or_no(required);
        if answer.is_none() {
            let message = format!("`{required}` does not say whether `{name}` is required");
            self.refuse_words(line, required, message, "write `yes` or `no`");
        }
        let Cell { kind, default, pattern } = kind?;
        Some(Input { name, kind, required: answer?, description: description.clone(), default, pattern })
    }

    fn kind(&mut self, line: u32, text: &str) -> Option<Cell> {
        let read = input_type::read(text);
        if let Err((message, hint)) = &read {
            self.refuse_words(line, text, message, hint);
        }
        read.ok()
    }
}

/// The cells of a row between bars; `\|` is a bar inside a cell.
fn cells(line: &str) -> Option<Vec<String>> {
    let row = line.trim().strip_prefix('|')?;
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut letters = row.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&'|') => cell.extend(letters.next()),
            '|' => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            _ => cell.push(letter),
        }
    }
    cell.trim().is_empty().then_some(cells)
}
