//! A story given as data, and a world that counts what was really done: what the journal's tests tell, kill and
//! tell again.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use sopd::base::{Clock, Instant};
use sopd::journal::{
    Access, Activity, Either, Failure, FailureClass, Journal, Pending, Recorded, Redactor, Repeat, Stop,
    Stories, Story, TABLES, TABLES_6, Workflow,
};
use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

pub(crate) const NOW: i64 = 1_000_000;

/// One thing a script does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Op {
    Call {
        fail: bool,
    },
    Compute,
    Child(Vec<Op>),
    /// Calls and children side by side; anything else counts as a call.
    All(Vec<Op>),
    /// Calls in a group that is polled only where it was woken.
    Group(u8),
    /// An answer that was given before anybody asked; top level only.
    Signal,
    /// An answer or a deadline that has passed; top level only.
    First {
        answered: bool,
    },
    Timer,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) ops: Vec<Op>,
}

impl Story for Script {
    const NAME: &'static str = "script";
    const VERSION: u32 = 1;
    type Output = String;
    fn key(&self) -> String {
        self.name.clone()
    }
    async fn tell(self, w: Workflow) -> Result<String, Stop> {
        let mut said = Vec::new();
        for (at, op) in self.ops.iter().enumerate() {
            said.push(op.tell(&w, &at.to_string()).await?);
        }
        Ok(format!("{}({})", self.name, said.join(" ")))
    }
}

impl Op {
    async fn tell(&self, w: &Workflow, place: &str) -> Result<String, Stop> {
        match self {
            Self::Call { .. } | Self::Compute | Self::Child(_) => said(self.ask(w, place).await),
            Self::All(ops) => {
                let asked = ops.iter().enumerate().map(|(at, op)| op.ask(w, &format!("{place}.{at}")));
                let answers = w.all(asked.collect()).await?;
                let words = answers.into_iter().map(|answer| answer.unwrap_or_else(|failure| failure.reason));
                Ok(words.collect::<Vec<_>>().join("+"))
            }
            Self::Group(size) => {
                let call = Self::Call { fail: false };
                let mut group: FuturesUnordered<_> =
                    (0..*size).map(|at| call.ask(w, &format!("{place}.{at}"))).collect();
                let mut words = Vec::new();
                while let Some(answer) = group.next().await {
                    words.push(said(answer)?);
                }
                words.sort();
                Ok(words.join("|"))
            }
            Self::Signal => w.signal(&format!("s{place}")).await,
            Self::First { .. } => {
                Ok(match w.first(w.signal(&format!("s{place}")), w.timer(Instant(NOW - 1))).await? {
                    Either::First(answer) => answer,
                    Either::Second(()) => "nobody".to_owned(),
                })
            }
            Self::Timer => w.timer(Instant(NOW - 1)).await.map(|()| "tick".to_owned()),
        }
    }

    fn ask(&self, w: &Workflow, place: &str) -> Pending<String> {
        let key = format!("{}:{place}", w.id());
        match self {
            Self::Child(ops) => w.child(Script { name: format!("c{place}"), ops: ops.clone() }),
            Self::Compute => w.call(Compute(Note { key, fail: false })),
            other => w.call(Note { key, fail: matches!(other, Self::Call { fail: true }) }),
        }
    }
}

fn said(answer: Result<String, Stop>) -> Result<String, Stop> {
    match answer {
        Err(Stop::Failed(failure)) => Ok(failure.reason),
        other => other,
    }
}

/// Counts what was really done, here and (for a process that dies) in a file.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) done: Mutex<HashMap<String, u32>>,
    pub(crate) log: Option<PathBuf>,
    /// Performances until `killed` is notified.
    pub(crate) kill_after: Mutex<Option<u32>>,
    pub(crate) killed: Notify,
}

impl World {
    pub(crate) fn count(&self, key: &str) -> u32 {
        self.done.lock().unwrap().get(key).copied().unwrap_or(0)
    }

    fn note(&self, key: &str) {
        *self.done.lock().unwrap().entry(key.to_owned()).or_default() += 1;
        if let Some(log) = &self.log {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
            file.write_all(format!("{key}\n").as_bytes()).unwrap();
        }
        let mut left = self.kill_after.lock().unwrap();
        *left = left.map(|left| left.saturating_sub(1));
        if *left == Some(0) {
            self.killed.notify_one();
        }
    }
}

/// Outside work whose start is recorded.
#[derive(Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) key: String,
    pub(crate) fail: bool,
}

impl Activity for Note {
    const NAME: &'static str = "note";
    const REPEAT: Repeat = Repeat::Safe;
    type World = World;
    type Output = String;
    fn key(&self) -> String {
        self.key.rsplit(':').next().unwrap_or_default().to_owned()
    }
    async fn perform(self, world: &World) -> Result<Recorded<String>, Failure> {
        world.note(&self.key);
        tokio::task::yield_now().await;
        if self.fail {
            return Err(Failure::new(FailureClass::Content, "refused"));
        }
        Ok(Recorded::of("done".to_owned()).event("test", "noted", serde_json::json!({ "key": self.key })))
    }
}

/// The same, computed: only its answer is recorded.
#[derive(Serialize, Deserialize)]
pub(crate) struct Compute(pub(crate) Note);

impl Activity for Compute {
    const NAME: &'static str = "compute";
    const REPEAT: Repeat = Repeat::Pure;
    type World = World;
    type Output = String;
    fn key(&self) -> String {
        self.0.key()
    }
    async fn perform(self, world: &World) -> Result<Recorded<String>, Failure> {
        self.0.perform(world).await
    }
}

pub(crate) fn open(path: &Path) -> Journal {
    let clock = Clock::fixed(Instant(NOW));
    Journal::open(path, &[&[TABLES, TABLES_6]], Access::Holder, (clock, Redactor::default())).unwrap()
}

pub(crate) fn stories(world: &Arc<World>) -> Stories {
    Stories::default().story::<Script>().activity::<Note>(world).activity::<Compute>(world)
}

/// Starts the script under `id` with every answer it will be given; again is harmless.
pub(crate) fn start(journal: &Journal, id: &str, ops: &[Op]) {
    let input = serde_json::to_string(&Script { name: id.to_owned(), ops: ops.to_vec() }).unwrap();
    let (id, ops) = (id.to_owned(), ops.to_vec());
    journal
        .append(move |tx| {
            if !tx.start(&id, (Script::NAME, Script::VERSION), None, &input)? {
                return Ok(());
            }
            for (at, op) in ops.iter().enumerate() {
                if matches!(op, Op::Signal | Op::First { answered: true }) {
                    tx.signal(&id, &format!("s{at}"), &serde_json::json!("yes"))?;
                }
            }
            Ok(())
        })
        .unwrap();
}

/// State and outcome of every workflow.
pub(crate) fn outcomes(journal: &Journal) -> Vec<String> {
    journal
        .read(|db| {
            let sql =
                "SELECT id || ' ' || state || ' ' || coalesce(outcome, note, '?') FROM workflow ORDER BY id";
            let rows = db.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .unwrap()
}

/// Performances whose outcome is on record.
pub(crate) fn settled(journal: &Journal) -> Vec<String> {
    journal
        .read(|db| {
            let sql =
                "SELECT workflow || ':' || key FROM step WHERE kind = 'activity' AND position IS NOT NULL";
            let rows = db.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .unwrap()
}

/// How often each fact of a performance is on record.
pub(crate) fn recorded(journal: &Journal) -> HashMap<String, u32> {
    let mut recorded = HashMap::new();
    for event in journal.read(|db| sopd::journal::events_of(db, Some("test"), 0, u32::MAX)).unwrap() {
        let fact: serde_json::Value = serde_json::from_str(&event.text).unwrap();
        *recorded.entry(fact.get("key").unwrap().as_str().unwrap().to_owned()).or_default() += 1;
    }
    recorded
}
