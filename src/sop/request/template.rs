//! Text with placeholders: `{{ inputs.lead_id }}`. What a placeholder gives is written in the way its place demands, so
//! that no value can end a string, a header or a path segment and go on as something else. Pure.

use crate::base::Exact;
use crate::base::text::put;
use crate::sop::expression::{self, Scope, explain};
use minijinja::Environment;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;

/// Longest text one placeholder may give, in bytes: an input is at most 1 MB.
const LONGEST_VALUE: usize = 2 * 1024 * 1024;
/// What stays as it is in an address (RFC 3986, 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(String),
    Secret(String),
}

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// Where a template stands, and so how its values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Percent-encoded; not empty in the path.
    Address,
    /// As it is, without control characters.
    Header,
    /// A JSON value, or inside quotes a part of the string.
    Json,
    /// Percent-encoded.
    Form,
    /// As it is.
    Text,
}

/// What the placeholders stand for.
pub(super) struct Values<'a> {
    scope: Option<&'a Scope>,
    secrets: Secrets<'a>,
    /// What is not known yet is shown as a place that is open.
    open: bool,
}

/// What `{{ secrets.NAME }}` gives.
enum Secrets<'a> {
    /// `‹NAME›`.
    Shown,
    /// The value.
    Real(&'a BTreeMap<String, String>),
    /// A harmless word.
    Sample,
}

impl<'a> Values<'a> {
    /// As it is sent.
    pub(super) fn real(scope: &'a Scope, secrets: &'a BTreeMap<String, String>) -> Self {
        Self { scope: Some(scope), secrets: Secrets::Real(secrets), open: false }
    }
    /// As people see it; where `open`, also before everything is known.
    pub(super) fn shown(scope: &'a Scope, open: bool) -> Self {
        Self { scope: Some(scope), secrets: Secrets::Shown, open }
    }
    /// With harmless words in place of the secrets, and of all values where there is no `scope`, to check the form.
    pub(super) fn sample(scope: Option<&'a Scope>) -> Self {
        Self { scope, secrets: Secrets::Sample, open: false }
    }
}

impl Template {
    /// Reads `text`; an error comes with its line, counted from 0.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut parts = Vec::new();
        let (mut rest, mut line) = (text, 0);
        while let Some((before, after)) = rest.split_once("{{") {
            line += before.matches('\n').count();
            let Some((inside, behind)) = after.split_once("}}") else {
                return Err((line, "a placeholder has no end: write {{ inputs.name }}".to_owned()));
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(placeholder(inside.trim()).map_err(|words| (line, words))?);
            line += inside.matches('\n').count();
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The names of its secrets.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Secret(name) => Some(name.as_str()),
            Part::Text(_) | Part::Value(_) => None,
        })
    }

    /// The expressions of its other placeholders.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Value(expression) => Some(expression.as_str()),
            Part::Text(_) | Part::Secret(_) => None,
        })
    }

    /// What it begins with before its first placeholder.
    pub(super) fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether there is no placeholder.
    pub(super) fn is_plain(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The text, its placeholders filled in. An error says which cannot be, and why.
    pub(super) fn fill(&self, place: Place, values: &Values<'_>) -> Result<String, String> {
        let mut out = String::new();
        let mut quotes = Quotes::default();
        for part in &self.0 {
            let (name, given) = match part {
                Part::Text(text) => {
                    quotes.pass(text);
                    out.push_str(text);
                    continue;
                }
                Part::Secret(name) => (format!("secrets.{name}"), secret(name, &values.secrets)),
                Part::Value(expression) => (expression.clone(), evaluate(expression, values)),
            };
            if values.open && given.is_err() {
                put(&mut out, format_args!("‹{name}›"));
                continue;
            }
            let shown = matches!((part, &values.secrets), (Part::Secret(_), Secrets::Shown));
            let written = given.and_then(|given| match (place, given) {
                (Place::Json, given) if !quotes.inside => Ok(given.to_string()),
                (_, given) if shown => scalar(&given),
                (Place::Address, given) => address(&scalar(&given)?, &out),
                (Place::Header, given) => header(scalar(&given)?),
                (Place::Json, given) => Ok(inside_quotes(&scalar(&given)?)),
                (Place::Form, given) => Ok(utf8_percent_encode(&scalar(&given)?, ESCAPED).to_string()),
                (Place::Text, given) => scalar(&given),
            });
            out.push_str(&written.map_err(|why| format!("{{{{ {name} }}}} {why}"))?);
        }
        Ok(out)
    }
}

/// Whether the text so far ends inside a JSON string.
#[derive(Default)]
struct Quotes {
    inside: bool,
}

impl Quotes {
    fn pass(&mut self, text: &str) {
        let mut escaped = false;
        for letter in text.chars() {
            match letter {
                _ if escaped => escaped = false,
                '\\' if self.inside => escaped = true,
                '"' => self.inside = !self.inside,
                _ => {}
            }
        }
    }
}

fn placeholder(inside: &str) -> Result<Part, String> {
    let environment = Environment::new();
    let compiled = environment.compile_expression(inside);
    let compiled =
        compiled.map_err(|error| format!("{{{{ {inside} }}}} cannot be read: {}", explain(&error)))?;
    if !compiled.undeclared_variables(false).contains("secrets") {
        return Ok(Part::Value(inside.to_owned()));
    }
    // A secret that is changed on the way could no longer be recognised in what comes back.
    match inside.strip_prefix("secrets.") {
        Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            Ok(Part::Secret(name.to_owned()))
        }
        _ => Err(format!(
            "{{{{ {inside} }}}} does something to a secret; only {{{{ secrets.NAME }}}} is taken"
        )),
    }
}

fn secret(name: &str, secrets: &Secrets<'_>) -> Result<Exact, String> {
    match secrets {
        Secrets::Shown => Ok(Exact::Text(format!("‹{name}›"))),
        Secrets::Sample => Ok(Exact::Text("x".to_owned())),
        Secrets::Real(values) => {
            let value = values.get(name).ok_or("is no secret of this step; name it under `Secrets`")?;
            Ok(Exact::Text(value.clone()))
        }
    }
}

fn evaluate(expression: &str, values: &Values<'_>) -> Result<Exact, String> {
    let Some(scope) = values.scope else { return Ok(Exact::Text("x".to_owned())) };
    let value = expression::value(expression, scope)?;
    let length = value.as_str().map_or_else(|| value.to_string().len(), str::len);
    if length > LONGEST_VALUE {
        return Err(format!("is {length} bytes long; at most {LONGEST_VALUE} are taken"));
    }
    Ok(value)
}

fn scalar(value: &Exact) -> Result<String, String> {
    match value {
        Exact::Text(_) | Exact::Bool(_) | Exact::Number(_) => Ok(value.plain()),
        Exact::Null => Err("is null, which cannot be written here".to_owned()),
        Exact::List(_) | Exact::Object(_) => {
            Err("is a list or an object; it can only be written in a JSON body, without quotes around it"
                .to_owned())
        }
    }
}

fn address(text: &str, before: &str) -> Result<String, String> {
    if text.is_empty() && !before.contains('?') {
        return Err("is empty, so the address would be another one".to_owned());
    }
    Ok(utf8_percent_encode(text, ESCAPED).to_string())
}

fn header(text: String) -> Result<String, String> {
    match text.chars().find(|letter| letter.is_control()) {
        Some('\n' | '\r') => Err("holds a line break, which no header may".to_owned()),
        Some(_) => Err("holds a control character, which no header may".to_owned()),
        None => Ok(text),
    }
}

fn inside_quotes(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, place: Place) -> Result<String, String> {
        let object = |text: &str| serde_json::from_str(text).unwrap();
        let inputs = r#"{ "id": "a/b?c=\"d\" é\n%", "n": 7, "list": [1, "x"], "empty": "", "none": null, "up": ".." }"#;
        let scope = Scope {
            inputs: object(inputs),
            steps: [(1, object(r#"{ "a": 0.10, "state": "open" }"#))].into(),
            states: [(1, "completed".to_owned()), (2, "skipped".to_owned())].into(),
        };
        let secrets = BTreeMap::from([("KEY".to_owned(), "s e\"c".to_owned())]);
        let template = Template::parse(text).map_err(|(line, words)| format!("{line}: {words}"))?;
        template.fill(place, &Values::real(&scope, &secrets))
    }

    #[test]
    fn each_place_has_its_way_of_writing() {
        for (text, place, expected) in [
            ("/x/{{ inputs.id }}", Place::Address, "/x/a%2Fb%3Fc%3D%22d%22%20%C3%A9%0A%25"),
            ("/x?a={{inputs.empty}}&k={{ secrets.KEY }}", Place::Address, "/x?a=&k=s%20e%22c"),
            ("{{ inputs.n + 1 }}", Place::Header, "8"),
            (
                "/y?a={{ steps.1.a }}&b={{ steps[\"1\"].a }}&c={{ steps[1]['a'] }}",
                Place::Address,
                "/y?a=0.10&b=0.10&c=0.10",
            ),
            (
                "{{ steps.1.state }} {{ states.1 }} {{ steps.2.state }}",
                Place::Header,
                "open completed skipped",
            ),
            (
                "{\"a\": {{ steps.1 }}, \"b\": {{ steps.2 is defined }}}",
                Place::Json,
                r#"{"a": {"a":0.10,"state":"open"}, "b": false}"#,
            ),
            (r#"{"a": "<{{ inputs.id }}>"}"#, Place::Json, r#"{"a": "<a/b?c=\"d\" é\n%>"}"#),
            (r#"{"\"{{ inputs.n }}": {{ inputs.id }}}"#, Place::Json, r#"{"\"7": "a/b?c=\"d\" é\n%"}"#),
            (
                r#"[{{ inputs.list }},{{ inputs.none }},"{{ secrets.KEY }}"]"#,
                Place::Json,
                r#"[[1,"x"],null,"s e\"c"]"#,
            ),
            ("a={{ inputs.id }}", Place::Form, "a=a%2Fb%3Fc%3D%22d%22%20%C3%A9%0A%25"),
            ("{{ inputs.id }}", Place::Text, "a/b?c=\"d\" é\n%"),
        ] {
            assert_eq!(filled(text, place).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_written_there_is_refused() {
        for (text, place, words) in [
            ("{{ inputs.nobody }}", Place::Text, "{{ inputs.nobody }} is not there"),
            ("{{ nothing.at.all }}", Place::Text, "{{ nothing.at.all }} is not there"),
            ("{{ steps.2.a }}", Place::Text, "{{ steps.2.a }} is not there"),
            ("{{ steps[\"1\"].b ~ 1 }}", Place::Text, "there is no steps[\"1\"].b"),
            ("{{ inputs.empty }}", Place::Address, "is empty"),
            ("{{ inputs.list }}", Place::Address, "is a list"),
            ("{{ inputs.none }}", Place::Header, "is null"),
            ("{{ inputs.id }}", Place::Header, "a line break"),
            (r#""{{ inputs.list }}""#, Place::Json, "without quotes around it"),
            ("{{ secrets.OTHER }}", Place::Header, "is no secret of this step"),
            ("{{ secrets.KEY|upper }}", Place::Header, "does something to a secret"),
            ("{{ [secrets] }}", Place::Header, "does something to a secret"),
            ("a\n{{ inputs.", Place::Text, "1: a placeholder has no end"),
            ("{{ inputs. }}", Place::Text, "cannot be read"),
            ("{{ range(100000)|list }}", Place::Text, "unknown function"),
        ] {
            let said = filled(text, place).unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
