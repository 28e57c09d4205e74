//! Names of units and currencies, and what one of them is worth in the unit it is compared in. Days, business days, weeks,
//! months and years stay apart: their ratios are not fixed.

use super::decimal::Decimal;
use crate::text::language::table;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The unit it is compared in: `s`, `day`, `EUR`.
    pub(super) name: &'static str,
    /// How many of those one is.
    pub(super) factor: Decimal,
    pub(super) money: bool,
}

impl Unit {
    /// Its name where it is not converted: the third hour is not the third minute.
    pub(super) fn own_name(self) -> &'static str {
        match self.name {
            "s" if self.factor == Decimal::whole(3600) => "hour",
            "s" if self.factor == Decimal::whole(60) => "minute",
            name => name,
        }
    }
}

#[derive(Default)]
struct Names {
    /// In lower case.
    words: HashMap<String, Unit>,
    /// One or two letters, and names with signs: capitals matter.
    exact: HashMap<&'static str, Unit>,
    /// Names in scripts without spaces, longest first.
    unspaced: Vec<(&'static str, Unit)>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names::default();
    for line in include_str!("../data/units.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(3, '|').map(str::trim);
        let (Some(name), Some(factor), Some(all)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let Some(factor) = Decimal::parse(factor) else { continue };
        let unit = Unit { name, factor, money: false };
        all.split(',').for_each(|written| names.add(written.trim(), unit));
    }
    for (code, all) in table(include_str!("../data/currencies.txt")) {
        let unit = Unit { name: code, factor: Decimal::whole(1), money: true };
        names.exact.insert(code, unit);
        for written in all.split_whitespace() {
            if written.chars().any(is_unspaced) {
                names.unspaced.push((written, unit));
            } else {
                names.words.insert(written.to_lowercase(), unit);
            }
        }
    }
    names.unspaced.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names
});

impl Names {
    fn add(&mut self, written: &'static str, unit: Unit) {
        let signs = written.chars().any(|c| !c.is_alphabetic() && c != ' ');
        if written.chars().any(is_unspaced) {
            self.unspaced.push((written, unit));
        } else if written.chars().count() <= 2 || signs {
            self.exact.insert(written, unit);
        } else {
            self.words.insert(written.to_lowercase(), unit);
        }
    }
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The unit `written` names, which may be several words parted by single spaces.
pub(super) fn unit(written: &str) -> Option<Unit> {
    let exact = NAMES.exact.get(written);
    exact.or_else(|| NAMES.words.get(&written.to_lowercase())).copied()
}

/// The unit a text begins with, in a script that parts no words, and its length in bytes.
pub(super) fn unspaced(rest: &str) -> Option<(Unit, usize)> {
    let first = rest.chars().next().filter(|c| is_unspaced(*c) || *c == ' ' || *c == '\u{a0}')?;
    let start = if is_unspaced(first) { 0 } else { first.len_utf8() };
    let bare = rest.get(start..)?;
    let found = NAMES.unspaced.iter().find(|(name, _)| bare.starts_with(name));
    found.map(|(name, unit)| (*unit, start + name.len()))
}

/// Whether `word` is the name of a unit or a currency.
pub(crate) fn is_unit(word: &str) -> bool {
    unit(word).is_some()
}
