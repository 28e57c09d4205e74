//! One append to the journal: everything a job writes becomes visible together, or not at all.

use super::redact::Redactor;
use super::{blob, chain};
use crate::base::{Digest, Instant, problem::Result};
use rusqlite::Connection;
use serde_json::Value;
use std::cell::{Cell, RefCell};

/// The open transaction a job writes through. Layers above use [`Tx::db`] for their own tables.
#[derive(Debug)]
pub struct Tx<'a> {
    db: &'a Connection,
    now: Instant,
    redactor: &'a Redactor,
    woken: RefCell<Vec<String>>,
    last_fact: Cell<Option<i64>>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(db: &'a Connection, now: Instant, redactor: &'a Redactor) -> Self {
        Self { db, now, redactor, woken: RefCell::default(), last_fact: Cell::default() }
    }

    /// The connection, inside the transaction.
    pub fn db(&self) -> &Connection {
        self.db
    }
    /// The moment of this append.
    pub fn now(&self) -> Instant {
        self.now
    }
    /// `text` without any known secret.
    pub fn clean(&self, text: &str) -> String {
        self.redactor.clean(text).into_owned()
    }

    /// Appends a fact about `subject` (a mission, an SOP, `sopd` itself). `body` must be an object; its members
    /// stand beside `at`, `kind` and `subject` in the stored text. Returns the fact's place in the chain; its hash is
    /// only known once the append is over.
    pub fn event(&self, subject: &str, kind: &str, body: &Value) -> Result<i64> {
        chain::append(self, subject, kind, body)
    }

    /// Stores bytes under their hash, secrets replaced when they are text.
    pub fn blob(&self, bytes: &[u8]) -> Result<Digest> {
        match std::str::from_utf8(bytes) {
            Ok(text) => blob::put(self, self.redactor.clean(text).as_bytes()),
            Err(_binary) => blob::put(self, bytes),
        }
    }

    /// The bytes of a blob; `None` when unknown or erased.
    pub fn read_blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        blob::get(self.db, digest)
    }

    /// Starts a workflow of `kind` at its current code version. An id that exists is left alone: the
    /// answer says whether it was new.
    pub fn start(
        &self,
        id: &str,
        (kind, version): (&str, u32),
        parent: Option<&str>,
        input: &str,
    ) -> Result<bool> {
        let input = blob::shelve(self, &self.redactor.clean(input))?;
        let rows = self
            .db
            .prepare_cached(
                "INSERT INTO workflow(id, kind, version, parent, input, state, created_at)
                 VALUES(?1, ?2, ?3, ?4, ?5, 'ready', ?6) ON CONFLICT DO NOTHING",
            )?
            .execute((id, kind, version, parent, input, self.now.0))?;
        self.wake(id);
        Ok(rows == 1)
    }

    /// Sends `payload` to a workflow under `name`. A workflow that has ended ignores it.
    pub fn signal(&self, workflow: &str, name: &str, payload: &Value) -> Result<()> {
        let payload = self.redactor.clean(&payload.to_string()).into_owned();
        let payload = blob::shelve(self, &payload)?;
        self.signal_text(workflow, name, &payload)
    }

    /// [`Tx::signal`] with a payload that is clean and shelved already.
    pub(super) fn signal_text(&self, workflow: &str, name: &str, payload: &str) -> Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO signal(workflow, name, payload, at, position)
                 SELECT id, ?2, ?3, ?4, CASE state WHEN 'done' THEN -1 END FROM workflow WHERE id = ?1",
            )?
            .execute((workflow, name, payload, self.now.0))?;
        self.db
            .prepare_cached("UPDATE workflow SET state = 'ready' WHERE id = ?1 AND state = 'parked'")?
            .execute([workflow])?;
        self.wake(workflow);
        Ok(())
    }

    /// Drives a stopped workflow again from the start of its record.
    pub fn restart(&self, workflow: &str) -> Result<bool> {
        let rows = self
            .db
            .prepare_cached(
                "UPDATE workflow SET state = 'ready', note = NULL WHERE id = ?1 AND state = 'stopped'",
            )?
            .execute([workflow])?;
        self.wake(workflow);
        Ok(rows == 1)
    }

    /// Notes the place of the last fact of this append.
    pub(super) fn recorded(&self, seq: i64) {
        self.last_fact.set(Some(seq));
    }
    pub(super) fn last_fact(&self) -> Option<i64> {
        self.last_fact.get()
    }

    pub(super) fn wake(&self, workflow: &str) {
        self.woken.borrow_mut().push(workflow.to_owned());
    }
    pub(super) fn woken(self) -> Vec<String> {
        self.woken.into_inner()
    }
}
