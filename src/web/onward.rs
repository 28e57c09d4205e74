//! Where somebody goes who had to sign in first: back to the page that was wanted, which is always one of ours.

use axum::http::{HeaderMap, Method, Uri, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What has a meaning of its own in a query or a cookie.
const ODD: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b',')
    .add(b';')
    .add(b'<')
    .add(b'>')
    .add(b'\\');
/// Longest address that is carried along, in bytes.
const LONGEST: usize = 1_000;

/// `path` as part of a query or a cookie.
pub(super) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, ODD).to_string()
}

/// `path`, where it is a page of this desk: one slash at its beginning and nothing a browser reads as another host.
/// Pages that sign in or out are none.
pub(super) fn own_page(path: &str) -> Option<&str> {
    let plain = path.len() <= LONGEST && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let own = plain && path.starts_with('/') && !path.starts_with("//");
    (own && !path.starts_with("/sign-") && !path.starts_with("/events")).then_some(path)
}

/// The page to come back to after signing in: the one that was asked for, or the one whose form was sent.
pub(super) fn wanted(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let page = if method == Method::GET && !headers.contains_key("hx-request") {
        uri.path_and_query().map(ToString::to_string)
    } else {
        let from = headers.get(header::REFERER).and_then(|from| from.to_str().ok())?;
        let from: Uri = from.parse().ok()?;
        from.path_and_query().map(ToString::to_string)
    };
    page.filter(|page| own_page(page).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_desk_are_gone_on_to() {
        for own in ["/decisions/D-45", "/runs?sop=x&state=failed", "/inbox", "/"] {
            assert_eq!(own_page(own), Some(own));
        }
        for other in [
            "",
            "inbox",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\n//b",
            "/a b",
            "/sign-out",
            "/sign-in?next=/sign-in",
            "javascript:alert(1)",
            "/\t/evil.example",
        ] {
            assert_eq!(own_page(other), None, "{other:?}");
        }
    }
}
