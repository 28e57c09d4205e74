//! A worker's word against what became of its items in the synthesis. It changes neither the draft nor anybody's
//! answer: it is a fact and a file of the dossier, and whoever decides reads it as dissent.

use super::records::{MissionState, artifacts, keep, mission};
use crate::base::text::{listed, put, put_line, visible};
use crate::base::{Digest, Problem, problem::Result};
use crate::journal::{Tx, events_of};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longest reason, in characters: a paragraph that somebody reads before signing.
const LONGEST_REASON: usize = 2_000;
/// More facts than a mission has.
const MOST: u32 = 100_000;
/// The fact.
const RAISED: &str = "objection_raised";
/// The heading below which the file lists them.
pub(super) const HEADING: &str = "Objections";

/// One item of a worker's draft, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fated {
    /// `vp.sales/step-2`
    pub item: String,
    /// `kept`, `merged` or `rejected`.
    pub fate: String,
    /// The orchestrator's reason; may be empty for what was kept.
    pub reason: String,
    /// Why the worker objects, where it does.
    pub objection: Option<String>,
}

/// What a worker says against the fate of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The item.
    pub item: String,
    /// Why that should not have become of it.
    pub reason: String,
}

/// One as it is on record.
#[derive(Debug, Serialize, Deserialize)]
struct Raised {
    round: u32,
    by: String,
    item: String,
    fate: String,
    text: String,
}

/// What became of the items of `party` in the last round of synthesis, and which round that is. `blob` reads payloads.
/// `None` where no draft of it was merged.
///
/// # Errors
/// Of the journal.
pub fn fates_of(
    db: &Connection,
    blob: &dyn Fn(&Digest) -> Result<Option<Vec<u8>>>,
    (mission, party): (&str, &str),
) -> Result<Option<(u32, Vec<Fated>)>> {
    let round = |name: &str| name.strip_prefix("provenance-")?.strip_suffix(".md")?.parse::<u32>().ok();
    let reports = artifacts(db, mission)?.into_iter();
    let last =
        reports.filter_map(|file| Some((round(&file.name)?, file.hash))).max_by_key(|(round, _)| *round);
    let Some((round, hash)) = last else { return Ok(None) };
    let lost = || Problem::store(format!("the journal lacks {mission}/provenance-{round}.md"));
    let report = String::from_utf8_lossy(&blob(&hash)?.ok_or_else(lost)?).into_owned();
    let mut fates = of_report(&report, party);
    for raised in raised(db, mission)?.into_iter().filter(|one| one.round == round) {
        let item = fates.iter_mut().find(|fated| fated.item == raised.item);
        if let Some(item) = item {
            item.objection = Some(raised.text);
        }
    }
    Ok((!fates.is_empty()).then_some((round, fates)))
}

/// The rows of one worker in the table of what became of every draft item.
fn of_report(report: &str, party: &str) -> Vec<Fated> {
    let below = report.lines().skip_while(|line| *line != "## What became of every draft item").skip(1);
    let section = below.take_while(|line| !line.starts_with("## "));
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.splitn(3, " | ");
        let mut cell = || cells.next().map(|text| text.trim().replace("\\|", "|"));
        let (item, fate, reason) = (cell()?, cell()?, cell()?);
        let own = item.strip_prefix(party).is_some_and(|rest| rest.starts_with('/'));
        own.then_some(Fated { item, fate, reason, objection: None })
    };
    section.filter_map(row).collect()
}

/// Puts a worker's objections on record. Gives the round whose synthesis they are about.
///
/// # Errors
/// `Conflict` where the mission has ended or is signed, has merged no draft of the party, or the party has objected to that item
/// before; `NotFound` for an item that is not its own; `Usage` and `Invalid` for no reason, or one that is too long.
/// Nothing has changed then.
pub fn object(tx: &Tx<'_>, id: &str, (by, os_user): (&str, &str), objections: &[Objection]) -> Result<u32> {
    let row = mission(tx.db(), id)?;
    if row.state.ended() {
        return Err(Problem::conflict(format!("{id} has ended ({})", row.state.word())));
    }
    if row.state == MissionState::Publishing {
        return Err(Problem::conflict(format!("{id} is signed: nobody who decides would read it any more"))
            .hint("hand in a mission that changes the SOP"));
    }
    let Some((round, fates)) = fates_of(tx.db(), &|hash| tx.read_blob(hash), (id, by))? else {
        return Err(Problem::conflict(format!("{id} has not merged a draft of {by} yet")));
    };
    if objections.is_empty() {
        return Err(Problem::usage("an objection names an item and a reason"));
    }
    let mut told: Vec<&str> = Vec::new();
    for Objection { item, reason } in objections {
        let Some(fated) = fates.iter().find(|fated| fated.item == *item) else {
            let own: Vec<&str> = fates.iter().map(|fated| fated.item.as_str()).collect();
            return Err(Problem::not_found(format!("{by} has no item `{item}` in round {round}"))
                .hint(format!("its items are {}", listed(&own))));
        };
        if fated.objection.is_some() || told.contains(&item.as_str()) {
            return Err(Problem::conflict(format!("{by} has objected to what became of {item} before")));
        }
        told.push(item);
        let text = reason_of(reason)?;
        tx.event(
            id,
            RAISED,
            &json!({ "round": round, "by": by, "os_user": os_user, "item": item, "fate": fated.fate, "text": text }),
        )?;
    }
    keep(tx, id, &file_of(round), &report(&raised(tx.db(), id)?, round))?;
    Ok(round)
}

/// The reason on one line.
fn reason_of(reason: &str) -> Result<String> {
    let words: Vec<&str> = reason.split_whitespace().collect();
    let text = visible(&words.join(" "));
    if text.is_empty() {
        return Err(Problem::usage("an objection needs a reason"));
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(Problem::invalid(format!("a reason has at most {LONGEST_REASON} characters")));
    }
    Ok(text)
}

/// The file of the dossier that lists the objections of a round.
fn file_of(round: u32) -> String {
    format!("objections-{round}.md")
}

fn raised(db: &Connection, mission: &str) -> Result<Vec<Raised>> {
    let events = events_of(db, Some(mission), 0, MOST)?;
    let facts = events.iter().filter(|event| event.kind == RAISED);
    Ok(facts.filter_map(|event| serde_json::from_str::<Value>(&event.text).ok()).filter_map(read).collect())
}

fn read(fact: Value) -> Option<Raised> {
    serde_json::from_value(fact).ok()
}

fn report(all: &[Raised], round: u32) -> String {
    let mut out = format!(
        "# Round {round}: what workers say against what became of their items\n\nIt binds nobody; whoever decides \
         reads it.\n\n"
    );
    put_line(&mut out, format_args!("## {HEADING}\n"));
    for Raised { by, item, fate, text, .. } in all.iter().filter(|one| one.round == round) {
        put(&mut out, format_args!("- **{by}** objects to {item} ({fate}, round {round}): {text}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_finds_its_own_items_and_no_others() {
        let report = "# P\n\n| 1 | sales.ops/step-1 | kept |\n\n## What became of every draft item\n\n\
                      | item | fate | reason |\n| --- | --- | --- |\n| sales.ops/step-1 | kept |  |\n\
                      | sales.ops/step-2 | rejected | not ours \\| theirs |\n| sales.opsy/step-1 | kept |  |\n\n\
                      ## Where workers disagreed\n\n| sales.ops/step-9 | kept |  |\n";
        let fates = of_report(report, "sales.ops");
        let told: Vec<(&str, &str, &str)> =
            fates.iter().map(|one| (one.item.as_str(), one.fate.as_str(), one.reason.as_str())).collect();
        let wanted =
            [("sales.ops/step-1", "kept", ""), ("sales.ops/step-2", "rejected", "not ours | theirs")];
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_reason_is_one_line_and_not_too_long() {
        assert_eq!(reason_of(" It\n is  ours. ").unwrap(), "It is ours.");
        assert!(reason_of(" \n").is_err());
        assert!(reason_of(&"x".repeat(LONGEST_REASON + 1)).is_err());
    }
}
