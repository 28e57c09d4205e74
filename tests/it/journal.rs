//! The journal's contract: recorded outcomes are never produced again, order is replayed, differences stop.

use serde::{Deserialize, Serialize};
use sopd::base::{Clock, Instant};
use sopd::journal::{
    Access, Activity, Either, Engine, Failure, FailureClass, Journal, Recorded, Redactor, Repeat, Stop,
    Stories, Story, TABLES, TABLES_6, Workflow, verify,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Counts what was really done, so that a repetition shows.
#[derive(Default)]
struct World {
    done: Mutex<HashMap<String, u32>>,
}

impl World {
    fn count(&self, key: &str) -> u32 {
        self.done.lock().unwrap().get(key).copied().unwrap_or(0)
    }
}

#[derive(Serialize, Deserialize)]
struct Note {
    key: String,
    fail: bool,
}

fn note(key: &str) -> Note {
    Note { key: key.to_owned(), fail: false }
}

impl Activity for Note {
    const NAME: &'static str = "note";
    const REPEAT: Repeat = Repeat::Safe;
    type World = World;
    type Output = String;
    fn key(&self) -> String {
        self.key.clone()
    }
    async fn perform(self, world: &World) -> Result<Recorded<String>, Failure> {
        *world.done.lock().unwrap().entry(self.key.clone()).or_default() += 1;
        if self.fail {
            return Err(Failure::new(FailureClass::Content, "it did not work"));
        }
        let done = format!("{} done", self.key);
        Ok(Recorded::of(done).event("test", "noted", serde_json::json!({ "key": self.key })))
    }
}

/// Plans, drafts twice in children, waits for an answer, finishes.
#[derive(Serialize, Deserialize)]
struct Author {
    /// Asks for one more step, as changed code would.
    bent: bool,
    due: i64,
}

impl Story for Author {
    const NAME: &'static str = "author";
    const VERSION: u32 = 1;
    type Output = String;
    fn key(&self) -> String {
        "author".to_owned()
    }
    async fn tell(self, w: Workflow) -> Result<String, Stop> {
        let plan = w.call(note("plan")).await?;
        if self.bent {
            w.call(note("inserted")).await?;
        }
        let drafts = vec![w.child(Worker { name: "a".into() }), w.child(Worker { name: "b".into() })];
        let drafts: Vec<String> = w.all(drafts).await?.into_iter().flatten().collect();
        let answer = w.first(w.signal::<String>("answer"), w.timer(Instant(self.due))).await?;
        let answer = match answer {
            Either::First(answer) => answer,
            Either::Second(()) => "nobody".to_owned(),
        };
        let end = w.call(note("end")).await?;
        Ok(format!("{plan}; {}; {answer}; {end}", drafts.join(", ")))
    }
}

#[derive(Serialize, Deserialize)]
struct Worker {
    name: String,
}

impl Story for Worker {
    const NAME: &'static str = "worker";
    const VERSION: u32 = 1;
    type Output = String;
    fn key(&self) -> String {
        format!("draft/{}", self.name)
    }
    async fn tell(self, w: Workflow) -> Result<String, Stop> {
        w.call(note(&format!("think-{}", self.name))).await?;
        w.call(Note { key: format!("fail-{}", self.name), fail: true }).await.unwrap_err();
        Ok(self.name)
    }
}

struct Bench {
    folder: tempfile::TempDir,
    clock: Clock,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Clock::fixed(Instant(1_000_000)) }
    }
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("journal.db")
    }
    fn open(&self) -> Journal {
        open(&self.path(), &self.clock)
    }
    fn engine(&self, journal: &Journal, world: &Arc<World>) -> Engine {
        let stories = Stories::default().story::<Author>().story::<Worker>().activity::<Note>(world);
        let _ = self;
        Engine::start(journal, stories).unwrap()
    }
}

fn open(path: &Path, clock: &Clock) -> Journal {
    let redactor = Redactor::new(["secret-value".to_owned()]);
    Journal::open(path, &[&[TABLES, TABLES_6]], Access::Holder, (clock.clone(), redactor)).unwrap()
}

fn start(journal: &Journal, id: &'static str, story: &Author) {
    let input = serde_json::to_string(story).unwrap();
    journal.append(move |tx| tx.start(id, ("author", 1), None, &input)).unwrap();
}

fn answer(journal: &Journal, id: &'static str, text: &'static str) {
    journal.append(move |tx| tx.signal(id, "answer", &serde_json::json!(text))).unwrap();
}

fn outcome(journal: &Journal, id: &str) -> (String, Option<String>, Option<String>) {
    journal
        .read(|db| {
            Ok(db.query_row("SELECT state, outcome, note FROM workflow WHERE id = ?1", [id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?)
        })
        .unwrap()
}

const LATER: i64 = 9_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_story_waits_is_dropped_and_goes_on_after_a_restart_without_repeating_anything() {
    let bench = Bench::new();
    let world = Arc::new(World::default());
    {
        let journal = bench.open();
        let engine = bench.engine(&journal, &world);
        start(&journal, "M", &Author { bent: false, due: LATER });
        engine.idle().await;
        assert_eq!(engine.driven(), 0, "a waiting workflow is not in memory");
        assert_eq!(outcome(&journal, "M").0, "parked");
        engine.stop().await;
    }
    let journal = bench.open();
    let engine = bench.engine(&journal, &world);
    engine.idle().await;
    answer(&journal, "M", "yes");
    engine.idle().await;
    let (state, text, _) = outcome(&journal, "M");
    assert_eq!(state, "done");
    assert_eq!(text.unwrap(), r#"{"ok":"plan done; a, b; yes; end done"}"#);
    for key in ["plan", "think-a", "fail-a", "think-b", "fail-b", "end"] {
        assert_eq!(world.count(key), 1, "{key}");
    }
    assert_eq!(verify(&journal, &[]).unwrap().events, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_fires_first_wins_and_the_late_answer_changes_nothing() {
    let bench = Bench::new();
    let (journal, world) = (bench.open(), Arc::new(World::default()));
    let engine = bench.engine(&journal, &world);
    start(&journal, "M", &Author { bent: false, due: LATER });
    engine.idle().await;
    bench.clock.set(Instant(LATER + 1));
    let mut waited = 0;
    while outcome(&journal, "M").0 != "done" && waited < 100 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        waited += 1;
    }
    answer(&journal, "M", "late");
    engine.idle().await;
    assert_eq!(outcome(&journal, "M").1.unwrap(), r#"{"ok":"plan done; a, b; nobody; end done"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_may_answer_and_the_daemon_notices() {
    let bench = Bench::new();
    let (journal, world) = (bench.open(), Arc::new(World::default()));
    let engine = bench.engine(&journal, &world);
    start(&journal, "M", &Author { bent: false, due: LATER });
    engine.idle().await;
    let other = open(&bench.path(), &bench.clock);
    answer(&other, "M", "from elsewhere");
    let mut waited = 0;
    while outcome(&journal, "M").0 != "done" && waited < 100 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        waited += 1;
    }
    assert!(outcome(&journal, "M").1.unwrap().contains("from elsewhere"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_story_stops_and_names_both() {
    let bench = Bench::new();
    let world = Arc::new(World::default());
    let journal = bench.open();
    {
        let engine = bench.engine(&journal, &world);
        start(&journal, "M", &Author { bent: false, due: LATER });
        engine.idle().await;
        engine.stop().await;
    }
    // The same journal, met by code that asks for a step before the recorded children.
    let bent = serde_json::to_string(&Author { bent: true, due: LATER }).unwrap();
    journal
        .append(move |tx| Ok(tx.db().execute("UPDATE workflow SET input = ?1 WHERE id = 'M'", [bent])?))
        .unwrap();
    let engine = bench.engine(&journal, &world);
    answer(&journal, "M", "yes");
    engine.idle().await;
    let (state, _, note) = outcome(&journal, "M");
    let note = note.unwrap();
    assert_eq!(state, "stopped");
    assert!(note.contains("`draft/a`") && note.contains("`inserted`"), "{note}");
    assert_eq!(world.count("end"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_is_observed_once_and_recorded() {
    let bench = Bench::new();
    let (journal, world) = (bench.open(), Arc::new(World::default()));
    let engine = bench.engine(&journal, &world);
    start(&journal, "M", &Author { bent: false, due: LATER });
    engine.idle().await;
    journal.append(|tx| tx.signal("M", "cancel", &serde_json::Value::Null)).unwrap();
    engine.idle().await;
    assert_eq!(outcome(&journal, "M").1.unwrap(), r#""cancelled""#);
    assert_eq!(world.count("end"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_workflow_is_ended_without_its_code_and_takes_what_is_below_with_it() {
    let bench = Bench::new();
    let (journal, world) = (bench.open(), Arc::new(World::default()));
    let engine = bench.engine(&journal, &world);
    for id in ["M", "M/part", "M/broken", "M2"] {
        start(&journal, id, &Author { bent: false, due: LATER });
    }
    engine.idle().await;
    assert!(!journal.append(|tx| tx.abandon("M")).unwrap(), "it is not stopped");
    let stop = "UPDATE workflow SET state = 'stopped', note = 'why' WHERE id IN ('M', 'M/broken')";
    journal.append(move |tx| Ok(tx.db().execute(stop, [])?)).unwrap();
    assert!(journal.append(|tx| tx.abandon("M")).unwrap());
    engine.idle().await;
    for id in ["M", "M/part", "M/broken"] {
        let (state, text, _) = outcome(&journal, id);
        assert_eq!((state.as_str(), text.as_deref()), ("done", Some(r#""cancelled""#)), "{id}");
    }
    assert_eq!(outcome(&journal, "M2").0, "parked", "what is beside it goes on");
    let left = journal.read(|db| {
        let sql = "SELECT count(*) FROM timer WHERE workflow <> 'M2' AND workflow NOT LIKE 'M2/%'";
        Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(left.unwrap(), 0, "no timer is left to fire");
    assert!(!journal.append(|tx| tx.abandon("M")).unwrap(), "once is enough");
    assert_eq!(world.count("end"), 0);
}

#[tokio::test]
async fn secrets_never_reach_the_file_and_a_changed_fact_is_noticed() {
    let bench = Bench::new();
    let journal = bench.open();
    journal.append(|tx| tx.event("s", "k", &serde_json::json!({ "text": "a secret-value b" }))).unwrap();
    journal.append(|tx| tx.event("s", "k", &serde_json::json!({ "n": 2 }))).unwrap();
    let events = journal.read(|db| sopd::journal::events_of(db, Some("s"), 0, 10)).unwrap();
    assert!(events[0].text.contains("[redacted]"), "{}", events[0].text);
    assert_eq!(verify(&journal, &[]).unwrap().events, 2);
    let (seq, hash) = journal.head().unwrap();
    let anchor = sopd::journal::Anchor { found_in: "INDEX.md".into(), seq, hash };
    journal.append(|tx| Ok(tx.db().execute("DELETE FROM event WHERE seq = 2", [])?)).unwrap();
    assert_eq!(verify(&journal, &[]).unwrap().events, 1);
    assert!(verify(&journal, &[anchor]).unwrap_err().message.contains("tail is cut off"));
    journal
        .append(|tx| Ok(tx.db().execute("UPDATE event SET text = replace(text, 'a ', 'x ')", [])?))
        .unwrap();
    assert!(verify(&journal, &[]).unwrap_err().message.contains("changed after it was written"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_somebody_sets_forward_in_its_row_fires_when_it_was_asked_to() {
    let bench = Bench::new();
    let world = Arc::<World>::default();
    let journal = bench.open();
    let engine = bench.engine(&journal, &world);
    start(&journal, "M1", &Author { bent: false, due: 2_000_000 });
    engine.idle().await;
    journal.append(|tx| Ok(tx.db().execute("UPDATE timer SET due_at = 1", [])?)).unwrap();
    let said = verify(&journal, &[]).unwrap_err().message;
    assert!(said.contains("is not due when its step asked for it"), "{said}");
    let look = || {
        let sql = "SELECT (SELECT count(*) FROM event WHERE kind = 'timer_refused'), due_at FROM timer";
        journal.read(|db| Ok(db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)).unwrap()
    };
    let mut seen: (i64, i64) = look();
    for _ in 0..200 {
        if seen.0 > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        seen = look();
    }
    assert_eq!((seen, world.count("end")), ((1, 2_000_000), 0));
    verify(&journal, &[]).unwrap();
}

/// A damaged file of the latest writes reads as an empty journal: no new one is begun over it.
#[test]
fn a_journal_whose_latest_writes_are_damaged_is_not_begun_anew() {
    let bench = Bench::new();
    let journal = bench.open();
    let copy = bench.folder.path().join("copy.db");
    let beside = |path: &Path| std::path::PathBuf::from(format!("{}-wal", path.display()));
    std::fs::copy(bench.path(), &copy).unwrap();
    let mut writes = std::fs::read(beside(&bench.path())).unwrap();
    writes[100] ^= 0x40;
    #[expect(clippy::disallowed_methods, reason = "a test's own file needs no sync")]
    std::fs::write(beside(&copy), &writes).unwrap();
    drop(journal);
    for access in [Access::Holder, Access::Guest] {
        let opened =
            Journal::open(&copy, &[&[TABLES, TABLES_6]], access, (bench.clock.clone(), Redactor::default()));
        let said = opened.unwrap_err();
        assert!(said.message.contains("its latest writes, beside it, is damaged"), "{}", said.message);
        assert_eq!(std::fs::read(beside(&copy)).unwrap(), writes);
    }
}

#[test]
fn a_journal_of_a_newer_sopd_is_refused_and_untouched() {
    let bench = Bench::new();
    drop(bench.open());
    let newer: &[&[&str]] = &[&[TABLES, TABLES_6], &["CREATE TABLE later(x)"]];
    let redactor = Redactor::default();
    drop(
        Journal::open(&bench.path(), newer, Access::Holder, (bench.clock.clone(), redactor.clone())).unwrap(),
    );
    let refused = Journal::open(
        &bench.path(),
        &[&[TABLES, TABLES_6]],
        Access::Holder,
        (bench.clock.clone(), redactor.clone()),
    );
    assert!(refused.unwrap_err().message.contains("newer sopd"));
    let guest = Journal::open(
        &bench.path(),
        &[&[TABLES, TABLES_6], &[""], &[""]],
        Access::Guest,
        (bench.clock.clone(), redactor),
    );
    assert!(guest.unwrap_err().message.contains("older format"));
}
