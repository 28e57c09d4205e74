//! Is every draft item accounted for (requirement A4)? What is not left out with a reason has to be in the text: code
//! looks for it.

use super::checks::finding;
use super::items::sentences;
use super::likeness::{MIN_LIKENESS, Words, likeness};
use super::{Disposition, Fate, Item};
use crate::base::text::listed;
use crate::contract::{Finding, Severity};
use crate::text::quantities::Kind;
use crate::text::{Convention, Quantity, quantities};

/// What is wrong with the accounting: an item with two fates, an unknown item, a rejection without a reason, an item that
/// is not rejected and of which `sop_text` lacks something that can be compared.
pub fn check(items: &[Item], dispositions: &[Disposition], sop_text: &str) -> Vec<Finding> {
    let text = Text { lines: lines(sop_text), held: quantities(sop_text, Convention::of(sop_text)) };
    let mut findings = Vec::new();
    for item in items {
        let mine: Vec<&Disposition> =
            dispositions.iter().filter(|disposition| disposition.item == item.id).collect();
        match mine.as_slice() {
            [] => {
                findings.extend(check_presence(item, &text));
                findings.extend(check_fences(item, sop_text));
            }
            [one] if one.fate == Fate::Rejected => findings.extend(check_reason(item, one)),
            [one] => {
                findings.extend(check_fate(item, one, &text));
                findings.extend(check_fences(item, sop_text));
            }
            _ => findings.push(about(item, "item-with-two-fates", "has more than one fate; give it one")),
        }
    }
    for disposition in dispositions {
        if !items.iter().any(|item| item.id == disposition.item) {
            let id = &disposition.item;
            let message = format!("the synthesis gives a fate to `{id}`, which is in no draft");
            findings.push(finding("item-unknown", None, message, id));
        }
    }
    findings
}

/// The text, ready to be compared.
struct Text {
    /// Its sentences and lines.
    lines: Vec<Words>,
    held: Vec<Quantity>,
}

fn check_reason(item: &Item, disposition: &Disposition) -> Option<Finding> {
    let silent = disposition.reason.trim().is_empty();
    silent.then(|| about(item, "item-rejected-without-reason", "is rejected without a reason; give one"))
}

/// What is not named as left out is taken to be in the text.
fn check_presence(item: &Item, text: &Text) -> Option<Finding> {
    let lost = lost(item, &text.held);
    let message =
        format!("is not in the text, which lacks {}; put it in, or reject it with a reason", listed(&lost));
    (!lost.is_empty()).then(|| about(item, "item-content-lost", &message))
}

fn check_fate(item: &Item, disposition: &Disposition, text: &Text) -> Option<Finding> {
    if let Some(lost) = check_presence(item, text) {
        return Some(lost);
    }
    // Other words may say the same: told, and never a reason to send a round back.
    let (found, all) = presence(item, &text.lines);
    let faint = if disposition.fate == Fate::Kept { found * 2 < all } else { found == 0 };
    let message = "is said to be in the text, and no line is like it; see whether it says the same";
    faint.then(|| Finding { severity: Severity::Advisory, ..about(item, "item-not-found", message) })
}

/// The numbers, sums, times and ids of an item that are not among those of the text.
fn lost(item: &Item, held: &[Quantity]) -> Vec<String> {
    let wanted = quantities(&item.text, Convention::of(&item.text));
    let wanted: Vec<Quantity> =
        wanted.into_iter().filter(|one| one.kind != Kind::Ordinal && !one.in_words).collect();
    quantities::missing(&wanted, held).into_iter().map(|one| one.text.clone()).collect()
}

/// A fence may be a command: one that was changed on the way is another command than its author proposed.
fn check_fences(item: &Item, sop_text: &str) -> Option<Finding> {
    let lost = item.fences.iter().find(|fence| !sop_text.contains(fence.as_str()))?;
    let message = format!(
        "the item `{}` holds a fenced block that is not in the text as it was written; put it in unchanged, or \
         reject the item",
        item.id
    );
    Some(finding("item-fence-changed", Some(item.section), message, lost))
}

/// How many words of the item stand in the text, sentence by sentence, and how many it has.
fn presence(item: &Item, text: &[Words]) -> (usize, usize) {
    let mut found = 0;
    let mut all = 0;
    for sentence in sentences(&item.text) {
        let words = Words::of(sentence);
        all += words.len();
        if text.iter().any(|line| likeness(&words, line, MIN_LIKENESS) >= MIN_LIKENESS) {
            found += words.len();
        }
    }
    (found, all)
}

/// The sentences of the text, and its lines where they have several.
fn lines(sop_text: &str) -> Vec<Words> {
    let mut pieces = Vec::new();
    for line in sop_text.lines() {
        let parts = sentences(line);
        if parts.len() > 1 {
            pieces.push(Words::of(line));
        }
        pieces.extend(parts.into_iter().map(Words::of));
    }
    pieces.retain(|words| !words.is_empty());
    pieces
}

fn about(item: &Item, code: &str, message: &str) -> Finding {
    let message = format!("the item `{}` {message}", item.id);
    finding(code, Some(item.section), message, &item.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::Section;

    const SOP: &str = "## Steps\n\n- A lead counts as qualified from a score of 70 or more.\n";

    fn codes(item: &str, fates: &[(&str, Fate, &str)]) -> String {
        let items =
            [Item { id: "a/statement-1".into(), section: Section::Steps, text: item.into(), fences: vec![] }];
        let dispositions: Vec<Disposition> = fates
            .iter()
            .map(|(id, fate, reason)| Disposition {
                item: (*id).into(),
                fate: *fate,
                reason: (*reason).into(),
            })
            .collect();
        let found = check(&items, &dispositions, SOP);
        found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_fence_stands_as_its_author_wrote_it() {
        let code = |sop: &str, fate: Fate| {
            let fences = vec!["```bash\necho 1\n```".to_owned()];
            let text = "Count to one.".to_owned();
            let item = Item { id: "a/step-1".into(), section: Section::Steps, text, fences };
            let fate = Disposition { item: "a/step-1".into(), fate, reason: "not ours".into() };
            let found = check(&[item], &[fate], sop);
            found.iter().map(|finding| finding.code.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(code("Count to one.\n\n```bash\necho 1\n```\n", Fate::Kept), "");
        assert_eq!(code("Count to one.\n\n```bash\necho 2\n```\n", Fate::Merged), "item-fence-changed");
        assert_eq!(code("Count to one.\n", Fate::Rejected), "");
    }

    #[test]
    fn every_item_has_exactly_one_fate_and_it_is_true() {
        let (there, id) = ("A lead is qualified at a score of 70 or more.", "a/statement-1");
        assert_eq!(codes(there, &[(id, Fate::Kept, "")]), "");
        assert_eq!(codes(there, &[]), "");
        assert_eq!(codes("A lead is qualified at a score of 80 or more.", &[]), "item-content-lost");
        assert_eq!(codes(there, &[(id, Fate::Kept, ""), (id, Fate::Kept, "")]), "item-with-two-fates");
        assert_eq!(codes(there, &[(id, Fate::Rejected, " ")]), "item-rejected-without-reason");
        assert_eq!(codes(there, &[(id, Fate::Rejected, "out of scope")]), "");
        assert_eq!(codes(there, &[(id, Fate::Kept, ""), ("b/step-1", Fate::Kept, "")]), "item-unknown");
        let changed = "A lead is qualified at a score of 80 or more.";
        assert_eq!(codes(changed, &[(id, Fate::Kept, "")]), "item-content-lost");
        let half = format!(
            "{there} Call every qualified lead by phone on the same day it came in, and leave a note."
        );
        assert_eq!(codes(&half, &[(id, Fate::Kept, "")]), "item-not-found");
        assert_eq!(codes(&half, &[(id, Fate::Merged, "")]), "");
        assert_eq!(codes("Call every lead by phone.", &[(id, Fate::Merged, "")]), "item-not-found");
    }
}
