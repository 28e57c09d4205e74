//! Where the lines of a draft come from, in words: the worker, its draft item, and what became of that item.

use super::records;
use super::shown::{Draft, Files, Line};
use crate::base::problem::Result;
use crate::draft;
use serde::Serialize;
use std::collections::BTreeMap;

/// One source of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineSource {
    /// An item's id (`vp.sales/step-1`), or the name of another text (`the mission`).
    pub name: String,
    /// The worker whose item it is; empty for another text.
    pub worker: String,
    /// How alike line and item are, in percent.
    pub likeness: String,
    /// `kept`, `merged`, `rejected`; empty for another text.
    pub fate: String,
    /// Why it was merged or rejected; may be empty.
    pub reason: String,
    /// The item's words; empty where its draft is not to be had.
    pub words: String,
}

impl Files<'_> {
    /// The sources of each line that has any, by the line's number.
    pub fn sources(&self, shown: &Draft) -> Result<BTreeMap<usize, Vec<LineSource>>> {
        let provenance = self.text(&format!("provenance-{}.md", shown.round))?.unwrap_or_default();
        let (fates, words) = (fates(&provenance), self.items(shown.round)?);
        let of_line = |line: &Line| {
            let found = named(&line.from).map(|(name, likeness)| {
                let (fate, reason) = fates.get(name).cloned().unwrap_or_default();
                let worker = if words.contains_key(name) || fates.contains_key(name) {
                    name.split('/').next().unwrap_or_default().to_owned()
                } else {
                    String::new()
                };
                let words = words.get(name).cloned().unwrap_or_default();
                LineSource {
                    name: name.to_owned(),
                    worker,
                    likeness: likeness.to_owned(),
                    fate,
                    reason,
                    words,
                }
            });
            (line.number, found.collect::<Vec<_>>())
        };
        let all = shown.lines.iter().map(of_line);
        Ok(all.filter(|(_, sources)| !sources.is_empty()).collect())
    }

    /// The newest draft of each worker up to `round`: its name in the dossier, by worker.
    pub fn worker_drafts(&self, round: u32) -> Result<BTreeMap<String, String>> {
        let mut found: BTreeMap<String, (u32, String)> = BTreeMap::new();
        for artifact in records::artifacts(self.db, self.mission)? {
            let name = artifact.name;
            let Some(stem) = name.strip_prefix("drafts/").and_then(|rest| rest.strip_suffix(".md")) else {
                continue;
            };
            let numbered = stem.rsplit_once('-').and_then(|(agent, nth)| Some((agent, nth.parse().ok()?)));
            let (agent, nth) = numbered.unwrap_or((stem, 1));
            let newest = found.get(agent).map_or(0, |(nth, _)| *nth);
            if nth <= round && nth > newest {
                found.insert(agent.to_owned(), (nth, name));
            }
        }
        Ok(found.into_iter().map(|(agent, (_, name))| (agent, name)).collect())
    }

    /// The words of every draft item, by its id.
    fn items(&self, round: u32) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for (agent, name) in self.worker_drafts(round)? {
            let text = self.text(&name)?.unwrap_or_default();
            // A worker without a draft has left a note in its place.
            let Ok(parsed) = draft::parse(&name, &text) else { continue };
            found.extend(draft::items(&agent, &parsed).into_iter().map(|item| (item.id, item.text)));
        }
        Ok(found)
    }
}

/// `vp.sales/step-1 (100 %), the mission (83 %)` one by one; nothing of a line without a source.
fn named(from: &str) -> impl Iterator<Item = (&str, &str)> {
    let traced = if from.starts_with("unsourced") { "" } else { from };
    traced.split(" %)").filter_map(|part| part.trim_start_matches(", ").rsplit_once(" ("))
}

/// What became of every draft item: fate and reason, by its id.
fn fates(provenance: &str) -> BTreeMap<String, (String, String)> {
    let below = provenance.lines().skip_while(|line| *line != "## What became of every draft item");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix('|')?.splitn(3, " | ");
        let (item, fate, reason) = (cells.next()?, cells.next()?, cells.next()?);
        item.contains('/').then(|| (item.to_owned(), (fate.to_owned(), reason.trim().replace("\\|", "|"))))
    };
    below.take_while(|line| *line != "## Where workers disagreed").filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_fates_are_read_back_from_the_report() {
        let found: Vec<_> = named("vp.sales/step-1 (100 %), the mission (83 %)").collect();
        assert_eq!(found, [("vp.sales/step-1", "100"), ("the mission", "83")]);
        assert_eq!(named("unsourced: \"Pay (now 3 %) first.\"").count(), 0);
        let report = "# P\n\n## What became of every draft item\n\n| item | fate | reason |\n| --- | --- | --- |\n\
                      | a/term-1 | kept |  |\n| b/step-2 | rejected | x \\| y |\n\n## Where workers disagreed\n\n| c/x | y | z |\n";
        let fates = fates(report);
        assert_eq!(fates.len(), 2);
        assert_eq!(fates["a/term-1"], ("kept".to_owned(), String::new()));
        assert_eq!(fates["b/step-2"], ("rejected".to_owned(), "x | y".to_owned()));
    }
}
