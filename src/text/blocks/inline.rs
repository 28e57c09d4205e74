//! The words of one block: its inline nodes as plain text, with the line each stretch of it stands on.
//! Drops the marks of emphasis; never drops an address, a code span or a placeholder.

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{Node, NodeValue};

/// Plain text and where its lines begin.
pub(super) struct Words {
    pub(super) text: String,
    /// Offset in `text` and line of the file, in order.
    pub(super) starts: Vec<(usize, u32)>,
}

/// The words below `node`.
pub(super) fn words(node: Node<'_>) -> Words {
    let mut words = Words { text: String::new(), starts: Vec::new() };
    let mut links = Vec::new();
    for edge in node.traverse() {
        match edge {
            NodeEdge::Start(inner) => words.open(inner, &mut links),
            NodeEdge::End(inner) => words.close(inner, &mut links),
        }
    }
    words.trimmed()
}

impl Words {
    fn open(&mut self, node: Node<'_>, links: &mut Vec<usize>) {
        let data = node.data();
        let line = super::number(data.sourcepos.start.line);
        let mut put = |text: &str| {
            if self.starts.last().is_none_or(|(_, last)| *last < line) {
                self.starts.push((self.text.len(), line));
            }
            self.text.push_str(text);
        };
        match &data.value {
            NodeValue::Text(text) => put(text),
            NodeValue::Code(code) => {
                let fence = "`".repeat(code.num_backticks.max(1));
                put(&format!("{fence}{}{fence}", code.literal));
            }
            NodeValue::HtmlInline(html) if is_break(html) => self.text.push('\n'),
            NodeValue::HtmlInline(html) => put(html),
            NodeValue::SoftBreak | NodeValue::LineBreak => self.text.push('\n'),
            NodeValue::Link(_) | NodeValue::Image(_) => links.push(self.text.len()),
            _ => {}
        }
    }

    fn close(&mut self, node: Node<'_>, links: &mut Vec<usize>) {
        let data = node.data();
        let (NodeValue::Link(link) | NodeValue::Image(link)) = &data.value else { return };
        let words = links.pop().and_then(|start| self.text.get(start..)).unwrap_or_default();
        let address = link.url.strip_prefix("mailto:").unwrap_or(&link.url);
        if words != address && !address.is_empty() {
            let space = if words.is_empty() { "" } else { " " };
            let address = format!("{space}({address})");
            self.text.push_str(&address);
        }
    }

    fn trimmed(mut self) -> Self {
        self.text.truncate(self.text.trim_end().len());
        let blank = self.text.len() - self.text.trim_start().len();
        self.text.drain(..blank);
        for start in &mut self.starts {
            start.0 = start.0.saturating_sub(blank);
        }
        self
    }
}

fn is_break(html: &str) -> bool {
    matches!(html.to_lowercase().as_str(), "<br>" | "<br/>" | "<br />")
}
