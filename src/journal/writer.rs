//! The one thread that appends: whatever waits is put into one transaction and one sync to disk.

use super::kept::{self, Kept};
use super::redact::Redactor;
use super::schema::store;
use super::tx::Tx;
use crate::base::{Clock, Kind, Problem, problem::Result};
use rusqlite::{Connection, TransactionBehavior};
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{oneshot, watch};

/// Appends that may share one commit. More would make the first one wait for no gain: at this size the sync
/// is already a small part of the batch.
const BATCH: usize = 256;

/// The figure of how long a commit takes, its sync to disk included.
pub const COMMIT_SECONDS: &str = "sopd_journal_commit_seconds";

/// Called after each commit with the workflows it started or signalled.
pub(super) type Listener = Box<dyn Fn(Vec<String>) + Send>;

/// What a job leaves behind when run: a way to answer its submitter once the commit's fate is known.
type Reply = Box<dyn FnOnce(Result<()>) + Send>;
/// Run with the open transaction, or with the reason why there is none.
type Job = Box<dyn FnOnce(Result<&Tx<'_>>) -> (bool, Reply) + Send>;

/// How much was appended by this process since it opened the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Appends that were asked for.
    pub jobs: u64,
    /// Transactions they shared.
    pub commits: u64,
}

enum Order {
    Append(Job),
    OthersAppended(oneshot::Sender<Result<bool>>),
}

pub(super) struct Writer {
    orders: Sender<Order>,
    listener: Arc<Mutex<Option<Listener>>>,
    appended: Arc<Mutex<Appended>>,
    commits: watch::Receiver<u64>,
}

impl Writer {
    pub(super) fn start(db: Connection, kept: &'static [Kept], (clock, redactor): (Clock, Redactor)) -> Self {
        let (orders, inbox) = channel();
        let listener: Arc<Mutex<Option<Listener>>> = Arc::default();
        let heard = listener.clone();
        let appended: Arc<Mutex<Appended>> = Arc::default();
        let counted = appended.clone();
        let (rung, commits) = watch::channel(0);
        let mut desk = Desk { db, kept, clock, redactor, listener: heard, appended: counted, rung, seen: 0 };
        // What others append after this is noticed, even before anybody has asked.
        if let Err(problem) = desk.data_version() {
            tracing::warn!(%problem, "the journal's version could not be read");
        }
        std::thread::spawn(move || desk.work(&inbox));
        Self { orders, listener, appended, commits }
    }

    pub(super) fn listen(&self, listener: Listener) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }

    pub(super) fn appended(&self) -> Appended {
        *self.appended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    pub(super) fn submit<T, F>(&self, job: F) -> Receiver<Result<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, receiver) = channel();
        self.order(Order::Append(boxed(job, move |outcome| drop(answer.send(outcome)))));
        receiver
    }

    pub(super) fn submit_async<T, F>(&self, job: F) -> oneshot::Receiver<Result<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        self.order(Order::Append(boxed(job, move |outcome| drop(answer.send(outcome)))));
        receiver
    }

    pub(super) fn others_appended(&self) -> oneshot::Receiver<Result<bool>> {
        let (answer, receiver) = oneshot::channel();
        self.order(Order::OthersAppended(answer));
        receiver
    }

    /// A send fails only when the thread is gone; the submitter then finds its answer channel closed.
    fn order(&self, order: Order) {
        drop(self.orders.send(order));
    }
}

fn boxed<T, F>(job: F, answer: impl FnOnce(Result<T>) + Send + 'static) -> Job
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
{
    Box::new(move |tx| {
        // A job that breaks down must not take the thread with it: all later appends would fail.
        let outcome = tx.and_then(|tx| {
            std::panic::catch_unwind(AssertUnwindSafe(|| job(tx))).unwrap_or_else(|panic| {
                Err(Problem::failed(format!("BUG: an append broke down: {}", super::driver::words(&*panic))))
            })
        });
        let kept = outcome.is_ok();
        let reply: Reply = Box::new(move |committed| answer(committed.and(outcome)));
        (kept, reply)
    })
}

struct Desk {
    db: Connection,
    kept: &'static [Kept],
    clock: Clock,
    redactor: Redactor,
    listener: Arc<Mutex<Option<Listener>>>,
    appended: Arc<Mutex<Appended>>,
    rung: watch::Sender<u64>,
    seen: i64,
}

impl Desk {
    fn work(&mut self, inbox: &Receiver<Order>) {
        while let Ok(first) = inbox.recv() {
            let mut batch = Vec::new();
            let mut next = Some(first);
            while let Some(order) = next.take() {
                match order {
                    Order::Append(job) => batch.push(job),
                    Order::OthersAppended(answer) => drop(answer.send(self.data_version())),
                }
                if batch.len() < BATCH {
                    next = inbox.try_recv().ok();
                }
            }
            if !batch.is_empty() {
                self.commit(batch);
            }
        }
    }

    fn data_version(&mut self) -> Result<bool> {
        let version: i64 = self.db.pragma_query_value(None, "data_version", |row| row.get(0))?;
        let changed = self.seen != 0 && self.seen != version;
        self.seen = version;
        Ok(changed)
    }

    fn commit(&mut self, batch: Vec<Job>) {
        let mut replies = Vec::with_capacity(batch.len());
        let mut woken = Vec::new();
        {
            let mut appended = self.appended.lock().unwrap_or_else(PoisonError::into_inner);
            appended.jobs += batch.len() as u64;
            appended.commits += 1;
        }
        let begun = Instant::now();
        let committed = self.run(batch, &mut replies, &mut woken);
        metrics::histogram!(COMMIT_SECONDS).record(begun.elapsed());
        if let Err(problem) = &committed {
            tracing::error!(%problem, "the journal could not be appended to");
        }
        if committed.is_ok() && !woken.is_empty() {
            let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(listener) = listener.as_ref() {
                listener(woken);
            }
        }
        self.rung.send_modify(|count| *count = count.wrapping_add(1));
        // After the listener: who has an answer may rely on the engine knowing what it set off.
        for reply in replies {
            reply(committed.clone());
        }
    }

    fn run(&mut self, batch: Vec<Job>, replies: &mut Vec<Reply>, woken: &mut Vec<String>) -> Result<()> {
        let now = self.clock.now();
        let opened = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(lost);
        let mut open = opened.as_ref().map(|_| ()).map_err(Clone::clone);
        for job in batch {
            if let (Ok(transaction), Ok(())) = (&opened, &open) {
                open = attempt(transaction, job, (now, &self.redactor, self.kept), replies, woken);
            } else {
                let reason = open.clone().err().unwrap_or_else(|| Problem::store("the journal is closed"));
                replies.push(job(Err(reason)).1);
            }
        }
        open?;
        opened?.commit().map_err(lost)
    }
}

/// Runs one job inside a savepoint. An error here means that the whole transaction is lost.
fn attempt(
    transaction: &Connection,
    job: Job,
    (now, redactor, kept): (crate::base::Instant, &Redactor, &[Kept]),
    replies: &mut Vec<Reply>,
    woken: &mut Vec<String>,
) -> Result<()> {
    let point = |sql| transaction.prepare_cached(sql).and_then(|mut sql| sql.execute([])).map_err(lost);
    if let Err(problem) = point("SAVEPOINT job") {
        replies.push(job(Err(problem.clone())).1);
        return Err(problem);
    }
    let tx = Tx::new(transaction, now, redactor);
    let (done, reply) = job(Ok(&tx));
    replies.push(reply);
    // On a full or failing disk SQLite rolls everything back by itself.
    if transaction.is_autocommit() {
        return Err(Problem::new(
            Kind::Machine,
            "the journal could not be used: the disk is full or failing",
        )
        .hint("free some disk space; nothing half-written was kept"));
    }
    if done {
        kept::seal(&tx, kept)?;
        woken.extend(tx.woken());
    } else {
        point("ROLLBACK TO job")?;
    }
    point("RELEASE job").map(drop)
}

/// Trouble with the transaction itself is nobody's job's fault: every one of them may be tried again.
fn lost(error: rusqlite::Error) -> Problem {
    let problem = store(error);
    let kind = if problem.kind.passes() { problem.kind } else { Kind::Store };
    Problem { kind, ..problem }
}
