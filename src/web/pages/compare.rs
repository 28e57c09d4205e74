//! What a draft is compared with: the version before, the round before, a worker's own draft; and what has changed
//! since somebody opened a page.

use super::diff;
use crate::base::{Kind, problem::Result};
use crate::daemon::Workspace;
use crate::decision::Decision;
use crate::mission::{Draft, Files, MissionRow};
use crate::{registry, sop};
use serde_json::{Value, json};

/// Everything the draft can be compared with, and the chosen one's differences.
pub(super) fn with(
    workspace: &Workspace,
    files: &Files<'_>,
    (decision, draft): (&Decision, &Draft),
    against: &str,
) -> Result<Value> {
    let mut choices = Vec::new();
    let before = version_before(workspace, files, (decision, draft))?;
    if let Some((version, _)) = &before {
        choices.push(("version".to_owned(), format!("v{version}, the version before")));
    }
    if draft.round > 1 {
        choices.push(("round".to_owned(), format!("round {}", draft.round - 1)));
    }
    let workers = files.worker_drafts(draft.round)?;
    choices.extend(workers.keys().map(|worker| (worker.clone(), format!("the draft of {worker}"))));
    let text = match against {
        "" => None,
        "version" => before.map(|(_, text)| text),
        "round" => files.text(&format!("synthesis-{}.md", draft.round.saturating_sub(1)))?,
        worker => workers.get(worker).map(|name| files.text(name)).transpose()?.flatten(),
    };
    let chosen = choices.iter().find(|(word, _)| word == against).map(|(_, name)| name.clone());
    Ok(json!({
        "against": against, "name": chosen, "rows": text.map(|text| diff::rows(&text, &draft.text)),
        "choices": choices.iter().map(|(word, name)| json!({ "word": word, "name": name })).collect::<Vec<_>>(),
    }))
}

/// The published version that the draft was to supersede when it was put together, with its text: whatever has become
/// active since, the answer was about that difference.
fn version_before(
    workspace: &Workspace,
    files: &Files<'_>,
    (decision, draft): (&Decision, &Draft),
) -> Result<Option<(String, String)>> {
    let subject = decision.ask.subject.split(' ').next().unwrap_or_default();
    let told = decision.ask.details.get("supersedes").and_then(Value::as_str).map(str::to_owned);
    let written =
        || sop::parse(&draft.file, &draft.text).ok()?.head.supersedes.map(|version| version.to_string());
    let Some(version) = told.or_else(written) else { return Ok(None) };
    let row = match registry::version(files.db, &format!("{subject}-v{version}")) {
        Err(problem) if problem.kind == Kind::NotFound => return Ok(None),
        row => row?,
    };
    // A file that was changed by hand is not compared with: its text is not what was approved.
    let text = registry::read_checked(&workspace.root, &row).ok();
    Ok(text.map(|text| (row.version.to_string(), text)))
}

/// What has changed since the draft with the hash `shown`: nothing to tell where no round of the mission had it.
pub(super) fn since(files: &Files<'_>, row: &MissionRow, shown: &str) -> Result<Value> {
    let Some(now) = files.draft(None, row.round)?.filter(|now| now.sha256.0 != shown) else {
        return Ok(Value::Null);
    };
    let open = crate::decision::open_of_mission(files.db, &row.id)?;
    let next = open.iter().find(|one| one.ask.hash == now.sha256).map(|one| one.id.clone());
    for round in 1..=row.round {
        let Some(text) = files.text(&format!("synthesis-{round}.md"))? else { continue };
        if crate::base::Digest::of(&text).0 == shown {
            let rows = diff::rows(&text, &now.text);
            return Ok(json!({ "from": round, "to": now.round, "rows": rows, "next": next }));
        }
    }
    Ok(json!({ "from": null, "to": now.round, "rows": null, "next": next }))
}
