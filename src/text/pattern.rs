//! Regular expressions of this room: each is written in code, so one that does not compile is a bug of ours.

use regex::Regex;

/// The pattern `text`; `None` where it is none, which stops a debug build.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    let made = Regex::new(text).ok();
    debug_assert!(made.is_some(), "BUG: not a pattern: {text}");
    made
}
