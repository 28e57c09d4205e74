//! The API for programs: REST under `/api/v1` with an OpenAPI document made of the very routes, a stream of events,
//! and the address at which webhooks arrive. No rules here: each handler is a deed of [`crate::front`], and gives the
//! JSON of the command line.

mod answers;
pub mod caller;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod decisions;
mod door;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod events;
mod hooks;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod missions;
mod page;
mod refusal;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod runs;
mod slack;
#[expect(unused_qualifications, reason = "the macro of a route names the parameters of its query so")]
mod sops;

use crate::base::Problem;
use crate::daemon::Workspace;
use axum::Json;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use caller::Callers;
use events::Pulse;
use std::sync::Arc;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How a command line begins in what is told to programs.
const SOPD: &str = "sopd";

/// What the handlers need of the world.
#[derive(Clone)]
struct Api {
    workspace: Workspace,
    callers: Arc<dyn Callers>,
    pulse: Pulse,
}

/// What the document says besides its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "sopd",
        description = "Missions, decisions, SOPs and runs. Every answer is the JSON of the command line's `--json`; \
                       every POST may carry an `Idempotency-Key`, and is then done once."
    ),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", bearer);
    }
}

/// The router with everything on it, to be merged with others, and its document. `callers` says who calls.
///
/// Call it inside a runtime: one task watches the journal for all streams of events, as long as the router lives.
pub fn router(workspace: &Workspace, callers: Arc<dyn Callers>) -> (axum::Router, utoipa::openapi::OpenApi) {
    let pulse = Pulse::start(&workspace.journal);
    let api = Api { workspace: workspace.clone(), callers, pulse };
    let known = OpenApiRouter::new()
        .merge(decisions())
        .merge(missions())
        .merge(runs())
        .routes(routes!(events::events))
        .fallback(refusal::unknown)
        .layer(from_fn_with_state(api.clone(), door::door));
    let (router, document) =
        OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", known).split_for_parts();
    let told = document.clone();
    let page = page::document(&document);
    let router = router
        .route("/hooks/{*path}", post(hooks::hook))
        .route("/slack/answers", post(slack::answer))
        .route("/api/v1/openapi.json", get(move || std::future::ready(Json(told.clone()))))
        .route("/api/v1/docs", get(move || std::future::ready(page.clone())));
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
        .routes(routes!(decisions::answer))
}

fn missions() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(missions::missions, missions::submit))
        .routes(routes!(missions::mission))
        .routes(routes!(sops::sops))
        .routes(routes!(sops::sop))
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
}
