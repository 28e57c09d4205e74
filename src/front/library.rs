//! What a party does with SOPs that are not made by a mission: importing, comparing, exporting,
//! handing in and retiring them.

use super::lint::Known;
use super::party::check_party;
use crate::base::{Problem, files, files::Existing, problem::Result};
use crate::contract::Finding;
use crate::daemon::Workspace;
use crate::mission::{self, NewActivation, Retire};
use crate::registry::{self, VersionRow};
use crate::run::Actor;
use crate::sop::import::{Given, Imported, import};
use crate::sop::{self, Sop, SopId};
use serde_json::{Value, json};

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
    let findings = Known::of(workspace)?.check(workspace, &imported.sop, &text).map_err(whole)?;
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

/// Takes an SOP out of use for good.
///
/// # Errors
/// Those of [`mission::retire`].
pub fn retire(
    sopd: &str,
    workspace: &Workspace,
    actor: &Actor,
    (sop, reason): (SopId, String),
) -> Result<VersionRow, Vec<Problem>> {
    check_party(sopd, workspace, &actor.by, &[]).map_err(|problem| vec![problem])?;
    let snapshot = workspace.snapshot()?;
    let retire = Retire { sop, by: actor.by.clone(), os_user: actor.os_user.clone(), reason };
    let retired = workspace.journal.append(move |tx| mission::retire(tx, &retire, &snapshot));
    retired.map_err(|problem| vec![problem])
}

/// The forms other programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `*.sop.md` with parameters and constraints.
    AgentSop,
    /// `<name>/SKILL.md`.
    Skill,
}

/// A version in another program's form: the file's name and its text.
///
/// # Errors
/// `NotFound` for an unknown version, `Conflict` where its file is no longer what was approved.
pub fn export_sop(workspace: &Workspace, sop: &str, form: Form) -> Result<(String, String), Vec<Problem>> {
    let whole = |problem| vec![problem];
    let (row, text) = version_text(workspace, sop).map_err(whole)?;
    let document = sop::parse(&row.path, &text)?;
    Ok(match form {
        Form::AgentSop => sop::export::agent_sop(&document),
        Form::Skill => sop::export::skill(&document),
    })
}

/// A version with its text, which is what was approved.
///
/// # Errors
/// `NotFound` for an unknown version, `Conflict` where its file is no longer what was approved.
pub fn version_text(workspace: &Workspace, sop: &str) -> Result<(VersionRow, String)> {
    let row = workspace.journal.read(|db| registry::version(db, sop))?;
    let text = registry::read_checked(&workspace.root, &row)?;
    Ok((row, text))
}

/// What is wrong in the registry's folder, and how many files are as approved.
#[derive(Debug)]
pub struct Folder {
    /// Files that are.
    pub intact: usize,
    /// What is not, in words.
    pub wrong: Vec<String>,
}

impl Folder {
    /// Shape `sopd/verify/1`.
    pub fn shape(&self) -> Value {
        json!({ "shape": "sopd/verify/1", "intact": self.intact, "wrong": self.wrong })
    }
}

/// Compares every published file with what was approved.
///
/// # Errors
/// Of the journal.
pub fn verify_folder(workspace: &Workspace) -> Result<Folder> {
    let root = &workspace.root;
    let (checked, index) =
        workspace.journal.read(|db| Ok((registry::verify_files(db, root)?, registry::index(db)?)))?;
    let mut wrong = checked.wrong;
    if let Some(index) = index {
        let there = std::fs::read_to_string(root.join("sops/INDEX.md")).unwrap_or_default();
        if there != index.text {
            wrong.push("sops/INDEX.md is not what the journal says; `sopd up` writes it again".to_owned());
        }
    }
    Ok(Folder { intact: checked.intact, wrong })
}
