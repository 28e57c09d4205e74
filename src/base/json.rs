//! What the JSON reader found, in words for somebody who seldom writes JSON: what is wrong and what to write.

use super::yaml::{first_of, plain};
use serde_json::Error;

/// Words of the reader about text it cannot take apart, and ours. The first that fits counts.
const SCANNED: [(&str, &str); 12] = [
    ("EOF while parsing a value", "it is empty, or ends where a value should stand"),
    ("EOF", "it ends before it is complete: a quote or a bracket is opened and not closed"),
    ("expected value", "what stands here is no value: text goes in double quotes"),
    ("key must be a string", "a name goes in double quotes"),
    ("trailing comma", "a comma stands before a closing bracket"),
    ("expected `:`", "a colon is missing behind a name"),
    ("expected `,`", "a comma or a closing bracket is missing"),
    ("trailing characters", "something stands behind its end"),
    ("control character", "a line break inside a text is written \\n"),
    ("invalid escape", "a backslash inside a text is written twice"),
    ("invalid number", "what stands here is not in the form of a number"),
    ("recursion limit", "it is nested too deep to be meant"),
];

/// What is wrong, without its place.
pub fn words(error: &Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    if let Some((_, ours)) = SCANNED.iter().find(|(theirs, _)| !error.is_data() && message.contains(theirs)) {
        return (*ours).to_owned();
    }
    let known = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if let Some((found, wanted)) = known.and_then(|rest| rest.rsplit_once(", expected ")) {
        return format!("{} is expected here, not {}", first_of(wanted), plain(found));
    }
    let chosen = message.strip_prefix("unknown variant ");
    if let Some((found, wanted)) = chosen.and_then(|rest| rest.split_once(", expected ")) {
        return format!("{found} cannot be written here; write {wanted}");
    }
    let known = [
        ("unknown field `", "unknown key `"),
        ("missing field `", "missing key `"),
        (", expected ", "; there is "),
    ];
    known.iter().fold(message.to_owned(), |said, (theirs, ours)| said.replace(theirs, ours))
}

/// What is wrong, with its line.
pub fn at_line(error: &Error) -> String {
    format!("line {}: {}", error.line().max(1), words(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read into")]
    struct Form {
        name: String,
        count: u32,
    }

    #[test]
    fn no_word_of_the_reader_reaches_a_person() {
        for (text, wanted) in [
            ("", "it is empty"),
            ("\n", "it is empty"),
            (r#"{"name":"#, "ends where a value should stand"),
            (r#"{"name": "a"#, "ends before it is complete"),
            (r#"{"name": a}"#, "text goes in double quotes"),
            (r#"{name: "a"}"#, "a name goes in double quotes"),
            (r#"{"name": "a",}"#, "a comma stands before a closing bracket"),
            (r#"{"name" "a"}"#, "a colon is missing"),
            (r#"{"name": "a" "count": 1}"#, "a comma or a closing bracket is missing"),
            (r#"{"name": "a", "count": 1} x"#, "something stands behind its end"),
            ("{\"name\": \"a\nb\"}", "a line break inside a text"),
            (r#"{"name": "C:\d"}"#, "a backslash inside a text"),
            (r#"{"count": 01}"#, "form of a number"),
            (r#"{"name": "a", "count": -1}"#, "a whole number that is not negative is expected here"),
            (r#"{"name": 3, "count": 1}"#, "text is expected here"),
            (r#"{"name": "a", "counts": 1}"#, "unknown key `counts`"),
            (r#"{"name": "a"}"#, "missing key `count`"),
        ] {
            let error = serde_json::from_str::<Form>(text).unwrap_err();
            let said = at_line(&error);
            assert!(said.contains(wanted), "{text}: {said}");
            for raw in ["EOF", "u32", "column", "invalid type", "at line", "expected `"] {
                assert!(!said.contains(raw), "{text}: {said}");
            }
        }
    }
}
