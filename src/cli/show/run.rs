//! What a person needs to see before deciding on a run: exactly what will happen, and the hash it is bound to.

use crate::base::text::{put, put_line};
use crate::cli::desk::Desk;
use crate::cli::outcome::outcome;
use crate::cli::print;
use crate::daemon::RunStatus;
use crate::decision::{Decision, commands};
use serde_json::{Value, json};

/// A run with what it asks.
pub(super) fn page(desk: &Desk, status: &RunStatus, shown: &[Decision], differs: &[String]) -> String {
    let mut out = print::bold(&format!("{}  {} v{}", status.id, status.sop, status.version));
    put_line(&mut out, format_args!("\n{}: {}", status.state.word(), status.waiting_for));
    if let Some(newer) = &status.newer_version {
        put_line(
            &mut out,
            format_args!("v{newer} of the SOP is active now; this run stays on v{}", status.version),
        );
    }
    for change in differs {
        put_line(&mut out, format_args!("differs from its SOP: {change}"));
    }
    outcome(&mut out, status);
    for one in shown {
        entry(&mut out, desk, one);
    }
    out.trim_end().to_owned()
}

fn entry(out: &mut String, desk: &Desk, one: &Decision) {
    let ask = &one.ask;
    let told = |name: &str| ask.details.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    put_line(
        out,
        format_args!(
            "\n{}",
            print::bold(&format!("{} asked of {}: {}", one.id, ask.asked_of.join(", "), ask.title))
        ),
    );
    put_line(out, format_args!("{}\n", ask.why));
    put_line(out, format_args!("{}", told("effect").trim_end()));
    put_line(out, format_args!("\nSHA-256 of what is shown: {}", ask.hash));
    if ask.quorum > 1 {
        let said = if one.votes.is_empty() { "nobody yet".to_owned() } else { one.votes.join(", ") };
        put_line(out, format_args!("{} must agree; so far: {said}", ask.quorum));
    }
    if ask.details.get("reversible") == Some(&json!(false)) {
        put_line(out, format_args!("It cannot be undone by sopd. If it goes wrong: {}", told("impact")));
    }
    if let Some(answer) = &one.answer {
        put_line(out, format_args!("{} by {} at {}", answer.verb.word(), answer.by, answer.at.minute()));
        return;
    }
    for command in commands::of(&desk.command(), one) {
        put(out, format_args!("  {}\n", command.line));
    }
}
