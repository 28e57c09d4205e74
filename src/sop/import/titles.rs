//! Titles: of a document, and of a step from what it says. A title is cut where a sentence ends, never inside a link or
//! code; what was cut off stands in the step's text.

use crate::base::yaml;
use crate::sop::headings;
use crate::sop::outline::{BlockKind, blocks};
use crate::text::sentences;
use crate::text::title::{of_file, titled};

/// Longest title made from a list item, in words; the item itself stays as the step's text.
const TITLE_WORDS: usize = 8;

/// The title of a document, and its body with the lines of the title left blank, so that all others keep their numbers.
/// `controlled` is what a table of the document itself names.
pub(super) fn of_document(
    file: &str,
    head: Option<&str>,
    body: &str,
    controlled: Option<String>,
) -> (String, String) {
    let first = titled(body).filter(|(title, _)| !is_a_section(title, body));
    let title = match head.and_then(|head| head_value(head, "title")) {
        // The same title once more above the text says nothing new.
        Some(title) => match first {
            Some((other, rest)) if same(&other, &title) => (title, rest),
            _ => (title, body.to_owned()),
        },
        None => only_heading(body)
            .or(first)
            .unwrap_or_else(|| (controlled.unwrap_or_else(|| of_file(file)), body.to_owned())),
    };
    (one_line(&title.0), title.1)
}

fn same(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    letters(one) == letters(other)
}

/// As a heading holds it: one line, and no marks at its end that would close the heading.
fn one_line(title: &str) -> String {
    let words = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let open = words.trim_end_matches('#');
    if open.ends_with(' ') { open.trim_end().to_owned() } else { words }
}

/// The one heading of the first level, wherever it stands: above it may stand a picture or a comment.
fn only_heading(body: &str) -> Option<(String, String)> {
    let found = blocks(body);
    let mut tops = found.iter().filter(|block| matches!(block.kind, BlockKind::Heading(1, _)));
    let (top, None) = (tops.next()?, tops.next()) else { return None };
    let BlockKind::Heading(_, title) = &top.kind else { return None };
    if is_a_section(title, body) || !title.chars().any(char::is_alphanumeric) {
        return None;
    }
    let kept = (1..).zip(body.lines()).map(
        |(line, text)| {
            if (top.first..=top.last).contains(&line) { "" } else { text }
        },
    );
    Some((title.clone(), kept.collect::<Vec<_>>().join("\n")))
}

/// Whether a heading is that of a section, not of the document: one word that names a section, beside others.
fn is_a_section(title: &str, body: &str) -> bool {
    let bare = without_number(title);
    let named = headings::meaning(bare).is_some() || headings::field(bare).is_some();
    let heading = |block: &crate::sop::outline::Block| matches!(block.kind, BlockKind::Heading(..));
    bare.split_whitespace().count() == 1
        && named
        && blocks(body).iter().filter(|one| heading(one)).count() > 1
}

/// The value of a key at the first level of a YAML head, as one line.
pub(super) fn head_value(head: &str, key: &str) -> Option<String> {
    let mut lines = head.lines();
    let value = lines.by_ref().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?.trim();
    let value = if value.is_empty() || value.starts_with(['|', '>']) {
        let below = lines.take_while(|line| line.starts_with([' ', '\t']) || line.trim().is_empty());
        below.map(str::trim).collect::<Vec<_>>().join(" ")
    } else {
        // A number as it is written: `1.10` is no `1.1`.
        yaml::read::<serde_json::Value>("", value, 1)
            .ok()
            .and_then(|read| read.as_str().map(str::to_owned))
            .unwrap_or_else(|| value.trim_matches(['"', '\'']).to_owned())
    };
    Some(one_line(&value)).filter(|value| value.chars().any(char::is_alphanumeric))
}

/// A heading without the number that counts it: `Step 3: `, `3. `, `3) ` and `3: `. `30-Day review`, `2FA reset` and
/// `24/7 escalation` have none.
pub fn without_number(title: &str) -> &str {
    let title = title.trim();
    let word = step_word(title);
    let rest = word.map_or(title, |rest| rest.trim_start());
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let bare = rest
        .get(digits..)
        .filter(|_| (1..=3).contains(&digits))
        .and_then(|behind| {
            let marks: &[&str] =
                if word.is_some() { &[":", ".", ")", " -", " –", " —"] } else { &[":", ".", ")"] };
            marks.iter().find_map(|mark| behind.strip_prefix(mark))
        })
        .filter(|behind| behind.starts_with(|c: char| c.is_whitespace() || c == '*' || c == '_'))
        .map(str::trim);
    bare.filter(|bare| !bare.is_empty()).unwrap_or(title)
}

/// What stands behind the word for a step, in the languages of the headings.
fn step_word(title: &str) -> Option<&str> {
    let words = ["step", "schritt", "étape", "etape", "paso", "passo", "stap"];
    words.iter().find_map(|word| {
        let (head, rest) = title.split_at_checked(word.len())?;
        (head.to_lowercase() == *word).then_some(rest)
    })
}

/// Whether a heading calls itself a step: `Step 3: …`.
pub(super) fn is_step(title: &str) -> bool {
    step_word(title.trim()).is_some() && without_number(title) != title.trim()
}

/// Marks that end a sentence, and blanks, as they stand inside a link or code while a title is looked for.
const GUARDED: [(char, char); 6] = [
    (' ', '\u{e000}'),
    ('.', '\u{e001}'),
    (':', '\u{e002}'),
    (';', '\u{e003}'),
    ('!', '\u{e004}'),
    ('?', '\u{e005}'),
];

/// A title from the words of an item: its first sentence, at most a few words of it.
pub(super) fn of_item(item: &str) -> String {
    let plain = guarded(item).replace("**", "").replace("__", "");
    let first = sentences::cut(plain.trim(), None).into_iter().next().unwrap_or_default().trim();
    let ends = first.match_indices([':', ';']).find(|(at, mark)| {
        let behind = first.get(at + mark.len()..).unwrap_or_default();
        // `&amp;` is one sign.
        let word = first.get(..*at).unwrap_or_default().rsplit(' ').next().unwrap_or_default();
        !word.starts_with('&') && (behind.is_empty() || behind.starts_with(char::is_whitespace))
    });
    let cut = ends.and_then(|(at, _)| first.get(..at)).unwrap_or(first);
    let more = if cut.split_whitespace().nth(TITLE_WORDS).is_some() { "…" } else { "" };
    let words = cut.split_whitespace().take(TITLE_WORDS).collect::<Vec<_>>().join(" ");
    let words = format!("{}{more}", words.trim_end_matches(['.', ',', '#']).trim_end());
    words
        .chars()
        .map(|c| GUARDED.iter().find(|(_, guard)| *guard == c).map_or(c, |(mark, _)| *mark))
        .collect()
}

/// `text` with links as their words, code without its marks, and in both the marks of sentences guarded.
fn guarded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[']) {
        let (before, tail) = rest.split_at(at);
        let atom = if tail.starts_with('`') { code(tail) } else { link(tail) };
        let Some((words, length)) = atom else {
            let mark = tail.chars().next().map_or(1, char::len_utf8);
            out.push_str(before);
            out.push_str(tail.get(..mark).unwrap_or_default());
            rest = tail.get(mark..).unwrap_or_default();
            continue;
        };
        // The mark of a picture goes with its address.
        out.push_str(if tail.starts_with('[') { before.strip_suffix('!').unwrap_or(before) } else { before });
        let guard = |c: char| GUARDED.iter().find(|(mark, _)| *mark == c).map_or(c, |(_, guard)| *guard);
        out.extend(words.chars().map(guard));
        rest = tail.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The words of a code span at the head of `text`, and how many bytes it takes.
fn code(text: &str) -> Option<(String, usize)> {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let mark = text.get(..ticks)?;
    let behind = text.get(ticks..)?;
    let end = behind.find(mark)?;
    Some((behind.get(..end)?.to_owned(), ticks + end + ticks))
}

/// The words of `[words](address)` or `[words][name]` at the head of `text`, and how many bytes it takes.
fn link(text: &str) -> Option<(String, usize)> {
    let end = text.find(']')?;
    let words = text.get(1..end)?;
    let behind = text.get(end + 1..)?;
    let close = match behind.chars().next()? {
        '(' => ')',
        '[' => ']',
        _ => return None,
    };
    let length = behind.find(close)?;
    Some((words.replace('`', ""), end + 1 + length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_that_counts_is_taken_off_a_heading() {
        for (heading, bare) in [
            ("Step 3: Pay", "Pay"),
            ("Step 12 – Pay", "Pay"),
            ("3. Pay", "Pay"),
            ("3) Pay", "Pay"),
            ("3: Pay", "Pay"),
            ("90-Day plan", "90-Day plan"),
            ("3D scan", "3D scan"),
            ("8/5 duty", "8/5 duty"),
            ("3.5 t lorry", "3.5 t lorry"),
            ("5.1 Draft", "5.1 Draft"),
            ("2027. The year", "2027. The year"),
            ("Step ladders are checked", "Step ladders are checked"),
            ("4.", "4."),
        ] {
            assert_eq!(without_number(heading), bare, "{heading}");
        }
        assert!(is_step("Step 1: Pay") && !is_step("1. Pay") && !is_step("Step ladders"));
    }

    #[test]
    fn a_title_ends_with_a_sentence_outside_of_links_and_code() {
        for (item, title) in [
            ("Ring the shop. Then wait.", "Ring the shop"),
            (
                "Open [the plan: part 1. Basics](https://x.example/a.b: c) and sign. Go",
                "Open the plan: part 1. Basics and sign",
            ),
            ("Run `a: b; c. d` twice: once more", "Run a: b; c. d twice"),
            ("Call at 10:30, e.g. by phone", "Call at 10:30, e.g. by phone"),
            ("**Sign** the sheet; leave", "Sign the sheet"),
            ("![plan](p.png) Look at it.", "plan Look at it"),
            ("One two three four five six seven eight nine", "One two three four five six seven eight…"),
            ("Mend [ ] and ` as they are", "Mend [ ] and ` as they are"),
        ] {
            assert_eq!(of_item(item), title, "{item}");
        }
    }

    #[test]
    fn a_document_always_has_a_title() {
        for (head, body, title) in [
            (Some("title: \"Pay: twice\"\n"), "Text", "Pay: twice"),
            (Some("author: x\ntitle: >\n  Pay\n  twice\n"), "Text", "Pay twice"),
            (Some("author: x\n"), "## Pay\n\nText", "Pay"),
            (None, "<!-- logo -->\n\n# Pay\n\nText", "Pay"),
            (None, "## Purpose\n\nWe pay.\n\n## Steps\n\n- a", "Pay run"),
            (None, "- a\n- b", "Pay run"),
            (None, "", "Pay run"),
        ] {
            assert_eq!(of_document("x/02-pay_run.md", head, body, None).0, title, "{body}");
        }
        let (title, rest) = of_document("x.md", Some("title: Pay\n"), "# Pay\n\nText", None);
        assert_eq!((title.as_str(), rest.trim()), ("Pay", "Text"));
        assert_eq!(of_document("x.md", None, "- a", Some("Pay".into())).0, "Pay");
        assert_eq!(head_value("version: 1.10\n", "version").as_deref(), Some("1.10"));
    }
}
