//! Full-text search over the active versions. The index is a projection: a publication writes it in its own
//! transaction, and what it lacks (a journal of an earlier version) is read from the published files.

use super::rows::{self, VersionRow};
use super::verify::read_checked;
use crate::base::{Problem, problem::Result};
use crate::journal::{Journal, Tx};
use crate::sop::{SopId, references};
use rusqlite::{Connection, OptionalExtension as _};
use std::path::Path;

/// The tables of the search, as of version 2.
pub const SEARCH_TABLES: &str = "
CREATE VIRTUAL TABLE sop_text USING fts5(sop, title, owner, body, tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE sop_indexed(
  sop TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,                 -- of the version whose text is in the index; empty where its file was changed
  place INTEGER NOT NULL                -- rowid in sop_text
) STRICT, WITHOUT ROWID;
";

/// Most words of one search; more would only narrow it to nothing.
const MAX_WORDS: usize = 20;
/// Longest search, in bytes.
const MAX_BYTES: usize = 200;
/// Most SOPs found: more than a person looks through.
pub const MAX_FOUND: usize = 100;
/// Marks around the words found, in what the index gives; no text holds them.
const MARKS: (char, char) = ('\u{2}', '\u{3}');

/// An SOP that fits.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its active version.
    pub row: VersionRow,
    /// A piece of its text, cut where words that were looked for begin and end: those are marked `true`.
    pub excerpt: Vec<(bool, String)>,
}

/// The active SOPs that hold all of `words` or words that begin so, best first. No words find nothing.
///
/// # Errors
/// `Usage` for a search that is too long.
pub fn search(journal: &Journal, root: &Path, words: &str) -> Result<Vec<Found>> {
    let Some(query) = query(words)? else { return Ok(Vec::new()) };
    refresh(journal, root)?;
    journal.read(|db| {
        let sql = format!(
            "SELECT sop, snippet(sop_text, 3, char(2), char(3), '…', 24) FROM sop_text WHERE sop_text MATCH ?1
             ORDER BY bm25(sop_text, 4.0, 8.0, 2.0, 1.0), sop LIMIT {MAX_FOUND}"
        );
        let found: Vec<(String, String)> = db
            .prepare_cached(&sql)?
            .query_map([&query], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut out = Vec::new();
        for (id, excerpt) in found {
            let id: SopId = id.parse().map_err(Problem::store)?;
            if let Some(row) = rows::active(db, &id)? {
                out.push(Found { row, excerpt: pieces(&excerpt) });
            }
        }
        Ok(out)
    })
}

/// The active SOPs whose text refers to `id`, in order; the search must have been brought up to date.
pub fn referring(journal: &Journal, root: &Path, id: &SopId) -> Result<Vec<VersionRow>> {
    refresh(journal, root)?;
    journal.read(|db| {
        let candidates: Vec<(String, String)> = db
            .prepare_cached(
                "SELECT sop, body FROM sop_text WHERE sop_text MATCH ?1 AND sop <> ?2 ORDER BY sop",
            )?
            .query_map((format!("body : \"{id}\""), id.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let refers = |text: &str| {
            let written = references::written(text);
            written.iter().any(|inside| references::read(inside).is_ok_and(|(other, _)| other == *id))
        };
        let mut out = Vec::new();
        for (sop, _) in candidates.iter().filter(|(_, text)| refers(text)) {
            out.extend(rows::active(db, &sop.parse().map_err(Problem::store)?)?);
        }
        Ok(out)
    })
}

/// Puts the text of a version that becomes active in place of the one before.
pub(super) fn put(tx: &Tx<'_>, row: (&SopId, &str, &str), (sha256, text): (&str, &str)) -> Result<()> {
    let (id, title, owner) = row;
    forget(tx, id)?;
    tx.db()
        .prepare_cached("INSERT INTO sop_text(sop, title, owner, body) VALUES(?1, ?2, ?3, ?4)")?
        .execute((id.as_str(), title, owner, text))?;
    let place = tx.db().last_insert_rowid();
    tx.db().prepare_cached("INSERT INTO sop_indexed(sop, sha256, place) VALUES(?1, ?2, ?3)")?.execute((
        id.as_str(),
        sha256,
        place,
    ))?;
    Ok(())
}

/// Takes an SOP out of the index.
pub(super) fn forget(tx: &Tx<'_>, id: &SopId) -> Result<()> {
    let place: Option<i64> = tx
        .db()
        .prepare_cached("DELETE FROM sop_indexed WHERE sop = ?1 RETURNING place")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(place) = place {
        tx.db().prepare_cached("DELETE FROM sop_text WHERE rowid = ?1")?.execute([place])?;
    }
    Ok(())
}

/// Brings the index up to date with the registry, where it is not.
fn refresh(journal: &Journal, root: &Path) -> Result<()> {
    let stale = journal.read(stale)?;
    let mut texts = Vec::new();
    for (row, known) in stale {
        match read_checked(root, &row) {
            Ok(text) => texts.push((row, text)),
            // Changed by hand: its text is not what was approved, so only its name can be found.
            Err(_changed) if !known => texts.push((row, String::new())),
            Err(_changed) => {}
        }
    }
    if texts.is_empty() {
        return Ok(());
    }
    journal.append(move |tx| {
        for (row, text) in &texts {
            let sha256 = if text.is_empty() { "" } else { &row.sha256.0 };
            put(tx, (&row.id, &row.title, &row.owner), (sha256, text))?;
        }
        Ok(())
    })
}

/// Active versions that the index does not hold, each with whether it knows their name at least.
fn stale(db: &Connection) -> Result<Vec<(VersionRow, bool)>> {
    let sql = "SELECT v.sop, i.sop IS NOT NULL FROM sop_version v LEFT JOIN sop_indexed i ON i.sop = v.sop
               WHERE v.status = 'active' AND i.sha256 IS NOT v.sha256";
    let found: Vec<(String, bool)> = db
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut out = Vec::new();
    for (id, known) in found {
        out.extend(rows::active(db, &id.parse().map_err(Problem::store)?)?.map(|row| (row, known)));
    }
    Ok(out)
}

/// `words` in the index's language: each quoted, so that none is taken for an operator, and as a beginning.
fn query(words: &str) -> Result<Option<String>> {
    if words.len() > MAX_BYTES {
        return Err(Problem::usage(format!("at most {MAX_BYTES} bytes are searched for")));
    }
    let terms: Vec<String> = words
        .split_whitespace()
        .map(|word| word.replace('"', " "))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .take(MAX_WORDS)
        .map(|word| format!("\"{word}\"*"))
        .collect();
    Ok(Some(terms.join(" ")).filter(|query| !query.is_empty()))
}

fn pieces(excerpt: &str) -> Vec<(bool, String)> {
    let mut out = Vec::new();
    for part in excerpt.split_inclusive([MARKS.0, MARKS.1]) {
        let (text, found) = match part.strip_suffix(MARKS.1) {
            Some(text) => (text, true),
            None => (part.strip_suffix(MARKS.0).unwrap_or(part), false),
        };
        if !text.is_empty() {
            out.push((found, text.to_owned()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_never_operators() {
        assert_eq!(query("lead AND (NEAR\" *").unwrap().unwrap(), "\"lead\"* \"AND\"* \"(NEAR \"*");
        assert_eq!(query(" -- * ").unwrap(), None);
        assert!(query(&"x".repeat(201)).is_err());
    }

    #[test]
    fn what_was_found_is_marked() {
        let cut = pieces("a \u{2}lead\u{3} and");
        assert_eq!(cut, [(false, "a ".to_owned()), (true, "lead".to_owned()), (false, " and".to_owned())]);
    }
}
