//! The style sheet and the two scripts, built into the binary. Pages work without the scripts.

use crate::base::Digest;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
#[include = "*.css"]
#[include = "*.js"]
#[include = "*.svg"]
struct Assets;

/// Changes with any of the files, so that browsers may keep them for good.
pub(super) fn version() -> String {
    let mut names: Vec<_> = Assets::iter().collect();
    names.sort();
    let files: Vec<_> = names.iter().filter_map(|name| Assets::get(name)).collect();
    Digest::of_all(files.iter().map(|file| file.data.as_ref())).short().to_owned()
}

/// `/assets/{version}/{name}`
pub(super) async fn serve(Path((_version, name)): Path<(String, String)>) -> Response {
    let Some(file) = Assets::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data.into_owned()).into_response()
}
