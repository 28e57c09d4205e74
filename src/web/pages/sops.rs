//! The registry: table and search, one SOP with its versions, differences and runs, and the form that starts one.

use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::registry::{self, Status, VersionRow};
use crate::run::{self, Cause, Request, Wanted};
use crate::sop;
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Runs shown with an SOP.
const RUNS_SHOWN: u32 = 20;
/// Begins the name of a form's field for an input.
const INPUT: &str = "input.";

/// What is looked for.
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

/// `GET /sops`
pub(super) async fn list(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(Search { q }): Query<Search>,
) -> Answer {
    let words: Vec<String> = q.split_whitespace().map(str::to_lowercase).collect();
    let rows = site.work(move |workspace| found(workspace, &words)).await?;
    let context = json!({ "title": "SOPs", "rows": rows, "q": q });
    site.page(&visitor, "sops.html", &context)
}

/// The newest or active version of each SOP whose row or text holds all words.
fn found(workspace: &Workspace, words: &[String]) -> Result<Vec<Value>> {
    let all = workspace.journal.read(registry::all)?;
    let mut shown: BTreeMap<String, VersionRow> = BTreeMap::new();
    for row in all {
        let id = row.id.to_string();
        if row.status == Status::Active || !shown.contains_key(&id) {
            shown.insert(id, row);
        }
    }
    let fits = |row: &VersionRow| {
        if words.is_empty() {
            return true;
        }
        // A file that was changed by hand is not searched: its text is not what was approved.
        let text = registry::read_checked(&workspace.root, row).unwrap_or_default();
        let whole =
            format!("{} {} {} {}\n{text}", row.id, row.title, row.owner, row.department).to_lowercase();
        words.iter().all(|word| whole.contains(word))
    };
    Ok(shown.values().filter(|row| fits(row)).map(version).collect())
}

fn version(row: &VersionRow) -> Value {
    json!({
        "id": row.id, "version": row.version.to_string(), "status": row.status.word(), "title": row.title,
        "department": row.department, "owner": row.owner, "risk": row.risk_level, "trigger": row.trigger,
        "mission": row.mission, "created_by": row.created_by, "approved_by": row.approved_by,
        "approved_at": row.approved_at.map(|at| at.0), "review_due": row.review_due.map(|at| at.0),
        "overriding": row.overriding, "sha256": row.sha256,
    })
}

/// Which versions are shown.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    /// The version; without it the active one, else the newest.
    #[serde(default)]
    v: String,
    /// The version it is compared with.
    #[serde(default)]
    against: String,
}

/// `GET /sops/{id}`
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Answer {
    let context = site.work(move |workspace| context(workspace, &id, &which)).await?;
    site.page(&visitor, "sop.html", &context)
}

fn context(workspace: &Workspace, id: &str, which: &Which) -> Result<Value> {
    let name = |version: &str| if version.is_empty() { id.to_owned() } else { format!("{id}-v{version}") };
    let (row, history, runs) = workspace.journal.read(|db| {
        let row = registry::version(db, &name(&which.v))?;
        let history = registry::history(db, &row.id)?;
        let wanted = Wanted { sop: Some(row.id.clone()), state: None, limit: RUNS_SHOWN, after: None };
        Ok((row, history, daemon::run_statuses(db, &wanted)?))
    })?;
    let text = registry::read_checked(&workspace.root, &row)?;
    let diff = match which.against.as_str() {
        "" => None,
        against => {
            let older = workspace.journal.read(|db| registry::version(db, &name(against)))?;
            Some(super::diff::rows(&registry::read_checked(&workspace.root, &older)?, &text))
        }
    };
    let parsed = sop::parse(&row.path, &text).ok();
    let body = text.splitn(3, "---\n").nth(2).unwrap_or(&text).to_owned();
    let inputs = parsed.as_ref().map(|sop| &sop.body.inputs);
    Ok(json!({
        "title": row.title, "row": version(&row), "history": history.iter().map(version).collect::<Vec<_>>(),
        "text": text, "body": body, "head": parsed.as_ref().map(|sop| &sop.head), "inputs": inputs, "diff": diff,
        "against": which.against, "runs": runs.iter().map(super::runs::row).collect::<Vec<_>>(),
        "active": row.status == Status::Active,
        "modes": ["auto", "supervised", "step_by_step", "priority_based"],
    }))
}

/// `POST /sops/{id}/run`: starts a run, or shows what one would do.
pub(super) async fn start(
    State(site): State<Shared>,
    Path(id): Path<String>,
    form: Signed<BTreeMap<String, String>>,
) -> Answer {
    let Signed { visitor, fields } = form;
    let inputs = fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(INPUT)?, value)));
    let given =
        inputs.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value.clone()));
    let mode = match fields.get("mode").map_or("", String::as_str) {
        "" => None,
        word => Some(
            serde_json::from_value(json!(word))
                .map_err(|_unknown| Problem::usage(format!("there is no mode `{word}`")))?,
        ),
    };
    let request = Request {
        sop: id.parse().map_err(Problem::usage)?,
        given: given.collect(),
        mode,
        by: visitor.party().to_owned(),
        os_user: visitor.means(),
        cause: Cause::Manual,
        hold: fields.contains_key("hold"),
        idempotency_key: fields.get("key").filter(|key| !key.is_empty()).cloned(),
        pinned: None,
    };
    if fields.contains_key("dry") {
        let dry = site.work(move |workspace| dry(workspace, request)).await?;
        return site.page(
            &visitor,
            "dry_run.html",
            &json!({ "title": format!("What a run of {id} would do"), "id": id, "dry": dry }),
        );
    }
    let started = site
        .work(move |workspace| {
            workspace.check_party(&request.by, &[])?;
            let snapshot = super::snapshot(workspace)?;
            run::begin(&workspace.journal, &workspace.root, &snapshot, request)
        })
        .await?;
    Ok(Redirect::to(&format!("/runs/{}", started.run)).into_response())
}

fn dry(workspace: &Workspace, request: Request) -> Result<run::DryRun> {
    let ready = run::prepare(&workspace.journal, &workspace.root, &super::snapshot(workspace)?, request)?;
    let widened = workspace.journal.read(|db| {
        let head = &ready.plan().sop.head;
        run::widened(db, &head.id, head.version)
    })?;
    run::dry_run(&ready, &widened)
}
