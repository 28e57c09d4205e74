//! What a mission or run asks of people, as its STATUS.md tells it: who, what, until when, and what to type.

use super::status::asked;
use crate::base::text::put;
use crate::decision::{Decision, commands};

/// The section about what is asked now; nothing where nothing is.
pub(super) fn wanted(open: &[Decision]) -> String {
    let mut out = String::new();
    for decision in open {
        if out.is_empty() {
            out.push_str("\n## What is wanted\n\n");
        }
        put(&mut out, format_args!("- {}", asked(decision)));
        if let Some(due) = decision.ask.due_at {
            let then = decision.ask.on_deadline.then();
            put(&mut out, format_args!(", until {}; then {then}", due.minute()));
        }
        out.push('\n');
        for command in commands::of("sopd", decision) {
            put(&mut out, format_args!("  - `{}`: {}\n", command.line, command.leads_to));
        }
    }
    out
}
