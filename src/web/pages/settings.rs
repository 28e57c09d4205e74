//! What the workspace is set up with: settings, council matrix, prompts, and what was changed last.

use super::files::{Tried, attempt, problem_rows, row};
use crate::base::{Digest, Problem, problem::Result};
use crate::daemon::Workspace;
use crate::daemon::edits::{self, Edit, Target};
use crate::roster::AgentRole;
use crate::settings::{Council, CouncilLevel};
use crate::web::caller::Visitor;
use crate::web::form::Signed;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Begin the names of fields.
const CLASS: &str = "class.";
const ROLE: &str = "role.";

/// `GET /settings`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let party = visitor.party().to_owned();
    let context = site.work(move |workspace| context(workspace, &party)).await?;
    site.page(&visitor, "settings.html", &context)
}

fn context(workspace: &Workspace, party: &str) -> Result<Value> {
    let snapshot = super::snapshot(workspace)?;
    let (pending, latest) =
        workspace.journal.read(|db| Ok((edits::pending(db, None)?, edits::latest(db)?)))?;
    let settings = &snapshot.settings;
    let prompts: Vec<Value> = snapshot
        .prompts
        .iter()
        .map(|(name, text)| json!({ "name": name, "words": text.split_whitespace().count() }))
        .collect();
    let refusal = edits::authorise(workspace, &Target::Settings, party).err().map(|problem| problem.message);
    let classes: Vec<Value> = settings
        .council
        .classes
        .iter()
        .map(|(class, level)| json!({ "name": class, "level": level.word() }))
        .collect();
    Ok(json!({
        "title": "Settings", "prompts": prompts, "refusal": refusal, "classes": classes,
        "publication": settings.publication, "budgets": {
            "mission": settings.budgets.mission_usd.map(crate::base::MicroUsd::dollars),
            "week": settings.budgets.week_usd.map(crate::base::MicroUsd::dollars),
            "total": settings.budgets.total_usd.map(crate::base::MicroUsd::dollars),
        },
        "requester": settings.requester,
        "pending": pending.iter().map(row).collect::<Vec<_>>(),
        "latest": latest.iter().map(row).collect::<Vec<_>>(),
    }))
}

/// `GET /settings/council`
pub(super) async fn council(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let (council, opened) = site
        .work(|workspace| {
            let missing = || Problem::not_found("sopd.yaml is not there");
            let (_, digest) = edits::current(&workspace.root, &Target::Settings)?.ok_or_else(missing)?;
            Ok((super::settings(workspace)?.council, digest.0))
        })
        .await?;
    let context = form(&council, (&opened, ""), ("", "", ""), &Tried::default());
    site.page(&visitor, "council.html", &context)
}

fn form(
    council: &Council,
    (opened, note): (&str, &str),
    (new_class, new_level, members): (&str, &str, &str),
    tried: &Tried,
) -> Value {
    let levels = CouncilLevel::ALL.map(CouncilLevel::word);
    let classes: Vec<Value> = council
        .classes
        .iter()
        .map(|(class, level)| json!({ "name": class, "level": level.word() }))
        .collect();
    let roles = AgentRole::ALL
        .map(|role| json!({ "word": role.word(), "checked": council.member_roles.contains(&role) }));
    let members = if members.is_empty() { council.members.to_string() } else { members.to_owned() };
    json!({
        "title": "Council matrix", "classes": classes, "levels": levels, "roles": roles, "members": members,
        "opened": tried.there_hash.as_deref().unwrap_or(opened), "note": note, "new_class": new_class,
        "new_level": new_level, "problems": problem_rows(&tried.problems), "differs": tried.differs,
        "checked": tried.checked,
    })
}

/// `POST /settings/council`
pub(super) async fn save_council(
    State(site): State<Shared>,
    submitted: Signed<BTreeMap<String, String>>,
) -> Answer {
    let Signed { visitor, fields } = submitted;
    let text = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let (opened, note, members) = (text("opened"), text("note"), text("members"));
    let (new_class, new_level) = (text("new_class"), text("new_level"));
    let (council, problems) = read(&fields);
    let actor = super::actor(&visitor);
    let checks = fields.contains_key("check");
    let (wanted, was, why) = (council.clone(), opened.clone(), note.clone());
    let tried = if problems.is_empty() {
        site.work(move |workspace| {
            let missing = || Problem::not_found("sopd.yaml is not there");
            let (there, _) = edits::current(&workspace.root, &Target::Settings)?.ok_or_else(missing)?;
            let (opened, text) = (Some(Digest(was)), wanted.in_file(&there));
            let edit = Edit { target: Target::Settings, opened, text, note: why, skip_council: false };
            Ok(attempt(workspace, &actor, edit, checks))
        })
        .await?
    } else {
        Tried { problems, ..Tried::default() }
    };
    if tried.saved {
        return Ok(Redirect::to("/settings").into_response());
    }
    let context = form(&council, (&opened, &note), (&new_class, &new_level, &members), &tried);
    let page = site.render(Some(&visitor), "council.html", &context)?;
    Ok((tried.status(), page).into_response())
}

/// The matrix that the form describes, and what could not be read.
fn read(fields: &BTreeMap<String, String>) -> (Council, Vec<Problem>) {
    let mut problems = Vec::new();
    let text = |name: &str| fields.get(name).map_or("", |text| text.trim());
    let members = text("members").parse().unwrap_or_else(|_odd| {
        problems.push(Problem::invalid(format!("`{}` is not a number of members", text("members"))));
        0
    });
    let mut classes = BTreeMap::new();
    let mut level =
        |class: &str, word: &str| match CouncilLevel::ALL.into_iter().find(|one| one.word() == word) {
            Some(level) => {
                classes.insert(class.to_owned(), level);
            }
            None => problems.push(
                Problem::invalid(format!("`{word}` is not how strongly a class asks for the council"))
                    .hint("write mandatory, recommended or optional"),
            ),
        };
    for (name, word) in fields {
        if let Some(class) = name.strip_prefix(CLASS) {
            level(class, word);
        }
    }
    if !text("new_class").is_empty() {
        level(text("new_class"), text("new_level"));
    }
    let roles =
        AgentRole::ALL.into_iter().filter(|role| fields.contains_key(&format!("{ROLE}{}", role.word())));
    (Council { members, member_roles: roles.collect(), classes }, problems)
}
