//! What a step asks to be done, read from its text: a command, a request, another SOP, a pause, or work for whoever
//! is its assignee. Fenced blocks of other languages are only shown; [`blocks`](super::blocks) tells of those that might
//! be meant otherwise.

use super::blocks::tag;
use super::document::Step;
use super::id::SopId;
use crate::base::Span;
use crate::base::markdown::{What, cut};

/// What a step asks to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// A fenced `bash` (or `sh`) block. Several are one script, in order: lint keeps new SOPs from it, and those published
    /// earlier run as they were signed.
    Command(String),
    /// One fenced `http` block.
    Http(String),
    /// A paragraph that is nothing but `[[SOP-…]]`.
    Nested(SopId),
    /// A fenced `wait` block that holds a length of time.
    Wait(Span),
    /// None of these: its assignee does it, a person or an agent.
    Hands,
}

impl Work {
    /// The word in tables, JSON and events.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Http(_) => "http",
            Self::Nested(_) => "sop",
            Self::Wait(_) => "wait",
            Self::Hands => "hands",
        }
    }
}

/// Reads what `step` asks to be done.
///
/// # Errors
/// Two kinds in one step, a second request, a wait that is no length of time: one sentence, lower case.
pub fn work(step: &Step) -> Result<Work, String> {
    let mut found: Option<Work> = None;
    for part in parts(&step.text) {
        found = Some(match (found, part?) {
            (None, work) => work,
            (Some(Work::Command(before)), Work::Command(more)) => Work::Command(format!("{before}\n{more}")),
            (Some(before), more) if before.word() == more.word() => {
                return Err(format!("a step can hold one `{}` block; make it two steps", more.word()));
            }
            (Some(before), more) => {
                return Err(format!(
                    "a step is either a `{}` or a `{}`; make it two steps",
                    before.word(),
                    more.word()
                ));
            }
        });
    }
    Ok(found.unwrap_or(Work::Hands))
}

/// The script in the fenced `bash` blocks of `markdown`, if there are any.
pub fn script(markdown: &str) -> Option<String> {
    let scripts: Vec<String> = parts(markdown)
        .filter_map(|part| match part {
            Ok(Work::Command(script)) => Some(script),
            _ => None,
        })
        .collect();
    (!scripts.is_empty()).then(|| scripts.join("\n"))
}

fn parts(markdown: &str) -> impl Iterator<Item = Result<Work, String>> {
    cut(markdown).into_iter().filter_map(|block| match block.what {
        What::Code(fence) => of_fence(&fence),
        What::Paragraph(text) => of_paragraph(&text).map(Ok),
        _ => None,
    })
}

fn of_fence(fence: &str) -> Option<Result<Work, String>> {
    let mut inside: Vec<&str> = fence.lines().skip(1).collect();
    // A block that ends with the text may have no closing fence.
    if inside.last().is_some_and(|line| closes(line)) {
        inside.pop();
    }
    let inside = inside.join("\n");
    match tag(fence).as_str() {
        "bash" | "sh" => Some(Ok(Work::Command(inside))),
        "http" => Some(Ok(Work::Http(inside))),
        "wait" => Some(inside.trim().parse().map(Work::Wait)),
        _ => None,
    }
}

fn closes(line: &str) -> bool {
    let line = line.trim();
    ['`', '~'].iter().any(|mark| line.len() >= 3 && line.chars().all(|c| c == *mark))
}

fn of_paragraph(text: &str) -> Option<Work> {
    let id = text.trim().strip_prefix("[[")?.strip_suffix("]]")?;
    id.parse().ok().map(Work::Nested)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Work, String> {
        work(&Step { text: text.to_owned(), ..Step::default() })
    }

    #[test]
    fn the_text_says_what_is_to_be_done() {
        assert_eq!(read("Call them."), Ok(Work::Hands));
        assert_eq!(read("See [[SOP-REV-x]] first."), Ok(Work::Hands));
        assert_eq!(read("Run it.\n\n```bash\na\nb\n```\n"), Ok(Work::Command("a\nb".into())));
        assert_eq!(read("```bash\na\n```\n\nthen\n\n```sh\nb\n```"), Ok(Work::Command("a\nb".into())));
        assert_eq!(read("```http\nGET https://x/\n```"), Ok(Work::Http("GET https://x/".into())));
        assert_eq!(read("First:\n\n[[SOP-REV-x]]"), Ok(Work::Nested("SOP-REV-x".parse().unwrap())));
        assert_eq!(read("```wait\n2 hours\n```"), Ok(Work::Wait("2 hours".parse().unwrap())));
        assert_eq!(read("```json\n{}\n```"), Ok(Work::Hands));
    }

    #[test]
    fn two_kinds_in_one_step_are_refused() {
        for (text, expected) in [
            ("```bash\na\n```\n\n```http\nGET x\n```", "either a `command` or a `http`"),
            ("```http\nGET x\n```\n\n```http\nGET y\n```", "one `http` block"),
            ("```wait\nsoon\n```", "not a length of time"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
