//! Blocks with their lines; every line of any text belongs to one of them.

use super::*;
use proptest::prelude::*;

/// A block a line: its lines, its kind in short, its words.
fn read(text: &str) -> Vec<String> {
    blocks(text)
        .iter()
        .map(|block| {
            let kind = match &block.kind {
                BlockKind::Heading { level } => format!("h{level}"),
                BlockKind::Paragraph => "p".to_owned(),
                BlockKind::Item { marker, checked, .. } => {
                    let check = checked.map_or("", |checked| if checked { " [x]" } else { " [ ]" });
                    format!("{marker}{check} d{}", block.depth)
                }
                BlockKind::Row { header, .. } => if *header { "head" } else { "row" }.to_owned(),
                BlockKind::Code { info } => format!("code {info}"),
                BlockKind::Html => "html".to_owned(),
                BlockKind::Rule => "rule".to_owned(),
                BlockKind::FrontMatter => "front".to_owned(),
                BlockKind::Other => "other".to_owned(),
            };
            let quote = ">".repeat(block.quoted as usize);
            format!("{}-{} {quote}{kind}: {}", block.first, block.last, block.text.replace('\n', "/"))
        })
        .collect()
}

#[test]
fn each_kind_is_told_with_its_lines() {
    let text = "---\ntitle: x\n---\n# A\n\nOne *two*\n`df -h` <host>\n\n1. first\n   goes on\n   - [x] below\n   - [ ] open\n2) other\n\n| a | b |\n|---|---|\n| 1 | [x](http://y.z) |\n\n```sh\nls\n```\n\n> quoted\n>\n> - item\n\n<!-- c -->\n\n---\n\nSet\n===\n[a]: http://b.c\n";
    let wanted = [
        "1-3 front: ",
        "4-4 h1: A",
        "6-7 p: One two/`df -h` <host>",
        "9-10 1. d1: first/goes on",
        "11-11 - [x] d2: below",
        "12-12 - [ ] d2: open",
        "13-13 2) d1: other",
        "15-16 head: a | b",
        "17-17 row: 1 | x (http://y.z)",
        "19-21 code sh: ls",
        "23-23 >p: quoted",
        "24-24 other: ",
        "25-25 >- d1: item",
        "27-27 html: <!-- c -->",
        "29-29 rule: ",
        "31-32 h1: Set",
        "33-33 other: [a]: http://b.c",
    ];
    assert_eq!(read(text), wanted);
}

#[test]
fn a_block_knows_the_headings_above_it_and_a_row_those_of_its_table() {
    let text = "intro\n# A\n## B\nx\n> # not\n## C\n| h | i |\n|---|---|\n| 1 | 2 |\n# D\ny\n";
    let all = blocks(text);
    let path = |index: usize| all[index].headings.iter().map(|name| &**name).collect::<Vec<_>>().join("/");
    assert_eq!([path(0), path(2), path(3)], ["", "A", "A/B"]);
    let BlockKind::Row { headers, cells, header: false } = &all[7].kind else { panic!("{all:#?}") };
    assert_eq!((headers.join("+"), cells.join("+"), path(7)), ("h+i".into(), "1+2".into(), "A/C".into()));
    assert_eq!(path(9), "D");
}

#[test]
fn numbers_of_a_word_processor_are_items() {
    let text = "3. Procedure\n3.1 Daily backup\n3.1.1 The job starts at 02:00 and takes\n3.5 hours to end.\n3.1.2 Check it by\n16.30 Uhr.\n\n• one\n• two\n\na) first\nb) second\n\n5.1 Draft it.\n";
    let wanted = [
        "1-1 3. d1: Procedure",
        "2-2 3.1 d2: Daily backup",
        "3-4 3.1.1 d3: The job starts at 02:00 and takes/3.5 hours to end.",
        "5-6 3.1.2 d3: Check it by/16.30 Uhr.",
        "8-8 • d1: one",
        "9-9 • d1: two",
        "11-11 a) d1: first",
        "12-12 b) d1: second",
        "14-14 5.1 d2: Draft it.",
    ];
    assert_eq!(read(text), wanted);
}

#[test]
fn line_ends_of_all_kinds_count_alike() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["# A", "", "b", "c", "", "- d", ""].join(end);
        assert_eq!(read(&text), ["1-1 h1: A", "3-4 p: b/c", "6-6 - d1: d"], "{end:?}");
    }
}

/// Each line that is not blank belongs to exactly one block, blocks stand in order, and `source` is what their lines say.
pub(crate) fn accounted(text: &str) -> Result<(), String> {
    let all = blocks(text);
    let lines = lines(text);
    let mut next = 1;
    for block in &all {
        if block.first < next || block.last < block.first {
            return Err(format!("out of order: {block:?}"));
        }
        if block.source != lines[block.first as usize - 1..block.last as usize].join("\n") {
            return Err(format!("not its source: {block:?}"));
        }
        if let Some(lost) = (next..block.first).find(|line| !lines[*line as usize - 1].trim().is_empty()) {
            return Err(format!("line {lost} is nobody's"));
        }
        next = block.last + 1;
    }
    if lines.iter().skip(next as usize - 1).any(|line| !line.trim().is_empty()) {
        return Err(format!("the end after line {next} is nobody's"));
    }
    Ok(())
}

#[test]
fn deep_nesting_and_long_files_are_read() {
    for text in ["> ".repeat(3_000) + "x", "- ".repeat(500) + "x", "[".repeat(5_000), "*a ".repeat(20_000)] {
        assert_eq!(accounted(&text), Ok(()));
    }
    let text = "3.1 One thing.\n".repeat(20_000);
    assert_eq!(blocks(&text).len(), 20_000);
}

proptest! {
    #[test]
    fn every_line_of_any_text_belongs_to_one_block(text in r"(?s)[\PC\n]{0,80}") {
        prop_assert_eq!(accounted(&text), Ok(()));
    }

    #[test]
    fn every_line_of_any_markdown_belongs_to_one_block(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "# a", "a", "b c", "", "- x", "  - y", "-", "1. z", "   more", "> q", ">", "> - r", "```", "    code", "| a | b |",
                "|---|---|", "---", "===", "<div>", "</div>", "<!-- c", "-->", "[a]: b", "- [ ] t", "- - n", "3.1 One", "• p", "\t", "~~~ x",
                "[^1]: f", "> ```", "- # h", "a\\", "+ +", "> > d", "* * *", "\u{b}", "\u{a0}", "\u{feff}x", "a\r", "\rb",
            ]),
            0..12,
        ),
    ) {
        prop_assert_eq!(accounted(&lines.join("\n")), Ok(()));
    }
}
