//! What became of each statement in a text: every number, sum, time and name of it is there, or is named as lost.

use super::statements::{Reading, Said, Source, Statement, readings};
use crate::sop::import::without_number;
use crate::text::{BlockKind, Convention, Quantity, blocks, names, quantities, tokens};
use serde::{Deserialize, Serialize};

/// From this share of its words on, a block of the text is taken to speak of a statement: a sentence that was put in
/// other words keeps about as many. Only a hint where to look, never a verdict.
const SPEAKS_OF: f64 = 0.5;

/// What became of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its words stand in the text.
    Verbatim {
        /// The first line of the block.
        line: u32,
    },
    /// All it holds that code can compare is in the text, in other words.
    Reworded {
        /// The block that speaks of it most.
        line: u32,
    },
    /// It holds something that is not in the text.
    Lost {
        /// As written.
        what: Vec<String>,
        /// Whether some of it binds: then the text is not fit to be signed.
        binds: bool,
    },
    /// Nothing in the text speaks of it, as far as code can tell.
    NotFound,
    /// A line of a document that has no place in the text: somebody places or releases it.
    NotPlaced,
    /// A source that was given as context: it is read and cited, and its lines need no place.
    Context,
    /// Somebody said that it need not be in the text.
    Released {
        /// Their words.
        reason: String,
    },
}

/// A statement and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What was said.
    pub statement: Statement,
    /// What became of it.
    pub fate: Fate,
}

/// The ledger of one text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// In the order in which it was said.
    pub entries: Vec<Entry>,
}

/// A block of the text, ready to be compared.
struct Place {
    line: u32,
    text: String,
    plain: String,
}

/// Compares what was said with `text`. What `before`, the version that is being changed, holds is there to be changed: a
/// number of it that is told again is not lost.
pub fn coverage(said: &[Said<'_>], text: &str, before: Option<&str>) -> Coverage {
    let places = places(text);
    let convention = Convention::of(text);
    let held = quantities(text, convention);
    let old = before.map(|old| quantities(old, Convention::of(old))).unwrap_or_default();
    let released = released(said);
    let lost = |reading: &Reading| -> Vec<(String, bool)> {
        let gone = quantities::missing(&reading.quantities, &held).into_iter();
        let gone = gone.filter(|one| !quantities::missing(std::slice::from_ref(*one), &old).is_empty());
        let names = names::missing(&reading.names, text).into_iter();
        let names = names.map(|name| (name.text.clone(), reading.binds_name(name)));
        // Who has a text changed says little besides what is to be otherwise: there each figure binds.
        let binds = |one: &Quantity| reading.binds(one) || before.is_some() && !one.in_words;
        gone.map(|one| (one.text.clone(), binds(one))).chain(names).collect()
    };
    let entry = |reading: Reading| {
        let known = released.iter().find(|(id, _)| *id == reading.statement.id);
        let fate = known.map_or_else(
            || fate(&reading, lost(&reading), &places),
            |(_, reason)| Fate::Released { reason: reason.clone() },
        );
        let elsewhere = reading.exact && matches!(fate, Fate::Reworded { .. } | Fate::Lost { .. });
        let gone = reading.of_document && fate == Fate::NotFound;
        let fate = if elsewhere || gone { Fate::NotPlaced } else { fate };
        Entry { statement: reading.statement, fate }
    };
    // A comment asks for a change of the text, not for words in it: whoever made it sees whether it was done.
    let asked: Vec<Said<'_>> = said.iter().filter(|said| said.source != Source::Comment).copied().collect();
    // What releases others is about the work, and asks nothing of the text.
    // A mission or a source only quotes such a line.
    let releases = |one: &Statement| one.id.starts_with('A') && released_by(&one.text).is_some();
    let asks = readings(&asked).into_iter().filter(|reading| !releases(&reading.statement));
    Coverage { entries: asks.map(entry).collect() }
}

impl Coverage {
    /// With a source that was given as context: which, and what it is.
    #[must_use]
    pub fn with_context(mut self, id: String, text: String) -> Self {
        let statement = Statement { id, text, binds: Vec::new() };
        self.entries.push(Entry { statement, fate: Fate::Context });
        self
    }
}

fn fate(reading: &Reading, lost: Vec<(String, bool)>, places: &[Place]) -> Fate {
    if let Some(line) = verbatim(reading, places) {
        return Fate::Verbatim { line };
    }
    if !lost.is_empty() {
        let binds = lost.iter().any(|(_, binds)| *binds);
        return Fate::Lost { what: lost.into_iter().map(|(what, _)| what).collect(), binds };
    }
    let share = |place: &Place| tokens::overlap(&reading.statement.text, &place.text, reading.language);
    let best = places.iter().map(|place| (share(place), place.line)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((share, line)) if share >= SPEAKS_OF => Fate::Reworded { line },
        _ => Fate::NotFound,
    }
}

/// The line its words stand on; of a row, every cell of which has a place, the line of the first.
fn verbatim(reading: &Reading, places: &[Place]) -> Option<u32> {
    let line_of = |words: &str| {
        let plain = plain(words);
        places.iter().find(|place| place.plain.contains(&plain)).map(|place| place.line)
    };
    let whole = line_of(&reading.statement.text);
    // A cell that only counts the rows is the number of the step.
    let tells = |cell: &&String| cell.chars().any(char::is_alphabetic);
    let cells = || {
        let all = reading.cells.iter().filter(tells).map(|cell| line_of(cell));
        all.collect::<Option<Vec<u32>>>()?.into_iter().next()
    };
    // A number that only counts is another where the procedure stands.
    let bare = || {
        let bare = without_number(&reading.statement.text);
        (reading.of_document && bare != reading.statement.text).then(|| line_of(bare)).flatten()
    };
    whole.or_else(cells).or_else(bare)
}

fn places(text: &str) -> Vec<Place> {
    let (head, body): (Vec<_>, Vec<_>) =
        blocks(text).into_iter().partition(|block| block.kind == BlockKind::FrontMatter);
    // What stands in the head is said too; what stands below it is looked for there first.
    let head = head.into_iter().map(|block| (block.first, block.source));
    let read = body.into_iter().map(|block| (block.first, block.text)).chain(head);
    read.map(|(line, text)| Place { line, plain: plain(&text), text }).collect()
}

/// Letters and digits in one case, one blank between words.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_lowercase).collect();
    format!(" {} ", words.join(" "))
}

/// The statements that somebody who answers or decides has released, with the words: `M4, M7: context, the leak is over`.
fn released(said: &[Said<'_>]) -> Vec<(String, String)> {
    let people = |said: &&Said<'_>| matches!(said.source, Source::Answer | Source::Comment);
    let lines = said.iter().filter(people).flat_map(|said| said.text.lines());
    lines.filter_map(released_by).flatten().collect()
}

/// What a comment says besides releasing statements: that alone asks for a change of the text.
pub fn besides_releases(comment: &str) -> String {
    let kept: Vec<&str> = comment.lines().filter(|line| released_by(line).is_none()).collect();
    if kept.len() == comment.lines().count() {
        return comment.to_owned();
    }
    kept.join("\n").trim().to_owned()
}

fn released_by(line: &str) -> Option<Vec<(String, String)>> {
    let line = line.trim().trim_start_matches(['-', '*', ' ']);
    // An id may hold a colon itself: `S1:14: context`.
    let colons = line.match_indices(':').map(|(at, _)| at);
    let parted = colons.filter_map(|at| Some((line.get(..at)?, line.get(at + 1..)?.trim())));
    let ids = |ids: &str| -> Vec<String> {
        ids.split([',', ' ']).filter(|id| !id.is_empty()).map(str::to_owned).collect()
    };
    let (ids, reason) = parted
        .map(|(before, reason)| (ids(before), reason))
        .find(|(ids, reason)| !ids.is_empty() && !reason.is_empty() && ids.iter().all(|id| is_id(id)))?;
    Some(ids.into_iter().map(|id| (id, reason.to_owned())).collect())
}

/// `M4`, `A2`, `P1`; `S1:14`, and `S1:14.2` for the second on that line.
fn is_id(id: &str) -> bool {
    let counts = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((source, line)) = id.strip_prefix('S').and_then(|id| id.split_once(':')) {
        let (line, nth) = line.split_once('.').unwrap_or((line, "1"));
        return [source, line, nth].into_iter().all(counts);
    }
    id.strip_prefix(['M', 'A', 'P']).is_some_and(counts)
}
