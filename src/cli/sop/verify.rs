//! `sopd sop verify`

use crate::base::Problem;
use crate::base::text::counted;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::registry;
use serde_json::json;

pub(super) fn run(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let (mut checked, index) = workspace
        .journal
        .read(|db| Ok((registry::verify_files(db, &workspace.root)?, registry::index(db)?)))?;
    if let Some(index) = index {
        let there = std::fs::read_to_string(workspace.root.join("sops/INDEX.md")).unwrap_or_default();
        if there != index.text {
            checked
                .wrong
                .push("sops/INDEX.md is not what the journal says; `sopd up` writes it again".to_owned());
        }
    }
    if desk.json {
        print::json(&json!({ "shape": "sopd/verify/1", "intact": checked.intact, "wrong": checked.wrong }))?;
    } else {
        for wrong in &checked.wrong {
            print::line(&format!("wrong: {wrong}"))?;
        }
        print::line(&format!("as approved: {}", counted(checked.intact, "file")))?;
    }
    if checked.wrong.is_empty() {
        return Ok(());
    }
    Err(Problem::failed(format!("{} wrong in the registry's folder", counted(checked.wrong.len(), "thing")))
        .into())
}
