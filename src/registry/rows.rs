//! Versions as stored.

use crate::base::{Digest, Instant, Problem, problem::Result};
use crate::journal::columns::{parsed, word};
use crate::roles::plan::SopView;
use crate::sop::document::RiskLevel;
use crate::sop::{SopId, Version};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where a version is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Imported or being written; not approved.
    Draft,
    /// The one that counts.
    Active,
    /// Superseded.
    Deprecated,
    /// Out of use for good.
    Archived,
}

impl Status {
    /// The word in tables and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Archived => "archived",
        }
    }
}

/// One version of one SOP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionRow {
    /// The SOP.
    pub id: SopId,
    /// The version.
    pub version: Version,
    /// Where it is in its life.
    pub status: Status,
    /// Title for people.
    pub title: String,
    /// Department code.
    pub department: String,
    /// Accountable owner.
    pub owner: String,
    /// Danger of a run.
    pub risk_level: RiskLevel,
    /// The event that starts it.
    pub trigger: String,
    /// The file, relative to the workspace.
    pub path: String,
    /// Hash of the approved bytes.
    pub sha256: Digest,
    /// The mission it came from.
    pub mission: Option<String>,
    /// Who drafted it.
    pub created_by: String,
    /// When it was drafted.
    pub created_at: Instant,
    /// Who signed.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<Instant>,
    /// Why failed assertions were overridden.
    pub overriding: Option<String>,
    /// When the SOP itself is due for review.
    pub review_due: Option<Instant>,
    /// The registry revision that published it.
    pub revision: Option<i64>,
}

/// The hash is that of the fact of publication, wherever there must be one: the row's own could be changed with the
/// file. A version without such a fact has none, and no file is it.
const SELECT: &str = "SELECT sop, version, status, title, department, owner, risk_level, trigger_text, path,
  CASE status WHEN 'draft' THEN sha256 ELSE coalesce((
    SELECT text ->> 'sha256' FROM event WHERE event.kind IN ('published', 'retired') AND event.kind = 'published'
      AND text ->> 'sop' = sop_version.sop AND text ->> 'version' = sop_version.version ORDER BY seq DESC LIMIT 1), '') END,
  mission, created_by, created_at, approved_by, approved_at, override, review_due, revision FROM sop_version";

fn read(row: &Row<'_>) -> rusqlite::Result<VersionRow> {
    Ok(VersionRow {
        id: parsed(row, 0)?,
        version: parsed(row, 1)?,
        status: word(row, 2)?,
        title: row.get(3)?,
        department: row.get(4)?,
        owner: row.get(5)?,
        risk_level: word(row, 6)?,
        trigger: row.get(7)?,
        path: row.get(8)?,
        sha256: Digest(row.get(9)?),
        mission: row.get(10)?,
        created_by: row.get(11)?,
        created_at: Instant(row.get(12)?),
        approved_by: row.get(13)?,
        approved_at: row.get::<_, Option<i64>>(14)?.map(Instant),
        overriding: row.get(15)?,
        review_due: row.get::<_, Option<i64>>(16)?.map(Instant),
        revision: row.get(17)?,
    })
}

/// Every version of every SOP: by id, newest version first.
pub fn all(db: &Connection) -> Result<Vec<VersionRow>> {
    let mut rows: Vec<VersionRow> = db
        .prepare_cached(&format!("{SELECT} ORDER BY sop"))?
        .query_map([], read)?
        .collect::<Result<_, _>>()?;
    rows.sort_by(|a, b| a.id.cmp(&b.id).then(b.version.cmp(&a.version)));
    Ok(rows)
}

/// All versions of one SOP, newest first. Unknown ids are an error.
pub fn history(db: &Connection, id: &SopId) -> Result<Vec<VersionRow>> {
    let mut rows: Vec<VersionRow> = db
        .prepare_cached(&format!("{SELECT} WHERE sop = ?1"))?
        .query_map([id.as_str()], read)?
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Err(
            Problem::not_found(format!("there is no {id} in the registry")).hint("see `sopd sop list`")
        );
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.version));
    Ok(rows)
}

/// The active version.
pub fn active(db: &Connection, id: &SopId) -> Result<Option<VersionRow>> {
    let sql = format!("{SELECT} WHERE sop = ?1 AND status = 'active'");
    Ok(db.prepare_cached(&sql)?.query_row([id.as_str()], read).optional()?)
}

/// The last fact about an SOP's versions: its kind, the version, place, text and hash.
type LastFact = (String, String, i64, String, String);

/// Refuses a version that is not the one in force by the facts: superseded, retired, or never published. A row alone
/// makes nothing run.
///
/// # Errors
/// `Conflict`.
pub fn check_in_force(db: &Connection, row: &VersionRow) -> Result<()> {
    let sql = "SELECT kind, text ->> 'version', seq, text, hash FROM event
               WHERE kind IN ('published', 'retired') AND text ->> 'sop' = ?1 ORDER BY seq DESC LIMIT 1";
    let last: Option<LastFact> = db
        .prepare_cached(sql)?
        .query_row([row.id.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let name = format!("{} v{}", row.id, row.version);
    let no = |what: &str| {
        Err(Problem::conflict(format!("{name} is not in force: {what}"))
            .hint("compare the journal with its facts: `sopd audit verify`"))
    };
    match last {
        None => no("no fact says that it was published"),
        Some((kind, ..)) if kind == "retired" => no("it was retired"),
        Some((_, version, ..)) if version != row.version.to_string() => {
            no(&format!("v{version} was published after it"))
        }
        Some((_, _, seq, text, hash)) if !crate::journal::is_linked(db, (seq, &text, &hash))? => {
            no(&format!("fact {seq}, of its publication, was changed after it was written"))
        }
        Some(_) => Ok(()),
    }
}

/// Active versions whose review is due at `now`.
pub fn due_for_review(db: &Connection, now: Instant) -> Result<Vec<VersionRow>> {
    let sql = format!("{SELECT} WHERE status = 'active' AND review_due <= ?1 ORDER BY sop");
    let rows = db.prepare_cached(&sql)?.query_map([now.0], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// When the next review of an active version falls due, after `now`.
pub fn next_review(db: &Connection, now: Instant) -> Result<Option<Instant>> {
    let sql = "SELECT min(review_due) FROM sop_version WHERE status = 'active' AND review_due > ?1";
    Ok(db.prepare_cached(sql)?.query_row([now.0], |row| row.get::<_, Option<i64>>(0))?.map(Instant))
}

/// Every version that was ever published; empty for an SOP nobody knows.
pub fn published(db: &Connection, id: &SopId) -> Result<BTreeSet<Version>> {
    let sql = "SELECT version FROM sop_version WHERE sop = ?1 AND status <> 'draft'";
    let versions =
        db.prepare_cached(sql)?.query_map([id.as_str()], |row| word(row, 0))?.collect::<Result<_, _>>()?;
    Ok(versions)
}

/// One version, `SOP-REV-x` (the active one, else the newest) or `SOP-REV-x-v1.0`.
pub fn version(db: &Connection, name: &str) -> Result<VersionRow> {
    let wrong = |message: String| Problem::usage(message).hint("name it like SOP-REV-x or SOP-REV-x-v1.0");
    let (id, wanted) = match name.rsplit_once("-v") {
        Some((id, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            (id, Some(version.parse::<Version>().map_err(wrong)?))
        }
        _ => (name, None),
    };
    let rows = history(db, &id.parse().map_err(wrong)?)?;
    let found = if let Some(version) = wanted {
        rows.into_iter().find(|row| row.version == version)
    } else {
        let newest = rows.first().cloned();
        rows.into_iter().find(|row| row.status == Status::Active).or(newest)
    };
    found.ok_or_else(|| Problem::not_found(format!("there is no {name} in the registry")))
}

/// The active SOPs as the orchestrator sees them, by id.
pub fn summaries(db: &Connection) -> Result<Vec<SopView>> {
    let sql = "SELECT sop, version, title, owner, trigger_text FROM sop_version WHERE status = 'active' ORDER BY sop";
    let rows = db
        .prepare_cached(sql)?
        .query_map([], |row| {
            Ok(SopView {
                id: row.get(0)?,
                version: row.get(1)?,
                title: row.get(2)?,
                owner: row.get(3)?,
                trigger: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
