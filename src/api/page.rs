//! The document for people: one table, made of the routes.

use crate::base::text::put_line;
use axum::response::Html;
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// A page that lists every route of `document`.
pub(super) fn document(document: &OpenApi) -> Html<String> {
    let value = serde_json::to_value(document).unwrap_or_default();
    let mut rows = String::new();
    for (path, item) in value.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let summary = operation.get("summary").and_then(Value::as_str).unwrap_or_default();
            put_line(
                &mut rows,
                format_args!(
                    "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
                    safe(&method.to_uppercase()),
                    safe(path),
                    safe(summary)
                ),
            );
        }
    }
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>sopd API</title>\
         <h1>sopd API</h1><p>The whole document is <a href=\"openapi.json\">openapi.json</a>. Send \
         <code>Authorization: Bearer</code> and a token.</p>\
         <table><thead><tr><th>Method</th><th>Address</th><th>What it does</th></tr></thead><tbody>\n{rows}</tbody></table></html>"
    ))
}

fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
