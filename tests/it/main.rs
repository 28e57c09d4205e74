//! One integration binary, a module per story.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod journal;
mod journal_crash;
mod journal_gaps;
mod journal_random;
mod journal_script;
