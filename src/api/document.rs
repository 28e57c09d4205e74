//! What the OpenAPI document says besides its routes: who may call, what every POST takes, how everything is refused.

use super::{hooks, metrics};
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Content, Object, Ref, RefOr, Required, Response, ResponseBuilder, Type, schema::Schema,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "sopd",
        description = "Missions, decisions, SOPs and runs. Every answer is the JSON of the command line's `--json`.\n\n\
                       Make a token with `sopd token new PARTY --scope read|write` and send it as \
                       `Authorization: Bearer TOKEN`. Every POST may carry an `Idempotency-Key`: sent again within a \
                       day it gives the first answer and is not done again. Every GET carries an `ETag`, and answers \
                       304 to the same in `If-None-Match`. Lists come by pages: `next` is the `cursor` of the page \
                       after. A refusal is `application/problem+json` with the kind of the command line's exit code.",
    ),
    servers((url = "/", description = "The desk that serves this document")),
    security(("bearer" = [])),
    paths(hooks::hook, metrics::figures),
    tags(
        (name = "decisions", description = "What waits for people, and answering it. A GET never decides."),
        (name = "missions", description = "From a brief to a published SOP."),
        (name = "sops", description = "The registry, and SOPs on their way into it."),
        (name = "runs", description = "Executions of an SOP's active version, and what starts them."),
        (name = "events", description = "The log of facts as it grows."),
        (name = "audit", description = "The hash-chained log of facts."),
        (name = "agents", description = "The roster."),
        (name = "tokens", description = "Credentials of programs."),
        (name = "hooks", description = "Where other programs' webhooks arrive."),
        (name = "figures", description = "For Prometheus."),
    ),
)]
struct Document;

/// The document without its routes.
pub(super) fn about() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// How requests are refused: status, name, kind, and an example of the words.
const REFUSALS: [(&str, &str, &str, &str); 9] = [
    ("400", "Usage", "usage", "there is no mode `fast`"),
    ("401", "Unknown", "not_allowed", "this token is missing, unknown or revoked"),
    ("403", "NotAllowed", "not_allowed", "this credential of cro only lets one look"),
    ("404", "NotFound", "not_found", "there is no run `sop_run_x`"),
    ("408", "TooSlow", "usage", "the body did not come in time"),
    ("409", "Conflict", "conflict", "D-4 is already decided: approve by ceo at 2026-11-20 09:12 UTC"),
    ("413", "TooLarge", "usage", "the body is too large"),
    ("415", "NotJson", "usage", "the body is not JSON"),
    ("422", "Invalid", "invalid", "the body cannot be used: missing field `sop` at line 1 column 2"),
];

/// What stands for a value in an address: how the address begins, the parameter, and an example.
const VALUES: [(&str, &str, &str); 10] = [
    ("/api/v1/decisions/", "id", "D-4"),
    ("/api/v1/missions/", "id", "M-2026-1120-vendor-invoices"),
    ("/api/v1/missions/", "name", "drafts/vp.sales.md"),
    ("/api/v1/runs/", "id", "sop_run_92e5d6b7e903"),
    ("/api/v1/runs/", "n", "2"),
    ("/api/v1/runs/", "name", "outputs.json"),
    ("/api/v1/sops/", "id", "SOP-REV-lead-qualification"),
    ("/api/v1/sops/", "form", "skill"),
    ("/api/v1/inbox", "for", "chief.staff"),
    ("/hooks/", "path", "deploy/production"),
];

/// What is said of refusals that are not listed.
const OTHERWISE: &str =
    "Refused in the same form: 405, 503 where the journal cannot be used, 500 for a mistake of sopd";

/// Adds to every route what all have in common.
pub(super) fn complete(document: &mut utoipa::openapi::OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme("bearer", bearer);
    for (status, name, kind, detail) in REFUSALS {
        let number: u16 = status.parse().unwrap_or_default();
        components.responses.insert(name.to_owned(), RefOr::T(refusal(number, kind, detail)));
    }
    for (path, item) in &mut document.paths.paths {
        for operation in item.get.iter_mut().chain(&mut item.post) {
            show_values(operation, path);
            if let Some(RefOr::T(other)) = operation.responses.responses.get_mut("default") {
                OTHERWISE.clone_into(&mut other.description);
            }
        }
        if let Some(operation) = &mut item.get {
            refused(operation, path, &["400", "401", "403"]);
            let json = operation.responses.responses.get("200").is_some_and(is_json);
            if json {
                parameters(operation)
                    .push(RefOr::T(header("If-None-Match", "The `ETag` of the answer before")));
                let same = ResponseBuilder::new().description("The same as before").build();
                operation.responses.responses.insert("304".to_owned(), RefOr::T(same));
            }
        }
        if let Some(operation) = &mut item.post {
            refused(operation, path, &["400", "403", "404", "408", "413"]);
            if path.starts_with("/api/") {
                refused(operation, path, &["401", "409", "422"]);
            }
            if operation.request_body.is_some() {
                refused(operation, path, &["415"]);
            }
            if path.starts_with("/api/") {
                let key =
                    header("Idempotency-Key", "Chosen by the sender: what comes again under it is done once");
                parameters(operation).push(RefOr::T(key));
            }
        }
    }
}

/// Gives the parameters of an address their examples.
fn show_values(operation: &mut Operation, path: &str) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let known = VALUES.iter().find(|(head, name, _)| path.starts_with(head) && *name == parameter.name);
        if let Some((_, _, example)) = known {
            // A number in an address is a number in the schema.
            let number = example.parse::<u32>().map(Value::from);
            let example = number.unwrap_or_else(|_word| Value::from(*example));
            *parameter = ParameterBuilder::from(std::mem::take(parameter)).example(Some(example)).build();
        }
    }
}

fn is_json(response: &RefOr<Response>) -> bool {
    matches!(response, RefOr::T(response) if response.content.contains_key("application/json"))
}

fn parameters(operation: &mut Operation) -> &mut Vec<RefOr<Parameter>> {
    operation.parameters.get_or_insert_with(Vec::new)
}

fn header(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(Schema::Object(Object::with_type(Type::String))))
        .build()
}

fn refused(operation: &mut Operation, path: &str, statuses: &[&str]) {
    let named = path.contains('{').then_some("404");
    for status in statuses.iter().copied().chain(named) {
        let Some((_, name, ..)) = REFUSALS.iter().find(|(known, ..)| *known == status) else { continue };
        let refusal = RefOr::Ref(Ref::from_response_name(*name));
        operation.responses.responses.entry(status.to_owned()).or_insert(refusal);
    }
}

fn refusal(status: u16, kind: &str, detail: &str) -> Response {
    let example: Value = json!({
        "type": format!("urn:sopd:{kind}"), "kind": kind, "title": super::refusal::words(kind), "status": status,
        "detail": detail, "hint": null, "errors": [{ "kind": kind, "message": detail }],
    });
    let mut content = Content::new(Some(Ref::from_schema_name("ProblemDetails")));
    content.example = Some(example);
    ResponseBuilder::new()
        .description(super::refusal::words(kind))
        .content("application/problem+json", content)
        .build()
}
