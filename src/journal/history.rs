//! What the journal already knows of one workflow, and the comparison of it with what the code asks now.

use super::activity::Failure;
use super::blob;
use super::workflow::{Asked, Stop};
use crate::base::{Problem, problem::Result};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{HashMap, VecDeque};

/// One workflow as stored.
pub(super) struct Record {
    pub(super) kind: String,
    pub(super) version: u32,
    pub(super) parent: Option<String>,
    pub(super) input: String,
    pub(super) created_at: i64,
    /// Everything asked for and recorded, by ordinal.
    pub(super) steps: HashMap<i64, StepRecord>,
    /// Positions and ordinals in the order of completion.
    pub(super) completed: VecDeque<(i64, i64)>,
}

/// One step as stored.
#[derive(Clone)]
pub(super) struct StepRecord {
    pub(super) ordinal: i64,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) input_hash: String,
    pub(super) attempt: u32,
    pub(super) position: Option<i64>,
    pub(super) outcome: Option<String>,
    pub(super) at: i64,
}

/// Loads a workflow that wants driving; `None` when it does not exist or has ended.
pub(super) fn load(db: &Connection, id: &str) -> Result<Option<Record>> {
    let row = db
        .prepare_cached(
            "SELECT kind, version, parent, input, created_at FROM workflow WHERE id = ?1 AND state = 'ready'",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .optional()?;
    let Some((kind, version, parent, input, created_at)) = row else { return Ok(None) };
    let mut steps = HashMap::new();
    let mut order = Vec::new();
    let mut statement = db.prepare_cached(
        "SELECT ordinal, kind, name, key, input_hash, attempt, position, outcome, at FROM step WHERE workflow = ?1",
    )?;
    for step in statement.query_map([id], read_step)? {
        let mut step = step?;
        step.outcome = step.outcome.map(|text| blob::fetch(db, text)).transpose()?;
        if let Some(position) = step.position {
            order.push((position, step.ordinal));
        }
        steps.insert(step.ordinal, step);
    }
    order.sort_unstable();
    let completed = order.into();
    let input = blob::fetch(db, input)?;
    Ok(Some(Record { kind, version, parent, input, created_at, steps, completed }))
}

fn read_step(row: &Row<'_>) -> rusqlite::Result<StepRecord> {
    Ok(StepRecord {
        ordinal: row.get(0)?,
        kind: row.get(1)?,
        name: row.get(2)?,
        key: row.get(3)?,
        input_hash: row.get(4)?,
        attempt: row.get(5)?,
        position: row.get(6)?,
        outcome: row.get(7)?,
        at: row.get(8)?,
    })
}

impl StepRecord {
    /// Compares the record with what the code asks at this place. A difference names both and stops the
    /// workflow: a recorded answer is never given to another question.
    pub(super) fn check(&self, asked: &Asked) -> Result<(), String> {
        let hash = asked.input_hash();
        let differs = [
            ("kind", self.kind.as_str(), asked.kind()),
            ("name", self.name.as_str(), asked.name()),
            ("key", self.key.as_str(), asked.key.as_str()),
            ("input", self.input_hash.as_str(), hash.as_str()),
        ]
        .into_iter()
        .find(|(_, recorded, now)| recorded != now);
        match differs {
            None => Ok(()),
            Some((part, recorded, now)) => Err(format!(
                "step {} was recorded as {} `{}`, but the code now asks for {} `{}` there ({part}: `{recorded}` \
                 then, `{now}` now)",
                self.ordinal,
                self.kind,
                self.key,
                asked.kind(),
                asked.key
            )),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stored {
    Ok(Box<RawValue>),
    Failed(Failure),
    Cancelled,
}

/// The stored form of an outcome.
pub(super) fn encode_outcome(outcome: &Result<String, Stop>) -> Result<String> {
    let bug = |error: serde_json::Error| Problem::failed(format!("BUG: an outcome is not JSON: {error}"));
    let stored = match outcome {
        Ok(text) => Stored::Ok(RawValue::from_string(text.clone()).map_err(bug)?),
        Err(Stop::Failed(failure)) => Stored::Failed(failure.clone()),
        Err(Stop::Cancelled) => Stored::Cancelled,
    };
    serde_json::to_string(&stored).map_err(bug)
}

/// The opposite of [`encode_outcome`].
pub(super) fn decode_outcome(text: &str) -> Result<Result<String, Stop>> {
    let stored: Stored = serde_json::from_str(text)
        .map_err(|error| Problem::failed(format!("a recorded outcome cannot be read: {error}")))?;
    Ok(match stored {
        Stored::Ok(value) => Ok(value.get().to_owned()),
        Stored::Failed(failure) => Err(Stop::Failed(failure)),
        Stored::Cancelled => Err(Stop::Cancelled),
    })
}
