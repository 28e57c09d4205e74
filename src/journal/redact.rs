//! Keeps secrets out of the journal: every known secret value is replaced at the one append door.

use std::borrow::Cow;

/// Shorter values are too common as words to be searched for.
const LEAST_SECRET_BYTES: usize = 8;

/// The secret values to replace.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

impl Redactor {
    /// Replaces these values, and their JSON-escaped form, wherever they appear.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all = Vec::new();
        for secret in secrets.into_iter().filter(|secret| secret.len() >= LEAST_SECRET_BYTES) {
            let json = serde_json::Value::String(secret.clone()).to_string();
            let escaped = json.trim_matches('"').to_owned();
            if escaped != secret {
                all.push(escaped);
            }
            all.push(secret);
        }
        // Longest first, so that a secret that contains another is replaced whole.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets: all }
    }

    /// `text` with every secret replaced by `[redacted]`.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for secret in &self.secrets {
            if out.contains(secret.as_str()) {
                out = Cow::Owned(out.replace(secret.as_str(), "[redacted]"));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced_plain_and_escaped() {
        let redactor =
            Redactor::new(["sk-123456789".to_owned(), "line\"quote\\x".to_owned(), "short".to_owned()]);
        assert_eq!(redactor.clean("key sk-123456789 short"), "key [redacted] short");
        assert_eq!(redactor.clean(r#"{"k":"line\"quote\\x"}"#), r#"{"k":"[redacted]"}"#);
    }
}
