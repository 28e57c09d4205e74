//! What a command prints: its beginning for the file, its end for the record, everything between only counted.
//! However much is printed, memory and disk stay within the limits.

use crate::journal::Redactor;
use std::collections::VecDeque;

/// The output of one command while it runs.
pub(super) struct Capture {
    redactor: Redactor,
    /// Bytes of the file.
    file_bytes: usize,
    /// Bytes of the tail in the record.
    tail_bytes: usize,
    /// How far past its cut a secret may reach.
    margin: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    seen: u64,
}

/// The output of one command, without its secrets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Captured {
    /// The beginning, up to the limit.
    pub(super) file: String,
    /// The end.
    pub(super) tail: String,
    /// Whether more was printed than the file holds.
    pub(super) truncated: bool,
}

impl Capture {
    pub(super) fn new(redactor: Redactor, file_bytes: usize, tail_bytes: usize) -> Self {
        let margin = redactor.reach();
        let (head, tail) = (Vec::new(), VecDeque::new());
        Self { redactor, file_bytes, tail_bytes, margin, head, tail, seen: 0 }
    }

    /// Takes what was just printed.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.seen = self.seen.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let room = (self.file_bytes + self.margin).saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        let most = self.tail_bytes + self.margin;
        self.tail.extend(bytes.iter().skip(bytes.len().saturating_sub(most)));
        self.tail.drain(..self.tail.len().saturating_sub(most));
    }

    /// What there is so far. Both ends are cut after the secrets have been replaced, never through one.
    pub(super) fn finish(&self) -> Captured {
        let truncated = self.seen > u64::try_from(self.file_bytes).unwrap_or(u64::MAX);
        let head = String::from_utf8_lossy(&self.head);
        let file = self.redactor.clean_part(&head, 0..self.file_bytes);
        let (front, back) = self.tail.as_slices();
        let tail = [front, back].concat();
        let tail = String::from_utf8_lossy(&tail);
        let from = tail.len().saturating_sub(self.tail_bytes);
        let tail = self.redactor.clean_part(&tail, from..tail.len());
        Captured { file, tail, truncated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2-hunter2";

    fn captured(pieces: &[&[u8]], file: usize, tail: usize) -> Captured {
        let mut capture = Capture::new(Redactor::new([SECRET.to_owned()]), file, tail);
        for piece in pieces {
            capture.take(piece);
        }
        capture.finish()
    }

    #[test]
    fn little_output_is_kept_whole() {
        let got = captured(&[b"one\n", b"t\xffo\n"], 100, 100);
        assert_eq!(
            got,
            Captured { file: "one\nt\u{fffd}o\n".into(), tail: "one\nt\u{fffd}o\n".into(), truncated: false }
        );
    }

    #[test]
    fn much_output_keeps_its_beginning_and_its_end() {
        let line = "x".repeat(1000);
        let mut pieces: Vec<&[u8]> = vec![b"begin "];
        pieces.extend(std::iter::repeat_n(line.as_bytes(), 500));
        pieces.push(b" end");
        let got = captured(&pieces, 10, 8);
        assert_eq!(got, Captured { file: "begin xxxx".into(), tail: "xxxx end".into(), truncated: true });
    }

    #[test]
    fn no_cut_goes_through_a_secret() {
        let around = |at: usize| format!("{}{SECRET}{}", "a".repeat(at), "b".repeat(20_000));
        for at in 0..20 {
            let got = captured(&[around(at).as_bytes()], 16, 0);
            assert!(!got.file.contains("hu") && got.truncated, "{at}: {}", got.file);
        }
        for after in 0..20 {
            let text = format!("{}{SECRET}{}", "a".repeat(20_000), "b".repeat(after));
            let got = captured(&[text.as_bytes()], 0, 16);
            assert!(!got.tail.contains("r2"), "{after}: {}", got.tail);
        }
        // Killed in the middle of printing it.
        let got = captured(&[b"key hunter2-hun"], 100, 100);
        assert_eq!((got.file.as_str(), got.tail.as_str()), ("key [redacted]", "key [redacted]"));
    }
}
