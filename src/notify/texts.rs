//! Fills the texts of `texts.txt`, the one place where they stand.

use crate::base::text::visible;
use crate::base::{Problem, problem::Result};
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value};
use std::sync::LazyLock;

const TEXTS: &str = include_str!("texts.txt");
/// Longest value filled in, in characters: a headline and a few sentences are read, a report is not.
const LONGEST_VALUE: usize = 600;

/// The sections by name; what stands before the first is for whoever edits the file.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXTS.split("\n[").skip(1).filter_map(|section| section.split_once("]\n"))
}

static FILLED: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, text) in sections() {
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(%error, name, "BUG: a text of notifications cannot be read");
        }
    }
    environment
});

/// The headline and the lines below it of the text `name`.
pub(super) fn fill(name: &str, values: Map<String, Value>) -> Result<(String, Vec<String>)> {
    let bug = |error: &dyn std::fmt::Display| Problem::failed(format!("BUG: the text of {name}: {error}"));
    let values: Map<String, Value> = values.into_iter().map(|(key, value)| (key, tame(value))).collect();
    let template = FILLED.get_template(name).map_err(|error| bug(&error))?;
    let text = template.render(minijinja::value::Serde(values)).map_err(|error| bug(&error))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    let headline = lines.next().ok_or_else(|| bug(&"it is empty"))?;
    Ok((headline, lines.collect()))
}

/// A value on one line, not too long, with nothing in it that a screen would obey.
fn tame(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(one_line(&text, LONGEST_VALUE)),
        other => other,
    }
}

/// `text` on one line of at most `most` characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let line = visible(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::What;
    use serde_json::json;

    #[test]
    fn every_switch_has_a_text() {
        for what in What::ALL {
            let name = json!(what);
            assert!(FILLED.get_template(name.as_str().unwrap()).is_ok(), "{name}");
        }
        assert_eq!(sections().count(), What::ALL.len() + 1, "and the test message has one");
    }

    #[test]
    fn a_value_cannot_make_lines_or_run_on() {
        let values = json!({ "who": "a\nb\r\nSubject: x\u{1b}[31m".to_owned() + &"x".repeat(900) });
        let (headline, lines) = fill("test", values.as_object().unwrap().clone()).unwrap();
        assert_eq!(headline, "Test: this channel works");
        assert!(lines[0].starts_with("a b Subject: x\\u{1b}[31mxxx") && lines[0].contains("x… asked for"));
        assert_eq!(lines.len(), 1);
        assert!(fill("test", Map::new()).is_err(), "a value that is missing is not left out in silence");
    }
}
