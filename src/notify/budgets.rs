//! Alerts on the budgets of all missions together: told once at 80 %, and once when another call does not fit. They
//! are told anew after the share used has fallen below 80 % in between.

use super::facts::notice;
use super::notice::Told;
use crate::agent::{Spent, TOTAL, WEEKLY, spent_in_all, spent_in_week};
use crate::base::{Instant, MicroUsd, problem::Result};
use crate::journal::{Event, Tx};
use crate::settings::{Budgets, Settings, What};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

/// The share of a budget, in percent, at which somebody should look.
const LOOK: i64 = 80;

/// Whether a fact may have changed how much is used.
pub(super) fn is_told(kind: &str) -> bool {
    matches!(kind, "model_called" | "model_call_lost" | "budget_used_up")
}

/// One budget as it stands.
struct Standing {
    name: &'static str,
    /// Of the limit that is nearest.
    percent: i64,
    used: String,
    limit: String,
}

fn standing(
    name: &'static str,
    spent: Spent,
    usd: Option<MicroUsd>,
    tokens: Option<u64>,
) -> Option<Standing> {
    let share = |used: i64, limit: i64| used.saturating_mul(100).checked_div(limit).unwrap_or(100);
    let dollars = usd.map(|usd| Standing {
        name,
        percent: share(spent.micros, usd.0),
        used: MicroUsd(spent.micros).to_string(),
        limit: usd.to_string(),
    });
    let tokens = tokens.map(|tokens| Standing {
        name,
        percent: share(spent.tokens, i64::try_from(tokens).unwrap_or(i64::MAX)),
        used: spent.tokens.to_string(),
        limit: format!("{tokens} tokens"),
    });
    dollars.into_iter().chain(tokens).max_by_key(|standing| standing.percent)
}

fn standings(db: &Connection, budgets: &Budgets, now: Instant) -> Result<Vec<Standing>> {
    let week = standing(WEEKLY, spent_in_week(db, now)?, budgets.week_usd, budgets.week_tokens);
    let total = standing(TOTAL, spent_in_all(db)?, budgets.total_usd, budgets.total_tokens);
    Ok(week.into_iter().chain(total).collect())
}

/// What the budgets have to tell after `events`, in the transaction that remembers it as told.
pub(super) fn told(tx: &Tx<'_>, settings: &Settings, events: &[Event]) -> Result<Vec<Told>> {
    let refused = |name: &str| {
        let named = |event: &&Event| {
            serde_json::from_str(&event.text)
                .is_ok_and(|fact: Value| fact.get("budget") == Some(&json!(name)))
        };
        events.iter().filter(|event| event.kind == "budget_used_up").any(|event| named(&event))
    };
    let mut all = Vec::new();
    for standing in standings(tx.db(), &settings.budgets, tx.now())? {
        let (look, full) = (format!("{}/80", standing.name), format!("{}/100", standing.name));
        let used_up = standing.percent >= 100 || refused(standing.name);
        if standing.percent < LOOK && !used_up {
            unmark(tx, &look)?;
            unmark(tx, &full)?;
        }
        // Whoever is told that it is used up need not hear that it will be.
        let news = if used_up { mark(tx, &full)? } else { standing.percent >= LOOK && mark(tx, &look)? };
        if news {
            all.push(alert(tx, settings, &standing, used_up)?);
        }
    }
    Ok(all)
}

/// Takes what stands now for told: for a first look at an old journal.
pub(super) fn take_for_told(tx: &Tx<'_>, settings: &Settings) -> Result<()> {
    told(tx, settings, &[]).map(drop)
}

fn alert(tx: &Tx<'_>, settings: &Settings, standing: &Standing, used_up: bool) -> Result<Told> {
    let values = json!({
        "budget": standing.name, "percent": standing.percent, "used": standing.used, "limit": standing.limit,
        "used_up": used_up,
    });
    let parties = vec![settings.requester.clone(), settings.publication.interim.forwards.clone()];
    let key = format!("{}/{}/{}", standing.name, if used_up { 100 } else { LOOK }, tx.now().0);
    let notice = notice(What::Budget, &values, "/dashboard".to_owned(), tx.now())?;
    Ok(Told { key, parties, to_operations: true, notice })
}

/// Marks a state as told; whether it was not yet.
fn mark(tx: &Tx<'_>, name: &str) -> Result<bool> {
    let there: Option<i64> = tx
        .db()
        .prepare_cached("SELECT at FROM notice_mark WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    if there.is_some() {
        return Ok(false);
    }
    tx.db()
        .prepare_cached("INSERT INTO notice_mark(name, at) VALUES(?1, ?2)")?
        .execute((name, tx.now().0))?;
    Ok(true)
}

fn unmark(tx: &Tx<'_>, name: &str) -> Result<()> {
    tx.db().prepare_cached("DELETE FROM notice_mark WHERE name = ?1")?.execute([name])?;
    Ok(())
}
