//! Chain hashes written down outside the journal, so that a cut-off tail is noticed.

use super::workspace::Workspace;
use crate::journal::Anchor;
use crate::registry;
use std::path::Path;
use std::process::{Command, Stdio};

/// Chain hashes written down outside the journal: in INDEX.md, and in the commit messages of publications.
pub fn anchors(workspace: &Workspace) -> Vec<Anchor> {
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
