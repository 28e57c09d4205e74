//! Values of inputs: one that a scenario can give, and whether a given one is of its type.

use crate::sop::InputKind;

/// A value of that type, as a scenario gives it: the usual one, or the one at the edge.
pub(crate) fn sample(kind: &str, edge: bool) -> serde_json::Value {
    use serde_json::json;
    if let Some(words) = kind.strip_prefix("choice: ") {
        let mut words = words.split(", ");
        let word = if edge { words.last() } else { words.next() };
        return json!(word.unwrap_or_default());
    }
    match (kind, edge) {
        ("number", false) => json!(40),
        ("number", true) => json!(0),
        ("date", false) => json!("2026-11-20"),
        ("date", true) => json!("2026-12-31"),
        ("yes_no", edge) => json!(!edge),
        ("email", _) => json!("someone@example.com"),
        ("url", _) => json!("https://example.com/1"),
        (_, false) => json!("S-1001"),
        (_, true) => json!("S-9999"),
    }
}

/// Whether a value fits a type.
pub(crate) fn fits(kind: &InputKind, value: &serde_json::Value) -> bool {
    let text = value.as_str();
    match kind {
        InputKind::Text => !value.is_null() && text.is_none_or(|text| !text.trim().is_empty()),
        InputKind::Number => value.is_number() || text.is_some_and(|text| text.trim().parse::<f64>().is_ok()),
        InputKind::Date => {
            text.is_some_and(|text| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok())
        }
        InputKind::YesNo => {
            value.is_boolean()
                || text.is_some_and(|text| ["yes", "no"].contains(&text.to_lowercase().as_str()))
        }
        InputKind::Email => text.is_some_and(|text| {
            text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        }),
        InputKind::Url => {
            text.is_some_and(|text| text.starts_with("http://") || text.starts_with("https://"))
        }
        InputKind::Choice(words) => text.is_some_and(|text| words.iter().any(|word| word == text)),
    }
}
