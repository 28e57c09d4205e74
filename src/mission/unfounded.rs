//! Figures of a draft that neither a person nor a department's file gives: told to the author once, and to who signs.

use super::assemble::Assemble;
use super::checks::finding;
use super::passages::Given;
use crate::contract::{Finding, Severity};
use crate::draft;
use crate::ledger;
use crate::roster::Roster;

/// The code of a figure that nobody gave: not even a draft holds it.
pub(super) const NOBODYS: &str = "figure-without-source";

impl Assemble {
    /// Each such figure in words for who signs. What no draft holds either is a finding for the author.
    pub(super) fn unfounded(
        &self,
        text: &str,
        roster: &Roster,
        (given, findings): (&[Given], &mut Vec<Finding>),
    ) -> Vec<String> {
        let view = &self.view;
        let mut sources: Vec<&str> = vec![&view.title, &view.text];
        sources.extend(view.objective.as_deref());
        sources.extend(view.current.as_deref());
        sources.extend(view.answers.iter().flat_map(|one| [one.question.as_str(), one.answer.as_str()]));
        sources.extend(self.comments.iter().map(String::as_str));
        let files = self.drafts.iter().filter_map(|worker| roster.agents.get(&worker.agent));
        sources.extend(files.map(|agent| agent.knowledge.as_str()));
        sources.extend(given.iter().map(|given| given.text.as_str()));
        let mut told = Vec::new();
        for figure in ledger::unfounded(text, &sources) {
            let holds = |worker: &&crate::roles::synthesise::WorkerDraft| {
                let items = draft::items(&worker.agent, &worker.draft);
                items.iter().any(|item| figure.stands_in(&item.text))
            };
            let (line, what) = (figure.line, &figure.what);
            if let Some(worker) = self.drafts.iter().find(holds) {
                told.push(format!("line {line}: {what}, from what {} knows", worker.agent));
            } else {
                let message =
                    format!("{what} (line {line}) stands in no source: give the source's figure, or none");
                findings.push(finding(NOBODYS, Severity::Advisory, message, what.clone()));
                told.push(format!("line {line}: {what}, from nobody"));
            }
        }
        told
    }
}
