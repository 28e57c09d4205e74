//! Where a mission stands, in plain words: what it waits for, who must act, what it has cost.

use crate::agent::{Spent, Trouble, spent_by_mission, trouble};
use crate::base::text::listed;
use crate::base::{MicroUsd, problem::Result};
use crate::decision::{self, Decision, DecisionKind};
use crate::journal::{Stopped, stopped};
use crate::mission::{self, MissionRow, MissionState};
use rusqlite::Connection;
use serde::Serialize;

/// A mission with everything a person asks about it. Stable as JSON, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct MissionStatus {
    /// `M-2026-1120-lead-qualification`.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Where it stands.
    pub state: MissionState,
    /// What it waits for and who must act, one sentence; empty while it goes on or once it has ended.
    pub waiting_for: String,
    /// Rounds of synthesis so far.
    pub round: u32,
    /// US dollars spent, what is under way counted in full.
    pub cost_usd: f64,
    /// Tokens used, in and out.
    pub tokens: i64,
    /// The SOP and version it works on, once planned.
    pub sop: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// When it was taken in, RFC 3339.
    pub created_at: String,
    /// When it ended, RFC 3339.
    pub ended_at: Option<String>,
    /// How it ended, or why it waits, as recorded.
    pub reason: String,
}

/// The status of every open mission, or of all; newest first.
pub fn statuses(db: &Connection, all: bool) -> Result<Vec<MissionStatus>> {
    mission::missions(db, all)?.into_iter().map(|row| of_row(db, row)).collect()
}

/// At most `limit` missions, newest first, those after `after` in that order.
pub fn status_page(
    db: &Connection,
    all: bool,
    (after, limit): (Option<&str>, u32),
) -> Result<Vec<MissionStatus>> {
    mission::missions_after(db, all, (after, limit))?.into_iter().map(|row| of_row(db, row)).collect()
}

/// The status of the newest open missions, at most `limit`, and how many are open.
pub(super) fn newest(db: &Connection, limit: u32) -> Result<(Vec<MissionStatus>, u32)> {
    let (rows, open) = mission::open_missions(db, limit)?;
    let listed: Result<_> = rows.into_iter().map(|row| of_row(db, row)).collect();
    Ok((listed?, open))
}

/// The status of one mission.
pub fn status_of(db: &Connection, id: &str) -> Result<MissionStatus> {
    of_row(db, mission::mission(db, id)?)
}

fn of_row(db: &Connection, row: MissionRow) -> Result<MissionStatus> {
    let Spent { micros, tokens } = spent_by_mission(db, &row.id)?;
    let waiting_for = waiting_for(db, &row)?;
    let version = row.version.as_deref();
    Ok(MissionStatus {
        waiting_for,
        sop: row.sop.as_ref().map(|sop| version.map_or(sop.clone(), |version| format!("{sop} v{version}"))),
        id: row.id,
        title: row.title,
        state: row.state,
        round: row.round,
        cost_usd: MicroUsd(micros).dollars(),
        tokens,
        requested_by: row.requested_by,
        created_at: row.created_at.to_string(),
        ended_at: row.ended_at.map(|at| at.to_string()),
        reason: row.reason,
    })
}

fn waiting_for(db: &Connection, row: &MissionRow) -> Result<String> {
    if row.state.ended() {
        return Ok(String::new());
    }
    if let Some(Stopped { reason, .. }) = stopped(db, &row.id)?.first() {
        return Ok(format!(
            "an operator: it was stopped because {reason}; `sopd mission retry {0}` goes on, `sopd mission cancel {0}` ends it",
            row.id
        ));
    }
    let mut waits: Vec<String> = decision::open_of_mission(db, &row.id)?.iter().map(asked).collect();
    waits.extend(trouble(db, &row.id)?.map(|trouble| {
        let Trouble { model, reason, since, next } = trouble;
        format!("{model}, in trouble since {}: {reason}; asked again at {}", since.minute(), next.minute())
    }));
    if !waits.is_empty() {
        return Ok(waits.join("; "));
    }
    Ok(if row.state == MissionState::Held { row.reason.clone() } else { String::new() })
}

pub(super) fn asked(decision: &Decision) -> String {
    let who = listed(&decision.ask.asked_of);
    let what = match decision.ask.kind {
        DecisionKind::Forward => "read it and forward it".to_owned(),
        DecisionKind::Publish => "sign it".to_owned(),
        DecisionKind::Assignment => "hand in a draft".to_owned(),
        DecisionKind::Stuck => format!("say how to go on ({})", decision.ask.why),
        DecisionKind::Question
        | DecisionKind::Gate
        | DecisionKind::Task
        | DecisionKind::Result
        | DecisionKind::Review
        | DecisionKind::PeriodicReview => format!("answer \"{}\"", decision.ask.title),
    };
    format!("{who} to {what} ({})", decision.id)
}
