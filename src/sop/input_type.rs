//! The cell that says what an input may be: its type, then what holds without a value, then what a value must look
//! like. `choice: demo_form, referral, default: referral`, `text, default: L-1, pattern: L-\d+`.

use super::document::{Input, InputKind};
use super::input_value::value_of;
use super::words::{closest, did_you_mean};
use crate::base::text::put;

/// What a person may write as the type of an input.
const KINDS: [(&str, InputKind); 6] = [
    ("text", InputKind::Text),
    ("number", InputKind::Number),
    ("date", InputKind::Date),
    ("yes_no", InputKind::YesNo),
    ("email", InputKind::Email),
    ("url", InputKind::Url),
];

/// What may follow the type, in this order. The pattern comes last and goes to the end of the cell, commas and all.
const DEFAULT: &str = ", default:";
const PATTERN: &str = ", pattern:";

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The type.
    pub kind: InputKind,
    /// The value of a run that is given none, as written; it fits type and pattern.
    pub default: Option<String>,
    /// A regular expression (of the `regex` crate) that the whole value must fit; for `text`, `email` and `url`.
    pub pattern: Option<String>,
}

/// Reads a cell: `TYPE[, default: VALUE][, pattern: EXPRESSION]`.
///
/// # Errors
/// What is wrong, and what to write instead.
pub fn read(text: &str) -> Result<Cell, (String, String)> {
    let (rest, pattern) = cut(text, PATTERN)?;
    if pattern.is_some_and(|pattern| pattern.contains(DEFAULT)) {
        let hint = "write it like `text, default: L-1, pattern: L-\\d+`".to_owned();
        return Err(("the default stands behind the pattern, which goes to the end".to_owned(), hint));
    }
    let (kind, default) = cut(rest, DEFAULT)?;
    let cell = Cell {
        kind: kind_of(kind)?,
        default: default.map(str::to_owned),
        pattern: pattern.map(str::to_owned),
    };
    let takes_pattern = matches!(cell.kind, InputKind::Text | InputKind::Email | InputKind::Url);
    if cell.pattern.is_some() && !takes_pattern {
        let message = format!("`{kind}` takes no pattern");
        return Err((message, "only `text`, `email` and `url` are compared with a pattern".to_owned()));
    }
    if let Some(pattern) = pattern {
        super::input_value::compiled(pattern)?;
    }
    if let Some(default) = default {
        value_of(&cell.kind, pattern, default)
            .map_err(|(message, hint)| (format!("the default does not fit: {message}"), hint))?;
    }
    Ok(cell)
}

/// The cell of `input`, as [`read`] reads it.
pub fn write(input: &Input) -> String {
    let mut cell = kind_words(&input.kind);
    for (mark, value) in [(DEFAULT, &input.default), (PATTERN, &input.pattern)] {
        if let Some(value) = value {
            put(&mut cell, format_args!("{mark} {value}"));
        }
    }
    cell
}

/// The words for a type alone.
pub fn kind_words(kind: &InputKind) -> String {
    match kind {
        InputKind::Choice(words) => format!("choice: {}", words.join(", ")),
        plain => KINDS.iter().find(|(_, known)| known == plain).map_or("", |(name, _)| name).to_owned(),
    }
}

/// The text before `mark` and the trimmed text behind it.
fn cut<'a>(text: &'a str, mark: &str) -> Result<(&'a str, Option<&'a str>), (String, String)> {
    match text.split_once(mark) {
        None => Ok((text.trim(), None)),
        Some((before, after)) if !after.trim().is_empty() => Ok((before.trim(), Some(after.trim()))),
        Some(_) => {
            let name = mark.trim_start_matches(", ");
            Err((format!("`{name}` has no value"), "write it, or leave it out".to_owned()))
        }
    }
}

fn kind_of(text: &str) -> Result<InputKind, (String, String)> {
    if let Some(misspelt) = text.split(',').skip(1).find_map(misspelt) {
        return Err(misspelt);
    }
    if let Some(words) = text.strip_prefix("choice:") {
        return choice(words);
    }
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).chain(["choice: a, b"]).collect();
    KINDS
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, kind)| kind.clone())
        .ok_or_else(|| (format!("`{text}` is not a type of input"), did_you_mean(text, &names)))
}

fn choice(words: &str) -> Result<InputKind, (String, String)> {
    let words: Vec<String> = words.split(',').map(|word| word.trim().to_owned()).collect();
    let twice = words.iter().enumerate().any(|(i, word)| words.iter().take(i).any(|other| other == word));
    if words.len() < 2 || twice || words.iter().any(String::is_empty) {
        let message = "a choice names at least two different words".to_owned();
        return Err((message, "write it like `choice: demo_form, referral`".to_owned()));
    }
    Ok(InputKind::Choice(words))
}

/// `patern: x` among the words of a type: taken for a choice it would be a rule that nobody keeps.
fn misspelt(part: &str) -> Option<(String, String)> {
    let (key, _) = part.trim().split_once(':')?;
    let near = closest(key, ["default", "pattern"])?;
    let hint = if near == key {
        format!("write `, {near}: …` once, the default before the pattern")
    } else {
        format!("did you mean `{near}`?")
    };
    Some((format!("a type says nothing called `{key}`"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(cell: &Cell) -> Input {
        let Cell { kind, default, pattern } = cell.clone();
        Input { name: "x".into(), kind, required: true, description: "It.".into(), default, pattern }
    }

    #[test]
    fn every_form_reads_and_is_written_back() {
        for text in [
            "text",
            "number, default: 10",
            "number, default: -0.5",
            "yes_no, default: no",
            "date, default: 2026-11-20",
            "choice: demo_form, trade fair",
            "choice: demo_form, trade fair, default: trade fair",
            r"text, pattern: ^L-\d{1,4}, or none$",
            r"text, default: L-1, pattern: L-\d+|none",
            "email, default: a@example.com, pattern: .*@example\\.com",
            "url, pattern: https://.*",
            "text, default: one, two",
        ] {
            let cell = read(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
            assert_eq!(write(&input(&cell)), text);
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_hint() {
        for (text, expected) in [
            ("txt", "did you mean `text`?"),
            ("", "is not a type of input"),
            ("choice: a", "at least two different"),
            ("choice: a, a", "at least two different"),
            ("choice: a, b, default: c", "the default does not fit"),
            ("choice: a, b, defualt: b", "did you mean `default`?"),
            ("text, patern: x+", "did you mean `pattern`?"),
            ("text,pattern: x+", "once, the default before the pattern"),
            ("text, pattern:", "`pattern:` has no value"),
            ("text, pattern: (", "is not a regular expression"),
            ("text, pattern: x, default: x", "behind the pattern"),
            ("text, default: y, pattern: x", "the default does not fit"),
            ("number, pattern: 1+", "takes no pattern"),
            ("number, default: ten", "the default does not fit: `ten` is not a number"),
            ("number, default: 1, default: 2", "the default does not fit"),
            ("text, pattern: (a{1000}){1000}", "too large"),
        ] {
            let wrong = read(text).expect_err(text);
            assert!(format!("{} / {}", wrong.0, wrong.1).contains(expected), "{text}: {wrong:?}");
        }
    }
}
