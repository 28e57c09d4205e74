//! The parts of a request as they are written: its first line, a header, statuses, the body.

use super::same;
use super::template::{Place, Template, Values};
use crate::base::json;
use http::Method;
use serde_json::Value;
use std::ops::RangeInclusive;
use url::Url;

/// Headers that belong to the connection or to sopd.
const RESERVED: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "idempotency-key",
];

/// What a request may do. `CONNECT` and `TRACE` are for proxies.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

pub(super) fn request_line(line: &str) -> Result<(Method, Template), String> {
    let form = "write METHOD https://host/path";
    let (method, rest) = line.split_once(' ').ok_or(form)?;
    if !METHODS.contains(&method) {
        return Err(format!("`{method}` is no method; write one of {}", METHODS.join(", ")));
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| format!("{error}; {form}"))?;
    let rest = rest.trim();
    let address = match rest.rsplit_once(' ') {
        Some((address, version)) if version.starts_with("HTTP/") => address.trim_end(),
        _ => rest,
    };
    let template = Template::parse(address).map_err(|(_, words)| words)?;
    let beginning = template.beginning();
    let Some((scheme, after)) = beginning.split_once("://") else {
        return Err(format!("the address must begin with https:// and a host; {form}"));
    };
    if !matches!(scheme, "https" | "http") {
        return Err(format!("`{scheme}` is not spoken; the address must begin with https:// or http://"));
    }
    if !template.is_plain() && !after.contains('/') {
        return Err("no placeholder may stand in the host; write it out, up to the `/` after it".to_owned());
    }
    let sample = template.fill(Place::Address, &Values::sample(None))?;
    let url = Url::parse(&sample).map_err(|error| format!("`{address}` is no address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address holds a user or a password; send them in a header, from a secret".to_owned());
    }
    if url.fragment().is_some() {
        return Err("what follows a `#` is never sent; write %23 for the letter itself".to_owned());
    }
    if !same(&url, &sample) {
        return Err(format!("the address is not in its plain form; `{url}` is"));
    }
    Ok((method, template))
}

pub(super) fn header(line: &str) -> Result<(&str, &str), String> {
    let (name, value) = line.split_once(':').ok_or("a header is written `Name: value`")?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(format!("`{name}` is no header's name"));
    }
    if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
        return Err(format!("the header {name} is set by sopd itself; leave it out"));
    }
    let value = value.trim();
    if value.is_empty() || value.chars().any(char::is_control) {
        return Err(format!("the header {name} has no value a header can carry"));
    }
    Ok((name, value))
}

/// `200, 202-204`
pub(super) fn statuses(text: &str) -> Result<Vec<RangeInclusive<u16>>, String> {
    let one = |word: &str| word.trim().parse().ok().filter(|status| (200..=599).contains(status));
    let range = |word: &str| {
        let (from, to) = word.split_once('-').unwrap_or((word, word));
        let range = one(from)?..=one(to)?;
        (!range.is_empty()).then_some(range)
    };
    text.split(',')
        .map(|word| {
            range(word).ok_or_else(|| format!("`{}` is no status; write 200, or 200-204", word.trim()))
        })
        .collect()
}

/// Reads the body, and settles what it is.
pub(super) fn body(
    method: &Method,
    body: &str,
    headers: &mut Vec<(String, Template)>,
    begins: usize,
) -> Result<(Place, Template), (usize, String)> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Err((begins, format!("a {method} request has no body")));
    }
    let template = Template::parse(body).map_err(|(line, words)| (begins + line, words))?;
    let kind = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = kind.map(|(_, value)| value.beginning().to_ascii_lowercase());
    let place = match kind.as_deref() {
        Some(kind) if kind.contains("json") => Place::Json,
        Some(kind) if kind.contains("x-www-form-urlencoded") => Place::Form,
        Some(_) => Place::Text,
        None if body.trim_start().starts_with(['{', '[']) => {
            let json = Template::parse("application/json").map_err(|(_, words)| (begins, words))?;
            headers.push(("Content-Type".to_owned(), json));
            Place::Json
        }
        None => return Err((begins, "say what the body is: add a Content-Type header".to_owned())),
    };
    let sample = template.fill(place, &Values::sample(None)).map_err(|words| (begins, words))?;
    if place == Place::Json
        && let Err(error) = serde_json::from_str::<Value>(&sample)
    {
        return Err((
            begins + error.line().saturating_sub(1),
            format!("the body is no JSON: {}", json::words(&error)),
        ));
    }
    Ok((place, template))
}
