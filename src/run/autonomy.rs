//! Widening what an SOP may do without asking: on record, by whoever signs, and taken back the same way. The newest
//! word on an SOP, or on one step of it, counts. A word on a step counts for its version and that one's patches: in
//! any other, the step of that number may do something else.

use super::mode::Widened;
use super::start::{active, read};
use crate::base::{Problem, problem::Result};
use crate::journal::{Journal, Tx};
use crate::sop::{SopId, Version};
use rusqlite::Connection;
use serde_json::json;
use std::path::Path;

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

/// What version 3 adds: words on autonomy are found by SOP.
pub const AUTONOMY_INDEX: &str = "CREATE INDEX event_autonomy ON event(subject, seq)
  WHERE kind IN ('autonomy_widened', 'autonomy_narrowed');";

/// What autonomy is widened for in that version, by the facts: a row alone lets nothing go unasked.
pub fn widened(db: &Connection, sop: &SopId, version: Version) -> Result<Widened> {
    let mut found = Widened::default();
    let mut rows = db.prepare_cached(
        "SELECT text ->> 'step', kind = 'autonomy_widened', text ->> 'version' FROM event
         WHERE kind IN ('autonomy_widened', 'autonomy_narrowed') AND subject = ?1 ORDER BY seq",
    )?;
    let rows = rows.query_map([sop.as_str()], |row| {
        Ok((row.get::<_, Option<u32>>(0)?, row.get::<_, bool>(1)?, row.get::<_, String>(2)?))
    })?;
    let same = |said: &str| {
        said.parse().is_ok_and(|said: Version| (said.major, said.minor) == (version.major, version.minor))
    };
    for row in rows {
        match row? {
            (None, wide, _) => found.sop = wide,
            (Some(step), true, said) if same(&said) => drop(found.steps.insert(step)),
            (Some(step), false, said) if same(&said) => drop(found.steps.remove(&step)),
            (Some(_), ..) => {}
        }
    }
    Ok(found)
}

/// Takes a word on the autonomy of the active version of an SOP. `signer` is who may say it; saying what holds already
/// is a conflict.
pub fn say(journal: &Journal, root: &Path, word: Word, signer: String) -> Result<()> {
    let row = journal.read(|db| active(db, &word.sop))?;
    let steps = read(root, &row)?.body.steps;
    if let Some(step) = word.step.filter(|step| !steps.iter().any(|known| known.number == *step)) {
        return Err(Problem::not_found(format!("{} v{} has no step {step}", word.sop, row.version)));
    }
    journal.append(move |tx| record(tx, &word, &signer, row.version))
}

fn record(tx: &Tx<'_>, word: &Word, signer: &str, version: Version) -> Result<()> {
    let Word { sop, step, widen, by, os_user, reason } = word;
    if by != signer {
        return Err(Problem::not_allowed(format!(
            "{by} may not decide this; {signer} signs publications, and decides how far an SOP goes by itself"
        )));
    }
    if reason.trim().is_empty() {
        return Err(Problem::usage("widening or narrowing autonomy needs a reason"));
    }
    let now = widened(tx.db(), sop, version)?;
    let there = step.map_or(now.sop, |step| now.steps.contains(&step));
    if there == *widen {
        let word = if *widen { "wide" } else { "narrow" };
        return Err(Problem::conflict(format!("the autonomy of {sop} is {word} there already")));
    }
    tx.db()
        .prepare_cached(
            "INSERT INTO autonomy(sop, step, version, widened, by, reason, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((sop.as_str(), step, version.to_string(), widen, by, tx.clean(reason), tx.now().0))?;
    let kind = if *widen { "autonomy_widened" } else { "autonomy_narrowed" };
    let body = json!({ "step": step, "version": version, "by": by, "os_user": os_user, "reason": reason });
    tx.event(sop.as_str(), kind, &body).map(drop)
}
