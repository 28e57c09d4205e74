//! Turns what somebody wrote about work ("the clerk checks it", "it is checked", "check it") into one form:
//! who, and an order that starts with a verb. Sentences that tell of no work are left alone.

use super::predicate::main_clause;
use super::verbs::{Form, base_of};

/// A sentence about work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    /// Who does it, as written; `None` where the sentence does not say or says `we`.
    pub(crate) actor: Option<String>,
    /// The order: starts with a base verb in lower case, no full stop.
    pub(crate) order: String,
    /// `if …`, `when …`, `after …`: what stood before the main clause.
    pub(crate) condition: Option<String>,
    /// It must never be done.
    pub(crate) never: bool,
    /// The writer said must, or gave an order.
    pub(crate) binding: bool,
}

impl Clause {
    /// One sentence that starts with a capital verb (or its condition) and ends with a full stop.
    pub(crate) fn sentence(&self) -> String {
        let never = if self.never { "never " } else { "" };
        let order = match &self.actor {
            Some(actor) if self.never => format!("make sure that {actor} never {}", as_third(&self.order)),
            Some(actor) => format!("have {actor} {}", self.order),
            None => format!("{never}{}", self.order),
        };
        match &self.condition {
            Some(condition) => full_stop(&capital(&format!("{condition}, {order}"))),
            None => full_stop(&capital(&order)),
        }
    }
}

/// `check the order` → `checks the order`, for the few sentences that keep their subject.
fn as_third(order: &str) -> String {
    match order.split_once(' ') {
        Some((verb, rest)) => format!("{verb}s {rest}"),
        None => format!("{order}s"),
    }
}

/// `text` with a capital first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `text` with a lower-case first letter, unless its first word is an abbreviation or a name with capitals inside.
pub(crate) fn uncapital(text: &str) -> String {
    let first_word = text.split_whitespace().next().unwrap_or_default();
    if first_word == "I" || first_word.chars().skip(1).any(char::is_uppercase) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// `text` with exactly one mark at its end.
pub(crate) fn full_stop(text: &str) -> String {
    let text = text.trim().trim_end_matches([',', ';', ':', ' ']);
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
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

pub(crate) const CONDITIONS: [&str; 22] = [
    "if", "when", "whenever", "once", "after", "before", "on", "at", "in", "within", "every", "for", "until",
    "by", "during", "unless", "as", "where", "from", "upon", "with", "without",
];

pub(crate) const DETERMINERS: [&str; 18] = [
    "the", "a", "an", "our", "their", "each", "every", "all", "his", "her", "its", "my", "your", "any",
    "some", "this", "that", "these",
];

/// Subjects that say no more than "whoever has the task".
pub(crate) const NOBODY_IN_PARTICULAR: [&str; 8] =
    ["we", "i", "you", "they", "somebody", "someone", "everybody", "everyone"];

/// Reads one sentence; several clauses where its parts have subjects of their own. Empty when it tells of no
/// work.
pub(crate) fn clauses(sentence: &str) -> Vec<Clause> {
    super::pieces::pieces(sentence).iter().filter_map(|piece| clause(piece)).collect()
}

/// Cuts `verify the caller, set a password and log it` into its three orders.
pub(crate) fn coordinated_orders(order: &Clause) -> Vec<Clause> {
    let mut pieces: Vec<Vec<&str>> = vec![Vec::new()];
    let tokens: Vec<&str> = order.order.split_whitespace().collect();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| tokens.get(at)).copied().unwrap_or_default();
        let joint = before.ends_with(',') || before == "and" || before == "then";
        let object_follows = tokens.get(index + 1).is_some_and(|next| {
            DETERMINERS.contains(&bare(next).as_str())
                || ["it", "them", "for", "to", "up"].contains(&bare(next).as_str())
        });
        if joint && object_follows && base_of(&bare(token), Form::Base).is_some() {
            pieces.push(Vec::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(token);
        }
    }
    let clean = |piece: Vec<&str>| {
        let text = piece.join(" ");
        let text = text.trim_end_matches(" and").trim_end_matches(" then").trim_end_matches([',', ' ']);
        Clause { order: joined(text), ..order.clone() }
    };
    pieces.into_iter().filter(|piece| !piece.is_empty()).map(clean).collect()
}

/// `water the plants, wipe the leaves`, left over from a longer list, gets its `and` back.
fn joined(order: &str) -> String {
    match order.rsplit_once(", ") {
        Some((head, tail)) if !order.contains(" and ") => {
            let verb = tail.split(' ').next().unwrap_or_default();
            let link = if base_of(verb, Form::Base).is_some() { " and " } else { ", " };
            format!("{head}{link}{tail}")
        }
        _ => order.to_owned(),
    }
}

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

/// Replaces the first lone `it` by the noun it stands for.
pub(crate) fn pronoun_resolved(order: &str, noun: &str) -> String {
    let mut done = false;
    let tokens = order.split(' ').map(|token| {
        let is_it = ["it", "it,"].contains(&token);
        if done || !is_it {
            return token.to_owned();
        }
        done = true;
        token.replacen("it", noun, 1)
    });
    tokens.collect::<Vec<_>>().join(" ")
}

pub(crate) fn bare(token: &str) -> String {
    token.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Departments are written in lower case and without an article.
const DEPARTMENTS: [&str; 15] = [
    "finance",
    "purchasing",
    "procurement",
    "legal",
    "sales",
    "marketing",
    "support",
    "engineering",
    "operations",
    "accounting",
    "security",
    "product",
    "hr",
    "payroll",
    "recruiting",
];

/// Whether a word names a department.
pub(crate) fn is_department(token: &str) -> bool {
    DEPARTMENTS.contains(&bare(token).as_str())
}

/// Whether a subject can begin with this word in the middle of a sentence.
pub(crate) fn starts_subject(token: &str) -> bool {
    is_department(token)
        || DETERMINERS.contains(&bare(token).as_str())
        || NOBODY_IN_PARTICULAR.contains(&bare(token).as_str())
        || super::pieces::NUMBERS.contains(&bare(token).as_str())
        || bare(token) == "whoever"
        || token.chars().next().is_some_and(char::is_uppercase)
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
