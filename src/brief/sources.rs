//! The head's `sources:`: which files of the workspace a mission rests on.

use super::Ask;
use crate::source::{Form, MOST_SOURCES};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A file the mission rests on: `handbook/refunds.docx`, or `{ file: handbook/refunds.docx, binding: true }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceAsk {
    /// Its path: beside `mission.md`, or from the workspace's folder.
    pub file: String,
    /// Whether what it says must be in the SOP, as what the mission says. Otherwise it is context and evidence.
    pub binding: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    file: String,
    #[serde(default)]
    binding: bool,
}

impl<'de> Deserialize<'de> for SourceAsk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = SourceAsk;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a path, or `{ file: path, binding: true }`")
            }
            fn visit_str<E>(self, file: &str) -> Result<SourceAsk, E> {
                Ok(SourceAsk { file: file.to_owned(), binding: false })
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<SourceAsk, M::Error> {
                let Whole { file, binding } = Whole::deserialize(MapAccessDeserializer::new(map))?;
                Ok(SourceAsk { file, binding })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What is wrong with the paths, each with the path, what is wrong and what to do.
pub(super) fn faults(ask: &Ask) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut wrong =
        |file: &str, message: String, hint: &str| found.push((file.to_owned(), message, hint.to_owned()));
    if ask.sources.len() > MOST_SOURCES {
        let message = format!("{} sources are named; at most {MOST_SOURCES} are read", ask.sources.len());
        wrong("", message, "name those that matter");
    }
    for (at, SourceAsk { file, .. }) in ask.sources.iter().enumerate() {
        let parts: Vec<&str> = file.split('/').collect();
        if file.starts_with(['/', '~']) || file.contains('\\') || parts.contains(&"..") {
            let hint = "write a path from the workspace's folder, like `handbook/refunds.docx`; copy what lies elsewhere into it";
            wrong(file, format!("`{file}` leads out of the workspace"), hint);
        } else if parts.iter().any(|part| part.is_empty() || part.starts_with('.')) {
            wrong(
                file,
                format!("`{file}` is hidden, or no path of a file"),
                "name a file that everybody may see",
            );
        } else if is_ours(&parts) {
            let hint = "copy the file that is meant to a folder of your own";
            wrong(file, format!("`{file}` is what sopd writes of a mission or a run, and no source"), hint);
        } else if ask.sources.iter().take(at).any(|before| before.file == *file) {
            wrong(file, format!("`{file}` is named twice"), "keep one");
        } else if let Err(problem) = Form::of(file) {
            wrong(file, problem.message, problem.hint.as_deref().unwrap_or_default());
        }
    }
    found
}

/// Whether a path leads where sopd keeps what it knows of missions and runs: others' drafts and scenarios lie there.
fn is_ours(parts: &[&str]) -> bool {
    matches!(parts, ["runs", ..] | ["missions", _, _, ..]) && !matches!(parts, ["missions", "examples", ..])
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn told(sources: &str) -> String {
        let text = format!("---\nowner: vp.sales\nsources:\n{sources}---\n# T\n\nText.\n");
        match parse("a.md", &text) {
            Ok(brief) => brief
                .ask
                .sources
                .iter()
                .map(|one| format!("{}{}", one.file, if one.binding { "!" } else { "" }))
                .collect::<Vec<_>>()
                .join(" "),
            Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn a_source_is_a_path_or_a_path_that_binds() {
        assert_eq!(told("  - h/a.docx\n  - { file: b.pdf, binding: true }\n"), "h/a.docx b.pdf!");
        for (sources, words) in [
            ("  - /etc/passwd.txt\n", "a.md:4:5: `/etc/passwd.txt` leads out of the workspace"),
            ("  - h/../../x.md\n", "leads out of the workspace"),
            ("  - .sopd/x.md\n", "is hidden"),
            ("  - missions/M-1/mission.md\n", "is what sopd writes"),
            ("  - runs/r/x.md\n", "is what sopd writes"),
            ("  - a.md\n  - a.md\n", "is named twice"),
            ("  - a.doc\n", "save it as .docx"),
            ("  - { file: a.md, bindng: true }\n", "a.md:4"),
            ("  - 12\n", "a.md:4"),
        ] {
            let found = told(sources);
            assert!(found.contains(words), "{sources}: {found}");
        }
        let many: String = (0..21).map(|number| format!("  - {number}.md\n")).collect();
        assert!(told(&many).contains("at most 20"));
    }
}
