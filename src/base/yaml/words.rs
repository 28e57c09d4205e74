//! What the YAML reader found, in words for somebody who has never heard of YAML: what is wrong and what to write.
//! Its own sentences speak of scalars, anchors and `u8`; none of them is passed on where we know better.

use serde_yaml::Error;
use serde_yaml::budget::BudgetBreach;

/// What is wrong, and what to write instead where one can say so; `line` is the line it was found on.
pub(super) fn words(error: &Error, line: &str) -> (String, Option<String>) {
    match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => words(error, line),
        Error::ExternalMessage { .. } => (scanned(&first_line(error)), Some(in_quotes(line))),
        Error::UnknownAnchor { .. }
        | Error::UnsupportedTag { .. }
        | Error::Budget { breach: BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }, .. } => {
            (SIGN.to_owned(), Some(in_quotes(line)))
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            ("this is nested too deep to be meant".to_owned(), None)
        }
        Error::Budget { .. } => ("there is more here than any file of this kind holds".to_owned(), None),
        Error::InvalidScalar { ty, .. } => (format!("{} is expected here", number(ty)), None),
        Error::InvalidBooleanStrict { .. } => ("`true` or `false` is expected here".to_owned(), None),
        Error::NullIntoString { .. } => {
            ("the value is missing".to_owned(), Some("write it behind the colon".to_owned()))
        }
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            (format!("{} is expected here, not {}", plain(expected), plain(unexpected)), None)
        }
        Error::SerdeUnknownField { .. } => {
            (first_line(error).replace("unknown field `", "unknown key `"), None)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("`{variant}` cannot be written here; write one of {}", expected.join(", ")), None)
        }
        Error::SerdeMissingField { field, .. } => (format!("the key `{field}` is missing"), None),
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. }
        | Error::ExpectedStringKeyForExternallyTaggedEnum { .. }
        | Error::UnexpectedValueForUnitEnumVariant { .. } => {
            ("one word is expected here".to_owned(), Some("write it behind the key and its colon".to_owned()))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("the key `{key}` is there twice"), Some("keep one of the two lines".to_owned()))
        }
        Error::MultipleDocuments { .. } => {
            ("the file goes on behind a line `---`".to_owned(), Some("take that line out".to_owned()))
        }
        Error::Eof { .. } => ("something is missing before the end".to_owned(), None),
        Error::Unexpected { .. } => {
            let expected = plain(first_line(error).trim_start_matches("expected "));
            let hint = (expected == "text").then(|| in_quotes(line));
            (format!("{expected} is expected here"), hint)
        }
        _ => (plain(&first_line(error)), None),
    }
}

/// What a value that begins with one of the reader's own signs gets.
const SIGN: &str = "a value that begins with `&`, `*` or `!` means something else here";

/// Words of the reader about lines it cannot take apart, and ours.
const SCANNED: [(&str, &str); 8] = [
    ("mapping values are not allowed", "a second colon with a space behind it makes this value unclear"),
    ("tab", "a tab stands where spaces belong"),
    ("unclosed quote", "a quote is opened and never closed"),
    ("escape", "a backslash in double quotes means something else here"),
    ("trailing content after", "something stands behind the closing quote"),
    ("indent", "this line is not as far from the left as the ones it belongs to"),
    ("bracket", "a bracket is opened and not closed, or closed and not opened"),
    ("anchor or alias", SIGN),
];

fn scanned(message: &str) -> String {
    let known = SCANNED.iter().find(|(theirs, _)| message.contains(theirs));
    known.map_or_else(
        || "this line is not in the form `key: value`".to_owned(),
        |(_, ours)| (*ours).to_owned(),
    )
}

/// The line as it would be taken, its value in quotes.
fn in_quotes(line: &str) -> String {
    const ADVICE: &str = "put the value in double quotes";
    let Some((key, value)) =
        line.trim().split_once(':').filter(|(key, _)| !key.contains(char::is_whitespace))
    else {
        return ADVICE.to_owned();
    };
    let value = value.trim().trim_matches(['"', '\'']);
    if value.is_empty() || value.chars().count() > 120 {
        return ADVICE.to_owned();
    }
    format!("{ADVICE}: {key}: {}", super::quoted(value))
}

fn number(ty: &str) -> &'static str {
    match ty {
        "u8" => "a small whole number",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "u128" | "usize" => "a whole number that is not negative",
        ty if ty.starts_with('i') => "a whole number",
        ty if ty.starts_with('f') => "a number",
        "bool" => "`true` or `false`",
        _ => "another value",
    }
}

/// What a type is called by whoever writes a value of it.
pub(in crate::base) fn first_of(wanted: &str) -> String {
    match number(wanted) {
        "another value" => plain(&wanted.replace("a string", "text")),
        known => known.to_owned(),
    }
}

/// Words of programmers for what is written, and those of writers. The first that fits counts.
const WRITTEN: [(&str, &str); 8] = [
    ("mapping start", "keys with values (`key: value`)"),
    ("sequence start", "a list (lines that begin with `- `)"),
    ("string scalar", "text"),
    ("scalar", "one value"),
    ("map", "keys with values (`key: value`)"),
    ("a sequence", "a list (lines that begin with `- `)"),
    ("sequence", "a list"),
    ("unit", "nothing"),
];

/// The reader's words for what is written in those of writers.
pub(in crate::base) fn plain(message: &str) -> String {
    let known = WRITTEN.iter().find(|(theirs, _)| message.contains(theirs));
    known.map_or_else(|| message.to_owned(), |(theirs, ours)| message.replacen(theirs, ours, 1))
}

/// The reader's sentence without its position and its advice to programmers.
fn first_line(error: &Error) -> String {
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default().trim_end();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let first = first.split(" at line ").next().unwrap_or(first);
    first.split(", set DuplicateKeyPolicy").next().unwrap_or(first).to_owned()
}
