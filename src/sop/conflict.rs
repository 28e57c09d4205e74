//! Contradictions between two SOPs: the same subject with another threshold, deadline, owner or approver
//! (advice), the same trigger or a term with another meaning (blocking). Both places are quoted. Against a draft that
//! nobody has signed every contradiction is advice: whoever signs first wins, and the other is told then.

use super::facts::{Fact, FactKind};
use super::id::{SopId, Version};
use super::measure::{Measure, Sense, measures, same_amount};
use super::phrases::content;
use crate::contract::{Finding, Severity};
use crate::sop::Section;
use std::collections::{BTreeMap, BTreeSet};

/// The facts of another SOP, or those of them that share a key with ours.
#[derive(Clone, Debug)]
pub struct TheirFacts {
    /// Its id.
    pub id: SopId,
    /// Its version.
    pub version: Version,
    /// Whose unfinished work it is, `M-2026-1120-leads by cro`; nothing for a version that is in force. What nobody has
    /// signed binds nobody: it gives advice alone.
    pub draft: Option<String>,
    /// Facts in any order.
    pub facts: Vec<Fact>,
}

/// The key under which a fact is indexed: facts with different keys never contradict each other.
pub type FactKey<'a> = (FactKind, &'a str);

/// The key of `fact`.
pub fn key(fact: &Fact) -> FactKey<'_> {
    (fact.kind, fact.subject.as_str())
}

/// Where the SOP `own` with the facts `mine` contradicts another one. Versions of one SOP do not contradict
/// each other.
pub fn conflicts(own: &SopId, mine: &[Fact], theirs: &TheirFacts) -> Vec<Finding> {
    if *own == theirs.id {
        return Vec::new();
    }
    let (mine, others) = (by_key(mine), by_key(&theirs.facts));
    let mut found: Vec<Finding> = mine
        .iter()
        .filter_map(|(key, mine)| contradiction(mine, others.get(key)?).map(|(a, b)| finding(a, b, theirs)))
        .collect();
    found.dedup_by(|a, b| a.code == b.code && a.quote == b.quote && a.other == b.other);
    found
}

fn by_key(facts: &[Fact]) -> BTreeMap<FactKey<'_>, Vec<&Fact>> {
    let mut map: BTreeMap<FactKey<'_>, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        map.entry(key(fact)).or_default().push(fact);
    }
    map
}

/// Two facts of one key that contradict each other. Where any two agree there is no contradiction: each SOP
/// may lay down several values for cases that its words tell apart better than we do.
fn contradiction<'a>(mine: &[&'a Fact], theirs: &[&'a Fact]) -> Option<(&'a Fact, &'a Fact)> {
    let pairs = || mine.iter().flat_map(|a| theirs.iter().map(move |b| (*a, *b)));
    let kind = mine.first()?.kind;
    if kind == FactKind::Trigger {
        return pairs().next();
    }
    if pairs().any(|(a, b)| agree(a, b)) {
        return None;
    }
    pairs().find(|(a, b)| match kind {
        FactKind::Term => contradicting_terms(a, b),
        FactKind::Threshold => same_consequence(a, b),
        FactKind::Deadline | FactKind::Owner | FactKind::Approver | FactKind::Trigger => true,
    })
}

fn agree(a: &Fact, b: &Fact) -> bool {
    match a.kind {
        FactKind::Deadline | FactKind::Threshold => same_amount(&a.value, &b.value),
        FactKind::Term | FactKind::Owner | FactKind::Approver | FactKind::Trigger => a.value == b.value,
    }
}

/// Least share of the shorter rule's words that two rules about one amount have in common.
const SAME_RULE: f64 = 0.5;

/// Whether two thresholds decide the same thing: an amount may lead to several things.
fn same_consequence(a: &Fact, b: &Fact) -> bool {
    let subject: Vec<&str> = a.subject.split([' ', '|']).collect();
    let rest = |fact: &Fact| {
        let mut words = content(&fact.quote);
        words.retain(|word| !subject.contains(&word.as_str()));
        words
    };
    !other_people(&a.quote, &b.quote) && overlap(&rest(a), &rest(b)).is_some_and(|share| share >= SAME_RULE)
}

/// Whether both name who acts, and name others: larger amounts often go to higher ranks.
fn other_people(a: &str, b: &str) -> bool {
    let people = |text: &str| -> BTreeSet<String> {
        let words = super::tokens::words(text);
        let after_by = words.windows(2).filter_map(|pair| match pair {
            [by, who] if by == "by" => Some(who.clone()),
            _ => None,
        });
        let ids =
            words.iter().filter(|word| word.contains('.') && word.starts_with(char::is_alphabetic)).cloned();
        after_by.chain(ids).collect()
    };
    let (a, b) = (people(a), people(b));
    !a.is_empty() && !b.is_empty() && a.is_disjoint(&b)
}

/// Share of the smaller set that is in the other; `None` when one of them is empty.
fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> Option<f64> {
    let smaller = a.len().min(b.len());
    let shared = u32::try_from(a.intersection(b).count()).unwrap_or(0);
    (smaller > 0).then(|| f64::from(shared) / f64::from(u32::try_from(smaller).unwrap_or(u32::MAX)))
}

/// Below this share of common words two definitions speak of different things.
const OTHER_MEANING: f64 = 0.2;
/// From this share on they speak of the same, and a `not` in one of them turns it round.
const SAME_MEANING: f64 = 0.5;

const NEGATIONS: [&str; 9] =
    ["not", "no", "without", "except", "excluded", "excluding", "never", "neither", "nobody"];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Other amounts, other weekdays, the opposite, or another thing altogether. Other words are not enough.
fn contradicting_terms(a: &Fact, b: &Fact) -> bool {
    let (amounts_a, amounts_b) = (measures(&a.value), measures(&b.value));
    if other_amounts(&amounts_a, &amounts_b) || other_weekdays(&a.value, &b.value) {
        return true;
    }
    let negations =
        |text: &str| super::tokens::words(text).iter().any(|word| NEGATIONS.contains(&word.as_str()));
    let term: Vec<&str> = a.subject.split(' ').collect();
    let words = |fact: &Fact| {
        let mut words = content(&fact.value);
        words.retain(|word| !term.contains(&word.as_str()) && !NEGATIONS.contains(&word.as_str()));
        words
    };
    let share = overlap(&words(a), &words(b));
    let turned = negations(&a.value) != negations(&b.value);
    let amounts = !amounts_a.is_empty() && !amounts_b.is_empty();
    share.is_some_and(|share| (turned && share >= SAME_MEANING) || (!amounts && share < OTHER_MEANING))
}

fn other_amounts(a: &[Measure], b: &[Measure]) -> bool {
    let compares = |measures: &[Measure]| measures.iter().any(|one| one.sense != Sense::Plain);
    let apart =
        a.iter().all(|one| b.iter().all(|two| two.dimension != one.dimension && two.dimension != "clock"));
    if !a.is_empty() && !b.is_empty() && apart && (compares(a) || compares(b)) {
        return true;
    }
    a.iter().any(|one| {
        let mut same_kind = b.iter().filter(|two| two.dimension == one.dimension).peekable();
        same_kind.peek().is_some() && same_kind.all(|two| !same_amount(&one.amount, &two.amount))
    })
}

fn other_weekdays(a: &str, b: &str) -> bool {
    let days = |text: &str| {
        let words = super::tokens::words(text);
        WEEKDAYS.map(|day| words.iter().any(|word| word.trim_end_matches('s') == day))
    };
    let (a, b) = (days(a), days(b));
    a.contains(&true) && b.contains(&true) && a != b
}

fn finding(mine: &Fact, other: &Fact, theirs: &TheirFacts) -> Finding {
    let (code, severity, what) = match mine.kind {
        FactKind::Term => ("conflicting_term", Severity::Blocking, "give one term two meanings"),
        FactKind::Threshold => {
            ("conflicting_threshold", Severity::Advisory, "set two thresholds for one thing")
        }
        FactKind::Deadline => ("conflicting_deadline", Severity::Advisory, "set two deadlines for one thing"),
        FactKind::Owner => ("conflicting_owner", Severity::Advisory, "name two owners of one thing"),
        FactKind::Approver => ("conflicting_approver", Severity::Advisory, "name two approvers of one thing"),
        FactKind::Trigger => ("same_trigger", Severity::Blocking, "start at the same event"),
    };
    let name = match &theirs.draft {
        None => format!("{} v{}", theirs.id, theirs.version),
        Some(whose) => format!("{} v{}, an open draft of {whose}", theirs.id, theirs.version),
    };
    let severity = if theirs.draft.is_some() { Severity::Advisory } else { severity };
    let message = format!(
        "Line {} here and line {} of {name} {what}; agree on one, or say in both how they differ.",
        mine.line, other.line
    );
    Finding {
        code: code.to_owned(),
        severity,
        section: section(mine.kind),
        message,
        quote: mine.quote.clone(),
        other: Some(format!("{name}, line {}: \"{}\"", other.line, other.quote)),
    }
}

fn section(kind: FactKind) -> Option<Section> {
    match kind {
        FactKind::Term => Some(Section::Scope),
        FactKind::Trigger => Some(Section::Trigger),
        FactKind::Threshold | FactKind::Deadline | FactKind::Owner | FactKind::Approver => None,
    }
}

#[cfg(test)]
mod corpus;
