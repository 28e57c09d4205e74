//! Tables of a document: one that says what is done, by whom or in which order, is a list of steps; one that names version,
//! owner and approver is about the document. The words of the columns are data.

use crate::text::{BlockKind, blocks};

/// One table, with the lines it takes within its text.
pub struct Table {
    pub(super) first: u32,
    pub(super) last: u32,
    /// The words of its columns.
    pub headers: Vec<String>,
    /// The cells of each row below them.
    pub rows: Vec<Vec<String>>,
}

/// A row that says what is done.
pub struct Row {
    /// What is done.
    pub what: String,
    /// Who does it, as written.
    pub who: Option<String>,
    /// All other cells, each with the head of its column.
    pub others: Vec<String>,
}

/// The tables of `text`, in order; none of a list or a quote.
pub(super) fn tables(text: &str) -> Vec<Table> {
    let mut found: Vec<Table> = Vec::new();
    for block in blocks(text) {
        let BlockKind::Row { header, cells, .. } = block.kind else { continue };
        if block.depth > 0 || block.quoted > 0 {
            continue;
        }
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('\n', " ").trim().to_owned()).collect();
        match found.last_mut() {
            _ if header => {
                found.push(Table { first: block.first, last: block.last, headers: cells, rows: Vec::new() });
            }
            Some(table) => {
                table.last = block.last;
                table.rows.push(cells);
            }
            None => {}
        }
    }
    found
}

/// Whether `word` is one of those of a `kind` of column.
pub(super) fn says(kind: &str, word: &str) -> bool {
    let word = word.trim().trim_matches(['*', '_', '`']).trim_end_matches(':').trim().to_lowercase();
    let lines = include_str!("../data/columns.txt").lines().filter(|line| !line.starts_with("# "));
    let mut lines = lines.filter_map(|line| line.split_once(": "));
    lines.any(|(name, words)| name == kind && words.split('|').any(|one| one == word))
}

impl Table {
    /// A table with these columns and no row yet.
    pub fn new(headers: &[String]) -> Self {
        Self { first: 0, last: 0, headers: headers.to_vec(), rows: Vec::new() }
    }

    /// The column of a kind.
    pub(super) fn column(&self, kind: &str) -> Option<usize> {
        self.headers.iter().position(|head| says(kind, head))
    }

    /// As a line of it is called in a list of what became of the headings.
    pub(super) fn heads(&self) -> String {
        self.headers.iter().filter(|head| !head.is_empty()).cloned().collect::<Vec<_>>().join(" | ")
    }

    fn counts(&self, at: usize) -> bool {
        let number = |cell: &String| {
            let cell = cell.trim_end_matches(['.', ')']);
            !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit() || c == '.')
        };
        self.rows.iter().all(|row| row.get(at).is_some_and(number))
    }

    /// Its rows as steps: where one column says what is done, and another by whom, or counts.
    pub fn steps(&self) -> Option<Vec<Row>> {
        let column = |kind: &str, counts: bool| {
            let heads = self.headers.iter().enumerate();
            heads.filter(|(_, head)| says(kind, head)).map(|(at, _)| at).find(|at| self.counts(*at) == counts)
        };
        let what = column("What", false)?;
        let who = column("Who", false).filter(|at| *at != what);
        let number = column("Number", true);
        if self.rows.is_empty() || (who.is_none() && number.is_none()) {
            return None;
        }
        let rows = self.rows.iter().zip(1_usize..).filter_map(|(row, nth)| {
            let cell = |at: usize| row.get(at).map(String::as_str).unwrap_or_default();
            // A number that only counts the rows is the number of the step.
            let counted =
                |at: usize| Some(at) == number && cell(at).trim_end_matches(['.', ')']).parse() == Ok(nth);
            let others = self.headers.iter().enumerate();
            let others = others.filter(|(at, _)| *at != what && !cell(*at).is_empty() && !counted(*at));
            let others: Vec<String> = others.map(|(at, head)| format!("{head}: {}", cell(at))).collect();
            let who = who.map(|at| cell(at).to_owned()).filter(|who| !who.is_empty());
            let row = Row { what: cell(what).to_owned(), who, others };
            (!row.what.is_empty() || !row.others.is_empty()).then_some(row)
        });
        Some(rows.collect())
    }

    /// Key and value of each entry of a table about the document itself; `None` of any other.
    pub(super) fn control(&self) -> Option<Vec<(String, String)>> {
        let all = || std::iter::once(&self.headers).chain(&self.rows);
        let pairs: Vec<(String, String)> =
            if self.headers.iter().filter(|head| is_control(head)).count() > 1 && self.rows.len() == 1 {
                let row = self.rows.first()?;
                self.headers.iter().cloned().zip(row.iter().cloned()).collect()
            } else if self.headers.len().is_multiple_of(2) {
                let pair = |pair: &[String]| Some((pair.first()?.clone(), pair.get(1)?.clone()));
                all().flat_map(|row| row.chunks(2).filter_map(pair)).collect()
            } else {
                return None;
            };
        let known = pairs.iter().filter(|(key, _)| is_control(key)).count();
        (known > 1 && known * 2 >= pairs.len()).then_some(pairs)
    }
}

/// Whether a word is a key of what documents say of themselves.
pub(super) fn is_control(key: &str) -> bool {
    ["Owner", "Version", "Title", "Control"].iter().any(|kind| says(kind, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Table {
        tables(text).into_iter().next().unwrap()
    }

    #[test]
    fn a_table_that_says_what_is_done_holds_steps_and_keeps_every_cell() {
        let table = first(
            "| Nr. | Wer | Was | Bis |\n|--|--|--|--|\n| 1 | Kasse | Geld zählen | 8 Uhr |\n| 2 | | Laden öffnen | |\n",
        );
        let rows = table.steps().unwrap();
        assert_eq!((rows[0].what.as_str(), rows[0].who.as_deref()), ("Geld zählen", Some("Kasse")));
        assert_eq!(rows[0].others, ["Wer: Kasse", "Bis: 8 Uhr"]);
        assert_eq!((rows[1].who.as_deref(), rows[1].others.len()), (None, 0));
        let tens = first("| # | Task |\n|-|-|\n| 10 | Open |\n| 20 | Close |\n").steps().unwrap();
        assert_eq!(tens[1].others, ["#: 20"], "a number that is no count is kept");
        for other in ["| Part | Price |\n|-|-|\n| 1 | 2 |\n", "| Task | Risk |\n|-|-|\n| Lift | back |\n"] {
            assert!(first(other).steps().is_none(), "{other}");
        }
    }

    #[test]
    fn a_table_about_the_document_is_told_apart() {
        let down = first("| Version | 2.1 |\n|-|-|\n| Owner | ops.lead |\n| Effective date | 2026-05-01 |\n");
        assert_eq!(down.control().unwrap()[1], ("Owner".to_owned(), "ops.lead".to_owned()));
        let across = first("| Document no. | Version | Approved by |\n|-|-|-|\n| Q-7 | 3.0 | QA |\n");
        assert_eq!(across.control().unwrap()[2], ("Approved by".to_owned(), "QA".to_owned()));
        let prices = first("| Part | Price |\n|-|-|\n| Bolt | 2 |\n");
        assert!(prices.control().is_none());
    }
}
