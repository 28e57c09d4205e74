//! Where a party is named: what must be given to somebody else before its file is removed from the roster.

use crate::access;
use crate::base::problem::Result;
use crate::base::text::{counted, listed};
use crate::daemon::{self, Workspace};
use crate::decision;
use crate::registry;
use crate::roster::{Agent, Roster};
use crate::settings::Settings;
use crate::sop::Sop;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Everything that names `id`, a line each: settings, whom it leads, active SOPs, what waits for it, what it may do.
///
/// # Errors
/// Of the journal, or of settings and roster that cannot be read.
pub fn names(workspace: &Workspace, id: &str) -> Result<Vec<String>> {
    let snapshot = workspace.snapshot().map_err(daemon::first_of)?;
    let keys = in_settings(&snapshot.settings).into_iter().filter(|(_, named)| named == id);
    let mut found: Vec<String> = keys.map(|(key, _)| format!("sopd.yaml: `{key}`")).collect();
    found.extend(in_roster(&snapshot.roster, id));
    found.extend(in_sops(workspace, id)?);
    found.extend(workspace.journal.read(|db| in_journal(db, id))?);
    Ok(found)
}

/// Every party the settings name, by the key.
pub fn in_settings(settings: &Settings) -> Vec<(&'static str, String)> {
    let publication = &settings.publication;
    let mut named = vec![
        ("requester", settings.requester.clone()),
        ("publication.signs", publication.signs.clone()),
        ("publication.interim.forwards", publication.interim.forwards.clone()),
        ("publication.interim.signs", publication.interim.signs.clone()),
        ("runs.trigger_party", settings.runs.trigger_party.clone()),
    ];
    named.extend(publication.deputy.iter().map(|deputy| ("publication.deputy", deputy.clone())));
    let told = settings.notifications.parties.keys();
    named.extend(told.map(|party| ("notifications.parties", party.clone())));
    let answer = settings.notifications.slack_answers.users.values();
    named.extend(answer.map(|party| ("notifications.slack_answers.users", party.clone())));
    named
}

/// Whose chief it is, and whose file speaks of it.
fn in_roster(roster: &Roster, id: &str) -> Vec<String> {
    let others = || roster.all().filter(|agent| agent.head.id != id);
    let led = others().filter(|agent| agent.head.reports_to.as_deref() == Some(id));
    let mut found: Vec<String> =
        led.map(|agent| format!("agents/{}.md: `reports_to`", agent.head.id)).collect();
    let speaks = |agent: &&Agent| agent.persona.contains(id) || agent.knowledge.contains(id);
    found.extend(others().filter(speaks).map(|agent| format!("agents/{}.md: its text", agent.head.id)));
    found
}

/// The parts it has in active SOPs.
fn in_sops(workspace: &Workspace, id: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (row, sop) in workspace.journal.read(|db| registry::active_sops(db, &workspace.root))? {
        if let Some(parts) = in_sop(&sop).get(id) {
            found.push(format!("{} v{}: {}", row.id, row.version, listed(parts)));
        }
    }
    Ok(found)
}

/// Who has which parts in an SOP.
pub fn in_sop(sop: &Sop) -> BTreeMap<String, Vec<String>> {
    let mut parts = BTreeMap::from([(sop.head.owner.clone(), vec!["its owner".to_owned()])]);
    for step in &sop.body.steps {
        let approvers = step.approvers.iter().flat_map(|approvers| &approvers.parties);
        let all = step.assignee.iter().map(|id| (id, "assignee")).chain(approvers.map(|id| (id, "approver")));
        for (id, part) in all {
            parts.entry(id.clone()).or_default().push(format!("the {part} of step {}", step.number));
        }
    }
    parts
}

/// What waits for its answer, the missions it asked for, and what acts in its name.
fn in_journal(db: &Connection, id: &str) -> Result<Vec<String>> {
    let mut found: Vec<String> = decision::open_for(db, Some(id))?
        .into_iter()
        .map(|one| format!("{} waits for it: {}", one.id, one.ask.title))
        .collect();
    let missions = daemon::statuses(db, false)?.into_iter().filter(|mission| mission.requested_by == id);
    found.extend(missions.map(|mission| format!("{} was asked for by it", mission.id)));
    let held = access::held(db)?.into_iter().find(|(party, ..)| party == id);
    if let Some((_, tokens, sessions)) = held {
        found.push(format!(
            "{} and {} act in its name",
            counted(tokens, "token"),
            counted(sessions, "session")
        ));
    }
    Ok(found)
}
