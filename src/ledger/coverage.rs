//! What became of each statement in a text: every number, sum, time and name of it is there, or is named as lost.

use super::statements::{Form, Reading, Said, Source, Statement, readings};
use crate::sop::import::without_number;
use crate::text::{Block, BlockKind, Convention, Quantity, blocks, names, quantities, tokens};
use serde::{Deserialize, Serialize};

/// From this share of its words on, a block of the text is taken to speak of a statement: a sentence that was put in
/// other words keeps about as many. Only a hint where to look, never a verdict.
const SPEAKS_OF: f64 = 0.5;
/// The same of a whole table or list, in which a sentence with several cases may be told row by row.
const SPEAKS_OF_AMONG: f64 = 0.75;

/// Why a heading that only names what follows need not stand in the text.
const LABEL: &str = "a heading: what stands below it is told line by line";

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
    /// Of the first row or item: the words of its whole table or list.
    whole: Option<String>,
    /// It is the head or the change log, which say what others say of the text: only what stands there word for word
    /// counts, in the change log only of a document.
    aside: bool,
}

/// The text with the lines of its head and its change log blank: neither is what a reader follows.
pub fn body(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_head, mut in_log) = (text.starts_with("---\n"), false);
    for (nth, line) in text.lines().enumerate() {
        let ends_head = in_head && nth > 0 && line == "---";
        if line.starts_with("## ") {
            in_log = line.trim_end() == "## Change log";
        }
        if !(in_head || in_log) {
            out.push_str(line);
        }
        out.push('\n');
        in_head &= !ends_head;
    }
    out
}

/// Compares what was said with `text`. What `before`, the version that is being changed, holds is there to be changed: a
/// number of it that is told again is not lost.
pub fn coverage(said: &[Said<'_>], text: &str, before: Option<&str>) -> Coverage {
    let places = places(text);
    let body = body(text);
    let convention = Convention::of(text);
    let held = quantities(&body, convention);
    let old = before.map(|old| quantities(old, Convention::of(old))).unwrap_or_default();
    let released = released(said);
    let newer = newer(said);
    let lost = |reading: &Reading| -> Vec<(String, bool)> {
        let gone = quantities::missing(&reading.quantities, &held).into_iter();
        let gone = gone.filter(|one| !newer.iter().any(|told| replaces(told, one)));
        let gone = gone.filter(|one| !quantities::missing(std::slice::from_ref(*one), &old).is_empty());
        // The id of the SOP itself stands in its head.
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
        let elsewhere =
            reading.form == Form::Code && matches!(fate, Fate::Reworded { .. } | Fate::Lost { .. });
        let gone = reading.of_document && fate == Fate::NotFound;
        let fate = match () {
            () if reading.form == Form::Label && matches!(fate, Fate::NotFound | Fate::Lost { .. }) => {
                Fate::Released { reason: LABEL.to_owned() }
            }
            () if elsewhere || gone => Fate::NotPlaced,
            () => fate,
        };
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

/// The figures that people gave of a draft: their newest word.
fn newer(said: &[Said<'_>]) -> Vec<Quantity> {
    let comments = said.iter().filter(|said| said.source == Source::Comment);
    comments.flat_map(|said| quantities(&besides_releases(said.text), Convention::of(said.text))).collect()
}

/// Whether somebody who gives `told` has changed `one`: a figure of the same kind and unit.
fn replaces(told: &Quantity, one: &Quantity) -> bool {
    told.kind == one.kind && told.unit == one.unit && !told.in_words
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
    let of_body = || places.iter().filter(|place| !place.aside);
    let best = of_body().map(|place| (share(place), place.line)).max_by(|a, b| a.0.total_cmp(&b.0));
    let among = |least: &f64| {
        let wholes = places.iter().filter(|place| place.whole.is_some());
        let held = wholes.map(|place| {
            let whole = place.whole.as_deref().unwrap_or_default();
            (tokens::overlap(&reading.statement.text, whole, reading.language), place.line)
        });
        held.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(share, _)| share >= least)
    };
    match best {
        Some((share, line)) if share >= SPEAKS_OF => Fate::Reworded { line },
        _ => among(&SPEAKS_OF_AMONG).map_or(Fate::NotFound, |(_, line)| Fate::Reworded { line }),
    }
}

/// The line its words stand on; of a row, every cell of which has a place, the line of the first.
fn verbatim(reading: &Reading, places: &[Place]) -> Option<u32> {
    let line_of = |words: &str| {
        let plain = plain(words);
        let holds = |place: &&Place| place.plain.contains(&plain);
        let of_body = places.iter().find(|place| holds(place) && !place.aside);
        // What a document says of its own versions belongs into the change log.
        let aside = || places.iter().find(|place| holds(place) && (reading.of_document || place.line == 1));
        of_body.or_else(aside).map(|place| place.line)
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
    let log = text.lines().position(|line| line.trim_end() == "## Change log");
    let log = log.and_then(|line| u32::try_from(line + 1).ok()).unwrap_or(u32::MAX);
    let (head, body): (Vec<_>, Vec<_>) =
        blocks(text).into_iter().partition(|block| block.kind == BlockKind::FrontMatter);
    // What stands in the head is said too; what stands below it is looked for there first.
    let head = head.into_iter().map(|block| (block.first, block.source, None, true));
    let wholes = wholes(&body);
    let body = body
        .into_iter()
        .zip(wholes)
        .map(|(block, whole)| (block.first, block.text, whole, block.first >= log));
    let read = body.chain(head);
    read.map(|(line, text, whole, aside)| Place { line, plain: plain(&text), text, whole, aside }).collect()
}

/// For each block the words of the table or list that begins with it.
fn wholes(blocks: &[Block]) -> Vec<Option<String>> {
    let kind = |block: &Block| match block.kind {
        BlockKind::Row { .. } => Some(1),
        BlockKind::Item { .. } => Some(2),
        _ => None,
    };
    let mut begun: Option<usize> = None;
    let mut wholes: Vec<Option<String>> = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| blocks.get(before)).and_then(kind);
        wholes.push(None);
        if kind(block).is_none() || kind(block) != before {
            begun = kind(block).map(|_| at);
        }
        if let Some(whole) = begun.and_then(|begun| wholes.get_mut(begun)) {
            let whole = whole.get_or_insert_default();
            whole.push_str(&block.text);
            whole.push('\n');
        }
    }
    wholes
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

/// What a comment asks to be in a text that is not in `of`, the text it was made on: its figures, and the parties and codes
/// it names. What stood there may be what it wants gone.
pub fn asks(comment: &str, of: &str) -> Vec<String> {
    let words = besides_releases(comment);
    let convention = Convention::of(&words);
    let wanted = quantities(&words, convention);
    let there = quantities(of, Convention::of(of));
    let figures = quantities::missing(&wanted, &there).into_iter().filter(|one| !one.in_words);
    let named = names::names(&words, convention.language);
    let parties = names::missing(&named, of).into_iter();
    let parties = parties.filter(|name| matches!(name.kind, names::NameKind::Id | names::NameKind::Code));
    figures.map(|one| one.text.clone()).chain(parties.map(|name| name.text.clone())).collect()
}

impl Coverage {
    /// Adds the comments whose figures or names, each with what of it `text` was to hold, are not there.
    pub fn hold_to(&mut self, comments: &[(String, Vec<String>)], said: &[Said<'_>], text: &str) {
        let text = &*body(text);
        let held = quantities(text, Convention::of(text));
        let released = released(said);
        for (nth, (words, asks)) in (1..).zip(comments) {
            let id = format!("P{nth}");
            let is_there = |what: &String| {
                let read = quantities(what, Convention::of(words));
                let found = !read.is_empty() && quantities::missing(&read, &held).is_empty();
                found || text.to_lowercase().contains(&what.to_lowercase())
            };
            let lost: Vec<String> = asks.iter().filter(|what| !is_there(what)).cloned().collect();
            if lost.is_empty() {
                continue;
            }
            let reason = released.iter().find(|(known, _)| *known == id).map(|(_, reason)| reason.clone());
            let fate = reason
                .map_or(Fate::Lost { what: lost.clone(), binds: true }, |reason| Fate::Released { reason });
            let statement = Statement { id, text: words.clone(), binds: lost };
            self.entries.push(Entry { statement, fate });
        }
    }
}

/// The statements that comments release.
pub fn released_ids(comments: &[String]) -> Vec<String> {
    let lines = comments.iter().flat_map(|comment| comment.lines());
    lines.filter_map(released_by).flatten().map(|(id, _)| id).collect()
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
