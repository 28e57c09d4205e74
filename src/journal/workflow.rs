//! The handle a [`Story`](super::Story) is told with: asking, and awaiting what was asked.

use super::activity::{Activity, Failure, Story};
use crate::base::{Digest, Instant};
use serde::de::DeserializeOwned;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Why a story cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody cancelled it. Delivered once, to whatever is awaited then; later asks work, for cleaning up.
    Cancelled,
    /// What was asked for failed.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Which of two answers came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first one asked for.
    First(A),
    /// The second.
    Second(B),
}

/// Asking side of one workflow. Clones are the same workflow.
#[derive(Clone)]
pub struct Workflow {
    id: Arc<str>,
    version: u32,
    desk: Arc<Mutex<Desk>>,
}

/// What was asked and what was answered.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) next_ordinal: i64,
    /// Asked since the driver last looked.
    pub(super) asked: VecDeque<Asked>,
    /// Given up since the driver last looked.
    pub(super) dropped: Vec<i64>,
    answers: HashMap<i64, Answer>,
    /// Who is to be told of an answer: groups such as `FuturesUnordered` poll only what has woken them.
    wakers: HashMap<i64, Waker>,
    now: i64,
}

struct Answer {
    position: i64,
    outcome: Result<String, Stop>,
}

/// One thing asked for.
pub(super) struct Asked {
    pub(super) ordinal: i64,
    pub(super) key: String,
    pub(super) what: What,
}

pub(super) enum What {
    Activity { name: &'static str, input: String },
    Child { name: &'static str, version: u32, input: String },
    Signal { name: String },
    Timer { due: Instant },
}

impl Asked {
    /// `activity`, `child`, `signal` or `timer`.
    pub(super) fn kind(&self) -> &'static str {
        match self.what {
            What::Activity { .. } => "activity",
            What::Child { .. } => "child",
            What::Signal { .. } => "signal",
            What::Timer { .. } => "timer",
        }
    }
    /// The name that replay checks.
    pub(super) fn name(&self) -> &str {
        match &self.what {
            What::Activity { name, .. } | What::Child { name, .. } => name,
            What::Signal { name } => name,
            What::Timer { .. } => "timer",
        }
    }
    /// The input hash that replay checks.
    pub(super) fn input_hash(&self) -> String {
        match &self.what {
            What::Activity { input, .. } | What::Child { input, .. } => Digest::of(input).0,
            What::Signal { .. } => String::new(),
            What::Timer { due } => due.0.to_string(),
        }
    }
}

impl Workflow {
    pub(super) fn new(id: &str, version: u32, now: Instant) -> Self {
        let desk = Desk { now: now.0, ..Desk::default() };
        Self { id: id.into(), version, desk: Arc::new(Mutex::new(desk)) }
    }

    /// The workflow's id.
    pub fn id(&self) -> &str {
        &self.id
    }
    /// The code version this workflow started with: branch on it where the story's shape changed.
    pub fn version(&self) -> u32 {
        self.version
    }
    /// The recorded moment of the last answer; the same in every replay.
    pub fn now(&self) -> Instant {
        Instant(self.desk().now)
    }

    /// Asks for an activity.
    #[expect(clippy::needless_pass_by_value, reason = "the work is handed over")]
    pub fn call<A: Activity>(&self, activity: A) -> Pending<A::Output> {
        let key = activity.key();
        match serde_json::to_string(&activity) {
            Ok(input) => self.ask(key, What::Activity { name: A::NAME, input }),
            Err(error) => {
                Pending::failed(Failure::bug(format!("the input of {} is not data: {error}", A::NAME)))
            }
        }
    }
    /// Asks for a child workflow.
    #[expect(clippy::needless_pass_by_value, reason = "the work is handed over")]
    pub fn child<S: Story>(&self, story: S) -> Pending<S::Output> {
        let key = story.key();
        match serde_json::to_string(&story) {
            Ok(input) => self.ask(key, What::Child { name: S::NAME, version: S::VERSION, input }),
            Err(error) => {
                Pending::failed(Failure::bug(format!("the input of {} is not data: {error}", S::NAME)))
            }
        }
    }
    /// Asks for the next signal of that name. Signals sent before are kept until asked for.
    pub fn signal<T: DeserializeOwned>(&self, name: &str) -> Pending<T> {
        self.ask(format!("signal/{name}"), What::Signal { name: name.to_owned() })
    }
    /// Asks to be woken at `due`.
    pub fn timer(&self, due: Instant) -> Pending<()> {
        self.ask("timer".to_owned(), What::Timer { due })
    }

    /// All answers, in the order of asking; one failure does not lose the others.
    pub async fn all<T: DeserializeOwned>(
        &self,
        asked: Vec<Pending<T>>,
    ) -> Result<Vec<Result<T, Failure>>, Stop> {
        let mut answers = Vec::with_capacity(asked.len());
        for pending in asked {
            answers.push(match pending.await {
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
                Err(Stop::Failed(failure)) => Err(failure),
                Ok(answer) => Ok(answer),
            });
        }
        Ok(answers)
    }

    /// The answer that was recorded first; the other is given up.
    pub async fn first<A: DeserializeOwned, B: DeserializeOwned>(
        &self,
        mut a: Pending<A>,
        mut b: Pending<B>,
    ) -> Result<Either<A, B>, Stop> {
        std::future::poll_fn(|cx| match (a.position(), b.position()) {
            (None, None) => Poll::Pending,
            (Some(first), second) if second.is_none_or(|second| first < second) => {
                Pin::new(&mut a).poll(cx).map_ok(Either::First)
            }
            _ => Pin::new(&mut b).poll(cx).map_ok(Either::Second),
        })
        .await
    }

    fn ask<T>(&self, key: String, what: What) -> Pending<T> {
        let mut desk = self.desk();
        let ordinal = desk.next_ordinal;
        desk.next_ordinal += 1;
        desk.asked.push_back(Asked { ordinal, key, what });
        Pending { inner: Inner::Asked { desk: self.desk.clone(), ordinal, done: false }, answer: PhantomData }
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Hands an answer to the story, stamped with its recorded place and time.
    pub(super) fn answer(&mut self, ordinal: i64, position: i64, outcome: Result<String, Stop>, at: i64) {
        self.now = at;
        self.answers.insert(ordinal, Answer { position, outcome });
        if let Some(waker) = self.wakers.remove(&ordinal) {
            waker.wake();
        }
    }
}

/// Something asked for and not yet answered. Dropping it gives it up.
pub struct Pending<T> {
    inner: Inner,
    answer: PhantomData<fn() -> T>,
}

enum Inner {
    Asked { desk: Arc<Mutex<Desk>>, ordinal: i64, done: bool },
    Failed(Failure),
}

impl<T> Pending<T> {
    fn failed(failure: Failure) -> Self {
        Self { inner: Inner::Failed(failure), answer: PhantomData }
    }
    fn position(&self) -> Option<i64> {
        match &self.inner {
            Inner::Failed(_) => Some(-1),
            Inner::Asked { desk, ordinal, .. } => {
                desk.lock().unwrap_or_else(PoisonError::into_inner).answers.get(ordinal).map(|a| a.position)
            }
        }
    }
}

impl<T: DeserializeOwned> Future for Pending<T> {
    type Output = Result<T, Stop>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.inner {
            Inner::Failed(failure) => Poll::Ready(Err(Stop::Failed(failure.clone()))),
            Inner::Asked { desk, ordinal, done } => {
                let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(answer) = desk.answers.remove(ordinal) else {
                    desk.wakers.insert(*ordinal, cx.waker().clone());
                    return Poll::Pending;
                };
                *done = true;
                Poll::Ready(answer.outcome.and_then(|text| {
                    serde_json::from_str(&text).map_err(|error| {
                        Stop::Failed(Failure::bug(format!("a recorded answer is not of its type: {error}")))
                    })
                }))
            }
        }
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        if let Inner::Asked { desk, ordinal, done: false } = &self.inner {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            desk.wakers.remove(ordinal);
            desk.dropped.push(*ordinal);
        }
    }
}
