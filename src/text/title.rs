//! The title of a text nobody wrote a form for: its first heading of any kind, the subject of a mail, a first line of its
//! own, else the name of its file.

/// Longest first line that is taken for a title, in characters.
const LONGEST: usize = 100;
/// A subject stands among the first lines of a mail.
const HEAD: usize = 15;
/// What mail programs put before a subject that is answered or passed on, in lower case.
const PASSED_ON: [&str; 10] = ["re:", "fwd:", "fw:", "aw:", "wg:", "tr:", "rv:", "sv:", "antw:", "doorst:"];

/// The title of `markdown` and the text with the lines of the title left blank, so that all others keep their numbers;
/// `None` where it begins with running text.
pub fn titled(markdown: &str) -> Option<(String, String)> {
    let lines: Vec<&str> = markdown.lines().collect();
    let at = lines.iter().position(|line| !line.trim().is_empty())?;
    let first = lines.get(at)?.trim();
    let under = lines.get(at + 1).map(|line| line.trim()).unwrap_or_default();
    let last = at + usize::from(is_rule(under));
    if let Some(title) = heading(first).or_else(|| is_rule(under).then(|| plain(first))) {
        return without(&lines, at..=last, title);
    }
    let subject = lines.iter().take(HEAD).enumerate().find_map(|(at, line)| Some((at, subject(line)?)));
    if let Some((at, title)) = subject.filter(|_| is_key(&subject_words(first))) {
        return without(&lines, at..=at, title);
    }
    // A line of its own: nothing or a new paragraph follows, and it is no item, table, quote or block of code.
    let begins = ["-", "*", "+", ">", "|", "```", "~~~", "<"];
    let numbered =
        first.split_once(['.', ')']).is_some_and(|(head, _)| head.chars().all(|c| c.is_ascii_digit()));
    let own = under.is_empty()
        && first.chars().count() <= LONGEST
        && !begins.iter().any(|one| first.starts_with(one));
    let title = subject_words(&plain(first));
    (own && !numbered && !first.ends_with(['.', '!', ':']) && !is_key(&title))
        .then(|| without(&lines, at..=at, title))
        .flatten()
}

/// A title from the name of a file: `03-key_handover.md` is `Key handover`.
pub fn of_file(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let words = stem.replace(['-', '_'], " ");
    let bare = words.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    let bare = if bare.is_empty() { words.trim() } else { bare };
    let mut chars = bare.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn without(
    lines: &[&str],
    range: std::ops::RangeInclusive<usize>,
    title: String,
) -> Option<(String, String)> {
    let kept = lines.iter().enumerate().map(|(at, line)| if range.contains(&at) { "" } else { line });
    let rest = kept.collect::<Vec<_>>().join("\n");
    title.chars().any(char::is_alphanumeric).then_some((title, rest))
}

/// `## Title`, `#Title`, `% Title`, `**Title**`.
fn heading(line: &str) -> Option<String> {
    let marked = line.strip_prefix('%').or_else(|| {
        let rest = line.trim_start_matches('#');
        (rest.len() < line.len() && line.len() - rest.len() <= 6).then_some(rest)
    });
    let bold = ["**", "__"].into_iter().find_map(|mark| {
        let inner = line.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inner.contains(mark)).then_some(inner)
    });
    marked.or(bold).map(|title| plain(title.trim().trim_end_matches('#')))
}

/// Without the marks of emphasis and code around it.
fn plain(title: &str) -> String {
    title.trim().trim_matches(['*', '_', '`']).trim().trim_end_matches(':').to_owned()
}

fn is_rule(line: &str) -> bool {
    line.len() >= 2 && (line.chars().all(|c| c == '=') || line.chars().all(|c| c == '-'))
}

/// `From: …`: a line of the head of a mail.
fn is_key(line: &str) -> bool {
    line.split_once(": ")
        .is_some_and(|(key, _)| !key.contains(' ') && key.chars().all(|c| c.is_alphabetic() || c == '-'))
}

fn subject(line: &str) -> Option<String> {
    let words = ["subject:", "betreff:", "objet:", "asunto:", "oggetto:", "onderwerp:"];
    let lower = line.to_lowercase();
    let word = words.iter().find(|word| lower.starts_with(**word))?;
    Some(subject_words(line.get(word.len()..)?)).filter(|title| !title.is_empty())
}

/// `Fwd: Re: outage` is `outage`.
fn subject_words(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some(mark) = PASSED_ON.iter().find(|mark| rest.to_lowercase().starts_with(**mark)) {
        rest = rest.get(mark.len()..).unwrap_or_default().trim_start();
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_found_in_any_of_its_forms() {
        for (text, title) in [
            ("# Lead qualification\n\nText", "Lead qualification"),
            ("\n## Leaver\n\nText", "Leaver"),
            ("#Leaver\nText", "Leaver"),
            ("% Leaver\nText", "Leaver"),
            ("Leaver\n------\nText", "Leaver"),
            ("Leaver\n\nText", "Leaver"),
            ("**Leaver**\nText", "Leaver"),
            ("From: a@example.com\nSubject: AW: Re: Outage\n\nText", "Outage"),
            ("Fwd: Re: Re: outage on Friday\n\n---- Forwarded ----", "outage on Friday"),
            ("fix our onboarding", "fix our onboarding"),
            ("# Key hand-over #\n", "Key hand-over"),
        ] {
            let found = titled(text).map(|(title, _)| title);
            assert_eq!(found.as_deref(), Some(title), "{text}");
        }
        for running in
            ["We pay twice. Mend it.\n\nPlease.", "- one\n- two", "1. Call\n2. Write", "", "```\n# T\n```"]
        {
            assert_eq!(titled(running), None, "{running}");
        }
        let (_, rest) = titled("\nLeaver\n======\nText\n").unwrap();
        assert_eq!(rest, "\n\n\nText", "lines keep their numbers");
        assert_eq!(of_file("missions/03-key_handover.sop.md"), "Key handover");
        assert_eq!(of_file("2027.md"), "2027");
    }
}
