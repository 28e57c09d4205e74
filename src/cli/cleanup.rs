//! `sopd cleanup`: erase what retention says

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::files;
use crate::base::text::counted;
use crate::run;
use serde_json::json;

pub(super) fn run(desk: &Desk) -> Done {
    let workspace = desk.open()?;
    let days = workspace.snapshot()?.settings.retention.days;
    let erased = workspace.journal.append(move |tx| run::cleanup(tx, days))?;
    for id in &erased.runs {
        let folder = run::run_folder(&workspace.root, id);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| files::explain(&folder, &error))?;
        }
    }
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/cleanup/1", "days": days, "runs": erased.runs, "payloads": erased.payloads,
        }));
    }
    print::line(&format!(
        "{} of {} that ended more than {days} days ago erased; every fact and its hash stays",
        counted(erased.payloads, "payload"),
        counted(erased.runs.len(), "run")
    ))
}
