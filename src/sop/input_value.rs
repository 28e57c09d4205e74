//! Whether a value fits what an input may be, and what it is then in JSON. Values are what people and programs write:
//! text. Nothing is guessed: ` 5` and `0012` are no numbers, since each could have meant something else. A number is
//! what JSON calls one, and keeps the digits it was written with.

use super::document::InputKind;
use super::words::{did_you_mean, yes_or_no};
use crate::base::Exact;
use regex::{Regex, RegexBuilder};

/// What is wrong with a value, and what to write instead.
type Wrong = (String, String);

/// Largest program a pattern may become, in bytes: far more than any key or number of a form needs.
const MAX_PATTERN: usize = 256 * 1024;
/// Longest address of either kind, in bytes (RFC 5321 for e-mail; what common servers accept for the web).
const MAX_EMAIL: usize = 254;
const MAX_URL: usize = 8 * 1024;
/// Longest number, in signs: more than any amount or key needs.
const MAX_NUMBER: usize = 100;

/// `text` as the value of an input of `kind` whose pattern is `pattern`.
///
/// Text, e-mail and web addresses, dates and choices stay text; a number becomes a JSON number of exactly these
/// digits; `yes` and `no` (also `true` and `false`, as JSON and YAML files have them) become a boolean.
///
/// # Errors
/// What is wrong, quoting the value only as far as a line shows it.
pub fn value_of(kind: &InputKind, pattern: Option<&str>, text: &str) -> Result<Exact, Wrong> {
    let value = match kind {
        InputKind::Text => plain(text),
        InputKind::Number => number(text),
        InputKind::Date => date(text),
        InputKind::YesNo => answer(text),
        InputKind::Email => email(text),
        InputKind::Url => url(text),
        InputKind::Choice(words) => choice(words, text),
    }?;
    match pattern {
        Some(pattern) if !compiled(pattern)?.is_match(text) => {
            let message = format!("`{}` does not fit the pattern `{pattern}`", shown(text));
            Err((message, "write a value that fits it from its first to its last letter".to_owned()))
        }
        _ => Ok(value),
    }
}

/// The pattern as an expression that the whole value must fit.
pub(super) fn compiled(pattern: &str) -> Result<Regex, Wrong> {
    let wrong = |error: &regex::Error| {
        let why = match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => {
                let said = other.to_string();
                said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
            }
        };
        let hint = "write it in the syntax of the Rust crate `regex`, like `L-\\d+`".to_owned();
        (format!("`{pattern}` is not a regular expression: {why}"), hint)
    };
    let build = |text: &str| RegexBuilder::new(text).size_limit(MAX_PATTERN).build();
    // Alone first: `a)(b` would be an expression only between our brackets.
    build(pattern).map_err(|error| wrong(&error))?;
    build(&format!(r"\A(?:{pattern})\z")).map_err(|error| wrong(&error))
}

/// The start of a value, for a message.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let start: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > MOST { format!("{start}…") } else { start }
}

fn plain(text: &str) -> Result<Exact, Wrong> {
    if text.contains('\0') {
        let hint = "send the text without it".to_owned();
        return Err(("the text holds a zero byte, which no command can be given".to_owned(), hint));
    }
    Ok(Exact::Text(text.to_owned()))
}

fn number(text: &str) -> Result<Exact, Wrong> {
    let hint = |said: &str| said.to_owned();
    // JSON allows blanks around a value; here they are a slip.
    let bare = text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && text.trim_end() == text;
    match serde_json::from_str::<Exact>(text) {
        Ok(number @ Exact::Number(_)) if bare && text.len() <= MAX_NUMBER => Ok(number),
        Ok(Exact::Number(_)) if bare => {
            let message = format!("`{}` has more than {MAX_NUMBER} digits", shown(text));
            Err((message, hint("use fewer digits, or the type `text`")))
        }
        _ => {
            let said =
                "write it like `12`, `-3`, `0.5` or `1.5e3`; use the type `text` for a key like `0012`";
            Err((format!("`{}` is not a number", shown(text)), hint(said)))
        }
    }
}

fn date(text: &str) -> Result<Exact, Wrong> {
    if text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok() {
        return Ok(Exact::Text(text.to_owned()));
    }
    Err((format!("`{}` is not a date", shown(text)), "write it like `2026-11-20`".to_owned()))
}

fn answer(text: &str) -> Result<Exact, Wrong> {
    let said = match text {
        "true" => Some(true),
        "false" => Some(false),
        other => yes_or_no(other),
    };
    said.map(Exact::Bool)
        .ok_or_else(|| (format!("`{}` is neither yes nor no", shown(text)), "write `yes` or `no`".to_owned()))
}

fn email(text: &str) -> Result<Exact, Wrong> {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let sound = text.rsplit_once('@').is_some_and(|(name, host)| {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "@,;:<>()[]\"\\".contains(c);
        !name.is_empty()
            && !name.contains(odd)
            && !name.split('.').any(str::is_empty)
            && host.contains('.')
            && host.split('.').all(label)
    });
    if sound && text.len() <= MAX_EMAIL {
        return Ok(Exact::Text(text.to_owned()));
    }
    let message = format!("`{}` is not an e-mail address", shown(text));
    Err((message, "write one address, like `mia@example.com`".to_owned()))
}

fn url(text: &str) -> Result<Exact, Wrong> {
    // The reader of addresses quietly takes out white space and turns `\` into `/`; what it takes out we refuse.
    let odd = text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    let sound = url::Url::parse(text)
        .is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.host().is_some());
    let slashes = text.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"));
    if sound && slashes && !odd && text.len() <= MAX_URL {
        return Ok(Exact::Text(text.to_owned()));
    }
    let message = format!("`{}` is not a web address", shown(text));
    Err((message, "write it like `https://example.com/page`".to_owned()))
}

fn choice(words: &[String], text: &str) -> Result<Exact, Wrong> {
    if words.iter().any(|word| word == text) {
        return Ok(Exact::Text(text.to_owned()));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Err((format!("`{}` is not one of the choices", shown(text)), did_you_mean(text, &words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_keep_what_was_written() {
        let choice = InputKind::Choice(vec!["trade fair".into(), "referral".into()]);
        for (kind, text, expected) in [
            (&InputKind::Text, " $(rm -rf /)\n\"'`", json!(" $(rm -rf /)\n\"'`")),
            (&InputKind::Date, "2024-02-29", json!("2024-02-29")),
            (&InputKind::YesNo, "YES", json!(true)),
            (&InputKind::YesNo, "false", json!(false)),
            (&InputKind::Email, "mia.o+x@mail.example.com", json!("mia.o+x@mail.example.com")),
            (&InputKind::Url, "https://example.com/a?b=c#d", json!("https://example.com/a?b=c#d")),
            (&choice, "trade fair", json!("trade fair")),
        ] {
            assert_eq!(value_of(kind, None, text), Ok(Exact::from(expected)), "{text}");
        }
        for digits in [
            "12",
            "-3",
            "-0.0",
            "1.50",
            "0.10",
            "1.5E+3",
            "1e3",
            "12345678901234567890123",
            "0.12345678901234567890",
        ] {
            let kept = value_of(&InputKind::Number, None, digits);
            assert_eq!(kept, Ok(Exact::Number(digits.to_owned())), "{digits}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        let choice = InputKind::Choice(vec!["trade fair".into(), "referral".into()]);
        let mut cases = vec![
            (&InputKind::Text, "a\0b", "zero byte"),
            (&InputKind::Number, "1e400", "is not a number"),
            (&choice, "referal", "did you mean `referral`?"),
            (&choice, "Referral", "did you mean `referral`?"),
        ];
        for text in [
            "", " 5", "5 ", "+5", "0012", "00", "1e", "1,000", "true", "[1]", ".5", "5.", "1_000", "NaN",
            "0x1", "٣", "--1",
        ] {
            cases.push((&InputKind::Number, text, "is not a number"));
        }
        for text in ["2026-02-29", "2026-2-9", "20.11.2026", "2026-11-20 ", "tomorrow"] {
            cases.push((&InputKind::Date, text, "is not a date"));
        }
        for text in ["y", "1", "True", "yes "] {
            cases.push((&InputKind::YesNo, text, "neither yes nor no"));
        }
        for text in [
            "mia",
            "mia@host",
            "@example.com",
            "a@b@example.com",
            "a b@example.com",
            "a..b@example.com",
            "a@-x.com",
            "A <a@example.com>",
        ] {
            cases.push((&InputKind::Email, text, "is not an e-mail address"));
        }
        for text in [
            "example.com",
            "ftp://example.com",
            "https:example.com",
            "https://",
            "https://exa\nmple.com",
            "http:\\\\x.com",
            "javascript:alert(1)",
        ] {
            cases.push((&InputKind::Url, text, "is not a web address"));
        }
        for (kind, text, expected) in cases {
            let (message, hint) = value_of(kind, None, text).expect_err(text);
            assert!(format!("{message} / {hint}").contains(expected), "{text}: {message} / {hint}");
        }
    }

    #[test]
    fn a_pattern_is_about_the_whole_value() {
        let fits = |pattern: &str, text: &str| value_of(&InputKind::Text, Some(pattern), text).is_ok();
        assert!(fits(r"L-\d+", "L-12") && fits(r"^L-\d+$", "L-12") && fits("a|ab", "ab"));
        for (pattern, text) in
            [(r"L-\d+", "xL-12"), (r"L-\d+", "L-12x"), (r"^L-\d+$", "L-12\n"), ("a|b", "ac")]
        {
            assert!(!fits(pattern, text), "{pattern}: {text:?}");
        }
        for pattern in ["a)(b", "(?x) a # b", "["] {
            let (message, _) = value_of(&InputKind::Text, Some(pattern), "a").expect_err(pattern);
            assert!(message.contains("is not a regular expression"), "{message}");
        }
    }
}
