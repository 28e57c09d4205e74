//! Whether whoever is named is there: in the settings, in active SOPs, and for every department somebody who may judge
//! what its people will own.

use super::{Check, Outcome, check};
use crate::agent::Snapshot;
use crate::base::problem::Result;
use crate::base::text::listed;
use crate::daemon::Workspace;
use crate::front::named;
use crate::governance::{Parties, scrutiny_validator};
use crate::registry;
use crate::roster::Roster;
use crate::settings::Settings;
use std::collections::BTreeMap;

/// Problems of one kind that are listed; more only lengthen the page.
const MOST_TOLD: usize = 10;

/// Looks at everybody who is named.
pub(super) fn look(snapshot: &Snapshot, workspace: Option<&Workspace>) -> Vec<Check> {
    let Snapshot { settings, roster, .. } = snapshot;
    let mut found: Vec<String> = named::in_settings(settings)
        .into_iter()
        .filter_map(|(key, id)| Some(format!("sopd.yaml: `{key}: {id}` is {}", missing(roster, &id)?)))
        .collect();
    found.extend(nobody_signs(settings, roster));
    let sops = workspace.map(|workspace| of_sops(workspace, roster));
    match sops {
        Some(Ok(gone)) => found.extend(gone),
        Some(Err(problem)) => found.push(problem.to_string()),
        None => {}
    }
    let mut checks = bad(found);
    if checks.is_empty() {
        checks.push(check("parties", Outcome::Good, "everybody named in settings and active SOPs is there"));
    }
    checks.extend(unjudged(settings, roster));
    checks
}

fn bad(mut found: Vec<String>) -> Vec<Check> {
    let more = found.len().saturating_sub(MOST_TOLD);
    found.truncate(MOST_TOLD);
    found.extend((more > 0).then(|| format!("{more} more")));
    found.into_iter().map(|said| check("parties", Outcome::Bad, said)).collect()
}

fn missing(roster: &Roster, id: &str) -> Option<&'static str> {
    roster.get(id).is_none().then_some("nobody on the roster")
}

/// The publication path must end at somebody who is at work.
fn nobody_signs(settings: &Settings, roster: &Roster) -> Option<String> {
    let active = |id: &str| roster.get(id).is_some_and(crate::roster::Agent::is_active);
    let (signs, interim) = (&settings.publication.signs, &settings.publication.interim);
    if active(signs) || active(&interim.signs) {
        return None;
    }
    Some(format!("nobody signs: neither {signs} nor {} is at work", interim.signs))
}

/// Who is named in an active SOP and is not there.
fn of_sops(workspace: &Workspace, roster: &Roster) -> Result<Vec<String>> {
    let mut gone = Vec::new();
    for (row, sop) in workspace.journal.read(|db| registry::active_sops(db, &workspace.root))? {
        for (id, parts) in named::in_sop(&sop) {
            let absent = match roster.get(&id) {
                Some(agent) if agent.is_active() => continue,
                Some(_) => "is not at work (`status: planned`)",
                None => "is nobody on the roster",
            };
            gone.push(format!("{} v{}: {} `{id}` {absent}", row.id, row.version, listed(&parts)));
        }
    }
    Ok(gone)
}

/// Departments for whose SOPs nobody may scrutinise.
fn unjudged(settings: &Settings, roster: &Roster) -> Vec<Check> {
    let mut seen = BTreeMap::new();
    for agent in roster.active() {
        seen.entry(agent.head.department.clone()).or_insert_with(|| agent.head.id.clone());
    }
    let orchestrator = roster.orchestrator().map_or(String::new(), |agent| agent.head.id.clone());
    let without = seen.into_iter().filter_map(|(department, owner)| {
        let (requester, orchestrator) = (settings.requester.clone(), orchestrator.clone());
        let parties = Parties { requester, orchestrator, owner, ..Parties::default() };
        scrutiny_validator(roster, None, &parties).err().map(|why| format!("{department} ({why})"))
    });
    let without: Vec<String> = without.collect();
    if without.is_empty() {
        return Vec::new();
    }
    let said = format!("nobody may scrutinise what these departments own: {}", listed(&without));
    vec![check("scrutiny", Outcome::Note, said)]
}
