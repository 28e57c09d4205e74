//! What an agent may use while it does a step: a file of the workspace, a search among active SOPs, an address that the
//! step itself names. Each use is on record.

use crate::base::files;
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::registry;
use crate::roles::perform::ToolUse;
use crate::run::Site;
use crate::run::effect::Sight;
use crate::sop::request::same;
use crate::sop::tokens::stems;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Largest file or answer that a tool hands over, in bytes.
pub(super) const LARGEST_ANSWER: u64 = 64 * 1024;

/// Uses a tool for an agent.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct UseTool {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) key: String,
    pub(super) asked: ToolUse,
}

impl Activity for UseTool {
    const NAME: &'static str = "use_tool";
    const REPEAT: Repeat = Repeat::Safe;
    type World = Site;
    /// What came back, or why nothing did: an agent can go on with either.
    type Output = String;
    fn key(&self) -> String {
        format!("tool-{}", self.key)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<String>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let step = sight.plan.step(self.step)?;
        let ToolUse { tool, argument } = &self.asked;
        let listed = step.tools.iter().any(|known| known == tool);
        let answer = match tool.as_str() {
            _ if !listed => Err(format!("the SOP does not list `{tool}` for this step")),
            "file_read" => read_file(&site.root, &site.hidden(), argument),
            "sop_search" => search(site, argument),
            "http_request" => get(site, argument, &step.text).await,
            _ => Err(format!("sopd has no tool `{tool}`")),
        };
        let body = json!({
            "stepNumber": self.step, "tool": tool, "argument": argument, "ok": answer.is_ok(),
            "bytes": answer.as_ref().map_or(0, String::len),
        });
        let text = answer.unwrap_or_else(|wrong| format!("refused: {wrong}"));
        Ok(Recorded::of(text).event(&self.run, "tool_used", body))
    }
}

/// Reads a text file of the workspace; nothing private, nothing outside, also not by a link.
fn read_file(root: &Path, private: &[PathBuf], argument: &str) -> Result<String, String> {
    let asked = Path::new(argument);
    let plain = asked.components().all(|part| matches!(part, Component::Normal(_)));
    let hidden = asked.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
    if !plain || hidden || argument == "sopd.yaml" {
        return Err("only plain files of the workspace can be read, by their path in it".to_owned());
    }
    let path = root.join(asked);
    let real = |path: &Path| path.canonicalize().ok();
    let (found, root) = (real(&path), real(root));
    let inside = found.as_ref().zip(root.as_ref()).is_some_and(|(found, root)| found.starts_with(root));
    // By another name, or by a link, a private file is as private.
    let open = found.is_some_and(|found| {
        !private.iter().filter_map(|path| real(path)).any(|path| found.starts_with(path))
    });
    if !inside || !open {
        return Err(format!("there is no file {argument} in the workspace"));
    }
    files::read_text(&path, LARGEST_ANSWER).map_err(|problem| problem.message)
}

/// The active SOPs whose titles and triggers share most words with what is searched for.
fn search(site: &Site, argument: &str) -> Result<String, String> {
    const MOST: usize = 5;
    let wanted: BTreeSet<String> = stems(argument).into_iter().collect();
    let known = site.journal.read(registry::summaries).map_err(|problem| problem.message)?;
    let shared = |text: &str| stems(text).into_iter().filter(|stem| wanted.contains(stem)).count();
    let mut found: Vec<(usize, String)> = known
        .into_iter()
        .map(|sop| {
            (
                shared(&format!("{} {}", sop.title, sop.trigger)),
                format!("{} v{}: {} ({})", sop.id, sop.version, sop.title, sop.trigger),
            )
        })
        .filter(|(shared, _)| *shared > 0)
        .collect();
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    if found.is_empty() {
        return Err("no active SOP speaks of that".to_owned());
    }
    Ok(found.into_iter().take(MOST).map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
}

/// Reads an address that the step itself names, or one below it.
async fn get(site: &Site, argument: &str, step: &str) -> Result<String, String> {
    let ready = crate::run::http::Ready::reading(readable(argument, step)?);
    let limits = crate::run::http::HttpLimits::default();
    crate::run::http::send(&site.http, &ready, &uuid::Uuid::now_v7().to_string(), limits)
        .await
        .map(|response| response.tail)
        .map_err(|fault| fault.to_string())
}

/// The address an agent asks for, and nothing else: one that the step names, or one below it. A query leaves the
/// company, so only one that the step itself names is sent.
fn readable(argument: &str, step: &str) -> Result<Url, String> {
    // What is no longer the same once it was read could be another address than the one that is compared.
    let plain = |text: &str| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (same(&url, text) && bare).then_some(url)
    };
    let hidden = ["%2e", "%2f", "%5c", "%25"].iter().any(|code| argument.to_ascii_lowercase().contains(code));
    let asked = plain(argument).filter(|_| !argument.contains(char::is_control));
    let asked = asked
        .ok_or("the argument is an address like https://host/path, in its plain form, and nothing else")?;
    let words = step.split(|c: char| c.is_whitespace() || "<>()`\"".contains(c));
    let mut named = words.filter_map(|word| plain(word.trim_end_matches(['.', ',', ';', ':', '!'])));
    let below = |named: &Url| {
        let rest = asked.path().strip_prefix(named.path());
        let inside =
            rest.is_some_and(|rest| rest.is_empty() || named.path().ends_with('/') || rest.starts_with('/'));
        named.origin() == asked.origin() && inside && asked.query().is_none() && !hidden
    };
    if named.any(|named| named == asked || below(&named)) {
        return Ok(asked);
    }
    Err("the step does not name that address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_reaches_only_addresses_the_step_names() {
        for (asked, named, expected) in [
            ("https://x.example/a", "https://x.example/a", true),
            ("https://x.example/a/b", "https://x.example/a", true),
            ("https://x.example/a?b=c", "https://x.example/a", false),
            ("https://x.example/a?b=c", "https://x.example/a?b=c", true),
            ("https://x.example/a?b=c&d=e", "https://x.example/a?b=c", false),
            ("https://x.example/a\nCookie: b=c", "https://x.example/a", false),
            ("https://x.example/a/\rb", "https://x.example/a", false),
            ("https://x.example/a b", "https://x.example/a", false),
            ("https://x.example/a/%2e%2e/b", "https://x.example/a", false),
            ("https://x.example/a/..%2Fb", "https://x.example/a", false),
            ("https://x.example/a/{{ inputs.b }}", "https://x.example/a", false),
            ("https://x.example:444/a", "https://x.example/a", false),
            ("http://x.example/a", "https://x.example/a", false),
            ("https://u@x.example/a", "https://x.example/a", false),
            ("https://x.example/a#b", "https://x.example/a", false),
            ("file:///etc/passwd", "https://x.example/a", false),
            ("https://x.example/ab", "https://x.example/a", false),
            ("https://x.example.evil/", "https://x.example", false),
            ("https://x.example/a/../b", "https://x.example/a", false),
            ("https://x.example/", "https://x.example/", true),
        ] {
            let found = readable(asked, &format!("Read the list at {named}, then go on."));
            assert_eq!(found.is_ok(), expected, "{asked} below {named}: {found:?}");
        }
    }

    #[test]
    fn only_plain_files_of_the_workspace_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["../x", "/etc/passwd", ".sopd/journal.db", "sopd.yaml", "a/../../x", "missing.md", ""] {
            assert!(read_file(folder.path(), &[], name).is_err(), "{name}");
        }
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link.md")).unwrap();
        assert!(read_file(folder.path(), &[], "link.md").is_err());
        files::project(&folder.path().join("secrets.env"), b"KEY=1").unwrap();
        std::os::unix::fs::symlink("secrets.env", folder.path().join("other.md")).unwrap();
        let private = [folder.path().join("secrets.env"), folder.path().join("gone")];
        for name in ["secrets.env", "other.md"] {
            assert!(read_file(folder.path(), &[], name).is_ok(), "{name}");
            assert!(read_file(folder.path(), &private, name).is_err(), "{name}");
        }
    }
}
