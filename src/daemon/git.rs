//! One git commit per publication, made after the commit that counts: its file and INDEX.md, with its chain line (of
//! several at once, the last brings INDEX.md). Only
//! in a repository of the workspace's own, and only files of the registry as they were signed: whatever else lies there is
//! its author's to commit. Git never blocks a mission: what could not be committed is tried again with the next look.

use super::workspace::Workspace;
use crate::base::problem::Result;
use crate::base::{Digest, files, text::listed};
use crate::journal::Event;
use crate::registry::{self, Status, VersionRow};
use crate::settings::Git;
use rusqlite::OptionalExtension as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// The registry's own file.
const INDEX: &str = "sops/INDEX.md";

/// How often git is asked although nothing seems to have changed: somebody may have worked in the repository.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// What there was when git last had nothing to commit.
#[derive(Default)]
pub(super) struct Looked(Option<(Instant, Marks)>);

/// The registry's revision, and the time stamps of INDEX.md and of git's own files.
type Marks = (i64, [Option<SystemTime>; 3]);

/// [`commit`], where registry or repository have moved since git had nothing to do: each look is two processes.
pub(super) fn look_after(workspace: &Workspace, settings: Git, last: &mut Looked) -> Result<()> {
    let changed = |name: &str| std::fs::metadata(workspace.root.join(name)).ok()?.modified().ok();
    let files = [INDEX, ".git/index", ".git/HEAD"].map(changed);
    let marks = (workspace.journal.read(registry::revision)?, files);
    if last.0.as_ref().is_some_and(|(at, known)| at.elapsed() < ASK_AGAIN && *known == marks) {
        return Ok(());
    }
    last.0 = (!commit(workspace, settings)?).then(|| (Instant::now(), marks));
    Ok(())
}

/// Commits what the registry has and git has not. Whether there was anything.
fn commit(workspace: &Workspace, settings: Git) -> Result<bool> {
    let root = &workspace.root;
    let Ok(index) = files::read_text(&root.join(INDEX), u64::MAX) else { return Ok(false) };
    let Some(prefix) = repository(root).filter(|prefix| prefix.is_empty() || settings.enclosing) else {
        return Ok(false);
    };
    let waiting = waiting(root, &prefix);
    if waiting.is_empty() {
        return Ok(false);
    }
    // What INDEX.md does not name yet waits for the look that finds it there, so that both come together.
    let told = registry::anchors(&index, INDEX).into_iter().map(|anchor| anchor.seq).max().unwrap_or(0);
    let mut publications = Vec::new();
    for row in workspace.journal.read(registry::all)? {
        let ours = row.status != Status::Draft && waiting.contains(&row.path) && is_as_signed(root, &row);
        let Some(event) = published(workspace, &row)?.filter(|event| ours && event.seq <= told) else {
            continue;
        };
        let told = format!("Publish {} v{}\n\n{}", row.id, row.version, message(workspace, &event));
        publications.push((event.seq, row.path, told));
    }
    publications.sort();
    // Of several at once, the last brings the index, which names them all.
    let last = publications.pop();
    for (_, path, told) in publications {
        commit_paths(root, &[path], &told);
    }
    let (mut paths, told) = match last {
        Some((_, path, told)) => (vec![path], told),
        None => (Vec::new(), "Bring the registry up to date".to_owned()),
    };
    paths.extend(waiting.contains(INDEX).then(|| INDEX.to_owned()));
    if !paths.is_empty() {
        commit_paths(root, &paths, &told);
    }
    Ok(true)
}

/// That publications are not committed although they should be, and why, in one sentence; `None` where nothing waits.
pub fn uncommitted(workspace: &Workspace) -> Option<String> {
    let root = &workspace.root;
    let settings = workspace.snapshot().map(|snapshot| snapshot.settings.git).unwrap_or_default();
    let prefix = repository(root).filter(|prefix| prefix.is_empty() || settings.enclosing)?;
    let waiting = waiting(root, &prefix);
    if !settings.commit || waiting.is_empty() {
        return None;
    }
    let rows = workspace.journal.read(registry::all).ok()?.into_iter();
    let ours = |row: &VersionRow| {
        row.status != Status::Draft && waiting.contains(&row.path) && is_as_signed(root, row)
    };
    let names: Vec<String> = rows.filter(ours).map(|row| format!("{} v{}", row.id, row.version)).collect();
    if names.is_empty() {
        return None;
    }
    let known = git(root, &["var", "GIT_COMMITTER_IDENT"]).is_some_and(|output| output.status.success());
    let why = if known {
        "`sopd up` tries again and says what git says"
    } else {
        "git does not know who commits: set `git config user.name NAME` and `git config user.email ADDRESS`"
    };
    Some(format!("published, and not committed to git yet: {}; {why}", listed(&names)))
}

/// Where the folder `root` lies in its repository, "" for its top; `None` outside of any.
pub fn repository(root: &Path) -> Option<String> {
    let output = git(root, &["rev-parse", "--show-prefix"]).filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

/// The files below `sops/` that differ from the last commit, by their paths from the workspace.
fn waiting(root: &Path, prefix: &str) -> BTreeSet<String> {
    let asked = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", "sops"];
    let Some(output) = git(root, &asked).filter(|output| output.status.success()) else {
        return BTreeSet::new();
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Two letters and a blank stand before each path, which begins at the repository's top.
    let path = |entry: &str| Some(entry.get(3..)?.strip_prefix(prefix)?.to_owned());
    text.split('\0').filter_map(path).collect()
}

fn is_as_signed(root: &Path, row: &VersionRow) -> bool {
    files::bytes(&root.join(&row.path)).is_ok_and(|bytes| Digest::of(&bytes) == row.sha256)
}

/// The fact that published a version.
fn published(workspace: &Workspace, row: &VersionRow) -> Result<Option<Event>> {
    let Some(mission) = &row.mission else { return Ok(None) };
    workspace.journal.read(|db| {
        let sql = "SELECT seq, subject, kind, text, hash FROM event WHERE subject = ?1 AND kind = 'published' ORDER BY seq DESC LIMIT 1";
        let read = |found: &rusqlite::Row<'_>| {
            let (seq, subject, kind) = (found.get(0)?, found.get(1)?, found.get(2)?);
            Ok(Event { seq, subject, kind, text: found.get(3)?, hash: found.get(4)? })
        };
        Ok(db.query_row(sql, [mission], read).optional()?)
    })
}

fn commit_paths(root: &Path, paths: &[String], message: &str) {
    let paths = || paths.iter().map(String::as_str);
    let add: Vec<&str> = ["add", "--"].into_iter().chain(paths()).collect();
    let commit: Vec<&str> = ["commit", "--quiet", "-m", message, "--"].into_iter().chain(paths()).collect();
    for arguments in [add, commit] {
        match git(root, &arguments) {
            Some(output) if output.status.success() => {}
            Some(output) => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                tracing::warn!(%said, "git would not take the publication; it is tried again");
                return;
            }
            None => return,
        }
    }
}

fn message(workspace: &Workspace, event: &Event) -> String {
    let fact: Value = serde_json::from_str(&event.text).unwrap_or_default();
    let contract = workspace.journal.read(|db| {
        let sql = "SELECT text FROM event WHERE subject = ?1 AND kind = ?2 ORDER BY seq DESC LIMIT 1";
        let last = |kind: &str| -> Value {
            let found: Option<String> = db.query_row(sql, (&event.subject, kind), |row| row.get(0)).ok();
            found.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
        };
        Ok((last("contract_frozen"), last("verdicts_given")))
    });
    let (contract, verdicts) = contract.unwrap_or_default();
    let results = verdicts.get("verdicts").and_then(Value::as_array).cloned().unwrap_or_default();
    let passed =
        results.iter().filter(|verdict| verdict.get("result") == Some(&Value::from("passed"))).count();
    let overridden = fact
        .get("override")
        .and_then(Value::as_str)
        .map_or(String::new(), |why| format!("Override: {why}\n"));
    format!(
        "SOP: {} v{}\nMission: {}\nSigned by: {}\nContract: {}\nVerdicts: {passed} of {} assertions passed\n\
         {overridden}SHA-256: {}\nChain: {} {}\n",
        text(&fact, "sop"),
        text(&fact, "version"),
        event.subject,
        text(&fact, "by"),
        text(&contract, "contract"),
        results.len(),
        text(&fact, "sha256"),
        event.seq,
        event.hash,
    )
}

fn text(fact: &Value, member: &str) -> String {
    fact.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Runs git with its arguments as a list; `None` when there is no git.
fn git(root: &Path, arguments: &[&str]) -> Option<Output> {
    Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()
}
