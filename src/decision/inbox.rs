//! Looking decisions up. Nothing here decides.

use super::rows::{COLUMNS, Decision, SELECT, State, read};
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
    let after = match after {
        // Whoever goes on after a decision that never was would take the rest for read.
        Some(id) => one(db, id).and_then(|_there| place(id))?,
        None => 0,
    };
    let mut statement = db.prepare_cached(&page_sql(party.is_some()))?;
    let rows = statement.query_map((after, limit, party), read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// A page after place `?1`, of at most `?2`: of all, or of party `?3`, whose page reads nothing of what others are asked.
fn page_sql(of_party: bool) -> String {
    let found = if of_party {
        "SELECT decision AS place FROM asked WHERE party = ?3 AND decision > ?1 ORDER BY decision LIMIT ?2"
    } else {
        "SELECT number AS place FROM decision WHERE state = 'open' AND number > ?1 AND ?3 IS NULL
         ORDER BY number LIMIT ?2"
    };
    format!("SELECT {COLUMNS} FROM ({found}) JOIN decision ON decision.number = place ORDER BY place")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_one_party_reads_only_its_own() {
        let db = Connection::open_in_memory().unwrap();
        for tables in [super::super::TABLES, super::super::TABLES_2, super::super::TABLES_4, WAITING_TABLES] {
            db.execute_batch(tables).unwrap();
        }
        let plan = |of_party: bool| -> Vec<String> {
            let sql = format!("EXPLAIN QUERY PLAN {}", page_sql(of_party));
            let mut statement = db.prepare(&sql).unwrap();
            statement.query_map((0, 10, Some("cro")), |row| row.get(3)).unwrap().map(Result::unwrap).collect()
        };
        for (of_party, first) in [
            (true, "SEARCH asked USING PRIMARY KEY (party=?)"),
            (false, "SEARCH decision USING COVERING INDEX decision_waiting (number>?)"),
        ] {
            let plan = plan(of_party);
            assert!(plan.iter().any(|step| step == first), "{plan:#?}");
            assert!(plan.iter().all(|step| !step.starts_with("SCAN decision")), "{plan:#?}");
        }
    }
}
