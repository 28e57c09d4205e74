//! Markdown cut into blocks with their lines, by a real Markdown parser, so that a heading inside a fence is
//! not a heading. Words are given as written in the source. Knows no grammar of ours.

use comrak::nodes::{ListType, NodeValue, Sourcepos};
use comrak::{Arena, Options, nodes::Node};

/// One block and the line (from 1, in the text that was cut) it starts on.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Line of its first character.
    pub line: u32,
    /// Line of its last character.
    pub last_line: u32,
    /// What it is.
    pub what: What,
}

/// The kinds of blocks our files are made of.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// `## Text`: level and text.
    Heading(u8, String),
    /// Its lines, joined with line feeds.
    Paragraph(String),
    /// A fenced block as written, fences included, without the indentation of the list it stands in.
    Code(String),
    /// A list; each entry is the blocks of one item.
    List {
        /// Whether it is numbered.
        ordered: bool,
        /// Its items.
        items: Vec<Item>,
    },
    /// Anything else, by the name a person would give it.
    Other(&'static str),
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Line of its marker.
    pub line: u32,
    /// What it holds.
    pub blocks: Vec<Block>,
}

impl Item {
    /// The item's first paragraph as one line; empty when it does not start with one.
    pub fn words(&self) -> String {
        match self.blocks.first().map(|block| &block.what) {
            Some(What::Paragraph(text)) => one_line(text),
            _ => String::new(),
        }
    }
}

/// Runs of white space become one space.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut put = |word: &str| {
        if !line.is_empty() && !word.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    };
    for part in text.split('\n').map(str::trim) {
        // Nearly every line is so already: to look at bytes costs far less than to look at characters.
        if is_single_spaced(part) { put(part) } else { part.split_whitespace().for_each(&mut put) }
    }
    line
}

/// Whether a line that begins and ends with no white space has none in it but single spaces. One that has more than
/// ASCII may have it.
fn is_single_spaced(line: &str) -> bool {
    let mut before = 0;
    for byte in line.as_bytes() {
        let white = *byte == b' ' && before == b' ' || matches!(byte, b'\t'..=b'\r');
        if white || !byte.is_ascii() {
            return false;
        }
        before = *byte;
    }
    true
}

/// Cuts `markdown` into its top-level blocks. Lines the parser consumes without a block (link definitions)
/// come out as [`What::Other`], so that no line is dropped unseen.
pub fn cut(markdown: &str) -> Vec<Block> {
    let lines: Vec<&str> = markdown.lines().collect();
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &Options::default());
    let mut blocks: Vec<Block> = root.children().map(|node| block(&lines, node)).collect();
    blocks.extend(unclaimed(&lines, &blocks));
    blocks.sort_by_key(|block| block.line);
    blocks
}

fn unclaimed(lines: &[&str], blocks: &[Block]) -> Vec<Block> {
    let mut claimed = vec![false; lines.len()];
    for block in blocks {
        let (first, last) = (index(block.line), index(block.last_line).min(lines.len().saturating_sub(1)));
        claimed.get_mut(first..=last).into_iter().for_each(|lines| lines.fill(true));
    }
    let numbered = (1u32..).zip(lines).zip(claimed);
    numbered
        .filter(|((_, line), claimed)| !claimed && !line.trim().is_empty())
        .map(|(numbered, _)| numbered)
        .map(|(line, _)| Block { line, last_line: line, what: What::Other("a link definition") })
        .collect()
}

/// Where a line stands among all.
fn index(line: u32) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1)
}

fn block(lines: &[&str], node: Node<'_>) -> Block {
    let data = node.data();
    let at = data.sourcepos;
    let what = match &data.value {
        NodeValue::Heading(heading) if heading.setext => What::Other("an underlined heading"),
        NodeValue::Heading(heading) => {
            let line = source(lines, at);
            let text = line.trim_start_matches('#');
            let text = if heading.closed { text.trim_end_matches('#') } else { text };
            What::Heading(heading.level, text.trim().to_owned())
        }
        NodeValue::Paragraph => What::Paragraph(source(lines, at)),
        NodeValue::CodeBlock(code) if code.fenced => What::Code(fence(lines, at)),
        NodeValue::CodeBlock(_) => What::Other("an indented block"),
        NodeValue::List(list) => What::List {
            ordered: list.list_type == ListType::Ordered,
            items: node.children().map(|item| self::item(lines, item)).collect(),
        },
        NodeValue::BlockQuote => What::Other("a quotation"),
        NodeValue::HtmlBlock(_) => What::Other("raw HTML"),
        NodeValue::ThematicBreak => What::Other("a ruled line"),
        _ => What::Other("something"),
    };
    Block { line: number(at.start.line), last_line: number(at.end.line), what }
}

fn item(lines: &[&str], node: Node<'_>) -> Item {
    let line = number(node.data().sourcepos.start.line);
    Item { line, blocks: node.children().map(|child| block(lines, child)).collect() }
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// The source lines of a node; the first from its column, the others without their indentation.
fn source(lines: &[&str], at: Sourcepos) -> String {
    taken(lines, at, |line| line.trim_start()).trim_end().to_owned()
}

/// The source lines of a fence; the others lose as much indentation as the fence itself has.
fn fence(lines: &[&str], at: Sourcepos) -> String {
    let indent = at.start.column.saturating_sub(1);
    taken(lines, at, |line| {
        let blank = line.bytes().take(indent).take_while(|byte| *byte == b' ').count();
        line.get(blank..).unwrap_or_default()
    })
}

fn taken(lines: &[&str], at: Sourcepos, cut: impl Fn(&str) -> &str) -> String {
    let count = (at.end.line + 1).saturating_sub(at.start.line);
    let mut out: Vec<&str> = Vec::with_capacity(count);
    for (index, line) in lines.iter().skip(at.start.line.saturating_sub(1)).take(count).enumerate() {
        let from_start = line.get(at.start.column.saturating_sub(1)..).unwrap_or_default();
        out.push(if index == 0 { from_start } else { cut(line) });
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_inside_a_fence_is_not_a_heading() {
        let blocks = cut("## Real\n\n```md\n## Not\n```\n\n1. **Do it**\n   Go.\n   - Phase: act\n");
        let kinds: Vec<String> =
            blocks.iter().map(|block| format!("{}: {:?}", block.line, block.what)).collect();
        assert_eq!(kinds[0], "1: Heading(2, \"Real\")");
        assert_eq!(kinds[1], "3: Code(\"```md\\n## Not\\n```\")");
        let What::List { ordered: true, items } = &blocks[2].what else { panic!("{blocks:?}") };
        assert_eq!(items[0].words(), "**Do it** Go.");
    }

    proptest::proptest! {
        #[test]
        fn white_space_becomes_single_spaces(text in "[ab \t\r\n\u{b}\u{85}\u{a0}\u{2003}ä]{0,12}") {
            let words: Vec<&str> = text.split_whitespace().collect();
            proptest::prop_assert_eq!(one_line(&text), words.join(" "));
        }
    }

    #[test]
    fn no_line_is_dropped_unseen() {
        for (text, name) in [
            ("[a]: b\n", "a link definition"),
            ("<!-- x -->\n", "raw HTML"),
            ("T\n---\n", "an underlined heading"),
            ("> q\n", "a quotation"),
        ] {
            assert_eq!(cut(text)[0].what, What::Other(name), "{text}");
        }
    }

    #[test]
    fn a_fence_in_an_item_loses_only_the_indentation_of_the_item() {
        let blocks = cut("- run\n\n  ```sh\n    a\n  ```\n");
        let What::List { items, .. } = &blocks[0].what else { panic!() };
        assert_eq!(items[0].blocks[1].what, What::Code("```sh\n  a\n```".to_owned()));
    }
}
