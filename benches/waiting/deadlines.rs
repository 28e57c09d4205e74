//! The engine alone: a hundred thousand workflows that wait for a person until a deadline, and all deadlines falling
//! due together, beside the same row changes made raw on the same disk in the same run.

use super::WAITING;
use super::common::memory_of;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use sopd::base::{Clock, Instant as Moment};
use sopd::journal::{Access, Either, Engine, Journal, Redactor, Stop, Stories, Story, TABLES, Tx, Workflow};
use std::path::Path;
use std::time::Instant;

const NOW: i64 = 1_800_000_000_000;
const DUE: i64 = NOW + 3_600_000;
/// Row changes that share one raw transaction: what the engine's commits hold at most.
const RAW_BATCH: u32 = 256;
/// Set for the process that only fills the journal, so that its memory is not counted.
const SEED: &str = "SOPD_BENCH_SEED";

#[derive(Serialize, Deserialize)]
struct Approval {
    due: Moment,
}

impl Story for Approval {
    const NAME: &'static str = "approval";
    const VERSION: u32 = 1;
    type Output = String;
    fn key(&self) -> String {
        "approval".to_owned()
    }
    async fn tell(self, w: Workflow) -> Result<String, Stop> {
        Ok(match w.first(w.signal::<String>("answer"), w.timer(self.due)).await? {
            Either::First(answer) => answer,
            Either::Second(()) => "expired".to_owned(),
        })
    }
}

fn open(path: &Path) -> (Journal, Clock) {
    let clock = Clock::fixed(Moment(NOW));
    let opened = (clock.clone(), Redactor::default());
    (Journal::open(path, &[&[TABLES]], Access::Holder, opened).unwrap(), clock)
}

/// The rows that the engine leaves when it parks one such workflow.
fn park(db: &Connection, n: u32) {
    let (id, input) = (format!("M-2026-1120-mission-{n}"), format!("{{\"due\":{DUE}}}"));
    db.prepare_cached(
        "INSERT INTO workflow(id, kind, version, input, state, created_at) VALUES(?1, 'approval', 1, ?2, 'parked', ?3)",
    )
    .unwrap()
    .execute(params![id, input, NOW])
    .unwrap();
    db.prepare_cached(
        "INSERT INTO step(workflow, ordinal, kind, name, key, input_hash, attempt, at)
         VALUES(?1, 1, 'timer', 'timer', 'timer', ?2, 1, ?3)",
    )
    .unwrap()
    .execute(params![id, DUE.to_string(), NOW])
    .unwrap();
    db.prepare_cached("INSERT INTO timer(workflow, ordinal, due_at) VALUES(?1, 1, ?2)")
        .unwrap()
        .execute(params![id, DUE])
        .unwrap();
}

fn seed(path: &Path) {
    let (journal, _clock) = open(path);
    let all = |tx: &Tx<'_>| {
        (0..WAITING).for_each(|n| park(tx.db(), n));
        Ok(())
    };
    journal.append(all).unwrap();
}

/// The row changes of a deadline: fired, observed, ended.
fn raw(path: &Path) -> f64 {
    seed(path);
    let mut db = Connection::open(path).unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    let start = Instant::now();
    for first in (0..WAITING).step_by(RAW_BATCH as usize) {
        let tx = db.transaction().unwrap();
        for n in first..(first + RAW_BATCH).min(WAITING) {
            let id = format!("M-2026-1120-mission-{n}");
            for sql in [
                "DELETE FROM timer WHERE workflow = ?1 AND ordinal = 1",
                "INSERT INTO signal(workflow, name, payload, at) VALUES(?1, 'timer/1', 'null', 0)",
                "UPDATE workflow SET state = 'ready' WHERE id = ?1",
                "UPDATE signal SET position = 0 WHERE workflow = ?1 AND position IS NULL",
                "UPDATE step SET position = 0, outcome = '{\"ok\":null}' WHERE workflow = ?1 AND ordinal = 1",
                "UPDATE workflow SET state = 'done', outcome = '{\"ok\":\"expired\"}', ended_at = 0 WHERE id = ?1",
            ] {
                assert_eq!(tx.prepare_cached(sql).unwrap().execute([&id]).unwrap(), 1, "{sql}");
            }
        }
        tx.commit().unwrap();
    }
    start.elapsed().as_secs_f64()
}

async fn measure(path: &Path) -> f64 {
    let start = Instant::now();
    let (journal, clock) = open(path);
    let engine = Engine::start(&journal, Stories::default().story::<Approval>()).unwrap();
    engine.idle().await;
    let ready = start.elapsed().as_secs_f64();
    println!("{:<52} {:>9.3} s   aim < 1 s", "start to ready", ready);
    println!("{:<52} {:>9.1} MB  aim < 100 MB", "resident, all waiting", memory_of("self").0);
    let start = Instant::now();
    clock.set(Moment(DUE + 1));
    engine.idle().await;
    let seconds = start.elapsed().as_secs_f64();
    let done: u32 = journal
        .read(|db| {
            let sql =
                "SELECT count(*) FROM workflow WHERE state = 'done' AND outcome = '{\"ok\":\"expired\"}'";
            Ok(db.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(done, WAITING, "every deadline was observed");
    println!("{:<52} {:>9.2} s   {:.0} /s", "all deadlines at once", seconds, f64::from(WAITING) / seconds);
    println!("{:<52} {:>9.1} MB", "resident at its highest", memory_of("self").1);
    engine.stop().await;
    seconds
}

/// Whether this process was only to fill a journal, which it then has done.
pub(super) fn was_seed() -> bool {
    let path = std::env::var_os(SEED);
    path.as_ref().map(|path| seed(Path::new(path))).is_some()
}

pub(super) fn bench() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("waiting.db");
    let program = std::env::current_exe().unwrap();
    assert!(std::process::Command::new(program).env(SEED, &path).status().unwrap().success());
    println!("the engine alone: {WAITING} workflows waiting for an answer or a deadline, synchronous=FULL");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let seconds = runtime.block_on(measure(&path));
    let raw = raw(&folder.path().join("raw.db"));
    println!(
        "{:<52} {:>9.2} s   {:.0} /s",
        "the same rows raw, 256 per commit",
        raw,
        f64::from(WAITING) / raw
    );
    println!("{:<52} {:>9.2}", "ratio", raw / seconds);
}
