//! What will start what, for people: every trigger in force, when it falls due next, and what it last led to.

use super::wired::Wired;
use super::{scheduled, source, wired, words};
use crate::base::{Instant, problem::Result};
use crate::run::schedule;
use crate::settings::Runs;
use crate::sop::SopId;
use crate::sop::document::Trigger;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use std::path::Path;

/// Everything that may start a run.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// Every trigger of every active SOP, by SOP.
    pub triggers: Vec<TriggerStatus>,
    /// Active SOPs that nothing starts because their files cannot be used, with the reason.
    pub unreadable: Vec<(SopId, String)>,
}

/// One trigger.
#[derive(Clone, Debug, Serialize)]
pub struct TriggerStatus {
    /// The SOP.
    pub sop: SopId,
    /// Its active version.
    pub version: String,
    /// `manual`, `webhook`, `cron` or `files`.
    pub kind: &'static str,
    /// The trigger as runs name it.
    pub trigger: String,
    /// What happens when, in words.
    pub says: String,
    /// The next moment of a schedule, RFC 3339; of what was missed, the present one.
    pub next: Option<String>,
    /// What there is to say of a clock that showed a later time once.
    pub ahead: Option<String>,
    /// Arrivals that wait to be taken.
    pub waiting: u32,
    /// The latest arrival.
    pub last: Option<Came>,
    /// The latest request that was refused at the door.
    pub refused: Option<Refused>,
}

/// What came of an arrival.
#[derive(Clone, Debug, Serialize)]
pub struct Came {
    /// When it arrived, RFC 3339.
    pub at: String,
    /// Which it was.
    pub occurrence: String,
    /// The run that came of it.
    pub run: Option<String>,
    /// Why none did.
    pub refusal: Option<String>,
}

/// A refused request.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub reason: String,
}

/// Every trigger in force, as of `now`.
pub fn overview(db: &Connection, root: &Path, settings: &Runs, now: Instant) -> Result<Overview> {
    let wiring = wired::wiring(db, root)?;
    let triggers: Result<Vec<_>> = wiring.triggers.iter().map(|one| status(db, one, settings, now)).collect();
    let unreadable = wiring.unreadable.into_iter().map(|(sop, problem)| (sop, problem.message)).collect();
    Ok(Overview { triggers: triggers?, unreadable })
}

fn status(db: &Connection, wired: &Wired, settings: &Runs, now: Instant) -> Result<TriggerStatus> {
    let trigger = words(&wired.trigger);
    let key = (wired.sop.as_str(), trigger.as_str());
    let last = db
        .prepare_cached(
            "SELECT at, occurrence, run, refusal FROM trigger_due WHERE sop = ?1 AND trigger = ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row(key, |row| {
            let at = Instant(row.get(0)?).to_string();
            Ok(Came { at, occurrence: row.get(1)?, run: row.get(2)?, refusal: row.get(3)? })
        })
        .optional()?;
    let refused = db
        .prepare_cached(
            "SELECT refused_at, refusal FROM trigger_state WHERE sop = ?1 AND trigger = ?2 AND refusal IS NOT NULL",
        )?
        .query_row(key, |row| Ok(Refused { at: Instant(row.get(0)?).to_string(), reason: row.get(1)? }))
        .optional()?;
    let waiting = db
        .prepare_cached(
            "SELECT count(*) FROM trigger_due WHERE sop = ?1 AND trigger = ?2 AND taken_at IS NULL",
        )?
        .query_row(key, |row| row.get(0))?;
    Ok(TriggerStatus {
        sop: wired.sop.clone(),
        version: wired.version.to_string(),
        kind: source(&wired.trigger),
        says: says(&wired.trigger, settings),
        next: scheduled::next_due(db, wired, now)?.map(|at| at.to_string()),
        ahead: scheduled::ahead(db, wired, now)?,
        waiting,
        last,
        refused,
        trigger,
    })
}

fn says(trigger: &Trigger, settings: &Runs) -> String {
    match trigger {
        Trigger::Manual => "somebody's word".to_owned(),
        Trigger::Cron(cron) => schedule::in_words(cron),
        Trigger::Files(path) => format!("a new or changed file {path}"),
        Trigger::Webhook(hook) => match (settings.webhooks.get(&hook.path), &hook.event) {
            (Some(secret), None) => format!("a request to {} signed with {secret}", hook.path),
            (Some(secret), Some(event)) => format!("`{event}` at {} signed with {secret}", hook.path),
            (None, _) => format!(
                "nothing yet: no secret is named for {} under `runs.webhooks` in sopd.yaml",
                hook.path
            ),
        },
    }
}
