//! Turns what somebody wrote about work ("the clerk checks it", "it is checked", "check it") into one form:
//! who, and an order that starts with a verb. Sentences that tell of no work are left alone.

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

const CONDITIONS: [&str; 22] = [
    "if", "when", "whenever", "once", "after", "before", "on", "at", "in", "within", "every", "for", "until",
    "by", "during", "unless", "as", "where", "from", "upon", "with", "without",
];

const MODALS: [&str; 10] = ["must", "has", "have", "needs", "need", "should", "shall", "will", "can", "may"];

const BE: [&str; 8] = ["is", "are", "be", "gets", "get", "was", "were", "been"];

const DETERMINERS: [&str; 18] = [
    "the", "a", "an", "our", "their", "each", "every", "all", "his", "her", "its", "my", "your", "any",
    "some", "this", "that", "these",
];

/// Subjects that say no more than "whoever has the task".
const NOBODY_IN_PARTICULAR: [&str; 8] =
    ["we", "i", "you", "they", "somebody", "someone", "everybody", "everyone"];

/// Reads one sentence; several clauses where its parts have subjects of their own. Empty when it tells of no
/// work.
pub(crate) fn clauses(sentence: &str) -> Vec<Clause> {
    for mark in [", and ", "; ", " and ", ", then "] {
        for (at, _) in sentence.match_indices(mark) {
            let (Some(left), Some(right)) = (sentence.get(..at), sentence.get(at + mark.len()..)) else {
                continue;
            };
            let own_subject = right
                .split_whitespace()
                .next()
                .is_some_and(|token| starts_subject(token) || CONDITIONS.contains(&bare(token).as_str()));
            if own_subject
                && base_of(&bare(left.split_whitespace().last().unwrap_or_default()), Form::Base).is_none()
                && let (Some(first), rest) = (clause(left), clauses(right))
                && !rest.is_empty()
            {
                return std::iter::once(first).chain(rest).collect();
            }
        }
    }
    clause(sentence).into_iter().collect()
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
        Clause { order: text.to_owned(), ..order.clone() }
    };
    pieces.into_iter().filter(|piece| !piece.is_empty()).map(clean).collect()
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

/// Reads one sentence with one subject; `None` when it tells of no work.
pub(crate) fn clause(sentence: &str) -> Option<Clause> {
    let plainer = PLAINER
        .iter()
        .fold(format!(" {} ", sentence.trim()), |text, (said, meant)| text.replace(said, meant));
    let sentence = plainer.trim();
    let text = sentence.trim().trim_end_matches(['.', ';', '!', ' ']);
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
    if let Some(at) = comma {
        let (condition, main) = tokens.split_at_checked(at + 1)?;
        if let Some(found) = main_clause(without_connectors(main)) {
            return Some(with_condition(found, condition));
        }
    }
    let latest = comma.unwrap_or(tokens.len()).min(9);
    (1..latest).find_map(|at| {
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
    let article = tokens.next().filter(|token| ["a", "an", "the"].contains(token))?;
    let noun = tokens.next()?;
    let _known_article = article;
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

fn bare(token: &str) -> String {
    token.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Departments are written in lower case and without an article.
const DEPARTMENTS: [&str; 14] = [
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
];

fn starts_subject(token: &str) -> bool {
    DEPARTMENTS.contains(&bare(token).as_str())
        || DETERMINERS.contains(&bare(token).as_str())
        || NOBODY_IN_PARTICULAR.contains(&bare(token).as_str())
        || token.chars().next().is_some_and(char::is_uppercase)
}

fn main_clause(tokens: &[&str]) -> Option<Clause> {
    let first = bare(tokens.first()?);
    let second = tokens.get(1).map(|token| bare(token)).unwrap_or_default();
    if base_of(&first, Form::Base).is_some() && !reads_as_noun(tokens) {
        let order = lower_first(tokens);
        return Some(Clause { actor: None, order, condition: None, never: false, binding: true });
    }
    if ["never", "always", "do"].contains(&first.as_str()) {
        let skip = if second == "not" { 2 } else { 1 };
        let rest = tokens.get(skip..)?;
        base_of(&bare(rest.first()?), Form::Base)?;
        let never = first != "always";
        return Some(Clause { actor: None, order: lower_first(rest), condition: None, never, binding: true });
    }
    (1..tokens.len().min(12)).find_map(|at| predicate(tokens, at))
}

/// `Order numbers are …`, `Report to …` followed by a verb form of its own: the first word is no order.
fn reads_as_noun(tokens: &[&str]) -> bool {
    let next: Vec<String> = tokens.iter().skip(1).take(2).map(|token| bare(token)).collect();
    let Some(second) = next.first() else { return false };
    let verbal = |word: &String| BE.contains(&word.as_str()) || MODALS.contains(&word.as_str());
    let third = |word: &String| base_of(word, Form::Third).is_some();
    let determiner_between = DETERMINERS.contains(&second.as_str());
    !determiner_between && (next.iter().any(verbal) || (next.len() == 2 && next.get(1).is_some_and(third)))
}

/// Reads `tokens[..at]` as the subject and `tokens[at..]` as what it does.
fn predicate(tokens: &[&str], at: usize) -> Option<Clause> {
    let (subject, rest) = tokens.split_at_checked(at)?;
    let relative =
        subject.last().is_some_and(|token| ["who", "that", "which"].contains(&bare(token).as_str()));
    if relative || !is_subject(subject) {
        return None;
    }
    let head = bare(rest.first()?);
    if MODALS.contains(&head.as_str()) {
        return modal(subject, rest.get(1..)?);
    }
    if BE.contains(&head.as_str()) {
        return passive(subject, rest.get(1..)?, false).map(|clause| Clause { binding: false, ..clause });
    }
    let form = if base_of(&head, Form::Third).is_some() {
        Form::Third
    } else if base_of(&head, Form::Base).is_some() && is_plural(subject) {
        Form::Base
    } else {
        return None;
    };
    // `the credit checks are late`: a verb right behind shows that this word is the end of the subject.
    let next = rest.get(1).map(|token| bare(token)).unwrap_or_default();
    if BE.contains(&next.as_str()) || MODALS.contains(&next.as_str()) || rest.len() < 2 {
        return None;
    }
    Some(Clause {
        actor: actor(subject),
        order: coordinated(rest, form),
        condition: None,
        never: false,
        binding: false,
    })
}

fn modal(subject: &[&str], rest: &[&str]) -> Option<Clause> {
    let (never, rest) = negation(rest);
    let rest = match rest {
        [to, more @ ..] if bare(to) == "to" => more,
        other => other,
    };
    let head = bare(rest.first()?);
    if head == "be" {
        return passive(subject, rest.get(1..)?, never);
    }
    base_of(&head, Form::Base)?;
    let order = coordinated(rest, Form::Base);
    Some(Clause { actor: actor(subject), order, condition: None, never, binding: true })
}

/// `the count is booked in the ERP` → `book the count in the ERP`.
fn passive(subject: &[&str], rest: &[&str], never: bool) -> Option<Clause> {
    let (negated, rest) = negation(rest);
    let verb = base_of(&bare(rest.first()?), Form::Participle)?;
    let thing = uncapital(&subject.join(" "));
    if ["it", "this", "that", "there", "what"].contains(&thing.as_str()) && never {
        return None;
    }
    let (actor, after) = by_actor(rest.get(1..)?);
    let comma = if rest.first().is_some_and(|token| token.ends_with(',')) { "," } else { "" };
    let many = subject.last().is_some_and(|noun| noun.ends_with('s')) || subject.iter().any(|t| *t == "and");
    let tail = passive_tail(&after, if many { "them" } else { "it" });
    let order = format!("{verb} {thing}{comma} {tail}");
    let order = order.trim().trim_end_matches(',').to_owned();
    Some(Clause { actor, order, condition: None, never: never || negated, binding: true })
}

/// `… and are photographed` in the tail of a passive is turned into `and photograph them`.
fn passive_tail(after: &[String], thing: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut rest = after;
    while let [first, more @ ..] = rest {
        let next_be = more.first().is_some_and(|word| BE.contains(&bare(word).as_str()));
        let participle = more.get(usize::from(next_be)).map(|word| bare(word)).unwrap_or_default();
        if ["and", "then"].contains(&first.as_str())
            && let Some(verb) = base_of(&participle, Form::Participle)
        {
            out.push(format!("{first} {verb} {thing}"));
            rest = more.get(usize::from(next_be) + 1..).unwrap_or_default();
        } else {
            out.push(first.clone());
            rest = more;
        }
    }
    out.join(" ")
}

/// Cuts `by the clerk` off the front of a passive's tail.
fn by_actor(rest: &[&str]) -> (Option<String>, Vec<String>) {
    let owned = |tokens: &[&str]| tokens.iter().map(|token| (*token).to_owned()).collect::<Vec<_>>();
    let by_whom = rest.first().is_some_and(|token| bare(token) == "by")
        && rest.get(1).is_some_and(|token| {
            ["the", "our", "a", "an"].contains(&bare(token).as_str())
                || token.chars().next().is_some_and(char::is_uppercase)
        });
    if !by_whom {
        return (None, owned(rest));
    }
    let article = rest.get(1).is_some_and(|token| DETERMINERS.contains(&bare(token).as_str()));
    let length = if article { 3 } else { 2 };
    let length = length.min(rest.len());
    let who = rest.get(1..length).unwrap_or_default();
    let is_person = who.last().is_some_and(|word| base_of(&bare(word), Form::Base).is_none());
    let is_day = who.iter().any(|word| word.ends_with("day") || bare(word) == "end");
    if is_day || !is_person {
        return (None, owned(rest));
    }
    (Some(uncapital_name(&who.join(" "))), owned(rest.get(length..).unwrap_or_default()))
}

fn negation<'a, 'b>(mut rest: &'a [&'b str]) -> (bool, &'a [&'b str]) {
    let mut never = false;
    while let [first, more @ ..] = rest {
        match bare(first).as_str() {
            "never" | "not" => never = true,
            "also" | "always" | "only" | "then" | "first" | "immediately" | "again" => {}
            _ => break,
        }
        rest = more;
    }
    (never, rest)
}

/// Longest subject we believe; longer ones are stories.
const LONGEST_SUBJECT: usize = 10;

/// Words inside a subject that show that a clause of its own began in it.
const FINITE: [&str; 12] =
    ["gets", "get", "has", "have", "had", "keep", "keeps", "go", "goes", "do", "does", "did"];

fn is_subject(subject: &[&str]) -> bool {
    let words: Vec<String> = subject.iter().map(|token| bare(token)).collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let Some(first) = words.first().map(String::as_str) else { return false };
    let empty = ["there", "it", "what", "this", "that", "which", "who", "nobody", "nothing", "no", "none"];
    // The department IT is written in capitals.
    let no_thing = empty.contains(&first) && subject.first() != Some(&"IT");
    let a_verb = base_of(first, Form::Third).is_some()
        && words.get(1).is_some_and(|second| DETERMINERS.contains(&second.as_str()));
    let a_moment =
        any(&["day", "days", "week", "month", "monday", "tuesday", "wednesday", "thursday", "friday"])
            && words.len() > 3;
    let relative = any(&["who", "of", "whoever", "that", "which"]);
    let story = NOBODY_IN_PARTICULAR.contains(&first) && words.len() > 2 && !relative;
    let restart = words.iter().zip(words.iter().skip(1)).any(|(before, word)| {
        let fresh =
            DETERMINERS.contains(&word.as_str()) || ["we", "they", "i", "he", "she"].contains(&word.as_str());
        let allowed = ["and", "or", "of", "on", "in", "for", "at", "with", "from", "who", "to", "wants"];
        fresh && word != "that" && !allowed.contains(&before.as_str())
    });
    words.len() <= LONGEST_SUBJECT
        && !subject.iter().any(|token| token.ends_with([',', ':', ';']))
        && !CONDITIONS.contains(&first)
        && !["because", "since", "although", "while"].contains(&first)
        && !any(&["how", "whether", "about", "than"])
        && !any(&BE)
        && !any(&FINITE)
        && !(no_thing || a_verb || a_moment || story || restart)
}

fn is_plural(subject: &[&str]) -> bool {
    let last = subject.last().map(|token| bare(token)).unwrap_or_default();
    let many = ["we", "they", "i", "you", "people", "staff", "both"];
    many.contains(&last.as_str())
        || (last.ends_with('s') && !last.ends_with("ss"))
        || subject.iter().any(|token| bare(token) == "and")
}

fn actor(subject: &[&str]) -> Option<String> {
    let text = subject.join(" ");
    let first = bare(&text);
    if NOBODY_IN_PARTICULAR.contains(&first.as_str()) || text.is_empty() {
        return None;
    }
    let text = text.strip_suffix(" also").or_else(|| text.strip_suffix(" then")).unwrap_or(&text);
    let name = uncapital_name(text);
    // `Writer drafts …`, as lists have it.
    let role = !text.contains(' ') && ["er", "or", "ist", "ant"].iter().any(|ending| text.ends_with(ending));
    Some(if role { format!("the {}", uncapital(&name)) } else { name })
}

/// `The dock worker` → `the dock worker`; `Purchasing` stays, it may be a name.
fn uncapital_name(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let common =
        DETERMINERS.contains(&first.to_lowercase().as_str()) || text.contains(' ') && first.ends_with('s');
    if common { uncapital(text) } else { text.to_owned() }
}

fn lower_first(tokens: &[&str]) -> String {
    uncapital(&tokens.join(" "))
}

/// Turns every verb coordinated with the first into its base form: `checks it, counts it and looks` →
/// `check it, count it and look`.
fn coordinated(rest: &[&str], form: Form) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut may_be_verb = true;
    for token in rest {
        let word = bare(token);
        match base_of(&word, form).filter(|_| may_be_verb && form == Form::Third) {
            Some(base) => out.push(token.to_lowercase().replacen(&word, base, 1)),
            None => out.push((*token).to_owned()),
        }
        may_be_verb = ["and", "then", "or", "but", "also"].contains(&word.as_str()) || token.ends_with(',');
    }
    out.join(" ")
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
