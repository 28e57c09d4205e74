//! Durable activities per second through the real workflow API, beside the same rows with the same hash chain
//! inserted raw in batches of the size the engine reached, on the same disk, in the same run.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its table and may fail")]
#![expect(clippy::cast_precision_loss, reason = "counts of a bench are small")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a batch is a small positive size"
)]

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use sopd::base::{Clock, Digest};
use sopd::journal::{
    Access, Activity, Engine, Failure, Journal, Recorded, Redactor, Repeat, Stop, Stories, Story, TABLES,
    Workflow, verify,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Concurrent workflows and activities of each.
const ROUNDS: [(u32, u32); 3] = [(1, 1_000), (64, 300), (256, 120)];
/// Each pair is measured so often, in turns, and the middle one is shown: the disk's mood changes.
const REPEATS: usize = 5;

#[derive(Serialize, Deserialize)]
struct Pure(u32);

#[derive(Serialize, Deserialize)]
struct Safe(u32);

fn answer(n: u32) -> Recorded<u32> {
    Recorded::of(n).event("bench", "noted", serde_json::json!({ "n": n }))
}

impl Activity for Pure {
    const NAME: &'static str = "pure";
    const REPEAT: Repeat = Repeat::Pure;
    type World = ();
    type Output = u32;
    fn key(&self) -> String {
        format!("note#{}", self.0)
    }
    async fn perform(self, (): &()) -> Result<Recorded<u32>, Failure> {
        Ok(answer(self.0))
    }
}

impl Activity for Safe {
    const NAME: &'static str = "safe";
    const REPEAT: Repeat = Repeat::Safe;
    type World = ();
    type Output = u32;
    fn key(&self) -> String {
        format!("note#{}", self.0)
    }
    async fn perform(self, (): &()) -> Result<Recorded<u32>, Failure> {
        Ok(answer(self.0))
    }
}

#[derive(Serialize, Deserialize)]
struct Chain {
    steps: u32,
    safe: bool,
}

impl Story for Chain {
    const NAME: &'static str = "chain";
    const VERSION: u32 = 1;
    type Output = u32;
    fn key(&self) -> String {
        "chain".to_owned()
    }
    async fn tell(self, w: Workflow) -> Result<u32, Stop> {
        let mut sum = 0;
        for n in 0..self.steps {
            sum += if self.safe { w.call(Safe(n)).await? } else { w.call(Pure(n)).await? };
        }
        Ok(sum)
    }
}

struct Measured {
    per_second: f64,
    batch: f64,
}

fn through_the_engine(path: &Path, (workflows, steps): (u32, u32), safe: bool) -> Measured {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let opened = (Clock::System, Redactor::default());
        let journal = Journal::open(path, &[&[TABLES]], Access::Holder, opened).unwrap();
        let world = Arc::new(());
        let stories = Stories::default().story::<Chain>().activity::<Pure>(&world).activity::<Safe>(&world);
        let engine = Engine::start(&journal, stories).unwrap();
        let input = serde_json::to_string(&Chain { steps, safe }).unwrap();
        let before = journal.appended();
        let start = Instant::now();
        journal
            .append(move |tx| {
                (0..workflows)
                    .try_for_each(|n| tx.start(&format!("w{n}"), ("chain", 1), None, &input).map(drop))
            })
            .unwrap();
        engine.idle().await;
        let seconds = start.elapsed().as_secs_f64();
        let after = journal.appended();
        let events = i64::from(workflows * steps);
        assert_eq!(verify(&journal, &[]).unwrap().events, events, "every activity left its fact");
        let batch = (after.jobs - before.jobs) as f64 / (after.commits - before.commits) as f64;
        engine.stop().await;
        Measured { per_second: f64::from(workflows * steps) / seconds, batch }
    })
}

/// The rows of one activity: its step, in two statements when the start is recorded, and its fact.
fn insert_raw(path: &Path, (workflows, steps): (u32, u32), safe: bool, batch: u32) -> f64 {
    let mut db = Connection::open(path).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch(TABLES).unwrap();
    let total = i64::from(workflows * steps);
    // What commits together: one statement group per append. A recorded start is an append of its own.
    let appends: Vec<(i64, bool)> = if safe {
        let group = i64::from(batch).midpoint(1).max(1);
        (0..=total / group)
            .flat_map(|g| {
                let members = move || (g * group)..((g + 1) * group).min(total);
                members().map(|n| (n, false)).chain(members().map(|n| (n, true)))
            })
            .collect()
    } else {
        (0..total).map(|n| (n, true)).collect()
    };
    let mut previous = "0".repeat(64);
    let start = Instant::now();
    for chunk in appends.chunks(batch.max(1) as usize) {
        let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        for (n, ends) in chunk {
            insert(&tx, *n, (*ends, safe), workflows.into(), &mut previous);
        }
        tx.commit().unwrap();
    }
    total as f64 / start.elapsed().as_secs_f64()
}

fn insert(tx: &Connection, n: i64, (ends, safe): (bool, bool), workflows: i64, previous: &mut String) {
    const STEP: &str = "INSERT INTO step(workflow, ordinal, kind, name, key, input_hash, attempt, position, outcome, at)
         VALUES(?1, ?2, 'activity', ?3, ?4, ?5, 1, ?6, ?7, ?8)
         ON CONFLICT(workflow, ordinal) DO UPDATE SET position = excluded.position, outcome = excluded.outcome";
    let (workflow, ordinal) = (format!("w{}", n % workflows), n / workflows);
    let name = if safe { "safe" } else { "pure" };
    let input = Digest::of(ordinal.to_string()).0;
    let outcome = ends.then(|| format!("{{\"ok\":{ordinal}}}"));
    let position = ends.then_some(ordinal);
    let now = Clock::System.now();
    tx.prepare_cached(STEP)
        .unwrap()
        .execute(params![workflow, ordinal, name, format!("note#{ordinal}"), input, position, outcome, now.0])
        .unwrap();
    if !ends {
        return;
    }
    let fact =
        serde_json::json!({ "at": now.to_string(), "kind": "noted", "subject": "bench", "n": ordinal });
    let text = fact.to_string();
    *previous = Digest::of_all([previous.as_bytes(), text.as_bytes()]).0;
    tx.prepare_cached(
        "INSERT INTO event(seq, text, hash, subject, kind) VALUES(?1, ?2, ?3, 'bench', 'noted')",
    )
    .unwrap()
    .execute(params![n + 1, text, *previous])
    .unwrap();
}

fn main() {
    println!("durable activities, one fact each, synchronous=FULL");
    println!("{:<34} {:>10} {:>10} {:>7} {:>8}", "", "sopd /s", "raw /s", "ratio", "batch");
    for safe in [false, true] {
        for round in ROUNDS {
            let (mut engine, mut raw, mut batch) = (Vec::new(), Vec::new(), 0.0);
            for _ in 0..REPEATS {
                let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
                let measured = through_the_engine(&folder.path().join("engine.db"), round, safe);
                batch = measured.batch;
                engine.push(measured.per_second);
                raw.push(insert_raw(&folder.path().join("raw.db"), round, safe, batch.round() as u32));
            }
            let (engine, raw) = (middle(engine), middle(raw));
            let kind = if safe { "start recorded" } else { "pure" };
            let label = format!("{} workflows, {kind}", round.0);
            println!("{label:<34} {engine:>10.0} {raw:>10.0} {:>7.2} {batch:>8.1}", engine / raw);
        }
    }
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
