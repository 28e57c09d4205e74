//! Drafts of SOPs: begun from the template or from a published version, written with the checks beside, and brought.

use super::files::attempt;
use crate::base::{Digest, Kind, Problem, problem::Result};
use crate::contract::Severity;
use crate::daemon::Workspace;
use crate::daemon::edits::{self, Edit, Target};
use crate::front::drafts::{self, Wanted};
use crate::front::lint::{self, Linted};
use crate::sop::template::to_fill_in;
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};

/// How a command line begins in what is told.
const SOPD: &str = "sopd";
/// Most lines to fill in that are listed.
const MOST_OPEN: usize = 50;

/// What a new draft begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct New {
    id: String,
    title: String,
    owner: String,
    from: String,
}

/// `GET /sops/drafts`
pub(super) async fn list(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let rows = site
        .work(|workspace| {
            let drafts = drafts::list(workspace)?;
            workspace.journal.read(|db| {
                let row = |(id, version, published)| {
                    let path = Target::Draft(id, version).path();
                    let last = edits::history(db, &path)?.into_iter().next();
                    let (by, at) = last.map(|last| (last.by, last.at.0)).unzip();
                    let name = path.trim_start_matches("sops/drafts/").trim_end_matches(".md");
                    Ok(json!({ "name": name, "published": published, "by": by, "at": at }))
                };
                drafts.into_iter().map(row).collect::<Result<Vec<Value>>>()
            })
        })
        .await?;
    site.page(&visitor, "drafts.html", &json!({ "title": "Drafts", "rows": rows }))
}

/// `GET /sops/new`
pub(super) async fn new(State(site): State<Shared>, visitor: Visitor, Query(new): Query<New>) -> Answer {
    let context = site.work(move |workspace| new_context(workspace, &new, &[])).await?;
    site.page(&visitor, "sop_new.html", &context)
}

fn new_context(workspace: &Workspace, new: &New, problems: &[Problem]) -> Result<Value> {
    let snapshot = super::snapshot(workspace)?;
    let owners: Vec<&String> = snapshot.roster.agents.keys().collect();
    let sops = workspace.journal.read(crate::registry::summaries)?;
    let sops: Vec<Value> = sops.iter().map(|sop| json!({ "id": sop.id, "title": sop.title })).collect();
    Ok(json!({
        "title": "New SOP", "id": new.id, "name": new.title, "owner": new.owner, "from": new.from,
        "owners": owners, "sops": sops, "problems": super::files::problem_rows(problems),
    }))
}

/// `POST /sops/new`
pub(super) async fn begin(State(site): State<Shared>, form: Signed<New>) -> Answer {
    let Signed { visitor, fields: new } = form;
    let actor = super::actor(&visitor);
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let wanted = new.id.trim().parse().map(|id| Wanted {
        id,
        title: some(&new.title),
        owner: some(&new.owner),
        from: some(&new.from),
    });
    let (begun, context) = site
        .work(move |workspace| {
            let begun = match wanted {
                Ok(wanted) => drafts::begin(SOPD, workspace, &actor, wanted),
                Err(wrong) => Err(Problem::usage(wrong).into()),
            };
            let problems = begun.as_ref().err().cloned().unwrap_or_default();
            Ok((begun, new_context(workspace, &new, &problems)?))
        })
        .await?;
    match begun {
        Ok(begun) => {
            let name = begun.path.trim_start_matches("sops/drafts/").trim_end_matches(".md");
            Ok(Redirect::to(&format!("/sops/drafts/{name}")).into_response())
        }
        Err(problems) => {
            let status = problems.first().map(|first| crate::web::page::status(first.kind));
            let page = site.render(Some(&visitor), "sop_new.html", &context)?;
            Ok((status.unwrap_or_default(), page).into_response())
        }
    }
}

fn target(name: &str) -> Result<Target> {
    Target::of(&format!("sops/drafts/{name}.md"))
}

/// `GET /sops/drafts/{name}`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor, Path(name): Path<String>) -> Answer {
    let target = target(&name)?;
    let context = site
        .work(move |workspace| {
            let missing = || Problem::not_found(format!("{} is not there", target.path()));
            let (text, digest) = edits::current(&workspace.root, &target)?.ok_or_else(missing)?;
            let written = Written { text, opened: digest.0, ..Written::default() };
            context(workspace, &target, &written, &super::files::Tried::default())
        })
        .await?;
    site.page(&visitor, "sop_edit.html", &context)
}

/// A draft as it is being written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    text: String,
    opened: String,
    note: String,
    /// Classes of the council matrix, with commas between.
    classes: String,
    check: String,
    bring: String,
}

fn context(
    workspace: &Workspace,
    target: &Target,
    written: &Written,
    tried: &super::files::Tried,
) -> Result<Value> {
    let path = target.path();
    let linted = lint::look(workspace, &path, &written.text).map_err(crate::daemon::first_of)?;
    let changes = workspace.journal.read(|db| edits::history(db, &path))?;
    let settings = super::settings(workspace)?;
    let Target::Draft(id, version) = target else { return Err(Problem::not_found("nothing is here")) };
    Ok(json!({
        "title": format!("{id} v{version}"), "name": format!("{id}-v{version}"), "path": path, "id": id,
        "text": written.text, "note": written.note, "classes": written.classes,
        "opened": tried.there_hash.as_ref().unwrap_or(&written.opened),
        "problems": super::files::problem_rows(&tried.problems), "differs": tried.differs,
        "lint": lint_rows(&linted, &written.text), "body": super::below_head(&written.text),
        "changes": changes.iter().map(super::files::row).collect::<Vec<_>>(),
        "known_classes": settings.council.classes.keys().collect::<Vec<_>>(),
    }))
}

/// What the checks say, each with its line in `text`.
pub(super) fn lint_rows(linted: &Linted, text: &str) -> Value {
    let findings: Vec<Value> = linted
        .findings
        .iter()
        .map(|finding| {
            json!({
                "blocking": finding.severity == Severity::Blocking, "line": finding.line(text),
                "section": finding.section.map(crate::sop::Section::title), "message": finding.message,
                "quote": finding.quote, "other": finding.other, "code": finding.code,
            })
        })
        .collect();
    let open: Vec<Value> = to_fill_in(text)
        .into_iter()
        .take(MOST_OPEN)
        .map(|(line, words)| json!({ "line": line, "words": words }))
        .collect();
    let blocking = linted.findings.iter().filter(|one| one.severity == Severity::Blocking).count();
    json!({
        "problems": super::files::problem_rows(&linted.problems), "findings": findings, "open": open,
        "blocking": blocking, "count": linted.findings.len(), "lines": text.lines().count(),
    })
}

/// `POST /sops/drafts/{name}`: checks, saves, or saves and brings.
pub(super) async fn save(
    State(site): State<Shared>,
    Path(name): Path<String>,
    form: Signed<Written>,
) -> Answer {
    let Signed { visitor, fields } = form;
    let target = target(&name)?;
    let actor = super::actor(&visitor);
    let (done, context) = site
        .work(move |workspace| {
            let written = Written { text: super::unix(&fields.text), ..fields };
            let (mut tried, mut brought) = (super::files::Tried::default(), None);
            if written.check.is_empty() {
                let edit = Edit {
                    target: target.clone(),
                    opened: Some(Digest(written.opened.clone())),
                    text: written.text.clone(),
                    note: written.note.clone(),
                    skip_council: false,
                };
                tried = attempt(workspace, &actor, edit, false);
                if tried.saved && !written.bring.is_empty() {
                    let classes = written.classes.split(',').map(str::trim).filter(|one| !one.is_empty());
                    let classes = classes.map(str::to_owned).collect();
                    match drafts::bring(SOPD, workspace, &actor, (&target, classes)) {
                        Ok(mission) => brought = Some(mission),
                        Err(problems) => {
                            // Saved it is; only the way into the registry is barred.
                            let there_hash = Some(Digest::of(&written.text).0);
                            tried = super::files::Tried { problems, there_hash, ..tried };
                            tried.saved = false;
                        }
                    }
                }
            }
            let context = context(workspace, &target, &written, &tried)?;
            Ok(((tried, brought), context))
        })
        .await?;
    match done {
        (_, Some(mission)) => Ok(Redirect::to(&format!("/missions/{mission}")).into_response()),
        (tried, None) if tried.saved => Ok(Redirect::to(&format!("/sops/drafts/{name}")).into_response()),
        (tried, None) => {
            let page = site.render(Some(&visitor), "sop_edit.html", &context)?;
            Ok((tried.status(), page).into_response())
        }
    }
}

/// `POST /sops/drafts/{name}/lint`: what the checks say to a text that is being written, as a piece of a page.
pub(super) async fn lint(
    State(site): State<Shared>,
    Path(name): Path<String>,
    form: Signed<Written>,
) -> Answer {
    let Signed { visitor, fields } = form;
    let target = target(&name)?;
    let rows = site
        .work(move |workspace| {
            let text = super::unix(&fields.text);
            if u64::try_from(text.len()).unwrap_or(u64::MAX) > target.most() {
                return Err(Problem::new(Kind::Invalid, "this is larger than any SOP may be"));
            }
            let linted = lint::look(workspace, &target.path(), &text).map_err(crate::daemon::first_of)?;
            Ok(lint_rows(&linted, &text))
        })
        .await?;
    Ok(site.render(Some(&visitor), "lint.html", &json!({ "lint": rows }))?.into_response())
}
