//! A workspace that was restored from a backup, copied, or set back knows that it is one, and starts nothing by itself:
//! its schedules, runs, keys and messages exist twice. Everything may be read; it goes on when a person says so.

use super::lock::Lock;
use super::workspace::{PRIVATE_FOLDER, Workspace};
use super::{anchors, index_file};
use crate::access::{self, Suspended};
use crate::base::text::{counted, listed, put};
use crate::base::{Clock, Problem, files, problem::Result};
use crate::journal::{Access, Tx};
use crate::{mission, notify, run};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The facts that say whether a workspace is held; the newest counts.
const RESTORED: &str = "workspace_restored";
const COPIED: &str = "workspace_copied";
const GOES_ON: &str = "workspace_goes_on";
/// Names that are listed; more are only counted.
const MOST_NAMED: usize = 20;

/// Why this workspace is held, in words; `None` where it is not.
pub fn held(db: &Connection) -> Result<Option<String>> {
    let sql = "SELECT kind, text ->> 'why' FROM event
               WHERE subject = 'sopd' AND kind IN (?1, ?2, ?3) ORDER BY seq DESC LIMIT 1";
    let last: Option<(String, Option<String>)> = db
        .prepare_cached(sql)?
        .query_row((RESTORED, COPIED, GOES_ON), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(last.filter(|(kind, _)| kind != GOES_ON).map(|(_, why)| why.unwrap_or_default()))
}

/// Records that this workspace was made of a backup, which did not hold `left_out`: sessions and links are over, tokens
/// wait to be confirmed.
///
/// # Errors
/// When the journal cannot be used.
pub fn restored(tx: &Tx<'_>, taken_at: &str, left_out: &[String]) -> Result<Suspended> {
    hold(tx, RESTORED, (&format!("it was restored from a backup taken at {taken_at}"), left_out))
}

/// What the backup did not hold of which this workspace was made.
fn left_out(db: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT text ->> 'left_out' FROM event WHERE subject = 'sopd' AND kind IN (?1, ?2)
               ORDER BY seq DESC LIMIT 1";
    let told: Option<Option<String>> =
        db.prepare_cached(sql)?.query_row((RESTORED, COPIED), |row| row.get(0)).optional()?;
    Ok(told.flatten().and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default())
}

fn hold(tx: &Tx<'_>, kind: &str, (why, left_out): (&str, &[String])) -> Result<Suspended> {
    let suspended = access::suspend(tx)?;
    tx.event("sopd", kind, &json!({ "why": why, "suspended": suspended, "left_out": left_out }))?;
    Ok(suspended)
}

/// Looks whether this workspace is another one than at the last start, and refuses to drive one that is held.
///
/// # Errors
/// `Conflict` for one that is held, with what would start.
pub(super) fn look(workspace: &Workspace) -> Result<()> {
    let journal = &workspace.journal;
    if journal.read(held)?.is_none() {
        let moved = is_copy(workspace)?.then(|| "it is a copy of another workspace".to_owned());
        if let Some(why) = moved.or(anchors::went_back(workspace)?) {
            journal.append(move |tx| hold(tx, COPIED, (&why, &[])))?;
        }
    }
    let Some(why) = journal.read(held)? else { return settle(workspace) };
    let would = would_start(workspace)?;
    let started = if would.is_empty() { "- nothing that waits now\n".to_owned() } else { bullets(&would) };
    Err(Problem::conflict(format!(
        "the workspace {} is held, and nothing of it was started: {why}.\nIf it goes on, it starts:\n{}",
        workspace.root.display(),
        started.trim_end()
    ))
    .hint("everything may be read meanwhile; `sopd up --go-on` lets it go on, and asks about each run under way"))
}

fn bullets(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

/// What would start by itself, or be sent, if the workspace went on: a line for each kind of thing.
///
/// # Errors
/// When the journal cannot be read.
pub fn would_start(workspace: &Workspace) -> Result<Vec<String>> {
    let now = workspace.journal.clock().now();
    // Settings that cannot be read start nothing either.
    let runs = workspace.snapshot().map(|snapshot| snapshot.settings.runs.clone()).unwrap_or_default();
    workspace.journal.read(|db| {
        let mut lines = Vec::new();
        let mut say = |what: &str, names: Vec<String>| {
            if !names.is_empty() {
                let shown: Vec<&String> = names.iter().take(MOST_NAMED).collect();
                let more = names.len() - shown.len();
                let rest = if more == 0 { String::new() } else { format!(", and {more} more") };
                let shown: Vec<String> = shown.into_iter().cloned().collect();
                lines.push(format!("{what}: {}{rest}", shown.join(", ")));
            }
        };
        let overview = run::overview(db, &workspace.root, &runs, now)?;
        let by_itself = overview.triggers.iter().filter(|one| one.kind != "manual");
        say("triggers", by_itself.map(|one| format!("{} ({})", one.sop, one.trigger)).collect());
        let due = run::open_due(db, u32::MAX)?;
        if !due.is_empty() {
            say("starts that wait", vec![due.len().to_string()]);
        }
        let open = run::open_runs(db)?;
        let named = |id: &String| Ok(format!("{id} ({})", run::run(db, id)?.sop));
        say("runs under way, which are asked about first", open.iter().map(named).collect::<Result<_>>()?);
        let missions = mission::missions(db, false)?;
        say("missions under way", missions.into_iter().map(|row| row.id).collect());
        let messages = notify::counts(db)?.waiting;
        if messages > 0 {
            say("messages that wait to be sent", vec![messages.to_string()]);
        }
        let tokens = access::tokens_of(db, None)?.len();
        if tokens > 0 {
            lines.push(format!(
                "never by itself: {} of programs, until `sopd token confirm`",
                counted(tokens, "token")
            ));
        }
        Ok(lines)
    })
}

/// Lets a held workspace go on: it is this one from now on. Every run under way stands still and asks once. Gives what
/// is told of it; nothing where it was not held.
///
/// # Errors
/// When a daemon holds the workspace, or the journal cannot be used.
pub fn go_on(root: &Path, clock: &Clock, os_user: String) -> Result<Option<String>> {
    let _lock = Lock::take(root, clock)?;
    let workspace = Workspace::open(root, Access::Holder, clock.clone())?;
    let journal = &workspace.journal;
    if let Err(problem) = look(&workspace)
        && journal.read(held)?.is_none()
    {
        return Err(problem);
    }
    if journal.read(held)?.is_none() {
        return Ok(None);
    }
    anchors::put_away(&workspace)?;
    let asked = journal.append(move |tx| {
        let nth: u32 = tx.db().query_row(
            "SELECT count(*) FROM event WHERE subject = 'sopd' AND kind = ?1",
            [GOES_ON],
            |row| row.get(0),
        )?;
        let runs = run::stand_still(tx, nth + 1, &left_out(tx.db())?)?;
        tx.event("sopd", GOES_ON, &json!({ "os_user": os_user, "runs": runs }))?;
        Ok(runs)
    })?;
    settle(&workspace)?;
    index_file::keep(&workspace)?;
    let mut said = format!("{} goes on as a workspace of its own", root.display());
    if !asked.is_empty() {
        put(
            &mut said,
            format_args!(
                "; whoever wants them is asked whether these go on, by `sopd inbox` and `sopd resume`: {}",
                listed(&asked)
            ),
        );
    }
    Ok(Some(said))
}

/// The file that says which journal this workspace was last driven with.
fn place(workspace: &Workspace) -> PathBuf {
    workspace.root.join(PRIVATE_FOLDER).join("place")
}

/// What a copy of the journal's file cannot share with it: its number on the disk, and when it was made. Moving the
/// folder on one disk, restarting the machine and giving the folder another name change neither.
fn identity(workspace: &Workspace) -> Result<String> {
    let path = workspace.journal.path();
    let data = std::fs::metadata(path).map_err(|error| files::explain(path, &error))?;
    let made = data.created().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(format!("{} {}\n", data.ino(), made.map_or(0, |made| made.as_millis())))
}

fn is_copy(workspace: &Workspace) -> Result<bool> {
    let known = std::fs::read_to_string(place(workspace)).ok();
    let now = identity(workspace)?;
    Ok(known.is_some_and(|known| known != now))
}

/// Remembers that this is the place.
fn settle(workspace: &Workspace) -> Result<()> {
    let now = identity(workspace)?;
    let path = place(workspace);
    if std::fs::read_to_string(&path).is_ok_and(|known| known == now) {
        return Ok(());
    }
    files::write(&path, now.as_bytes(), files::Existing::Replace)
}
