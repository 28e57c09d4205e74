//! Where each line of a draft comes from (requirement F4). A line with no source is marked for the reviewer.

use super::Item;
use super::items::sentences;
use super::likeness::{MIN_HELD, MIN_LIKENESS, Words, held, likeness};
use crate::base::markdown::{What, cut};
use crate::base::text::counted;
use crate::base::yaml;
use crate::sop::render::{NO_INPUTS, NO_REFERENCES};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most sources named for one line; more than this explain nothing.
const MAX_SOURCES: usize = 4;

/// Another text a line may come from: the requester's words, an answer, the version before.
#[derive(Clone, Copy, Debug)]
pub struct Also<'a> {
    /// What it is called in the file, `the requester's brief`.
    pub name: &'a str,
    /// Its words, Markdown.
    pub text: &'a str,
}

/// Where every line of one text comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// One per line, in order.
    pub lines: Vec<Line>,
}

/// One line and its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its number, from 1.
    pub number: u32,
    /// Its words.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a line comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The form of the file: head, headings, table heads, fence marks, blank lines, the change log.
    Template,
    /// These, best first; every sentence of the line has one.
    Sources(Vec<Source>),
    /// At least one of its sentences comes from nowhere.
    Unsourced {
        /// The sentence.
        sentence: String,
    },
}

/// One source of a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// An item's id, or the name of another text.
    pub name: String,
    /// Percent of shared words; of several sources of one sentence, what they hold of it together.
    pub likeness: u8,
}

/// Traces each line of `sop_text` to `items`, or to one of the other texts. Items win over other texts that are
/// equally alike.
pub fn trace(sop_text: &str, items: &[Item], also: &[Also<'_>]) -> Provenance {
    let mut pieces: Vec<Piece<'_>> = items.iter().flat_map(|item| cut_pieces(&item.id, &item.text)).collect();
    for other in also {
        let words = other.text.lines().flat_map(|line| cut_pieces(other.name, content(line)));
        pieces.extend(words);
    }
    let template = template_lines(sop_text);
    let code = code_lines(sop_text);
    let line = |(number, text): (u32, &str)| {
        let origin = if template.contains(&number) {
            Origin::Template
        } else if code.contains(&number) {
            code_origin(text, items, also)
        } else {
            origin(text, &pieces)
        };
        Line { number, text: text.to_owned(), origin }
    };
    Provenance { lines: (1u32..).zip(sop_text.lines()).map(line).collect() }
}

impl Provenance {
    /// Lines that come from nowhere.
    pub fn unsourced(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| matches!(line.origin, Origin::Unsourced { .. }))
    }

    /// `provenance-N.md`: each content line with its sources. `title` heads the file.
    pub fn markdown(&self, title: &str) -> String {
        let content = self.lines.iter().filter(|line| line.origin != Origin::Template);
        let rows: Vec<String> = content.map(row).collect();
        format!(
            "# {title}\n\n{}, {} without a source.\n\nA sentence counts as a source from a likeness of {MIN_LIKENESS} % \
             of its words, in order, with the same numbers and the same negations; up to {MOST_JOINED} together count where \
             they hold {MIN_HELD} % of its words and all its numbers and negations. The form of the file (head, \
             headings, table heads, change log) is left out.\n\n\
             | line | text | from |\n| --- | --- | --- |\n{}\n",
            counted(rows.len(), "line"),
            self.unsourced().count(),
            rows.join("\n"),
        )
    }
}

fn row(line: &Line) -> String {
    let cell = |text: &str| text.trim().replace('|', "\\|");
    let from = match &line.origin {
        Origin::Template => String::new(),
        Origin::Unsourced { sentence } => format!("**unsourced**: \"{}\"", cell(sentence)),
        Origin::Sources(sources) => {
            let name = |source: &Source| format!("{} ({} %)", source.name, source.likeness);
            sources.iter().map(name).collect::<Vec<_>>().join(", ")
        }
    };
    format!("| {} | {} | {from} |", line.number, cell(&line.text))
}

/// A sentence of a source.
struct Piece<'a> {
    name: &'a str,
    words: Words,
}

/// The sentences of `text`, and `text` as a whole where it has several: an editor may have joined them.
fn cut_pieces<'a>(name: &'a str, text: &str) -> Vec<Piece<'a>> {
    let mut texts = sentences(text);
    if texts.len() > 1 {
        texts.push(text);
    }
    let pieces = texts.into_iter().map(|text| Piece { name, words: Words::of(text) });
    pieces.filter(|piece| !piece.words.is_empty()).collect()
}

fn origin(line: &str, pieces: &[Piece<'_>]) -> Origin {
    let mut all: Vec<Source> = Vec::new();
    for sentence in sentences(content(line)) {
        let words = Words::of(sentence);
        if words.is_empty() {
            continue;
        }
        let mut found = sources(&words, pieces);
        if found.is_empty() {
            found = put_together(&words, pieces);
        }
        if found.is_empty() {
            return Origin::Unsourced { sentence: sentence.to_owned() };
        }
        all.extend(found);
    }
    all.sort_by_key(|source| std::cmp::Reverse(source.likeness));
    let mut seen = BTreeSet::new();
    all.retain(|source| seen.insert(source.name.clone()));
    all.truncate(MAX_SOURCES);
    if all.is_empty() { Origin::Template } else { Origin::Sources(all) }
}

fn sources(words: &Words, pieces: &[Piece<'_>]) -> Vec<Source> {
    let mut found: Vec<Source> = Vec::new();
    for piece in pieces {
        let likeness = likeness(words, &piece.words, MIN_LIKENESS);
        if likeness >= MIN_LIKENESS {
            found.push(Source { name: piece.name.to_owned(), likeness });
        }
    }
    found.sort_by_key(|source| std::cmp::Reverse(source.likeness));
    found.truncate(MAX_SOURCES);
    found
}

/// Sentences one line is put together from: an author joins what two departments gave, or what a person said in a table.
const MOST_JOINED: usize = 3;

/// The few sources that together hold a sentence; none where they do not.
fn put_together(words: &Words, pieces: &[Piece<'_>]) -> Vec<Source> {
    let mut chosen: Vec<&Piece<'_>> = Vec::new();
    let mut reached = 0;
    while chosen.len() < MOST_JOINED {
        let with = |piece: &&Piece<'_>| {
            let together: Vec<&Words> = chosen.iter().map(|one| &one.words).chain([&piece.words]).collect();
            words.shared(&together)
        };
        let Some(best) = pieces.iter().max_by_key(with) else { break };
        let shared = with(&best);
        if shared <= reached {
            break;
        }
        reached = shared;
        chosen.push(best);
    }
    let together: Vec<&Words> = chosen.iter().map(|one| &one.words).collect();
    let held = held(words, &together);
    if held < MIN_HELD {
        return Vec::new();
    }
    chosen.into_iter().map(|piece| Source { name: piece.name.to_owned(), likeness: held }).collect()
}

/// Where a line of a fenced block comes from. Half a command is another command, so only the same line counts.
fn code_origin(line: &str, items: &[Item], also: &[Also<'_>]) -> Origin {
    let holds = |text: &str| text.lines().any(|known| known.trim_end() == line.trim_end());
    let items = items.iter().filter(|item| item.fences.iter().any(|fence| holds(fence)));
    let also = also.iter().filter(|other| holds(other.text)).map(|other| other.name);
    let names = items.map(|item| item.id.as_str()).chain(also);
    let sources: Vec<Source> =
        names.take(MAX_SOURCES).map(|name| Source { name: name.to_owned(), likeness: 100 }).collect();
    if sources.is_empty() {
        Origin::Unsourced { sentence: line.trim().to_owned() }
    } else {
        Origin::Sources(sources)
    }
}

/// A line without the signs of its form: the bullet, the number, `### Step 2:`.
fn content(line: &str) -> &str {
    let line = line.trim();
    let line = line.trim_start_matches('#').trim_start();
    let line =
        line.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with(' ')).unwrap_or(line).trim_start();
    let numbered =
        line.split_once([' ', '.']).filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
    let line =
        numbered.map_or(line, |(number, rest)| if number.is_empty() { line } else { rest.trim_start() });
    let step = line.strip_prefix("Step ").and_then(|rest| rest.split_once(": "));
    step.filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(line, |(_, title)| title)
}

/// Numbers of the lines inside of fenced blocks, marks included.
fn code_lines(sop_text: &str) -> BTreeSet<u32> {
    let Ok(cut_text) = yaml::front_matter("", sop_text) else { return BTreeSet::new() };
    let offset = cut_text.body_line - 1;
    let blocks = cut(cut_text.body).into_iter().filter(|block| matches!(block.what, What::Code(_)));
    blocks.flat_map(|block| block.line + offset..=block.last_line + offset).collect()
}

/// Numbers of the lines that are the form of the file.
fn template_lines(sop_text: &str) -> BTreeSet<u32> {
    let count = u32::try_from(sop_text.lines().count()).unwrap_or(u32::MAX);
    let Ok(cut_text) = yaml::front_matter("", sop_text) else { return BTreeSet::new() };
    let offset = cut_text.body_line - 1;
    let mut template: BTreeSet<u32> = (1..=offset).collect();
    // The order of steps is made by the merge itself, so `Depends On` has no source either.
    let formal = |line: &str| {
        line.trim().is_empty()
            || line.starts_with("**Depends On**:")
            || [NO_INPUTS, NO_REFERENCES].contains(&line)
    };
    let formal = (1u32..).zip(sop_text.lines()).filter(|(_, line)| formal(line));
    template.extend(formal.map(|(number, _)| number));
    let mut in_log = false;
    for block in cut(cut_text.body) {
        let (first, last) = (block.line + offset, block.last_line + offset);
        match &block.what {
            What::Heading(level, title) if *level <= 2 => {
                in_log = title == "Change log";
                template.insert(first);
            }
            _ if in_log => template.extend(first..=last),
            What::Code(_) => template.extend([first, last]),
            What::Paragraph(text) if text.starts_with('|') => template.extend([first, first + 1]),
            What::Other("a ruled line") => template.extend([first]),
            What::Heading(..) | What::Paragraph(_) | What::List { .. } | What::Other(_) => {}
        }
    }
    template.retain(|number| *number <= count);
    template
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::Section;

    const SOP: &str = "---
id: SOP-REV-lead-qualification
---

## Inputs

| name | type | required | description |
| --- | --- | --- | --- |
| lead_id | text | yes | The number of the lead in the CRM |

## Steps

### Step 1: Score the lead

Score size, need and budget within 2 hours. Ask the customer for a bribe first.

```bash
cp form.json lead.json
rm -rf records
```

- Refuse the run if the form is empty.
- A lead counts as qualified from a score of 80 or more.

**Artifact**: score in the CRM
**Depends On**: 1

## References

None.

## Change log

- v1.0 (2026-11-20): first version
";

    #[test]
    fn every_line_has_a_source_or_is_marked() {
        let item = |id: &str, text: &str| Item {
            id: id.into(),
            section: Section::Steps,
            text: text.into(),
            fences: vec!["```bash\ncp form.json lead.json\n```".into()],
        };
        let items = [
            item(
                "vp.sales/step-1",
                "Score the lead. Score size, need and budget within 2 hours. Artifact: score in the CRM.",
            ),
            item("sales.ops/input-1", "lead_id (text, required): the number of the lead in the CRM."),
            item("vp.sales/statement-1", "A lead is qualified at a score of 70 or more."),
        ];
        let brief =
            Also { name: "the requester's brief", text: "Be strict.\nRefuse a run if the form is empty." };
        let shown = trace(SOP, &items, &[brief]).markdown("Provenance, round 1");
        insta::assert_snapshot!(shown, @r#"
        # Provenance, round 1

        8 lines, 3 without a source.

        A sentence counts as a source from a likeness of 64 % of its words, in order, with the same numbers and the same negations; up to 3 together count where they hold 80 % of its words and all its numbers and negations. The form of the file (head, headings, table heads, change log) is left out.

        | line | text | from |
        | --- | --- | --- |
        | 9 | \| lead_id \| text \| yes \| The number of the lead in the CRM \| | sales.ops/input-1 (100 %) |
        | 13 | ### Step 1: Score the lead | vp.sales/step-1 (100 %) |
        | 15 | Score size, need and budget within 2 hours. Ask the customer for a bribe first. | **unsourced**: "Ask the customer for a bribe first." |
        | 18 | cp form.json lead.json | vp.sales/step-1 (100 %), sales.ops/input-1 (100 %), vp.sales/statement-1 (100 %) |
        | 19 | rm -rf records | **unsourced**: "rm -rf records" |
        | 22 | - Refuse the run if the form is empty. | the requester's brief (100 %) |
        | 23 | - A lead counts as qualified from a score of 80 or more. | **unsourced**: "A lead counts as qualified from a score of 80 or more." |
        | 25 | **Artifact**: score in the CRM | vp.sales/step-1 (100 %) |
        "#);
    }

    proptest::proptest! {
        #[test]
        fn a_line_taken_word_for_word_is_always_sourced(words in "[A-Za-z]{2,8}( [a-z]{2,8}){2,12}\\.") {
            let item = Item { id: "a/statement-1".into(), section: Section::Scope, text: words.clone(), fences: vec![] };
            let provenance = trace(&format!("## Scope\n\n- {words}\n"), &[item], &[]);
            proptest::prop_assert_eq!(provenance.unsourced().count(), 0);
        }
    }
}
