//! The registry: table and search, one SOP with its versions, differences and runs, and the form that starts one.

use crate::base::{Problem, problem::Result};
use crate::daemon::{self, Workspace};
use crate::front::{drafts, lint};
use crate::registry::{self, Status, VersionRow};
use crate::run::{self, Cause, Request, Wanted};
use crate::sop::{self, references};
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Runs shown with an SOP.
const RUNS_SHOWN: u32 = 20;
/// Begins the name of a form's field for an input.
const INPUT: &str = "input.";

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    q: String,
    department: String,
    status: String,
}

/// `GET /sops`
pub(super) async fn list(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(search): Query<Search>,
) -> Answer {
    let context = site.work(move |workspace| table(workspace, &search)).await?;
    site.page(&visitor, "sops.html", &context)
}

/// The active, else the newest version of each SOP; of a search, the active ones that hold its words, best first.
fn table(workspace: &Workspace, Search { q, department, status }: &Search) -> Result<Value> {
    let mut shown: BTreeMap<String, VersionRow> = BTreeMap::new();
    for row in workspace.journal.read(registry::all)? {
        let id = row.id.to_string();
        if row.status == Status::Active || !shown.contains_key(&id) {
            shown.insert(id, row);
        }
    }
    let departments: BTreeSet<String> = shown.values().map(|row| row.department.clone()).collect();
    let searched = q.chars().any(char::is_alphanumeric);
    let rows: Vec<(VersionRow, Vec<(bool, String)>)> = if searched {
        let found = registry::search(&workspace.journal, &workspace.root, q)?;
        found.into_iter().map(|found| (found.row, found.excerpt)).collect()
    } else {
        shown.into_values().map(|row| (row, Vec::new())).collect()
    };
    let cut = searched && rows.len() == registry::MAX_FOUND;
    let fits = |row: &VersionRow| {
        (department.is_empty() || row.department == *department)
            && (status.is_empty() || row.status.word() == status)
    };
    let shape = |(row, excerpt): &(VersionRow, Vec<(bool, String)>)| {
        let mut shown = version(row);
        if let Some(members) = shown.as_object_mut() {
            members.insert("excerpt".to_owned(), json!(excerpt));
        }
        shown
    };
    let rows: Vec<Value> = rows.iter().filter(|(row, _)| fits(row)).map(shape).collect();
    Ok(json!({
        "title": "SOPs", "rows": rows, "q": q, "department": department, "status": status, "searched": searched,
        "departments": departments, "cut": cut, "drafts": drafts::list(workspace)?.len(),
    }))
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
    let linted = lint::look(workspace, &row.path, &text).map_err(daemon::first_of)?;
    let referring = registry::referring(&workspace.journal, &workspace.root, &row.id)?;
    let inputs = parsed.as_ref().map(|sop| &sop.body.inputs);
    Ok(json!({
        "title": row.title, "row": version(&row), "history": history.iter().map(version).collect::<Vec<_>>(),
        "text": text, "body": super::below_head(&text), "lint": super::drafts::lint_rows(&linted, &text),
        "refers": refers(workspace, &text)?, "referring": referring.iter().map(version).collect::<Vec<_>>(),
        "head": parsed.as_ref().map(|sop| &sop.head), "inputs": inputs, "diff": diff,
        "against": which.against, "runs": runs.iter().map(super::runs::row).collect::<Vec<_>>(),
        "active": row.status == Status::Active, "given": {},
        "modes": ["auto", "supervised", "step_by_step", "priority_based"],
    }))
}

/// The SOPs that a text refers to, each with whether the registry has it.
fn refers(workspace: &Workspace, text: &str) -> Result<Vec<Value>> {
    workspace.journal.read(|db| {
        let mut found = Vec::new();
        for inside in references::written(text) {
            let Ok((id, version)) = references::read(&inside) else {
                found.push(json!({ "words": inside, "known": false }));
                continue;
            };
            let published = registry::published(db, &id)?;
            let known = version.map_or(!published.is_empty(), |version| published.contains(&version));
            let version = version.map(|version| version.to_string());
            found.push(json!({ "words": inside, "id": id, "version": version, "known": known }));
        }
        Ok(found)
    })
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
        let dry = match site.work(move |workspace| dry(workspace, request)).await {
            Ok(dry) => dry,
            Err(problem) => return again(&site, &visitor, (id, fields), problem).await,
        };
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
        .await;
    match started {
        Ok(started) => Ok(Redirect::to(&format!("/runs/{}", started.run)).into_response()),
        Err(problem) => again(&site, &visitor, (id, fields), problem).await,
    }
}

/// The page with the form as it was sent, and why nothing was started.
async fn again(
    site: &Shared,
    visitor: &Visitor,
    (id, fields): (String, BTreeMap<String, String>),
    problem: Problem,
) -> Answer {
    let which = Which { v: String::new(), against: String::new() };
    let made = site.work(move |workspace| context(workspace, &id, &which)).await;
    // Without an SOP there is no form to come back to.
    let Ok(mut context) = made else { return Err(problem.into()) };
    let status = crate::web::page::status(problem.kind);
    if let Some(members) = context.as_object_mut() {
        members.insert("refused".to_owned(), json!([problem]));
        members.insert("given".to_owned(), json!(fields));
    }
    Ok((status, site.render(Some(visitor), "sop.html", &context)?).into_response())
}

fn dry(workspace: &Workspace, request: Request) -> Result<run::DryRun> {
    let snapshot = super::snapshot(workspace)?;
    let ready = run::prepare(&workspace.journal, &workspace.root, &snapshot, request)?;
    let widened = workspace.journal.read(|db| {
        let head = &ready.plan().sop.head;
        run::widened(db, &head.id, head.version)
    })?;
    run::dry_run(&ready, &widened)
}
