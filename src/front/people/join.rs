//! A new agent: its file, and the settings where it signs or stands in.

use super::{Mended, mend, text, write};
use crate::agent::Snapshot;
use crate::base::text::{capital, full_stop, put};
use crate::base::{Problem, files, problem::Result};
use crate::daemon::Workspace;
use crate::roster::{AgentHead, AgentRole, AgentStatus, Runtime};
use crate::run::{Actor, signer};
use serde_json::json;

/// What an agent has to say in publications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// It signs them.
    Signs,
    /// It signs where separation of duties leaves nobody else.
    Deputy,
}

/// Who is to join.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The code of its department.
    pub department: String,
    /// Who thinks for it.
    pub runtime: Runtime,
    /// Its roles; none: a worker where it knows a topic, and a person who does steps otherwise.
    pub roles: Vec<AgentRole>,
    /// Whom it reports to; none: who signs publications.
    pub reports_to: Option<String>,
    /// What it knows: `Title: one rule`.
    pub topics: Vec<String>,
    /// Who it is, in a sentence.
    pub about: Option<String>,
    /// What it has to say in publications.
    pub say: Option<Say>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The agent's file.
    pub path: String,
    /// What else was changed.
    pub mended: Vec<Mended>,
}

/// Writes the agent's file and what must name it, where the workspace then reads as a whole.
///
/// # Errors
/// A name that is taken, a topic without content, everything that would not read. Nothing has changed then.
pub fn join(workspace: &Workspace, actor: &Actor, new: &Newcomer) -> Result<Joined, Vec<Problem>> {
    let path = format!("agents/{}.md", new.id);
    let snapshot = workspace.snapshot()?;
    if snapshot.roster.get(&new.id).is_some() || workspace.root.join(&path).exists() {
        let problem = Problem::conflict(format!("there is an agent `{}` already", new.id));
        return Err(vec![problem.hint(format!("open {path}, or choose another id"))]);
    }
    let file = file(new, &signer(&snapshot.settings, &snapshot.roster))?;
    let mended: Vec<Mended> = match new.say {
        None => Vec::new(),
        Some(say) => vec![mend::publication(&text(workspace, "sopd.yaml")?, say, &new.id)?],
    };
    let mut changes = vec![(path.as_str(), Some(file.as_str()))];
    changes.extend(mended.iter().map(|one| (one.path.as_str(), Some(one.text.as_str()))));
    Snapshot::read_changed(&workspace.root, &changes)?;
    files::write(&workspace.root.join(&path), file.as_bytes(), files::Existing::Keep)?;
    write(workspace, &mended)?;
    let body = json!({ "by": actor.by, "os_user": actor.os_user, "agent": new.id });
    let subject = path.clone();
    workspace.journal.append(move |tx| tx.event(&subject, "agent_joined", &body).map(drop))?;
    Ok(Joined { path, mended })
}

fn file(new: &Newcomer, chief: &str) -> Result<String> {
    let topics: Vec<(&str, &str)> =
        new.topics.iter().map(|topic| read_topic(topic)).collect::<Result<_>>()?;
    let roles = match (new.roles.as_slice(), new.runtime) {
        ([], Runtime::Person) if topics.is_empty() => Vec::new(),
        ([], _) => vec![AgentRole::Worker],
        (roles, _) => roles.to_vec(),
    };
    let head = AgentHead {
        id: new.id.clone(),
        title: new.title.clone(),
        department: new.department.clone(),
        status: AgentStatus::Active,
        roles,
        runtime: new.runtime,
        tier: if new.runtime == Runtime::Model { 2 } else { 0 },
        reports_to: new.reports_to.clone().or_else(|| (chief != new.id).then(|| chief.to_owned())),
        skills: Vec::new(),
    };
    let about = new.about.clone().unwrap_or_else(|| format!("{} of {}", new.title, new.department));
    let mut body = format!("{}\n", full_stop(&capital(about.trim())));
    for (title, rule) in topics {
        put(&mut body, format_args!("\n## {title}\n\n- {}\n", full_stop(&capital(rule))));
    }
    Ok(head.in_file(&body, None))
}

fn read_topic(topic: &str) -> Result<(&str, &str)> {
    let parts = topic.split_once(':').map(|(title, rule)| (title.trim(), rule.trim()));
    parts.filter(|(title, rule)| !title.is_empty() && !rule.is_empty()).ok_or_else(|| {
        Problem::invalid(format!("the topic `{topic}` says nothing")).hint(
            "write its title and one rule, like `Key handover: Hand a key out only against a signature.`; \
             more is written in the agent's file",
        )
    })
}
