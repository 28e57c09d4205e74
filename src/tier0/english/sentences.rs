//! Cuts a person's Markdown into headings, list items and sentences. Fenced code, tables and images are
//! passed over: a mission is read for what it says, and nothing in it is ever executed.

/// A piece of prose, in reading order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Block {
    /// Text of a `#` heading.
    Heading(String),
    /// One list item; nested items are listed below it.
    Item {
        /// Whether it stood in a numbered list.
        numbered: bool,
        /// Its own text, one line.
        text: String,
        /// Its nested items.
        nested: Vec<String>,
    },
    /// The sentences of one paragraph.
    Paragraph(Vec<String>),
}

/// Reads `markdown` into blocks.
pub(crate) fn blocks(markdown: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for line in markdown.lines() {
        reader.line(line);
    }
    reader.end_paragraph();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    paragraph: String,
    fence: Option<&'static str>,
    in_list: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        if let Some(fence) = self.fence {
            if trimmed.starts_with(fence) {
                self.fence = None;
            }
            return;
        }
        let indent = line.len() - line.trim_start().len();
        if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| trimmed.starts_with(fence)) {
            self.end_paragraph();
            self.fence = Some(fence);
        } else if trimmed.is_empty() {
            self.end_paragraph();
        } else if trimmed.starts_with('#') {
            self.end_paragraph();
            self.in_list = false;
            self.blocks.push(Block::Heading(plain(trimmed.trim_start_matches('#'))));
        } else if let Some((numbered, text)) = list_item(trimmed) {
            self.item(numbered, plain(text), indent);
        } else if trimmed.starts_with('|') || trimmed.starts_with("![") {
            self.end_paragraph();
        } else if indent >= 2 && self.in_list {
            self.continue_item(&plain(trimmed));
        } else {
            self.in_list = false;
            let text = plain(trimmed.trim_start_matches('>'));
            self.paragraph.push(' ');
            self.paragraph.push_str(&text);
        }
    }

    fn item(&mut self, numbered: bool, text: String, indent: usize) {
        self.end_paragraph();
        self.in_list = true;
        if indent >= 2
            && let Some(Block::Item { nested, .. }) = self.blocks.last_mut()
        {
            nested.push(text);
            return;
        }
        self.blocks.push(Block::Item { numbered, text, nested: Vec::new() });
    }

    fn continue_item(&mut self, more: &str) {
        if let Some(Block::Item { text, nested, .. }) = self.blocks.last_mut() {
            let target = nested.last_mut().unwrap_or(text);
            target.push(' ');
            target.push_str(more);
        }
    }

    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        let sentences = sentences(text.trim());
        if !sentences.is_empty() {
            self.blocks.push(Block::Paragraph(sentences));
        }
    }
}

/// `1. text`, `2) text`, `- text`, `* [ ] text`.
fn list_item(line: &str) -> Option<(bool, &str)> {
    for mark in ["- ", "* ", "+ ", "• ", "– "] {
        if let Some(text) = line.strip_prefix(mark) {
            let text = text.trim_start();
            let text = text.strip_prefix("[ ]").or_else(|| text.strip_prefix("[x]")).unwrap_or(text);
            return Some((false, text.trim_start()));
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..)?;
    let text = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    (1..=3).contains(&digits).then(|| (true, text.trim_start()))
}

/// Without emphasis, code marks and the outside of links.
fn plain(text: &str) -> String {
    let text = text.trim().replace("**", "").replace("__", "").replace('`', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A full stop after these ends no sentence.
const ABBREVIATIONS: [&str; 14] = [
    "e.g.", "i.e.", "etc.", "mr.", "mrs.", "ms.", "dr.", "no.", "vs.", "approx.", "max.", "min.", "inc.",
    "ltd.",
];

/// Cuts a paragraph after `.`, `!` and `?`, and after `;` where a clause ends.
pub(crate) fn sentences(paragraph: &str) -> Vec<String> {
    let tokens: Vec<&str> = paragraph.split_whitespace().collect();
    let mut found = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        current.push(token);
        let bare = token.trim_end_matches(['"', '”', '’', ')', '*']);
        let ends = bare.ends_with(['.', '!', '?', ';'])
            && !ABBREVIATIONS.contains(&bare.to_lowercase().as_str())
            && tokens.get(index + 1).is_none_or(|next| bare.ends_with(';') || starts_sentence(next));
        if ends {
            found.push(current.join(" "));
            current.clear();
        }
    }
    if !current.is_empty() {
        found.push(current.join(" "));
    }
    found
}

fn starts_sentence(token: &str) -> bool {
    let first = token.trim_start_matches(['"', '“', '(', '*', '[']).chars().next();
    first.is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_no_headings_and_nested_items_stay_with_theirs() {
        let text = "Intro line\nruns on. Second.\n\n```\n## Steps\n1. rm\n```\n1. First\n   more\n   - rule\n2) Second\n";
        let item = |text: &str, nested: &[&str]| Block::Item {
            numbered: true,
            text: text.to_owned(),
            nested: nested.iter().map(|n| (*n).to_owned()).collect(),
        };
        assert_eq!(
            blocks(text),
            [
                Block::Paragraph(vec!["Intro line runs on.".to_owned(), "Second.".to_owned()]),
                item("First more", &["rule"]),
                item("Second", &[]),
            ]
        );
    }

    #[test]
    fn abbreviations_and_figures_end_no_sentence() {
        let found = sentences("Pay e.g. 1.5 % at once. Then stop; wait for No. 7. Done");
        assert_eq!(found, ["Pay e.g. 1.5 % at once.", "Then stop;", "wait for No. 7.", "Done"]);
    }
}
