//! Subject and predicate: tells who does what in a main clause, whether it is said as an order, in the active or
//! the passive voice, with `must` or without. A subject that holds a story of its own is not believed.

use super::clause::Clause;
use super::small_words::{CONDITIONS, DETERMINERS, NOBODY_IN_PARTICULAR, bare};
use super::verbs::{Form, base_of};
use crate::base::text::uncapital;

pub(crate) fn main_clause(tokens: &[&str]) -> Option<Clause> {
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
pub(crate) fn reads_as_noun(tokens: &[&str]) -> bool {
    let next: Vec<String> = tokens.iter().skip(1).take(2).map(|token| bare(token)).collect();
    let Some(second) = next.first() else { return false };
    let verbal = |word: &String| BE.contains(&word.as_str()) || MODALS.contains(&word.as_str());
    let third = |word: &String| base_of(word, Form::Third).is_some();
    let determiner_between = DETERMINERS.contains(&second.as_str());
    !determiner_between && (next.iter().any(verbal) || (next.len() == 2 && next.get(1).is_some_and(third)))
}

/// Reads `tokens[..at]` as the subject and `tokens[at..]` as what it does.
pub(crate) fn predicate(tokens: &[&str], at: usize) -> Option<Clause> {
    let (subject, rest) = tokens.split_at_checked(at)?;
    let relative =
        subject.last().is_some_and(|token| ["who", "that", "which"].contains(&bare(token).as_str()));
    let lone_whoever = subject.len() == 1 && subject.first().is_some_and(|token| bare(token) == "whoever");
    if relative || lone_whoever || !is_subject(subject) {
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
    if BE.contains(&next.as_str())
        || MODALS.contains(&next.as_str())
        || (rest.len() < 2 && !ALONE.contains(&head.trim_end_matches('s')))
    {
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

/// Verbs that say something without an object.
const ALONE: [&str; 5] = ["decide", "sign", "approve", "agree", "confirm"];

pub(crate) fn modal(subject: &[&str], rest: &[&str]) -> Option<Clause> {
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
pub(crate) fn passive(subject: &[&str], rest: &[&str], never: bool) -> Option<Clause> {
    let (negated, rest) = negation(rest);
    let verb = base_of(&bare(rest.first()?), Form::Participle)?;
    let thing = uncapital(&subject.join(" "));
    if ["it", "this", "that", "there", "what"].contains(&thing.as_str()) && never {
        return None;
    }
    let (actor, after) = by_actor(rest.get(1..)?);
    let comma = if rest.first().is_some_and(|token| token.ends_with(',')) { "," } else { "" };
    let many = subject.last().is_some_and(|noun| noun.ends_with('s')) || subject.contains(&"and");
    let it = if many { "them" } else { "it" };
    let next =
        after.first().filter(|_| !comma.is_empty()).and_then(|word| base_of(&bare(word), Form::Participle));
    let tail = match next {
        Some(next) => format!("{next} {it} {}", passive_tail(after.get(1..).unwrap_or_default(), it)),
        None => passive_tail(&after, it),
    };
    let order = format!("{verb} {thing}{comma} {}", tail.trim());
    let order = order.trim().trim_end_matches(',').to_owned();
    Some(Clause { actor, order, condition: None, never: never || negated, binding: true })
}

/// `… and are photographed` in the tail of a passive is turned into `and photograph them`.
pub(crate) fn passive_tail(after: &[String], thing: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut rest = after;
    while let [first, more @ ..] = rest {
        let next_be = more.first().is_some_and(|word| BE.contains(&bare(word).as_str()));
        let participle = more.get(usize::from(next_be)).map(|word| bare(word)).unwrap_or_default();
        let listed = first.ends_with(',') && !next_be && !participle.is_empty();
        if listed && let Some(verb) = base_of(&participle, Form::Participle) {
            out.push(format!("{first} {verb} {thing}"));
            rest = more.get(1..).unwrap_or_default();
        } else if ["and", "then"].contains(&first.as_str())
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
pub(crate) fn by_actor(rest: &[&str]) -> (Option<String>, Vec<String>) {
    let owned = |tokens: &[&str]| tokens.iter().map(|token| (*token).to_owned()).collect::<Vec<_>>();
    let by_whom = rest.first().is_some_and(|token| bare(token) == "by")
        && rest.get(1).is_some_and(|token| {
            ["the", "our", "a", "an"].contains(&bare(token).as_str())
                || super::small_words::is_department(token)
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

pub(crate) fn negation<'a, 'b>(mut rest: &'a [&'b str]) -> (bool, &'a [&'b str]) {
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
pub(crate) const LONGEST_SUBJECT: usize = 10;

/// Words inside a subject that show that a clause of its own began in it.
pub(crate) const FINITE: [&str; 12] =
    ["gets", "get", "has", "have", "had", "keep", "keeps", "go", "goes", "do", "does", "did"];

pub(crate) fn is_subject(subject: &[&str]) -> bool {
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
        let fresh = fresh || super::small_words::NUMBERS.contains(&word.as_str()) && before != "the";
        let allowed = ["and", "or", "of", "on", "in", "for", "at", "with", "from", "who", "to", "wants"];
        fresh && word != "that" && !allowed.contains(&before.as_str())
    });
    words.len() <= LONGEST_SUBJECT
        && !subject.iter().any(|token| token.ends_with([',', ':', ';']))
        && !CONDITIONS.contains(&first)
        && !["because", "since", "although", "while"].contains(&first)
        && !any(&["how", "whether", "about", "than"])
        && (!any(&BE) || any(&["who"]))
        && !any(&FINITE)
        && !(no_thing || a_verb || a_moment || story || (restart && !any(&["who", "whoever"])))
}

pub(crate) fn is_plural(subject: &[&str]) -> bool {
    let last = subject.last().map(|token| bare(token)).unwrap_or_default();
    let many = ["we", "they", "i", "you", "people", "staff", "both"];
    many.contains(&last.as_str())
        || (last.ends_with('s') && !last.ends_with("ss"))
        || subject.iter().any(|token| bare(token) == "and")
}

pub(crate) fn actor(subject: &[&str]) -> Option<String> {
    let text = subject.join(" ");
    let first = bare(&text);
    let other = subject.get(1).is_some_and(|second| bare(second) == "else");
    if (NOBODY_IN_PARTICULAR.contains(&first.as_str()) && !other) || text.is_empty() {
        return None;
    }
    let text = text.strip_suffix(" also").or_else(|| text.strip_suffix(" then")).unwrap_or(&text);
    let name = uncapital_name(text);
    // `Writer drafts …`, as lists have it.
    let role = !text.contains(' ') && ["er", "or", "ist", "ant"].iter().any(|ending| text.ends_with(ending));
    Some(if role { format!("the {}", uncapital(&name)) } else { name })
}

/// `The dock worker` → `the dock worker`; `Purchasing` stays, it may be a name.
pub(crate) fn uncapital_name(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let common = ["somebody", "someone", "whoever"].contains(&first.to_lowercase().as_str())
        || super::small_words::NUMBERS.contains(&first.to_lowercase().as_str())
        || DETERMINERS.contains(&first.to_lowercase().as_str())
        || text.contains(' ') && first.ends_with('s');
    if common { uncapital(text) } else { text.to_owned() }
}

pub(crate) fn lower_first(tokens: &[&str]) -> String {
    uncapital(&tokens.join(" "))
}

/// Turns every verb coordinated with the first into its base form: `checks it, counts it and looks` →
/// `check it, count it and look`. `with address, names and agenda` holds no verb.
pub(crate) fn coordinated(rest: &[&str], form: Form) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut may_be_verb = true;
    for (at, token) in rest.iter().enumerate() {
        let word = bare(token);
        let verb = may_be_verb && form == Form::Third && (at == 0 || acts(rest, at));
        match third_base(&word, rest.get(at + 1)).filter(|_| verb) {
            Some(base) => out.push(token.to_lowercase().replacen(&word, &base, 1)),
            None => out.push((*token).to_owned()),
        }
        may_be_verb = ["and", "then", "or", "but", "also"].contains(&word.as_str()) || token.ends_with(',');
    }
    out.join(" ")
}

/// Whether something follows that a verb can have and an item of a list cannot.
fn acts(rest: &[&str], at: usize) -> bool {
    let item = rest.get(at).is_some_and(|token| token.ends_with(','));
    let next = rest.get(at + 1).map(|token| bare(token)).unwrap_or_default();
    if !["and", "or"].contains(&next.as_str()) {
        return !item && !next.is_empty();
    }
    rest.get(at + 2).is_some_and(|token| base_of(&bare(token), Form::Third).is_some())
}

/// The base form of a verb in the third person; a verb we do not know is believed where an object follows.
fn third_base(word: &str, next: Option<&&str>) -> Option<String> {
    if let Some(base) = base_of(word, Form::Third) {
        return Some(base.to_owned());
    }
    let next = next.map(|token| bare(token)).unwrap_or_default();
    let object = ["it", "them", "the", "a", "an", "every", "each", "all"].contains(&next.as_str());
    if !object || word.ends_with("ss") || word.len() < 4 {
        return None;
    }
    let stem = word.strip_suffix('s')?;
    let hissing = ["sse", "she", "che", "xe", "zze"].iter().any(|end| stem.ends_with(end));
    let base = match stem.strip_suffix("ie") {
        Some(head) => format!("{head}y"),
        None if hissing => stem.trim_end_matches('e').to_owned(),
        None => stem.to_owned(),
    };
    Some(base)
}

pub(crate) const MODALS: [&str; 10] =
    ["must", "has", "have", "needs", "need", "should", "shall", "will", "can", "may"];

pub(crate) const BE: [&str; 8] = ["is", "are", "be", "gets", "get", "was", "were", "been"];
