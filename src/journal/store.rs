//! The journal file: opening, appending through the writer, reading beside it.

use super::kept::{self, Kept};
use super::redact::Redactor;
use super::tx::Tx;
use super::writer::{Appended, News, Writer};
use super::{blob, chain, schema, wal};
use crate::base::{Clock, Digest, Place, Problem, files, problem::Result};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a process waits for another one's append.
const BUSY_WAIT: Duration = Duration::from_secs(30);
/// Read connections kept open, each with a cache of up to 2 MB; more are opened when needed and closed after.
pub const IDLE_READERS: usize = 8;

/// What the opener may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Holds the workspace's lock: may create and upgrade.
    Holder,
    /// Appends and reads a journal of the current format.
    Guest,
}

/// A handle on the journal; clones share it.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    kept: &'static [Kept],
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    clock: Clock,
    redactor: Redactor,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Journal({})", self.shared.path.display())
    }
}

impl Journal {
    /// Opens the journal at `path`; `migrations[n]` leads from format `n` to `n + 1`.
    pub fn open(
        path: &Path,
        migrations: &[&[&str]],
        access: Access,
        means: (Clock, Redactor),
    ) -> Result<Self> {
        Self::open_kept(path, (migrations, &[]), access, means)
    }

    /// [`Journal::open`], with the tables whose rows are read as truth: every append seals what it changes of them.
    pub fn open_kept(
        path: &Path,
        (migrations, kept): (&[&[&str]], &'static [Kept]),
        access: Access,
        (clock, redactor): (Clock, Redactor),
    ) -> Result<Self> {
        if access == Access::Guest && !path.exists() {
            return Err(Problem::not_found(format!("there is no journal at {}", path.display()))
                .hint("make a workspace with `sopd init DIR`"));
        }
        // Made here, so that it and the files beside it are its owner's alone whatever the umask is.
        if access == Access::Holder && !path.exists() {
            files::private(std::fs::OpenOptions::new().create(true).append(true))
                .open(path)
                .map_err(|error| files::explain(path, &error))?;
        }
        let cut_off = wal::holds_commits(path);
        let mut db = Connection::open(path)?;
        // Until it is known to be whole, closing it must not tidy away what only looks like leftovers.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        tune(&db)?;
        let upgraded =
            |db: &Connection, format| kept::found(&Tx::new(db, clock.now(), &redactor), kept, format);
        schema::migrate(&mut db, migrations, (access == Access::Holder, cut_off), upgraded)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        kept::watch(&db, kept)?;
        let writer = Writer::start(db, kept, (clock.clone(), redactor.clone()));
        let readers = Mutex::default();
        Ok(Self {
            shared: Arc::new(Shared { path: path.to_owned(), kept, writer, readers, clock, redactor }),
        })
    }

    /// The clock the journal stamps with.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }
    /// `text` without any known secret.
    pub fn clean(&self, text: &str) -> String {
        self.shared.redactor.clean(text).into_owned()
    }
    /// Refuses a text that holds the value of a known secret: what is taken in is kept for years, under names made of it.
    ///
    /// # Errors
    /// `Invalid`, with the first line that holds one, which is not quoted; or where the name of the file does.
    pub fn check_free_of_secrets(&self, file: &str, text: &str) -> Result<()> {
        if self.shared.redactor.clean(file) != file {
            let problem = "the name of the file holds the value of a secret, which no journal may keep";
            return Err(Problem::invalid(problem).hint("give the file another name"));
        }
        let clean = self.shared.redactor.clean(text);
        if clean == text {
            return Ok(());
        }
        // One that goes over several lines begins where the first of them differs.
        let differs = text.lines().zip(clean.lines()).position(|(as_is, clean)| as_is != clean);
        let line = u32::try_from(differs.unwrap_or(0)).map_or(1, |nth| nth + 1);
        Err(Problem::invalid("this holds the value of a secret, which no journal may keep")
            .at(Place::of(file, &clean, line, 0))
            .hint("name the secret, and leave its value out"))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// The tables whose rows are read as truth.
    pub(super) fn kept(&self) -> &'static [Kept] {
        self.shared.kept
    }

    /// Appends: runs `job` inside a transaction and returns once it is on disk. Others' jobs may share the
    /// transaction; a job that fails leaves no trace.
    pub fn append<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.shared.writer.submit(job).recv().unwrap_or_else(|_gone| Err(closed()))
    }

    /// [`Journal::append`] without blocking the thread.
    pub async fn append_async<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.shared.writer.submit_async(job).await.unwrap_or_else(|_gone| Err(closed()))
    }

    /// How much this process has appended, for figures.
    pub fn appended(&self) -> Appended {
        self.shared.writer.appended()
    }

    /// Changes with every append, of this process at once and of others within a tenth of a second.
    pub fn news(&self) -> watch::Receiver<News> {
        self.shared.writer.news()
    }

    /// How often it was looked for other processes' appends, for figures.
    pub fn looks(&self) -> u64 {
        self.shared.writer.looks()
    }

    /// Reads beside the writer, on a snapshot.
    pub fn read<T>(&self, look: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let db = match idle {
            Some(db) => db,
            None => self.open_reader()?,
        };
        let snapshot = db.unchecked_transaction()?;
        let answer = look(&snapshot);
        drop(snapshot);
        let mut readers = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(db);
        }
        answer
    }

    /// The bytes of a blob; `None` when unknown or erased.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        self.read(|db| blob::get(db, digest))
    }

    /// Place and hash of the last fact.
    pub fn head(&self) -> Result<(i64, String)> {
        self.read(chain::head)
    }

    /// Calls `listener` with the ids of workflows that each commit of this process started or signalled.
    pub(super) fn on_commit(&self, listener: super::writer::Listener) {
        self.shared.writer.listen(listener);
    }
    /// Whether another process has appended since the last call. Asked on the writer's connection: any other
    /// would miss appends or report our own.
    pub(super) async fn others_appended(&self) -> Result<bool> {
        self.shared.writer.others_appended().await.unwrap_or_else(|| Err(closed()))
    }

    fn open_reader(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.shared.path, flags)?;
        db.busy_timeout(BUSY_WAIT)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    }
}

/// Puts what was written last into the file itself, as far as nobody reads an older state: a whole file survives more
/// than a small one with all that counts beside it.
///
/// # Errors
/// When the journal cannot be used.
pub fn settle_writes(journal: &Journal) -> Result<()> {
    let db = Connection::open(journal.path())?;
    tune(&db)?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))?;
    Ok(())
}

/// Writes the file anew without the bytes that were erased or deleted, and empties the log beside it. Others may go on
/// meanwhile; they wait for a moment.
///
/// # Errors
/// When others kept the journal busy for too long, or there is no room: the bytes are then overwritten by the next one.
pub fn overwrite_erased(journal: &Journal) -> Result<()> {
    let db = Connection::open(journal.path())?;
    tune(&db)?;
    db.execute_batch("VACUUM")?;
    let busy: bool = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        return Err(Problem::store("others kept the journal busy: what was erased is not overwritten yet")
            .hint("run `sopd cleanup` once more"));
    }
    Ok(())
}

fn closed() -> Problem {
    Problem::store("the journal was closed")
}

/// An acknowledged append is on disk: WAL with a sync at every commit.
fn tune(db: &Connection) -> Result<()> {
    db.busy_timeout(BUSY_WAIT)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", "ON")?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // What is deleted or erased is overwritten in the file as well.
    db.pragma_update(None, "secure_delete", "ON")?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(())
}
