//! Sentences of one requester that cannot both hold. Only what words can show is found: a correction
//! (`no, make that 14 days`), and `all …` beside `no …` about the same thing.

use super::material::Material;
use crate::tier0::english::clause::Clause;
use crate::tier0::english::figures::figures;
use crate::tier0::english::words::{is_generic, likeness, stem_set, words};

/// Pairs of sentences, each as it was read, the later one second.
pub(crate) fn found(material: &Material) -> Vec<(String, String)> {
    let steps = material.steps.iter().flat_map(|step| &step.orders).map(Clause::sentence);
    let sentences: Vec<String> =
        material.trigger.iter().cloned().chain(material.rules.iter().cloned()).chain(steps).collect();
    let mut pairs = Vec::new();
    for (index, first) in sentences.iter().enumerate() {
        for second in sentences.iter().skip(index + 1) {
            if contradict(first, second) {
                pairs.push((first.clone(), second.clone()));
            }
        }
    }
    pairs
}

fn contradict(a: &str, b: &str) -> bool {
    correction(a, b) || (all_and_none(a, b) || all_and_none(b, a)) || other_figure(a, b)
}

/// Whether a sentence takes back a figure of the one before.
pub(crate) fn corrects(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["make that", "rather ", "i mean", "correction"].iter().any(|mark| lower.starts_with(mark))
}

/// `Make that 14 days` corrects a sentence with another number of days.
fn correction(a: &str, b: &str) -> bool {
    (corrects(a) || corrects(b))
        && figures(a).iter().any(|x| figures(b).iter().any(|y| x.unit == y.unit && x.value != y.value))
}

fn all_and_none(all: &str, none: &str) -> bool {
    let has = |text: &str, list: &[&str]| words(text).iter().any(|word| list.contains(&word.as_str()));
    let (all_stems, none_stems) = (stem_set(all), stem_set(none));
    let subject = all_stems.intersection(&none_stems).any(|stem| !is_generic(stem) && stem.len() > 3);
    subject
        && has(all, &["all", "everything", "every", "always", "any"])
        && has(none, &["nobody", "no", "not", "without", "none"])
        && !has(all, &["nobody", "not", "never"])
}

/// The same sentence with another figure of the same unit.
fn other_figure(a: &str, b: &str) -> bool {
    likeness(a, b) >= 75
        && figures(a).iter().any(|x| figures(b).iter().any(|y| x.unit == y.unit && x.value != y.value))
}
