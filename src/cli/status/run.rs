//! A run on the screen: where it stands, its tasks, one step with what it said and left.

use crate::base::problem::Result;
use crate::base::text::put_line;
use crate::base::{Problem, text::put};
use crate::cli::desk::Desk;
use crate::cli::outcome::outcome;
use crate::cli::print;
use crate::cli::seen;
use crate::cli::trouble::Done;
use crate::daemon::{self, RunStatus, Task, Workspace};
use crate::decision::{self, commands};
use crate::front::next;
use crate::front::shapes;
use crate::run::{StepState, plan_of, run_folder};
use serde_json::json;
use std::time::Duration;

/// Pause between two looks at a run that is followed.
const LOOK: Duration = Duration::from_millis(200);

/// Shows a run, or one step of it.
pub(super) fn show_run(desk: &Desk, workspace: &Workspace, id: &str, step: Option<u32>) -> Done {
    let status = workspace.journal.read(|db| daemon::run_status(db, id))?;
    let Some(number) = step else {
        return if desk.json {
            print::json(&shapes::run(&status)?)
        } else {
            print::line(&page(desk, workspace, &status)?)
        };
    };
    let found = status.tasks.iter().find(|task| task.number == number);
    let task = found.ok_or_else(|| Problem::not_found(format!("{id} has no step {number}")))?;
    if desk.json { print::json(&json!(task)) } else { print::line(&detail(task)) }
}

/// Follows a run until it ends or asks for somebody.
pub(in crate::cli) fn watch_run(desk: &Desk, workspace: &Workspace, id: &str) -> Done {
    let mut told: Vec<String> = Vec::new();
    loop {
        let (status, open) = workspace
            .journal
            .read(|db| Ok((daemon::run_status(db, id)?, decision::open_of_mission(db, id)?)))?;
        if !desk.json {
            for task in &status.tasks {
                let line = line(task);
                if task.state != StepState::Pending && !told.contains(&line) {
                    print::line(&line)?;
                    told.push(line);
                }
            }
        }
        let still =
            status.ended_at.is_some() || !open.is_empty() || status.state == crate::run::RunState::Paused;
        let idle = daemon::holder(&workspace.root).is_none();
        if still || idle {
            return show_run(desk, workspace, id, None);
        }
        std::thread::sleep(LOOK);
    }
}

fn line(task: &Task) -> String {
    format!(
        "  step {}  {:18} {} ({}, {})",
        task.number,
        task.state.word(),
        task.title,
        task.work,
        task.assignee
    )
}

fn page(desk: &Desk, workspace: &Workspace, status: &RunStatus) -> Result<String> {
    let newer = status
        .newer_version
        .as_ref()
        .map(|newer| format!("v{newer} of the SOP is active now; this run stays on v{}", status.version));
    let stand_ins = plan_of(&workspace.journal, &status.id)?.stand_ins();
    let mut rows = vec![
        ("stands at", status.state.word().to_owned()),
        (
            "why",
            if status.waiting_for.contains(&status.reason) { String::new() } else { status.reason.clone() },
        ),
        ("waits for", status.waiting_for.clone()),
        ("sop", format!("{} v{}", status.sop, status.version)),
        ("note", newer.unwrap_or_default()),
        ("begun by", format!("{} ({})", status.initiator, status.trigger)),
        ("differs", status.changes.join("; ")),
        ("stands in", stand_ins.join("; ")),
        ("quality", quality(status)),
        ("asked for", status.created_at.clone()),
        ("ended", status.ended_at.clone().unwrap_or_default()),
        ("folder", run_folder(&workspace.root, &status.id).display().to_string()),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    let mut out = format!("{}\n", print::bold(&status.id));
    for (name, value) in rows {
        put_line(&mut out, format_args!("  {name:10}  {value}"));
    }
    out.push('\n');
    for task in &status.tasks {
        put_line(&mut out, format_args!("{}", line(task)));
        if !task.reason.is_empty() {
            put_line(&mut out, format_args!("          {}", task.reason));
        }
    }
    outcome(&mut out, status);
    let open = workspace.journal.read(|db| decision::open_of_mission(db, &status.id))?;
    seen::note(workspace, &open);
    for decision in &open {
        let ask = &decision.ask;
        put_line(
            &mut out,
            format_args!("\n{} must act on {}: {}", ask.asked_of.join(", "), decision.id, ask.title),
        );
        for command in commands::of(&desk.command(), decision) {
            put_line(&mut out, format_args!("  {}", command.line));
        }
    }
    if open.is_empty()
        && status.ended_at.is_none()
        && let Some(note) = next::standing_note(&desk.command(), workspace)
    {
        put(&mut out, format_args!("\n{note}"));
    }
    Ok(out.trim_end().to_owned())
}

fn quality(status: &RunStatus) -> String {
    let Some(score) = status.score else { return String::new() };
    let parts = if status.score_parts.is_empty() {
        "nothing taken off".to_owned()
    } else {
        status.score_parts.join("; ")
    };
    format!("{score} of 100 ({parts})")
}

/// When it must be done; before it begins that is only a forecast.
fn due(task: &Task) -> String {
    match (&task.due_at, task.state) {
        (Some(at), StepState::Pending | StepState::AwaitingApproval) => {
            format!("about {at}: its time begins when it does")
        }
        (at, _) => at.clone().unwrap_or_default(),
    }
}

fn detail(task: &Task) -> String {
    let mut out = format!("{}\n", print::bold(&format!("Step {}: {}", task.number, task.title)));
    let files: Vec<String> =
        task.files.iter().map(|(name, hash)| format!("{name} (SHA-256 {})", hash.short())).collect();
    let list = |numbers: &[u32]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut rows = vec![
        ("stands at", task.state.word().to_owned()),
        ("why", task.reason.clone()),
        ("done by", format!("{} ({})", task.assignee, task.work)),
        ("skills", task.skills.join(", ")),
        ("after step", list(&task.depends_on)),
        ("promises", task.artifact.clone().unwrap_or_default()),
        ("due", due(task)),
        ("tries", task.attempts.max(1).to_string()),
        ("sure to", task.confidence.map(|percent| format!("{percent} %")).unwrap_or_default()),
        ("began", task.started_at.clone().unwrap_or_default()),
        ("ended", task.ended_at.clone().unwrap_or_default()),
        ("left", files.join(", ")),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    for (name, value) in rows {
        put_line(&mut out, format_args!("  {name:10}  {value}"));
    }
    for (name, value) in &task.outputs {
        put_line(&mut out, format_args!("  gave        {name} = {value}"));
    }
    if !task.said.trim().is_empty() {
        put(&mut out, format_args!("\n{}\n", task.said.trim_end()));
    }
    out
}
