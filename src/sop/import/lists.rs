//! The list of steps in a stretch of text: numbered, ticked off, in a table, in paragraphs with numbers of their own, or in
//! bullets. What stands before it and behind a table of it is handed back; every other line belongs to an item.

use super::tables::tables;
use super::titles::{is_step, of_item, without_number};
use crate::base::text::put;
use crate::sop::outline::{bullets, lines_between};
use crate::text::{BlockKind, blocks};

/// One item that becomes a step.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) title: String,
    pub(super) text: String,
    /// Who does it, as a column says.
    pub(super) who: Option<String>,
    /// A line of its own in bold above the items it stands before.
    pub(super) label: Option<String>,
}

/// A list of steps.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) items: Vec<Item>,
    /// Text before the first item that belongs to none.
    pub(super) around: String,
    /// Text behind the last item that is no part of it.
    pub(super) behind: String,
    /// The heads of a table's columns.
    pub(super) heads: Option<String>,
}

/// Which lists are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// One that is a list of steps wherever it stands: not a bullet, and two items at least.
    Sure,
    /// Also one item, and bullets: the heading says that these are steps.
    Any,
    /// Also bullets, two at least: nothing else in the document is a list of steps.
    Bullets,
}

/// An item as it begins: its line, and what marks it.
struct Start {
    line: u32,
    kind: Kind,
    /// How many lists it stands in, or the parts of its number.
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Numbered,
    Levels,
    /// Lines that call themselves steps: `Step 1: …`.
    Named,
    Box,
    Bullet,
}

/// The list of steps in `text`, the surest kind of it.
pub(super) fn list(text: &str, want: Want) -> Option<List> {
    let least = if want == Want::Any { 1 } else { 2 };
    let starts = starts(text);
    let of = |kind: Kind| {
        let all = || starts.iter().filter(move |start| start.kind == kind);
        let top = all().map(|start| start.depth).min()?;
        let lines: Vec<u32> = all().filter(|start| start.depth == top).map(|start| start.line).collect();
        (lines.len() >= least).then(|| items(text, &lines, kind))
    };
    let bullets = || (want != Want::Sure).then(|| of(Kind::Bullet)).flatten();
    of(Kind::Numbered)
        .or_else(|| rows(text))
        .or_else(|| of(Kind::Named))
        .or_else(|| of(Kind::Levels))
        .or_else(|| of(Kind::Box))
        .or_else(bullets)
}

/// Where items begin that stand in no other list.
fn starts(text: &str) -> Vec<Start> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found: Vec<Start> = Vec::new();
    for bullet in bullets(text, 1).into_iter().filter(|bullet| bullet.depth == 0) {
        let line = lines_between(&lines, bullet.line, bullet.line).first().copied().unwrap_or_default();
        let kind = match bullet.number {
            Some(_) => Kind::Numbered,
            None if tick(line.trim_start().get(1..).unwrap_or_default()).is_some() => Kind::Box,
            None => Kind::Bullet,
        };
        found.push(Start { line: bullet.line, kind, depth: 1 });
    }
    // What word processors leave: `5.1`, `a)`, `•`. Markdown sees paragraphs there.
    let list_lines: Vec<u32> = found.iter().map(|start| start.line).collect();
    for block in blocks(text).into_iter().filter(|block| block.quoted == 0) {
        if block.kind == BlockKind::Paragraph && block.depth == 0 {
            let named = (block.first..).zip(block.source.lines()).filter(|(_, line)| is_step(bold_off(line)));
            found.extend(named.map(|(line, _)| Start { line, kind: Kind::Named, depth: 1 }));
            continue;
        }
        let BlockKind::Item { marker, numbered, .. } = &block.kind else { continue };
        let levels = marker.trim_end_matches(['.', ')']).split('.').count();
        let nested = levels < 2 && block.depth > 1;
        if list_lines.contains(&block.first) || nested {
            continue;
        }
        let kind = match (numbered, levels) {
            (true, 2..) => Kind::Levels,
            (true, _) => Kind::Numbered,
            (false, _) => Kind::Bullet,
        };
        found.push(Start { line: block.first, kind, depth: levels });
    }
    found.sort_by_key(|start| start.line);
    found
}

/// `**Step 1:** Ring` begins like `Step 1: Ring`.
fn bold_off(line: &str) -> &str {
    line.trim_start().trim_start_matches(['*', '_'])
}

/// The box of a task at the head of `text`, and whether it is ticked.
fn tick(text: &str) -> Option<(bool, &str)> {
    let text = text.trim_start();
    let inner = text.strip_prefix('[')?;
    let rest = inner.get(1..)?.strip_prefix(']')?;
    match inner.chars().next()? {
        ' ' => Some((false, rest.trim_start())),
        'x' | 'X' => Some((true, rest.trim_start())),
        _ => None,
    }
}

fn items(text: &str, starts: &[u32], kind: Kind) -> List {
    let all: Vec<&str> = text.lines().collect();
    let end = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let first = starts.first().copied().unwrap_or(1);
    let mut around = lines_between(&all, 1, first.saturating_sub(1)).join("\n").trim().to_owned();
    let mut label = cut_label(&mut around);
    let last = starts.last().copied().unwrap_or(1);
    let end = if kind == Kind::Levels { end } else { end_of_last(&all, last) };
    let behind = lines_between(&all, end + 1, u32::MAX).join("\n").trim().to_owned();
    let nexts = starts.iter().skip(1).map(|line| line - 1).chain([end]);
    let mut items = Vec::new();
    for (start, last) in starts.iter().zip(nexts) {
        let mut own = own_text(lines_between(&all, *start, last), kind);
        let title = title(&own, kind);
        let next = cut_label(&mut own);
        items.push(Item { title, text: own, who: None, label: label.take() });
        label = next;
    }
    // A line in bold below the last item is no label of anything.
    if let (Some(label), Some(last)) = (label, items.last_mut()) {
        let gap = if last.text.is_empty() { "" } else { "\n\n" };
        put(&mut last.text, format_args!("{gap}**{label}**"));
    }
    List { items, around, behind, heads: None }
}

/// The last line of the last item, which begins on `start`: running text at the margin below a blank line is none of it.
fn end_of_last(all: &[&str], start: u32) -> u32 {
    let own = lines_between(all, start, u32::MAX);
    let mut fenced = false;
    let mut blank = false;
    for (line, at) in own.iter().zip(start..).skip(1) {
        let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        let at_margin = line.starts_with(|c: char| !c.is_whitespace() && !"*_-+>|`~#".contains(c));
        if blank && at_margin && !fenced {
            return at - 1;
        }
        fenced ^= is_fence;
        blank = line.trim().is_empty();
    }
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

/// Takes a last line of its own in bold off `text`: it names the items that follow.
fn cut_label(text: &mut String) -> Option<String> {
    let (before, line) = text.rsplit_once("\n\n").unwrap_or(("", text.as_str()));
    let bold = line
        .trim_end()
        .strip_prefix("**")?
        .strip_suffix("**")
        .or_else(|| line.trim_end().strip_prefix("**")?.strip_suffix("**:"))?;
    if bold.contains("**") || bold.contains('\n') || !bold.contains(char::is_alphanumeric) {
        return None;
    }
    let label = bold.trim().trim_end_matches(':').to_owned();
    *text = before.trim_end().to_owned();
    Some(label)
}

/// The lines of an item without its mark and indentation. A number of several levels stays: other lines may name it.
fn own_text(lines: &[&str], kind: Kind) -> String {
    let first = lines.first().map_or("", |line| line.trim_start());
    let indented = lines.first().map_or(0, |line| line.len() - first.len());
    let words = match kind {
        Kind::Levels => first,
        Kind::Named => without_number(bold_off(first)).trim_start_matches(['*', '_', ' ']),
        _ => without_mark(first),
    };
    let indent = indented + first.len() - words.len();
    let words = match tick(words) {
        Some((false, words)) if kind == Kind::Box => words,
        _ => words,
    };
    let rest = lines.iter().skip(1).map(|line| {
        let blank = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        line.get(blank.min(indent)..).unwrap_or(line)
    });
    std::iter::once(words).chain(rest).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Without `12.`, `(2)`, `a)`, `-` or `•`.
fn without_mark(line: &str) -> &str {
    let open = line.strip_prefix('(').unwrap_or(line);
    let counted = open.trim_start_matches(|c: char| c.is_ascii_digit());
    let lettered = open.get(1..).filter(|_| open.starts_with(|c: char| c.is_ascii_lowercase()));
    let behind = if counted.len() < open.len() { Some(counted) } else { lettered };
    let bare = behind.and_then(|rest| rest.strip_prefix(['.', ')', '）', '．']));
    let bare = bare.or_else(|| line.strip_prefix(|c: char| !c.is_alphanumeric() || ('①'..='⑳').contains(&c)));
    bare.unwrap_or(line).trim_start()
}

fn title(text: &str, kind: Kind) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let paragraph = if paragraph.starts_with("```") || paragraph.starts_with("~~~") { "" } else { paragraph };
    // A list or a block below the words is no part of their sentence.
    let more = |line: &&str| {
        let line = line.trim_start();
        !["- ", "* ", "+ ", "```", "~~~", "|", ">"].iter().any(|mark| line.starts_with(mark))
    };
    let lines: Vec<&str> = paragraph.lines().take_while(more).collect();
    let words = lines.join(" ");
    let words = match kind {
        Kind::Levels => words.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim_start(),
        Kind::Box => tick(&words).map_or(words.as_str(), |(_, words)| words),
        _ => words.as_str(),
    };
    of_item(words)
}

/// The rows of the tables of `text` that are steps, in order.
fn rows(text: &str) -> Option<List> {
    let found: Vec<_> = tables(text).into_iter().filter_map(|table| Some((table.steps()?, table))).collect();
    let heads: Vec<String> = found.iter().map(|(_, table)| table.heads()).collect();
    let taken = |line: u32| found.iter().any(|(_, table)| (table.first..=table.last).contains(&line));
    let first = found.first().map_or(0, |(_, table)| table.first);
    let rest = |before: bool| {
        let lines = (1..).zip(text.lines()).filter(|(line, _)| !taken(*line) && (*line < first) == before);
        lines.map(|(_, text)| text).collect::<Vec<_>>().join("\n").trim().to_owned()
    };
    let (around, behind) = (rest(true), rest(false));
    let items: Vec<Item> = found
        .into_iter()
        .flat_map(|(rows, _)| rows)
        .map(|row| {
            let others: Vec<String> = row.others.iter().map(|other| format!("- {other}")).collect();
            let title = of_item(if row.what.is_empty() {
                row.others.first().map_or("", String::as_str)
            } else {
                &row.what
            });
            let parts = [row.what, others.join("\n")];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            Item { title, text: parts.join("\n\n"), who: row.who, label: None }
        })
        .collect();
    (!items.is_empty()).then_some(List { items, around, behind, heads: Some(heads.join("; ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(text: &str, want: Want) -> Vec<String> {
        list(text, want)
            .map(|list| list.items.into_iter().map(|item| item.title).collect())
            .unwrap_or_default()
    }

    #[test]
    fn every_kind_of_list_is_one_of_steps() {
        for (text, want) in [
            ("1. Ring\n2. Wait\n", Want::Sure),
            ("Mind this.\n\n1) Ring\n\n2) Wait\n", Want::Sure),
            ("- [ ] Ring\n- [x] Wait\n", Want::Sure),
            ("7.1 Ring.\n\n7.2 Wait.\n\n7.2.1 Not long.\n", Want::Sure),
            ("7.1 Ring.\n7.2 Wait.\n", Want::Sure),
            ("| No | Task |\n|-|-|\n| 1 | Ring |\n| 2 | Wait |\n", Want::Sure),
            ("a) Ring\nb) Wait\n", Want::Sure),
            ("Step 1: Ring\n\nStep 2: Wait\n", Want::Sure),
            ("**Schritt 1:** Ring\n**Schritt 2:** Wait\n", Want::Sure),
            ("• Ring\n• Wait\n", Want::Any),
            ("* Ring\n  * loud\n* Wait\n", Want::Bullets),
        ] {
            assert_eq!(titles(text, want), ["Ring", "Wait"], "{text}");
        }
        for (text, want) in
            [("- Ring\n- Wait\n", Want::Sure), ("1. Ring\n", Want::Sure), ("- Ring\n", Want::Bullets)]
        {
            assert!(list(text, want).is_none(), "{text}");
        }
        assert_eq!(titles("1. Ring\n", Want::Any), ["Ring"]);
    }

    #[test]
    fn an_item_keeps_its_lines_and_a_number_others_may_name() {
        let found = list(
            "Before.\n\n1. Ring.\n   - loud\n\n   ```\n   ring 1\n   ```\n2. Wait\n\nAfter.",
            Want::Sure,
        )
        .unwrap();
        assert_eq!(found.around, "Before.");
        assert_eq!(found.items[0].text, "Ring.\n- loud\n\n```\nring 1\n```");
        assert_eq!((found.items[1].text.as_str(), found.behind.as_str()), ("Wait", "After."));
        let levels = list("5.1 Ring.\n\n5.2 See 5.1.\n", Want::Sure).unwrap();
        assert_eq!(
            (levels.items[1].title.as_str(), levels.items[1].text.as_str()),
            ("See 5.1", "5.2 See 5.1.")
        );
        let ticked = list("- [x] Ring\n- [ ] Wait", Want::Sure).unwrap();
        assert_eq!((ticked.items[0].text.as_str(), ticked.items[1].text.as_str()), ("[x] Ring", "Wait"));
    }

    #[test]
    fn a_line_in_bold_names_the_items_below_it() {
        let found =
            list("**Open**\n\n1. Ring\n2. Wait\n\n**Close:**\n\n1. Lock\n\n**End**", Want::Sure).unwrap();
        let labels: Vec<_> = found.items.iter().map(|item| item.label.as_deref()).collect();
        assert_eq!(labels, [Some("Open"), None, Some("Close")]);
        assert_eq!(found.items[2].text, "Lock\n\n**End**");
    }

    #[test]
    fn a_row_keeps_what_stands_beside_the_step() {
        let found = list(
            "See below.\n\n| Who | Do | By when |\n|-|-|-|\n| Front desk | Ring | 9 h |\n\nThen rest.",
            Want::Sure,
        )
        .unwrap();
        assert_eq!(found.items[0].text, "Ring\n\n- Who: Front desk\n- By when: 9 h");
        assert_eq!(found.items[0].who.as_deref(), Some("Front desk"));
        assert_eq!(
            (found.around.as_str(), found.behind.as_str(), found.heads.as_deref()),
            ("See below.", "Then rest.", Some("Who | Do | By when"))
        );
    }
}
