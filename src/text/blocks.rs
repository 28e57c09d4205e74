//! A Markdown file as a flat, ordered list of blocks, each with its lines in the file, its words and the headings above.
//! Every line that is not blank belongs to exactly one block. It knows no grammar of ours and leaves nothing out.

mod inline;
mod pasted;

use comrak::nodes::{NodeValue, Sourcepos};
use comrak::{Arena, Options, arena_tree::NodeEdge, nodes::Node, parse_document};
use std::sync::Arc;

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its first line in the file, from 1.
    pub first: u32,
    /// Its last line in the file.
    pub last: u32,
    /// Its words, without the marks of emphasis and links. Line breaks stay, code spans keep their backticks, and the
    /// address of a link stands in brackets behind it. The cells of a table row are parted by ` | `.
    pub text: String,
    /// Its lines as they stand in the file, without the last line end.
    pub source: String,
    /// The headings above it, from the highest down, without itself.
    pub headings: Vec<Arc<str>>,
    /// How many list items it stands in; a top-level item itself has 1.
    pub depth: u32,
    /// How many quotes it stands in.
    pub quoted: u32,
    /// For each line of the file that adds words: where they begin in `text`, and the line. In order.
    starts: Vec<(usize, u32)>,
}

/// The kinds of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading.
    Heading {
        /// 1 to 6.
        level: u8,
    },
    /// Running text; below an item, one of its further paragraphs.
    Paragraph,
    /// The first paragraph of a list item, or a line of a paragraph with a number or bullet Markdown does not know
    /// (`3.1.2`, `•`).
    Item {
        /// As written: `-`, `2.`, `3.1.2`.
        marker: String,
        /// Whether it is numbered.
        numbered: bool,
        /// Of a task: whether it is ticked off.
        checked: Option<bool>,
    },
    /// A row of a table. The line of dashes belongs to the header row.
    Row {
        /// Whether it is the row of headings.
        header: bool,
        /// The words of its cells.
        cells: Vec<String>,
        /// The words of the header row of its table.
        headers: Arc<[String]>,
    },
    /// A code block; `text` is what stands in it.
    Code {
        /// The words behind the opening fence; empty where the block is indented.
        info: String,
    },
    /// Raw HTML, comments included; `text` is as written.
    Html,
    /// A thematic break: `---`.
    Rule,
    /// The YAML head of the file. It is read elsewhere, so `text` is empty.
    FrontMatter,
    /// A line Markdown keeps for itself: a link definition, an empty item, an empty line of a quote. `text` is as
    /// written, and empty where it holds only marks.
    Other,
}

impl Block {
    /// The line of the file the byte `offset` of `text` stands on.
    pub fn line_at(&self, offset: usize) -> u32 {
        let after = self.starts.partition_point(|(start, _)| *start <= offset);
        let line =
            after.checked_sub(1).and_then(|at| self.starts.get(at)).map_or(self.first, |start| start.1);
        line.clamp(self.first, self.last)
    }
}

/// Cuts `markdown` into blocks. Any text is taken; the time taken grows with its length.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.front_matter_delimiter = Some("---".to_owned());
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    let mut reader = Reader::new(markdown);
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => reader.open(node),
            NodeEdge::End(node) => reader.close(node),
        }
    }
    reader.finish()
}

/// What the item being read is, until its first paragraph has taken it.
#[derive(Default)]
struct Pending {
    marker: String,
    numbered: bool,
    checked: Option<bool>,
}

struct Reader<'t> {
    lines: Vec<&'t str>,
    blocks: Vec<Block>,
    headings: Vec<(u8, Arc<str>)>,
    headers: Arc<[String]>,
    items: Vec<Option<Pending>>,
    quoted: u32,
}

impl<'t> Reader<'t> {
    fn new(markdown: &'t str) -> Self {
        Self {
            lines: lines(markdown),
            blocks: Vec::new(),
            headings: Vec::new(),
            headers: Arc::new([]),
            items: Vec::new(),
            quoted: 0,
        }
    }

    fn open(&mut self, node: Node<'_>) {
        let data = node.data();
        let at = data.sourcepos;
        match &data.value {
            NodeValue::BlockQuote => self.quoted += 1,
            NodeValue::Item(_) => self.item(at, None),
            NodeValue::TaskItem(task) => self.item(at, Some(task.symbol.is_some())),
            NodeValue::Paragraph => self.paragraph(node, at),
            NodeValue::Heading(heading) => self.heading(node, at, heading.level),
            NodeValue::TableRow(header) => self.row(node, at, *header),
            NodeValue::CodeBlock(code) => {
                let first = number(at.start.line) + u32::from(code.fenced);
                self.verbatim(BlockKind::Code { info: code.info.clone() }, at, &code.literal, first);
            }
            NodeValue::HtmlBlock(html) => {
                self.verbatim(BlockKind::Html, at, &html.literal, number(at.start.line));
            }
            NodeValue::FrontMatter(_) => self.verbatim(BlockKind::FrontMatter, at, "", 1),
            NodeValue::ThematicBreak => self.verbatim(BlockKind::Rule, at, "", 1),
            _ => {}
        }
    }

    fn close(&mut self, node: Node<'_>) {
        match &node.data().value {
            NodeValue::BlockQuote => self.quoted = self.quoted.saturating_sub(1),
            NodeValue::Item(_) | NodeValue::TaskItem(_) => {
                self.items.pop();
            }
            _ => {}
        }
    }

    fn item(&mut self, at: Sourcepos, checked: Option<bool>) {
        let line = self.lines.get(at.start.line.saturating_sub(1)).copied().unwrap_or_default();
        let rest = line.get(at.start.column.saturating_sub(1)..).unwrap_or(line).trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let marker: String = rest.chars().take(digits + 1).collect();
        self.items.push(Some(Pending { marker, numbered: digits > 0, checked }));
    }

    fn paragraph(&mut self, node: Node<'_>, at: Sourcepos) {
        let words = inline::words(node);
        let kind = match self.items.last_mut().and_then(Option::take) {
            Some(Pending { marker, numbered, checked }) => BlockKind::Item { marker, numbered, checked },
            None => BlockKind::Paragraph,
        };
        // A link definition at the head of a paragraph is taken out of it, but not out of its lines.
        let first = words.starts.first().map_or(number(at.start.line), |start| start.1);
        let block = self.block(kind, (first, number(at.end.line)), words.text, words.starts);
        self.blocks.extend(pasted::split(block));
    }

    fn heading(&mut self, node: Node<'_>, at: Sourcepos, level: u8) {
        let words = inline::words(node);
        let top = self.quoted == 0 && self.items.is_empty();
        if top {
            self.headings.retain(|(above, _)| *above < level);
        }
        let name: Arc<str> = words.text.replace('\n', " ").into();
        let lines = (number(at.start.line), number(at.end.line));
        let block = self.block(BlockKind::Heading { level }, lines, words.text, words.starts);
        self.blocks.push(block);
        if top {
            self.headings.push((level, name));
        }
    }

    fn row(&mut self, node: Node<'_>, at: Sourcepos, header: bool) {
        let cells: Vec<String> = node.children().map(|cell| inline::words(cell).text).collect();
        let text = cells.join(" | ");
        if header {
            self.headers = cells.clone().into();
        }
        let kind = BlockKind::Row { header, cells, headers: Arc::clone(&self.headers) };
        let line = number(at.start.line);
        let block = self.block(kind, (line, line + u32::from(header)), text, Vec::new());
        self.blocks.push(block);
    }

    /// A block whose lines are its text, the first of them on line `first`.
    fn verbatim(&mut self, kind: BlockKind, at: Sourcepos, text: &str, first: u32) {
        let text = text.trim_end_matches(['\n', '\r']);
        let mut starts = Vec::new();
        let mut offset = 0;
        for (line, words) in (first..).zip(text.split_inclusive('\n')) {
            starts.push((offset, line));
            offset += words.len();
        }
        let lines = (number(at.start.line), number(at.end.line));
        let block = self.block(kind, lines, text.to_owned(), starts);
        self.blocks.push(block);
    }

    fn block(&self, kind: BlockKind, lines: (u32, u32), text: String, starts: Vec<(usize, u32)>) -> Block {
        let headings = self.headings.iter().filter(|(level, _)| match kind {
            BlockKind::Heading { level: own } => *level < own,
            _ => true,
        });
        Block {
            first: lines.0,
            last: lines.1,
            text,
            source: String::new(),
            headings: headings.map(|(_, name)| Arc::clone(name)).collect(),
            depth: u32::try_from(self.items.len()).unwrap_or(u32::MAX),
            quoted: self.quoted,
            starts,
            kind,
        }
    }

    /// Settles whose each line is: none is claimed twice, and what nobody claims becomes a block of its own.
    fn finish(self) -> Vec<Block> {
        let lines = self.lines;
        let blank = |line: u32| source(&lines, line, line).trim().is_empty();
        let last_line = number(lines.len());
        let mut settled: Vec<Block> = Vec::with_capacity(self.blocks.len());
        let mut next = 1;
        let nexts: Vec<u32> = self.blocks.iter().skip(1).map(|block| block.first).chain([u32::MAX]).collect();
        for (mut block, following) in self.blocks.into_iter().zip(nexts) {
            block.first = block.first.max(next);
            block.last = block.last.min(last_line).min(following.saturating_sub(1)).max(block.first);
            while block.last > block.first && blank(block.last) {
                block.last -= 1;
            }
            settled.extend(
                (next..block.first).filter(|line| !blank(*line)).map(|line| other(&lines, line, &block)),
            );
            block.source = source(&lines, block.first, block.last);
            next = block.last + 1;
            settled.push(block);
        }
        let Some(end) = settled.last().cloned() else {
            return (1..=last_line).filter(|line| !blank(*line)).map(|line| alone(&lines, line)).collect();
        };
        settled.extend((next..=last_line).filter(|line| !blank(*line)).map(|line| other(&lines, line, &end)));
        settled
    }
}

/// A line nobody claimed, with the headings of a block beside it.
fn other(lines: &[&str], line: u32, beside: &Block) -> Block {
    Block { headings: beside.headings.clone(), ..alone(lines, line) }
}

fn alone(lines: &[&str], line: u32) -> Block {
    let source = source(lines, line, line);
    let marks_only = !source.chars().any(char::is_alphanumeric);
    Block {
        kind: BlockKind::Other,
        first: line,
        last: line,
        text: if marks_only { String::new() } else { source.trim().to_owned() },
        source,
        headings: Vec::new(),
        depth: 0,
        quoted: 0,
        starts: Vec::new(),
    }
}

/// The lines of a text as Markdown counts them: parted by line feed, carriage return, or both.
fn lines(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let (line, tail) = rest.split_at(at);
        found.push(line);
        rest = tail.strip_prefix("\r\n").or_else(|| tail.get(1..)).unwrap_or_default();
    }
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}

fn source(lines: &[&str], first: u32, last: u32) -> String {
    let at = |line: u32| usize::try_from(line).unwrap_or(usize::MAX).min(lines.len());
    lines.get(at(first.saturating_sub(1))..at(last)).unwrap_or_default().join("\n")
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
