//! Two texts side by side: lines that went, lines that came, and the words that differ in them.

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

/// Lines shown around each change.
const AROUND: usize = 2;

/// The changed lines with some around them; each has a `tag` (`same`, `gone`, `new`, `gap`) and pieces of text, the
/// differing ones with `strong`.
pub(super) fn rows(before: &str, after: &str) -> Vec<Value> {
    let diff = TextDiff::from_lines(before, after);
    let mut rows = Vec::new();
    for (index, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if index > 0 {
            rows.push(json!({ "tag": "gap", "pieces": [] }));
        }
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let tag = match change.tag() {
                ChangeTag::Equal => "same",
                ChangeTag::Delete => "gone",
                ChangeTag::Insert => "new",
            };
            let piece = |(strong, text): (bool, &str)| json!({ "strong": strong, "text": text.trim_end_matches('\n') });
            let pieces: Vec<Value> =
                change.values().iter().map(|(strong, text)| piece((*strong, text))).collect();
            let number = change.new_index().or(change.old_index()).map(|index| index + 1);
            rows.push(json!({ "tag": tag, "number": number, "pieces": pieces }));
        }
    }
    rows
}
