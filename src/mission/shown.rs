//! Reads a mission's draft and its reports from the journal: the bytes a signature is bound to, never the files,
//! which somebody may have changed.

use super::{objection, records};
use crate::base::{Digest, Problem, problem::Result};
use crate::contract::Severity;
use crate::decision::Decision;
use crate::journal::{Journal, events_of};
use crate::{registry, sop};
use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// More facts than a mission has.
const MOST: u32 = 100_000;

/// A round's draft and what was said about it.
#[derive(Clone, Debug, Serialize)]
pub struct Draft {
    /// Its name in the mission's folder.
    pub file: String,
    /// Hash of its bytes.
    pub sha256: Digest,
    /// Which round of synthesis it is.
    pub round: u32,
    /// Its bytes.
    #[serde(skip)]
    pub text: String,
    /// Its lines, with their sources.
    pub lines: Vec<Line>,
    /// What came of its assertions.
    pub verdicts: Verdicts,
    /// What scrutiny found.
    pub findings: Vec<String>,
    /// How it contradicts what was published since it was judged.
    pub overtaken: Vec<String>,
    /// Where workers or the council disagreed, and what workers say against what became of their items.
    pub dissent: Vec<String>,
}

/// One line and where it comes from; nothing for the form of the file.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// Without its line end.
    pub text: String,
    /// Where it comes from.
    pub from: String,
}

/// How many assertions came out how.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verdicts {
    /// Passed, with evidence.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Nobody could tell.
    pub open: usize,
    /// Each as recorded.
    #[serde(skip)]
    pub each: Vec<Value>,
}

/// The files of one mission, as the journal has them.
#[derive(Debug)]
pub struct Files<'a> {
    /// Where blobs lie.
    pub journal: &'a Journal,
    /// The snapshot that is read.
    pub db: &'a Connection,
    /// The mission.
    pub mission: &'a str,
}

impl Files<'_> {
    /// The draft `decision` is about, else that of `round`, else the last there is.
    pub fn draft(&self, decision: Option<&Decision>, round: u32) -> Result<Option<Draft>> {
        let names: Vec<String> =
            records::artifacts(self.db, self.mission)?.into_iter().map(|artifact| artifact.name).collect();
        let rounds = names
            .iter()
            .filter_map(|name| name.strip_prefix("synthesis-")?.strip_suffix(".md")?.parse().ok());
        let details = decision.map(|decision| &decision.ask.details);
        let asked =
            details.and_then(|details| details.get("round").or_else(|| details.get("best_round"))?.as_u64());
        let asked = asked.and_then(|round| u32::try_from(round).ok());
        let rounds: Vec<u32> = rounds.collect();
        let Some(round) =
            asked.or_else(|| rounds.contains(&round).then_some(round)).or(rounds.into_iter().max())
        else {
            return Ok(None);
        };
        let file = format!("synthesis-{round}.md");
        let Some(text) = self.text(&file)? else { return Ok(None) };
        let provenance = self.text(&format!("provenance-{round}.md"))?.unwrap_or_default();
        let scrutiny = self.text(&format!("scrutiny-{round}.md"))?.unwrap_or_default();
        let council = names.iter().rfind(|name| name.starts_with("council"));
        let council = council.map(|name| self.text(name)).transpose()?.flatten().unwrap_or_default();
        let mut dissent = bullets(&provenance, "Where workers disagreed");
        dissent.extend(bullets(&council, "Dissent on record"));
        // Of every round: the one that is shown may be an earlier one than the last.
        for name in names.iter().filter(|name| name.starts_with("objections-")) {
            dissent.extend(bullets(&self.text(name)?.unwrap_or_default(), objection::HEADING));
        }
        let findings = bullets(&scrutiny, "Findings");
        Ok(Some(Draft {
            overtaken: self.overtaken(&text, &findings)?,
            file: format!("missions/{}/{file}", self.mission),
            sha256: Digest::of(&text),
            round,
            lines: lines(&text, &sources(&provenance)),
            verdicts: self.verdicts(round)?,
            findings,
            dissent,
            text,
        }))
    }

    /// Contradictions with what is in force now that scrutiny did not know of. What is decided is what it is.
    fn overtaken(&self, text: &str, known: &[String]) -> Result<Vec<String>> {
        if records::mission(self.db, self.mission)?.state.ended() {
            return Ok(Vec::new());
        }
        let Ok(sop) = sop::parse("the draft", text) else { return Ok(Vec::new()) };
        let found = registry::conflicts(self.db, &sop, text)?.into_iter();
        let new = found.filter(|finding| finding.severity == Severity::Blocking);
        let told = new.map(|finding| finding.message);
        Ok(told.filter(|told| !known.iter().any(|known| known.contains(told.as_str()))).collect())
    }

    /// The text of one file; `None` when the dossier lacks it.
    ///
    /// # Errors
    /// `Invalid` for a source that is no text: its text is a file of its own.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        let artifacts = records::artifacts(self.db, self.mission)?;
        let Some(artifact) = artifacts.into_iter().find(|artifact| artifact.name == name) else {
            return Ok(None);
        };
        let lost = || Problem::store(format!("the journal lacks {}/{name}", self.mission));
        let bytes = self.journal.blob(&artifact.hash)?.ok_or_else(lost)?;
        String::from_utf8(bytes).map(Some).map_err(|_binary| {
            Problem::invalid(format!("{name} is no text"))
                .hint("its text is a file beside it; the file itself lies in the mission's folder")
        })
    }

    fn verdicts(&self, round: u32) -> Result<Verdicts> {
        let mut verdicts = Verdicts::default();
        let events = events_of(self.db, Some(self.mission), 0, MOST)?;
        let facts = events.iter().filter(|event| event.kind == "verdicts_given");
        let mut fact = facts.filter_map(|event| serde_json::from_str::<Value>(&event.text).ok());
        let last = fact.rfind(|fact| fact.get("round").and_then(Value::as_u64) == Some(u64::from(round)));
        for verdict in last.iter().filter_map(|fact| fact.get("verdicts")?.as_array()).flatten() {
            verdicts.each.push(verdict.clone());
            match verdict.get("result").and_then(Value::as_str) {
                Some("passed") => verdicts.passed += 1,
                Some("failed") => verdicts.failed += 1,
                _ => verdicts.open += 1,
            }
        }
        Ok(verdicts)
    }
}

fn lines(text: &str, sources: &BTreeMap<usize, String>) -> Vec<Line> {
    let line = |(number, text): (usize, &str)| Line {
        number,
        text: text.to_owned(),
        from: sources.get(&number).cloned().unwrap_or_default(),
    };
    (1..).zip(text.lines()).map(line).collect()
}

/// The last column of the provenance table, by line number.
fn sources(provenance: &str) -> BTreeMap<usize, String> {
    let row = |line: &str| {
        let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let number = cells.split_once(" | ")?.0.parse().ok()?;
        let from = cells.rsplit_once(" | ")?.1.replace("\\|", "|").replace("**", "");
        Some((number, from))
    };
    provenance.lines().filter_map(row).collect()
}

/// The bullets below `## title`.
fn bullets(report: &str, title: &str) -> Vec<String> {
    let heading = format!("## {title}");
    let below = report.lines().skip_while(|line| *line != heading).skip(1);
    let section = below.take_while(|line| !line.starts_with("## "));
    section.filter_map(|line| line.strip_prefix("- ")).map(|line| line.replace("**", "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_bullets_are_read_back_from_the_reports() {
        let provenance = "# P\n\n| line | text | from |\n| --- | --- | --- |\n\
                          | 9 | \\| lead_id \\| text | sales.ops/input-1 (83 %) |\n\
                          | 15 | Ask. | **unsourced**: \"Ask \\| pay.\" |\n\n## Where workers disagreed\n\n- **x** (a, b): c\n";
        let found = sources(provenance);
        assert_eq!(found.len(), 2);
        assert_eq!(found[&9], "sales.ops/input-1 (83 %)");
        assert_eq!(found[&15], "unsourced: \"Ask | pay.\"");
        assert_eq!(bullets(provenance, "Where workers disagreed"), ["x (a, b): c"]);
        assert_eq!(bullets(provenance, "Findings"), Vec::<String>::new());
    }
}
