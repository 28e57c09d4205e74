//! How it goes, in numbers: what is in flight, what waits, what failed, what it costs.

use crate::base::{Instant, MicroUsd, problem::Result};
use crate::web::caller::Visitor;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::State;
use rusqlite::Connection;
use serde_json::{Value, json};

/// Weeks of the plot.
const WEEKS: i64 = 12;
/// Milliseconds of a week.
const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Height of the tallest bar, in the plot's units.
const TALLEST: i64 = 120;

/// `GET /dashboard`
pub(super) async fn show(State(site): State<Shared>, visitor: Visitor) -> Answer {
    let now = site.now();
    let context = site
        .work(move |workspace| {
            let budget = super::settings(workspace)?.budgets.week_usd;
            workspace.journal.read(|db| context(db, budget, now))
        })
        .await?;
    site.page(&visitor, "dashboard.html", &context)
}

fn context(db: &Connection, budget: Option<MicroUsd>, now: Instant) -> Result<Value> {
    let count = |sql: &str| -> Result<i64> { Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?) };
    let weeks = weeks(db, now)?;
    let this_week = spent(db, now.0 - WEEK, now.0 + 1)?;
    let most = weeks.iter().map(|(_, micros)| *micros).max().unwrap_or(0).max(1);
    let bars: Vec<Value> = (0_i64..)
        .zip(&weeks)
        .map(|(index, (from, micros))| {
            let height = micros * TALLEST / most;
            json!({
                "x": 10 + index * 48, "y": 10 + TALLEST - height, "height": height, "from": Instant(*from).day(),
                "usd": MicroUsd(*micros).dollars(),
            })
        })
        .collect();
    Ok(json!({
        "title": "Dashboard",
        "missions": count("SELECT count(*) FROM mission WHERE ended_at IS NULL")?,
        "published": count("SELECT count(*) FROM mission WHERE state = 'published'")?,
        "failed_missions": count("SELECT count(*) FROM mission WHERE state = 'failed'")?,
        "decisions": count("SELECT count(*) FROM decision WHERE state = 'open'")?,
        "runs": count("SELECT count(*) FROM run WHERE ended_at IS NULL")?,
        "completed_runs": count("SELECT count(*) FROM run WHERE state = 'completed'")?,
        "failed_runs": count("SELECT count(*) FROM run WHERE state = 'failed'")?,
        "sops": count("SELECT count(*) FROM sop_version WHERE status = 'active'")?,
        "to_active": median(db, "SELECT ended_at - created_at FROM mission WHERE state = 'published' ORDER BY 1")?,
        "to_answer": median(db, "SELECT resolved_at - requested_at FROM decision WHERE state = 'resolved' ORDER BY 1")?,
        "week_usd": MicroUsd(this_week).dollars(), "budget_usd": budget.map(MicroUsd::dollars),
        "left_usd": budget.map(|budget| MicroUsd((budget.0 - this_week).max(0)).dollars()),
        "bars": bars, "spent_at_all": weeks.iter().any(|(_, micros)| *micros > 0),
    }))
}

fn spent(db: &Connection, from: i64, to: i64) -> Result<i64> {
    let sql =
        "SELECT coalesce(sum(coalesce(micros, reserved_micros)), 0) FROM spend WHERE at >= ?1 AND at < ?2";
    Ok(db.prepare_cached(sql)?.query_row((from, to), |row| row.get(0))?)
}

/// What the last weeks cost, in micro-dollars, the oldest first, each with its beginning.
fn weeks(db: &Connection, now: Instant) -> Result<Vec<(i64, i64)>> {
    let starts = (0..WEEKS).rev().map(|back| now.0 - (back + 1) * WEEK);
    starts.map(|from| Ok((from, spent(db, from, from + WEEK)?))).collect()
}

/// The middle of a sorted column of lengths of time.
fn median(db: &Connection, sql: &str) -> Result<Option<i64>> {
    let times: Vec<i64> =
        db.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(times.get(times.len() / 2).copied())
}
