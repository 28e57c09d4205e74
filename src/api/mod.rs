//! The API for programs: REST under `/api/v1` with an OpenAPI document made of the very routes, a stream of events,
//! and the address at which webhooks arrive. No rules here: each handler is a deed of [`crate::front`], and gives the
//! JSON of the command line.

mod answers;
pub mod caller;
mod care;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod decisions;
mod document;
mod door;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod events;
mod hooks;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod library;
mod metrics;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod missions;
mod page;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod records;
mod refusal;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod runs;
mod slack;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod sops;
mod steering;

use crate::base::Problem;
use crate::daemon::Workspace;
use crate::journal::Feed;
use axum::Json;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use caller::Callers;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How a command line begins in what is told to programs.
const SOPD: &str = "sopd";

/// What the handlers need of the world.
#[derive(Clone)]
struct Api {
    workspace: Workspace,
    callers: Arc<dyn Callers>,
    feed: Feed,
}

/// The router with everything on it, to be merged with others, and its document. `callers` says who calls, `feed`
/// what happens. Call it inside a runtime.
pub fn router(
    workspace: &Workspace,
    feed: &Feed,
    callers: Arc<dyn Callers>,
) -> (axum::Router, utoipa::openapi::OpenApi) {
    let api = Api { workspace: workspace.clone(), callers, feed: feed.clone() };
    metrics::gather();
    let known = OpenApiRouter::new()
        .merge(decisions())
        .merge(missions())
        .merge(sops())
        .merge(runs())
        .merge(records())
        .fallback(refusal::unknown)
        .layer(from_fn_with_state(api.clone(), door::door));
    let (router, mut document) =
        OpenApiRouter::with_openapi(document::about()).nest("/api/v1", known).split_for_parts();
    document::complete(&mut document);
    let told = document.clone();
    let page = page::document(&document);
    let figures = get(metrics::figures).layer(from_fn_with_state(api.clone(), door::door));
    let router = router
        .route("/metrics", figures)
        .route("/hooks/{*path}", post(hooks::hook))
        .route("/slack/answers", post(slack::answer))
        .route("/api/v1/openapi.json", get(move || std::future::ready(Json(told.clone()))))
        .route("/api/v1/docs", get(move || std::future::ready(page.clone())))
        .method_not_allowed_fallback(refusal::wrong_method);
    (router.with_state(api), document)
}

/// A refusal in the form of the API, for what is served beside it.
pub fn refused(status: StatusCode, problem: Problem) -> Response {
    refusal::Refusal::with(status, problem).into_response()
}

fn decisions() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(decisions::inbox))
        .routes(routes!(decisions::decision))
        .routes(routes!(decisions::approve))
        .routes(routes!(decisions::reject))
        .routes(routes!(decisions::revise))
        .routes(routes!(decisions::edit))
        .routes(routes!(decisions::answer))
        .routes(routes!(care::delegate))
        .routes(routes!(care::defer))
        .routes(routes!(care::claim))
        .routes(routes!(care::release))
        .routes(routes!(care::ask))
}

fn missions() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(missions::missions, missions::submit))
        .routes(routes!(missions::mission))
        .routes(routes!(missions::cancel_mission))
        .routes(routes!(missions::retry_mission))
        .routes(routes!(missions::files))
        .routes(routes!(missions::file))
        .routes(routes!(missions::council))
}

fn sops() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(sops::sops))
        .routes(routes!(sops::sop))
        .routes(routes!(library::lint_sop))
        .routes(routes!(library::import))
        .routes(routes!(library::begin))
        .routes(routes!(library::activate))
        .routes(routes!(library::verify_sops))
        .routes(routes!(library::history))
        .routes(routes!(library::difference))
        .routes(routes!(library::export_sop))
        .routes(routes!(library::retire))
        .routes(routes!(steering::autonomy, steering::say_autonomy))
}

fn runs() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(runs::runs, runs::start))
        .routes(routes!(runs::run))
        .routes(routes!(runs::audit))
        .routes(routes!(runs::pause))
        .routes(routes!(runs::resume))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::retry))
        .routes(routes!(runs::skip))
        .routes(routes!(runs::complete))
        .routes(routes!(steering::adjust))
        .routes(routes!(steering::review, steering::ask_review))
        .routes(routes!(steering::step_file))
        .routes(routes!(records::triggers))
}

fn records() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(events::events))
        .routes(routes!(records::facts))
        .routes(routes!(records::export_facts))
        .routes(routes!(records::verify_facts))
        .routes(routes!(records::agents))
        .routes(routes!(records::tokens))
        .routes(routes!(records::revoke))
}
