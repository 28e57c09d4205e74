//! Is every draft item accounted for (requirement A4)? Whatever synthesis claims, code looks for it.

use super::checks::finding;
use super::items::sentences;
use super::likeness::{MIN_LIKENESS, Words, likeness};
use super::{Disposition, Fate, Item};
use crate::contract::Finding;

/// What is wrong with the accounting: an item without a fate or with two, an unknown item, a rejection without a
/// reason, an item said to be kept or merged that is not in `sop_text`.
pub fn check(items: &[Item], dispositions: &[Disposition], sop_text: &str) -> Vec<Finding> {
    let text = lines(sop_text);
    let mut findings = Vec::new();
    for item in items {
        let mine: Vec<&Disposition> =
            dispositions.iter().filter(|disposition| disposition.item == item.id).collect();
        match mine.as_slice() {
            [] => findings.push(about(item, "item-without-fate", "has no fate; keep, merge or reject it")),
            [one] => {
                findings.extend(check_fate(item, one, &text));
                findings.extend(check_fences(item, one, sop_text));
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

fn check_fate(item: &Item, disposition: &Disposition, text: &[Words]) -> Option<Finding> {
    let (found, all) = presence(item, text);
    match disposition.fate {
        Fate::Rejected if disposition.reason.trim().is_empty() => {
            Some(about(item, "item-rejected-without-reason", "is rejected without a reason; give one"))
        }
        Fate::Kept if found * 2 < all => {
            let message = "is said to be kept and is not in the text; put it in, or say what became of it";
            Some(about(item, "item-kept-not-found", message))
        }
        Fate::Merged if found == 0 => {
            let message =
                "is said to be merged and no sentence of it is in the text; put it in, or reject it";
            Some(about(item, "item-merged-not-found", message))
        }
        Fate::Kept | Fate::Merged | Fate::Rejected => None,
    }
}

/// A fence may be a command: one that was changed on the way is another command than its author proposed.
fn check_fences(item: &Item, disposition: &Disposition, sop_text: &str) -> Option<Finding> {
    let lost = item.fences.iter().find(|fence| !sop_text.contains(fence.as_str()))?;
    if disposition.fate == Fate::Rejected {
        return None;
    }
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
        assert_eq!(codes(there, &[]), "item-without-fate");
        assert_eq!(codes(there, &[(id, Fate::Kept, ""), (id, Fate::Kept, "")]), "item-with-two-fates");
        assert_eq!(codes(there, &[(id, Fate::Rejected, " ")]), "item-rejected-without-reason");
        assert_eq!(codes(there, &[(id, Fate::Rejected, "out of scope")]), "");
        assert_eq!(codes(there, &[(id, Fate::Kept, ""), ("b/step-1", Fate::Kept, "")]), "item-unknown");
        let changed = "A lead is qualified at a score of 80 or more.";
        assert_eq!(codes(changed, &[(id, Fate::Kept, "")]), "item-kept-not-found");
        let half = format!(
            "{there} Call every qualified lead by phone on the same day it came in, and leave a note."
        );
        assert_eq!(codes(&half, &[(id, Fate::Kept, "")]), "item-kept-not-found");
        assert_eq!(codes(&half, &[(id, Fate::Merged, "")]), "");
        assert_eq!(codes("Call every lead by phone.", &[(id, Fate::Merged, "")]), "item-merged-not-found");
    }
}
