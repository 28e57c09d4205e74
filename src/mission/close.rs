//! Ends a mission: its state, its open decisions, its claim, the draft facts others are compared with.

use super::Office;
use super::claims::release;
use super::control::CANCEL_ASKED;
use super::records::{MissionState, artifacts, mission, set_state};
use crate::base::{Digest, Kind, Problem, files};
use crate::decision;
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Story, Workflow};
use crate::registry;
use crate::sop::{SopId, Version};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Ends a mission.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Close {
    pub(super) mission: String,
    pub(super) state: MissionState,
    /// How it ended, in words.
    pub(super) reason: String,
}

impl Activity for Close {
    const NAME: &'static str = "close";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        format!("close/{}", self.state.word())
    }
    async fn perform(self, office: &Office) -> Result<Recorded<()>, Failure> {
        let Self { mission, state, reason } = self;
        let asked = (state == MissionState::Cancelled)
            .then(|| office.journal.read(|db| cancelled_by(db, &mission)))
            .transpose()?
            .flatten();
        let reason = asked.unwrap_or(reason);
        if let Err(problem) = withdraw(office, &mission) {
            // The mission ends all the same; `sop verify` names the file until somebody removes it.
            tracing::warn!(%problem, %mission, "a file that was never published could not be removed");
        }
        let body = json!({ "state": state, "reason": reason });
        Ok(Recorded::of(()).event(&mission.clone(), "mission_closed", body).change(move |tx| {
            decision::void_all(tx, &mission)?;
            registry::forget(tx, &mission)?;
            release(tx, &mission)?;
            set_state(tx, &mission, state, &reason)
        }))
    }
}

/// Who cancelled a mission, and why, as it is on record.
fn cancelled_by(db: &Connection, mission: &str) -> Result<Option<String>, Problem> {
    let sql = "SELECT text ->> 'by', coalesce(text ->> 'text', '') FROM event
               WHERE subject = ?1 AND kind = ?2 ORDER BY seq DESC LIMIT 1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let asked: Option<(String, String)> =
        db.prepare_cached(sql)?.query_row((mission, CANCEL_ASKED), read).optional()?;
    Ok(asked.map(|(by, text)| match text.trim() {
        "" => format!("{by} cancelled it"),
        why => format!("{by} cancelled it: {why}"),
    }))
}

/// Ends a mission whose own story cannot: it was stopped, and is told no more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Closing {
    pub(super) mission: String,
    pub(super) state: MissionState,
    /// How it ended, in words.
    pub(super) reason: String,
}

impl Story for Closing {
    const NAME: &'static str = "closing";
    const VERSION: u32 = 1;
    type Output = ();
    fn key(&self) -> String {
        format!("{}/closing", self.mission)
    }
    async fn tell(self, w: Workflow) -> Result<(), Stop> {
        let Self { mission, state, reason } = self;
        w.call(Close { mission, state, reason }).await
    }
}

/// Removes the file of a publication that was cut off between writing and registering: nobody was told of it, and
/// it would stand in the way of the next mission. Only bytes this mission made are removed.
fn withdraw(office: &Office, id: &str) -> Result<(), Problem> {
    let (row, made) = office.journal.read(|db| Ok((mission(db, id)?, artifacts(db, id)?)))?;
    let (Some(sop), Some(version)) = (row.sop, row.version) else { return Ok(()) };
    let registered = office.journal.read(|db| registry::version(db, &format!("{sop}-v{version}")));
    match registered {
        Err(problem) if problem.kind == Kind::NotFound => {}
        other => return other.map(drop),
    }
    let (Ok(sop), Ok(version)) = (sop.parse::<SopId>(), version.parse::<Version>()) else { return Ok(()) };
    let path = office.root.join(registry::version_path(&sop, version));
    if !path.exists() {
        return Ok(());
    }
    let bytes = files::bytes(&path).map_err(|error| files::explain(&path, &error))?;
    let digest = Digest::of(bytes);
    if made.iter().any(|artifact| artifact.hash == digest) { files::remove(&path) } else { Ok(()) }
}
