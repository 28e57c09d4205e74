//! A draft as a document in which every line says where it comes from: Markdown as tame as everywhere else, with a
//! mark at the end of each line of the source.

use super::markdown::tame;
use crate::base::text::visible;
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, parse_document};
use std::collections::BTreeMap;

/// Characters of the private use area around a line's number, while the document is made; none is left of the text's own.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// `body` as HTML; `marks` is HTML of our own by line, counted as in the whole file, of which `body` begins after line `skipped`.
pub(super) fn html(body: &str, skipped: usize, marks: &BTreeMap<usize, String>) -> String {
    let plain = body.replace([OPEN, CLOSE], "\u{fffd}");
    let arena = Arena::new();
    let options = super::markdown::options();
    let root = parse_document(&arena, &plain, &options);
    tame(root);
    let nodes: Vec<Node<'_>> = root.descendants().collect();
    let token = |line: usize| -> Node<'_> {
        arena.alloc(NodeValue::Text(format!("{OPEN}{}{CLOSE}", line + skipped).into()).into())
    };
    for node in nodes {
        let (first, last) = {
            let place = node.data().sourcepos;
            (place.start.line, place.end.line)
        };
        let kind = node.data().value.clone();
        match kind {
            NodeValue::Heading(_) | NodeValue::Paragraph => node.append(token(last)),
            NodeValue::SoftBreak | NodeValue::LineBreak if first > 0 => node.insert_before(token(first)),
            NodeValue::TableRow(_) => {
                if let Some(cell) = node.last_child() {
                    cell.append(token(first));
                }
            }
            NodeValue::CodeBlock(_) => {
                let below: Node<'_> = arena.alloc(NodeValue::Paragraph.into());
                (first..=last).for_each(|line| below.append(token(line)));
                node.insert_after(below);
            }
            _ => {}
        }
    }
    let mut out = String::new();
    if comrak::format_html(root, &options, &mut out).is_err() {
        return String::new();
    }
    marked(&visible(&out), marks)
}

/// Puts the marks in the places of their lines.
fn marked(html: &str, marks: &BTreeMap<usize, String>) -> String {
    let mut parts = html.split(OPEN);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((number, rest)) = part.split_once(CLOSE) else { continue };
        if let Some(mark) = number.parse().ok().and_then(|line: usize| marks.get(&line)) {
            out.push_str(mark);
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_carries_its_mark_and_nothing_can_act() {
        let body = "## Scope\n\n- One **thing**.\n- Another\n  goes on.\n\n| a | b |\n|---|---|\n| c | d |\n\n```bash\nls\n```\n\n\
                    **Assignee**: x\n**Artifact**: <script>y</script> &#8238; \u{e000}3\u{e001}\n";
        let marks: BTreeMap<usize, String> = (1..40).map(|line| (line, format!("<i>{line}</i>"))).collect();
        let out = html(body, 10, &marks);
        for wanted in
            ["Scope<i>11</i>", "</strong>.<i>13</i>", "Another<i>14</i>", "goes on.<i>15</i>", "d<i>19</i>"]
        {
            assert!(out.contains(wanted), "{wanted}: {out}");
        }
        assert!(
            out.contains("<i>22</i>") && out.contains("x<i>25</i>") && out.contains("<i>26</i>"),
            "{out}"
        );
        assert!(!out.contains("<script>") && !out.contains(OPEN) && !out.contains("<i>3</i>"), "{out}");
        assert!(out.contains("\\u{202e}"), "{out}");
    }
}
