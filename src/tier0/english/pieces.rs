//! Cuts a sentence where a new subject with a verb of its own begins: `HR tells IT the day, IT collects the laptop`
//! is the work of two people, and `…, who approves it` is the work of whoever was named last.

use super::clause::Clause;
use super::predicate::{BE, MODALS, is_plural, is_subject};
use super::reading::{clause, plainer};
use super::small_words::{DETERMINERS, NUMBERS, bare, is_department, starts_subject};
use super::verbs::{Form, base_of};

/// Longest subject that begins a clause in the middle of a sentence.
const LONGEST_INNER: usize = 6;

/// Reads one sentence; several clauses where its parts have subjects of their own. Empty when it tells of no
/// work.
pub(crate) fn clauses(sentence: &str) -> Vec<Clause> {
    pieces(sentence).iter().filter_map(|piece| clause(piece)).collect()
}

/// The sentence cut into clauses; itself where it has only one subject.
pub(crate) fn pieces(sentence: &str) -> Vec<String> {
    let sentence = plainer(sentence);
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let mut found: Vec<String> = Vec::new();
    let mut start = 0;
    for at in 1..tokens.len() {
        let Some(next) = boundary(&tokens, at) else { continue };
        let (Some(left), Some(right)) = (tokens.get(start..at), tokens.get(next..)) else { continue };
        let left = left.join(" ");
        if next < start || clause(&left).is_none() || !begins_clause(right) {
            continue;
        }
        found.push(left.trim_end_matches([',', ';']).to_owned());
        start = next;
    }
    let rest = tokens.get(start..).unwrap_or_default().join(" ");
    found.push(rest);
    who_named(found)
}

/// Where the next clause would begin if the sentence were cut before `at`.
fn boundary(tokens: &[&str], at: usize) -> Option<usize> {
    let before = tokens.get(at.checked_sub(1)?)?;
    let marked = before.ends_with([',', ';']);
    let joins = |token: &&str| ["and", "then", "but"].contains(&bare(token).as_str());
    let links = tokens.get(at..)?.iter().take_while(|token| joins(token)).count();
    (marked || links > 0).then_some(at + links)
}

/// Whether `tokens` begin with a subject and a finite verb.
fn begins_clause(tokens: &[&str]) -> bool {
    let Some(first) = tokens.first() else { return false };
    let word = bare(first);
    if word == "who" {
        return tokens.get(1).is_some_and(|next| base_of(&bare(next), Form::Third).is_some());
    }
    let condition = ["if", "when", "once", "unless", "after", "before", "from"].contains(&word.as_str());
    if condition {
        return clause(&tokens.join(" ")).is_some();
    }
    let many = word.len() > 3 && word.ends_with('s') && base_of(&word, Form::Third).is_none();
    if !(starts_subject(first) || word == "one" || NUMBERS.contains(&word.as_str()) || many) {
        return false;
    }
    (1..=LONGEST_INNER.min(tokens.len().saturating_sub(1))).any(|at| finite(tokens, at))
}

/// Whether `tokens[at]` is the finite verb of the subject before it.
fn finite(tokens: &[&str], at: usize) -> bool {
    let Some((subject, rest)) = tokens.split_at_checked(at) else { return false };
    let [head, after, ..] = rest else { return false };
    let last = subject.last().map(|token| bare(token)).unwrap_or_default();
    if !is_subject(subject) || ["and", "or", "to", "of"].contains(&last.as_str()) {
        return false;
    }
    let (word, next) = (bare(head), bare(after));
    if BE.contains(&word.as_str()) || MODALS.contains(&word.as_str()) {
        return true;
    }
    let third = base_of(&word, Form::Third).is_some() && !is_plural(subject);
    let base = base_of(&word, Form::Base).is_some()
        && is_plural(subject)
        && (DETERMINERS.contains(&next.as_str()) || at <= 2);
    !BE.contains(&next.as_str()) && !DETERMINERS.contains(&last.as_str()) && (third || base)
}

/// `who approves it` → `the line manager approves it`, named at the end of the piece before.
fn who_named(found: Vec<String>) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for piece in found {
        let who = named.last().and_then(|before| last_person(before));
        match (piece.strip_prefix("who "), who) {
            (Some(rest), Some(who)) => named.push(format!("{who} {rest}")),
            _ => named.push(piece),
        }
    }
    named
}

/// `sends it to the head of sales` → `the head of sales`.
fn last_person(piece: &str) -> Option<String> {
    let tokens: Vec<&str> = piece.trim_end_matches([',', '.']).split_whitespace().collect();
    let article = tokens.iter().rposition(|token| ["the", "their", "a", "an"].contains(token));
    let name = match article.filter(|at| tokens.len() - at <= 5) {
        Some(at) => tokens.get(at..)?,
        None => tokens
            .get(tokens.len().checked_sub(1)?..)
            .filter(|last| last.iter().all(|token| is_department(token)))?,
    };
    Some(name.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_with_a_verb_of_its_own_begins_a_piece() {
        for (said, cut) in [
            (
                "HR tells IT the last day, IT collects the laptop within two days, wipes it and puts it back.",
                vec![
                    "HR tells IT the last day",
                    "IT collects the laptop within two days, wipes it and puts it back.",
                ],
            ),
            (
                "The traveller writes the dates to the line manager, who approves within two days.",
                vec![
                    "The traveller writes the dates to the line manager",
                    "the line manager approves within two days.",
                ],
            ),
            (
                "The front desk takes name, outlet, deadline and question, and passes it to marketing.",
                vec!["The front desk takes name, outlet, deadline and question, and passes it to marketing."],
            ),
            (
                "When a customer asks, the agent looks up the order, the lead approves it, and finance pays the money.",
                vec![
                    "When a customer asks, the agent looks up the order",
                    "the lead approves it",
                    "finance pays the money.",
                ],
            ),
            (
                "It is sent on Tuesday, and bounces are removed from the list.",
                vec!["It is sent on Tuesday, and bounces are removed from the list."],
            ),
            (
                "The draft is sent on Tuesday, and bounces are removed from the list.",
                vec!["The draft is sent on Tuesday", "bounces are removed from the list."],
            ),
        ] {
            assert_eq!(pieces(said), cut, "{said}");
        }
    }
}
