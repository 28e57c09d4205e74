//! Whether what is promised holds now: that nobody else reads the workspace, that published files are what was signed,
//! that the log is whole, that schedules can come, that the desk is reached, that there is a way back.

use super::{Check, Outcome, check};
use crate::agent::Snapshot;
use crate::base::text::{counted, listed};
use crate::base::{Instant, Problem, files, problem::Result};
use crate::cli::backup::last_backup;
use crate::daemon::{self, Door, Workspace};
use crate::settings::Settings;
use crate::{journal, registry, run};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// Facts at the log's end that are read again; `sopd audit verify` reads them all.
const TAIL: u32 = 1_000;
/// A backup that is older than this, in days, is worth a word.
const OLD_BACKUP: i64 = 7;
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// What may not be written by others, below the workspace: who writes these decides.
const DECIDING: [&str; 6] = ["", "sopd.yaml", "agents", "prompts", "sops", "missions"];

/// Files and folders that others may read or change.
pub(super) fn modes(root: &Path, settings: &Settings) -> Vec<Check> {
    let own = daemon::private_own(root);
    let secret = daemon::private_files(root, settings);
    let mut wrong: Vec<Problem> =
        own.iter().chain(&secret).filter_map(|path| files::check_private(path).err()).collect();
    for path in DECIDING.iter().map(|name| root.join(name)) {
        let loose = std::fs::metadata(&path).is_ok_and(|data| data.permissions().mode() & 0o022 != 0);
        if loose {
            let problem =
                Problem::invalid(format!("{} may be written by others than its owner", path.display()));
            wrong.push(problem.hint(format!("chmod go-w {}", path.display())));
        }
    }
    if wrong.is_empty() {
        return vec![check("modes", Outcome::Good, "what is private is read by nobody else")];
    }
    wrong.iter().map(|problem| check("modes", Outcome::Bad, problem.to_string())).collect()
}

/// What the journal and the files of the registry say.
pub(super) fn kept(workspace: &Workspace, snapshot: Option<&Snapshot>) -> Vec<Check> {
    let looks: [fn(&Workspace) -> Result<Check>; 4] = [published, log, schedules, reviews];
    let names = ["registry", "log", "triggers", "reviews"];
    let mut checks: Vec<Check> = names
        .into_iter()
        .zip(looks)
        .map(|(name, look)| {
            look(workspace).unwrap_or_else(|problem| check(name, Outcome::Bad, problem.to_string()))
        })
        .collect();
    checks.push(way_back(workspace));
    if snapshot.is_some_and(|snapshot| snapshot.settings.audit.anchor_file.is_none()) {
        let said = "nothing outside this workspace witnesses the log: name a file on another disk in `audit: anchor_file:`";
        checks.push(check("anchor", Outcome::Note, said));
    }
    checks
}

fn published(workspace: &Workspace) -> Result<Check> {
    let checked = workspace.journal.read(|db| registry::verify_files(db, &workspace.root))?;
    if checked.wrong.is_empty() {
        let said = format!("{} as signed", counted(checked.intact, "published file"));
        return Ok(check("registry", Outcome::Good, said));
    }
    Ok(check("registry", Outcome::Bad, checked.wrong.join("\n")))
}

fn log(workspace: &Workspace) -> Result<Check> {
    let looked = journal::verify_tail(&workspace.journal, TAIL)?;
    if let Some(lost) = daemon::went_back(workspace)? {
        return Ok(check("log", Outcome::Bad, lost));
    }
    let said = format!("the last {} hold together and with their anchors", counted(looked, "fact"));
    Ok(check("log", Outcome::Good, said))
}

fn schedules(workspace: &Workspace) -> Result<Check> {
    let settings = workspace.snapshot().map_err(daemon::first_of)?.settings.runs.clone();
    let now = workspace.journal.clock().now();
    let found = workspace.journal.read(|db| run::overview(db, &workspace.root, &settings, now))?;
    let unreadable: Vec<String> =
        found.unreadable.iter().map(|(sop, why)| format!("nothing starts {sop}: {why}")).collect();
    let ahead = found.triggers.iter().filter_map(|one| Some(format!("{}: {}", one.sop, one.ahead.as_ref()?)));
    let ahead: Vec<String> = ahead.collect();
    Ok(match (unreadable.is_empty(), ahead.is_empty()) {
        (false, _) => check("triggers", Outcome::Bad, [unreadable, ahead].concat().join("\n")),
        (true, false) => check("triggers", Outcome::Note, ahead.join("\n")),
        (true, true) => {
            check("triggers", Outcome::Good, counted(found.triggers.len(), "trigger") + " in force")
        }
    })
}

fn reviews(workspace: &Workspace) -> Result<Check> {
    let now = workspace.journal.clock().now();
    let due = workspace.journal.read(|db| registry::due_for_review(db, now))?;
    let due: Vec<String> = due.iter().map(|row| format!("{} (asks {})", row.id, row.owner)).collect();
    Ok(match due.as_slice() {
        [] => check("reviews", Outcome::Good, "no review of an SOP is due"),
        due => check("reviews", Outcome::Note, format!("to be looked at again: {}", listed(due))),
    })
}

fn way_back(workspace: &Workspace) -> Check {
    let now = workspace.journal.clock().now();
    let Some(at) = last_backup(&workspace.root) else {
        return check("backup", Outcome::Note, "none was ever made here: `sopd backup FILE` makes one");
    };
    let days = now.0.saturating_sub(at.0) / DAY;
    let result = if days > OLD_BACKUP { Outcome::Note } else { Outcome::Good };
    check("backup", result, format!("the last one is of {}", Instant(at.0).minute()))
}

/// Whether those who should be reached are.
pub(super) async fn door(root: &Path, settings: &Settings) -> Check {
    let Some(wanted) = &settings.desk.listen else {
        return check("desk", Outcome::Good, "served nowhere (`desk: { listen: null }`)");
    };
    let keys = [&settings.desk.tls_certificate, &settings.desk.tls_key];
    if let Some(name) = keys.into_iter().flatten().find(|name| !root.join(name).is_file()) {
        return check("desk", Outcome::Bad, format!("{name}, which `desk` names, is not there"));
    }
    if daemon::holder(root).is_none() {
        return check("desk", Outcome::Note, format!("`sopd up` opens it at {wanted}"));
    }
    if let Some(shut) = daemon::shut_out(root) {
        return check("desk", Outcome::Bad, shut);
    }
    let Some(Door { address: Some(address), .. }) = Door::told(root) else {
        return check(
            "desk",
            Outcome::Note,
            format!("whoever drives this workspace does not serve {wanted}"),
        );
    };
    match answer(&address).await {
        Ok((200, _)) => check("desk", Outcome::Good, format!("open and ready at {address}")),
        Ok((_, said)) => check("desk", Outcome::Bad, format!("not ready: {}", said.trim())),
        Err(why) => check("desk", Outcome::Bad, format!("{address} does not answer: {why}")),
    }
}

/// Whether sealed requests can be sent at all: what sends them is made with the first of them, and this is seen before.
pub(super) fn requests() -> Option<Check> {
    let fault = daemon::notify_reach().client("https").err()?;
    Some(check("requests", Outcome::Bad, format!("{fault}; no step and no notice can use https://")))
}

/// What `/readyz` answers. Who the certificate is of is the browsers' business: it is our own machine.
async fn answer(address: &str) -> Result<(u16, String), reqwest::Error> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).no_proxy();
    let client = client.danger_accept_invalid_certs(true).build()?;
    let response = client.get(format!("{address}/readyz")).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}
