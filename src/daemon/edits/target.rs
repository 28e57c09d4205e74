//! The files that can be changed from a face, by their names and nothing but their names.

use crate::base::{Problem, problem::Result};
use crate::roster::{is_agent_id, parse::MAX_AGENT_BYTES};
use crate::sop::{SopId, Version};

/// Largest prompt or settings file, in bytes: what a snapshot reads.
const MAX_FILE: u64 = 1024 * 1024;
/// Largest draft, in bytes: what can be published.
const MAX_SOP: u64 = 4 * 1024 * 1024;
/// Longest name of a prompt.
const MAX_NAME: usize = 60;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `agents/vp.sales.md`.
    Agent(String),
    /// `prompts/draft.md`.
    Prompt(String),
    /// `sopd.yaml`.
    Settings,
    /// `sops/drafts/SOP-REV-x-v1.0.md`.
    Draft(SopId, Version),
}

impl Target {
    /// The file with that path.
    ///
    /// # Errors
    /// `NotFound` for every other path.
    pub fn of(path: &str) -> Result<Self> {
        let stem = |folder: &str| path.strip_prefix(folder).and_then(|name| name.strip_suffix(".md"));
        let prompt = |name: &&str| {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(fits)
        };
        if path == "sopd.yaml" {
            return Ok(Self::Settings);
        }
        if let Some(id) = stem("agents/").filter(|id| is_agent_id(id)) {
            return Ok(Self::Agent(id.to_owned()));
        }
        if let Some(name) = stem("prompts/").filter(prompt) {
            return Ok(Self::Prompt(name.to_owned()));
        }
        let draft = stem("sops/drafts/").and_then(|name| {
            let (id, version) = name.rsplit_once("-v")?;
            Some(Self::Draft(id.parse().ok()?, version.parse().ok()?))
        });
        // Read and written again: only the one name a version has.
        draft.filter(|draft| draft.path() == path).ok_or_else(|| {
            Problem::not_found(format!("`{path}` is no file that can be changed here"))
                .hint("agents, prompts, sopd.yaml and drafts of SOPs can")
        })
    }

    /// Its path, relative to the workspace.
    pub fn path(&self) -> String {
        match self {
            Self::Agent(id) => format!("agents/{id}.md"),
            Self::Prompt(name) => format!("prompts/{name}.md"),
            Self::Settings => "sopd.yaml".to_owned(),
            Self::Draft(id, version) => format!("sops/drafts/{id}-v{version}.md"),
        }
    }

    /// The most bytes it may hold.
    pub fn most(&self) -> u64 {
        match self {
            Self::Agent(_) => u64::try_from(MAX_AGENT_BYTES).unwrap_or(u64::MAX),
            Self::Prompt(_) | Self::Settings => MAX_FILE,
            Self::Draft(..) => MAX_SOP,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_lead_to_a_file() {
        for path in
            ["agents/vp.sales.md", "prompts/council_chair.md", "sopd.yaml", "sops/drafts/SOP-REV-x-v1.0.md"]
        {
            assert_eq!(Target::of(path).unwrap().path(), path);
        }
        for path in [
            "",
            "agents/../sopd.yaml",
            "agents/.hidden.md",
            "agents/a/b.md",
            "agents/vp.sales.md/",
            "prompts/..md",
            "prompts/Draft.md",
            "/etc/passwd",
            "sops/REV/SOP-REV-x-v1.0.md",
            "sops/drafts/SOP-REV-x-v1.0.0.md",
            "sops/drafts/SOP-REV-x-v01.0.md",
            "sops/drafts/../SOP-REV-x-v1.0.md",
            ".sopd/journal.db",
        ] {
            assert!(Target::of(path).is_err(), "{path}");
        }
    }
}
