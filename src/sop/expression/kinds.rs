//! Comparisons of two kinds of values. The language orders text before numbers, so `"900" < 1000` would have an answer,
//! and a gate that asks by it would not ask; here it is an error.

use super::Scope;
use super::paths::paths;
use crate::base::Exact;

/// A kind of single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bool,
}

impl Kind {
    fn of(value: &Exact) -> Option<Self> {
        match value {
            Exact::Number(_) => Some(Self::Number),
            Exact::Text(_) => Some(Self::Text),
            Exact::Bool(_) => Some(Self::Bool),
            Exact::Null | Exact::List(_) | Exact::Object(_) => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "text",
            Self::Bool => "true or false",
        }
    }
}

/// What is wrong with the first comparison of two kinds, if there is one. Only single values that stand on their own
/// are looked at: what a calculation gives is known when it is done.
pub(super) fn mixed(text: &str, scope: &Scope) -> Option<String> {
    signs(text).into_iter().find_map(|(start, end)| {
        let (left, right) = (before(text.get(..start)?, scope)?, behind(text, end, scope)?);
        (left.1 != right.1).then(|| {
            let hint = match (left.1, right.1) {
                (Kind::Text, Kind::Number) => format!("; write `{} | float` if it is one", left.0),
                (Kind::Number, Kind::Text) => format!("; write `{} | float` if it is one", right.0),
                _ => String::new(),
            };
            let (what, with) = (left.1.words(), right.1.words());
            format!("{} is {what} and {} is {with}, which cannot be compared{hint}", left.0, right.0)
        })
    })
}

/// Where two values are compared, outside of quotes.
fn signs(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut found, mut quote, mut at) = (Vec::new(), None, 0);
    while let Some(byte) = bytes.get(at).copied() {
        let doubled = bytes.get(at + 1) == Some(&b'=');
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'<' | b'>') => found.push((at, at + 1 + usize::from(doubled))),
            (None, b'=' | b'!') if doubled => found.push((at, at + 2)),
            _ => {}
        }
        at += if quote.is_none() && doubled && matches!(byte, b'<' | b'>' | b'=' | b'!') { 2 } else { 1 };
    }
    found
}

type Operand<'t> = (&'t str, Kind);

/// The single value at the end of `text`, where nothing is calculated with it.
fn before<'t>(text: &'t str, scope: &Scope) -> Option<Operand<'t>> {
    let text = text.trim_end();
    let start = match paths(text).iter().rfind(|path| path.at.end == text.len()) {
        Some(path) => path.at.start,
        None => literal_before(text)?,
    };
    let lead = text.get(..start)?.trim_end();
    let alone = lead.is_empty() || lead.ends_with('(') || ends_in_word(lead);
    alone.then(|| operand(text.get(start..)?, scope)).flatten()
}

/// The single value behind `from`, where nothing is calculated with it.
fn behind<'t>(text: &'t str, from: usize, scope: &Scope) -> Option<Operand<'t>> {
    let skipped = text.get(from..)?.len() - text.get(from..)?.trim_start().len();
    let start = from + skipped;
    let end = match paths(text).iter().find(|path| path.at.start == start) {
        Some(path) => path.at.end,
        None => start + literal_length(text.get(start..)?)?,
    };
    let rest = text.get(end..)?.trim_start();
    let alone = rest.is_empty() || rest.starts_with(')') || begins_with_word(rest);
    alone.then(|| operand(text.get(start..end)?, scope)).flatten()
}

const WORDS: [&str; 5] = ["and", "or", "not", "if", "else"];

fn ends_in_word(text: &str) -> bool {
    text.rsplit(char::is_whitespace).next().is_some_and(|last| WORDS.contains(&last))
}

fn begins_with_word(text: &str) -> bool {
    text.split(char::is_whitespace).next().is_some_and(|first| WORDS.contains(&first))
}

fn operand<'t>(written: &'t str, scope: &Scope) -> Option<Operand<'t>> {
    let kind = match written.as_bytes().first()? {
        b'"' | b'\'' => Kind::Text,
        b'0'..=b'9' | b'-' => Kind::Number,
        _ if matches!(written, "true" | "false") => Kind::Bool,
        _ => match paths(written).as_slice() {
            [path] if path.at == (0..written.len()) && !path.open && path.asked.is_none() => {
                Kind::of(&scope.at(path)?)?
            }
            _ => return None,
        },
    };
    Some((written, kind))
}

/// Where the literal at the end of `text` begins.
fn literal_before(text: &str) -> Option<usize> {
    let last = text.chars().next_back()?;
    if matches!(last, '"' | '\'') {
        return text.get(..text.len() - 1)?.rfind(last);
    }
    let word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let start = text.rfind(|c| !word(c)).map_or(0, |at| at + 1);
    is_literal(text.get(start..)?).then_some(start)
}

/// How long the literal is that `text` begins with.
fn literal_length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if matches!(first, '"' | '\'') {
        return text.get(1..)?.find(first).map(|at| at + 2);
    }
    let word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let length = text.find(|c| !word(c)).unwrap_or(text.len());
    is_literal(text.get(..length)?).then_some(length)
}

fn is_literal(word: &str) -> bool {
    word.parse::<f64>().is_ok_and(f64::is_finite) || matches!(word, "true" | "false")
}

#[cfg(test)]
mod tests {
    use super::super::holds;
    use super::*;
    use crate::base::Exacts;

    #[test]
    fn two_kinds_are_never_compared() {
        let text = |text: &str| Exact::Text(text.to_owned());
        let number = |digits: &str| Exact::Number(digits.to_owned());
        let inputs = Exacts::from_iter([
            ("lead".to_owned(), text("3")),
            ("amount".to_owned(), number("900")),
            ("sure".to_owned(), Exact::Bool(true)),
            ("none".to_owned(), Exact::Null),
        ]);
        let gave = Exacts::from_iter([("amount".to_owned(), text("900")), ("n".to_owned(), number("5"))]);
        let scope = Scope { inputs, steps: [(1, gave)].into(), ..Scope::default() };
        for wrong in [
            "steps.1.amount < 1000",
            "1000 > steps[\"1\"].amount",
            "inputs.amount == 900 and (steps.1.amount <= inputs.amount)",
            "inputs.lead > 5",
            "inputs.lead == 3",
            "inputs.amount != \"900\"",
            "inputs.sure == \"true\"",
            "\"abc\" > 5",
            "not steps.1.amount >= -1",
        ] {
            let said = holds(wrong, &scope).unwrap_err();
            assert!(said.contains("cannot be compared"), "{wrong}: {said}");
        }
        assert!(holds("steps.1.amount < 1000", &scope).unwrap_err().contains("`steps.1.amount | float`"));
        for (right, outcome) in [
            ("steps.1.amount | float < 1000", true),
            ("inputs.amount < 1000 and steps.1.n == 5", true),
            ("inputs.lead == \"3\"", true),
            ("steps.1.amount == '900'", true),
            ("inputs.sure == true", true),
            ("inputs.lead ~ 1 == \"31\"", true),
            ("inputs.amount + 1 > steps.1.n * 2", true),
            ("inputs.lead | length == 1", true),
            ("\"a < 3\" == inputs.lead", false),
        ] {
            assert_eq!(holds(right, &scope), Ok(outcome), "{right}");
        }
    }
}
