//! The one thread that appends: whatever waits is put into one transaction and one sync to disk. It is also the only one
//! that looks again and again, for what other processes append; whoever waits for news is woken by it.

use super::kept::{self, Kept};
use super::redact::Redactor;
use super::schema::store;
use super::tx::Tx;
use crate::base::{Clock, Kind, Problem, Trouble, problem::Result};
use rusqlite::{Connection, TransactionBehavior};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
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

/// How often it is looked for what other processes append, as long as something happens: a person who approves on the
/// command line sees the daemon act at once.
const QUICK: Duration = Duration::from_millis(25);
/// How often at rest: four wake-ups a second, the only ones that come often.
const AT_REST: Duration = Duration::from_millis(250);
/// How long after the last append nothing is taken to happen any more.
const CALM: Duration = Duration::from_secs(10);

/// What was appended since the journal was opened, counted: another count says that there are news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Commits of this process.
    pub ours: u64,
    /// Looks that found commits of other processes.
    pub others: u64,
}

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
    /// Look now for what others appended.
    Look(oneshot::Sender<Result<()>>),
    /// Look for it from now on, again and again.
    Watch,
}

pub(super) struct Writer {
    orders: Sender<Order>,
    listener: Arc<Mutex<Option<Listener>>>,
    appended: Arc<Mutex<Appended>>,
    news: watch::Receiver<News>,
    /// Looks for others' appends so far, and those that found some and were asked about.
    looks: Arc<AtomicU64>,
    asked: AtomicU64,
}

impl Writer {
    pub(super) fn start(db: Connection, kept: &'static [Kept], (clock, redactor): (Clock, Redactor)) -> Self {
        let (orders, inbox) = channel();
        let listener: Arc<Mutex<Option<Listener>>> = Arc::default();
        let heard = listener.clone();
        let appended: Arc<Mutex<Appended>> = Arc::default();
        let counted = appended.clone();
        let (rung, news) = watch::channel(News::default());
        let looks: Arc<AtomicU64> = Arc::default();
        let mut desk = Desk {
            db,
            kept,
            clock,
            redactor,
            listener: heard,
            appended: counted,
            rung,
            looks: looks.clone(),
            seen: 0,
            watching: false,
            stirred: Instant::now(),
            trouble: Trouble::of("what others append waits to be noticed"),
            appending: Trouble::of("nothing can be appended to the journal"),
        };
        // What others append after this is noticed, even before anybody has asked.
        if let Err(problem) = desk.look() {
            tracing::warn!(%problem, "the journal's version could not be read");
        }
        std::thread::spawn(move || desk.work(&inbox));
        Self { orders, listener, appended, news, looks, asked: AtomicU64::new(0) }
    }

    pub(super) fn listen(&self, listener: Listener) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }

    pub(super) fn appended(&self) -> Appended {
        *self.appended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with every append, whoever made it. From the first call on it is looked for those of other processes.
    pub(super) fn news(&self) -> watch::Receiver<News> {
        self.order(Order::Watch);
        self.news.clone()
    }

    /// How often it was looked for other processes' appends.
    pub(super) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
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

    /// Looks now; whether others have appended since the last call.
    pub(super) async fn others_appended(&self) -> Option<Result<bool>> {
        let (answer, receiver) = oneshot::channel();
        self.order(Order::Look(answer));
        let looked = receiver.await.ok()?;
        let found = self.news.borrow().others;
        Some(looked.map(|()| self.asked.swap(found, Ordering::SeqCst) != found))
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
    rung: watch::Sender<News>,
    looks: Arc<AtomicU64>,
    /// The version of the file at the last look.
    seen: i64,
    /// Whether anybody wants to hear of what others append.
    watching: bool,
    /// When something was last appended.
    stirred: Instant,
    trouble: Trouble,
    /// Of appends that are lost; whoever made them tries again.
    appending: Trouble,
}

impl Desk {
    fn work(&mut self, inbox: &Receiver<Order>) {
        while let Some(first) = self.next(inbox) {
            let mut batch = Vec::new();
            let mut next = Some(first);
            while let Some(order) = next.take() {
                match order {
                    Order::Append(job) => batch.push(job),
                    Order::Look(answer) => drop(answer.send(self.look())),
                    Order::Watch => self.watching = true,
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

    /// The next order. Meanwhile it is looked for what others append: here, since any other connection would miss
    /// appends or report our own, and in this thread, since it costs one wake-up and no more.
    fn next(&mut self, inbox: &Receiver<Order>) -> Option<Order> {
        let mut pause = None;
        loop {
            if !self.watching {
                return inbox.recv().ok();
            }
            let usual = if self.stirred.elapsed() < CALM { QUICK } else { AT_REST };
            match inbox.recv_timeout(pause.unwrap_or(usual)) {
                Ok(order) => return Some(order),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let looked = self.look();
                    pause = self.trouble.after(&looked);
                }
            }
        }
    }

    /// Looks for what others appended, and tells it.
    fn look(&mut self) -> Result<()> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let version: i64 = self.db.pragma_query_value(None, "data_version", |row| row.get(0))?;
        let before = std::mem::replace(&mut self.seen, version);
        if before != 0 && before != version {
            self.stirred = Instant::now();
            self.rung.send_modify(|news| news.others += 1);
        }
        Ok(())
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
        self.appending.after(&committed);
        if committed.is_ok() && !woken.is_empty() {
            let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(listener) = listener.as_ref() {
                listener(woken);
            }
        }
        self.stirred = Instant::now();
        self.rung.send_modify(|news| news.ours += 1);
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
