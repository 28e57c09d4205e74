//! What came out of a run, on the screen.

use crate::base::text::{put, put_line};
use crate::daemon::RunStatus;
use crate::run::Gave;

/// Adds what came out of the run, whole as far as it is kept with it; nothing where no step gave anything.
pub(super) fn outcome(out: &mut String, status: &RunStatus) {
    let told: Vec<&Gave> = status.result.iter().filter(|gave| !gave.line.is_empty()).collect();
    if told.is_empty() {
        return;
    }
    let so_far = if status.ended_at.is_some() { "" } else { " so far" };
    put_line(out, format_args!("\nWhat came out{so_far}:"));
    for gave in told {
        put_line(out, format_args!("  step {}, {}", gave.step, gave.title));
        for (name, value) in &gave.outputs {
            put_line(out, format_args!("    {name} = {value}"));
        }
        for line in gave.said.trim().lines() {
            put_line(out, format_args!("    {line}"));
        }
        for (name, hash) in &gave.files {
            put(out, format_args!("    file {name} (SHA-256 {})\n", hash.short()));
        }
    }
}
