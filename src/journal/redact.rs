//! Keeps secrets out of the journal and out of what commands print: every known secret value is replaced, in whatever
//! form it commonly appears. One implementation serves the one append door and the capture of output.

mod form;

use form::Form;
use std::borrow::Cow;
use std::ops::Range;

/// Shorter values are too common as words to be searched for.
const LEAST_SECRET_BYTES: usize = 8;
/// A line of a longer secret (of a key file, say) is a secret itself from this length on.
const LEAST_LINE_BYTES: usize = 16;
/// What stands in place of a secret.
const MARK: &str = "[redacted]";

/// The secret values to replace.
#[derive(Clone)]
pub struct Redactor {
    secrets: usize,
    forms: Vec<Form>,
    /// Whether some form can begin with this byte: nearly every place in a text is passed with one look.
    begins: [bool; 256],
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new([])
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets)
    }
}

impl Redactor {
    /// Replaces these values wherever they appear: as they are, escaped for JSON (any number of times) or for a URL, in
    /// Base64 (either alphabet, with or without padding, also in the middle of something larger), and each of these
    /// broken over lines. Values of fewer than 8 bytes are not searched for.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let (mut forms, mut known) = (Vec::new(), 0);
        for secret in secrets.into_iter().filter(|secret| secret.trim().len() >= LEAST_SECRET_BYTES) {
            known += 1;
            // A value read from a file may end in a line break that its users cut off.
            forms.extend(Form::all(secret.trim()));
            // A key file's first and last lines are no secret.
            let lines =
                secret.lines().filter(|line| line.len() >= LEAST_LINE_BYTES && !line.starts_with("-----"));
            forms.extend(lines.filter(|line| *line != secret.trim()).flat_map(Form::all));
        }
        let mut begins = [false; 256];
        for byte in forms.iter().flat_map(Form::begins) {
            if let Some(begins) = begins.get_mut(usize::from(byte)) {
                *begins = true;
            }
        }
        Self { secrets: known, forms, begins }
    }

    /// `text` with every secret replaced by `[redacted]`. A JSON text stays one.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.find(text, false);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(replaced(text, 0..text.len(), &found))
    }

    /// The `part` of `text` (in bytes; moved to the next letter) with every secret replaced that touches it, also one
    /// that begins before or ends after it, and one whose beginning is cut off by the end of `text`.
    pub fn clean_part(&self, text: &str, part: Range<usize>) -> String {
        let letter = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        replaced(text, letter(part.start)..letter(part.end), &self.find(text, true))
    }

    /// How many bytes a secret may take in a text, with line breaks and a little indentation; 0 without secrets.
    pub fn reach(&self) -> usize {
        self.forms.iter().map(Form::reach).max().unwrap_or(0)
    }

    /// Where secrets are: ranges in order that do not touch. `cut`: the text may end in the middle of one.
    fn find(&self, text: &str, cut: bool) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            if !self.begins.get(usize::from(*byte)).is_some_and(|begins| *begins) {
                continue;
            }
            let end = self.forms.iter().filter_map(|form| form.end(bytes, at, cut)).max();
            let Some(end) = end else { continue };
            let start = form::whole_escape(bytes, at);
            match found.last_mut() {
                Some(last) if start <= last.end => last.end = last.end.max(end),
                _ => found.push(start..end),
            }
        }
        found
    }
}

/// `part` of `text` with each of `found` replaced.
fn replaced(text: &str, part: Range<usize>, found: &[Range<usize>]) -> String {
    let mut out = String::new();
    let mut at = part.start;
    for secret in found.iter().filter(|secret| secret.end > part.start && secret.start < part.end) {
        out.push_str(text.get(at..secret.start).unwrap_or_default());
        out.push_str(MARK);
        at = secret.end;
    }
    out.push_str(text.get(at..part.end).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const SECRET: &str = "p/ss+w\"rd é\\🔑=1&x";

    fn clean(secret: &str, text: &str) -> String {
        Redactor::new([secret.to_owned()]).clean(text).into_owned()
    }

    #[test]
    fn secrets_are_replaced_plain_and_escaped() {
        let redactor =
            Redactor::new(["sk-123456789".to_owned(), "line\"quote\\x".to_owned(), "short".to_owned()]);
        assert_eq!(redactor.clean("key sk-123456789 short"), "key [redacted] short");
        assert_eq!(redactor.clean(r#"{"k":"line\"quote\\x"}"#), r#"{"k":"[redacted]"}"#);
    }

    #[test]
    fn every_common_spelling_is_found() {
        let json = |text: &str| Value::from(text).to_string().trim_matches('"').to_owned();
        let twice = json(&json(SECRET));
        for spelled in [
            SECRET,
            &json(SECRET),
            &twice,
            r#"p\/ss+w\"rd \u00e9\\\uD83D\uDD11=1&x"#,
            "p%2Fss%2Bw%22rd%20%C3%A9%5C%F0%9F%94%91%3D1%26x",
            "p%2fss%2bw%22rd+%c3%a9%5c%f0%9f%94%91%3d1%26x",
        ] {
            assert_eq!(clean(SECRET, &format!("a {spelled}; b")), "a [redacted]; b", "{spelled}");
        }
    }

    #[test]
    fn base64_is_found_wherever_the_secret_lies_in_it() {
        // Made with base64(1) from `tr0ub4dor&3?`, alone and behind `u:` and `ab:c:`, with more behind it.
        let secret = "tr0ub4dor&3?~~";
        for (text, expected) in [
            ("dHIwdWI0ZG9yJjM/fn4=", "[redacted]"),
            ("dHIwdWI0ZG9yJjM_fn4", "[redacted]4"),
            ("dTp0cjB1YjRkb3ImMz9+fg==", "dTp[redacted]"),
            ("dHIwdWI0\nZG9yJjM/\nfn4=\n", "[redacted]\n"),
            ("dHIwdWI0ZG9yJjM%2Ffn4%3D", "[redacted]4%3D"),
        ] {
            assert_eq!(clean(secret, text), expected, "{text}");
        }
    }

    #[test]
    fn a_line_break_may_be_anywhere_in_it() {
        let secret = "correct horse battery";
        for at in 1..secret.len() {
            let (front, back) = secret.split_at(at);
            for between in ["\n", "\r\n", "\n    ", "\\n", "\\\\r\\\\n", "%0A", "\n\n"] {
                let text = format!("<{front}{between}{back}>");
                assert_eq!(clean(secret, &text), "<[redacted]>", "{text}");
            }
        }
        assert_eq!(clean(secret, "correct\nhorse\n  battery"), "[redacted]");
    }

    #[test]
    fn a_key_file_is_found_whole_joined_and_line_by_line() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END KEY-----\n";
        assert_eq!(clean(key, &format!("x {} y", key.trim())), "x [redacted] y");
        assert_eq!(clean(key, &key.replace('\n', "")), "[redacted]");
        assert_eq!(clean(key, "first: 9w0BAQEFAASCBKcwggSj"), "first: [redacted]");
        assert_eq!(clean(key, "-----BEGIN KEY-----"), "-----BEGIN KEY-----");
    }

    #[test]
    fn secrets_that_overlap_are_replaced_together() {
        let redactor = Redactor::new(["abcdefgh".to_owned(), "efghijkl".to_owned(), "cdefghij".to_owned()]);
        assert_eq!(redactor.clean("1abcdefghijkl2"), "1[redacted]2");
        assert_eq!(redactor.clean("abcdefghabcdefgh"), "[redacted]");
    }

    #[test]
    fn a_text_that_is_cut_off_ends_before_the_secret() {
        let redactor = Redactor::new([SECRET.to_owned()]);
        assert_eq!(redactor.clean_part("x p/ss+w", 0..8), "x [redacted]");
        assert_eq!(redactor.clean_part("x p/s", 0..5), "x p/s");
        let text = format!("é{SECRET}é");
        assert_eq!(redactor.clean_part(&text, 1..4), "[redacted]");
        assert_eq!(redactor.clean_part(&text, 0..1), "é");
    }

    proptest! {
        #[test]
        fn json_stays_json_and_loses_the_secret(
            secret in r#"[a-c\\"nu0 é/]{8,12}"#,
            before in r#"[a-c\\"nu0\n\t ]{0,6}"#,
            after in r#"[a-c\\"nu0\n\t ]{0,6}"#,
        ) {
            prop_assume!(secret.trim().len() >= LEAST_SECRET_BYTES);
            let redactor = Redactor::new([secret.clone()]);
            let text = json!({ "k": format!("{before}{secret}{after}"), "n": 1 }).to_string();
            let cleaned = redactor.clean(&text).into_owned();
            let value: Value = serde_json::from_str(&cleaned)
                .map_err(|error| TestCaseError::fail(format!("{error}: {text} -> {cleaned}")))?;
            prop_assert!(!value["k"].as_str().unwrap().contains(secret.trim()), "{cleaned}");
            prop_assert_eq!(&value["n"], 1);
        }
    }
}
