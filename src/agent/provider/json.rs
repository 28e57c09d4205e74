//! Gets the JSON out of what a model wrote and holds it against its schema. Pure but for a cache of compiled schemas.
//! Repairs once and simply: takes thinking, fences and prose from around the object; never mends the object itself.

use crate::base::Digest;
use jsonschema::Validator;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Compiled schemas that are kept. There is one per role; the limit only stops a caller that makes up schemas.
const MAX_COMPILED: usize = 64;
/// Deviations that are reported. A model that misses more needs the schema again, not a list.
const MAX_MESSAGES: usize = 20;
/// Letters of one message. Names in it come from the model.
const MESSAGE: usize = 300;

static COMPILED: LazyLock<Mutex<HashMap<Digest, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Reads the JSON value in a model's answer.
///
/// An answer that is JSON is taken as it is. Otherwise `<think>…</think>`, a code fence and whatever stands before
/// the first and after the last brace are cut away, and the rest must be JSON. The error says in one sentence what
/// the reader stumbled over.
pub fn extract(text: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(text.trim()) {
        return Ok(value);
    }
    let text = text.rsplit_once("</think>").map_or(text, |(_, answer)| answer);
    let object = braces(unfenced(text)).ok_or_else(|| "the answer holds no JSON object".to_owned())?;
    serde_json::from_str(object).map_err(|error| format!("the answer is no whole JSON object: {error}"))
}

/// Where `value` departs from `schema`: one sentence each with the JSON Pointer of the place; empty when it fits.
/// Says what was expected, not what was found, which may be long and is not ours.
pub fn check(value: &Value, schema: &Value) -> Vec<String> {
    let validator = match compiled(schema) {
        Ok(validator) => validator,
        Err(error) => return vec![format!("the schema itself cannot be used: {error}")],
    };
    let errors = validator.iter_errors(value).take(MAX_MESSAGES);
    let messages = errors.map(|error| {
        let path = error.instance_path().to_string();
        let place = if path.is_empty() { "the answer" } else { path.as_str() };
        let message = format!("{place}: {}", error.masked_with("the value"));
        message.chars().take(MESSAGE).collect()
    });
    messages.collect()
}

/// The lines between the first fence and the last; all of `text` without one. Fences are told by standing at the
/// beginning of a line, which those inside a JSON string never do.
fn unfenced(text: &str) -> &str {
    let start = text.find("```").filter(|at| text.get(..*at).is_some_and(line_begins));
    let Some(inside) = start.and_then(|at| text.get(at..)?.split_once('\n')).map(|(_, inside)| inside) else {
        return text;
    };
    match inside.rsplit_once("\n```") {
        Some((inside, _)) => inside,
        None => inside,
    }
}

fn line_begins(before: &str) -> bool {
    before.trim_end_matches([' ', '\t']).chars().next_back().is_none_or(|c| c == '\n')
}

fn braces(text: &str) -> Option<&str> {
    let (start, end) = (text.find('{')?, text.rfind('}')?);
    text.get(start..=end)
}

fn compiled(schema: &Value) -> Result<Arc<Validator>, String> {
    let digest = Digest::of(schema.to_string());
    let known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
    if let Some(validator) = known {
        return Ok(validator);
    }
    let validator = Arc::new(jsonschema::validator_for(schema).map_err(|error| error.to_string())?);
    let mut cache = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= MAX_COMPILED {
        cache.clear();
    }
    cache.insert(digest, Arc::clone(&validator));
    Ok(validator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn json_is_found_in_what_models_wrap_around_it() {
        let fence = "```";
        for text in [
            r#"{"a":"}"}"#.to_owned(),
            format!("{fence}json\n{{\"a\":\"}}\"}}\n{fence}"),
            format!("Sure! Here it is:\n\n  {fence}\n{{\"a\":\"}}\"}}\n{fence}\nUse {{braces}} well."),
            "Here: {\"a\":\"}\"} — done".to_owned(),
            "<think>maybe {\"a\":1}?</think>\n{\"a\":\"}\"}".to_owned(),
            format!("{fence}json\n{{\"a\":\"}}\"}}"),
        ] {
            assert_eq!(extract(&text), Ok(json!({"a": "}"})), "{text}");
        }
        let inner = format!("{fence}json\n{{\"a\": \"{fence}sh\\nls\\n{fence}\"}}\n{fence}");
        assert_eq!(extract(&inner), Ok(json!({"a": format!("{fence}sh\nls\n{fence}")})));
    }

    #[test]
    fn what_is_no_json_is_said_and_not_mended() {
        for (text, words) in [
            ("I cannot do that.", "no JSON object"),
            ("", "no JSON object"),
            ("} {", "no JSON object"),
            (r#"{"a": 1,}"#, "no whole JSON object: trailing comma"),
            (r#"{"a": {"b": 1}"#, "no whole JSON object: EOF"),
            (r#"{"a": 1} and {"a": 2}"#, "no whole JSON object: trailing characters"),
        ] {
            let error = extract(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn departures_are_named_with_their_place() {
        let schema = json!({
            "type": "object", "required": ["steps"], "additionalProperties": false,
            "properties": {"steps": {"type": "array", "items": {"enum": ["a", "b"]}}},
        });
        assert_eq!(check(&json!({"steps": ["a"]}), &schema), Vec::<String>::new());
        for (value, expected) in [
            (
                json!({"steps": ["a", "long words"], "x": 1}),
                "/steps/1: the value is not one of \"a\" or \"b\"\n\
                 the answer: Additional properties are not allowed ('x' was unexpected)",
            ),
            (json!({}), "the answer: \"steps\" is a required property"),
            (json!(["a"]), "the answer: the value is not of type \"object\""),
        ] {
            assert_eq!(check(&value, &schema).join("\n"), expected);
        }
        let unusable = check(&json!(1), &json!({"type": "nonsense"})).join("\n");
        assert!(unusable.starts_with("the schema itself cannot be used: "), "{unusable}");
        let many = json!({"steps": vec![1; 1000]});
        assert_eq!(check(&many, &schema).len(), MAX_MESSAGES);
    }

    proptest! {
        #[test]
        fn a_fenced_object_survives_whatever_it_says(words in any::<String>(), before in "[a-z \n]{0,20}") {
            let value = json!({"text": words});
            let text = format!("{before}\n```json\n{value}\n```\n");
            prop_assert_eq!(extract(&text), Ok(value));
        }
    }
}
