//! The workspace's files where only agents' files cannot be read: one broken agent file stops what needs that agent, and
//! nothing else.

use super::files_read::{Files, read_prompts};
use super::{Known, Snapshot, understood};
use crate::base::Problem;
use crate::roster::{Agent, AgentHead, AgentStatus, Roster, Runtime};
use std::path::Path;

/// An agent whose file cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// Its id, as the file's name says.
    pub id: String,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// Whether it counts as its file last was sound; otherwise it stands still as if it were not at work.
    pub known: bool,
}

impl Broken {
    /// The place of its first problem, what is wrong, and what that means, in one sentence.
    pub fn words(&self) -> String {
        let first = self.problems.first();
        let place = first.and_then(|problem| problem.place.as_ref());
        let place = place.map_or(format!("agents/{}.md", self.id), |at| format!("{}:{}", at.file, at.line));
        let reason = first.map_or("cannot be read", |problem| problem.message.as_str());
        let hint = first.and_then(|problem| problem.hint.as_deref());
        let hint = hint.map_or(String::new(), |hint| format!(" ({hint})"));
        let effect =
            if self.known { "counts as it last was sound" } else { "stands still with what needs it" };
        format!("{place}: {reason}{hint}; until it is mended {} {effect}; everything else goes on", self.id)
    }
}

impl Snapshot {
    /// The workspace's files without the broken ones of agents: each such agent counts as it last was sound or, where
    /// that is not known, as one that is not at work. `None` where no agent's file is broken, or where something else is
    /// wrong as well.
    pub fn without_broken(root: &Path) -> Option<(Self, Vec<Broken>)> {
        let files = Files::of(root);
        let (settings, prompts) = (files.settings().ok()?, read_prompts(&files).ok()?);
        let mut agents = Vec::new();
        let mut broken = Vec::new();
        for (id, text) in files.folder("agents").ok()? {
            match understood::agent(&format!("agents/{id}.md"), &text) {
                Ok(agent) => agents.push(agent),
                Err(problems) => broken.push((id, problems)),
            }
        }
        if broken.is_empty() {
            return None;
        }
        let last = Self::last_sound(root);
        let mut told = Vec::new();
        for (id, problems) in broken {
            let before = last.as_ref().and_then(|last| last.roster.get(&id)).cloned();
            told.push(Broken { id: id.clone(), problems, known: before.is_some() });
            agents.push(before.unwrap_or_else(|| nobody(id)));
        }
        let roster = Roster::new(agents).ok().filter(|roster| roster.check().is_empty())?;
        Some((Self { settings, roster, prompts, known: Known::default() }, told))
    }
}

/// Stands for an agent nothing is known of, so that whoever names it names somebody.
fn nobody(id: String) -> Agent {
    let head = AgentHead {
        title: id.clone(),
        id,
        department: String::new(),
        status: AgentStatus::Planned,
        roles: Vec::new(),
        runtime: Runtime::Model,
        tier: 0,
        reports_to: None,
        skills: Vec::new(),
    };
    Agent { head, persona: String::new(), topics: Vec::new(), knowledge: String::new() }
}
