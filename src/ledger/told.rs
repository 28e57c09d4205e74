//! The ledger in words: findings, sentences for who decides, and the report in the dossier.

use super::coverage::{Coverage, Entry, Fate};
use super::statements::Statement;
use crate::base::text::{cell, counted, listed, put};
use crate::contract::{Finding, Severity};

/// The code of the finding that something binding is lost.
const LOST: &str = "statement-lost";
/// The code of the finding that a line of a document has no place.
const NOT_PLACED: &str = "line-not-placed";
/// The code of the finding that no line seems to speak of something binding.
pub const NOT_SEEN: &str = "statement-not-seen";

impl Coverage {
    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whatever binds and is lost, each as a finding that blocks; whatever binds and was not seen, each as one that points a
    /// mind at it, since code cannot tell whether other words say it. What binds nobody is told, and no more.
    pub fn findings(&self) -> Vec<Finding> {
        self.entries.iter().filter_map(finding).collect()
    }

    /// Every statement with what became of it, a line each, in the order in which it was said.
    pub fn asked(&self) -> Vec<String> {
        let line =
            |entry: &Entry| format!("{}: {} [{}]", entry.statement.id, entry.statement.text, fate(entry));
        self.entries.iter().map(line).collect()
    }

    /// One sentence that counts all of it.
    pub fn summary(&self) -> String {
        let count = |test: fn(&Fate) -> bool| self.entries.iter().filter(|entry| test(&entry.fate)).count();
        let given = count(|fate| *fate == Fate::Context);
        let context = if given == 0 {
            String::new()
        } else {
            format!(", {} given as context", counted(given, "source"))
        };
        format!(
            "{} asked: {} word for word, {} in other words, {} lost, {} that nobody found, {} released{context}",
            counted(self.entries.len() - given, "statement"),
            count(|fate| matches!(fate, Fate::Verbatim { .. })),
            count(|fate| matches!(fate, Fate::Reworded { .. })),
            count(|fate| matches!(fate, Fate::Lost { .. })),
            count(|fate| matches!(fate, Fate::NotFound | Fate::NotPlaced)),
            count(|fate| matches!(fate, Fate::Released { .. })),
        )
    }

    /// What was asked and is not seen to be in the text, a line each: what binds first.
    pub fn open(&self) -> Vec<String> {
        let mut open: Vec<&Entry> = self.entries.iter().filter(|entry| is_open(entry)).collect();
        open.sort_by_key(|entry| {
            (
                !matches!(entry.fate, Fate::Lost { binds: true, .. } | Fate::NotPlaced),
                entry.statement.binds.is_empty(),
            )
        });
        open.into_iter()
            .map(|entry| format!("{}: “{}” — {}", entry.statement.id, entry.statement.text, fate(entry)))
            .collect()
    }

    /// The report in the dossier, in Markdown.
    pub fn markdown(&self, title: &str) -> String {
        let mut out = format!(
            "# What was asked, and where it is: {title}\n\n{}.\n\n| id | what was said | what became of it |\n| --- | --- | --- |\n",
            self.summary()
        );
        let (open, placed): (Vec<&Entry>, Vec<&Entry>) =
            self.entries.iter().partition(|entry| is_open(entry));
        for entry in open.into_iter().chain(placed) {
            let statement = &entry.statement;
            put(
                &mut out,
                format_args!("| {} | {} | {} |\n", statement.id, cell(&statement.text), cell(&fate(entry))),
            );
        }
        out
    }
}

fn finding(entry: &Entry) -> Option<Finding> {
    let Statement { id, text, binds } = &entry.statement;
    let (code, severity, message) = match &entry.fate {
        Fate::Lost { what, binds: true } => (
            LOST,
            Severity::Blocking,
            format!(
                "{id} was asked and is not in the text: {}; put it in, or have it released (`{id}: why`)",
                listed(what)
            ),
        ),
        Fate::NotPlaced => (
            NOT_PLACED,
            Severity::Blocking,
            format!(
                "{id}, a line of the document, has no place in the text; put it in, or release it (`{id}: why`)"
            ),
        ),
        Fate::NotFound if !binds.is_empty() => (
            NOT_SEEN,
            Severity::Advisory,
            format!("{id} was asked, and no line seems to speak of it; say which one does, or put it in"),
        ),
        _ => return None,
    };
    let (code, quote) = (code.to_owned(), text.clone());
    Some(Finding { code, severity, section: None, message, quote, other: None })
}

fn is_open(entry: &Entry) -> bool {
    matches!(entry.fate, Fate::Lost { .. } | Fate::NotFound | Fate::NotPlaced)
}

fn fate(entry: &Entry) -> String {
    match &entry.fate {
        Fate::Verbatim { line } => format!("line {line}, word for word"),
        Fate::Reworded { line } => format!("in other words; nearest is line {line}"),
        Fate::Lost { what, binds: true } => format!("lost, and it binds: {}", listed(what)),
        Fate::Lost { what, binds: false } => format!("lost: {}", listed(what)),
        Fate::NotPlaced => "not placed".to_owned(),
        Fate::NotFound => "no line speaks of it, as far as code can tell".to_owned(),
        Fate::Context => "given as context, not placed line by line".to_owned(),
        Fate::Released { reason } => format!("released: {reason}"),
    }
}
