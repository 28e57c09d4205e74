//! SOPs on their way into the library besides those a mission makes: begun from the template or from a published
//! version, or read from a procedure of another form; then changed by hand, and handed in for the same checks, judges
//! and signature.

use super::check_party;
use super::lint::check;
use crate::base::{Problem, files, files::Existing, problem::Result};
use crate::contract::Finding;
use crate::daemon::Workspace;
use crate::daemon::edits::{self, Edit, Target};
use crate::mission::{self, NewActivation};
use crate::registry;
use crate::run::Actor;
use crate::sop::id::Change;
use crate::sop::import::{Given, Imported, import};
use crate::sop::template::{Copied, NewSop, copy, fill, lacks_headings, to_fill_in};
use crate::sop::{self, Sop, SopId, Version};
use serde_json::{Value, json};

/// Largest template, in bytes.
const MAX_TEMPLATE: u64 = 256 * 1024;
/// Most drafts that are listed.
const MOST: usize = 500;

/// A draft somebody wants to begin.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The id it gets.
    pub id: SopId,
    /// Title for people.
    pub title: Option<String>,
    /// The one accountable owner.
    pub owner: Option<String>,
    /// The version whose text it begins with, `SOP-REV-x` or `SOP-REV-x-v1.0`; the template otherwise.
    pub from: Option<String>,
}

/// A draft that is there now.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its path, relative to the workspace.
    pub path: String,
    /// The version it may become.
    pub version: Version,
    /// Its text.
    pub text: String,
}

impl Begun {
    /// Shape `sopd/new/1`.
    pub fn shape(&self, id: &SopId) -> Value {
        let open = to_fill_in(&self.text).into_iter();
        let missing: Vec<Value> = open.map(|(line, words)| json!({ "line": line, "text": words })).collect();
        json!({
            "shape": "sopd/new/1", "id": id, "version": self.version, "path": self.path, "missing": missing,
        })
    }
}

/// Begins a draft: a new SOP, or the next version of a published one from its own text.
///
/// # Errors
/// `Conflict` where a draft of that version or, without its text, an SOP of that id is there already.
pub fn begin(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    wanted: Wanted,
) -> Result<Begun, Vec<Problem>> {
    for party in std::iter::once(&actor.by).chain(&wanted.owner) {
        check_party(sopd, workspace, party, &[])?;
    }
    let (text, version) = first_text(sopd, workspace, actor, &wanted)?;
    let target = Target::Draft(wanted.id, version);
    let begun = Begun { path: target.path(), version, text: text.clone() };
    let edit = Edit { target, opened: None, text, note: String::new(), skip_council: false };
    match edits::save(workspace, actor, edit) {
        Ok(_) => Ok(begun),
        Err(problems) => {
            let hint = || Some("go on with that draft, or move it away".to_owned());
            Err(problems.into_iter().map(|problem| Problem { hint: hint(), ..problem }).collect())
        }
    }
}

fn first_text(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    wanted: &Wanted,
) -> Result<(String, Version)> {
    let journal = &workspace.journal;
    let created_at = journal.clock().now().day();
    let published = journal.read(|db| registry::published(db, &wanted.id))?;
    let from =
        wanted.from.as_deref().map(|name| journal.read(|db| registry::version(db, name))).transpose()?;
    let same = from.as_ref().is_some_and(|row| row.id == wanted.id);
    if !published.is_empty() && !same {
        let problem = Problem::conflict(format!("{} is in the registry already", wanted.id));
        let hint = format!(
            "hand in a mission that changes it, or begin from its text: `{sopd} sop new {0} --from {0}`",
            wanted.id
        );
        return Err(problem.hint(hint));
    }
    let Some(from) = from else { return from_template(workspace, actor, wanted, created_at) };
    let text = registry::read_checked(&workspace.root, &from)?;
    let active = journal.read(|db| registry::active(db, &wanted.id))?;
    let version = published.last().map_or(Version::FIRST, |highest| highest.next(Change::Minor));
    let new = Copied {
        id: wanted.id.clone(),
        version,
        supersedes: active.map(|row| row.version),
        title: wanted.title.clone(),
        owner: wanted.owner.clone(),
        created_by: actor.by.clone(),
        created_at,
    };
    Ok((copy(&text, &new).map_err(Problem::usage)?, version))
}

fn from_template(
    workspace: &Workspace,
    actor: &Actor,
    wanted: &Wanted,
    created_at: String,
) -> Result<(String, Version)> {
    let template = files::read_text(&workspace.root.join("sops/TEMPLATE.md"), MAX_TEMPLATE)
        .map_err(|problem| problem.hint("`sopd init` writes the template that belongs there"))?;
    if let Some(heading) = lacks_headings(&template).first() {
        let problem = Problem::invalid(format!("sops/TEMPLATE.md has no heading `## {heading}`"));
        return Err(problem.hint("remove it and run `sopd init`, which writes it anew"));
    }
    let new = NewSop {
        id: wanted.id.clone(),
        title: wanted.title.clone(),
        owner: wanted.owner.clone(),
        created_by: actor.by.clone(),
        created_at,
    };
    Ok((fill(&template, &new).map_err(Problem::usage)?, Version::FIRST))
}

/// The drafts in `sops/drafts/` by their names, with whether their version was published since.
///
/// # Errors
/// Of the journal.
pub fn list(workspace: &Workspace) -> Result<Vec<(SopId, Version, bool)>> {
    let entries = std::fs::read_dir(workspace.root.join("sops/drafts")).into_iter().flatten().flatten();
    let mut found: Vec<(SopId, Version)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            match Target::of(&format!("sops/drafts/{name}")) {
                Ok(Target::Draft(id, version)) => Some((id, version)),
                _ => None,
            }
        })
        .collect();
    found.sort();
    found.truncate(MOST);
    workspace.journal.read(|db| {
        let known = |(id, version): (SopId, Version)| {
            let published = registry::published(db, &id)?.contains(&version);
            Ok((id, version, published))
        };
        found.into_iter().map(known).collect()
    })
}

/// A draft that was written beside the published SOPs.
#[derive(Debug)]
pub struct Drafted {
    /// What was understood, and what is missing.
    pub imported: Imported,
    /// Its path from the workspace.
    pub path: String,
    /// What the coded checks say.
    pub findings: Vec<Finding>,
}

impl Drafted {
    /// Shape `sopd/import/1`.
    pub fn shape(&self) -> Value {
        let Self { imported, path, findings } = self;
        let head = &imported.sop.head;
        json!({
            "shape": "sopd/import/1", "id": head.id, "version": head.version, "path": path,
            "missing": imported.missing, "notes": imported.notes, "findings": findings,
        })
    }
}

/// Reads a procedure of another form into a draft. `given.created_by` is the acting party.
///
/// # Errors
/// `Conflict` where that draft is there already, besides everything that cannot be understood.
pub fn import_files(
    sopd: &str,
    workspace: &Workspace,
    texts: &[(String, String)],
    given: &Given,
) -> Result<Drafted, Vec<Problem>> {
    let whole = |problem| vec![problem];
    for party in std::iter::once(&given.created_by).chain(&given.owner).chain(&given.assignee) {
        check_party(sopd, workspace, party, &[]).map_err(whole)?;
    }
    let imported = import(texts, given)?;
    let text = sop::render(&imported.sop);
    let head = &imported.sop.head;
    let path = format!("sops/drafts/{}-v{}.md", head.id, head.version);
    keep(workspace, (&path, &text), "move that draft away, or give this one another --id").map_err(whole)?;
    let findings = check(workspace, &imported.sop, &text)?;
    Ok(Drafted { imported, path, findings })
}

fn keep(workspace: &Workspace, (path, text): (&str, &str), hint: &str) -> Result<()> {
    files::write(&workspace.root.join(path), text.as_bytes(), Existing::Keep)
        .map_err(|problem| Problem { hint: Some(hint.to_owned()), ..problem })
}

/// A file on its way into the registry.
#[derive(Debug)]
pub struct HandedIn {
    /// Under which it is found, `A-…`.
    pub mission: String,
    /// What was handed in.
    pub sop: Sop,
    /// What the checks advise without blocking.
    pub advice: Vec<Finding>,
}

impl HandedIn {
    /// Shape `sopd/activation/1`.
    pub fn shape(&self, by: &str) -> Value {
        let head = &self.sop.head;
        json!({
            "shape": "sopd/activation/1", "mission": self.mission, "sop": head.id, "version": head.version,
            "by": by, "findings": self.advice,
        })
    }
}

/// Has a hand-written or imported SOP checked, validated, signed and published. The acting party counts as its drafter.
///
/// # Errors
/// Those of [`mission::activate`].
pub fn hand_in_sop(sopd: &str, workspace: &Workspace, new: NewActivation) -> Result<HandedIn, Vec<Problem>> {
    check_party(sopd, workspace, &new.by, &[]).map_err(|problem| vec![problem])?;
    let snapshot = workspace.snapshot()?;
    let (sop, advice) = mission::vet(&workspace.journal, &snapshot, &new)?;
    let mission = mission::activate(&workspace.journal, &snapshot, new)?;
    Ok(HandedIn { mission, sop, advice })
}

/// Brings a draft as it is on disk: checked, judged, signed and published like every SOP. Gives the mission's id.
///
/// # Errors
/// Those of [`hand_in_sop`]; `NotFound` without the draft.
pub fn bring(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (target, classes): (&Target, Vec<String>),
) -> Result<String, Vec<Problem>> {
    let there = edits::current(&workspace.root, target)?;
    let (text, _) = there.ok_or_else(|| Problem::not_found(format!("{} is not there", target.path())))?;
    let new = NewActivation { file: target.path(), text, by: actor.by.clone(), classes };
    Ok(hand_in_sop(sopd, workspace, new)?.mission)
}
