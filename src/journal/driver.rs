//! Drives one workflow: feeds it what is recorded, starts what is not, and lets go of it as soon as it only
//! waits. What comes is recorded in [`settle`](super::settle), what is asked for is started in
//! [`launch`](super::launch).

use super::activity::{Failure, Recorded};
use super::engine::Bell;
use super::history::{self, Record, decode_outcome};
use super::launch::GivenUp;
use super::store::Journal;
use super::stories::{Stories, Told};
use super::tx::Tx;
use super::workflow::{Asked, Stop, What, Workflow};
use crate::base::{Problem, Trouble, problem::Result};
use futures::future::{AbortHandle, Abortable, BoxFuture};
use futures::stream::FuturesUnordered;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The signal that cancels.
pub(super) const CANCEL: &str = "cancel";

pub(super) type Finished = (i64, Result<Recorded<String>, Failure>);

/// Why a drive cannot go on.
#[derive(Debug)]
pub(super) enum Broken {
    /// A difference between record and code, or a defect: the workflow is stopped with these words.
    Halt(String),
    /// The journal cannot be used now; the drive is tried again.
    Store(Problem),
}

impl From<Problem> for Broken {
    /// What another try would meet again stops the workflow, so that a person sees it.
    fn from(problem: Problem) -> Self {
        match problem.kind {
            kind if kind.passes() => Self::Store(problem),
            _ => Self::Halt(problem.to_string()),
        }
    }
}

pub(super) type Driven<T> = Result<T, Broken>;

/// Drives `id` until it ends, parks or stops.
pub(super) async fn drive(journal: &Journal, stories: &Stories, id: &str, bell: &Bell) -> Result<()> {
    let driven = match journal.read(|db| history::load(db, id)) {
        Ok(None) => return Ok(()),
        Ok(Some(record)) => match begin(stories, id, &record) {
            Ok(told) => Driver::new((journal, stories, bell), id, told, record).run().await,
            Err(broken) => Err(broken),
        },
        Err(problem) => Err(problem.into()),
    };
    match driven {
        Ok(()) => Ok(()),
        Err(Broken::Store(problem)) => Err(problem),
        Err(Broken::Halt(reason)) => stop(journal, id, reason).await,
    }
}

fn begin(stories: &Stories, id: &str, record: &Record) -> Driven<(Told, Workflow)> {
    let Some(known) = stories.find_story(&record.kind) else {
        return Err(Broken::Halt(format!("this sopd knows no workflow `{}`", record.kind)));
    };
    if record.version > known.version {
        return Err(Broken::Halt(format!(
            "`{}` was started by a newer sopd (version {}, this one knows {})",
            record.kind, record.version, known.version
        )));
    }
    let handle = Workflow::new(id, record.version, crate::base::Instant(record.created_at));
    let story =
        (known.tell)(&record.input, handle.clone()).map_err(|failure| Broken::Halt(failure.reason))?;
    Ok((story, handle))
}

/// Stops a workflow with the words a person will read.
pub(super) async fn stop(journal: &Journal, id: &str, reason: String) -> Result<()> {
    let id = id.to_owned();
    journal
        .append_async(move |tx| {
            let reason = tx.clean(&reason);
            tx.db()
                .prepare_cached("UPDATE workflow SET state = 'stopped', note = ?2 WHERE id = ?1")?
                .execute((&id, &reason))?;
            let root = id.split('/').next().unwrap_or(&id);
            tx.event(root, "workflow_stopped", &serde_json::json!({ "workflow": id, "reason": reason }))?;
            Ok(())
        })
        .await
}

/// Appends, however long the journal takes nothing in: what is under way lives only as long as the drive, and what
/// came of it is known nowhere else. Where it is to be cut off, it is given up.
pub(super) async fn append<T: Send + 'static>(
    (journal, bell): (&Journal, &Bell),
    what: impl Fn(&Tx<'_>) -> Result<T> + Send + Sync + 'static,
) -> Result<T> {
    let what = Arc::new(what);
    let mut tries = 0;
    loop {
        let once = what.clone();
        let outcome = journal.append_async(move |tx| once(tx)).await;
        if !outcome.as_ref().is_err_and(|problem| problem.kind.passes()) {
            return outcome;
        }
        tries += 1;
        tokio::select! {
            () = tokio::time::sleep(Trouble::pause(tries)) => {}
            () = bell.cut() => return outcome,
        }
    }
}

pub(super) struct Driver<'a> {
    pub(super) journal: &'a Journal,
    pub(super) stories: &'a Stories,
    pub(super) bell: &'a Bell,
    pub(super) id: Arc<str>,
    story: Told,
    handle: Workflow,
    pub(super) record: Record,
    /// Place of the next answer in the order of completion.
    pub(super) position: i64,
    /// Asked and not answered; the flag says whether it was launched.
    pub(super) pending: BTreeMap<i64, (Asked, bool)>,
    /// Started and then given up by the story: to be put away with the next launch.
    pub(super) given_up: Vec<(i64, GivenUp)>,
    /// Activities at work. They live and die with the drive: nothing runs that nobody drives.
    pub(super) running: FuturesUnordered<Abortable<BoxFuture<'static, Finished>>>,
    /// Ended and not yet recorded.
    pub(super) ended: VecDeque<Finished>,
    pub(super) aborts: HashMap<i64, AbortHandle>,
    children: HashSet<String>,
    pub(super) cancelled: bool,
    /// Whether a signal may lie in the journal that the story waits for.
    pub(super) look: bool,
}

impl<'a> Driver<'a> {
    fn new(
        (journal, stories, bell): (&'a Journal, &'a Stories, &'a Bell),
        id: &str,
        (story, handle): (Told, Workflow),
        record: Record,
    ) -> Self {
        Self {
            journal,
            stories,
            bell,
            id: id.into(),
            story,
            handle,
            record,
            position: 0,
            pending: BTreeMap::new(),
            given_up: Vec::new(),
            running: FuturesUnordered::new(),
            ended: VecDeque::new(),
            aborts: HashMap::new(),
            children: HashSet::new(),
            cancelled: false,
            look: true,
        }
    }

    async fn run(&mut self) -> Driven<()> {
        loop {
            let ended = self.poll()?;
            self.take_asked()?;
            if let Some((position, ordinal)) = self.record.completed.pop_front() {
                self.replay(position, ordinal, ended.is_ready())?;
                continue;
            }
            self.check_started()?;
            if let Poll::Ready(outcome) = ended {
                return self.end(outcome).await;
            }
            if self.pending.is_empty() {
                return Err(Broken::Halt("BUG: it awaits something the workflow did not give it".to_owned()));
            }
            let goes_on = if self.bell.drains() {
                self.finish_running().await?
            } else {
                self.launch().await?;
                self.wait().await?
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    fn poll(&mut self) -> Driven<Poll<Result<String, Stop>>> {
        let story = self.story.as_mut();
        // The driver polls after each answer; wakers only tell groups inside the story whom to look at.
        let mut context = Context::from_waker(Waker::noop());
        std::panic::catch_unwind(AssertUnwindSafe(move || story.poll(&mut context)))
            .map_err(|panic| Broken::Halt(format!("BUG: the workflow's code broke down: {}", words(&*panic))))
    }

    /// Takes over what the story asked for, compared with the record.
    fn take_asked(&mut self) -> Driven<()> {
        let (asked, dropped) = {
            let mut desk = self.handle.desk();
            (std::mem::take(&mut desk.asked), std::mem::take(&mut desk.dropped))
        };
        for asked in asked {
            if let Some(step) = self.record.steps.get(&asked.ordinal) {
                step.check(&asked).map_err(Broken::Halt)?;
            }
            if matches!(asked.what, What::Child { .. }) && !self.children.insert(asked.key.clone()) {
                return Err(Broken::Halt(format!("BUG: two children have the key `{}`", asked.key)));
            }
            self.look |= !matches!(asked.what, What::Activity { .. });
            self.pending.insert(asked.ordinal, (asked, false));
        }
        for ordinal in dropped {
            self.give_up(ordinal);
        }
        Ok(())
    }

    fn give_up(&mut self, ordinal: i64) {
        let Some((asked, launched)) = self.pending.remove(&ordinal) else { return };
        if let Some(abort) = self.aborts.remove(&ordinal) {
            abort.abort();
        }
        let put_away = self.record.steps.get(&ordinal).map(|step| step.outcome.is_some());
        if put_away == Some(false) || (put_away.is_none() && launched) {
            self.given_up.push((ordinal, GivenUp::of(&self.id, &asked)));
        }
    }

    /// When the record is told to its end, everything it says was started must have been asked for again.
    fn check_started(&self) -> Driven<()> {
        let asked = self.handle.desk().next_ordinal;
        match self.record.steps.iter().find(|(ordinal, _)| **ordinal >= asked) {
            Some((ordinal, step)) => Err(left_over(*ordinal, &step.key)),
            None => Ok(()),
        }
    }

    fn replay(&mut self, position: i64, ordinal: i64, ended: bool) -> Driven<()> {
        let Some(step) = self.record.steps.get_mut(&ordinal) else { return Ok(()) };
        let at = step.at;
        if step.kind == CANCEL && !ended {
            self.deliver_cancel(position, at);
            return Ok(());
        }
        if ended || !self.pending.contains_key(&ordinal) {
            return Err(left_over(ordinal, &step.key));
        }
        let outcome = decode_outcome(step.outcome.take().as_deref().unwrap_or_default())?;
        self.deliver(position, ordinal, outcome, at);
        Ok(())
    }

    pub(super) fn deliver(&mut self, position: i64, ordinal: i64, outcome: Result<String, Stop>, at: i64) {
        self.pending.remove(&ordinal);
        self.aborts.remove(&ordinal);
        self.handle.desk().answer(ordinal, position, outcome, at);
        self.position = position + 1;
    }

    pub(super) fn deliver_cancel(&mut self, position: i64, at: i64) {
        self.cancelled = true;
        self.running.clear();
        self.ended.clear();
        self.aborts.clear();
        let mut desk = self.handle.desk();
        for ordinal in std::mem::take(&mut self.pending).into_keys() {
            desk.answer(ordinal, position, Err(Stop::Cancelled), at);
        }
        self.position = position + 1;
    }

    pub(super) fn fault_place(&self, key: &str) -> String {
        let path = self.id.split_once('/').map_or("", |(_, path)| path);
        format!("{}/{key}", if path.is_empty() { &self.record.kind } else { path })
    }
}

fn left_over(ordinal: i64, key: &str) -> Broken {
    Broken::Halt(format!("the journal holds step {ordinal} `{key}`, which the code no longer asks for"))
}

pub(super) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
