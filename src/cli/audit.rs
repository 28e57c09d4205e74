//! `sopd audit verify|export [ID]`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::text::{counted, put};
use crate::daemon::{self, Workspace};
use crate::journal::{self, Anchor, events_of};
use crate::registry;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

/// Facts read at once.
const PAGE: u32 = 1_000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Read the whole log again and compare it with itself, INDEX.md and the git history
    Verify,
    /// Write the log as one JSON object per line
    Export {
        /// Only this mission
        id: Option<String>,
    },
}

pub(super) fn run(desk: &Desk, verb: Verb) -> Done {
    match verb {
        Verb::Verify => verify(desk),
        Verb::Export { id } => export(desk, id.as_deref()),
    }
}

fn verify(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let verified = journal::verify(&workspace.journal, &anchors(&workspace))?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/audit/1", "verified": verified }));
    }
    print::line(&format!(
        "the audit log is whole: {}, {} ({} erased), {} from outside; it ends in {}",
        counted(usize::try_from(verified.events).unwrap_or(0), "fact"),
        counted(verified.payloads, "payload"),
        verified.erased,
        counted(verified.anchors, "anchor"),
        verified.head
    ))
}

/// Chain hashes written down outside the journal: in INDEX.md, and in the commit messages of publications.
pub(super) fn anchors(workspace: &Workspace) -> Vec<Anchor> {
    let index = std::fs::read_to_string(workspace.root.join("sops/INDEX.md")).unwrap_or_default();
    let mut anchors = registry::anchors(&index, "sops/INDEX.md");
    anchors.extend(git_anchors(&workspace.root));
    anchors
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
    chain_lines(&log)
}

/// The `Chain: <seq> <hash>` lines of a log whose commits begin with `commit <id>`.
fn chain_lines(log: &str) -> Vec<Anchor> {
    let mut commit = "a commit";
    let mut found = Vec::new();
    for line in log.lines() {
        if line.starts_with("commit ") {
            commit = line;
        }
        let place = line.strip_prefix("Chain: ").and_then(|rest| rest.split_once(' '));
        if let Some((Ok(seq), hash)) = place.map(|(seq, hash)| (seq.parse(), hash.trim())) {
            found.push(Anchor { found_in: format!("git {commit}"), seq, hash: hash.to_owned() });
        }
    }
    found
}

fn export(desk: &Desk, id: Option<&str>) -> Done {
    let workspace = desk.open()?;
    if let Some(id) = id {
        // An unknown mission is an error, not an empty file.
        workspace.journal.read(|db| daemon::status_of(db, id))?;
    }
    let mut after = 0;
    loop {
        let page = workspace.journal.read(|db| events_of(db, id, after, PAGE))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        let mut text = String::new();
        for event in &page {
            // As stored: whoever reads the file can hash it again.
            put(
                &mut text,
                format_args!(
                    "{{\"seq\":{},\"hash\":\"{}\",\"fact\":{}}}\n",
                    event.seq, event.hash, event.text
                ),
            );
        }
        print::raw(&text)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_found_in_commit_messages() {
        let log = "commit abc\nMission: M\nChain: 17 00ff\n\ncommit def\nChain: x y\nnothing\n";
        let found = chain_lines(log);
        assert_eq!(found, [Anchor { found_in: "git commit abc".into(), seq: 17, hash: "00ff".into() }]);
    }
}
