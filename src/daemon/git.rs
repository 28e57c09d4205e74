//! One git commit per publication, made after the commit that counts. Git never blocks a mission: what could not be
//! committed is tried again with the next look.

use super::workspace::Workspace;
use crate::journal::Event;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Commits what was published, and whatever an earlier trouble left uncommitted in `sops/`.
pub(super) fn commit(workspace: &Workspace, published: &[Event]) {
    let root = &workspace.root;
    if published.is_empty() && !root.join("sops/INDEX.md").exists() {
        return;
    }
    if !git(root, &["rev-parse", "--is-inside-work-tree"]).is_some_and(|output| output.status.success()) {
        return;
    }
    for event in published {
        let fact: Value = serde_json::from_str(&event.text).unwrap_or_default();
        let path = text(&fact, "path");
        commit_paths(root, &[&path, "sops/INDEX.md"], &message(workspace, event, &fact));
    }
    let waiting = git(root, &["status", "--porcelain", "--untracked-files=all", "--", "sops"]);
    if waiting.is_some_and(|output| output.status.success() && !output.stdout.is_empty()) {
        commit_paths(root, &["sops"], "Bring the registry up to date");
    }
}

fn commit_paths(root: &Path, paths: &[&str], message: &str) {
    let add: Vec<&str> = ["add", "--"].into_iter().chain(paths.iter().copied()).collect();
    let commit: Vec<&str> =
        ["commit", "--quiet", "-m", message, "--"].into_iter().chain(paths.iter().copied()).collect();
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

fn message(workspace: &Workspace, event: &Event, fact: &Value) -> String {
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
        "Publish {} v{}\n\nMission: {}\nSigned by: {}\nContract: {}\nVerdicts: {passed} of {} assertions passed\n\
         {overridden}SHA-256: {}\nChain: {} {}\n",
        text(fact, "sop"),
        text(fact, "version"),
        event.subject,
        text(fact, "by"),
        text(&contract, "contract"),
        results.len(),
        text(fact, "sha256"),
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
