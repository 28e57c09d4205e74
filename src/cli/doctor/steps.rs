//! What holds the scripts of steps on this machine, found out by running one; and which active SOPs have scripts that look
//! as if they needed the network without saying so.

use super::{Check, Outcome, check};
use crate::base::files;
use crate::base::problem::Result;
use crate::base::text::listed;
use crate::daemon::Workspace;
use crate::registry::{self, Status};
use crate::run::command::{Command, Ended, Limits, Network, Sandbox, run};
use crate::settings::{Runs, StepNetwork};
use crate::sop::network::user_of;
use crate::sop::work::script;
use std::collections::BTreeMap;
use std::path::Path;

/// Looks at this machine with the settings of `root`, and at its registry where `workspace` could be opened.
pub(super) async fn look(root: &Path, workspace: Option<&Workspace>, settings: &Runs) -> Vec<Check> {
    let mut checks = vec![match probe(root, settings).await {
        Ok(ended) => held(&ended, settings),
        Err(problem) => check("steps", Outcome::Bad, format!("no script can run: {problem}")),
    }];
    if rustix::process::geteuid().is_root() {
        checks.push(check("user", Outcome::Note, ROOT));
    }
    if settings.network == StepNetwork::Named
        && let Some(found) = workspace.and_then(|workspace| silent(workspace).ok())
        && !found.is_empty()
    {
        let said = format!(
            "these scripts look as if they used the network, which is off for them: {}; publish them with `**Network**: Yes`, or write `runs: {{ network: all }}` in sopd.yaml",
            listed(&found)
        );
        checks.push(check("network", Outcome::Note, said));
    }
    checks
}

/// Said wherever sopd finds itself to be root.
pub(in crate::cli) const ROOT: &str = "sopd runs as root: a fault of sopd itself would be one of the whole machine; give it a user of its own (scripts of steps have no rights beyond a user's either way)";

/// Runs a script that does nothing, in a folder that is gone afterwards.
async fn probe(root: &Path, settings: &Runs) -> Result<Ended> {
    let folder = root.join(".sopd").join(format!("doctor-{}", std::process::id()));
    let work = folder.join("work");
    std::fs::create_dir_all(&work).map_err(|error| files::explain(&work, &error))?;
    let warden = std::env::current_exe().unwrap_or_else(|_unknown| "sopd".into());
    let command = Command {
        folder: work,
        record: folder.join("record"),
        script: "true".to_owned(),
        env: BTreeMap::new(),
        limits: Limits::of(&settings.limits),
        writable: Vec::new(),
        readable: Vec::new(),
        hidden: Vec::new(),
        whole: folder.clone(),
        network: false,
        secrets: Vec::new(),
    };
    let ended = run(&warden, command).await;
    std::fs::remove_dir_all(&folder).ok();
    ended
}

fn held(ended: &Ended, settings: &Runs) -> Check {
    let mut result = Outcome::Good;
    let mut said = Vec::new();
    match &ended.sandbox {
        Sandbox::Landlock(version) => {
            said.push(format!("scripts read and write only where they may (Landlock {version})"));
        }
        Sandbox::None(why) => {
            result = Outcome::Note;
            said.push(format!("scripts are not sandboxed: {why}"));
        }
    }
    said.push(match (&ended.network, settings.network) {
        (_, StepNetwork::All) => "all of them may use the network (`runs.network: all`)".to_owned(),
        (Network::Off, _) => "they have no network unless their step names it".to_owned(),
        (Network::TcpOff | Network::Open, _) => {
            "they have no TCP unless their step names the network; UDP (DNS) is not cut off".to_owned()
        }
        (Network::NotCut(why), _) => {
            result = Outcome::Note;
            format!("the network cannot be cut off: {why}")
        }
    });
    said.push(if ended.own_tmp {
        "/tmp and /dev/shm are their own".to_owned()
    } else {
        "/tmp and /dev/shm are shut, TMPDIR is their own".to_owned()
    });
    let limits = &settings.limits;
    said.push(format!(
        "limits: {} MiB of memory, {} processes, files of {} MiB, {} MiB on disk per run",
        limits.memory_mib, limits.processes, limits.file_mib, limits.disk_mib
    ));
    if !ended.unheld.is_empty() {
        result = Outcome::Note;
        said.extend(ended.unheld.iter().cloned());
    }
    check("steps", result, said.join("; "))
}

/// Steps of active SOPs that say nothing of the network and name a program that needs it.
fn silent(workspace: &Workspace) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let rows = workspace.journal.read(registry::all)?;
    for row in rows.into_iter().filter(|row| row.status == Status::Active) {
        let text = files::read_text(&workspace.root.join(&row.path), u64::MAX).unwrap_or_default();
        // A file that cannot be read is told of elsewhere.
        let Ok(sop) = crate::sop::parse(&row.path, &text) else { continue };
        for step in sop.body.steps.iter().filter(|step| step.network.is_none()) {
            let user = script(&step.text).and_then(|script| user_of(&script));
            found.extend(user.map(|user| format!("{} step {} (`{user}`)", row.id, step.number)));
        }
    }
    Ok(found)
}
