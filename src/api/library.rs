//! SOPs that are not made by a mission: checked, imported, begun, handed in, compared, exported, retired.

use super::answers::{Answer, Asked, Body, Page, apart, done, list, made, seen};
use super::refusal::{ProblemDetails, Refusal};
use super::{Api, SOPD};
use crate::base::Problem;
use crate::front::drafts::{self, Wanted};
use crate::front::lint::{self, Linted};
use crate::front::{self, Caller, Form, shapes};
use crate::mission::NewActivation;
use crate::registry;
use crate::sop::diff;
use crate::sop::document::RiskLevel;
use crate::sop::import::Given;
use crate::sop::{SopId, Version};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

fn sop_id(text: &str) -> Result<SopId, Problem> {
    text.parse().map_err(Problem::usage)
}

/// A text with a name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What it is called in what is said about it
    #[schema(example = "SOP.md")]
    name: String,
    /// Its text
    #[schema(example = "# Key handover\n\nWho hands out which key.\n")]
    text: String,
}

/// Run the coded checks over the text of an SOP; nothing is kept
#[utoipa::path(post, path = "/sops/lint", tag = "sops", request_body = File,
    responses((status = 200, body = Page, description = "Items of shape sopd/lint/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn lint_sop(State(api): State<Api>, Body(file): Body<File>) -> Answer {
    let told = apart(move || -> Result<Value, Vec<Problem>> {
        let Linted { problems, findings } = lint::look(&api.workspace, &file.name, &file.text)?;
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(list(findings.iter().map(|one| shapes::finding(&file.name, one))))
    })
    .await?;
    Ok(done(&told))
}

/// A procedure of another form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    /// One Markdown file, and at most one manifest beside it
    files: Vec<File>,
    /// The id it gets; made from department and title without it
    id: Option<String>,
    /// Department code, such as REV
    #[schema(example = "OPS")]
    department: Option<String>,
    /// The one accountable owner: an agent id
    #[schema(example = "ops.manager")]
    owner: Option<String>,
    /// Who does the steps that name nobody: an agent id
    assignee: Option<String>,
    /// The business objective, one sentence
    #[schema(example = "No key is ever lost")]
    objective: Option<String>,
    /// low, medium, high or critical
    #[schema(example = "low")]
    risk_level: Option<String>,
    /// What happens if it goes wrong, one sentence
    impact: Option<String>,
    /// How to undo it
    rollback: Option<String>,
}

impl Import {
    fn read(self, created_by: String, created_at: String) -> Result<(Vec<(String, String)>, Given), Problem> {
        let risk = |word: String| {
            serde_json::from_value::<RiskLevel>(Value::from(word)).map_err(|_unknown| {
                Problem::usage("that is no risk level").hint("write low, medium, high or critical")
            })
        };
        let given = Given {
            id: self.id.as_deref().map(sop_id).transpose()?,
            department: self.department,
            owner: self.owner,
            assignee: self.assignee,
            objective: self.objective,
            risk_level: self.risk_level.map(risk).transpose()?,
            impact: self.impact,
            rollback: self.rollback,
            created_by,
            created_at,
        };
        Ok((self.files.into_iter().map(|file| (file.name, file.text)).collect(), given))
    }
}

/// Read a procedure of another form into a draft below `sops/drafts/`
#[utoipa::path(post, path = "/sops/import", tag = "sops", request_body = Import,
    responses((status = 201, body = Value, description = "Shape sopd/import/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn import(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<Import>,
) -> Answer {
    let told = apart(move || -> Result<Value, Vec<Problem>> {
        let workspace = &api.workspace;
        let today = workspace.journal.clock().now().day();
        let (files, given) = asked.read(caller.party, today).map_err(|problem| vec![problem])?;
        Ok(front::import_files(SOPD, workspace, &files, &given)?.shape())
    })
    .await?;
    Ok(made(&told, ""))
}

/// An SOP to begin by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    /// The id it gets
    #[schema(example = "SOP-OPS-key-handover")]
    id: String,
    /// The one accountable owner: an agent id
    #[schema(example = "ops.manager")]
    owner: Option<String>,
    /// Title for people; made from the id without it
    #[schema(example = "Key handover")]
    title: Option<String>,
    /// The version whose text it begins with; the template without it
    from: Option<String>,
}

/// Begin an SOP by hand: a draft to fill in below `sops/drafts/`
#[utoipa::path(post, path = "/sops/drafts", tag = "sops", request_body = Begin,
    responses((status = 201, body = Value, description = "Shape sopd/new/1 with its text"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn begin(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(Begin { id, owner, title, from }): Body<Begin>,
) -> Answer {
    let told = apart(move || -> Result<Value, Vec<Problem>> {
        let id = sop_id(&id).map_err(|problem| vec![problem])?;
        let wanted = Wanted { id: id.clone(), title, owner, from };
        let begun = drafts::begin(SOPD, &api.workspace, &caller.actor(), wanted)?;
        let mut told = begun.shape(&id);
        if let Some(members) = told.as_object_mut() {
            members.insert("text".to_owned(), begun.text.into());
        }
        Ok(told)
    })
    .await?;
    Ok(made(&told, ""))
}

/// An SOP to hand in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Activate {
    /// What its file is called; sop.md without it
    #[schema(example = "sop.md")]
    file: Option<String>,
    /// The SOP, byte for byte as it is to be published
    text: String,
    /// Classes of the council matrix it belongs to
    #[serde(default)]
    classes: Vec<String>,
}

/// Have an SOP checked, validated, signed and published; the caller counts as its drafter
#[utoipa::path(post, path = "/sops/activate", tag = "sops", request_body = Activate,
    responses((status = 201, body = Value, description = "Shape sopd/activation/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn activate(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(Activate { file, text, classes }): Body<Activate>,
) -> Answer {
    let by = caller.party;
    let (told, mission) = apart(move || -> Result<(Value, String), Vec<Problem>> {
        let file = file.unwrap_or_else(|| "sop.md".to_owned());
        let new = NewActivation { file, text, by: by.clone(), classes };
        let handed_in = front::hand_in_sop(SOPD, &api.workspace, new)?;
        Ok((handed_in.shape(&by), handed_in.mission))
    })
    .await?;
    Ok(made(&told, &format!("/api/v1/missions/{mission}")))
}

/// Why an SOP is taken out of use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retirement {
    /// It stands in the registry
    #[schema(example = "Keys are badges now")]
    reason: String,
}

/// Take an SOP out of use for good; only who signs publications may
#[utoipa::path(post, path = "/sops/{id}/retire", tag = "sops",
    params(("id" = String, Path, description = "SOP-REV-x")), request_body = Retirement,
    responses((status = 200, body = Value, description = "Shape sopd/retirement/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn retire(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Retirement { reason }): Body<Retirement>,
) -> Answer {
    let told = apart(move || -> Result<Value, Vec<Problem>> {
        let sop = sop_id(&id).map_err(|problem| vec![problem])?;
        let actor = caller.actor();
        let row = front::retire(SOPD, &api.workspace, &actor, (sop, reason.clone()))?;
        Ok(shapes::retired(&row, &actor, &reason))
    })
    .await?;
    Ok(done(&told))
}

/// Every version of an SOP, newest first
#[utoipa::path(get, path = "/sops/{id}/history", tag = "sops",
    params(("id" = String, Path, description = "SOP-REV-x")),
    responses((status = 200, body = Page, description = "Items of shape sopd/sop/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn history(State(api): State<Api>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let sop = sop_id(&id)?;
        let rows = api.workspace.journal.read(|db| registry::history(db, &sop))?;
        Ok(list(rows.iter().map(shapes::sop)))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// With what a version is compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DiffQuery {
    /// The other version, `SOP-REV-x-v1.1`; the active one without it
    with: Option<String>,
}

/// What differs between two versions, as a unified diff
#[utoipa::path(get, path = "/sops/{id}/diff", tag = "sops",
    params(("id" = String, Path, description = "The older: SOP-REV-x-v1.0"), DiffQuery),
    responses((status = 200, body = Value, description = "Shape sopd/diff/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn difference(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Asked(asked): Asked<DiffQuery>,
) -> Answer {
    let shown = apart(move || -> Result<Value, Problem> {
        let (older, a) = front::version_text(&api.workspace, &id)?;
        let other = asked.with.unwrap_or_else(|| older.id.to_string());
        let (newer, b) = front::version_text(&api.workspace, &other)?;
        let name = |id: &SopId, version: Version| format!("{id}-v{version}");
        let (from, to) = (name(&older.id, older.version), name(&newer.id, newer.version));
        let text = diff::diff(&a, &b, (&from, &to));
        Ok(json!({ "shape": "sopd/diff/1", "a": from, "b": to, "diff": text }))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// `agent-sop` or `skill`
    form: String,
}

/// A version in the form of another program
#[utoipa::path(get, path = "/sops/{id}/export", tag = "sops",
    params(("id" = String, Path, description = "SOP-REV-x or SOP-REV-x-v1.0"), ExportQuery),
    responses((status = 200, body = Value, description = "Shape sopd/export/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn export_sop(
    State(api): State<Api>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Asked(ExportQuery { form }): Asked<ExportQuery>,
) -> Answer {
    let form = match form.as_str() {
        "agent-sop" => Form::AgentSop,
        "skill" => Form::Skill,
        _ => {
            let problem = Problem::usage(format!("there is no form `{form}`"));
            return Err(problem.hint("write agent-sop or skill").into());
        }
    };
    let shown = apart(move || -> Result<Value, Vec<Problem>> {
        let (name, text) = front::export_sop(&api.workspace, &id, form)?;
        Ok(json!({ "shape": "sopd/export/1", "name": name, "text": text }))
    })
    .await?;
    Ok(seen(&headers, &shown))
}

/// Compare every published file with what was approved
#[utoipa::path(post, path = "/sops/verify", tag = "sops",
    responses((status = 200, body = Value, description = "Shape sopd/verify/1"),
              (status = "default", body = ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn verify_sops(State(api): State<Api>) -> Result<axum::response::Response, Refusal> {
    let told = apart(move || front::verify_folder(&api.workspace).map(|folder| folder.shape())).await?;
    Ok(done(&told))
}
