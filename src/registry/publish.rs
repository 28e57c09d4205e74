//! Making a version visible: the rows that change together when a publication commits.

use super::facts;
use super::rows::{self, Status, VersionRow};
use super::search;
use crate::base::{Digest, Instant, Problem, problem::Result};
use crate::journal::Tx;
use crate::sop::{Sop, SopId, Version};
use serde_json::json;

/// Who approved what, and on which grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The signing party.
    pub by: String,
    /// When it signed.
    pub at: Instant,
    /// Why failed assertions were overridden.
    pub overriding: Option<String>,
    /// The hash it was shown.
    pub hash: Digest,
}

/// A version that is about to become active.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The document.
    pub sop: Sop,
    /// Its bytes, as written to the file.
    pub text: String,
    /// The file, relative to the workspace.
    pub path: String,
    /// The mission.
    pub mission: String,
    /// The signature.
    pub approval: Approval,
    /// When the SOP itself is due for review.
    pub review_due: Option<Instant>,
}

/// `sops/REV/SOP-REV-lead-qualification-v1.0.md`.
pub fn published_path(sop: &Sop) -> String {
    version_path(&sop.head.id, sop.head.version)
}

/// The same, of an id and a version.
pub fn version_path(id: &SopId, version: Version) -> String {
    format!("sops/{}/{id}-v{version}.md", id.department())
}

/// Registers a publication: the new version active, the one before deprecated, its facts in place of the old
/// ones, one registry revision. Fails when the approved hash is not the hash of the bytes, or when the registry
/// has moved since the version number was given. Returns the revision.
pub fn register(tx: &Tx<'_>, publication: &Publication) -> Result<i64> {
    let Publication { sop, text, path, mission, approval, review_due } = publication;
    let head = &sop.head;
    let digest = Digest::of(text);
    if digest != approval.hash {
        return Err(Problem::conflict("the approval was given for other bytes than these"));
    }
    let before = rows::active(tx.db(), &head.id)?;
    check_order(head.version, rows::published(tx.db(), &head.id)?.last().copied())?;
    tx.db()
        .prepare_cached("UPDATE sop_version SET status = 'deprecated' WHERE sop = ?1 AND status = 'active'")?
        .execute([head.id.as_str()])?;
    let revision = next_revision(tx)?;
    tx.db()
        .prepare_cached(
            "INSERT INTO sop_version(sop, version, status, title, department, owner, risk_level, trigger_text, path,
               sha256, mission, created_by, created_at, approved_by, approved_at, override, review_due, revision)
             VALUES(?1, ?2, 'active', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(rusqlite::params![
            head.id.as_str(),
            head.version.to_string(),
            head.title,
            head.department,
            head.owner,
            head.risk_level.word(),
            sop.body.trigger,
            path,
            digest.0,
            mission,
            head.created_by,
            tx.now().0,
            approval.by,
            approval.at.0,
            approval.overriding,
            review_due.map(|due| due.0),
            revision,
        ])?;
    facts::replace(tx, head.id.as_str(), sop, text)?;
    let compared_by = facts::digest(tx.db(), head.id.as_str())?;
    search::put(tx, (&head.id, &head.title, &head.owner), (&digest.0, text))?;
    facts::forget(tx, mission)?;
    let name = format!("{} v{}", head.id, head.version);
    let what = match &before {
        Some(before) => format!("published {name}, deprecating v{}", before.version),
        None => format!("published {name}"),
    };
    let seq = tx.event(
        mission,
        "published",
        &json!({
            "sop": head.id, "version": head.version, "path": path, "sha256": digest, "by": approval.by,
            "override": approval.overriding, "supersedes": before.as_ref().map(|row| row.version),
            "revision": revision, "status": Status::Active, "facts": compared_by,
        }),
    )?;
    log_revision(tx, revision, &what, (&approval.by, Some(mission)), seq)?;
    facts::tell_others(tx, sop, text)?;
    Ok(revision)
}

fn next_revision(tx: &Tx<'_>) -> Result<i64> {
    let sql = "SELECT coalesce(max(revision), 0) + 1 FROM registry_revision";
    Ok(tx.db().prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// An active version that goes out of use for good.
#[derive(Clone, Debug)]
pub struct Retirement {
    /// The version.
    pub row: VersionRow,
    /// Who signed.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
    /// Why.
    pub reason: String,
}

/// Archives an active version: nothing starts from it any more, drafts are no longer compared with it, and its file
/// stays where it is. One registry revision, which is returned.
pub fn retire(tx: &Tx<'_>, retirement: &Retirement) -> Result<i64> {
    let Retirement { row, by, os_user, reason } = retirement;
    let changed = tx
        .db()
        .prepare_cached(
            "UPDATE sop_version SET status = 'archived' WHERE sop = ?1 AND version = ?2 AND status = 'active'",
        )?
        .execute((row.id.as_str(), row.version.to_string()))?;
    if changed != 1 {
        return Err(Problem::conflict(format!("{} v{} is not active", row.id, row.version)));
    }
    facts::forget(tx, row.id.as_str())?;
    search::forget(tx, &row.id)?;
    let revision = next_revision(tx)?;
    let seq = tx.event(
        row.id.as_str(),
        "retired",
        &json!({
            "sop": row.id, "version": row.version, "path": row.path, "sha256": row.sha256, "by": by,
            "os_user": os_user, "reason": reason, "revision": revision, "status": Status::Archived,
        }),
    )?;
    log_revision(tx, revision, &format!("retired {} v{} ({reason})", row.id, row.version), (by, None), seq)?;
    Ok(revision)
}

/// An active version that was looked at again and found right.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// The version.
    pub row: VersionRow,
    /// Who says so.
    pub by: String,
    /// The periodic review.
    pub mission: String,
    /// When it is looked at again.
    pub next: Instant,
}

/// Sets the day of an active version's next review. One registry revision; one that is active no more stays as it is.
pub fn confirm(tx: &Tx<'_>, confirmation: &Confirmation) -> Result<()> {
    let Confirmation { row, by, mission, next } = confirmation;
    let sql = "UPDATE sop_version SET review_due = ?3 WHERE sop = ?1 AND version = ?2 AND status = 'active'";
    let version = row.version.to_string();
    if tx.db().prepare_cached(sql)?.execute((row.id.as_str(), &version, next.0))? == 0 {
        return Ok(());
    }
    let revision = next_revision(tx)?;
    let seq = tx.event(
        mission,
        "review_confirmed",
        &json!({ "sop": row.id, "version": version, "by": by, "next": next.day(), "revision": revision }),
    )?;
    let what = format!("{} v{version} is still right; next review {}", row.id, next.day());
    log_revision(tx, revision, &what, (by, Some(mission)), seq)
}

fn check_order(version: Version, highest: Option<Version>) -> Result<()> {
    match highest {
        Some(highest) if version <= highest => Err(Problem::conflict(format!(
            "v{highest} was published meanwhile; v{version} can no longer follow"
        ))),
        _ => Ok(()),
    }
}

fn log_revision(
    tx: &Tx<'_>,
    revision: i64,
    what: &str,
    (by, mission): (&str, Option<&str>),
    seq: i64,
) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO registry_revision(revision, at, what, by, mission, seq, hash)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, '')",
        )?
        .execute((revision, tx.now().0, what, by, mission, seq))?;
    Ok(())
}
