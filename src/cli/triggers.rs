//! `sopd triggers` and `sopd triggers deliver PATH --body FILE --header 'Name: value'…`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::problem::Result;
use crate::base::text::put;
use crate::base::{Problem, files};
use crate::daemon;
use crate::front::{next, shapes};
use crate::run::{self, Came, LARGEST_BODY, Post, TriggerStatus};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Hand in a webhook's request, as the sender sent it
    Deliver(Deliver),
}

#[derive(Debug, clap::Args)]
struct Deliver {
    /// The path it was sent to, e.g. /deploy/production
    path: String,
    /// The bytes of its body
    #[arg(long, value_name = "FILE")]
    body: PathBuf,
    /// One of its headers, 'Name: value'
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    match args.verb {
        None => list(desk),
        Some(Verb::Deliver(args)) => deliver(desk, args),
    }
}

fn list(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let settings = workspace.snapshot()?.settings.runs.clone();
    let now = workspace.journal.clock().now();
    let found = workspace.journal.read(|db| run::overview(db, &workspace.root, &settings, now))?;
    if desk.json {
        return print::json(&shapes::triggers(&found));
    }
    if found.triggers.is_empty() && found.unreadable.is_empty() {
        let note = next::standing_note(&desk.command(), &workspace)
            .map_or(String::new(), |note| format!("\n{note}"));
        return print::line(&format!("nothing starts a run: there is no active SOP{note}"));
    }
    let rows: Vec<Vec<String>> = found.triggers.iter().map(row).collect();
    let mut text =
        print::table(&["sop", "started by", "next", "waiting", "last, and what came of it"], &rows);
    for (sop, reason) in found.unreadable {
        put(&mut text, format_args!("\nnothing starts {sop}: {reason}"));
    }
    if let Some(note) = next::standing_note(&desk.command(), &workspace) {
        put(&mut text, format_args!("\n{note}"));
    }
    print::line(&text)
}

fn row(status: &TriggerStatus) -> Vec<String> {
    let next = status.next.as_deref().map_or(String::new(), minute);
    let waiting = if status.waiting == 0 { String::new() } else { status.waiting.to_string() };
    let mut last: Vec<String> = status.ahead.iter().cloned().chain(status.last.iter().map(came)).collect();
    let refused = status.refused.as_ref();
    last.extend(refused.map(|one| format!("refused {}: {}", minute(&one.at), one.reason)));
    vec![format!("{} v{}", status.sop, status.version), status.says.clone(), next, waiting, last.join("; ")]
}

fn came(came: &Came) -> String {
    let what = match (&came.run, &came.refusal) {
        (Some(run), _) => run.clone(),
        (None, Some(reason)) => format!("refused: {reason}"),
        (None, None) => "waits to be taken".to_owned(),
    };
    format!("{}: {what}", minute(&came.at))
}

/// `2026-11-16T09:00:00.000Z` as people write it.
fn minute(at: &str) -> String {
    at.get(..16).map_or_else(|| at.to_owned(), |at| format!("{} UTC", at.replacen('T', " ", 1)))
}

fn deliver(desk: &Desk, args: Deliver) -> Done {
    let body = bytes(&args.body)?;
    let headers = args.headers.iter().map(|line| header(line)).collect::<Result<_>>()?;
    let workspace = desk.open()?;
    let delivered = daemon::deliver(&workspace, &Post { path: args.path, headers, body })?;
    if desk.json {
        return print::json(&shapes::delivery(&delivered));
    }
    let sop = &delivered.sop;
    if let Some(why) = &delivered.ignored {
        return print::line(&format!("{} is trusted, and starts nothing: {why}", delivered.delivery));
    }
    let before = if delivered.existing { " before" } else { "" };
    let came = match (&delivered.run, &delivered.refusal) {
        (Some(run), _) => format!("{run} has started"),
        (None, Some(reason)) => format!("it did not start: {reason}"),
        (None, None) => {
            format!("the daemon starts it in its turn: `{} triggers` shows what comes of it", desk.command())
        }
    };
    print::line(&format!("{} was taken in{before} for {sop}; {came}", delivered.delivery))
}

fn bytes(path: &std::path::Path) -> Result<Vec<u8>> {
    let explain = |error| files::explain(path, &error);
    let size = std::fs::metadata(path).map_err(explain)?.len();
    if size > LARGEST_BODY {
        let most = LARGEST_BODY;
        return Err(Problem::invalid(format!(
            "{} has {size} bytes; at most {most} are taken",
            path.display()
        )));
    }
    std::fs::read(path).map_err(explain)
}

fn header(line: &str) -> Result<(String, String)> {
    let found = line.split_once(':').filter(|(name, _)| !name.trim().is_empty());
    let (name, value) = found.ok_or_else(|| {
        Problem::usage(format!("`{line}` is not a header")).hint("write it like --header 'webhook-id: msg_1'")
    })?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
