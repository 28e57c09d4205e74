//! JSON values whose numbers keep the digits they were written with: `0.10`, `1.5E+3`, and keys of thirty digits.
//! What a run was given, and what its steps gave, is kept and handed on so.

use serde::de::Error as _;
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Deepest nesting of lists and objects, as in every other JSON that is read here.
const DEEPEST: usize = 120;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exact {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Exact>),
    /// An object.
    Object(Exacts),
}

/// Values by name.
pub type Exacts = BTreeMap<String, Exact>;

impl Exact {
    /// Text as it is, nothing for `null`, anything else as JSON.
    pub fn plain(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As programs usually keep it: numbers as doubles, or whole ones of 64 bits.
    pub fn common(&self) -> Value {
        match self {
            Self::Number(digits) => serde_json::from_str(digits).unwrap_or_default(),
            Self::List(items) => items.iter().map(Self::common).collect(),
            Self::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), value.common())).collect())
            }
            Self::Null => Value::Null,
            Self::Bool(yes) => Value::from(*yes),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }

    /// What lies at `part` of it: a member's name, or the place in a list.
    pub fn get(&self, part: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(part),
            Self::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => None,
        }
    }

    fn read(raw: &str, depth: usize) -> Result<Self, serde_json::Error> {
        if depth > DEEPEST {
            return Err(serde_json::Error::custom("lists and objects are nested too deep"));
        }
        let inner = |raw: &RawValue| Self::read(raw.get(), depth + 1);
        Ok(match raw.bytes().next() {
            Some(b'"') => Self::Text(serde_json::from_str(raw)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw)?;
                Self::List(items.into_iter().map(inner).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(raw)?;
                let member = |(name, raw)| Ok((name, inner(raw)?));
                Self::Object(members.into_iter().map(member).collect::<Result<_, serde_json::Error>>()?)
            }
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(raw)?),
            Some(b'n') => Self::Null,
            _ => {
                // One that is too large to be compared with anything is refused, as elsewhere.
                serde_json::from_str::<f64>(raw)?;
                Self::Number(raw.to_owned())
            }
        })
    }
}

impl From<Value> for Exact {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(yes) => Self::Bool(yes),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(of_map(members)),
        }
    }
}

/// The members of an object.
pub fn of_map(members: serde_json::Map<String, Value>) -> Exacts {
    members.into_iter().map(|(name, value)| (name, Exact::from(value))).collect()
}

/// Values by name as people and programs are told them.
pub fn told(members: &Exacts) -> serde_json::Map<String, Value> {
    let one = |value: &Exact| serde_json::to_value(value).unwrap_or_default();
    members.iter().map(|(name, value)| (name.clone(), one(value))).collect()
}

impl fmt::Display for Exact {
    /// JSON on one line, names in order, numbers as they were written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => write!(f, "{}", Value::from(text.as_str())),
            Self::List(items) => {
                f.write_str("[")?;
                for (nth, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if nth == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => f.write_str(&written(members)),
        }
    }
}

/// Values by name as one JSON object.
pub fn written(members: &Exacts) -> String {
    let member = |(name, value): (&String, &Exact)| format!("{}:{value}", Value::from(name.as_str()));
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        Self::read(raw.get(), 0).map_err(D::Error::custom)
    }
}

impl Serialize for Exact {
    /// For people and other programs, in any form: a number that a program would read as another one is a text.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(yes) => to.serialize_bool(*yes),
            Self::Number(digits) => match common(digits) {
                Some(number) => number.serialize(to),
                None => to.serialize_str(digits),
            },
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Object(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// The number as programs usually keep one, where that is the same number.
fn common(digits: &str) -> Option<serde_json::Number> {
    let number: serde_json::Number = serde_json::from_str(digits).ok()?;
    (normal(&number.to_string()) == normal(digits)).then_some(number)
}

/// A number's sign, its digits without zeros at both ends, and the power of ten of the last one.
fn normal(text: &str) -> (bool, String, i64) {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (number, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let power: i64 = power.parse().unwrap_or(i64::MAX / 2);
    let all = format!("{whole}{fraction}");
    let led = all.trim_start_matches('0');
    let kept = led.trim_end_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX / 4);
    (negative, kept.to_owned(), power - length(fraction) + length(led) - length(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_are_never_told_as_another_one() {
        let text = r#"{"a":0.10,"b":[1.5E+3,12345678901234567890123,-0],"c":{"d":"x\n","e":null,"f":true}}"#;
        let read: Exact = serde_json::from_str(text).unwrap();
        assert_eq!(read.to_string(), text);
        let told = serde_json::to_string(&read).unwrap();
        assert_eq!(
            told,
            r#"{"a":0.1,"b":[1500.0,"12345678901234567890123",-0.0],"c":{"d":"x\n","e":null,"f":true}}"#
        );
        assert_eq!(Exact::from(serde_json::json!({ "a": [1, 2.5] })).to_string(), r#"{"a":[1,2.5]}"#);
        assert_eq!(read.get("b").and_then(|b| b.get("1")).map(Exact::plain).unwrap().len(), 23);
        for (text, same) in [("18446744073709551615", true), ("0.1234567890123456789", false), ("100", true)]
        {
            assert_eq!(common(text).is_some(), same, "{text}");
        }
        assert!(serde_json::from_str::<Exact>("1e400").is_err());
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(serde_json::from_str::<Exact>(&deep).unwrap_err().to_string().contains("nested too deep"));
    }
}
