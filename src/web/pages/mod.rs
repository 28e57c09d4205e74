//! The pages, one file each; every address is in the list below.

mod account;
mod agents;
mod audit;
mod compare;
mod dashboard;
mod decision;
mod diff;
mod drafts;
mod edit;
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
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

/// Every page and every form, with its address.
fn all() -> Vec<(&'static str, MethodRouter<Shared>)> {
    vec![
        ("/", get(|| async { Redirect::to("/inbox") })),
        ("/sign-in", get(sign_in::show).post(sign_in::with_password)),
        ("/sign-in/{secret}", get(sign_in::show_link).post(sign_in::with_link)),
        ("/sign-out", post(sign_in::out)),
        ("/account", get(account::show)),
        ("/account/password", post(account::password)),
        ("/account/sessions", post(account::end_others)),
        ("/account/tokens", post(account::revoke)),
        ("/inbox", get(inbox::show)),
        ("/decisions/{id}", get(decision::show)),
        ("/decisions/{id}/edit", get(edit::show).post(edit::save)),
        ("/decisions/{id}/{verb}", post(decision::answer)),
        ("/missions", get(missions::board).post(missions::submit)),
        ("/missions/new", get(missions::form)),
        ("/missions/{id}", get(missions::show)),
        ("/missions/{id}/files/{*name}", get(missions::file)),
        ("/missions/{id}/{verb}", post(missions::control)),
        ("/runs", get(runs::list)),
        ("/runs/{id}", get(runs::show)),
        ("/runs/{id}/{verb}", post(runs::steer)),
        ("/runs/{id}/steps/{step}/complete", post(runs::complete)),
        ("/runs/{id}/steps/{step}/files/{name}", get(runs::file)),
        ("/sops", get(sops::list)),
        ("/sops/new", get(drafts::new).post(drafts::begin)),
        ("/sops/drafts", get(drafts::list)),
        ("/sops/drafts/{name}", get(drafts::show).post(drafts::save)),
        ("/sops/drafts/{name}/lint", post(drafts::lint)),
        ("/sops/{id}", get(sops::show)),
        ("/sops/{id}/run", post(sops::start)),
        ("/agents", get(agents::show)),
        ("/agents/new", get(agents::new).post(agents::save)),
        ("/agents/{id}/edit", get(agents::edit).post(agents::save)),
        ("/settings", get(settings::show)),
        ("/settings/council", get(settings::council).post(settings::save_council)),
        ("/files/{*path}", get(files::show).post(files::save)),
        ("/changes/{number}", get(files::change)),
        ("/changes/{number}/{verb}", post(files::decide)),
        ("/dashboard", get(dashboard::show)),
        ("/audit", get(audit::show)),
        ("/audit/verify", post(audit::verify)),
        ("/audit/export", get(audit::export)),
    ]
}

/// The router of every page and every form.
pub(super) fn router() -> Router<Shared> {
    let pages = all().into_iter().fold(Router::new(), |router, (address, page)| router.route(address, page));
    pages.fallback(|| async { super::page::Failure::from(Problem::not_found("nothing is here")) })
}

/// The addresses of all pages and forms.
pub(super) fn addresses() -> Vec<&'static str> {
    all().into_iter().map(|(address, _page)| address).collect()
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
