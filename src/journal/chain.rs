//! The audit log: facts in a hash chain. `hash = SHA-256(previous hash ‖ text)`, over the text as stored.

use super::tx::Tx;
use super::{blob, store::Journal};
use crate::base::{Digest, Problem, problem::Result};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;
use serde_json::{Map, Value};

/// What stands before the first fact.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One fact, as stored.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Place in the chain, from 1.
    pub seq: i64,
    /// What it is about.
    pub subject: String,
    /// What happened.
    pub kind: String,
    /// The stored text, a JSON object.
    pub text: String,
    /// Chain hash.
    pub hash: String,
}

/// A chain hash written down elsewhere (in INDEX.md, in a commit message): the chain must still hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Where it was found, for people.
    pub found_in: String,
    /// The fact's place in the chain.
    pub seq: i64,
    /// The hash.
    pub hash: String,
}

/// A chain that verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Number of facts.
    pub events: i64,
    /// Hash of the last one.
    pub head: String,
    /// Anchors that were compared.
    pub anchors: usize,
    /// Payloads whose bytes were compared with their hash.
    pub payloads: usize,
    /// Payloads erased by retention; their hashes stand.
    pub erased: usize,
}

pub(super) fn append(tx: &Tx<'_>, subject: &str, kind: &str, body: &Value) -> Result<Digest> {
    let Value::Object(members) = body else {
        return Err(Problem::failed("BUG: the body of an event must be an object"));
    };
    let mut fact = Map::new();
    fact.insert("at".into(), tx.now().to_string().into());
    fact.insert("kind".into(), kind.into());
    fact.insert("subject".into(), subject.into());
    fact.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut text = tx.clean(&Value::Object(fact.clone()).to_string());
    if text.len() > blob::INLINE_BYTES {
        let payload = blob::put(tx, tx.clean(&body.to_string()).as_bytes())?;
        fact.retain(|name, _| matches!(name.as_str(), "at" | "kind" | "subject" | "by"));
        fact.insert("payload".into(), payload.0.into());
        text = tx.clean(&Value::Object(fact).to_string());
    }
    let (last, previous) = head(tx.db())?;
    let hash = Digest::of_all([previous.as_bytes(), text.as_bytes()]);
    tx.db()
        .prepare_cached("INSERT INTO event(seq, text, hash, subject, kind) VALUES(?1, ?2, ?3, ?4, ?5)")?
        .execute((last + 1, &text, &hash.0, subject, kind))?;
    Ok(hash)
}

/// Place and hash of the last fact; place 0 in an empty log.
pub(super) fn head(db: &Connection) -> Result<(i64, String)> {
    let last = db
        .prepare_cached("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or_else(|| (0, GENESIS.to_owned())))
}

/// The facts about `subject`, or all, after place `after`, oldest first, at most `limit`.
pub fn events_of(db: &Connection, subject: Option<&str>, after: i64, limit: u32) -> Result<Vec<Event>> {
    const COLUMNS: &str = "SELECT seq, subject, kind, text, hash FROM event";
    let read = |row: &Row<'_>| {
        Ok(Event {
            seq: row.get(0)?,
            subject: row.get(1)?,
            kind: row.get(2)?,
            text: row.get(3)?,
            hash: row.get(4)?,
        })
    };
    let rows = match subject {
        Some(subject) => db
            .prepare_cached(&format!("{COLUMNS} WHERE subject = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"))?
            .query_map((subject, after, limit), read)?
            .collect::<Result<Vec<_>, _>>()?,
        None => db
            .prepare_cached(&format!("{COLUMNS} WHERE seq > ?1 ORDER BY seq LIMIT ?2"))?
            .query_map((after, limit), read)?
            .collect::<Result<Vec<_>, _>>()?,
    };
    Ok(rows)
}

/// When the last fact about `subject` was recorded, RFC 3339; `None` where there is none.
pub fn last_of(db: &Connection, subject: &str) -> Result<Option<String>> {
    let sql = "SELECT text ->> 'at' FROM event WHERE subject = ?1 ORDER BY seq DESC LIMIT 1";
    Ok(db.prepare_cached(sql)?.query_row([subject], |row| row.get(0)).optional()?)
}

/// Reads the whole chain again and compares it with itself, with its payloads and with `anchors`.
pub fn verify(journal: &Journal, anchors: &[Anchor]) -> Result<Verified> {
    journal.read(|db| {
        let mut previous = GENESIS.to_owned();
        let mut expected = 1;
        let mut after = 0;
        loop {
            let page = events_of(db, None, after, 1_000)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in &page {
                check(event, expected, &previous)?;
                previous.clone_from(&event.hash);
                expected += 1;
            }
        }
        for anchor in anchors {
            check_anchor(db, anchor)?;
        }
        let (payloads, erased) = check_payloads(db)?;
        Ok(Verified { events: expected - 1, head: previous, anchors: anchors.len(), payloads, erased })
    })
}

fn broken(what: String) -> Problem {
    Problem::failed(what).hint("the audit log is not what was written; compare it with a backup")
}

fn check(event: &Event, expected: i64, previous: &str) -> Result<()> {
    if event.seq != expected {
        return Err(broken(format!("fact {expected} is missing from the audit log")));
    }
    let hash = Digest::of_all([previous.as_bytes(), event.text.as_bytes()]);
    if hash.0 != event.hash {
        return Err(broken(format!("fact {} of the audit log was changed after it was written", event.seq)));
    }
    let fact: Value = serde_json::from_str(&event.text)
        .map_err(|_not_json| broken(format!("fact {} of the audit log is not readable", event.seq)))?;
    let same = |member: &str, column: &str| fact.get(member).and_then(Value::as_str) == Some(column);
    if !same("subject", &event.subject) || !same("kind", &event.kind) {
        return Err(broken(format!("fact {} of the audit log is filed under something else", event.seq)));
    }
    Ok(())
}

fn check_anchor(db: &Connection, anchor: &Anchor) -> Result<()> {
    let found: Option<String> = db
        .prepare_cached("SELECT hash FROM event WHERE seq = ?1")?
        .query_row([anchor.seq], |row| row.get(0))
        .optional()?;
    match found {
        Some(hash) if hash == anchor.hash => Ok(()),
        Some(_) => {
            Err(broken(format!("fact {} differs from what {} wrote down", anchor.seq, anchor.found_in)))
        }
        None => Err(broken(format!(
            "the audit log ends before fact {}, which {} wrote down: its tail is cut off",
            anchor.seq, anchor.found_in
        ))),
    }
}

fn check_payloads(db: &Connection) -> Result<(usize, usize)> {
    let mut statement = db.prepare("SELECT hash, bytes FROM blob")?;
    let mut rows = statement.query([])?;
    let (mut payloads, mut erased) = (0, 0);
    while let Some(row) = rows.next()? {
        let hash: String = row.get(0)?;
        match row.get::<_, Option<Vec<u8>>>(1)? {
            None => erased += 1,
            Some(bytes) if Digest::of(&bytes).0 == hash => payloads += 1,
            Some(_) => return Err(broken(format!("the payload {hash} was changed after it was written"))),
        }
    }
    Ok((payloads, erased))
}
