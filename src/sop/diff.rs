//! The difference of two texts, line by line, as people read it in a review.

use similar::{ChangeTag, TextDiff};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Lines of unchanged text around a change.
const CONTEXT: usize = 3;

/// A unified diff of `a` and `b`, named by `labels`; empty when they are equal.
pub fn diff(a: &str, b: &str, labels: (&str, &str)) -> String {
    if a == b {
        return String::new();
    }
    TextDiff::from_lines(a, b).unified_diff().context_radius(CONTEXT).header(labels.0, labels.1).to_string()
}

/// Like [`diff`], with the words that changed inside a line put between `open` and `close`.
pub fn diff_words(a: &str, b: &str, labels: (&str, &str), (open, close): (&str, &str)) -> String {
    if a == b {
        return String::new();
    }
    let diff = TextDiff::from_lines(a, b);
    let mut out = format!("--- {}\n+++ {}\n", labels.0, labels.1);
    for group in diff.grouped_ops(CONTEXT) {
        if let (Some(first), Some(last)) = (group.first(), group.last()) {
            let (old, new) = (
                first.old_range().start..last.old_range().end,
                first.new_range().start..last.new_range().end,
            );
            let header =
                writeln!(out, "@@ -{},{} +{},{} @@", old.start + 1, old.len(), new.start + 1, new.len());
            debug_assert!(header.is_ok(), "BUG: writing to a string failed");
        }
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            out.push(match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            });
            for (emphasised, piece) in change.iter_strings_lossy() {
                let (words, end) = piece.strip_suffix('\n').map_or((&*piece, ""), |words| (words, "\n"));
                if emphasised && !words.is_empty() {
                    out.extend([open, words, close, end]);
                } else {
                    out.extend([words, end]);
                }
            }
            if change.missing_newline() {
                out.push_str("\n\\ no line end\n");
            }
        }
    }
    out
}

/// Lines told of a text that is gone; a rewritten one is read as a whole.
const MOST_GONE: usize = 80;

/// The lines of `old` that stand nowhere in `new`, heads, headings of sections and blank lines aside.
pub fn gone(old: &str, new: &str) -> Vec<String> {
    let plain = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let there: BTreeSet<String> = new.lines().map(plain).collect();
    let body =
        old.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(old, |(_, body)| body);
    let told = body.lines().map(plain).filter(|line| !line.is_empty() && !line.starts_with("## "));
    told.filter(|line| !there.contains(line)).take(MOST_GONE).collect()
}

/// How much of two texts is the same, in percent: twice the words they share in order over all their words. 100 for
/// two empty ones.
pub fn kept(a: &str, b: &str) -> u8 {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split_whitespace().collect(), b.split_whitespace().collect());
    let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &a, &b);
    let equal = |op: &similar::DiffOp| if let similar::DiffOp::Equal { len, .. } = op { *len } else { 0 };
    let same = 2 * ops.iter().map(equal).sum::<usize>();
    u8::try_from((same * 100).checked_div(a.len() + b.len()).unwrap_or(100)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_counted_in_words() {
        assert_eq!(kept("", ""), 100);
        assert_eq!(kept("a b c d", "a  b\nc d"), 100);
        assert_eq!(kept("a b c d", "a b c x"), 75);
        assert_eq!(kept("a b", ""), 0);
    }

    #[test]
    fn a_changed_number_stands_out() {
        let (a, b) = ("one\nA score of 70 or more.\nend\n", "one\nA score of 60 or more.\nend\n");
        insta::assert_snapshot!(diff(a, b, ("v1.0", "v1.1")), @"
        --- v1.0
        +++ v1.1
        @@ -1,3 +1,3 @@
         one
        -A score of 70 or more.
        +A score of 60 or more.
         end
        ");
        insta::assert_snapshot!(diff_words(a, b, ("v1.0", "v1.1"), ("[", "]")), @"
        --- v1.0
        +++ v1.1
        @@ -1,3 +1,3 @@
         one
        -A score of [70] or more.
        +A score of [60] or more.
         end
        ");
        assert_eq!(diff(a, a, ("x", "y")), "");
    }
}
