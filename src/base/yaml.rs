//! The only place that reads YAML: strict, bounded, and with file, line and column in every refusal.

mod words;

pub(in crate::base) use words::{first_of, plain};

use super::problem::{Place, Problem, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer};

/// No file of ours needs more; a larger one is a mistake or an attack.
const MAX_NODES: usize = 20_000;
const MAX_DEPTH: usize = 64;

/// Reads `text`, the YAML found in `file` from line `first_line` (1 for a whole file).
///
/// Anchors and aliases are refused, `yes` and `no` are not booleans, and unknown keys are errors when `T`
/// denies them.
pub fn read<T: DeserializeOwned>(file: &str, text: &str, first_line: u32) -> Result<T> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_anchors: 0, max_aliases: 0, max_nodes: MAX_NODES, max_depth: MAX_DEPTH },
        strict_booleans: true,
        // A sign such as `!now` before a value would otherwise be dropped without a word.
        reject_unsupported_tags: true,
        duplicate_keys: serde_yaml::options::DuplicateKeyPolicy::Error,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let (line, column) = error.location().map_or((1, 0), |at| {
            let number = |from: u64| u32::try_from(from).unwrap_or(0);
            (number(at.line()).max(1), number(at.column()))
        });
        let mut place = Place::of(file, text, line, column);
        let (message, hint) = words::words(error.without_snippet(), &place.excerpt);
        place.line = line + first_line - 1;
        Problem { hint, ..Problem::invalid(message).at(place) }
    })
}

/// Reads a small number. One that is too large for it becomes the largest, so that whoever checks it says the range that is
/// meant.
pub fn small<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<u8, D::Error> {
    Ok(u8::try_from(u64::deserialize(from)?).unwrap_or(u8::MAX))
}

/// [`small`], where it may be left out.
pub fn small_if_any<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<u8>, D::Error> {
    let read = Option::<u64>::deserialize(from)?;
    Ok(read.map(|number| u8::try_from(number).unwrap_or(u8::MAX)))
}

/// Writes `value` as YAML.
pub fn write<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_yaml::to_string(value).map_err(|error| Problem::failed(format!("could not write YAML: {error}")))
}

/// A Markdown file cut in its YAML head and its body.
#[derive(Debug)]
pub struct FrontMatter<'a> {
    /// The YAML between the two `---` lines; `None` when the file has no head.
    pub head: Option<&'a str>,
    /// Everything after the head.
    pub body: &'a str,
    /// Line of the file (from 1) on which `body` starts.
    pub body_line: u32,
}

/// Cuts `text` at its `---` lines. A head that is opened and never closed is an error.
pub fn front_matter<'a>(file: &str, text: &'a str) -> Result<FrontMatter<'a>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else {
        return Ok(FrontMatter { head: None, body: text, body_line: 1 });
    };
    let mut end = first.len();
    for (index, line) in lines.enumerate() {
        if line.trim_end() == "---" {
            let head = text.get(first.len()..end);
            let body = text.get(end + line.len()..).unwrap_or_default();
            let body_line = u32::try_from(index + 3).unwrap_or(u32::MAX);
            return Ok(FrontMatter { head, body, body_line });
        }
        end += line.len();
    }
    Err(Problem::invalid("the head opened with `---` is never closed")
        .at(Place::of(file, text, 1, 1))
        .hint("end the head with a line that holds only `---`"))
}

/// Text as a plain scalar where nothing in it could be read as YAML, else in double quotes.
pub fn scalar(text: &str) -> String {
    let first = text.chars().next().is_some_and(char::is_alphabetic);
    let date = text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok();
    let tricky = [": ", " #"].iter().any(|mark| text.contains(mark))
        || text.ends_with([':', ' '])
        || text.chars().any(|c| c.is_control() || "[]{}\"`\\".contains(c) || ('\u{fff0}'..).contains(&c));
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];
    let reserved = words.contains(&text.to_lowercase().as_str());
    if date || (first && !tricky && !reserved) { text.to_owned() } else { quoted(text) }
}

/// A JSON string is a YAML string.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `text`, a mapping in block form, with the top-level `key` set to `value` (YAML; with a line break at its beginning
/// where it is a block), or without it. Every other line stays as it is, comments included; a new key comes last.
#[must_use]
pub fn set_key(text: &str, key: &str, value: Option<&str>) -> String {
    let line = value.map(|value| match value.strip_prefix('\n') {
        Some(block) => format!("{key}:\n{}\n", block.trim_end_matches('\n')),
        None => format!("{key}: {value}\n"),
    });
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n').peekable();
    let mut written = false;
    while let Some(one) = lines.next() {
        if !one.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')) {
            out.push_str(one);
            continue;
        }
        while lines.next_if(|next| next.starts_with([' ', '\t', '-'])).is_some() {}
        if !written {
            out.extend(line.as_deref());
            written = true;
        }
    }
    if let (false, Some(line)) = (written, line) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&line);
    }
    out
}

/// A Markdown file with its YAML head changed by `edit`; `None` where it has no head that is closed.
pub fn edit_head(text: &str, edit: impl FnOnce(&str) -> String) -> Option<String> {
    let cut = front_matter("", text).ok()?;
    let head = edit(cut.head?);
    Some(format!("---\n{}\n---\n{}", head.trim_end_matches('\n'), cut.body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Change {
        Major,
        Minor,
    }

    #[test]
    fn what_is_not_known_is_said_in_plain_words() {
        let words = |text: &str| read::<std::collections::BTreeMap<String, Change>>("m.md", text, 1);
        assert!(words("change: major\nnext: minor\n").is_ok());
        let message = words("change: huge\n").unwrap_err().message;
        assert_eq!(message, "`huge` cannot be written here; write one of major, minor");
        let message = read::<Sample>("m.md", "kind: x\n", 1).unwrap_err().message;
        assert!(message.starts_with("unknown key `kind`"), "{message}");
    }

    #[test]
    fn what_cannot_be_read_says_what_to_write() {
        type Numbers = std::collections::BTreeMap<String, u8>;
        for (text, message, hint) in [
            ("objective: Pay once: never twice", "second colon", "objective: \"Pay once: never twice\""),
            ("objective: &a Pay", "begins with `&`", "objective: \"&a Pay\""),
            ("objective: !now Pay", "`!` means something else", "objective: \"!now Pay\""),
            ("objective: *a", "begins with `&`", "objective: \"*a\""),
            ("objective: \"Pay", "never closed", "in double quotes"),
            ("objective: [Pay", "text is expected", "objective: \"[Pay\""),
            ("objective: @Pay", "not in the form", "objective: \"@Pay\""),
            ("objective: \"C:\\users\"", "not in the form", "objective: \"C:\\\\users\""),
        ] {
            let problem = read::<std::collections::BTreeMap<String, String>>("m.md", text, 1).unwrap_err();
            assert!(problem.message.contains(message), "{text}: {problem:?}");
            assert!(problem.hint.as_ref().is_some_and(|said| said.contains(hint)), "{text}: {problem:?}");
        }
        for (text, message) in [
            ("confidence: 850\n", "a small whole number is expected here"),
            ("confidence: high\n", "a small whole number is expected here"),
            ("confidence: 1\nconfidence: 2\n", "the key `confidence` is there twice"),
        ] {
            assert_eq!(read::<Numbers>("m.md", text, 1).unwrap_err().message, message);
        }
        assert_eq!(read::<Sample>("m.md", "{}", 1).unwrap_err().message, "the key `gate` is missing");
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its type matters here")]
        gate: bool,
    }

    #[test]
    fn a_misspelt_value_names_its_line_and_column() {
        for (text, line) in [("gate: yes\n", 3), ("\ngate: true\nkind: x\n", 5), ("gate: &a true\n", 3)] {
            let problem = read::<Sample>("m.md", text, 3).unwrap_err();
            assert_eq!(problem.place.as_ref().map(|p| p.line), Some(line), "{problem}");
        }
    }

    #[test]
    fn the_head_is_cut_at_its_lines() {
        let cut = front_matter("m.md", "---\na: 1\n---\n# T\n").unwrap();
        assert_eq!((cut.head, cut.body, cut.body_line), (Some("a: 1\n"), "# T\n", 4));
        assert_eq!(front_matter("m.md", "# T\n").unwrap().head, None);
        assert!(front_matter("m.md", "---\na: 1\n# T\n").is_err());
    }

    #[test]
    fn one_key_is_changed_and_nothing_else() {
        let text = "# about\na: 1\nb:\n  - x\n  # inside\n  - y\n# after\nab: 2\n";
        assert_eq!(set_key(text, "b", Some("[z]")), "# about\na: 1\nb: [z]\n# after\nab: 2\n");
        assert_eq!(set_key(text, "b", None), "# about\na: 1\n# after\nab: 2\n");
        assert_eq!(set_key(text, "a", Some("\n  c: 1")), text.replace("a: 1\n", "a:\n  c: 1\n"));
        assert_eq!(set_key("a: 1", "c", Some("2")), "a: 1\nc: 2\n");
        let doc = "---\na: 1\n---\nbody\n";
        assert_eq!(edit_head(doc, |head| set_key(head, "a", Some("2"))).unwrap(), "---\na: 2\n---\nbody\n");
        assert_eq!(edit_head("body\n", str::to_owned), None);
    }
}
