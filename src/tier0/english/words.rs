//! Words as tier 0 compares them: lower case, without endings, without the words every sentence has.
//! Nothing here knows what a mission is; the word lists are data beside this file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static STOP: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("data/stopwords.txt").split_whitespace().collect());

static GENERIC: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| include_str!("data/generic.txt").split_whitespace().map(ending_cut).collect());

/// Each line of the file is one meaning; its first word stands for all.
static SYNONYMS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("data/synonyms.txt").lines();
    lines
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(first, others)| others.split(' ').map(move |other| (other, first)))
        .collect()
});

/// Everyday phrases and the words they mean.
static PHRASES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let lines = include_str!("data/phrases.txt").lines().filter_map(|line| line.split_once('='));
    lines.map(|(said, meant)| (format!(" {said} "), format!(" {said} {meant} "))).collect()
});

/// `text` with the meaning of everyday phrases written behind them, for comparing subjects.
pub(crate) fn phrases_meant(text: &str) -> String {
    let plain = format!(" {} ", words(text).join(" "));
    PHRASES.iter().fold(plain, |text, (said, meant)| text.replace(said.as_str(), meant))
}

/// Lower-case runs of letters and digits; an apostrophe ends a word and takes its `s` along.
pub(crate) fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace("'s", "").replace("’s", "");
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Words that carry meaning, in order, with synonyms and endings folded.
pub(crate) fn stems(text: &str) -> Vec<String> {
    words(text).iter().filter(|word| !STOP.contains(word.as_str())).map(|word| stem(word)).collect()
}

/// The distinct [`stems`] of a text.
pub(crate) fn stem_set(text: &str) -> BTreeSet<String> {
    stems(text).into_iter().collect()
}

/// A word without its ending, or its synonym's.
pub(crate) fn stem(word: &str) -> String {
    ending_cut(SYNONYMS.get(word).copied().unwrap_or(word))
}

/// Whether a stem says next to nothing about the subject (`process`, `request`, `team`).
pub(crate) fn is_generic(stem: &str) -> bool {
    GENERIC.contains(stem)
}

/// Whether a word is one every English sentence may hold.
pub(crate) fn is_stop(word: &str) -> bool {
    STOP.contains(word)
}

/// Longest first, so that `qualification` and `qualifies` both end as `qualif`.
const ENDINGS: [(&str, &str); 24] = [
    ("ifications", "if"),
    ("ification", "if"),
    ("izations", "iz"),
    ("ization", "iz"),
    ("ifying", "if"),
    ("ations", ""),
    ("ation", ""),
    ("ating", ""),
    ("ments", ""),
    ("ment", ""),
    ("ified", "if"),
    ("ifies", "if"),
    ("ated", ""),
    ("ates", ""),
    ("ings", ""),
    ("ing", ""),
    ("ions", ""),
    ("ion", ""),
    ("als", ""),
    ("ies", ""),
    ("ied", ""),
    ("ate", ""),
    ("ify", "if"),
    ("al", ""),
];

/// What is left of a word must still be recognisable.
const SHORTEST_STEM: usize = 3;

fn ending_cut(word: &str) -> String {
    for (ending, instead) in ENDINGS {
        if let Some(head) = word.strip_suffix(ending)
            && head.chars().count() >= SHORTEST_STEM
        {
            return undoubled(&format!("{head}{instead}"));
        }
    }
    for ending in ["es", "ed", "e", "ly", "y", "s"] {
        if let Some(head) = word.strip_suffix(ending)
            && head.chars().count() >= SHORTEST_STEM
            && !(ending == "s" && head.ends_with('s'))
        {
            return undoubled(head);
        }
    }
    word.to_owned()
}

/// `shipp` (from `shipped`) is `ship`; `call` and `process` keep theirs, consistently cut too.
fn undoubled(stem: &str) -> String {
    let mut chars: Vec<char> = stem.chars().collect();
    if let [.., before, last] = chars.as_slice()
        && before == last
        && !"aeiou".contains(*last)
        && chars.len() > SHORTEST_STEM
    {
        chars.pop();
    }
    chars.into_iter().collect()
}

/// How alike two texts are, 0–100: twice the stems they share over the stems they have (Dice).
pub(crate) fn likeness(a: &str, b: &str) -> u8 {
    percent(dice(&stem_set(a), &stem_set(b)))
}

fn dice(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let total = a.len() + b.len();
    if total == 0 {
        return 0.0;
    }
    2.0 * ratio(a.intersection(b).count(), total)
}

/// How much of `part` is found in `whole`, 0–100.
pub(crate) fn share_found(part: &str, whole: &str) -> u8 {
    let (part, whole) = (stem_set(part), stem_set(whole));
    if part.is_empty() {
        return 0;
    }
    percent(ratio(part.intersection(&whole).count(), part.len()))
}

/// How many stems two texts share.
pub(crate) fn shared(a: &str, b: &str) -> usize {
    stem_set(a).intersection(&stem_set(b)).count()
}

/// `a / b` of two counts.
pub(crate) fn ratio(a: usize, b: usize) -> f64 {
    let number = |n: usize| u32::try_from(n).map_or(f64::from(u32::MAX), f64::from);
    if b == 0 { 0.0 } else { number(a) / number(b) }
}

/// 0.0–1.0 as 0–100.
pub(crate) fn percent(share: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0–100 before the cast"
    )]
    let percent = (share * 100.0).round().clamp(0.0, 100.0) as u8;
    percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_have_one_stem() {
        for group in [
            ["qualification", "qualified", "qualify"],
            ["approval", "approved", "approve"],
            ["payment", "paying", "pay"],
            ["suppliers", "vendor", "supplier"],
            ["shipped", "shipping", "ship"],
            ["creation", "created", "create"],
            ["policies", "policy", "policy"],
        ] {
            let stems: BTreeSet<String> = group.iter().map(|word| stem(word)).collect();
            assert_eq!(stems.len(), 1, "{group:?} {stems:?}");
        }
    }

    #[test]
    fn likeness_ignores_order_endings_and_small_words() {
        assert_eq!(
            likeness("Check the invoice against the order.", "Checking invoices against an order"),
            100
        );
        assert!(likeness("Pay the vendor", "Water the plants") < 20);
        assert_eq!(share_found("vendor invoice", "Approve each invoice of a vendor"), 100);
    }
}
