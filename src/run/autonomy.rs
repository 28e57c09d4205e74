//! Widening what an SOP may do without asking: on record, by whoever signs, and taken back the same way. The newest
//! word on an SOP, or on one step of it, counts.

use super::mode::Widened;
use crate::base::{Problem, problem::Result};
use crate::journal::Tx;
use crate::sop::SopId;
use rusqlite::Connection;
use serde_json::json;

/// A word on autonomy.
#[derive(Clone, Debug)]
pub struct Word {
    /// The SOP.
    pub sop: SopId,
    /// One step, or the whole SOP.
    pub step: Option<u32>,
    /// Wider, or narrow again.
    pub widen: bool,
    /// Who says so: the party that signs publications.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
    /// Why.
    pub reason: String,
}

/// What autonomy is widened for now.
pub fn widened(db: &Connection, sop: &SopId) -> Result<Widened> {
    let mut found = Widened::default();
    let mut rows = db.prepare_cached("SELECT step, widened FROM autonomy WHERE sop = ?1 ORDER BY number")?;
    let rows =
        rows.query_map([sop.as_str()], |row| Ok((row.get::<_, Option<u32>>(0)?, row.get::<_, bool>(1)?)))?;
    for row in rows {
        match row? {
            (None, wide) => found.sop = wide,
            (Some(step), true) => drop(found.steps.insert(step)),
            (Some(step), false) => drop(found.steps.remove(&step)),
        }
    }
    Ok(found)
}

/// Records a word on autonomy. `signer` is who may say it; saying what holds already is a conflict.
pub fn say(tx: &Tx<'_>, word: &Word, signer: &str) -> Result<()> {
    let Word { sop, step, widen, by, os_user, reason } = word;
    if by != signer {
        return Err(Problem::not_allowed(format!(
            "{by} may not decide this; {signer} signs publications, and decides how far an SOP goes by itself"
        )));
    }
    if reason.trim().is_empty() {
        return Err(Problem::usage("widening or narrowing autonomy needs a reason"));
    }
    let now = widened(tx.db(), sop)?;
    let there = step.map_or(now.sop, |step| now.steps.contains(&step));
    if there == *widen {
        let word = if *widen { "wide" } else { "narrow" };
        return Err(Problem::conflict(format!("the autonomy of {sop} is {word} there already")));
    }
    tx.db()
        .prepare_cached(
            "INSERT INTO autonomy(sop, step, widened, by, reason, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((sop.as_str(), step, widen, by, tx.clean(reason), tx.now().0))?;
    let kind = if *widen { "autonomy_widened" } else { "autonomy_narrowed" };
    tx.event(sop.as_str(), kind, &json!({ "step": step, "by": by, "os_user": os_user, "reason": reason }))
        .map(drop)
}
