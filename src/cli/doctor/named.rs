//! Whether what settings and active SOPs name is there: files, folders, programs, secrets.

use super::{Check, Outcome, check};
use crate::daemon::{self, Workspace};
use crate::registry;
use crate::settings::Settings;
use crate::sop::Sop;
use crate::sop::document::Trigger;
use crate::sop::trigger::files as watched;
use std::path::Path;

/// Where a secret was looked for. The daemon may have been started with another environment.
const NOWHERE: &str = "neither in the file of secrets nor in the environment of this shell";

/// Looks at each of them; one line where all are there.
pub(super) fn look(root: &Path, settings: &Settings, workspace: Option<&Workspace>) -> Vec<Check> {
    let mut found = of_settings(root, settings);
    match workspace.map(|workspace| workspace.journal.read(|db| registry::active_sops(db, root))) {
        Some(Ok(sops)) => found.extend(sops.iter().flat_map(|(_, sop)| of_sop(root, settings, sop))),
        Some(Err(problem)) => found.push((Outcome::Bad, problem.to_string())),
        None => {}
    }
    if found.is_empty() {
        return vec![check("named", Outcome::Good, "what settings and active SOPs name is there")];
    }
    found.into_iter().map(|(outcome, said)| check("named", outcome, said)).collect()
}

fn of_settings(root: &Path, settings: &Settings) -> Vec<(Outcome, String)> {
    let (mut bad, mut notes) = (Vec::new(), Vec::new());
    let runs = &settings.runs;
    if let Some(file) = runs.secrets_file.as_ref().filter(|file| !root.join(file).is_file()) {
        bad.push(format!("{file}, which `runs.secrets_file` names, is not there: `sopd up` does not start"));
    }
    let hooks = daemon::secrets_named(root, runs, runs.webhooks.values()).unwrap_or_default();
    for (path, name) in runs.webhooks.iter().filter(|(_, name)| !hooks.contains_key(*name)) {
        notes.push(format!("the webhook {path} refuses every request: no secret {name}, {NOWHERE}"));
    }
    for (name, channel) in &settings.notifications.exec {
        let program = channel.command.first().map(String::as_str).unwrap_or_default();
        if !is_program(root, program) {
            bad.push(format!("`{program}`, which the channel {name} starts, is no program here"));
        }
    }
    let anchor = settings.audit.anchor_file.as_ref().map(|file| root.join(file));
    if let Some(folder) = anchor.as_deref().and_then(Path::parent).filter(|folder| !folder.is_dir()) {
        bad.push(format!("{}, the folder of `audit.anchor_file`, is not there", folder.display()));
    }
    for name in runs.readable.iter().filter(|name| !root.join(name).exists()) {
        notes.push(format!("{name}, which `runs.readable` names, is not there"));
    }
    let bad = bad.into_iter().map(|said| (Outcome::Bad, said));
    bad.chain(notes.into_iter().map(|said| (Outcome::Note, said))).collect()
}

/// A program by its path, or by its name in one of the places where programs are looked for.
fn is_program(root: &Path, name: &str) -> bool {
    if name.contains('/') {
        return root.join(name).is_file();
    }
    let places = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&places).any(|place| place.join(name).is_file())
}

fn of_sop(root: &Path, settings: &Settings, sop: &Sop) -> Vec<(Outcome, String)> {
    let (id, runs) = (&sop.head.id, &settings.runs);
    let mut found = Vec::new();
    for step in &sop.body.steps {
        let there = daemon::secrets_named(root, runs, step.secrets.iter()).unwrap_or_default();
        for name in &step.secrets {
            let (outcome, why) = match (runs.secrets.contains(name), there.contains_key(name)) {
                (true, true) => continue,
                (false, _) => (Outcome::Bad, "which `runs.secrets` does not name"),
                (true, false) => (Outcome::Note, NOWHERE),
            };
            found.push((outcome, format!("step {} of {id} fails: no secret {name}, {why}", step.number)));
        }
    }
    for trigger in &sop.head.triggers {
        let Trigger::Files(path) = trigger else { continue };
        let Ok((folder, _)) = watched(path) else { continue };
        if !root.join(folder).is_dir() {
            found.push((Outcome::Note, format!("{folder}/, which {id} watches, is not there")));
        }
    }
    found
}
