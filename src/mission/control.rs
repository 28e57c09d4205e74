//! Ending a mission, and driving a stopped one again, by the word of somebody who may say so.

use super::close::Closing;
use super::records::{MissionState, mission};
use crate::base::text::listed;
use crate::base::{Problem, problem::Result};
use crate::decision;
use crate::journal::{Story as _, Tx, stopped};
use crate::settings::Publication;
use serde_json::json;

/// Who wants what of a mission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// The mission.
    pub mission: String,
    /// The acting party.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
    /// A remark that goes on record; may be empty.
    pub text: String,
}

/// The fact that somebody cancelled a mission.
pub(super) const CANCEL_ASKED: &str = "mission_cancel_asked";

/// The signal a workflow of any kind ends by.
const CANCEL: &str = "cancel";

/// Cancels an open mission: its requester, and whoever forwards or signs, may. Its decisions are void from this
/// moment on, so that nobody's later yes is taken and then comes to nothing. One that was stopped is ended without
/// its own story, which could not go on to hear of it.
pub fn cancel(tx: &Tx<'_>, control: &Control, publication: &Publication) -> Result<()> {
    allow(tx, control, publication)?;
    record(tx, control, CANCEL_ASKED)?;
    decision::void_all(tx, &control.mission)?;
    if tx.abandon(&control.mission)? {
        return close(tx, &control.mission);
    }
    tx.signal(&control.mission, CANCEL, &json!(null))?;
    tx.below(&control.mission)?.iter().try_for_each(|part| tx.abandon(part).map(drop))
}

fn close(tx: &Tx<'_>, mission: &str) -> Result<()> {
    let reason = "somebody cancelled it after it was stopped".to_owned();
    let closing = Closing { mission: mission.to_owned(), state: MissionState::Cancelled, reason };
    let input = serde_json::to_string(&closing)
        .map_err(|error| Problem::failed(format!("BUG: an ending is not JSON: {error}")))?;
    tx.start(&closing.key(), (Closing::NAME, Closing::VERSION), None, &input).map(drop)
}

/// Drives what was stopped of a mission again; the same parties may. A mission of which nothing is stopped is a
/// conflict.
pub fn retry(tx: &Tx<'_>, control: &Control, publication: &Publication) -> Result<()> {
    allow(tx, control, publication)?;
    let stopped = stopped(tx.db(), &control.mission)?;
    if stopped.is_empty() {
        return Err(Problem::conflict(format!(
            "{} is not stuck: there is nothing to try again",
            control.mission
        ))
        .hint(format!("see `sopd status {}`", control.mission)));
    }
    record(tx, control, "mission_retried")?;
    stopped.iter().try_for_each(|one| tx.restart(&one.workflow).map(drop))
}

fn allow(tx: &Tx<'_>, control: &Control, publication: &Publication) -> Result<()> {
    let row = mission(tx.db(), &control.mission)?;
    if row.state.ended() {
        return Err(Problem::conflict(format!("{} has ended ({})", row.id, row.state.word())));
    }
    let interim = &publication.interim;
    let mut may = vec![&row.requested_by, &interim.forwards, &interim.signs, &publication.signs];
    may.extend(publication.deputy.iter());
    if may.contains(&&control.by) {
        return Ok(());
    }
    may.dedup();
    Err(Problem::not_allowed(format!("{} may not decide this; {} may", control.by, listed(&may))))
}

fn record(tx: &Tx<'_>, control: &Control, kind: &str) -> Result<()> {
    let Control { mission, by, os_user, text } = control;
    tx.event(mission, kind, &json!({ "by": by, "os_user": os_user, "text": text })).map(drop)
}
