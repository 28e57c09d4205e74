//! The outbox: what waits to be told, what was sent, what could not be sent.

use super::notice::Notice;
use crate::base::{Instant, Problem, problem::Result};
use crate::decision::{self, State};
use crate::journal::Tx;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use std::collections::BTreeSet;

/// How long a notice waits for others of its party: what comes at once is told at once.
const TOGETHER_MILLIS: i64 = 1_000;
/// How long messages that were sent are kept for `sopd notifications`: a week.
const KEPT_SENT_MILLIS: i64 = 7 * 86_400_000;
/// How long messages that could not be sent are kept: a month, so that nobody overlooks them.
const KEPT_FAILED_MILLIS: i64 = 30 * 86_400_000;
/// Messages listed.
const LISTED: u32 = 200;

/// How far the facts have been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) seq: i64,
    pub(super) looked_at: Instant,
}

pub(super) fn cursor(db: &Connection) -> Result<Option<Cursor>> {
    let sql = "SELECT seq, looked_at FROM notice_cursor";
    let row = db
        .prepare_cached(sql)?
        .query_row([], |row| Ok(Cursor { seq: row.get(0)?, looked_at: Instant(row.get(1)?) }));
    Ok(row.optional()?)
}

pub(super) fn set_cursor(tx: &Tx<'_>, cursor: Cursor) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO notice_cursor(only, seq, looked_at) VALUES(1, ?1, ?2)
             ON CONFLICT DO UPDATE SET seq = excluded.seq, looked_at = excluded.looked_at",
        )?
        .execute((cursor.seq, cursor.looked_at.0))?;
    Ok(())
}

/// Forgets how far was looked, and what was not sent yet: nobody is told anything any more.
pub(super) fn forget(tx: &Tx<'_>) -> Result<()> {
    tx.db().execute("DELETE FROM notice_cursor", [])?;
    tx.db().execute("DELETE FROM notice_mark", [])?;
    let waiting = "SELECT number FROM message WHERE state = 'waiting'";
    tx.db().execute(&format!("DELETE FROM notice WHERE message IS NULL OR message IN ({waiting})"), [])?;
    tx.db().execute("DELETE FROM message WHERE state = 'waiting'", [])?;
    Ok(())
}

/// Puts a notice for `party` on `channel` in, once under its key.
pub(super) fn put(tx: &Tx<'_>, key: &str, (party, channel): (&str, &str), notice: &Notice) -> Result<()> {
    let text = serde_json::to_string(notice)
        .map_err(|error| Problem::failed(format!("BUG: a notice is not JSON: {error}")))?;
    let decision = notice.decision.as_ref().map(|asked| &asked.id);
    tx.db()
        .prepare_cached(
            "INSERT INTO notice(key, party, channel, decision, text, made_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT(key) DO NOTHING",
        )?
        .execute((key, party, channel, decision, tx.clean(&text), tx.now().0))?;
    Ok(())
}

/// Whether notices wait to be made into messages.
pub(super) fn has_loose(db: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM notice WHERE message IS NULL)";
    Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Whether anything is in the outbox that is not sent, failed or dropped.
pub fn waits(db: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM message WHERE state = 'waiting')";
    Ok(has_loose(db)? || db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Makes messages of what waits: at most one of each party and channel is under way, so that what comes while a
/// server is away goes in one message when it is back. `most` is how many notices one message of a channel holds;
/// `hurry` does not wait for more. A decision that was answered meanwhile is not asked for any more.
pub(super) fn gather(tx: &Tx<'_>, most: impl Fn(&str) -> u32, hurry: bool) -> Result<()> {
    drop_answered(tx)?;
    let now = tx.now().0;
    let before = if hurry { now } else { now - TOGETHER_MILLIS };
    let routes: Vec<(String, String)> = tx
        .db()
        .prepare_cached(
            "SELECT party, channel FROM notice WHERE message IS NULL GROUP BY party, channel HAVING min(made_at) <= ?1
             EXCEPT SELECT party, channel FROM message WHERE state = 'waiting'",
        )?
        .query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    for (party, channel) in routes {
        // No full stop: the signed text of a webhook is parted by them.
        let id = format!("msg_{}", uuid::Uuid::now_v7().simple());
        tx.db()
            .prepare_cached(
                "INSERT INTO message(id, party, channel, state, made_at, due_at) VALUES(?1, ?2, ?3, 'waiting', ?4, ?4)",
            )?
            .execute((&id, &party, &channel, now))?;
        let number = tx.db().last_insert_rowid();
        tx.db()
            .prepare_cached(
                "UPDATE notice SET message = ?1 WHERE number IN
                   (SELECT number FROM notice WHERE message IS NULL AND party = ?2 AND channel = ?3
                    ORDER BY number LIMIT ?4)",
            )?
            .execute((number, &party, &channel, most(&channel)))?;
    }
    Ok(())
}

fn drop_answered(tx: &Tx<'_>) -> Result<()> {
    let asked: BTreeSet<String> = tx
        .db()
        .prepare_cached(
            "SELECT DISTINCT decision FROM notice WHERE message IS NULL AND decision IS NOT NULL",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    for id in asked {
        if decision::one(tx.db(), &id)?.state != State::Open {
            tx.db()
                .prepare_cached("DELETE FROM notice WHERE message IS NULL AND decision = ?1")?
                .execute([&id])?;
        }
    }
    Ok(())
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) number: i64,
    pub(super) id: String,
    pub(super) party: String,
    pub(super) attempts: u32,
    pub(super) made_at: Instant,
    pub(super) notices: Vec<Notice>,
}

/// The channels for which a message is due.
pub(super) fn due_channels(db: &Connection, now: Instant) -> Result<BTreeSet<String>> {
    let sql = "SELECT DISTINCT channel FROM message WHERE state = 'waiting' AND due_at <= ?1";
    let rows = db
        .prepare_cached(sql)?
        .query_map([now.0], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    Ok(rows)
}

/// The message of a channel that has been due longest.
pub(super) fn next(db: &Connection, channel: &str, now: Instant) -> Result<Option<Waiting>> {
    let row = db
        .prepare_cached(
            "SELECT number, id, party, attempts, made_at FROM message
             WHERE state = 'waiting' AND channel = ?1 AND due_at <= ?2 ORDER BY due_at, number LIMIT 1",
        )?
        .query_row((channel, now.0), |row| {
            Ok(Waiting {
                number: row.get(0)?,
                id: row.get(1)?,
                party: row.get(2)?,
                attempts: row.get(3)?,
                made_at: Instant(row.get(4)?),
                notices: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut waiting) = row else { return Ok(None) };
    let mut statement = db.prepare_cached("SELECT text FROM notice WHERE message = ?1 ORDER BY number")?;
    for text in statement.query_map([waiting.number], |row| row.get::<_, String>(0))? {
        let notice = serde_json::from_str(&text?)
            .map_err(|error| Problem::store(format!("a stored notice cannot be read: {error}")))?;
        waiting.notices.push(notice);
    }
    Ok(Some(waiting))
}

/// What of a message is not wanted any more since its decision was answered, while the server was away: nobody is asked
/// for what is answered. True where nothing of the message is left.
pub(super) fn drop_stale(tx: &Tx<'_>, number: i64) -> Result<bool> {
    let stale = "SELECT notice.number FROM notice WHERE message = ?1 AND decision IS NOT NULL AND NOT EXISTS
                   (SELECT 1 FROM decision WHERE 'D-' || decision.number = notice.decision AND decision.state = 'open')";
    tx.db().prepare_cached(&format!("DELETE FROM notice WHERE number IN ({stale})"))?.execute([number])?;
    let left: i64 = tx
        .db()
        .prepare_cached("SELECT count(*) FROM notice WHERE message = ?1")?
        .query_row([number], |row| row.get(0))?;
    if left == 0 {
        tx.db().prepare_cached("DELETE FROM message WHERE number = ?1")?.execute([number])?;
    }
    Ok(left == 0)
}

/// Whether a message asks for what is answered.
pub(super) fn is_stale(db: &Connection, notices: &[Notice]) -> Result<bool> {
    for asked in notices.iter().filter_map(|notice| notice.decision.as_ref()) {
        if decision::one(db, &asked.id)?.state != State::Open {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Sent,
    /// It is tried again at that moment.
    Later(Instant, String),
    /// It is not tried again.
    Failed(String),
}

/// Records a try.
pub(super) fn record(tx: &Tx<'_>, number: i64, outcome: &Outcome) -> Result<()> {
    let now = tx.now().0;
    let (state, due, ended, trouble) = match outcome {
        Outcome::Sent => ("sent", now, Some(now), ""),
        Outcome::Later(due, why) => ("waiting", due.0, None, why.as_str()),
        Outcome::Failed(why) => ("failed", now, Some(now), why.as_str()),
    };
    tx.db()
        .prepare_cached(
            "UPDATE message SET state = ?2, attempts = attempts + 1, due_at = ?3, ended_at = ?4, trouble = ?5
             WHERE number = ?1",
        )?
        .execute((number, state, due, ended, tx.clean(trouble)))?;
    Ok(())
}

/// Removes what nobody looks at any more.
pub(super) fn prune(tx: &Tx<'_>) -> Result<()> {
    for (state, kept) in [("sent", KEPT_SENT_MILLIS), ("failed", KEPT_FAILED_MILLIS)] {
        let before = tx.now().0 - kept;
        let old = "(SELECT number FROM message WHERE state = ?1 AND ended_at < ?2)";
        tx.db().execute(&format!("DELETE FROM notice WHERE message IN {old}"), (state, before))?;
        tx.db().execute("DELETE FROM message WHERE state = ?1 AND ended_at < ?2", (state, before))?;
    }
    Ok(())
}

/// How much is in the outbox, in notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Not sent yet.
    pub waiting: u64,
    /// Given up in the last month.
    pub failed: u64,
    /// Messages on record.
    pub messages: u64,
}

/// How much waits in the outbox, and how much was given up.
pub fn counts(db: &Connection) -> Result<Counts> {
    let sql = "SELECT count(*) FILTER (WHERE message.state IS NULL OR message.state = 'waiting'),
                      count(*) FILTER (WHERE message.state = 'failed'),
                      (SELECT count(*) FROM message)
               FROM notice LEFT JOIN message ON message.number = notice.message";
    let counts = db.prepare_cached(sql)?.query_row([], |row| {
        Ok(Counts {
            waiting: row.get::<_, i64>(0)?.unsigned_abs(),
            failed: row.get::<_, i64>(1)?.unsigned_abs(),
            messages: row.get::<_, i64>(2)?.unsigned_abs(),
        })
    });
    Ok(counts?)
}

/// One message as people look it up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// The same however often it was sent.
    pub id: String,
    /// For whom; none on a channel of operations.
    pub party: Option<String>,
    /// By which channel.
    pub channel: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: u32,
    /// How many things it tells.
    pub notices: u32,
    /// The headline of the first.
    pub headline: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// When a waiting one is tried next, RFC 3339.
    pub due_at: Option<String>,
    /// Why the last try did not work; empty where it did.
    pub trouble: String,
}

/// Messages: what could not be sent first, then what waits, then what was sent, each newest first.
pub fn posted(db: &Connection) -> Result<Vec<Posted>> {
    let sql = "SELECT id, party, channel, state, attempts, made_at, due_at, trouble,
                 (SELECT count(*) FROM notice WHERE notice.message = message.number),
                 (SELECT text ->> 'headline' FROM notice WHERE notice.message = message.number ORDER BY notice.number LIMIT 1)
               FROM message ORDER BY state = 'sent', state = 'waiting', number DESC LIMIT ?1";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([LISTED], |row| {
        let (party, state): (String, String) = (row.get(1)?, row.get(3)?);
        let due_at = (state == "waiting").then(|| row.get(6)).transpose()?;
        Ok(Posted {
            id: row.get(0)?,
            party: Some(party).filter(|party| !party.is_empty()),
            channel: row.get(2)?,
            state,
            attempts: row.get(4)?,
            notices: row.get(8)?,
            headline: row.get::<_, Option<String>>(9)?.unwrap_or_default(),
            made_at: Instant(row.get(5)?).to_string(),
            due_at: due_at.map(|due| Instant(due).to_string()),
            trouble: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
