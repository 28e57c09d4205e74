//! The last sound settings, agents and prompts: they go on counting while somebody's edit cannot be read, so that one
//! typing error stops nothing; and what counts from the start only is said where it has changed. What there is to say of
//! either is written down for everybody who asks.

use super::workspace::{PRIVATE_FOLDER, Workspace};
use crate::agent::{Broken, Snapshot};
use crate::base::text::{counted, listed};
use crate::base::{Digest, Problem, Trouble, files};
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn notes(root: &Path) -> PathBuf {
    root.join(PRIVATE_FOLDER).join("notes")
}

/// What the daemon has to say of its own files, one sentence each: that some cannot be read, that some count from the
/// next start only. Nothing where nobody drives the workspace.
pub fn standing_notes(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(notes(root)).unwrap_or_default();
    if text.is_empty() || super::lock::holder(root).is_none() {
        return Vec::new();
    }
    text.lines().map(str::to_owned).collect()
}

/// What there is to say of agents whose files cannot be read, one sentence each and without any secret.
pub fn broken_agents(workspace: &Workspace) -> Vec<String> {
    if Snapshot::read(&workspace.root).is_ok() {
        return Vec::new();
    }
    let broken = Snapshot::without_broken(&workspace.root).map_or(Vec::new(), |(_rest, broken)| broken);
    in_words(workspace, &broken)
}

/// What of the settings, agents and prompts cannot be read now, and what counts meanwhile, one sentence each and without
/// any secret: for where no daemon says it.
pub fn unsound_files(workspace: &Workspace) -> Vec<String> {
    let root = &workspace.root;
    let Err(problems) = Snapshot::read(root) else { return Vec::new() };
    let broken = broken_agents(workspace);
    if !broken.is_empty() {
        return broken;
    }
    let more = problems.len().saturating_sub(1);
    let first = super::run::first_of(problems);
    let said = if Snapshot::in_force(root).is_ok() {
        unsound(&first, more)
    } else {
        format!("nobody can act until this is mended: {}", placed(&first, more))
    };
    vec![workspace.journal.clean(&said)]
}

fn in_words(workspace: &Workspace, broken: &[Broken]) -> Vec<String> {
    broken.iter().map(|one| workspace.journal.clean(&one.words())).collect()
}

/// The look at these files, again and again.
pub(super) struct Sound {
    /// What counts from the start only, as it was then.
    first: FromStart,
    last: Option<Arc<Snapshot>>,
    trouble: Trouble,
    /// Whether an agent's file could not be read.
    broken: bool,
    said: Vec<String>,
}

impl Sound {
    pub(super) fn start(root: &Path, settings: &Settings) -> Self {
        let trouble = Trouble::of("settings, agents and prompts count as they last were sound");
        Self { first: FromStart::of(root, settings), last: None, trouble, broken: false, said: Vec::new() }
    }

    /// Keeps what is sound, and says what is not, or counts later.
    pub(super) fn look(&mut self, workspace: &Workspace) {
        let root = &workspace.root;
        let mut said = Vec::new();
        match Snapshot::read(root) {
            Ok(now) => {
                self.trouble.over();
                if std::mem::take(&mut self.broken) {
                    tracing::info!("every agent's file can be read again: it works again");
                }
                if !self.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, &now)) {
                    keep(root, &now);
                    self.last.iter().for_each(|last| tell_of(last, &now));
                }
                said.extend(self.later(root, &now));
                self.last = Some(now);
            }
            Err(_broken) if let Some((rest, broken)) = Snapshot::without_broken(root) => {
                self.trouble.over();
                self.broken = true;
                said.extend(in_words(workspace, &broken));
                said.extend(self.later(root, &rest));
            }
            Err(problems) => {
                let more = problems.len().saturating_sub(1);
                let first = super::run::first_of(problems);
                said.push(unsound(&first, more));
                self.trouble.failed(&first);
            }
        }
        if said == self.said {
            return;
        }
        for new in said.iter().filter(|new| !self.said.contains(new)) {
            tracing::warn!("{new}");
        }
        let written = files::project(&notes(root), said.join("\n").as_bytes());
        if let Err(problem) = written {
            tracing::warn!(%problem, "what is to be said of settings could not be written down");
        }
        self.said = said;
    }

    /// What has changed and counts from the next start only.
    fn later(&self, root: &Path, now: &Snapshot) -> Option<String> {
        let later = self.first.changed(&FromStart::of(root, &now.settings));
        let words = || format!("changed, and counting from the next start of sopd: {}", listed(&later));
        (!later.is_empty()).then(words)
    }
}

/// Whoever keeps the daemon hears what has changed, above all who is at work no more.
fn tell_of(before: &Snapshot, now: &Snapshot) {
    let at_work = |snapshot: &Snapshot| -> BTreeSet<String> {
        snapshot
            .roster
            .agents
            .values()
            .filter(|agent| agent.is_active())
            .map(|agent| agent.head.id.clone())
            .collect()
    };
    let (before, now) = (at_work(before), at_work(now));
    let words =
        |parties: Vec<&String>| if parties.is_empty() { "nobody".to_owned() } else { listed(&parties) };
    let came = words(now.difference(&before).collect());
    let left = words(before.difference(&now).collect());
    tracing::info!(came, left, "settings, agents or prompts have changed, and count from now on");
}

fn keep(root: &Path, now: &Snapshot) {
    if let Err(problem) = now.keep(root) {
        tracing::warn!(%problem, "sound settings could not be kept");
    }
}

fn unsound(first: &Problem, more: usize) -> String {
    let words = "settings, agents and prompts count as they last were sound, until this is mended";
    format!("{words}: {}", placed(first, more))
}

fn placed(first: &Problem, more: usize) -> String {
    let place =
        first.place.as_ref().map_or(String::new(), |place| format!("{}:{}: ", place.file, place.line));
    let more = if more == 0 { String::new() } else { format!(" ({} more)", counted(more, "problem")) };
    format!("{place}{}{more}", first.message)
}

/// What counts from the start only: by its name, a mark of what it is.
struct FromStart(Vec<(&'static str, Option<Digest>)>);

impl FromStart {
    fn of(root: &Path, settings: &Settings) -> Self {
        let runs = &settings.runs;
        let mark = |value: serde_json::Result<String>| value.ok().map(Digest::of);
        let bytes = |name: &Option<String>| {
            let name = name.as_ref()?;
            files::bytes(&root.join(name)).ok().map(Digest::of)
        };
        Self(vec![
            ("`calls`", mark(serde_json::to_string(&settings.calls))),
            ("`traces`", mark(serde_json::to_string(&settings.traces))),
            ("`runs.limits`", mark(serde_json::to_string(&runs.limits))),
            ("`runs.network`", mark(serde_json::to_string(&runs.network))),
            ("`runs.readable`", mark(serde_json::to_string(&runs.readable))),
            ("`runs.secrets`", mark(serde_json::to_string(&runs.secrets))),
            ("`runs.secrets_file`", mark(serde_json::to_string(&runs.secrets_file))),
            ("what is in the secrets file", bytes(&runs.secrets_file)),
            ("what is in the certificate's file", bytes(&settings.desk.tls_certificate)),
        ])
    }

    fn changed(&self, now: &Self) -> Vec<&'static str> {
        let both = self.0.iter().zip(&now.0);
        both.filter(|(then, now)| then != now).map(|((name, _), _)| *name).collect()
    }
}
