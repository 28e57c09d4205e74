//! What a document says of itself or of the work in a part of its own: impact, owner, rollback, what is out of scope, its
//! version. Each goes where the draft has a place for it, and what has none is kept.

use super::mend::placed;
use super::tables::{is_control, says, tables};
use super::titles::{head_value, without_number};
use super::{Draft, add};
use crate::sop::document::Section;
use crate::sop::outline::{BlockKind, Part, blocks, lines_between};
use crate::sop::prose::sentences;
use crate::sop::words::is_agent_id;

/// One line of words, where `text` is only that; list marks and emphasis are no part of it.
fn single(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    let line = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
    Some(line.to_owned())
}

/// Whether `text` is one paragraph.
fn is_paragraph(text: &str) -> bool {
    matches!(blocks(text).as_slice(), [block] if block.kind == BlockKind::Paragraph) && !text.contains('|')
}

/// `text` behind `label`: on its line where it is running text, else below it.
fn labelled(label: &str, text: &str) -> String {
    if is_paragraph(text) { format!("{label}: {text}") } else { format!("{label}:\n\n{text}") }
}

impl Draft {
    /// What happens if it goes wrong: into the head, and whole below Risk where it is more than a paragraph.
    pub(super) fn says_impact(&mut self, part: &Part) {
        self.moved(part, "the head's impact");
        let text = placed(&part.text, 3);
        if self.impact.is_none() && is_paragraph(&part.text) {
            self.impact = Some(part.text.clone());
            return;
        }
        if self.impact.is_none() {
            self.impact = sentences(&part.text, 1).into_iter().next().map(|first| first.text);
        }
        add(&mut self.body.risk, &labelled(without_number(&part.title), &text));
    }

    pub(super) fn says_objective(&mut self, part: &Part) {
        if self.objective.is_none() {
            self.objective = sentences(&part.text, 1).into_iter().next().map(|first| first.text);
        }
        self.moved(part, "Purpose");
        self.overview(&part.text);
    }

    pub(super) fn says_owner(&mut self, part: &Part) {
        self.moved(part, "Roles");
        match single(&part.text) {
            Some(words) => self.owned_by(&words, without_number(&part.title), part.line),
            None => add(&mut self.body.roles, &placed(&part.text, 3)),
        }
    }

    /// The owner, where the words can be an id; they stand in Roles in any case.
    fn owned_by(&mut self, words: &str, label: &str, line: u32) {
        let id = words.trim().trim_matches(['*', '_', '`']).trim_end_matches('.');
        if !is_agent_id(id) {
            add(&mut self.body.roles, &format!("- {label}: {words}"));
            self.owner_said.get_or_insert_with(|| id.to_owned());
            self.notes
                .push(format!("line {line}: the owner `{id}` is no agent id and stands in Roles as text"));
            return;
        }
        add(&mut self.body.roles, &format!("- {id}: {label}"));
        self.owner.get_or_insert_with(|| id.to_owned());
    }

    /// The way back. The word itself must be there: whoever looks for it looks for the word.
    pub(super) fn says_rollback(&mut self, part: &Part) {
        self.moved(part, Section::Risk.title());
        let text = placed(&part.text, 3);
        let said = text.to_lowercase().contains("rollback");
        add(&mut self.body.risk, &if said { text } else { labelled("Rollback", &text) });
    }

    /// What is covered, and under its own words what is not.
    pub(super) fn says_scope(&mut self, part: &Part, is_out: bool) {
        let text = placed(&part.text, 4);
        let text = if is_out { labelled(without_number(&part.title), &text) } else { text };
        self.moved(part, Section::Scope.title());
        add(&mut self.body.scope, &text);
    }

    /// What the YAML head of the source says and ours has a place for; the head itself is kept besides.
    pub(super) fn says_head(&mut self, head: &str) {
        for key in ["owner", "version"] {
            if let Some(value) = head_value(head, key) {
                self.controlled(key, &value, 1);
            }
        }
        if let Some(text) = head_value(head, "description") {
            self.description = text;
        }
    }

    fn controlled(&mut self, key: &str, value: &str, line: u32) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        if says("Owner", key) {
            self.owned_by(value, key.trim().trim_matches(['*', '_']).trim_end_matches(':'), line);
        } else if says("Version", key) {
            let number = value.trim_start_matches(['v', 'V']).trim_start();
            let whole = number.bytes().all(|byte| byte.is_ascii_digit());
            let number = if whole { format!("{number}.0") } else { number.to_owned() };
            match number.parse() {
                Ok(version) => self.version = self.version.or(Some(version)),
                Err(_) => {
                    self.notes
                        .push(format!("line {line}: `{value}` is no version of ours; it is kept as text"));
                }
            }
        }
    }

    /// Takes what `part` says of the document itself out of it, a table or lines `Owner: …`, and keeps it under Scope.
    pub(super) fn take_control(&mut self, part: &Part) -> Part {
        let mut text: Vec<&str> = part.text.lines().collect();
        let mut taken: Vec<String> = Vec::new();
        let mut said = Vec::new();
        for (first, last, pairs) in entries(&part.text) {
            taken.push(lines_between(&text, first, last).join("\n"));
            said.extend(pairs.into_iter().map(|(key, value)| (key, value, part.text_line + first - 1)));
            for line in (first..=last).filter_map(|line| usize::try_from(line - 1).ok()) {
                if let Some(line) = text.get_mut(line) {
                    *line = "";
                }
            }
        }
        if taken.is_empty() {
            return part.clone();
        }
        for (key, value, line) in said {
            self.controlled(&key, &value, line);
        }
        let title = if part.title.is_empty() { "Document control" } else { &part.title };
        let rest = text.join("\n").trim().to_owned();
        self.keep(&Part { title: title.to_owned(), text: taken.join("\n\n"), ..part.clone() });
        Part { text: rest, ..part.clone() }
    }
}

/// The title a table about the document names.
pub(super) fn control_title(text: &str) -> Option<String> {
    let pairs = tables(text).into_iter().filter_map(|table| table.control()).flatten();
    pairs.into_iter().find(|(key, value)| says("Title", key) && !value.is_empty()).map(|(_, value)| value)
}

/// Whether a part of `text` speaks of the document itself.
pub(super) fn controls(text: &str) -> bool {
    !entries(text).is_empty()
}

/// First and last line of an entry, and key and value of all it says.
type Entry = (u32, u32, Vec<(String, String)>);

/// Lines, and key and value of each entry, of every table and every paragraph or list that only speaks of the document.
fn entries(text: &str) -> Vec<Entry> {
    let of_tables =
        tables(text).into_iter().filter_map(|table| Some((table.first, table.last, table.control()?)));
    let mut found: Vec<_> = of_tables.collect();
    let lines: Vec<&str> = text.lines().collect();
    for block in blocks(text) {
        if !matches!(block.kind, BlockKind::Paragraph | BlockKind::List) {
            continue;
        }
        let own =
            lines_between(&lines, block.first, block.last).iter().filter(|line| !line.trim().is_empty());
        let pairs: Option<Vec<(String, String)>> = own
            .map(|line| {
                let (key, value) = line.trim_start_matches(['-', '*', '+', ' ', '_']).split_once(':')?;
                let value = value.trim().trim_start_matches("**").trim_start_matches("__").trim();
                is_control(key).then(|| (key.trim_matches(['*', '_']).to_owned(), value.to_owned()))
            })
            .collect();
        if let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) {
            found.push((block.first, block.last, pairs));
        }
    }
    found
}
