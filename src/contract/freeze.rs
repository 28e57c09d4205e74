//! The hash a contract is frozen under.

use super::Contract;
use crate::base::problem::Result;
use crate::base::{Digest, Problem};
use serde_json::Value;

impl Contract {
    /// SHA-256 of the contract as canonical JSON: keys in order, no spaces. The same assertions have the same
    /// hash whoever wrote them down, and the order of assertions counts.
    pub fn digest(&self) -> Result<Digest> {
        let value = serde_json::to_value(self)
            .map_err(|error| Problem::failed(format!("the contract cannot be written down: {error}")))?;
        Ok(Digest::of(canonical(&value)))
    }
}

/// JSON with the keys of every object in order and no white space.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort_unstable();
            let entry = |key: &String| {
                let value = entries.get(key).map(canonical).unwrap_or_default();
                format!("{}:{value}", Value::String(key.clone()))
            };
            format!("{{{}}}", keys.into_iter().map(entry).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter_and_every_word_does() {
        let read = |text: &str| canonical(&serde_json::from_str(text).unwrap());
        assert_eq!(
            read(r#"{"b": [1, {"d": 2, "c": "x"}], "a": null}"#),
            r#"{"a":null,"b":[1,{"c":"x","d":2}]}"#
        );
        let empty = Contract { assertions: vec![] };
        assert_eq!(empty.digest().unwrap(), Digest::of(r#"{"assertions":[]}"#));
    }
}
