//! Reads an SOP file: strict, and with every problem of the file at once, each with its place.
//! What is unknown, misspelt, doubled or missing is refused; nothing is skipped or taken for something weaker.

mod head;
mod inputs;
mod sections;
mod steps;

use super::document::{Body, Section, Sop, Step};
use super::outline::Part;
use super::render::NO_REFERENCES;
use crate::base::{Place, Problem, yaml};

/// Most bytes of an SOP's file: some two hundred pages. Whoever may ask for a check may not ask for hours of work.
const MOST_BYTES: usize = 256 * 1024;
/// Most steps of an SOP; more than anybody reads, and than one run should hold.
const MOST_STEPS: usize = 1_000;

/// Reads `text`, the content of `file`.
///
/// # Errors
/// All problems of the file, in the order of its lines; a file that is too large is not read at all.
pub fn parse(file: &str, text: &str) -> Result<Sop, Vec<Problem>> {
    if text.len() > MOST_BYTES {
        return Err(too_large(file, text, &format!("{} bytes, and at most {MOST_BYTES}", text.len())));
    }
    let headings = text.lines().filter(|line| line.starts_with("### Step ")).count();
    if headings > MOST_STEPS {
        return Err(too_large(file, text, &format!("{headings} steps, and at most {MOST_STEPS}")));
    }
    let mut reader = Reader { file, text, problems: Vec::new() };
    let parsed = reader.sop();
    match parsed {
        Some(sop) if reader.problems.is_empty() => Ok(sop),
        _ => {
            let mut problems = reader.problems;
            problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.line, place.column)));
            Err(problems)
        }
    }
}

fn too_large(file: &str, text: &str, what: &str) -> Vec<Problem> {
    let problem = Problem::invalid(format!("an SOP with {what} are read")).at(Place::of(file, text, 1, 0));
    vec![problem.hint("make parts of it SOPs of their own, and name them in steps: a paragraph `[[SOP-…]]`")]
}

/// Reads the section of steps alone; `text` is the whole of `file`, for the places of problems.
pub(super) fn read_steps(file: &str, text: &str, section: &Part) -> Result<Vec<Step>, Vec<Problem>> {
    let mut reader = Reader { file, text, problems: Vec::new() };
    let steps = reader.steps(section);
    if reader.problems.is_empty() { Ok(steps) } else { Err(reader.problems) }
}

/// The file being read and what is wrong with it so far.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn sop(&mut self) -> Option<Sop> {
        let cut = match yaml::front_matter(self.file, self.text) {
            Ok(cut) => cut,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let head = cut.head.and_then(|head| self.head(head));
        if cut.head.is_none() {
            self.refuse(1, 1, "the file has no head", "begin it with `---`, the keys of the SOP, and `---`");
        }
        let parts = self.sections(cut.body, cut.body_line, head.as_ref().map(|head| head.title.as_str()));
        let body = self.body(&parts);
        head.map(|head| Sop { head, body })
    }

    fn body(&mut self, parts: &[(Section, Part)]) -> Body {
        let mut body = Body::default();
        for (section, part) in parts {
            let text = part.text.clone();
            match section {
                Section::Purpose => body.purpose = text,
                Section::Scope => body.scope = text,
                Section::Roles => body.roles = text,
                Section::Trigger => body.trigger = text,
                Section::Inputs => body.inputs = self.inputs(part),
                Section::Preflight => body.preflight = text,
                Section::Steps => body.steps = self.steps(part),
                Section::DefinitionOfDone => body.definition_of_done = text,
                Section::Confidence => body.confidence = text,
                Section::Risk => body.risk = text,
                Section::References if text == NO_REFERENCES => {}
                Section::References => body.references = text,
                Section::ChangeLog => body.change_log = text,
            }
        }
        body
    }

    fn refuse(&mut self, line: u32, column: u32, message: impl Into<String>, hint: impl Into<String>) {
        let place = Place::of(self.file, self.text, line, column);
        self.problems.push(Problem::invalid(message).at(place).hint(hint));
    }

    /// Refuses, pointing at the first place on `line` where `words` stand.
    fn refuse_words(&mut self, line: u32, words: &str, message: impl Into<String>, hint: impl Into<String>) {
        let column = self.line(line).find(words).map_or(1, |at| at + 1);
        self.refuse(line, u32::try_from(column).unwrap_or(0), message, hint);
    }

    fn line(&self, number: u32) -> &'a str {
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        self.text.lines().nth(index).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
