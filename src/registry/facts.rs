//! The facts SOPs are compared by, indexed by kind and subject: a draft is compared only with those that speak
//! of the same thing, so ten thousand SOPs cost little more than ten.

use crate::base::{Digest, Problem, problem::Result};
use crate::contract::Finding;
use crate::journal::Tx;
use crate::sop::conflict::{self, TheirFacts};
use crate::sop::facts::{Fact, FactKind, facts};
use crate::sop::{Sop, SopId, Version};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Conflicts of a draft with every active SOP, and advice about those with open drafts of other SOPs, each with its
/// mission and who asked for it.
pub fn conflicts(db: &Connection, sop: &Sop, text: &str) -> Result<Vec<Finding>> {
    let found = compared(db, sop, text)?;
    Ok(found.into_iter().flat_map(|(_, found)| found).collect())
}

/// Whoever signs first wins: open missions whose drafts contradict a version that is published now are told what does.
pub(super) fn tell_others(tx: &Tx<'_>, sop: &Sop, text: &str) -> Result<()> {
    for (mission, found) in compared(tx.db(), sop, text)? {
        let Some(mission) = mission.filter(|_| !found.is_empty()) else { continue };
        let told: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        let body = json!({ "sop": sop.head.id, "version": sop.head.version, "told": told });
        tx.event(&mission, "draft_contradicted", &body)?;
    }
    Ok(())
}

/// Facts of others by their SOP, version and, of a draft, how it is told; with the mission that drafts it.
type Others = BTreeMap<(SopId, Version, Option<String>), (Option<String>, Vec<Fact>)>;

/// What contradicts `sop`, by the open mission it is a draft of; `None` for what is in force.
fn compared(db: &Connection, sop: &Sop, text: &str) -> Result<Vec<(Option<String>, Vec<Finding>)>> {
    let mine = facts(sop, text);
    let mut others = Others::new();
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT theirs.sop, theirs.version, theirs.fact, CASE WHEN theirs.source = theirs.sop THEN NULL
           ELSE theirs.source || coalesce(' by ' || mission.requested_by, '') END,
           CASE WHEN theirs.source = theirs.sop THEN NULL ELSE theirs.source END
         FROM sop_fact AS theirs LEFT JOIN mission ON mission.id = theirs.source
         WHERE theirs.kind = ?1 AND theirs.subject = ?2 AND theirs.sop <> ?3
           AND (mission.ended_at IS NULL AND mission.id IS NOT NULL OR EXISTS (
             SELECT 1 FROM sop_version WHERE sop = theirs.source AND version = theirs.version AND status = 'active'))",
    )?;
    let keys: BTreeSet<_> = mine.iter().map(conflict::key).collect();
    for (kind, subject) in keys {
        let mut rows = statement.query((word(kind), subject, sop.head.id.as_str()))?;
        while let Some(row) = rows.next()? {
            let id: SopId = row.get::<_, String>(0)?.parse().map_err(Problem::store)?;
            let version: Version = row.get::<_, String>(1)?.parse().map_err(Problem::store)?;
            let fact: Fact = serde_json::from_str(&row.get::<_, String>(2)?)
                .map_err(|error| Problem::store(format!("a stored fact of {id} cannot be read: {error}")))?;
            let (mission, theirs) = others.entry((id, version, row.get(3)?)).or_default();
            *mission = row.get(4)?;
            if !theirs.contains(&fact) {
                theirs.push(fact);
            }
        }
    }
    let compare = |((id, version, draft), (mission, facts))| {
        (mission, conflict::conflicts(&sop.head.id, &mine, &TheirFacts { id, version, draft, facts }))
    };
    Ok(others.into_iter().map(compare).collect())
}

/// Puts the facts of a mission's draft in place of those of its draft before, so that other missions are
/// compared with it while it is still open.
pub fn remember_draft(tx: &Tx<'_>, mission: &str, sop: &Sop, text: &str) -> Result<()> {
    replace(tx, mission, sop, text)
}

/// Forgets the facts of a mission's draft.
pub fn forget(tx: &Tx<'_>, source: &str) -> Result<()> {
    tx.db().prepare_cached("DELETE FROM sop_fact WHERE source = ?1")?.execute([source])?;
    Ok(())
}

pub(super) fn replace(tx: &Tx<'_>, source: &str, sop: &Sop, text: &str) -> Result<()> {
    forget(tx, source)?;
    let mut insert = tx.db().prepare_cached(
        "INSERT INTO sop_fact(kind, subject, source, sop, version, fact) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for fact in facts(sop, text) {
        let stored = serde_json::to_string(&fact)
            .map_err(|error| Problem::failed(format!("BUG: a fact is not JSON: {error}")))?;
        let (id, version) = (sop.head.id.as_str(), sop.head.version.to_string());
        insert.execute((word(fact.kind), &fact.subject, source, id, version, stored))?;
    }
    Ok(())
}

/// A hash of all facts of one source, whose rows no fact of the log seals one by one.
pub(super) fn digest(db: &Connection, source: &str) -> Result<Digest> {
    let sql = "SELECT coalesce(group_concat(row, char(10)), '') FROM (
                 SELECT json_array(kind, subject, sop, version, fact) AS row FROM sop_fact WHERE source = ?1 ORDER BY row)";
    let rows: String = db.prepare_cached(sql)?.query_row([source], |row| row.get(0))?;
    Ok(Digest::of(rows))
}

/// Active SOPs whose facts, by which drafts are compared with them, are not those of their publication; a sentence each.
/// Publications of older journals name no hash of them.
///
/// # Errors
/// Of the journal.
pub fn unlike_their_publication(db: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT seq, text ->> 'facts' FROM event
               WHERE kind = 'published' AND text ->> 'sop' = ?1 ORDER BY seq DESC LIMIT 1";
    let mut publication = db.prepare_cached(sql)?;
    let mut active =
        db.prepare("SELECT sop, version FROM sop_version WHERE status = 'active' ORDER BY sop")?;
    let mut rows = active.query([])?;
    let mut unlike = Vec::new();
    while let Some(row) = rows.next()? {
        let (sop, version): (String, String) = (row.get(0)?, row.get(1)?);
        let said: Option<(i64, Option<String>)> =
            publication.query_row([&sop], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((seq, Some(said))) = said else { continue };
        if digest(db, &sop)?.0 != said {
            unlike.push(format!(
                "rows `sop_fact` of {sop} v{version} are not what fact {seq} (published) left"
            ));
        }
    }
    let sql = "SELECT DISTINCT source FROM sop_fact
               WHERE source NOT IN (SELECT sop FROM sop_version WHERE status = 'active')
                 AND source NOT IN (SELECT id FROM mission WHERE ended_at IS NULL)";
    let mut rows = db.prepare(sql)?;
    for source in rows.query_map([], |row| row.get::<_, String>(0))? {
        unlike.push(format!("rows `sop_fact` of {}, which is neither in force nor an open mission", source?));
    }
    Ok(unlike)
}

/// The bare word of a kind, as a column holds it.
fn word(kind: FactKind) -> String {
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
