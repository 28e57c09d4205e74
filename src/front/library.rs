//! What a party does with published SOPs: reading and comparing versions, exporting, verifying, retiring them.

use super::party::check_party;
use crate::base::{Problem, problem::Result};
use crate::daemon::Workspace;
use crate::mission::{self, Retire};
use crate::registry::{self, VersionRow};
use crate::run::Actor;
use crate::sop::{self, SopId};
use serde_json::{Value, json};

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
