//! Looking decisions up. Nothing here decides.

use super::rows::{Decision, SELECT, State, read};
use crate::base::{Instant, Problem, problem::Result};
use rusqlite::{Connection, OptionalExtension as _};

/// What this file adds to version 2: the open decisions in their order, however many have been answered before them.
pub const WAITING_TABLES: &str = "
CREATE INDEX decision_waiting ON decision(number) WHERE state = 'open';
";

/// The decision with that id, `D-17`.
pub fn one(db: &Connection, id: &str) -> Result<Decision> {
    let unknown = || Problem::not_found(format!("there is no decision `{id}`")).hint("see `sopd inbox`");
    let number: i64 = id.strip_prefix("D-").and_then(|digits| digits.parse().ok()).ok_or_else(unknown)?;
    db.prepare_cached(&format!("{SELECT} WHERE number = ?1"))?
        .query_row([number], read)
        .optional()?
        .ok_or_else(unknown)
}

/// The decision a person means: its own id, or a mission's id when just one of its decisions is open.
pub fn find(db: &Connection, id: &str) -> Result<Decision> {
    if id.starts_with("D-") {
        return one(db, id);
    }
    let mut open = open_of_mission(db, id)?;
    match (open.pop(), open.len()) {
        (Some(only), 0) => Ok(only),
        (Some(last), _) => {
            let mut ids: Vec<String> = open.into_iter().map(|decision| decision.id).collect();
            ids.push(last.id);
            Err(Problem::usage(format!("{id} waits for more than one decision: {}", ids.join(", ")))
                .hint("name the one you mean"))
        }
        (None, _) => Err(Problem::not_found(format!("nothing waits for a person under `{id}`"))
            .hint("see `sopd inbox` for what waits, `sopd status` for where missions stand")),
    }
}

/// Open decisions of one mission, oldest first.
pub fn open_of_mission(db: &Connection, mission: &str) -> Result<Vec<Decision>> {
    let sql = format!("{SELECT} WHERE state = 'open' AND mission = ?1 ORDER BY number");
    let rows = db.prepare_cached(&sql)?.query_map([mission], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Every decision of one mission, oldest first.
pub fn all_of_mission(db: &Connection, mission: &str) -> Result<Vec<Decision>> {
    let sql = format!("{SELECT} WHERE mission = ?1 ORDER BY number");
    let rows = db.prepare_cached(&sql)?.query_map([mission], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Open decisions, oldest first: all, or those a party is asked for.
pub fn open_for(db: &Connection, party: Option<&str>) -> Result<Vec<Decision>> {
    let rows = match party {
        None => db
            .prepare_cached(&format!("{SELECT} WHERE state = 'open' ORDER BY number"))?
            .query_map([], read)?
            .collect::<Result<_, _>>()?,
        Some(party) => db
            .prepare_cached(&format!(
                "{SELECT} WHERE number IN (SELECT decision FROM asked WHERE party = ?1) ORDER BY number"
            ))?
            .query_map([party], read)?
            .collect::<Result<_, _>>()?,
    };
    Ok(rows)
}

/// At most `limit` open decisions after `after` (an id), oldest first: all, or those a party is asked for.
pub fn open_after(
    db: &Connection,
    party: Option<&str>,
    (after, limit): (Option<&str>, u32),
) -> Result<Vec<Decision>> {
    let wrong =
        |id: &str| Problem::not_found(format!("there is no decision `{id}`")).hint("see `sopd inbox`");
    let place =
        |id: &str| id.strip_prefix("D-").and_then(|digits| digits.parse().ok()).ok_or_else(|| wrong(id));
    let after: i64 = after.map(place).transpose()?.unwrap_or(0);
    let sql = format!(
        "{SELECT} WHERE state = 'open' AND number > ?1
           AND (?2 IS NULL OR number IN (SELECT decision FROM asked WHERE party = ?2)) ORDER BY number LIMIT ?3"
    );
    let rows = db.prepare_cached(&sql)?.query_map((after, party, limit), read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// How many decisions of each kind wait, and how many of them past their deadline.
pub fn waiting_by_kind(db: &Connection, now: Instant) -> Result<Vec<(String, u32, u32)>> {
    let sql = "SELECT trim(kind, '\"'), count(*), sum(iif(due_at IS NULL, reminders > 0, due_at < ?1)) FROM decision
               WHERE state = 'open' GROUP BY kind ORDER BY kind";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows = db.prepare_cached(sql)?.query_map([now.0], read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(rows)
}

/// How many decisions wait.
pub fn waiting(db: &Connection) -> Result<u32> {
    let sql = "SELECT count(*) FROM decision WHERE state = 'open'";
    Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Why a decision that is not open can no longer be answered.
pub(super) fn closed(decision: &Decision) -> Problem {
    let id = &decision.id;
    match (decision.state, &decision.answer) {
        (State::Resolved, Some(answer)) => Problem::conflict(format!(
            "{id} is already decided: {} by {} at {}",
            answer.verb.word(),
            answer.by,
            answer.at.minute()
        )),
        (State::Expired, _) => Problem::conflict(format!(
            "the deadline of {id} has passed; its rule was applied before you answered"
        )),
        _ => Problem::conflict(format!("{id} is void: what it asked about has changed or ended"))
            .hint("see `sopd inbox` for what waits now"),
    }
}
