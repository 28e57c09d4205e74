//! The facts SOPs are compared by, indexed by kind and subject: a draft is compared only with those that speak
//! of the same thing, so ten thousand SOPs cost little more than ten.

use crate::base::{Problem, problem::Result};
use crate::contract::Finding;
use crate::journal::Tx;
use crate::sop::conflict::{self, TheirFacts};
use crate::sop::facts::{Fact, FactKind, facts};
use crate::sop::{Sop, SopId, Version};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// Conflicts of a draft with every active SOP, and advice about those with open drafts of other SOPs, each with its
/// mission and who asked for it.
pub fn conflicts(db: &Connection, sop: &Sop, text: &str) -> Result<Vec<Finding>> {
    let mine = facts(sop, text);
    let mut others: BTreeMap<(SopId, Version, Option<String>), Vec<Fact>> = BTreeMap::new();
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT theirs.sop, theirs.version, theirs.fact, CASE WHEN theirs.source = theirs.sop THEN NULL
           ELSE theirs.source || coalesce(' by ' || mission.requested_by, '') END
         FROM sop_fact AS theirs LEFT JOIN mission ON mission.id = theirs.source
         WHERE theirs.kind = ?1 AND theirs.subject = ?2 AND theirs.sop <> ?3",
    )?;
    let keys: BTreeSet<_> = mine.iter().map(conflict::key).collect();
    for (kind, subject) in keys {
        let mut rows = statement.query((word(kind), subject, sop.head.id.as_str()))?;
        while let Some(row) = rows.next()? {
            let id: SopId = row.get::<_, String>(0)?.parse().map_err(Problem::store)?;
            let version: Version = row.get::<_, String>(1)?.parse().map_err(Problem::store)?;
            let fact: Fact = serde_json::from_str(&row.get::<_, String>(2)?)
                .map_err(|error| Problem::store(format!("a stored fact of {id} cannot be read: {error}")))?;
            let theirs = others.entry((id, version, row.get(3)?)).or_default();
            if !theirs.contains(&fact) {
                theirs.push(fact);
            }
        }
    }
    Ok(others
        .into_iter()
        .flat_map(|((id, version, draft), facts)| {
            conflict::conflicts(&sop.head.id, &mine, &TheirFacts { id, version, draft, facts })
        })
        .collect())
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

/// The bare word of a kind, as a column holds it.
fn word(kind: FactKind) -> String {
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
