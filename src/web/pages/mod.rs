//! The pages, one file each; every address is in the list below.

mod account;
mod agents;
mod audit;
mod compare;
mod dashboard;
mod decision;
mod diff;
mod drafts;
mod files;
mod inbox;
mod judging;
mod missions;
mod outcome;
mod plot;
mod runs;
mod settings;
mod sign_in;
mod sops;
mod timeline;
mod written;

use super::caller::Visitor;
use super::site::Shared;
use crate::agent::Snapshot;
use crate::base::{Problem, problem::Result, yaml};
use crate::daemon::Workspace;
use crate::run::Actor;
use crate::settings::Settings;
use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use std::sync::Arc;

/// Every page and every form.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/inbox") }))
        .route("/sign-in", get(sign_in::show).post(sign_in::with_password))
        .route("/sign-in/{secret}", get(sign_in::show_link).post(sign_in::with_link))
        .route("/sign-out", post(sign_in::out))
        .route("/account", get(account::show))
        .route("/account/password", post(account::password))
        .route("/account/sessions", post(account::end_others))
        .route("/account/tokens", post(account::revoke))
        .route("/inbox", get(inbox::show))
        .route("/decisions/{id}", get(decision::show))
        .route("/decisions/{id}/{verb}", post(decision::answer))
        .route("/missions", get(missions::board).post(missions::submit))
        .route("/missions/new", get(missions::form))
        .route("/missions/{id}", get(missions::show))
        .route("/missions/{id}/files/{*name}", get(missions::file))
        .route("/missions/{id}/{verb}", post(missions::control))
        .route("/runs", get(runs::list))
        .route("/runs/{id}", get(runs::show))
        .route("/runs/{id}/{verb}", post(runs::steer))
        .route("/runs/{id}/steps/{step}/complete", post(runs::complete))
        .route("/runs/{id}/steps/{step}/files/{name}", get(runs::file))
        .route("/sops", get(sops::list))
        .route("/sops/new", get(drafts::new).post(drafts::begin))
        .route("/sops/drafts", get(drafts::list))
        .route("/sops/drafts/{name}", get(drafts::show).post(drafts::save))
        .route("/sops/drafts/{name}/lint", post(drafts::lint))
        .route("/sops/{id}", get(sops::show))
        .route("/sops/{id}/run", post(sops::start))
        .route("/agents", get(agents::show))
        .route("/agents/new", get(agents::new).post(agents::save))
        .route("/agents/{id}/edit", get(agents::edit).post(agents::save))
        .route("/settings", get(settings::show))
        .route("/settings/council", get(settings::council).post(settings::save_council))
        .route("/files/{*path}", get(files::show).post(files::save))
        .route("/changes/{number}", get(files::change))
        .route("/changes/{number}/{verb}", post(files::decide))
        .route("/dashboard", get(dashboard::show))
        .route("/audit", get(audit::show))
        .route("/audit/verify", post(audit::verify))
        .route("/audit/export", get(audit::export))
        .fallback(|| async { super::page::Failure::from(Problem::not_found("nothing is here")) })
}

/// Who acts, for the record.
fn actor(visitor: &Visitor) -> Actor {
    Actor { by: visitor.party().to_owned(), os_user: visitor.means() }
}

/// Text of a form with the line ends of our files.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// What stands below the head of a Markdown file.
fn below_head(text: &str) -> String {
    yaml::front_matter("", text).map_or(text, |cut| cut.body).to_owned()
}

/// Settings, roster and prompts as they are on disk now; the first problem where they cannot be read.
fn snapshot(workspace: &Workspace) -> Result<Arc<Snapshot>> {
    workspace.snapshot().map_err(|problems| {
        let first = problems.into_iter().next();
        first.unwrap_or_else(|| Problem::failed("the workspace cannot be read"))
    })
}

fn settings(workspace: &Workspace) -> Result<Settings> {
    snapshot(workspace).map(|snapshot| snapshot.settings.clone())
}
