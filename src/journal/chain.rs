//! The audit log: facts in a hash chain. `hash = SHA-256(previous hash ‖ text)`, over the text as stored.

use super::tx::Tx;
use super::{blob, kept, sound, store::Journal};
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

/// A chain hash written down elsewhere (in INDEX.md, in a commit message, in a file): the chain must still hold it.
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
    /// Rows that are read as truth, each as the last fact about it left it.
    pub rows: usize,
    /// Those of them that are only known as an older sopd had left them.
    pub found: usize,
}

pub(super) fn append(tx: &Tx<'_>, subject: &str, kind: &str, body: &Value) -> Result<i64> {
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
    tx.recorded(last + 1);
    Ok(last + 1)
}

/// Adds a member to the last fact of this append, which nobody has seen yet.
pub(super) fn add(tx: &Tx<'_>, member: &str, value: &Value) -> Result<()> {
    let Some(seq) = tx.last_fact() else { return Err(Problem::failed("BUG: there is no fact to add to")) };
    let mut last = tx.db().prepare_cached("SELECT text FROM event WHERE seq = ?1")?;
    let text: String = last.query_row([seq], |row| row.get(0))?;
    let open = text.strip_suffix('}').unwrap_or(&text);
    let text = format!("{open},\"{member}\":{value}}}");
    let mut before = tx.db().prepare_cached("SELECT hash FROM event WHERE seq = ?1")?;
    let before: Option<String> = before.query_row([seq - 1], |row| row.get(0)).optional()?;
    let before = before.unwrap_or_else(|| GENESIS.to_owned());
    let hash = Digest::of_all([before.as_bytes(), text.as_bytes()]);
    tx.db()
        .prepare_cached("UPDATE event SET text = ?2, hash = ?3 WHERE seq = ?1")?
        .execute((seq, &text, &hash.0))?;
    Ok(())
}

/// Place and hash of the last fact; place 0 in an empty log.
pub(super) fn head(db: &Connection) -> Result<(i64, String)> {
    let last = db
        .prepare_cached("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or_else(|| (0, GENESIS.to_owned())))
}

/// Refuses a place that no fact of this log has or had before it: whoever goes on from there would wait for ever, or
/// miss what came instead.
///
/// # Errors
/// `Conflict`.
pub fn within(db: &Connection, place: i64) -> Result<i64> {
    let (last, _) = head(db)?;
    if (0..=last).contains(&place) {
        return Ok(place);
    }
    let message =
        format!("the log goes from 1 to {last}: place {place} is of another log, or of one that went back");
    Err(Problem::conflict(message).hint("begin anew: read what is there, then go on after its last place"))
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

/// Whether a fact has the hash that follows from its text and the fact before it.
pub fn is_linked(db: &Connection, (seq, text, hash): (i64, &str, &str)) -> Result<bool> {
    let before: Option<String> = db
        .prepare_cached("SELECT hash FROM event WHERE seq = ?1")?
        .query_row([seq - 1], |row| row.get(0))
        .optional()?;
    Ok(before.is_none_or(|before| Digest::of_all([before.as_bytes(), text.as_bytes()]).0 == hash))
}

/// Reads the whole chain again and compares it with itself, with its payloads, with `anchors`, and the rows that are
/// read as truth with what it says of them.
///
/// # Errors
/// The first fact that is not as it was written; else everything else that differs, at once.
pub fn verify(journal: &Journal, anchors: &[Anchor]) -> Result<Verified> {
    journal.read(|db| {
        check_file(db, "integrity_check")?;
        let mut said = kept::Said::default();
        let (events, head) = check_chain(db, &mut said)?;
        for anchor in anchors {
            holds(db, anchor)?;
        }
        let (payloads, erased) = check_payloads(db)?;
        let found = said.found();
        let (rows, mut wrong) = said.compare(db, journal.kept())?;
        wrong.extend(sound::impossible(db)?);
        if !wrong.is_empty() {
            return Err(broken(told(&wrong)));
        }
        Ok(Verified { events, head, anchors: anchors.len(), payloads, erased, rows, found })
    })
}

/// Reads the last facts again, at most `most`, and compares each with its hash. How many there were: a quick look.
///
/// # Errors
/// The first of them that is not as it was written.
pub fn verify_tail(journal: &Journal, most: u32) -> Result<usize> {
    journal.read(|db| {
        let (last, _) = head(db)?;
        let after = last.saturating_sub(i64::from(most)).max(0);
        let before = events_of(db, None, after.saturating_sub(1), 1)?;
        let mut previous = match before.into_iter().next() {
            Some(fact) if after > 0 => fact.hash,
            _ => GENESIS.to_owned(),
        };
        let tail = events_of(db, None, after, most)?;
        for fact in &tail {
            if Digest::of_all([previous.as_bytes(), fact.text.as_bytes()]).0 != fact.hash {
                return Err(broken(format!("fact {} is not as it was written", fact.seq)));
            }
            previous.clone_from(&fact.hash);
        }
        Ok(tail.len())
    })
}

/// Whether the file itself holds together, as SQLite sees it: a quick look, for every day.
///
/// # Errors
/// When it does not.
pub fn quick_check(journal: &Journal) -> Result<()> {
    journal.read(|db| check_file(db, "quick_check"))
}

fn check_file(db: &Connection, pragma: &str) -> Result<()> {
    let found: Vec<String> = db
        .prepare(&format!("PRAGMA {pragma}(5)"))?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    match found.as_slice() {
        [one] if one == "ok" => Ok(()),
        wrong => Err(broken(format!("the journal's file is damaged: {}", wrong.join("; ")))),
    }
}

/// Differences that are told at once; more only lengthen the list.
const MOST_TOLD: usize = 20;

fn told(wrong: &[String]) -> String {
    let shown: Vec<&str> = wrong.iter().take(MOST_TOLD).map(String::as_str).collect();
    let more = wrong.len().saturating_sub(MOST_TOLD);
    let rest = if more == 0 { String::new() } else { format!("\nand {more} more") };
    format!("what the journal's rows say is not what its facts say:\n{}{rest}", shown.join("\n"))
}

fn check_chain(db: &Connection, said: &mut kept::Said) -> Result<(i64, String)> {
    let mut previous = GENESIS.to_owned();
    let mut expected = 1;
    let mut after = 0;
    loop {
        let page = events_of(db, None, after, 1_000)?;
        let Some(last) = page.last() else { return Ok((expected - 1, previous)) };
        after = last.seq;
        for event in &page {
            said.hear((event.seq, &event.kind), &check(event, expected, &previous)?);
            previous.clone_from(&event.hash);
            expected += 1;
        }
    }
}

fn broken(what: String) -> Problem {
    Problem::failed(what).hint("the audit log is not what was written; compare it with a backup")
}

fn check(event: &Event, expected: i64, previous: &str) -> Result<Value> {
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
    Ok(fact)
}

/// Whether the chain still holds an anchor.
///
/// # Errors
/// When it does not.
pub fn holds(db: &Connection, anchor: &Anchor) -> Result<()> {
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
