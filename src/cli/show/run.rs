//! What a person needs to see before deciding on a run: exactly what will happen, and the hash it is bound to.

use crate::base::text::{put, put_line};
use crate::cli::commands;
use crate::cli::desk::Desk;
use crate::cli::inbox;
use crate::cli::print;
use crate::cli::status::shaped_run;
use crate::cli::trouble::Done;
use crate::daemon::{self, Workspace};
use crate::decision::{self, Decision, Verb};
use crate::run;
use serde_json::{Value, json};

/// Shows a run with what it asks, or one decision of it.
pub(super) fn show(desk: &Desk, workspace: &Workspace, id: &str, asked: Option<Decision>) -> Done {
    let (status, open) =
        workspace.journal.read(|db| Ok((daemon::run_status(db, id)?, decision::open_of_mission(db, id)?)))?;
    let shown = asked.map_or(open, |one| vec![one]);
    let changes = run::plan_of(&workspace.journal, id)?.changes.clone();
    if desk.json {
        let now = desk.clock.now();
        let decisions: Vec<Value> = shown.iter().map(|one| inbox::object(desk, one, now)).collect();
        return print::json(&json!({
            "shape": "sopd/show-run/1", "run": shaped_run(&status)?, "decisions": decisions, "differs": changes,
        }));
    }
    let mut out = print::bold(&format!("{}  {} v{}", status.id, status.sop, status.version));
    put_line(&mut out, format_args!("\n{}: {}", status.state.word(), status.waiting_for));
    if let Some(newer) = &status.newer_version {
        put_line(
            &mut out,
            format_args!("v{newer} of the SOP is active now; this run stays on v{}", status.version),
        );
    }
    for change in &changes {
        put_line(&mut out, format_args!("differs from its SOP: {change}"));
    }
    for one in &shown {
        entry(&mut out, desk, one);
    }
    print::line(out.trim_end())
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
    for command in commands::of(desk, one) {
        let bound = matches!(command.verb, Verb::Approve | Verb::Reject);
        let hash = if bound { format!(" --hash {}", ask.hash.short()) } else { String::new() };
        put(out, format_args!("  {}{hash}\n", command.line));
    }
}
