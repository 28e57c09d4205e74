//! Small text tools: slugs, first letters and last marks of sentences, lists in words, table cells. Pure.

/// `Lead qualification!` → `lead-qualification`; at most `max` bytes, never empty (`untitled`).
pub fn slug(text: &str, max: usize) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    let mut cut = max.min(out.len());
    if cut < out.len()
        && let Some(at) = out.get(..cut).and_then(|head| head.rfind('-')).filter(|at| *at > 0)
    {
        cut = at;
    }
    out.truncate(cut);
    let out = out.trim_matches('-');
    if out.is_empty() { "untitled".to_owned() } else { out.to_owned() }
}

/// Appends formatted text. Writing to a `String` cannot fail, so there is nothing to answer.
pub fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
}

/// Appends formatted text and a line end.
pub fn put_line(out: &mut String, text: std::fmt::Arguments<'_>) {
    put(out, text);
    out.push('\n');
}

/// `text` as one cell of a Markdown table: on one line, its bars escaped.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// `one`, `one and two`, `one, two and three`.
pub fn listed<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// The first `most` characters, with an ellipsis where there are more.
pub fn shortened(text: &str, most: usize) -> String {
    let head: String = text.chars().take(most).collect();
    if head.len() < text.len() { format!("{head}…") } else { head }
}

/// `1 step`, `3 steps`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `text` with a capital first letter.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `text` with a lower-case first letter, unless its first word is an abbreviation or a name with capitals inside.
pub fn uncapital(text: &str) -> String {
    let first_word = text.split_whitespace().next().unwrap_or_default();
    if first_word == "I" || first_word.chars().skip(1).any(char::is_uppercase) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// `text` with exactly one mark at its end, of whichever script; the row of a table has its own.
pub fn full_stop(text: &str) -> String {
    let text = text.trim().trim_end_matches([',', ';', ':', ' ']);
    let ends = ['.', '!', '?', '…', '。', '！', '？', '।', '؟', '|'];
    if text.ends_with(ends) { text.to_owned() } else { format!("{text}.") }
}

/// Joiners and variation selectors: they belong to some scripts and to emoji, and shape what stands before them.
fn shapes(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a character would do something to a screen, or turn or hide the text around it, instead of being seen: the
/// controls, and what Unicode calls `Default_Ignorable_Code_Point`. `before` is the last character that shapes nothing:
/// after one of ASCII, and at the beginning, what shapes only hides. A digit, `#` and `*` make a keycap. So are
/// those that Unicode counts as signs and every font leaves blank, and code points that are no characters; the blank of
/// Braille is seen between its cells.
fn is_unseen(before: Option<char>, c: char) -> bool {
    if shapes(c) {
        let keycap =
            |before: char| c == '\u{fe0f}' && (before.is_ascii_digit() || matches!(before, '#' | '*'));
        return before.is_none_or(|before| before.is_ascii() && !keycap(before));
    }
    if c == '\u{2800}' {
        return !before.is_some_and(|before| ('\u{2801}'..='\u{28ff}').contains(&before));
    }
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{1107f}' | '\u{13430}'..='\u{1343f}' | '\u{16fe4}' | '\u{1d159}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Each character of `text` with its place, and whether it is unseen.
fn seen(text: &str) -> impl Iterator<Item = (usize, char, bool)> {
    text.char_indices().scan(None, |before, (at, c)| {
        let unseen = is_unseen(*before, c);
        if !shapes(c) {
            *before = Some(c);
        }
        Some((at, c, unseen))
    })
}

/// `text` with each such character written out, `\u{1b}`: what a person decides on must be what there is.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (_, c, unseen) in seen(text) {
        if unseen { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// The same of a text that is JSON, and says the same afterwards: outside of its strings there is no such character.
pub fn visible_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for (_, c, unseen) in seen(json) {
        if unseen {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| put(&mut out, format_args!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// The first character of `text` that would not be seen, and the line it stands on, as it is.
pub fn first_unseen(text: &str) -> Option<(char, &str)> {
    let (at, c, _) = seen(text).find(|(_, _, unseen)| *unseen)?;
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    Some((c, text.get(start..)?.lines().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_short_and_plain() {
        assert_eq!(slug("Lead qualification!", 40), "lead-qualification");
        assert_eq!(slug("  ---  ", 40), "untitled");
        assert_eq!(slug("A very long title that goes on", 12), "a-very-long");
        assert_eq!(slug("Ünïcode Ärger", 40), "n-code-rger");
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a"]), "a");
    }

    #[test]
    fn what_would_hide_is_written_out_and_what_shapes_a_script_is_left() {
        for hides in [
            '\u{1b}',
            '\u{7}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{202e}',
            '\u{2066}',
            '\u{2800}',
            '\u{3164}',
            '\u{fdd0}',
            '\u{fffc}',
            '\u{ffff}',
            '\u{13430}',
            '\u{16fe4}',
            '\u{1d159}',
            '\u{e0041}',
            '\u{10fffe}',
        ] {
            for text in [format!("a{hides}b"), format!("{hides}"), format!("é{hides}")] {
                assert!(!visible(&text).contains(hides), "{text:?}");
                assert_eq!(first_unseen(&text).map(|(c, _)| c), Some(hides));
            }
        }
        // After a letter of ASCII a joiner or selector shapes nothing: it only makes two words look alike.
        for hides in ['\u{200c}', '\u{200d}', '\u{fe00}', '\u{fe0f}', '\u{e0100}'] {
            assert!(!visible(&format!("rm{hides} -f")).contains(hides));
            assert!(!visible(&format!("{hides}")).contains(hides));
        }
        for whole in [
            "می\u{200c}خواهم",
            "👩\u{200d}🔧 ❤\u{fe0f}\u{200d}🔥 ✔\u{fe0f} 1\u{fe0f}\u{20e3}",
            "a\n\tb",
            "Ärger",
            "東京",
            "⠓⠑⠽\u{2800}⠽⠕⠥",
        ] {
            assert_eq!((visible(whole).as_str(), first_unseen(whole)), (whole, None));
        }
        assert_eq!(first_unseen("a\nrm \u{202e}x\nb").unwrap().1, "rm \u{202e}x");
    }
}
