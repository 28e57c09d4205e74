//! The text while it is read: each reader takes what it knows and blots it out for the next ones.

use super::comparator;
use super::convention::Convention;
use super::decimal::Decimal;
use super::folded::Folded;
use super::{Kind, Quantity, Value};
use regex::{Captures, Regex};
use std::ops::Range;

/// Something read, by its place in the folded text.
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    pub(super) readings: Vec<Value>,
    pub(super) unit: Option<String>,
    pub(super) plain: Vec<Decimal>,
    pub(super) in_words: bool,
}

impl Found {
    pub(super) fn new(kind: Kind, range: Range<usize>, readings: Vec<Value>) -> Self {
        Self { range, kind, readings, unit: None, plain: Vec::new(), in_words: false }
    }
}

/// A text being read.
pub(super) struct Scan {
    pub(super) convention: Convention,
    whole: String,
    text: Folded,
    found: Vec<Found>,
}

impl Scan {
    pub(super) fn new(text: &str, convention: Convention) -> Self {
        let text = Folded::new(text);
        Self { convention, whole: text.as_str().to_owned(), text, found: Vec::new() }
    }

    /// What is left to be read.
    pub(super) fn text(&self) -> &str {
        self.text.as_str()
    }

    /// Offers each match of `pattern` to `read`. What that finds must lie within the match.
    pub(super) fn each(
        &mut self,
        pattern: Option<&Regex>,
        read: impl Fn(&Self, &Captures<'_>) -> Option<Found>,
    ) {
        let Some(pattern) = pattern else { return };
        let found =
            pattern.captures_iter(self.text.as_str()).filter_map(|found| read(self, &found)).collect();
        self.take(found);
    }

    /// Keeps what was found, and blots it out.
    pub(super) fn take(&mut self, found: Vec<Found>) {
        if !found.is_empty() {
            self.text.blot(found.iter().map(|one| one.range.clone()));
            self.found.extend(found);
        }
    }

    pub(super) fn finish(mut self, original: &str) -> Vec<Quantity> {
        self.found.sort_by_key(|one| one.range.start);
        let quantity = |one: Found| {
            let range = self.text.original(&one.range);
            Quantity {
                kind: one.kind,
                readings: one.readings,
                unit: one.unit,
                comparator: comparator::around(&self.whole, &one.range),
                in_words: one.in_words,
                text: original.get(range.clone()).unwrap_or_default().to_owned(),
                range,
                plain: one.plain,
            }
        };
        self.found.into_iter().filter(|one| !one.readings.is_empty()).map(quantity).collect()
    }
}

/// The character before `at`.
pub(super) fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

/// The character at `at`.
pub(super) fn after(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}
