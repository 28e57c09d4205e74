//! A mission's rows: where it stands, its dossier's files, its claim on an SOP.

use super::brought::{Brought, keep_brought};
use super::claims::claim;
use crate::base::text::slug;
use crate::base::{Digest, Instant, Problem, problem::Result};
use crate::brief::Brief;
use crate::journal::columns::word;
use crate::journal::{Story as _, Tx};
use crate::source::Listed;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Where a mission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissionState {
    /// Taken in.
    Received,
    /// The orchestrator plans.
    Planning,
    /// Behind another open mission on the same SOP.
    Held,
    /// Workers draft.
    Drafting,
    /// The orchestrator merges.
    Synthesising,
    /// Coded checks run.
    Checking,
    /// The council answers.
    Council,
    /// Validators judge.
    Validating,
    /// Findings are being mended.
    Revising,
    /// A person with authority is asked to forward or sign.
    AwaitingDecision,
    /// A person must act before it can go on.
    WaitingForPerson,
    /// The file is written and registered.
    Publishing,
    /// Ended: the SOP is active.
    Published,
    /// Ended: what was asked has been answered, by the council on a file or by an owner on an SOP.
    Answered,
    /// Ended: somebody with authority said no.
    Rejected,
    /// Ended: somebody cancelled it.
    Cancelled,
    /// Ended: it could not be done.
    Failed,
}

impl MissionState {
    /// The word in tables, files and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Planning => "planning",
            Self::Held => "held",
            Self::Drafting => "drafting",
            Self::Synthesising => "synthesising",
            Self::Checking => "checking",
            Self::Council => "council",
            Self::Validating => "validating",
            Self::Revising => "revising",
            Self::AwaitingDecision => "awaiting_decision",
            Self::WaitingForPerson => "waiting_for_person",
            Self::Publishing => "publishing",
            Self::Published => "published",
            Self::Answered => "answered",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
    /// Whether it has ended.
    pub fn ended(self) -> bool {
        matches!(self, Self::Published | Self::Answered | Self::Rejected | Self::Cancelled | Self::Failed)
    }
}

/// One mission.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MissionRow {
    /// `M-2026-1120-lead-qualification`.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Where it stands.
    pub state: MissionState,
    /// Why it waits or how it ended, in words; empty while it goes on.
    pub reason: String,
    /// Rounds of synthesis so far.
    pub round: u32,
    /// The SOP, once planned.
    pub sop: Option<String>,
    /// Its version, once planned.
    pub version: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// Name of the dropped file.
    pub file: String,
    /// Hash of its bytes.
    pub sha256: Digest,
    /// When it was taken in.
    pub created_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

/// One file of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Artifact {
    /// Its name in the mission's folder.
    pub name: String,
    /// Hash of its content, a blob of the journal.
    pub hash: Digest,
}

const SELECT: &str =
    "SELECT id, title, state, reason, round, sop, version, requested_by, file, sha256, created_at,
  ended_at FROM mission";

fn read(row: &Row<'_>) -> rusqlite::Result<MissionRow> {
    Ok(MissionRow {
        id: row.get(0)?,
        title: row.get(1)?,
        state: word(row, 2)?,
        reason: row.get(3)?,
        round: row.get(4)?,
        sop: row.get(5)?,
        version: row.get(6)?,
        requested_by: row.get(7)?,
        file: row.get(8)?,
        sha256: Digest(row.get(9)?),
        created_at: Instant(row.get(10)?),
        ended_at: row.get::<_, Option<i64>>(11)?.map(Instant),
    })
}

/// One mission by its id.
pub fn mission(db: &Connection, id: &str) -> Result<MissionRow> {
    db.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row([id], read)
        .optional()?
        .ok_or_else(|| Problem::not_found(format!("there is no mission `{id}`")).hint("see `sopd status`"))
}

/// Whether `text` looks like the id of a mission, of a file on its way into the registry, of one the council
/// was asked about, or of a periodic review.
pub fn is_id(text: &str) -> bool {
    ["M-", "A-", "C-", "P-"].iter().any(|prefix| text.starts_with(prefix))
}

/// Missions, newest first: open ones only, or all.
pub fn missions(db: &Connection, all: bool) -> Result<Vec<MissionRow>> {
    let filter = if all { "" } else { " WHERE ended_at IS NULL" };
    let sql = format!("{SELECT}{filter} ORDER BY created_at DESC, id DESC");
    let rows = db.prepare_cached(&sql)?.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// At most `limit` missions, newest first, older than `after`: open ones only, or all.
pub fn missions_after(
    db: &Connection,
    all: bool,
    (after, limit): (Option<&str>, u32),
) -> Result<Vec<MissionRow>> {
    let place = after.map(|id| mission(db, id)).transpose()?.map(|row| (row.created_at.0, row.id));
    let (at, id) = place.unwrap_or((i64::MAX, String::new()));
    let open = if all { "" } else { " AND ended_at IS NULL" };
    let sql = format!(
        "{SELECT} WHERE (created_at, id) < (?1, ?2){open} ORDER BY created_at DESC, id DESC LIMIT ?3"
    );
    let rows = db.prepare_cached(&sql)?.query_map((at, id, limit), read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The newest open missions, at most `limit`, and how many are open.
pub fn open_missions(db: &Connection, limit: u32) -> Result<(Vec<MissionRow>, u32)> {
    let sql = format!("{SELECT} WHERE ended_at IS NULL ORDER BY created_at DESC, id DESC LIMIT ?1");
    let rows = db.prepare_cached(&sql)?.query_map([limit], read)?.collect::<Result<_, _>>()?;
    let sql = "SELECT count(*) FROM mission WHERE ended_at IS NULL";
    let open = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok((rows, open))
}

/// How many missions are in each state, by its word.
pub fn by_state(db: &Connection) -> Result<Vec<(String, u32)>> {
    let sql = "SELECT state, count(*) FROM mission GROUP BY state ORDER BY state";
    let rows = db
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The files of a mission's dossier, by name.
pub fn artifacts(db: &Connection, mission: &str) -> Result<Vec<Artifact>> {
    let rows = db
        .prepare_cached("SELECT name, hash FROM artifact WHERE mission = ?1 ORDER BY name")?
        .query_map([mission], |row| Ok(Artifact { name: row.get(0)?, hash: Digest(row.get(1)?) }))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// A mission about to be taken in.
#[derive(Clone, Debug)]
pub struct NewMission {
    /// The parsed file.
    pub brief: Brief,
    /// Its bytes.
    pub text: String,
    /// Its name.
    pub file: String,
    /// Who asks: the file's `requested_by` or the settings' requester.
    pub requester: String,
    /// The same bytes may be taken although a mission of them has ended.
    pub again: bool,
    /// The file is a dropped one and must still be moved into the dossier.
    pub dropped: bool,
    /// What came with it.
    pub brought: Brought,
}

/// Takes a mission in: gives it an id and starts its workflow. Bytes that an open mission has, or had and ended
/// without `again`, are a conflict that names the mission.
pub fn receive(tx: &Tx<'_>, new: &NewMission) -> Result<String> {
    let id = receive_as(tx, new, "M", |mission, sources| {
        let (mission, brief, requester) = (mission.to_owned(), new.brief.clone(), new.requester.clone());
        let story = super::Author { mission, brief, requester, sources };
        ((super::Author::NAME, super::Author::VERSION), serde_json::to_string(&story))
    })?;
    if let Some(sop) = &new.brief.ask.sop {
        // Missions on one SOP take their turns in the order in which they came, however long each one plans.
        claim(tx, sop, &id)?;
    }
    Ok(id)
}

/// Takes a file in under an id that begins with `prefix`, and starts the workflow that `story` makes of it.
pub(super) fn receive_as(
    tx: &Tx<'_>,
    new: &NewMission,
    prefix: &str,
    story: impl FnOnce(&str, Vec<Listed>) -> ((&'static str, u32), serde_json::Result<String>),
) -> Result<String> {
    let sha256 = Digest::of(&new.text);
    refuse_repetition(tx.db(), &sha256, new)?;
    let id = free_id(tx, prefix, &new.brief.title)?;
    tx.db()
        .prepare_cached(
            "INSERT INTO mission(id, title, state, reason, requested_by, file, sha256, moved, created_at)
             VALUES(?1, ?2, 'received', '', ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((&id, &new.brief.title, &new.requester, &new.file, &sha256.0, !new.dropped, tx.now().0))?;
    keep(tx, &id, "mission.md", &new.text)?;
    let sources = keep_brought(tx, &id, &new.brought)?;
    let mut fact =
        json!({ "title": new.brief.title, "file": new.file, "sha256": sha256, "by": new.requester });
    if let Some(fact) = fact.as_object_mut().filter(|_| !sources.is_empty()) {
        fact.insert("sources".to_owned(), json!(sources));
    }
    tx.event(&id, "mission_received", &fact)?;
    let (kind, input) = story(&id, sources);
    let input = input.map_err(|error| Problem::failed(format!("BUG: a brief is not JSON: {error}")))?;
    tx.start(&id, kind, None, &input)?;
    Ok(id)
}

/// Records that a mission's dropped file is in its dossier now.
pub fn mark_moved(tx: &Tx<'_>, mission: &str) -> Result<()> {
    tx.db().prepare_cached("UPDATE mission SET moved = 1 WHERE id = ?1")?.execute([mission])?;
    Ok(())
}

/// Missions whose dropped file a crash left where it was: id, file name, hash of its text.
pub fn unmoved(db: &Connection) -> Result<Vec<(String, String, Digest)>> {
    let rows = db
        .prepare_cached("SELECT id, file, sha256 FROM mission WHERE moved = 0")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, Digest(row.get(2)?))))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

fn refuse_repetition(db: &Connection, sha256: &Digest, new: &NewMission) -> Result<()> {
    let again = new.again;
    let rows: Vec<MissionRow> = db
        .prepare_cached(&format!("{SELECT} WHERE sha256 = ?1 ORDER BY created_at DESC"))?
        .query_map([&sha256.0], read)?
        .collect::<Result<_, _>>()?;
    let mut same = None;
    for row in rows {
        // The same words about other sources ask for something else.
        same = same.or(new.brought.is_of(db, &row.id)?.then_some(row));
    }
    match same {
        Some(open) if !open.state.ended() => Err(Problem::conflict(format!(
            "this file is already being worked on as {} (now {})",
            open.id,
            open.state.word()
        ))
        .hint("remove the file, or change it if you want something else")),
        Some(ended) if !again => Err(Problem::conflict(format!(
            "this very file was a mission before: {}, {}",
            ended.id,
            ended.state.word()
        ))
        .hint("to run it once more: `sopd submit --again FILE`")),
        _ => Ok(()),
    }
}

/// `M-2026-1120-lead-qualification`, with `-2`, `-3` … where that is taken.
fn free_id(tx: &Tx<'_>, prefix: &str, title: &str) -> Result<String> {
    const LONGEST_SLUG: usize = 48;
    let base = format!("{prefix}-{}-{}", tx.now().utc().format("%Y-%m%d"), slug(title, LONGEST_SLUG));
    let mut taken = tx.db().prepare_cached("SELECT EXISTS(SELECT 1 FROM mission WHERE id = ?1)")?;
    let mut number = 1;
    loop {
        let id = if number == 1 { base.clone() } else { format!("{base}-{number}") };
        if !taken.query_row([&id], |row| row.get::<_, bool>(0))? {
            return Ok(id);
        }
        number += 1;
    }
}

/// Records where a mission stands. An ended mission stays ended.
pub(super) fn set_state(tx: &Tx<'_>, mission: &str, state: MissionState, reason: &str) -> Result<()> {
    let ended = state.ended().then_some(tx.now().0);
    tx.db()
        .prepare_cached(
            "UPDATE mission SET state = ?2, reason = ?3, ended_at = ?4 WHERE id = ?1 AND ended_at IS NULL",
        )?
        .execute((mission, state.word(), tx.clean(reason), ended))?;
    Ok(())
}

/// Records the SOP a mission works on.
pub(super) fn set_sop(tx: &Tx<'_>, mission: &str, sop: &str, version: &str) -> Result<()> {
    tx.db()
        .prepare_cached("UPDATE mission SET sop = ?2, version = ?3 WHERE id = ?1")?
        .execute((mission, sop, version))?;
    Ok(())
}

/// Records the round a mission is in.
pub(super) fn set_round(tx: &Tx<'_>, mission: &str, round: u32) -> Result<()> {
    tx.db().prepare_cached("UPDATE mission SET round = ?2 WHERE id = ?1")?.execute((mission, round))?;
    Ok(())
}

/// Puts a file into the dossier; the projection writes it to disk. Returns the hash of its content.
pub(super) fn keep(tx: &Tx<'_>, mission: &str, name: &str, text: &str) -> Result<Digest> {
    keep_bytes(tx, mission, name, text.as_bytes())
}

/// [`keep`] of what may be no text.
pub(super) fn keep_bytes(tx: &Tx<'_>, mission: &str, name: &str, bytes: &[u8]) -> Result<Digest> {
    let hash = tx.blob(bytes)?;
    tx.db()
        .prepare_cached(
            "INSERT INTO artifact(mission, name, hash, at) VALUES(?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET hash = excluded.hash, at = excluded.at",
        )?
        .execute((mission, name, &hash.0, tx.now().0))?;
    Ok(hash)
}

/// Records that a party calls the council for an open mission; it is held with the next round.
///
/// # Errors
/// `Conflict` where no round is to come that would hold it: nobody is told of a council that never sits.
pub fn call_council(tx: &Tx<'_>, id: &str, by: &str) -> Result<()> {
    let row = mission(tx.db(), id)?;
    if row.state.ended() {
        return Err(Problem::conflict(format!("{id} has ended ({})", row.state.word())));
    }
    super::council::can_be_called(tx, &row)?;
    tx.db()
        .prepare_cached(
            "INSERT INTO council_call(mission, by, at) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute((id, by, tx.now().0))?;
    tx.event(id, "council_called", &json!({ "by": by }))?;
    Ok(())
}

/// Who called the council, if anybody did.
pub(super) fn council_called_by(db: &Connection, mission: &str) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT by FROM council_call WHERE mission = ?1")?
        .query_row([mission], |row| row.get(0))
        .optional()?)
}
