//! Budgets: money and tokens are set aside before a call and settled after it.

use crate::base::{Instant, MicroUsd, Problem, problem::Result};
use crate::journal::{Failure, FailureClass, Tx};
use crate::settings::Budgets;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A week, for the weekly budget: the last seven days, so that it never jumps at midnight.
const WEEK_MILLIS: i64 = 7 * 86_400_000;

/// What the budgets of all missions together are called.
pub const WEEKLY: &str = "the weekly budget";
/// As [`WEEKLY`].
pub const TOTAL: &str = "the total budget";

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Micro-dollars.
    pub micros: i64,
    /// Tokens in and out.
    pub tokens: i64,
}

/// One model call about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reservation {
    pub(super) call: String,
    pub(super) mission: String,
    pub(super) most: Spent,
    /// How often the mission's budget was granted again.
    pub(super) grants: u32,
}

/// What a mission has used, what is under way counted in full.
pub fn spent_by_mission(db: &Connection, mission: &str) -> Result<Spent> {
    sum(db, "mission = ?1", (mission,))
}

/// What all missions have used in the last seven days, what is under way counted in full.
pub fn spent_in_week(db: &Connection, now: Instant) -> Result<Spent> {
    sum(db, "at > ?1", [now.0 - WEEK_MILLIS])
}

/// What this workspace has ever used, what is under way counted in full.
pub fn spent_in_all(db: &Connection) -> Result<Spent> {
    sum(db, "1 = 1", [])
}

fn sum(db: &Connection, filter: &str, values: impl rusqlite::Params) -> Result<Spent> {
    let sql = format!(
        "SELECT coalesce(sum(coalesce(micros, reserved_micros)), 0), coalesce(sum(coalesce(tokens, reserved_tokens)), 0)
         FROM spend WHERE {filter}"
    );
    let spent = db
        .prepare_cached(&sql)?
        .query_row(values, |row| Ok(Spent { micros: row.get(0)?, tokens: row.get(1)? }))?;
    Ok(spent)
}

/// Sets the most a call can cost aside. A call of the same key that a crash cut off is charged in full first.
/// Returns the attempt's number, or the failure that names the budget which would be exceeded.
pub(super) fn reserve(tx: &Tx<'_>, wanted: &Reservation, budgets: &Budgets) -> Result<Result<u32, Failure>> {
    let Reservation { call, mission, most, grants } = wanted;
    let lost = tx
        .db()
        .prepare_cached(
            "UPDATE spend SET micros = reserved_micros, tokens = reserved_tokens WHERE call = ?1 AND micros IS NULL",
        )?
        .execute([call])?;
    if lost > 0 {
        tx.event(mission, "model_call_lost", &json!({ "call": call, "charged": "its full reservation" }))?;
    }
    let granted = i64::from(*grants) + 1;
    let checks = [
        (
            "this mission's budget",
            spent_by_mission(tx.db(), mission)?,
            budgets.mission_usd,
            budgets.mission_tokens,
            granted,
        ),
        (WEEKLY, spent_in_week(tx.db(), tx.now())?, budgets.week_usd, budgets.week_tokens, 1),
        (TOTAL, spent_in_all(tx.db())?, budgets.total_usd, budgets.total_tokens, 1),
    ];
    for (name, spent, usd, tokens, times) in checks {
        if let Some(failure) = exceeded(name, spent, *most, (usd, tokens), times) {
            if name == WEEKLY || name == TOTAL {
                tx.event(mission, "budget_used_up", &json!({ "budget": name, "reason": failure.reason }))?;
            }
            return Ok(Err(failure));
        }
    }
    let attempt: u32 = tx
        .db()
        .prepare_cached("SELECT count(*) + 1 FROM spend WHERE call = ?1")?
        .query_row([call], |row| row.get(0))?;
    tx.db()
        .prepare_cached(
            "INSERT INTO spend(call, attempt, mission, at, reserved_micros, reserved_tokens) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((call, attempt, mission, tx.now().0, most.micros, most.tokens))?;
    Ok(Ok(attempt))
}

fn exceeded(
    name: &str,
    spent: Spent,
    most: Spent,
    (usd, tokens): (Option<MicroUsd>, Option<u64>),
    times: i64,
) -> Option<Failure> {
    if let Some(usd) = usd {
        let limit = usd.0.saturating_mul(times);
        if spent.micros.saturating_add(most.micros) > limit {
            let (spent, limit) = (MicroUsd(spent.micros), MicroUsd(limit));
            let reason = format!("{name} of {limit} does not hold another call ({spent} used or set aside)");
            return Some(Failure::new(FailureClass::Budget, reason));
        }
    }
    let limit = i64::try_from(tokens?).unwrap_or(i64::MAX).saturating_mul(times);
    if spent.tokens.saturating_add(most.tokens) > limit {
        let reason = format!(
            "{name} of {limit} tokens does not hold another call ({} used or set aside)",
            spent.tokens
        );
        return Some(Failure::new(FailureClass::Budget, reason));
    }
    None
}

/// Writes down what a call really used.
pub(super) fn settle(tx: &Tx<'_>, call: &str, attempt: u32, used: Spent) -> Result<()> {
    let rows = tx
        .db()
        .prepare_cached("UPDATE spend SET micros = ?3, tokens = ?4 WHERE call = ?1 AND attempt = ?2")?
        .execute((call, attempt, used.micros, used.tokens))?;
    if rows == 1 { Ok(()) } else { Err(Problem::failed(format!("BUG: {call} was never reserved"))) }
}
