//! Inputs with their digits as they were written. What reads the protocol's messages keeps numbers as doubles, so those
//! among a run's inputs that a double would write otherwise (`0.10`, `1e3`, keys of thirty digits) pass it as marked texts.

use crate::base::{Exact, Exacts};
use serde_json::{Map, Number, Value};

/// Begins a text that stands for a number. Unicode keeps it for use within one program; no text to be read holds it.
const MARK: char = '\u{FDD0}';
/// Where a call's inputs lie in its message.
const INPUTS: [&str; 3] = ["params", "arguments", "params"];

/// A message in which nothing of the inputs gets lost; byte for byte as it came where nothing would.
pub(super) fn kept(message: Vec<u8>) -> Vec<u8> {
    let Ok(mut whole) = serde_json::from_slice::<Exact>(&message) else { return message };
    let inputs = INPUTS.iter().try_fold(&mut whole, |at, name| match at {
        Exact::Object(members) => members.get_mut(*name),
        _ => None,
    });
    let marked = inputs.is_some_and(mark);
    if marked { whole.to_string().into_bytes() } else { message }
}

/// Marks the numbers in it that would change; whether there are any.
fn mark(value: &mut Exact) -> bool {
    match value {
        Exact::Number(digits) => {
            let common: Option<Number> = serde_json::from_str(digits).ok();
            let changed = common.is_none_or(|common| common.to_string() != *digits);
            if changed {
                *value = Exact::Text(format!("{MARK}{digits}"));
            }
            changed
        }
        Exact::List(items) => items.iter_mut().fold(false, |any, item| mark(item) | any),
        Exact::Object(members) => members.values_mut().fold(false, |any, member| mark(member) | any),
        _ => false,
    }
}

/// The inputs as they were written.
pub(super) fn as_written(inputs: Map<String, Value>) -> Exacts {
    inputs.into_iter().map(|(name, value)| (name, unmarked(value))).collect()
}

fn unmarked(value: Value) -> Exact {
    match value {
        Value::String(text) => match text.strip_prefix(MARK).map(serde_json::from_str) {
            Some(Ok(number @ Exact::Number(_))) => number,
            _ => Exact::Text(text),
        },
        Value::Array(items) => Exact::List(items.into_iter().map(unmarked).collect()),
        Value::Object(members) => Exact::Object(as_written(members)),
        other => Exact::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_keep_their_digits_on_the_way_through_doubles() {
        let given = r#"{"a":0.10,"b":1e3,"c":12345678901234567890123,"d":[1.50,{"e":-0.0}],"f":12,"g":"0.10","h":null}"#;
        let message = |params: &str| {
            format!(r#"{{"id":1.0,"params":{{"arguments":{{"params":{params}}},"name":"sop_execute"}}}}"#)
        };
        let read: Value = serde_json::from_slice(&kept(message(given).into_bytes())).unwrap();
        assert_eq!(read["id"], 1.0, "nothing else is touched");
        let inputs = read["params"]["arguments"]["params"].as_object().unwrap().clone();
        assert_eq!(Exact::Object(as_written(inputs)).to_string(), given);
        for plain in [message(r#"{"a":1,"b":0.5,"c":"1e3"}"#), "no json 0.10".to_owned(), "[0.10]".to_owned()]
        {
            assert_eq!(kept(plain.clone().into_bytes()), plain.into_bytes());
        }
    }
}
