//! Text from elsewhere made safe to stand in a draft: nothing in it swallows what follows, no line is taken for a key of a
//! step; and the words of a document that a draft would otherwise lose.

use crate::sop::outline::{BlockKind, blocks};
use crate::sop::plain::{below, without_keys};
use std::collections::BTreeSet;

/// What begins HTML that runs to its own end, and that end.
const OPEN_HTML: [(&str, &str); 7] = [
    ("<!--", "-->"),
    ("<?", "?>"),
    ("<![CDATA[", "]]>"),
    ("<script", "</script>"),
    ("<style", "</style>"),
    ("<pre", "</pre>"),
    ("<textarea", "</textarea>"),
];

/// `text` for a section or a step: its headings at `level` and below, no keys, every block closed.
pub(super) fn placed(text: &str, level: u8) -> String {
    closed(&without_keys(&below(text, level)))
}

/// `text` with its open blocks ended: a fence without its end, and a comment without its, would hide all that follows.
pub(super) fn closed(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut ends = Vec::new();
    for block in blocks(text) {
        let (first, last) = (index(block.first), index(block.last));
        let own = lines.get(first..=last.min(lines.len().saturating_sub(1))).unwrap_or_default();
        match block.kind {
            BlockKind::Fence(_, is_closed) => {
                let head = own.first().map(|line| line.trim_start()).unwrap_or_default();
                let c = head.chars().next().unwrap_or('`');
                let length = head.chars().take_while(|other| *other == c).count();
                // A fence of the same kind within it reads as if its own end had been forgotten: a longer one does not.
                let inner = own.iter().skip(1).map(|line| {
                    let line = line.trim_start();
                    line.chars().take_while(|other| *other == c).count()
                });
                let inner =
                    inner.take(own.len().saturating_sub(1 + usize::from(is_closed))).max().unwrap_or(0);
                let mark = c.to_string().repeat(length.max(inner + usize::from(inner >= length)));
                let head = head.get(length..).unwrap_or_default().to_owned();
                if let Some(line) = lines.get_mut(first) {
                    *line = format!("{mark}{head}");
                }
                match lines.get_mut(last).filter(|_| is_closed && last > first) {
                    Some(line) => line.clone_from(&mark),
                    None => ends.push((last, mark)),
                }
            }
            BlockKind::Html => {
                let whole = own.join("\n").to_lowercase();
                let whole = whole.trim_start();
                let open =
                    OPEN_HTML.iter().any(|(begin, end)| whole.starts_with(begin) && !whole.contains(end));
                if let Some(line) = lines.get_mut(first).filter(|_| open) {
                    *line = line.replacen('<', "\\<", 1);
                }
            }
            _ => {}
        }
    }
    for (at, mark) in ends.into_iter().rev() {
        lines.insert((at + 1).min(lines.len()), mark);
    }
    lines.join("\n")
}

fn index(line: u32) -> usize {
    usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// The text of a step: no line of it, also in a list or a quote, reads as a key of the step.
pub(super) fn step_text(text: &str) -> String {
    placed(text, 4)
}

/// The words of a text as they are compared: letters and digits, in small letters.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The lines of `source` that hold a word `draft` does not.
pub(super) fn lost<'t>(source: &'t str, draft: &str) -> Vec<(u32, &'t str)> {
    let there: BTreeSet<String> = words(draft).collect();
    let lines = (1..).zip(source.lines());
    lines.filter(|(_, line)| words(line).any(|word| !there.contains(&word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_block_hides_what_follows() {
        assert_eq!(closed("a\n\n```sh\nls\n"), "a\n\n```sh\nls\n```");
        assert_eq!(closed("```sh\nls\n```js\nx\n```\nb"), "````sh\nls\n```js\nx\n````\nb");
        assert_eq!(closed("<!-- later\n\nb"), "\\<!-- later\n\nb");
        for fine in ["```\nx\n```\n\ny", "<!-- a -->\n\nb", "~~~\n```\n~~~", "- a\n\n  text"] {
            assert_eq!(closed(fine), fine);
        }
    }

    #[test]
    fn no_line_of_a_step_is_a_key() {
        for (line, text) in [
            ("- **Assignee**: bob", "- Assignee: bob"),
            ("Approval Required: Yes", "Approval Required – Yes"),
            ("> *Approval Required*: Yes", "> Approval Required – Yes"),
            ("**On Failure** stop", "On Failure – stop"),
            ("Tools: a hammer", "Tools: a hammer"),
            ("**Note** that", "**Note** that"),
            ("* **Time Limit:** 1 day", "* Time Limit – 1 day"),
        ] {
            assert_eq!(step_text(line), text, "{line}");
        }
        assert_eq!(step_text("```\n**On Failure**: stop\n```"), "```\n**On Failure**: stop\n```");
    }

    #[test]
    fn a_lost_word_is_found_with_its_line() {
        assert_eq!(lost("Ring **the** shop\nat 9", "ring THE `shop`"), [(2, "at 9")]);
    }
}
