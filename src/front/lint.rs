//! The coded checks over any SOP text, with the roster and the registry of the workspace.

use crate::base::{Problem, problem::Result};
use crate::contract::Finding;
use crate::daemon::Workspace;
use crate::registry;
use crate::sop::lint::{Context, lint};
use crate::sop::{self, Sop, SopId, Version};
use std::collections::{BTreeMap, BTreeSet};

/// What the checks say to one text.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// Why it cannot be read; nothing is found then.
    pub problems: Vec<Problem>,
    /// What the checks find.
    pub findings: Vec<Finding>,
}

/// What the checks may look up.
#[derive(Debug)]
pub struct Known {
    agents: BTreeSet<String>,
    titles: BTreeMap<String, String>,
    sops: BTreeMap<SopId, BTreeSet<Version>>,
}

impl Known {
    /// As the workspace is now.
    ///
    /// # Errors
    /// The problems of settings and roster that cannot be read.
    pub fn of(workspace: &Workspace) -> Result<Self, Vec<Problem>> {
        let snapshot = workspace.snapshot()?;
        let agents = snapshot.roster.agents.values();
        let titles: BTreeMap<String, String> =
            agents.map(|agent| (agent.head.id.clone(), agent.head.title.clone())).collect();
        let mut sops: BTreeMap<SopId, BTreeSet<Version>> = BTreeMap::new();
        for row in workspace.journal.read(registry::all).map_err(|problem| vec![problem])? {
            sops.entry(row.id).or_default().insert(row.version);
        }
        Ok(Self { agents: titles.keys().cloned().collect(), titles, sops })
    }

    /// The findings about one SOP, conflicts with the others included.
    ///
    /// # Errors
    /// Of the journal.
    pub fn check(&self, workspace: &Workspace, sop: &Sop, text: &str) -> Result<Vec<Finding>> {
        let context = Context { agents: &self.agents, titles: &self.titles, sops: &self.sops };
        let mut findings = lint(sop, &context);
        findings.extend(workspace.journal.read(|db| registry::conflicts(db, sop, text))?);
        Ok(findings)
    }
}

/// Looks at `text`, the content of `file`.
///
/// # Errors
/// Only where the looking itself does not work.
pub fn look(workspace: &Workspace, file: &str, text: &str) -> Result<Linted, Vec<Problem>> {
    let known = Known::of(workspace)?;
    match sop::parse(file, text) {
        Err(problems) => Ok(Linted { problems, findings: Vec::new() }),
        Ok(sop) => {
            let findings = known.check(workspace, &sop, text).map_err(|problem| vec![problem])?;
            Ok(Linted { problems: Vec::new(), findings })
        }
    }
}
