//! `sops/INDEX.md`: the one registry people read, rendered from the journal, the same bytes every time.

use super::rows::{self, Status, VersionRow};
use crate::base::text::{cell, put_line, visible};
use crate::base::{Instant, problem::Result};
use crate::journal::{Anchor, Tx};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use std::collections::BTreeMap;

/// The registry at one revision.
#[derive(Clone, Debug)]
pub struct Index {
    /// How many publications and retirements there were.
    pub revision: i64,
    /// The file's text.
    pub text: String,
}

struct Revision {
    number: i64,
    at: Instant,
    what: String,
    by: String,
    mission: Option<String>,
    seq: i64,
    hash: String,
}

/// Renders the index; `None` while nothing was ever published.
pub fn index(db: &Connection) -> Result<Option<Index>> {
    let log = revisions(db)?;
    let Some(last) = log.first() else { return Ok(None) };
    let versions: Vec<VersionRow> =
        rows::all(db)?.into_iter().filter(|row| row.status != Status::Draft).collect();
    let mut text = String::new();
    let out = &mut text;
    line(out, "# SOP registry");
    line(out, "");
    line(
        out,
        &format!("Revision {} · {} · chain {} `{}`", last.number, last.at.minute(), last.seq, last.hash),
    );
    line(out, "");
    line(
        out,
        "Generated from the journal: changes made here by hand are put aside. `sopd sop verify` compares the files.",
    );
    if let Some((seq, hash, day)) = day_anchor(db)?.filter(|(seq, ..)| *seq > last.seq) {
        line(out, "");
        line(out, &format!("Anchor of {day} · chain {seq} `{hash}`"));
    }
    active_tables(out, &versions);
    retired_table(out, &versions);
    line(out, "");
    line(out, "## Revisions");
    line(out, "");
    for entry in &log {
        let mission = entry.mission.as_deref().map_or(String::new(), |mission| format!(" ({mission})"));
        put_line(
            out,
            format_args!(
                "- {} · {} · {}, signed by {}{mission}",
                entry.number,
                entry.at.day(),
                entry.what,
                entry.by
            ),
        );
    }
    // What came from outside must not turn or hide the lines around it.
    Ok(Some(Index { revision: last.number, text: visible(&text) }))
}

fn active_tables(out: &mut String, versions: &[VersionRow]) {
    let mut departments: BTreeMap<&str, Vec<&VersionRow>> = BTreeMap::new();
    for row in versions.iter().filter(|row| row.status == Status::Active) {
        departments.entry(&row.department).or_default().push(row);
    }
    for (department, rows) in departments {
        line(out, "");
        line(out, &format!("## {department}"));
        line(out, "");
        line(
            out,
            "| SOP | Version | Status | Owner | Risk | Approved by | Approved on | Review due | SHA-256 |",
        );
        line(out, "|---|---|---|---|---|---|---|---|---|");
        for row in rows {
            line(out, &version_row(row));
        }
    }
}

fn version_row(row: &VersionRow) -> String {
    let link = row.path.strip_prefix("sops/").unwrap_or(&row.path);
    let approved_by = match &row.overriding {
        Some(_) => format!("{} (override)", row.approved_by.as_deref().unwrap_or("–")),
        None => row.approved_by.clone().unwrap_or_else(|| "–".to_owned()),
    };
    format!(
        "| [{}]({link})<br>{} | {} | {} | {} | {} | {approved_by} | {} | {} | `{}` |",
        row.id,
        cell(&row.title),
        row.version,
        row.status.word(),
        row.owner,
        row.risk_level.word(),
        day(row.approved_at),
        day(row.review_due),
        row.sha256.short(),
    )
}

fn retired_table(out: &mut String, versions: &[VersionRow]) {
    let retired: Vec<&VersionRow> =
        versions.iter().filter(|row| matches!(row.status, Status::Deprecated | Status::Archived)).collect();
    if retired.is_empty() {
        return;
    }
    line(out, "");
    line(out, "## Deprecated and archived");
    line(out, "");
    line(out, "| SOP | Version | Status | Approved by | Approved on | SHA-256 |");
    line(out, "|---|---|---|---|---|---|");
    for row in retired {
        let link = row.path.strip_prefix("sops/").unwrap_or(&row.path);
        line(
            out,
            &format!(
                "| [{}]({link}) | {} | {} | {} | {} | `{}` |",
                row.id,
                row.version,
                row.status.word(),
                row.approved_by.as_deref().unwrap_or("–"),
                day(row.approved_at),
                row.sha256.short(),
            ),
        );
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn day(at: Option<Instant>) -> String {
    at.map_or_else(|| "–".to_owned(), Instant::day)
}

/// The registry's revision; 0 while nothing was ever published.
pub fn revision(db: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce(max(revision), 0) FROM registry_revision";
    Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn revisions(db: &Connection) -> Result<Vec<Revision>> {
    let sql = "SELECT revision, at, what, by, mission, registry_revision.seq, event.hash
         FROM registry_revision JOIN event ON event.seq = registry_revision.seq ORDER BY revision DESC";
    let rows = db
        .prepare_cached(sql)?
        .query_map([], |row| {
            Ok(Revision {
                number: row.get(0)?,
                at: Instant(row.get(1)?),
                what: row.get(2)?,
                by: row.get(3)?,
                mission: row.get(4)?,
                seq: row.get(5)?,
                hash: row.get(6)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// What the facts say of the last day's anchor: place and hash of the fact it names, and the day it was made.
fn day_anchor(db: &Connection) -> Result<Option<(i64, String, String)>> {
    let sql = "SELECT text ->> 'place', text ->> 'hash', substr(text ->> 'at', 1, 10) FROM event
               WHERE subject = 'sopd' AND kind = 'log_anchored' ORDER BY seq DESC LIMIT 1";
    let found = db.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    Ok(found.optional()?)
}

/// Puts the chain's head into the log, and so into INDEX.md, where facts have come since an earlier day.
pub fn anchor_the_day(tx: &Tx<'_>) -> Result<()> {
    let sql = "SELECT seq, hash, substr(text ->> 'at', 1, 10), kind FROM event ORDER BY seq DESC LIMIT 1";
    let last: Option<(i64, String, String, String)> = tx
        .db()
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    match last {
        Some((seq, hash, day, kind)) if day < tx.now().day() && kind != "log_anchored" => {
            tx.event("sopd", "log_anchored", &json!({ "place": seq, "hash": hash })).map(drop)
        }
        _ => Ok(()),
    }
}

/// The chain hashes that an INDEX.md carries: a chain whose tail was cut off no longer holds them.
pub fn anchors(text: &str, found_in: &str) -> Vec<Anchor> {
    let find = |line: &str| {
        let (_, rest) = line.split_once("· chain ")?;
        let (seq, hash) = rest.split_once(' ')?;
        let seq = seq.parse().ok()?;
        Some(Anchor { found_in: found_in.to_owned(), seq, hash: hash.trim_matches('`').to_owned() })
    };
    text.lines()
        .filter(|line| line.starts_with("Revision ") || line.starts_with("Anchor of "))
        .filter_map(find)
        .collect()
}
