//! The coded checks of one text: the form, the house rules, the other SOPs, and the assertions code can check.
//! The same for a synthesis, for a file somebody brings, and for one somebody only looks at.

use super::claims::claimed;
use crate::agent::Snapshot;
use crate::base::{Problem, problem::Result};
use crate::contract::verdicts::Coded;
use crate::contract::{Assertion, Check, Contract, Finding, Severity};
use crate::registry;
use crate::roster::Runtime;
use crate::sop::lint::{self, Context};
use crate::sop::{self, Sop, SopId, Version, references};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// What the coded checks may look up.
#[derive(Debug)]
pub struct Known {
    agents: BTreeSet<String>,
    people: BTreeSet<String>,
    titles: BTreeMap<String, String>,
    sops: BTreeMap<SopId, BTreeSet<Version>>,
}

impl Known {
    /// Looks up the roster, and of the registry only what `text` refers to.
    ///
    /// # Errors
    /// Of the journal.
    pub fn of(db: &Connection, snapshot: &Snapshot, text: &str) -> Result<Self> {
        let agents = snapshot.roster.agents.values();
        let titles: BTreeMap<String, String> =
            agents.map(|agent| (agent.head.id.clone(), agent.head.title.clone())).collect();
        let named = references::written(text);
        let named = named.iter().filter_map(|inside| references::read(inside).ok()).map(|(id, _)| id);
        let mut sops: BTreeMap<SopId, BTreeSet<Version>> = BTreeMap::new();
        for id in named {
            let versions = registry::published(db, &id)?;
            // An SOP that is being written may be referred to: its mission is open.
            if !versions.is_empty() || claimed(db, &id)? {
                sops.insert(id, versions);
            }
        }
        let people = snapshot.roster.agents.values().filter(|agent| agent.head.runtime != Runtime::Model);
        let people = people.map(|agent| agent.head.id.clone()).collect();
        Ok(Self { people, agents: titles.keys().cloned().collect(), titles, sops })
    }

    /// What the house rules and the other SOPs find in `sop`, whose file reads `text`.
    ///
    /// # Errors
    /// Of the journal.
    pub fn findings(&self, db: &Connection, sop: &Sop, text: &str) -> Result<Vec<Finding>> {
        let mut findings = lint::lint(sop, &self.context());
        findings.extend(registry::conflicts(db, sop, text)?);
        Ok(findings)
    }

    /// The assertions that code checks, and the words that show those that hold.
    pub(super) fn assertions(
        &self,
        contract: &Contract,
        sop: &Sop,
        text: &str,
    ) -> (Vec<Coded>, Vec<(String, String)>) {
        let mut coded = Vec::new();
        let mut evidence = Vec::new();
        for assertion in &contract.assertions {
            let Check::Code { name, argument } = &assertion.check else { continue };
            let result = lint::check((name, argument), &assertion.sections, sop, text, &self.context());
            let mut findings = Vec::new();
            if result.pass {
                evidence.push((assertion.id.clone(), result.quote));
            } else {
                findings.push(failed(assertion, result.section, &result.reason, result.quote));
            }
            coded.push(Coded { assertion: assertion.id.clone(), findings });
        }
        (coded, evidence)
    }

    fn context(&self) -> Context<'_> {
        Context { agents: &self.agents, people: &self.people, titles: &self.titles, sops: &self.sops }
    }
}

/// What a file that was put together says to its reader, which is what is judged: a key or heading hidden in the text
/// of a draft counts as it reads, not as it was meant. What was meant and what the form finds, where it cannot be read.
pub(super) fn read_back(meant: Sop, text: &str) -> (Sop, Vec<Finding>) {
    let one = |problem: Problem| {
        let quote = problem.place.as_ref().map_or(String::new(), |place| place.excerpt.clone());
        finding("form", Severity::Blocking, problem.to_string(), quote)
    };
    match sop::parse("the draft", text) {
        Ok(read) => (read, Vec::new()),
        Err(problems) => (meant, problems.into_iter().map(one).collect()),
    }
}

/// A failed assertion as a finding.
fn failed(assertion: &Assertion, section: sop::Section, reason: &str, quote: String) -> Finding {
    Finding {
        code: assertion.id.clone(),
        severity: assertion.severity,
        section: Some(section),
        message: format!("{} does not hold: {reason}", assertion.statement.trim_end_matches('.')),
        quote,
        other: None,
    }
}

pub(super) fn finding(code: &str, severity: Severity, message: String, quote: String) -> Finding {
    Finding { code: code.to_owned(), severity, section: None, message, quote, other: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_in_a_text_counts_as_it_reads_or_is_found() {
        let sample = sop::parse("s.md", sop::sample::SAMPLE).unwrap();
        let with = |step: usize, text: &str| {
            let mut meant = sample.clone();
            text.clone_into(&mut meant.body.steps[step].text);
            let text = sop::render(&meant);
            read_back(meant, &text)
        };
        assert_eq!(sample.body.steps[1].when, None);
        let (read, findings) = with(1, "Do it.\n\n**When**: true");
        let step = &read.body.steps[1];
        assert_eq!((step.text.as_str(), step.when.as_deref()), ("Do it.", Some("true")));
        assert!(findings.is_empty());
        for text in ["Do it.\n\n**When**: true", "Do it.\n\n## Risk"] {
            let (_, findings) = with(0, text);
            let blocks = |found: &Finding| found.code == "form" && found.severity == Severity::Blocking;
            assert!(findings.iter().any(blocks), "{text}");
        }
    }
}
