//! Turns wished-for things into orders: `a handover meeting` → `hold a handover meeting`,
//! `somebody in customer success named within a day` → `name somebody in customer success within a day`.

use crate::tier0::english::clause::Clause;
use crate::tier0::english::small_words::DETERMINERS;
use crate::tier0::english::verbs::{Form, base_of};

/// Things people wish for, and what has to be done to have them.
const MAKES: [(&str, &[&str]); 6] = [
    ("hold", &["meeting", "call", "talk", "workshop", "review", "interview", "session", "kickoff"]),
    ("write", &["summary", "report", "record", "note", "minutes", "plan", "list", "checklist", "overview"]),
    ("send", &["mail", "message", "reminder", "invitation", "confirmation", "notice", "letter"]),
    ("obtain", &["approval", "signature", "agreement", "quote", "offer", "reference"]),
    ("name", &["owner", "contact", "buddy", "deputy"]),
    ("set", &["deadline", "date", "limit", "target"]),
];

/// The order in a wished-for thing, where we know what has to be done for it.
pub(crate) fn order(thing: &str) -> Option<Clause> {
    let thing = thing.trim().trim_end_matches('.');
    let tokens: Vec<&str> = thing.split_whitespace().collect();
    let order = named_by_participle(&tokens).or_else(|| {
        let known =
            |token: &&str| MAKES.iter().find(|(_, nouns)| nouns.contains(&token.to_lowercase().as_str()));
        let (verb, _) = tokens.iter().find_map(known)?;
        let thing = thing.replace("a written ", "a ");
        Some(format!("{verb} {thing}"))
    })?;
    Some(Clause { actor: None, order, condition: None, never: false, binding: true })
}

/// `graded A, B or C`, said of the thing wished for before it: `grade every return A, B or C`.
pub(crate) fn order_about(thing: &str, part: &str) -> Option<Clause> {
    let (first, rest) = part.trim().trim_end_matches('.').split_once(' ')?;
    let verb = base_of(&first.to_lowercase(), Form::Participle)?;
    let order = format!("{verb} {thing} {rest}");
    Some(Clause { actor: None, order, condition: None, never: false, binding: true })
}

/// What `every return inspected within two days` is about: `every return`.
pub(crate) fn thing_named(wished: &str) -> Option<String> {
    let tokens: Vec<&str> = wished.split_whitespace().collect();
    let determined = tokens.first().is_some_and(|first| DETERMINERS.contains(&first.to_lowercase().as_str()));
    let at =
        tokens.iter().skip(1).position(|token| base_of(&token.to_lowercase(), Form::Participle).is_some())?;
    let thing = tokens.get(..=at)?.join(" ");
    (determined && at > 0).then_some(thing)
}

fn named_by_participle(tokens: &[&str]) -> Option<String> {
    let (at, verb) = tokens.iter().enumerate().skip(2).find_map(|(at, token)| {
        let before = tokens.get(at - 1)?.to_lowercase();
        let passive = !["was", "were", "is", "are", "be", "a", "the"].contains(&before.as_str());
        base_of(&token.to_lowercase(), Form::Participle).filter(|_| passive).map(|verb| (at, verb))
    })?;
    let thing = tokens.get(..at)?.join(" ");
    let rest = tokens.get(at + 1..)?.join(" ");
    Some(format!("{verb} {thing} {rest}").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_become_orders() {
        for (thing, said) in [
            ("a handover meeting", "hold a handover meeting"),
            ("a written summary of what was promised", "write a summary of what was promised"),
            (
                "somebody in customer success named within one business day",
                "name somebody in customer success within one business day",
            ),
        ] {
            assert_eq!(order(thing).map(|o| o.order).as_deref(), Some(said));
        }
        assert_eq!(order("more sunshine"), None);
        let thing = thing_named("every return inspected within two days").unwrap();
        assert_eq!(order_about(&thing, "graded A, B or C").unwrap().order, "grade every return A, B or C");
        assert_eq!(thing_named("more sunshine"), None);
    }
}
