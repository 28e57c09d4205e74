//! Values as the language of expressions sees them.

use crate::base::{Exact, Exacts};
use minijinja::value::{Enumerator, Object, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Members by name. A number names one as its digits do: `steps[1]` is `steps["1"]`.
#[derive(Debug)]
pub(super) struct Names(BTreeMap<String, Value>);

impl Names {
    pub(super) fn of(members: impl Iterator<Item = (String, Value)>) -> Value {
        Value::from_object(Self(members.collect()))
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => self.0.get(name).cloned(),
            None => self.0.get(&key.to_string()).cloned(),
        }
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|name| Value::from(name.as_str())).collect())
    }
}

pub(super) fn members(of: &Exacts) -> Value {
    Names::of(of.iter().map(|(name, value)| (name.clone(), seen(value))))
}

/// A value as the language sees it: whole numbers exactly, others as doubles.
pub(super) fn seen(value: &Exact) -> Value {
    match value {
        Exact::Null => Value::from(()),
        Exact::Bool(yes) => Value::from(*yes),
        Exact::Number(digits) => match (digits.parse::<i64>(), digits.parse::<i128>()) {
            (Ok(whole), _) => Value::from(whole),
            (_, Ok(whole)) => Value::from(whole),
            _ => Value::from(digits.parse::<f64>().unwrap_or(f64::NAN)),
        },
        Exact::Text(text) => Value::from(text.as_str()),
        Exact::List(items) => Value::from(items.iter().map(seen).collect::<Vec<_>>()),
        Exact::Object(of) => members(of),
    }
}
