//! Chain hashes written down outside the journal, so that a cut-off tail, or a log that was chained anew, is noticed:
//! in INDEX.md and in the commit messages of publications, in a file beside the journal at each start, day and stop, and
//! where the settings name one, in a file elsewhere.

use super::workspace::{PRIVATE_FOLDER, Workspace};
use crate::base::{Problem, files, problem::Result};
use crate::journal::Anchor;
use crate::registry;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The file beside the journal.
const BESIDE: &str = "anchors";
/// The file in which the projector notes how far it has seen the log.
pub(super) const SEEN: &str = "projected";
/// Largest file of anchors that is read: some hundred thousand lines.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Chain hashes written down outside the journal, wherever sopd writes them down by itself.
pub fn anchors(workspace: &Workspace) -> Vec<Anchor> {
    let index = std::fs::read_to_string(workspace.root.join("sops/INDEX.md")).unwrap_or_default();
    let mut anchors = registry::anchors(&index, "sops/INDEX.md");
    anchors.extend(git_anchors(&workspace.root));
    for file in anchor_files(workspace).into_iter().chain([seen(workspace)]) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        anchors.extend(chain_lines(&text, &file.display().to_string()));
    }
    anchors
}

/// The anchors somebody names: a file of `Chain: PLACE HASH` lines, an INDEX.md, or `PLACE:HASH` itself.
///
/// # Errors
/// When there is none in what is named.
pub fn named(text: &str) -> Result<Vec<Anchor>> {
    if let Some((seq, hash)) = text.split_once(':')
        && let Ok(seq) = seq.parse()
        && hash.len() == 64
    {
        return Ok(vec![Anchor { found_in: "the anchor you named".to_owned(), seq, hash: hash.to_owned() }]);
    }
    let path = Path::new(text);
    let content = files::read_text(path, MOST_BYTES).map_err(|problem| {
        problem.hint("name a file with `Chain: PLACE HASH` lines, or write the anchor as PLACE:HASH")
    })?;
    let mut found = chain_lines(&content, text);
    found.extend(registry::anchors(&content, text));
    if found.is_empty() {
        return Err(Problem::usage(format!("there is no anchor in {text}"))
            .hint("a line of one reads `Chain: PLACE HASH`; `sopd audit anchor` prints it"));
    }
    Ok(found)
}

/// The files in which this workspace writes anchors down.
fn anchor_files(workspace: &Workspace) -> Vec<PathBuf> {
    let beside = workspace.root.join(PRIVATE_FOLDER).join(BESIDE);
    let elsewhere =
        workspace.snapshot().ok().and_then(|snapshot| snapshot.settings.audit.anchor_file.clone());
    std::iter::once(beside).chain(elsewhere.map(|name| workspace.root.join(name))).collect()
}

fn seen(workspace: &Workspace) -> PathBuf {
    workspace.root.join(PRIVATE_FOLDER).join(SEEN)
}

/// The line that an anchor of the present moment is.
pub fn written_down(workspace: &Workspace) -> Result<String> {
    let (seq, hash) = workspace.journal.head()?;
    Ok(format!("Chain: {seq} {hash} ({})", workspace.journal.clock().now()))
}

/// Writes an anchor down in each file, unless its last line says the same. What cannot be written is told, and stops
/// nothing.
pub(super) fn write_down(workspace: &Workspace) -> Result<()> {
    let (seq, hash) = workspace.journal.head()?;
    if seq == 0 {
        return Ok(());
    }
    let line = written_down(workspace)?;
    for file in anchor_files(workspace) {
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        let last = chain_lines(there.lines().last().unwrap_or_default(), "").pop();
        if last.is_some_and(|last| last.seq == seq && last.hash == hash) {
            continue;
        }
        if let Err(problem) = append(&file, &line) {
            tracing::warn!(%problem, "an anchor of the audit log could not be written down");
        }
    }
    Ok(())
}

fn append(file: &Path, line: &str) -> Result<()> {
    let mut opened = files::private(std::fs::OpenOptions::new().create(true).append(true))
        .open(file)
        .map_err(|error| files::explain(file, &error))?;
    writeln!(opened, "{line}").and_then(|()| opened.sync_all()).map_err(|error| files::explain(file, &error))
}

/// Puts the anchors beside the journal away, where they speak of a log that went on elsewhere.
pub(super) fn put_away(workspace: &Workspace) -> Result<()> {
    files::remove(&seen(workspace))?;
    let file = workspace.root.join(PRIVATE_FOLDER).join(BESIDE);
    if file.exists() {
        let now = workspace.journal.clock().now().utc().format("%Y%m%dT%H%M%SZ");
        files::relocate(&file, &file.with_file_name(format!("{BESIDE}.before-{now}")))?;
    }
    Ok(())
}

/// The first anchor beside the journal, or in the file elsewhere, that the log does not hold, in words: it went back to
/// an earlier state, or lost what it had acknowledged.
pub fn went_back(workspace: &Workspace) -> Result<Option<String>> {
    for file in anchor_files(workspace).into_iter().chain([seen(workspace)]) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let Some(last) = chain_lines(&text, &file.display().to_string()).pop() else { continue };
        match workspace.journal.read(|db| crate::journal::holds(db, &last)) {
            Ok(()) => {}
            Err(problem) if problem.kind.passes() => return Err(problem),
            Err(problem) => return Ok(Some(problem.message)),
        }
    }
    Ok(None)
}

fn git_anchors(root: &Path) -> Vec<Anchor> {
    let log = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["log", "--grep=^Chain: ", "--format=commit %h%n%b", "--", "sops"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let Ok(log) = log.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()) else {
        return Vec::new();
    };
    chain_lines(&log, "git")
}

/// The `Chain: <seq> <hash>` lines of a text; in a git log, whose commits begin with `commit <id>`, each is found in one.
fn chain_lines(text: &str, found_in: &str) -> Vec<Anchor> {
    let mut place = found_in.to_owned();
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("commit ") {
            place = format!("{found_in} {line}");
        }
        let mut words = line.strip_prefix("Chain: ").into_iter().flat_map(|rest| rest.split(' '));
        if let (Some(Ok(seq)), Some(hash)) = (words.next().map(str::parse), words.next()) {
            found.push(Anchor { found_in: place.clone(), seq, hash: hash.trim().to_owned() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_found_in_commit_messages_and_files() {
        let log = "commit abc\nMission: M\nChain: 17 00ff\n\ncommit def\nChain: x y\nnothing\n";
        let found = chain_lines(log, "git");
        assert_eq!(found, [Anchor { found_in: "git commit abc".into(), seq: 17, hash: "00ff".into() }]);
        let found = chain_lines("Chain: 3 ab (2026-11-20T09:00:00Z)\n", "anchors");
        assert_eq!(found, [Anchor { found_in: "anchors".into(), seq: 3, hash: "ab".into() }]);
        let hash = "0".repeat(64);
        assert_eq!(named(&format!("3:{hash}")).unwrap()[0].seq, 3);
        assert!(named("/nowhere/at/all").is_err());
    }
}
