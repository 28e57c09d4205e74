//! Turns what somebody wrote about work ("the clerk checks it", "it is checked", "check it") into one form:
//! who, and an order that starts with a verb. Sentences that tell of no work are left alone.

use super::clause::{Clause, pronoun_resolved};
use super::predicate::main_clause;
use super::small_words::{CONDITIONS, bare, starts_subject};
use crate::base::text::uncapital;

/// Reads one sentence with one subject; `None` when it tells of no work.
pub(crate) fn clause(sentence: &str) -> Option<Clause> {
    let plainer = plainer(sentence);
    let text = plainer.trim().trim_end_matches(['.', ';', '!', ' ']);
    if text.ends_with('?') {
        return None;
    }
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let tokens = without_connectors(&tokens);
    let first = bare(tokens.first()?);
    if CONDITIONS.contains(&first.as_str())
        && let Some(found) = conditional(tokens)
    {
        return Some(found);
    }
    main_clause(tokens)
}

const CONNECTORS: [&str; 18] = [
    "and",
    "then",
    "also",
    "so",
    "next",
    "finally",
    "first",
    "afterwards",
    "please",
    "oh,",
    "oh",
    "but",
    "but,",
    "anyway,",
    "lastly",
    "secondly",
    "now",
    "plus",
];

/// Everyday phrases whose verb says too little, and what they mean.
const PLAINER: [(&str, &str); 12] = [
    (" happens within ", " is held within "),
    (" happen within ", " are held within "),
    (" takes place ", " is held "),
    (" take place ", " are held "),
    (" goes out ", " is sent out "),
    (" go out ", " are sent out "),
    (" goes to ", " is sent to "),
    (" go to ", " are sent to "),
    (" goes into ", " is put into "),
    (" go into ", " are put into "),
    (" see whether ", " check whether "),
    (" see if ", " check whether "),
];

/// The sentence with a telling verb in place of each everyday phrase.
pub(crate) fn plainer(sentence: &str) -> String {
    let text = format!(" {} ", sentence.trim());
    let text = PLAINER.iter().fold(text, |text, (said, meant)| text.replace(said, meant));
    text.trim().to_owned()
}

fn without_connectors<'a, 'b>(mut tokens: &'a [&'b str]) -> &'a [&'b str] {
    while let [first, rest @ ..] = tokens {
        let lower = first.to_lowercase();
        if !CONNECTORS.contains(&lower.trim_end_matches(',')) && !CONNECTORS.contains(&lower.as_str()) {
            break;
        }
        tokens = rest;
    }
    tokens
}

/// `If …, main` and, where the comma is missing, the first cut at which a main clause with a subject begins.
fn conditional(tokens: &[&str]) -> Option<Clause> {
    let comma = tokens.iter().position(|token| token.ends_with(','));
    let moment = tokens.first().is_some_and(|first| {
        ["on", "before", "after", "at", "in", "every", "from", "within"].contains(&bare(first).as_str())
    });
    if let Some(found) = uncut(tokens, comma).filter(|_| moment) {
        return Some(found);
    }
    if let Some(at) = comma {
        let (condition, main) = tokens.split_at_checked(at + 1)?;
        if let Some(found) = main_clause(without_connectors(main)) {
            return Some(with_condition(found, condition));
        }
    }
    uncut(tokens, comma)
}

/// The first cut before the comma at which a main clause with a subject begins.
fn uncut(tokens: &[&str], comma: Option<usize>) -> Option<Clause> {
    let latest = comma.unwrap_or(tokens.len()).min(9);
    (2..latest).find_map(|at| {
        let (condition, main) = tokens.split_at_checked(at)?;
        let starts = main.first().is_some_and(|token| starts_subject(token));
        let found = main_clause(main).filter(|_| starts)?;
        Some(with_condition(found, condition))
    })
}

fn with_condition(mut clause: Clause, condition: &[&str]) -> Clause {
    let condition = condition.join(" ");
    let condition = uncapital(condition.trim_end_matches(','));
    if let Some(noun) = subject_of(&condition) {
        clause.order = pronoun_resolved(&clause.order, &noun);
    }
    clause.condition = Some(condition);
    clause
}

/// `when an invoice comes in` → `the invoice`: what an `it` after it means.
fn subject_of(condition: &str) -> Option<String> {
    let mut tokens = condition.split_whitespace().skip(1);
    tokens.next().filter(|token| ["a", "an", "the"].contains(token))?;
    let noun = tokens.next()?;
    Some(format!("the {noun}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_form_the_order_is_the_same() {
        for (said, order) in [
            ("Check the order.", "Check the order."),
            ("We check the order.", "Check the order."),
            ("Then the clerk checks the order and logs it.", "Have the clerk check the order and log it."),
            ("The order must be checked first.", "Check the order first."),
            (
                "The order is checked by the clerk within 2 days.",
                "Have the clerk check the order within 2 days.",
            ),
            ("Passwords are never sent by e-mail.", "Never send passwords by e-mail."),
            (
                "If the count differs, purchasing is called at once.",
                "If the count differs, call purchasing at once.",
            ),
            (
                "When an invoice comes in, the clerk enters it.",
                "When an invoice comes in, have the clerk enter the invoice.",
            ),
            ("On day one HR walks through the contract.", "On day one, have HR walk through the contract."),
            (
                "On the fifth the CFO writes the commentary.",
                "On the fifth, have the CFO write the commentary.",
            ),
            (
                "If personal data are involved Legal signs the agreement first.",
                "If personal data are involved, have Legal sign the agreement first.",
            ),
            ("Somebody has to collect the laptop.", "Collect the laptop."),
        ] {
            assert_eq!(clause(said).map(|c| c.sentence()).as_deref(), Some(order), "{said}");
        }
    }

    #[test]
    fn stories_and_complaints_are_no_orders() {
        for said in [
            "We argue every week about which leads sales should call.",
            "Everyone likes cake.",
            "Nobody remembers whose birthday it is.",
            "The board gets its numbers late.",
            "The credit checks are late.",
            "Who may give them?",
            "It would be lovely if this were better organised!",
        ] {
            assert_eq!(clause(said), None, "{said}");
        }
    }
}
