//! Stopping a workflow and all below it, and ending a stopped one without driving it: its code cannot be told, since it stopped because code and record do
//! not fit together.

use super::driver::CANCEL;
use super::history::encode_outcome;
use super::tx::Tx;
use super::workflow::Stop;
use crate::base::problem::Result;

impl Tx<'_> {
    /// Ends a stopped workflow as cancelled. What is below it goes with it: what is stopped there ends likewise, the
    /// rest is told to cancel. `false`, and nothing done, when it is not stopped. Its parent is not told.
    ///
    /// # Errors
    /// When the journal cannot be used.
    pub fn abandon(&self, workflow: &str) -> Result<bool> {
        if !self.put_to_rest(workflow)? {
            return Ok(false);
        }
        for below in self.below(workflow)? {
            if !self.put_to_rest(&below)? {
                self.signal(&below, CANCEL, &serde_json::Value::Null)?;
            }
        }
        Ok(true)
    }

    /// Stops a workflow and all below it, until somebody restarts them: nothing of it is driven. How many there were.
    ///
    /// # Errors
    /// When the journal cannot be used.
    pub fn halt(&self, workflow: &str, reason: &str) -> Result<usize> {
        let sql = "UPDATE workflow SET state = 'stopped', note = ?2
                   WHERE (id = ?1 OR id > ?1 || '/' AND id < ?1 || '0') AND state IN ('ready', 'parked')";
        let stopped = self.db().prepare_cached(sql)?.execute((workflow, reason))?;
        if stopped > 0 {
            let body = serde_json::json!({ "workflow": workflow, "reason": reason });
            self.event(workflow, "workflow_stopped", &body)?;
        }
        Ok(stopped)
    }

    /// The workflows below `workflow` that have not ended.
    pub fn below(&self, workflow: &str) -> Result<Vec<String>> {
        let sql = "SELECT id FROM workflow WHERE id > ?1 || '/' AND id < ?1 || '0' AND state <> 'done'";
        let mut statement = self.db().prepare_cached(sql)?;
        let ids = statement.query_map([workflow], |row| row.get(0))?;
        Ok(ids.collect::<std::result::Result<_, _>>()?)
    }

    fn put_to_rest(&self, workflow: &str) -> Result<bool> {
        let outcome = encode_outcome(&Err(Stop::Cancelled))?;
        let ended = self
            .db()
            .prepare_cached(
                "UPDATE workflow SET state = 'done', outcome = ?2, ended_at = ?3 WHERE id = ?1 AND state = 'stopped'",
            )?
            .execute((workflow, &outcome, self.now().0))?;
        if ended == 0 {
            return Ok(false);
        }
        for sql in [
            "UPDATE signal SET position = -1 WHERE workflow = ?1 AND position IS NULL",
            "UPDATE step SET outcome = '\"cancelled\"' WHERE workflow = ?1 AND position IS NULL",
            "DELETE FROM timer WHERE workflow = ?1",
        ] {
            self.db().prepare_cached(sql)?.execute([workflow])?;
        }
        Ok(true)
    }
}
