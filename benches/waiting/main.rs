//! A hundred thousand missions that wait for a person: what they cost the daemon, and what it costs to have all their
//! deadlines fall due together.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints its tables and may fail"
)]

#[path = "../common/mod.rs"]
mod common;
mod deadlines;
mod missions;

/// How many wait.
const WAITING: u32 = 100_000;

fn main() {
    if deadlines::was_seed() {
        return;
    }
    missions::bench();
    deadlines::bench();
}
