//! What people said, sentence by sentence, each with an id and whether it binds.

use crate::base::markdown::one_line;
use crate::sop::import::without_number;
use crate::text::modality::modality;
use crate::text::names::{Name, NameKind, names};
use crate::text::quantities::{Kind, Quantity};
use crate::text::{Block, BlockKind, Convention, Language, blocks, quantities, sentences};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Where a statement was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The mission file: `M4`.
    Mission,
    /// A procedure that becomes an SOP as it stands. Each of its lines is a statement that binds, headings and code too, and
    /// `M4` is its fourth line.
    Document,
    /// An answer of the requester to a question: `A2`.
    Answer,
    /// A comment of somebody who decides: `P1`.
    Comment,
    /// A binding source, by its number: `S2:14` is what begins on line 14 of the second, `S2:14.2` the next on that line.
    Bound(u32),
    /// A line of a binding source beside a document: each has a place, as the lines of the document.
    BoundLines(u32),
}

impl Source {
    fn letter(self) -> char {
        match self {
            Self::Mission | Self::Document => 'M',
            Self::Answer => 'A',
            Self::Comment => 'P',
            Self::Bound(_) | Self::BoundLines(_) => 'S',
        }
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// `M4`: the fourth of the mission.
    pub id: String,
    /// The words, as written, on one line.
    pub text: String,
    /// Why it binds, a word for each reason; empty where it does not.
    pub binds: Vec<String>,
}

/// A text people wrote, and where.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Where.
    pub source: Source,
    /// Markdown.
    pub text: &'a str,
}

/// What kind of line a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Words, which may be put otherwise.
    Words,
    /// Code of a document: other words say something else.
    Code,
    /// A short heading of a document: it names what stands below it, which is told line by line.
    Label,
}

/// A statement with what code reads in it.
pub(super) struct Reading {
    pub(super) statement: Statement,
    pub(super) language: Option<Language>,
    pub(super) quantities: Vec<Quantity>,
    pub(super) names: Vec<Name>,
    /// It is an item or a row: all it holds binds.
    listed: bool,
    /// It is a line of a document, and has a place or blocks.
    pub(super) of_document: bool,
    /// What kind of line it is.
    pub(super) form: Form,
    /// The cells of a row of a document, each of which has a place of its own.
    pub(super) cells: Vec<String>,
    /// The clauses of running text that say what must or must not be: what stands in them binds.
    orders: Vec<Range<usize>>,
}

impl Reading {
    /// Whether a quantity of it binds. In running text people also tell what happened: there a limit, a sum, a share or
    /// a time of day binds, and other numbers are only told.
    pub(super) fn binds(&self, one: &Quantity) -> bool {
        self.ordered(&one.range)
            || one.comparator.is_some()
            || matches!(one.kind, Kind::Money | Kind::Percent | Kind::Time)
    }

    /// Whether a name of it binds: that of a party always, an abbreviation in running text not.
    pub(super) fn binds_name(&self, name: &Name) -> bool {
        self.ordered(&name.range) || matches!(name.kind, NameKind::Id | NameKind::Code)
    }

    fn ordered(&self, range: &Range<usize>) -> bool {
        self.listed || self.orders.iter().any(|clause| clause.start <= range.start && range.end <= clause.end)
    }
}

/// The statements of all that was said, in order. Headings, code and ruled lines state nothing by themselves.
pub fn statements(said: &[Said<'_>]) -> Vec<Statement> {
    readings(said).into_iter().map(|reading| reading.statement).collect()
}

pub(super) fn readings(said: &[Said<'_>]) -> Vec<Reading> {
    let mut found = Vec::new();
    let mut counts: BTreeMap<Source, usize> = BTreeMap::new();
    for Said { source, text } in said {
        let convention = Convention::of(text);
        if *source == Source::Document {
            found.extend(lines("M", text, convention));
            continue;
        }
        if let Source::BoundLines(number) = source {
            found.extend(lines(&format!("S{number}:"), text, convention));
            continue;
        }
        if let Source::Bound(number) = source {
            found.extend(of_source(*number, text, convention));
            continue;
        }
        for block in blocks(text).iter().filter(|block| states(block)) {
            for words in pieces(block, convention.language) {
                let count = counts.entry(*source).or_default();
                *count += 1;
                found.push(read(format!("{}{count}", source.letter()), &words, (block, convention)));
            }
        }
    }
    found
}

/// Most words of a heading that only names what follows, as "Mitigation" does; a longer one says what to do.
const WORDS_OF_A_LABEL: usize = 3;

/// The statements of a binding source, each by the line it begins on.
fn of_source(number: u32, text: &str, convention: Convention) -> Vec<Reading> {
    let mut found = Vec::new();
    let mut before = (0, 1);
    for block in blocks(text).iter().filter(|block| states(block)) {
        for sentence in sentences(block, convention.language) {
            let words = one_line(&sentence.text);
            if !words.chars().any(char::is_alphanumeric) {
                continue;
            }
            let line = sentence.line;
            before = if before.0 == line { (line, before.1 + 1) } else { (line, 1) };
            let nth = if before.1 > 1 { format!(".{}", before.1) } else { String::new() };
            found.push(read(format!("S{number}:{line}{nth}"), &words, (block, convention)));
        }
    }
    found
}

/// The lines of a document, each by its number behind `before`; one that holds no word states nothing.
fn lines(before: &str, text: &str, convention: Convention) -> Vec<Reading> {
    let mut found = Vec::new();
    for block in &blocks(text) {
        let is_text = !block.text.trim().is_empty();
        let own = if is_text { &block.text } else { &block.source };
        let mut at = 0;
        for (words, nth) in own.split('\n').zip(0..) {
            let line = if is_text { block.line_at(at) } else { block.first + nth };
            at += words.len() + 1;
            if !words.chars().any(char::is_alphanumeric) {
                continue;
            }
            let mut reading = read(format!("{before}{line}"), words.trim(), (block, convention));
            if reading.statement.binds.is_empty() {
                reading.statement.binds.push("a line of the document".to_owned());
            }
            reading.of_document = true;
            let label = || {
                quantities(without_number(words.trim()), convention).is_empty()
                    && words.split_whitespace().count() <= WORDS_OF_A_LABEL
            };
            reading.form = match block.kind {
                BlockKind::Code { .. } => Form::Code,
                BlockKind::Heading { .. } if label() => Form::Label,
                _ => Form::Words,
            };
            if let BlockKind::Row { cells, .. } = &block.kind {
                reading.cells.clone_from(cells);
            }
            found.push(reading);
        }
    }
    found
}

fn states(block: &Block) -> bool {
    match &block.kind {
        BlockKind::Paragraph | BlockKind::Item { .. } => true,
        BlockKind::Row { header, .. } => !header,
        BlockKind::Heading { .. }
        | BlockKind::Code { .. }
        | BlockKind::Html
        | BlockKind::Rule
        | BlockKind::FrontMatter
        | BlockKind::Other => false,
    }
}

/// The sentences of a block, each on one line. A row of a table is one statement.
fn pieces(block: &Block, language: Option<Language>) -> Vec<String> {
    let all = sentences(block, language).into_iter().map(|sentence| one_line(&sentence.text));
    all.filter(|words| words.chars().any(char::is_alphanumeric)).collect()
}

fn read(id: String, words: &str, (block, convention): (&Block, Convention)) -> Reading {
    let language = convention.language;
    let counted = quantities(words, convention).into_iter().filter(|one| guards(one, block, words));
    let quantities: Vec<Quantity> = counted.collect();
    let names: Vec<Name> = names(words, language).into_iter().filter(is_guarded).collect();
    let modal = language.and_then(|language| modality(words, language)).unwrap_or_default();
    let listed = matches!(block.kind, BlockKind::Item { .. } | BlockKind::Row { .. });
    let statement = Statement { id, text: words.to_owned(), binds: Vec::new() };
    let orders = orders(words, language);
    let mut reading = Reading {
        statement,
        language,
        quantities,
        names,
        listed,
        orders,
        of_document: false,
        form: Form::Words,
        cells: Vec::new(),
    };
    let mut binds: Vec<String> =
        reading.quantities.iter().filter(|one| reading.binds(one)).map(|one| one.text.clone()).collect();
    binds.extend(reading.names.iter().filter(|name| reading.binds_name(name)).map(|name| name.text.clone()));
    binds.extend(modal.must.then(|| "a must".to_owned()));
    binds.extend(modal.must_not.then(|| "a must not".to_owned()));
    reading.statement.binds = binds;
    reading
}

/// The clauses between colons, semicolons and brackets in which something must or must not be: `Since July a law binds us
/// (we are 140): a report must be answered within 7 days` orders the last of its three.
fn orders(words: &str, language: Option<Language>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for piece in words.split_inclusive([':', ';', '(', ')']) {
        let range = start..start + piece.len();
        start = range.end;
        let modal = language.and_then(|language| modality(piece, language)).unwrap_or_default();
        if modal.must || modal.must_not {
            found.push(range);
        }
    }
    found
}

/// Whether a quantity is worth guarding: not a number of steps in a table, not a count that is a word and may as well be
/// said by naming what is counted.
fn guards(one: &Quantity, block: &Block, words: &str) -> bool {
    if one.kind == Kind::Ordinal || one.kind == Kind::Count && one.in_words {
        return false;
    }
    if denied(words.get(..one.range.start).unwrap_or_default()) {
        return false;
    }
    let leads = matches!(block.kind, BlockKind::Row { .. }) && one.range.start == 0;
    let bare =
        one.kind == Kind::Count && words.get(one.range.end..).is_some_and(|rest| rest.starts_with(" |"));
    !(leads && bare)
}

/// Words right before a figure that say that it no longer holds: "instead of 30 days", "not by 80 GB". "Not more than" sets a
/// limit.
const DENIED: [&str; 12] = [
    "instead of",
    "rather than",
    "no longer",
    ", not",
    "and not",
    "not by",
    "not after",
    "statt",
    "anstatt",
    "nicht mehr",
    "au lieu de",
    "en vez de",
];

fn denied(before: &str) -> bool {
    let before = before.trim_end().to_lowercase();
    DENIED.iter().any(|words| before.ends_with(words))
}

/// Quoted words are often speech; a proper name by its capital alone may be a word of emphasis.
fn is_guarded(name: &Name) -> bool {
    matches!(name.kind, NameKind::Id | NameKind::Code | NameKind::Acronym)
}
