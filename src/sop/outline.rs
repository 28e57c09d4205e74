//! The outline of a Markdown text: its top-level blocks, parts and bullets, each with its lines.
//! Read from a syntax tree, so that `## X` inside a fence, a quote or a list is not a heading.

use comrak::nodes::{ListType, NodeValue};
use comrak::{Arena, Node, Options, parse_document};

/// A block directly below the document, with its first and last line (from 1, within the text given).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// First line.
    pub first: u32,
    /// Last line.
    pub last: u32,
}

/// The kinds of blocks a reader of our files has to tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading, its level (1–6) and its words.
    Heading(u8, String),
    /// Running text.
    Paragraph,
    /// A fenced block, its info string, and whether its closing fence was found.
    Fence(String, bool),
    /// A list.
    List,
    /// `---`
    Rule,
    /// Raw HTML, comments included.
    Html,
    /// Quotes and indented code.
    Other,
}

/// A heading and what stands below it, up to the next heading of the same or a higher level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The heading's level; 0 for what stands before the first heading.
    pub level: u8,
    /// The heading's words; empty for what stands before the first heading.
    pub title: String,
    /// Line of the heading, or of the text where there is none.
    pub line: u32,
    /// What stands below it, without blank lines at either end.
    pub text: String,
    /// Line of the file on which `text` starts.
    pub text_line: u32,
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bullet {
    /// Line of the file it starts on.
    pub line: u32,
    /// 0 for a top-level item, 1 for an item below one, and so on.
    pub depth: u32,
    /// Its number in a numbered list.
    pub number: Option<u32>,
    /// Its words on one line, without the items below it.
    pub text: String,
}

/// The top-level blocks of `text`, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &Options::default());
    let lines: Vec<&str> = text.lines().collect();
    root.children().map(|node| block(node, &lines)).collect()
}

fn block(node: Node<'_>, lines: &[&str]) -> Block {
    let ast = node.data.borrow();
    let (first, last) = (line(ast.sourcepos.start.line), line(ast.sourcepos.end.line));
    let kind = match &ast.value {
        NodeValue::Heading(heading) => BlockKind::Heading(heading.level, heading_words(lines, first, last)),
        NodeValue::Paragraph => BlockKind::Paragraph,
        NodeValue::CodeBlock(code) if code.fenced => BlockKind::Fence(code.info.clone(), code.closed),
        NodeValue::List(_) => BlockKind::List,
        NodeValue::ThematicBreak => BlockKind::Rule,
        NodeValue::HtmlBlock(_) => BlockKind::Html,
        _ => BlockKind::Other,
    };
    Block { kind, first, last }
}

fn line(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn heading_words(lines: &[&str], first: u32, last: u32) -> String {
    let lines = lines_between(lines, first, last);
    let Some(head) = lines.first().map(|head| head.trim()) else { return String::new() };
    if head.starts_with('#') {
        let words = head.trim_start_matches('#').trim();
        let open = words.trim_end_matches('#');
        let closed = open.is_empty() || open.ends_with([' ', '\t']);
        return if closed { open.trim_end() } else { words }.to_owned();
    }
    let words = lines.len().saturating_sub(1).max(1);
    lines.iter().take(words).map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The lines `first` to `last` (from 1, both included) of all `lines` of a text. They are cut once for all blocks of it:
/// counting them again for each would take the square of its length.
pub fn lines_between<'a, 't>(lines: &'a [&'t str], first: u32, last: u32) -> &'a [&'t str] {
    let from = usize::try_from(first.saturating_sub(1)).unwrap_or(usize::MAX).min(lines.len());
    let to = usize::try_from(last).unwrap_or(usize::MAX).min(lines.len());
    lines.get(from..to).unwrap_or_default()
}

/// Cuts `text`, which starts on line `first_line` of its file, at its headings of `level` and higher.
///
/// The first part is what stands before the first such heading; it may be empty.
pub fn parts(text: &str, level: u8, first_line: u32) -> Vec<Part> {
    let mut cuts = vec![(0_u8, String::new(), 1_u32, 1_u32)];
    for block in blocks(text) {
        if let BlockKind::Heading(own, title) = block.kind
            && own <= level
        {
            cuts.push((own, title, block.first, block.last + 1));
        }
    }
    let lines: Vec<&str> = text.lines().collect();
    let ends = cuts.iter().skip(1).map(|cut| cut.2).chain([u32::MAX]).collect::<Vec<_>>();
    cuts.into_iter()
        .zip(ends)
        .map(|((level, title, heading, start), end)| {
            let (text, start) = trimmed(lines_between(&lines, start, end - 1), start);
            let at = if level == 0 { start } else { heading };
            let offset = first_line.saturating_sub(1);
            Part { level, title, line: at + offset, text, text_line: start + offset }
        })
        .collect()
}

/// `text` without blank lines at either end; the indentation of its first line stays, since it means something.
pub fn without_blank_ends(text: &str) -> &str {
    let text = text.trim_end();
    let blank: usize =
        text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    text.get(blank..).unwrap_or_default()
}

/// Joins `lines` without the blank ones at either end; also the line the rest starts on.
fn trimmed(lines: &[&str], start: u32) -> (String, u32) {
    let blank = lines.iter().take_while(|line| line.trim().is_empty()).count();
    let kept: Vec<&str> = lines.iter().skip(blank).copied().collect();
    (kept.join("\n").trim_end().to_owned(), start + line(blank))
}

/// The list items of `text`, which starts on line `first_line` of its file: in order, nested ones after
/// the item they belong to.
pub fn bullets(text: &str, first_line: u32) -> Vec<Bullet> {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &Options::default());
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for node in root.children() {
        collect_items(node, 0, &lines, &mut found);
    }
    for bullet in &mut found {
        bullet.line += first_line.saturating_sub(1);
    }
    found
}

fn collect_items(node: Node<'_>, depth: u32, lines: &[&str], found: &mut Vec<Bullet>) {
    if !matches!(node.data.borrow().value, NodeValue::List(_)) {
        return;
    }
    for item in node.children() {
        found.push(bullet(item, depth, lines));
        for child in item.children() {
            collect_items(child, depth + 1, lines, found);
        }
    }
}

fn bullet(item: Node<'_>, depth: u32, lines: &[&str]) -> Bullet {
    let ast = item.data.borrow();
    let number = match &ast.value {
        NodeValue::Item(list) if list.list_type == ListType::Ordered => Some(line(list.start)),
        _ => None,
    };
    let words: Vec<String> = item
        .children()
        .filter(|child| matches!(child.data.borrow().value, NodeValue::Paragraph))
        .flat_map(|child| source_words(child, lines))
        .collect();
    Bullet { line: line(ast.sourcepos.start.line), depth, number, text: words.join(" ") }
}

/// The source of a paragraph, a trimmed string per line; its first line may stand behind a list marker.
fn source_words(node: Node<'_>, lines: &[&str]) -> Vec<String> {
    let position = node.data.borrow().sourcepos;
    let lines = lines_between(lines, line(position.start.line), line(position.end.line));
    let from = position.start.column.saturating_sub(1);
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| if index == 0 { line.get(from..).unwrap_or(line) } else { line })
        .map(|line| line.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_in_a_fence_is_text() {
        let text = "intro\n\n## A\n\n```md\n## not\n### 1. not\n```\n\n> ## not\n\n## B ##\nx\n";
        let parts = parts(text, 2, 10);
        let seen: Vec<_> = parts.iter().map(|p| (p.title.as_str(), p.line, p.text_line)).collect();
        assert_eq!(seen, [("", 10, 10), ("A", 12, 14), ("B", 21, 22)]);
        assert!(parts[1].text.contains("## not"));
        assert_eq!(parts[2].text, "x");
    }

    #[test]
    fn an_unclosed_fence_is_told_apart() {
        let kinds: Vec<_> = blocks("```sh\nx\n").into_iter().map(|b| b.kind).collect();
        assert_eq!(kinds, [BlockKind::Fence("sh".into(), false)]);
        let kinds: Vec<_> = blocks("~~~\nx\n~~~\n\nText\n---\n").into_iter().map(|b| b.kind).collect();
        assert_eq!(kinds, [BlockKind::Fence(String::new(), true), BlockKind::Heading(2, "Text".into())]);
    }

    #[test]
    fn bullets_keep_their_lines_and_depth() {
        let text = "- one\n  goes on\n  - below\n- two\n\n1. first\n2. second\n";
        let seen: Vec<_> =
            bullets(text, 5).into_iter().map(|b| (b.line, b.depth, b.number, b.text)).collect();
        assert_eq!(
            seen,
            [
                (5, 0, None, "one goes on".to_owned()),
                (7, 1, None, "below".to_owned()),
                (8, 0, None, "two".to_owned()),
                (10, 0, Some(1), "first".to_owned()),
                (11, 0, Some(2), "second".to_owned()),
            ]
        );
    }
}
