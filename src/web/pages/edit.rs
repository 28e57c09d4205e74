//! A draft that waits for a decision, to be edited by whoever is asked: one page with its text.

use crate::base::{Problem, problem::Result};
use crate::daemon::Workspace;
use crate::decision::{self, Verb};
use crate::front::{self, Answering, edited};
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};

/// How a command line begins in what is told.
const SOPD: &str = "sopd";

/// The text as it was sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    text: String,
    note: String,
    hash: String,
}

/// `GET /decisions/{id}/edit`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let context = site
        .work(move |workspace| {
            let one = workspace.journal.read(|db| decision::one(db, &id))?;
            let (text, _file) = edited::draft(workspace, &one)?;
            context(workspace, &id, &Written { text, note: String::new(), hash: one.ask.hash.0 }, &[])
        })
        .await?;
    site.page(&visitor, "edit.html", &context)
}

fn context(workspace: &Workspace, id: &str, written: &Written, problems: &[Problem]) -> Result<Value> {
    let one = workspace.journal.read(|db| decision::one(db, id))?;
    Ok(json!({
        "title": format!("Edit {}", one.ask.subject), "id": id, "text": written.text, "note": written.note,
        "hash": written.hash, "problems": super::files::problem_rows(problems),
    }))
}

/// `POST /decisions/{id}/edit`: takes the text, or shows it again with what is wrong.
pub(super) async fn save(
    State(site): State<Shared>,
    Path(id): Path<String>,
    form: Signed<Written>,
) -> Answer {
    let Signed { visitor, fields } = form;
    let actor = super::actor(&visitor);
    // A browser sends lines its own way.
    let written = Written { text: fields.text.replace("\r\n", "\n"), ..fields };
    let asked = id.clone();
    let (done, context) = site
        .work(move |workspace| {
            let text = Some(("the text".to_owned(), written.text.clone()));
            let (note, shown) = (written.note.clone(), Some(written.hash.clone()));
            let act =
                Answering { text: note, shown, edited: text, ..Answering::new(asked.clone(), Verb::Edit) };
            let done = front::answer(SOPD, workspace, &actor, act).map(drop);
            let problems = done.as_ref().err().cloned().unwrap_or_default();
            Ok((done, context(workspace, &asked, &written, &problems)?))
        })
        .await?;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/decisions/{id}")).into_response()),
        Err(problems) => {
            let status = problems.first().map(|first| crate::web::page::status(first.kind));
            let page = site.render(Some(&visitor), "edit.html", &context)?;
            Ok((status.unwrap_or_default(), page).into_response())
        }
    }
}
