//! An agent goes: what names it, what is mended, and what only a person can change.

use super::{Mended, mend, text, write};
use crate::agent::Snapshot;
use crate::base::text::listed;
use crate::base::{Problem, files, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision;
use crate::front::named;
use crate::mission;
use crate::registry;
use crate::run::Actor;
use crate::settings::Settings;
use serde_json::json;

/// Where an agent's file is kept once it has gone.
const KEPT: &str = "agents/retired";

/// What it means that an agent goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Who goes.
    pub id: String,
    /// Who takes over what files say of it.
    pub to: Option<String>,
    /// Files that change.
    pub mended: Vec<Mended>,
    /// SOPs in force and its parts in them: each needs a mission of change.
    pub sops: Vec<String>,
    /// Lines of prose that name it and stay as they are.
    pub prose: Vec<String>,
    /// What waits for it, and what is under way with it.
    pub under_way: Vec<String>,
}

/// What it would mean that `id` goes and `to` (without it, whom it reports to) takes over. Nothing is changed.
///
/// # Errors
/// An agent nobody knows; nobody to take over; everything that would not read afterwards.
pub fn leaving(workspace: &Workspace, id: &str, to: Option<&str>) -> Result<Leaving, Vec<Problem>> {
    let snapshot = workspace.snapshot()?;
    let unknown = |id: &str| Problem::not_found(format!("there is no agent `{id}` on the roster"));
    let agent = snapshot.roster.get(id).ok_or_else(|| unknown(id))?;
    let to = to.map(str::to_owned).or_else(|| agent.head.reports_to.clone());
    if let Some(to) = to.as_deref() {
        if to == id {
            return Err(vec![Problem::invalid(format!("{id} cannot take over from itself"))]);
        }
        if !snapshot.roster.get(to).ok_or_else(|| unknown(to))?.is_active() {
            return Err(vec![Problem::invalid(format!("{to} is not at work, so it cannot take over"))]);
        }
    }
    let mended = mended(workspace, &snapshot, (id, to.as_deref()))?;
    let own = format!("agents/{id}.md");
    let mut changes: Vec<(&str, Option<&str>)> =
        mended.iter().map(|one| (one.path.as_str(), Some(one.text.as_str()))).collect();
    changes.push((&own, None));
    Snapshot::read_changed(&workspace.root, &changes)?;
    let (sops, under_way) = workspace.journal.read(|db| {
        let mut sops = Vec::new();
        for (row, sop) in registry::active_sops(db, &workspace.root)? {
            if let Some(parts) = named::in_sop(&sop).get(id) {
                sops.push(format!("{} v{}: {} ({})", row.id, row.version, listed(parts), row.path));
            }
        }
        Ok((sops, under_way(db, id)?))
    })?;
    let prose = prose(workspace, &snapshot, id, &mended)?;
    Ok(Leaving { id: id.to_owned(), to, mended, sops, prose, under_way })
}

fn mended(workspace: &Workspace, snapshot: &Snapshot, (id, to): (&str, Option<&str>)) -> Result<Vec<Mended>> {
    let pair = (id, to.unwrap_or_default());
    let settings = text(workspace, "sopd.yaml")?;
    let mut mended: Vec<Mended> = Vec::new();
    if named::in_settings(&snapshot.settings).iter().any(|(_, party)| party == id) {
        mended.extend(mend::changed("sopd.yaml", &settings, |line| mend::in_settings(line, pair)));
        let text = mended.first().map_or(settings.as_str(), |one| one.text.as_str());
        let after = Settings::parse("sopd.yaml", text).map_err(daemon::first_of);
        let after = if to.is_some() { after? } else { snapshot.settings.clone() };
        let left = named::in_settings(&after).into_iter().filter(|(_, party)| party == id);
        let left: Vec<&str> = left.map(|(key, _)| key).collect();
        if to.is_some() && !left.is_empty() {
            let problem = Problem::conflict(format!(
                "sopd.yaml does not name {id}, its default does: {}",
                listed(&left)
            ));
            return Err(
                problem.hint("write these keys into sopd.yaml with whom they should name, then retire it")
            );
        }
    }
    for other in snapshot.roster.all().map(|agent| &agent.head.id).filter(|other| *other != id) {
        let path = format!("agents/{other}.md");
        mended.extend(mend::in_agent(&path, &text(workspace, &path)?, pair));
    }
    if to.is_none() && !mended.is_empty() {
        let paths: Vec<&str> = mended.iter().map(|one| one.path.as_str()).collect();
        let problem = Problem::invalid(format!("{} name {id}, which reports to nobody", listed(&paths)));
        return Err(problem.hint("say who takes over: `--to OTHER`"));
    }
    Ok(mended)
}

/// Lines that speak of it and are no place for an id. An id without a dot may be a word like any other.
fn prose(workspace: &Workspace, snapshot: &Snapshot, id: &str, mended: &[Mended]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if !id.contains('.') {
        return Ok(found);
    }
    for other in snapshot.roster.all().map(|agent| &agent.head.id).filter(|other| *other != id) {
        let path = format!("agents/{other}.md");
        let there = mended.iter().find(|one| one.path == path).map(|one| one.text.clone());
        let text = there.map_or_else(|| text(workspace, &path), Ok)?;
        let lines = (1..).zip(text.lines()).filter(|(_, line)| line.contains(id));
        found.extend(lines.map(|(number, line): (usize, &str)| format!("{path}:{number}: {}", line.trim())));
    }
    Ok(found)
}

fn under_way(db: &rusqlite::Connection, id: &str) -> Result<Vec<String>> {
    let open = decision::open_for(db, Some(id))?;
    let mut found: Vec<String> =
        open.into_iter().map(|one| format!("{} is asked of it: {}", one.id, one.ask.title)).collect();
    for one in daemon::statuses(db, false)? {
        let hands = mission::hands(db, &one.id)?;
        let parts = [
            ("asked for", hands.requester == id),
            ("is to own", hands.owner == id),
            ("drafts for", hands.workers.iter().any(|worker| worker == id)),
            ("judges", hands.scrutiny == id || hands.user_testing == id),
        ];
        let parts: Vec<&str> = parts.into_iter().filter(|(_, has)| *has).map(|(part, _)| part).collect();
        if !parts.is_empty() {
            found.push(format!("{} is under way: it {} it", one.id, listed(&parts)));
        }
    }
    Ok(found)
}

/// Mends the files and takes the agent's own away; it is kept in `agents/retired/`. SOPs are not touched.
///
/// # Errors
/// Of [`leaving`]; of the disk, with every file before whole.
pub fn leave(
    workspace: &Workspace,
    actor: &Actor,
    (id, to): (&str, Option<&str>),
) -> Result<Leaving, Vec<Problem>> {
    let done = leaving(workspace, id, to)?;
    write(workspace, &done.mended)?;
    let kept =
        (1..).map(|nth| if nth == 1 { format!("{KEPT}/{id}.md") } else { format!("{KEPT}/{id}-{nth}.md") });
    let kept = kept.into_iter().find(|name| !workspace.root.join(name).exists()).unwrap_or_default();
    files::relocate(&workspace.root.join(format!("agents/{id}.md")), &workspace.root.join(&kept))?;
    let paths: Vec<&str> = done.mended.iter().map(|one| one.path.as_str()).collect();
    let body = json!({
        "by": actor.by, "os_user": actor.os_user, "agent": id, "to": done.to, "mended": paths, "kept": kept,
    });
    let subject = format!("agents/{id}.md");
    workspace.journal.append(move |tx| tx.event(&subject, "agent_retired", &body).map(drop))?;
    Ok(done)
}
