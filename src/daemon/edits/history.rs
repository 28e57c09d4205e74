//! The changes of files, as recorded: who, when, from which bytes to which. Both texts are kept.

use super::Edit;
use crate::base::{Digest, Instant, Problem, problem::Result};
use crate::daemon::Workspace;
use crate::journal::Tx;
use crate::run::Actor;
use rusqlite::{Connection, OptionalExtension as _, Row};

/// Most changes of one file that are listed.
const MOST: u32 = 200;

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The council is asked first.
    Proposed,
    /// Recorded, and about to be written.
    Recorded,
    /// Written.
    Written,
    /// Given up.
    Withdrawn,
}

impl State {
    /// The word in tables and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Recorded => "recorded",
            Self::Written => "written",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn of(word: &str) -> Result<Self> {
        let all = [Self::Proposed, Self::Recorded, Self::Written, Self::Withdrawn];
        let known = all.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| Problem::store(format!("`{word}` is no state of a change")))
    }
}

/// One change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub number: i64,
    /// The file, relative to the workspace.
    pub path: String,
    /// Hash of the bytes before; `None` for a new file.
    pub old: Option<Digest>,
    /// Hash of the bytes after.
    pub new: Digest,
    /// Who.
    pub by: String,
    /// Why.
    pub note: String,
    /// When.
    pub at: Instant,
    /// The council's review.
    pub review: Option<String>,
    /// Where it stands.
    pub state: State,
}

const SELECT: &str = "SELECT number, path, old, new, by, note, at, review, state FROM file_edit";

fn read(row: &Row<'_>) -> rusqlite::Result<(Change, String)> {
    let change = Change {
        number: row.get(0)?,
        path: row.get(1)?,
        old: row.get::<_, Option<String>>(2)?.map(Digest),
        new: Digest(row.get(3)?),
        by: row.get(4)?,
        note: row.get(5)?,
        at: Instant(row.get(6)?),
        review: row.get(7)?,
        state: State::Written,
    };
    Ok((change, row.get(8)?))
}

fn select(db: &Connection, filter: &str, values: impl rusqlite::Params) -> Result<Vec<Change>> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE {filter}"))?;
    let rows: Vec<(Change, String)> = statement.query_map(values, read)?.collect::<Result<_, _>>()?;
    rows.into_iter().map(|(change, word)| Ok(Change { state: State::of(&word)?, ..change })).collect()
}

/// The changes of a file, newest first.
pub fn history(db: &Connection, path: &str) -> Result<Vec<Change>> {
    select(db, &format!("path = ?1 ORDER BY number DESC LIMIT {MOST}"), [path])
}

/// The newest changes of all files but drafts.
pub fn latest(db: &Connection) -> Result<Vec<Change>> {
    const SHOWN: u32 = 20;
    select(db, &format!("path NOT LIKE 'sops/%' ORDER BY number DESC LIMIT {SHOWN}"), [])
}

/// One change.
///
/// # Errors
/// `NotFound`.
pub fn change(db: &Connection, number: i64) -> Result<Change> {
    let found = select(db, "number = ?1", [number])?.into_iter().next();
    found.ok_or_else(|| Problem::not_found(format!("there is no change {number}")))
}

/// The changes that wait for the council, of one file or of all, oldest first.
pub fn pending(db: &Connection, path: Option<&str>) -> Result<Vec<Change>> {
    select(db, "state = 'proposed' AND (?1 IS NULL OR path = ?1) ORDER BY number", [path])
}

/// The changes that are recorded and not written, oldest first.
pub(super) fn recorded(db: &Connection) -> Result<Vec<Change>> {
    select(db, "state = 'recorded' ORDER BY number", [])
}

/// The change of a file that is about to be written.
pub(super) fn unwritten(db: &Connection, path: &str) -> Result<Option<Change>> {
    Ok(select(db, "state = 'recorded' AND path = ?1 ORDER BY number DESC LIMIT 1", [path])?.pop())
}

/// The text of a version.
///
/// # Errors
/// `NotFound` where it was erased or is not text.
pub fn text_of(workspace: &Workspace, digest: &Digest) -> Result<String> {
    let lost = || Problem::not_found(format!("the text {} is not kept any more", digest.short()));
    let bytes = workspace.journal.blob(digest)?.ok_or_else(lost)?;
    String::from_utf8(bytes).map_err(|_not_text| lost())
}

/// What a file is measured against: what the council let pass last, else what it was before its first change here.
pub(super) fn base(workspace: &Workspace, path: &str) -> Result<Option<String>> {
    let digest = workspace.journal.read(|db| {
        let seen: Option<String> = db
            .prepare_cached(
                "SELECT new FROM file_edit WHERE path = ?1 AND review IS NOT NULL AND state = 'written'
                 ORDER BY number DESC LIMIT 1",
            )?
            .query_row([path], |row| row.get(0))
            .optional()?;
        let first = "SELECT old FROM file_edit WHERE path = ?1 AND state = 'written' ORDER BY number LIMIT 1";
        Ok(match seen {
            Some(hash) => Some(hash),
            None => db.prepare_cached(first)?.query_row([path], |row| row.get(0)).optional()?.flatten(),
        })
    })?;
    digest.map(|hash| text_of(workspace, &Digest(hash))).transpose()
}

/// Writes a change down, with the bytes before and after it. Returns its number.
pub(super) fn insert(
    tx: &Tx<'_>,
    actor: &Actor,
    (edit, before): (&Edit, Option<&str>),
    (state, review): (State, Option<&str>),
) -> Result<i64> {
    let old = before.map(|text| tx.blob(text.as_bytes())).transpose()?;
    let new = tx.blob(edit.text.as_bytes())?;
    tx.db()
        .prepare_cached(
            "INSERT INTO file_edit(path, old, new, by, note, at, review, state)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            edit.target.path(),
            old.map(|digest| digest.0),
            new.0,
            &actor.by,
            tx.clean(&edit.note),
            tx.now().0,
            review,
            state.word(),
        ))?;
    Ok(tx.db().last_insert_rowid())
}

pub(super) fn set_state(tx: &Tx<'_>, number: i64, state: State) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE file_edit SET state = ?2 WHERE number = ?1")?
        .execute((number, state.word()))?;
    Ok(())
}
