//! `sopd status [ID] [--watch]`

mod run;

use super::desk::Desk;
use super::print;
use super::seen;
use super::trouble::Done;
use crate::base::text::{counted, put};
use crate::base::trace::is_run;
use crate::base::{Problem, problem::Result};
use crate::daemon::{self, MissionStatus, Workspace};
use crate::decision::{self, commands};
use crate::front::next;
use crate::front::shapes;
use run::show_run;
pub(super) use run::watch_run;
use std::time::Duration;

/// Pause between two drawings.
const REDRAW: Duration = Duration::from_millis(500);
/// Ended missions that are shown without `--all`.
const ENDED_SHOWN: usize = 10;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One mission (M-…) or run (sop_run_…); without it, all missions
    id: Option<String>,
    /// One step of a run, with what it said and left
    #[arg(long, requires = "id")]
    step: Option<u32>,
    /// Draw again whenever something changes, until it has ended or Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Every mission that has ended, not only the last ten
    #[arg(long)]
    all: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    match args.id.as_deref().filter(|id| is_run(id)) {
        Some(id) if args.watch => return watch_run(desk, &workspace, id),
        Some(id) => return show_run(desk, &workspace, id, args.step),
        None if args.step.is_some() => return Err(Problem::usage("only runs have steps").into()),
        None => {}
    }
    let mut drawn = String::new();
    loop {
        let found = look(&workspace, args.id.as_deref())?;
        if desk.json {
            print::json(&found.iter().map(shapes::mission).collect::<Result<Vec<_>>>()?)?;
        } else {
            let text = match (&args.id, found.first()) {
                (Some(_), Some(status)) => one(desk, &workspace, status)?,
                _ => {
                    many(desk, &workspace, &found, args.all)
                        + &refused(&workspace)?
                        + &under_way(desk, &workspace)?
                }
            };
            if text != drawn {
                if args.watch {
                    print::clear()?;
                }
                print::line(&text)?;
                drawn = text;
            }
        }
        let over = args.id.is_some() && found.iter().all(|status| status.ended_at.is_some());
        if !args.watch || over {
            return Ok(());
        }
        std::thread::sleep(REDRAW);
    }
}

fn look(workspace: &Workspace, id: Option<&str>) -> Result<Vec<MissionStatus>> {
    workspace.journal.read(|db| match id {
        Some(id) => Ok(vec![daemon::status_of(db, id)?]),
        None => daemon::statuses(db, true),
    })
}

fn many(desk: &Desk, workspace: &Workspace, found: &[MissionStatus], all: bool) -> String {
    if found.is_empty() {
        let driven = daemon::holder(&workspace.root).is_some();
        let note = noted(desk, workspace, driven);
        return format!(
            "no mission yet: drop a Markdown file into {} or use `{} submit FILE`{note}",
            workspace.missions().display(),
            desk.command()
        );
    }
    let (open, ended): (Vec<_>, Vec<_>) = found.iter().partition(|status| status.ended_at.is_none());
    let shown = if all { ended.len() } else { ENDED_SHOWN.min(ended.len()) };
    let rows: Vec<Vec<String>> = open
        .iter()
        .chain(ended.iter().take(shown))
        .map(|status| {
            let said = if status.ended_at.is_some() { &status.reason } else { &status.waiting_for };
            let sop = status.sop.clone().unwrap_or_default();
            vec![status.id.clone(), status.state.word().to_owned(), sop, said.clone()]
        })
        .collect();
    let mut text = print::table(&["mission", "stands at", "sop", "waits for, or how it ended"], &rows);
    if shown < ended.len() {
        put(&mut text, format_args!("\n{} more have ended: --all lists them", ended.len() - shown));
    }
    // Where nothing waits, nobody need drive.
    let told = !open.is_empty() || daemon::holder(&workspace.root).is_some();
    text + &noted(desk, workspace, told)
}

/// What there is to say of the workspace as a whole; of whoever drives it only where that matters.
fn noted(desk: &Desk, workspace: &Workspace, of_driver: bool) -> String {
    let note =
        if of_driver { next::standing_note(&desk.command(), workspace) } else { next::files_note(workspace) };
    let uncommitted = daemon::uncommitted(workspace);
    note.into_iter().chain(uncommitted).map(|note| format!("\n{note}")).collect()
}

/// The dropped files that could not be taken in.
fn refused(workspace: &Workspace) -> Result<String> {
    let mut text = String::new();
    for one in daemon::refused_missions(workspace)? {
        put(
            &mut text,
            format_args!("\nmissions/{0} could not be accepted: see missions/{0}.error.md", one.file),
        );
    }
    Ok(text)
}

/// That there are runs as well.
fn under_way(desk: &Desk, workspace: &Workspace) -> Result<String> {
    let open = workspace.journal.read(crate::run::open_runs)?.len();
    if open == 0 {
        return Ok(String::new());
    }
    Ok(format!("\n{} under way: see `{} runs`", counted(open, "run"), desk.command()))
}

fn one(desk: &Desk, workspace: &Workspace, status: &MissionStatus) -> Result<String> {
    let mut rows = vec![
        ("stands at", format!("{}: {}", status.state.word(), daemon::plain(status.state))),
        ("sop", status.sop.clone().unwrap_or_default()),
        ("waits for", status.waiting_for.clone()),
        ("how it ended", if status.ended_at.is_some() { status.reason.clone() } else { String::new() }),
        ("asked for by", status.requested_by.clone()),
        ("round", if status.round == 0 { String::new() } else { status.round.to_string() }),
        ("cost so far", cost(status)),
        ("taken in", status.created_at.clone()),
        ("ended", status.ended_at.clone().unwrap_or_default()),
        ("folder", workspace.missions().join(&status.id).display().to_string()),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    let lines = rows.iter().map(|(name, value)| format!("  {name:12}  {value}"));
    let title = print::bold(&format!("{}  {}", status.id, status.title));
    let mut text = format!("{title}\n{}\n", lines.collect::<Vec<_>>().join("\n"));
    let open = workspace.journal.read(|db| decision::open_of_mission(db, &status.id))?;
    seen::note(workspace, &open);
    for decision in &open {
        put(
            &mut text,
            format_args!(
                "\n{} must act on {}: {}\n",
                decision.ask.asked_of.join(", "),
                decision.id,
                decision.ask.title
            ),
        );
        for command in commands::of(&desk.command(), decision) {
            put(&mut text, format_args!("  {}\n", command.line));
        }
    }
    if open.is_empty()
        && status.ended_at.is_none()
        && let Some(note) = next::standing_note(&desk.command(), workspace)
    {
        put(&mut text, format_args!("\n{note}"));
    }
    Ok(text.trim_end().to_owned())
}

/// `$0.0123, 4 tokens`.
pub(super) fn cost(status: &MissionStatus) -> String {
    format!("${:.4}, {}", status.cost_usd, counted(usize::try_from(status.tokens).unwrap_or(0), "token"))
}
