//! Which triggers are in force: those of the active versions. A version never changes, so its file is read once and
//! its triggers are remembered beside its hash; what is remembered can be lost and is read again.

use super::words;
use crate::base::{Digest, Instant, Problem, problem::Result};
use crate::journal::Tx;
use crate::registry;
use crate::run::start::read;
use crate::sop::document::Trigger;
use crate::sop::{SopId, Version};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::Path;

/// One trigger of an active SOP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wired {
    /// The SOP.
    pub sop: SopId,
    /// Its active version.
    pub version: Version,
    /// When that version was registered.
    pub since: Instant,
    /// The trigger.
    pub trigger: Trigger,
}

/// Every trigger in force.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// By SOP, in the order of its head.
    pub triggers: Vec<Wired>,
    /// Active SOPs whose files cannot be read or are not what was approved: nothing starts them.
    pub unreadable: Vec<(SopId, Problem)>,
    fresh: Vec<(SopId, Digest, String)>,
}

/// The triggers of all active versions.
pub fn wiring(db: &Connection, root: &Path) -> Result<Wiring> {
    type Row = (String, String, String, i64, Option<String>);
    let sql = "SELECT sop_version.sop, version, sop_version.sha256, created_at, triggers FROM sop_version
               LEFT JOIN trigger_known ON trigger_known.sop = sop_version.sop
                                      AND trigger_known.sha256 = sop_version.sha256
               WHERE status = 'active' ORDER BY sop_version.sop";
    let rows: Vec<Row> = db
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<std::result::Result<_, _>>()?;
    let mut found = Wiring::default();
    for (sop, version, sha256, since, known) in rows {
        let sop: SopId = sop.parse().map_err(Problem::store)?;
        let version: Version = version.parse().map_err(Problem::store)?;
        let triggers = match known.and_then(|text| serde_json::from_str(&text).ok()) {
            Some(triggers) => triggers,
            None => match of_file(db, root, &sop) {
                Ok(triggers) => {
                    let text = serde_json::to_string(&triggers)
                        .map_err(|error| Problem::failed(format!("BUG: triggers are not JSON: {error}")))?;
                    found.fresh.push((sop.clone(), Digest(sha256), text));
                    triggers
                }
                Err(problem) => {
                    found.unreadable.push((sop, problem));
                    continue;
                }
            },
        };
        let wired = |trigger| Wired { sop: sop.clone(), version, since: Instant(since), trigger };
        found.triggers.extend(triggers.into_iter().map(wired));
    }
    Ok(found)
}

fn of_file(db: &Connection, root: &Path, sop: &SopId) -> Result<Vec<Trigger>> {
    let row = registry::active(db, sop)?
        .ok_or_else(|| Problem::not_found(format!("{sop} has no active version")))?;
    Ok(read(root, &row)?.head.triggers)
}

/// Lets schedules count from here on: one that is new counts from its version's registration, one that goes on from
/// where it was, and one that is gone is forgotten, so that it begins anew if it ever comes back.
pub fn put_in_force(tx: &Tx<'_>, wiring: &Wiring) -> Result<()> {
    for (sop, sha256, triggers) in &wiring.fresh {
        tx.db()
            .prepare_cached("INSERT OR REPLACE INTO trigger_known(sop, sha256, triggers) VALUES(?1, ?2, ?3)")?
            .execute((sop.as_str(), &sha256.0, triggers))?;
    }
    let mut named = BTreeSet::new();
    for wired in &wiring.triggers {
        let words = words(&wired.trigger);
        if matches!(wired.trigger, Trigger::Cron(_)) {
            tx.db()
                .prepare_cached(
                    "INSERT INTO trigger_state(sop, trigger, last) VALUES(?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET last = coalesce(last, excluded.last)",
                )?
                .execute((wired.sop.as_str(), &words, wired.since.min(tx.now()).0))?;
        }
        named.insert((wired.sop.to_string(), words));
    }
    let there: Vec<(String, String)> = tx
        .db()
        .prepare_cached("SELECT sop, trigger FROM trigger_state")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    let unread = |sop: &str| wiring.unreadable.iter().any(|(id, _)| id.as_str() == sop);
    for gone in there.into_iter().filter(|key| !named.contains(key) && !unread(&key.0)) {
        tx.db().prepare_cached("DELETE FROM trigger_state WHERE sop = ?1 AND trigger = ?2")?.execute(gone)?;
    }
    Ok(())
}
