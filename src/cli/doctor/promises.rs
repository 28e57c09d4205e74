//! Whether what is promised holds now: that nobody else reads the workspace, that published files are what was signed,
//! that the log is whole, that schedules can come, that the desk is reached, that there is a way back.

use super::{Check, Outcome, check};
use crate::agent::Snapshot;
use crate::base::text::{counted, listed};
use crate::base::{Instant, Problem, files, problem::Result};
use crate::cli::backup::last_backup;
use crate::daemon::{self, Door, Workspace};
use crate::mission::{self, MissionRow};
use crate::settings::Settings;
use crate::{decision, journal, registry, run};
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
    let stand = workspace.journal.read(|db| {
        let missions = mission::missions(db, true)?;
        let due = registry::due_for_review(db, now)?;
        let asked = |review: &str| {
            let open = decision::open_of_mission(db, review)?;
            Ok(open.into_iter().flat_map(|one| one.ask.asked_of).collect())
        };
        due.iter()
            .map(|row| review((row.id.as_str(), &row.version.to_string(), &row.owner), &missions, asked))
            .collect::<Result<Vec<_>>>()
    })?;
    let (waits, changed): (Vec<_>, Vec<_>) = stand.into_iter().partition(|(waits, _)| *waits);
    let words =
        |all: &[(bool, String)]| all.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join(", ");
    Ok(match (waits.as_slice(), changed.as_slice()) {
        ([], []) => check("reviews", Outcome::Good, "no review of an SOP is due"),
        ([], changed) => {
            check("reviews", Outcome::Good, format!("reviewed, and being changed: {}", words(changed)))
        }
        (waits, _) => check("reviews", Outcome::Note, format!("to be looked at again: {}", words(waits))),
    })
}

/// Whether the due review of a version still waits for somebody, in words: it is over once the mission that changes the
/// SOP is under way.
fn review(
    (id, version, owner): (&str, &str, &str),
    missions: &[MissionRow],
    asked: impl Fn(&str) -> Result<Vec<String>>,
) -> Result<(bool, String)> {
    let of_this = |one: &&MissionRow| {
        mission::is_periodic(&one.id)
            && one.sop.as_deref() == Some(id)
            && one.version.as_deref() == Some(version)
    };
    let Some(review) = missions.iter().find(of_this) else {
        return Ok((true, format!("{id} (asks {owner})")));
    };
    if review.ended_at.is_none() {
        let asked = asked(&review.id)?;
        let asked = if asked.is_empty() { owner.to_owned() } else { listed(&asked) };
        return Ok((true, format!("{id} (asks {asked})")));
    }
    let file = format!("{}.md", review.id);
    Ok(match missions.iter().find(|one| one.file == file) {
        Some(change) if change.ended_at.is_none() => (false, format!("{id} ({})", change.id)),
        Some(change) => {
            (true, format!("{id} ({} was to change it and is {})", change.id, change.state.word()))
        }
        None => (true, format!("{id} ({}: {})", review.id, review.reason)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;
    use crate::mission::MissionState;

    fn mission(id: &str, file: &str, ended: Option<&str>) -> MissionRow {
        MissionRow {
            id: id.to_owned(),
            title: String::new(),
            state: if ended.is_some() { MissionState::Cancelled } else { MissionState::Planning },
            reason: ended.unwrap_or_default().to_owned(),
            round: 0,
            sop: Some("SOP-REV-x".to_owned()),
            version: Some("1.0".to_owned()),
            requested_by: "cro".to_owned(),
            file: file.to_owned(),
            sha256: Digest::of(""),
            created_at: Instant(0),
            ended_at: ended.map(|_| Instant(1)),
        }
    }

    #[test]
    fn a_due_review_waits_until_its_answer_is_being_done() {
        let review = |missions: &[MissionRow], asked: &[&str]| {
            let asked = |_review: &str| Ok(asked.iter().map(|one| (*one).to_owned()).collect());
            review(("SOP-REV-x", "1.0", "cro"), missions, asked).unwrap()
        };
        let waits = |words: &str| (true, format!("SOP-REV-x ({words})"));
        assert_eq!(review(&[], &[]), waits("asks cro"));
        let open = mission("P-1", "periodic review", None);
        assert_eq!(review(std::slice::from_ref(&open), &["cro"]), waits("asks cro"));
        assert_eq!(review(&[open], &["ceo"]), waits("asks ceo"), "a word may be asked of who signs");
        let answered = mission("P-1", "periodic review", Some("cro wants it changed"));
        let change = |ended| mission("M-2", "P-1.md", ended);
        assert_eq!(review(&[answered.clone(), change(None)], &[]), (false, "SOP-REV-x (M-2)".to_owned()));
        let left = review(&[answered.clone(), change(Some("no"))], &[]);
        assert_eq!(left, waits("M-2 was to change it and is cancelled"));
        assert_eq!(review(&[answered], &[]), waits("P-1: cro wants it changed"));
        let other = MissionRow {
            version: Some("0.9".to_owned()),
            ..mission("P-0", "periodic review", Some("right"))
        };
        assert_eq!(review(&[other], &[]), waits("asks cro"), "of an earlier version");
    }
}
