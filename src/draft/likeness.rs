//! How alike two pieces of text are, by their words. The measure behind provenance and dispositions.

use similar::{Algorithm, DiffOp};
use std::collections::BTreeMap;

/// From this likeness (percent of shared words in order) one sentence counts as the source of another.
///
/// Chosen by the experiment in this file's tests: over pairs that an editor made from one another (evened-out
/// voice, turned clauses, dropped words) the lowest likeness is 71, over pairs of different rules about one
/// subject the highest is 57. The middle keeps both apart. Much lower, a reviewer would be told of sources that
/// are none; much higher, honest editing would be flagged as invention. A sentence whose clauses changed places
/// falls below it and is looked at by a person, which costs less than a source that is none.
pub const MIN_LIKENESS: u8 = 64;

/// Words that turn a rule round. Two sentences that differ in one of them, or in a number, are different rules
/// however alike they look.
const TURNING: [&str; 11] =
    ["not", "no", "never", "without", "unless", "except", "none", "nobody", "cannot", "must", "may"];

/// Words that carry the grammar and not the rule; they would make all sentences alike.
const GRAMMAR: [&str; 36] = [
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "from", "with", "and", "or", "if", "when",
    "it", "its", "is", "are", "be", "was", "does", "do", "that", "this", "as", "each", "every", "all", "any",
    "into", "than", "then", "which", "who",
];

/// A piece of text as its words, in lower case, without Markdown signs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    list: Vec<String>,
    counts: BTreeMap<String, usize>,
    /// Numbers and turning words, in order of the alphabet.
    decisive: Vec<String>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        // The cell of a table of inputs says whether a value is required; its `no` turns no rule round.
        let text = text.replace("| yes ", "| required ").replace("| no ", "| optional ");
        let inner = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '%' | '\'' | '/');
        let list: Vec<String> = text
            .split(|c: char| !inner(c))
            .map(|word| word.trim_matches(['.', '_', '-', '\'', '/']).to_lowercase())
            .filter(|word| !word.is_empty() && !GRAMMAR.contains(&word.as_str()))
            .collect();
        let mut counts = BTreeMap::new();
        for word in &list {
            *counts.entry(word.clone()).or_default() += 1;
        }
        let decides = |word: &&String| {
            word.starts_with(|c: char| c.is_ascii_digit()) || TURNING.contains(&word.as_str())
        };
        let mut decisive: Vec<String> = list.iter().filter(decides).cloned().collect();
        decisive.sort_unstable();
        decisive.dedup();
        Self { list, counts, decisive }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// How many of its words `others` hold.
    pub(super) fn shared(&self, others: &[&Self]) -> usize {
        self.list.iter().filter(|word| others.iter().any(|other| other.counts.contains_key(*word))).count()
    }
}

/// From this share (percent) of its words a sentence counts as put together from others that hold them. Higher than the
/// likeness of one source, since the words of several are found in any order.
pub(super) const MIN_HELD: u8 = 80;

/// Percent of the words of `one` that `others` hold together, in whatever order; 0 when they lack one of its numbers or
/// turning words.
pub(super) fn held(one: &Words, others: &[&Words]) -> u8 {
    let there = |word: &String| others.iter().any(|other| other.counts.contains_key(word));
    if !one.decisive.iter().all(there) {
        return 0;
    }
    percent(one.shared(others), one.len())
}

/// Percent of words that two texts share in the same order (twice the shared over all); 0 when they differ in a
/// number or a turning word, and 0 for anything below `floor`, which saves the comparison.
pub(super) fn likeness(one: &Words, other: &Words, floor: u8) -> u8 {
    let total = one.len() + other.len();
    if total == 0 || one.decisive != other.decisive {
        return 0;
    }
    let shared =
        |(word, count): (&String, &usize)| other.counts.get(word).map_or(0, |there| *there.min(count));
    let most: usize = one.counts.iter().map(shared).sum();
    if percent(2 * most, total) < floor {
        return 0;
    }
    let ops = similar::capture_diff_slices(Algorithm::Lcs, &one.list, &other.list);
    let equal = |op: &DiffOp| if let DiffOp::Equal { len, .. } = op { *len } else { 0 };
    let found = percent(2 * ops.iter().map(equal).sum::<usize>(), total);
    if found < floor { 0 } else { found }
}

fn percent(part: usize, whole: usize) -> u8 {
    u8::try_from((part * 100).checked_div(whole).unwrap_or(0)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an editor who evens out the voice makes of a worker's sentence.
    const EDITED: [(&str, &str); 12] = [
        ("Score the lead within 2 hours.", "Score the lead on company size and need within 2 hours."),
        (
            "Check that the form names a company; refuse the run if it does not.",
            "Check first whether the form names a company. If it does not, refuse the run.",
        ),
        (
            "A lead is qualified at a score of 70 or more.",
            "A lead counts as qualified from a score of 70 or more.",
        ),
        (
            "Attach the buyer's written request to the quote.",
            "The buyer's written request is attached to the quote.",
        ),
        (
            "Send a request above 20 % to the ceo with margin and precedent.",
            "Send every request above 20 % to the ceo, together with margin, precedent and price.",
        ),
        (
            "Record the percentage, the counter-value and the expiry date on the quote.",
            "Record percentage, counter-value and expiry date on the quote.",
        ),
        (
            "Call the lead by phone, and write the result into the CRM.",
            "Call the lead and write the result into the CRM.",
        ),
        (
            "Human review by cro is mandatory for every discount above 10 %.",
            "Review by cro is mandatory for each discount above 10 %.",
        ),
        (
            "Company size is taken from the form or, where it is missing, from the website.",
            "Take company size from the form, or from the website where it is missing.",
        ),
        (
            "lead_id (text, required): the number of the lead in the CRM.",
            "| lead_id | text | yes | The number of the lead in the CRM |",
        ),
        (
            "**Stale opportunity**: an open opportunity without a logged contact for 14 calendar days.",
            "- **Stale opportunity**: an opportunity that is open and without a logged contact for 14 calendar days.",
        ),
        (
            "Reassign the lead when its owner is absent for 1 business day.",
            "Reassign a lead whose owner is absent for 1 business day.",
        ),
    ];

    /// Different rules about one subject, as alike as they come.
    const DIFFERENT: [(&str, &str); 12] = [
        ("A lead is qualified at a score of 70 or more.", "A lead is qualified at a score of 80 or more."),
        ("Call the lead within 1 business day.", "Call the lead within 4 hours."),
        ("Send the quote to the buyer.", "Do not send the quote to the buyer."),
        (
            "Complete the run without review when the confidence is high.",
            "Complete the run when the confidence is high.",
        ),
        ("Record the decision on the quote in the CRM.", "Attach the margin note to the quote in the CRM."),
        (
            "Check that the form names a company; refuse the run if it does not.",
            "Check that the quote states a counter-value; refuse the run if it does not.",
        ),
        ("The owner must approve the refund.", "The owner may approve the refund."),
        (
            "Artifact: decision entry on the quote in the CRM.",
            "Artifact: discount request on the lead in the journal.",
        ),
        (
            "Human review by cro is mandatory for every discount.",
            "Human review by legal is mandatory for a data request.",
        ),
        ("Reassign the lead when its owner is absent.", "Close the lead when its company is a competitor."),
        ("In scope: leads from the demo form.", "Out of scope: leads that partners already call."),
        (
            "Renewals in the same territory start from the lower price.",
            "Publish a corrected page and tell everyone who received the first.",
        ),
    ];

    fn percent_of(pair: &(&str, &str)) -> u8 {
        likeness(&Words::of(pair.0), &Words::of(pair.1), 0)
    }

    #[test]
    fn the_experiment_behind_the_limit() {
        let lowest = EDITED.iter().map(percent_of).min().unwrap();
        let highest = DIFFERENT.iter().map(percent_of).max().unwrap();
        assert_eq!(
            (lowest, highest),
            (71, 57),
            "{:?} {:?}",
            EDITED.map(|p| percent_of(&p)),
            DIFFERENT.map(|p| percent_of(&p))
        );
        assert!(highest < MIN_LIKENESS && MIN_LIKENESS <= lowest);
    }

    #[test]
    fn the_floor_changes_no_answer_above_it() {
        for pair in EDITED.iter().chain(&DIFFERENT) {
            let (one, other) = (Words::of(pair.0), Words::of(pair.1));
            let (free, bound) = (likeness(&one, &other, 0), likeness(&one, &other, MIN_LIKENESS));
            assert_eq!(bound, if free >= MIN_LIKENESS { free } else { 0 });
        }
    }
}
