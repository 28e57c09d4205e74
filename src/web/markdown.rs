//! Markdown written by agents and people, as HTML that can do nothing: no raw HTML, only tame links, and no character
//! that a browser would obey or hide.

use crate::base::text::visible;
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options};

/// `text` as HTML.
pub(super) fn html(text: &str) -> String {
    let arena = Arena::new();
    let options = options();
    let root = comrak::parse_document(&arena, text, &options);
    tame(root);
    let mut out = String::new();
    match comrak::format_html(root, &options, &mut out) {
        // Of the result, since an entity like `&#8238;` is such a character as well.
        Ok(()) => visible(&out),
        Err(_unwritable) => String::new(),
    }
}

/// How Markdown is read and written here.
pub(super) fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    // Raw HTML is shown as the text it is; `unsafe` stays off, so links with odd schemes lose their target as well.
    options.render.escape = true;
    options
}

/// Takes from a document what could act or call elsewhere.
pub(super) fn tame(root: Node<'_>) {
    for node in root.descendants() {
        let mut data = node.data_mut();
        match &mut data.value {
            NodeValue::Link(link) if !is_tame(&link.url) => link.url = String::new(),
            // A picture would tell another server who reads this.
            NodeValue::Image(image) => image.url = String::new(),
            _ => {}
        }
    }
}

fn is_tame(url: &str) -> bool {
    let lower = url.trim().to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://") || lower.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_can_act() {
        for (text, never) in [
            ("<script>alert(1)</script>", "<script"),
            ("a <img src=x onerror=alert(1)> b", "<img"),
            ("[x](javascript:alert(1))", "javascript:"),
            ("[x](JaVaScRiPt:alert(1))", "alert(1)\""),
            ("[x](data:text/html;base64,AAAA)", "data:"),
            ("![x](https://example.com/p.png)", "example.com"),
            ("[x](//example.com)", "example.com"),
            ("rm \u{202e}a", "\u{202e}"),
            ("rm &#8238;a `b\u{200b}`", "\u{202e}"),
        ] {
            let out = html(text);
            assert!(!out.contains(never), "{text} → {out}");
        }
        assert!(html("[x](https://example.com/)").contains("href=\"https://example.com/\""));
        assert!(html("| a |\n|---|\n| b |\n").contains("<table>"));
    }
}
