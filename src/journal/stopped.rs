//! Workflows that nobody drives any more, because their code and their record do not fit together.

use crate::base::problem::Result;
use rusqlite::Connection;

/// A stopped workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Its id.
    pub workflow: String,
    /// Why it was stopped, in words.
    pub reason: String,
}

/// What is stopped of the story `root`: itself and everything below it, in the order of their ids.
///
/// # Errors
/// When the journal cannot be read.
pub fn stopped(db: &Connection, root: &str) -> Result<Vec<Stopped>> {
    // The index is named, since the rows themselves are wide: the inputs of whole stories lie in them.
    let sql =
        "SELECT id, coalesce(note, '') FROM workflow INDEXED BY workflow_stopped WHERE state = 'stopped'
                 AND id >= ?1 AND id < ?1 || '0' AND (id = ?1 OR id > ?1 || '/') ORDER BY id";
    let found = db
        .prepare_cached(sql)?
        .query_map([root], |row| Ok(Stopped { workflow: row.get(0)?, reason: row.get(1)? }))?
        .collect::<std::result::Result<_, _>>()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_told_from_one_whose_id_begins_alike() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(crate::journal::TABLES).unwrap();
        for (id, state) in [
            ("M-1", "parked"),
            ("M-1/draft#1", "stopped"),
            ("M-1/draft#1/ask", "done"),
            ("M-10", "stopped"),
            ("M-1-b", "stopped"),
        ] {
            let sql = "INSERT INTO workflow(id, kind, version, input, state, note, created_at) VALUES (?1, '', 1, '', ?2, 'x', 0)";
            db.execute(sql, (id, state)).unwrap();
        }
        let ids = |root| -> Vec<String> {
            stopped(&db, root).unwrap().into_iter().map(|one| one.workflow).collect()
        };
        assert_eq!(ids("M-1"), ["M-1/draft#1"]);
        assert_eq!(ids("M-10"), ["M-10"]);
        assert_eq!(ids("M-2"), [""; 0]);
    }
}
