//! The narrow places of the journal: giving up, cancelling twice, failing at the commit, a full disk, being idle.

use serde::{Deserialize, Serialize};
use sopd::base::{Clock, Instant, Problem};
use sopd::journal::{
    Access, Activity, Either, Engine, Failure, Journal, Recorded, Redactor, Repeat, Stop, Stories, Story,
    TABLES, TABLES_6, Workflow,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::Notify;

const NOW: i64 = 1_000_000;
const DUE: i64 = 2_000_000;

#[derive(Default)]
struct World {
    done: Mutex<HashMap<String, u32>>,
    /// Told when an activity that never ends was let go of.
    let_go: Arc<Mutex<u32>>,
    begun: Notify,
    /// Ends work that otherwise never ends.
    release: Notify,
    journal: OnceLock<Journal>,
}

impl World {
    fn count(&self, key: &str) -> u32 {
        self.done.lock().unwrap().get(key).copied().unwrap_or(0)
    }
}

struct LetGo(Arc<Mutex<u32>>);

impl Drop for LetGo {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Work {
    Quick,
    /// Does not end unless another one releases it.
    Never,
    Releases,
    /// Breaks a rule of the tables at the commit.
    Breaks,
    /// Breaks down at the commit.
    Panics,
    /// Fails at the commit with a secret in its words.
    Blabs,
    /// Fills the disk until what has come of it could not be written down once.
    Fills,
}

#[derive(Serialize, Deserialize)]
struct Do(String, Work);

impl Activity for Do {
    const NAME: &'static str = "do";
    const REPEAT: Repeat = Repeat::Safe;
    type World = World;
    type Output = String;
    fn key(&self) -> String {
        self.0.clone()
    }
    async fn perform(self, world: &World) -> Result<Recorded<String>, Failure> {
        *world.done.lock().unwrap().entry(self.0.clone()).or_default() += 1;
        let answer = Recorded::of("done".to_owned());
        Ok(match self.1 {
            Work::Quick => answer,
            Work::Releases => {
                world.release.notify_waiters();
                for _ in 0..1_000 {
                    tokio::task::yield_now().await;
                }
                answer
            }
            Work::Never => {
                let _held = LetGo(world.let_go.clone());
                world.begun.notify_one();
                world.release.notified().await;
                answer
            }
            Work::Breaks => answer.change(|tx| {
                tx.db().execute("INSERT INTO event(seq) VALUES(1)", [])?;
                Ok(())
            }),
            Work::Panics => answer.change(|_tx| unreachable!("no such luck")),
            Work::Blabs => answer.change(|_tx| Err(Problem::conflict("the key secret-value was refused"))),
            Work::Fills => {
                let journal = world.journal.get().unwrap().clone();
                let limit = |pages: u32| {
                    move |tx: &sopd::journal::Tx<'_>| {
                        let sql = format!("PRAGMA max_page_count = {pages}");
                        Ok(tx.db().query_row(&sql, [], |_row| Ok(()))?)
                    }
                };
                journal.append_async(limit(1)).await?;
                let before = journal.appended().commits;
                // There is room again once an append has been lost.
                tokio::spawn(async move {
                    while journal.appended().commits == before {
                        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    }
                    journal.append_async(limit(1_000_000)).await.unwrap();
                });
                Recorded::of("full ".repeat(5_000))
            }
        })
    }
}

/// Runs the work once more if it is cut off.
#[derive(Serialize, Deserialize)]
struct Dare(String);

impl Activity for Dare {
    const NAME: &'static str = "dare";
    const REPEAT: Repeat = Repeat::Unsafe;
    type World = World;
    type Output = String;
    fn key(&self) -> String {
        self.0.clone()
    }
    async fn perform(self, world: &World) -> Result<Recorded<String>, Failure> {
        Do(self.0, Work::Never).perform(world).await
    }
}

#[derive(Clone, Serialize, Deserialize)]
enum Plot {
    /// Works once and tells how it went.
    Once(Work),
    Dares,
    /// An answer or a deadline; then another answer.
    Asks,
    /// The same as told by code that has work before the answer.
    Inserts,
    /// An answer or a child that waits; then another answer.
    Leaves,
    /// An answer or endless work; then work that would end it, another answer, and work.
    Tires,
    /// Waits; when cancelled, waits again to clean up.
    Cleans,
    Twins,
    Waits,
}

#[derive(Clone, Serialize, Deserialize)]
struct Tale(Plot);

impl Story for Tale {
    const NAME: &'static str = "tale";
    const VERSION: u32 = 1;
    type Output = String;
    fn key(&self) -> String {
        "child".to_owned()
    }
    async fn tell(self, w: Workflow) -> Result<String, Stop> {
        let child = || w.child(Self(Plot::Waits));
        match self.0 {
            Plot::Once(work) => match w.call(Do("work".to_owned(), work)).await {
                Err(Stop::Failed(failure)) => Ok(failure.reason),
                answer => answer,
            },
            Plot::Dares => w.call(Dare("work".to_owned())).await,
            Plot::Asks | Plot::Inserts => {
                if matches!(self.0, Plot::Inserts) {
                    w.call(Do("inserted".to_owned(), Work::Quick)).await?;
                }
                let first = w.first(w.signal::<String>("one"), w.timer(Instant(DUE))).await?;
                let first = matches!(first, Either::First(_));
                Ok(format!("{first} {}", w.signal::<String>("two").await?))
            }
            Plot::Leaves => {
                w.first(w.signal::<String>("one"), child()).await?;
                w.signal("two").await
            }
            Plot::Tires => {
                w.first(w.signal::<String>("one"), w.call(Do("slow".to_owned(), Work::Never))).await?;
                w.call(Do("middle".to_owned(), Work::Releases)).await?;
                w.signal::<String>("two").await?;
                w.call(Do("last".to_owned(), Work::Quick)).await
            }
            Plot::Cleans => {
                w.signal::<String>("one").await.unwrap_err();
                w.signal("two").await
            }
            Plot::Twins => Ok(format!("{:?}", w.all(vec![child(), child()]).await?.len())),
            Plot::Waits => w.signal("one").await,
        }
    }
}

struct Stage {
    folder: tempfile::TempDir,
    clock: Clock,
    world: Arc<World>,
}

impl Stage {
    fn new() -> Self {
        let clock = Clock::fixed(Instant(NOW));
        Self { folder: tempfile::tempdir().unwrap(), clock, world: Arc::default() }
    }
    fn open(&self) -> Journal {
        open(&self.folder.path().join("journal.db"), &self.clock)
    }
    fn engine(&self, journal: &Journal) -> Engine {
        let known =
            Stories::default().story::<Tale>().activity::<Do>(&self.world).activity::<Dare>(&self.world);
        Engine::start(journal, known).unwrap()
    }
    /// Tells `plot` until it waits or ends.
    async fn begin(&self, plot: Plot) -> (Journal, Engine) {
        let journal = self.open();
        self.world.journal.set(journal.clone()).unwrap();
        start(&journal, plot);
        let engine = self.engine(&journal);
        engine.idle().await;
        (journal, engine)
    }
}

fn open(path: &Path, clock: &Clock) -> Journal {
    let redactor = Redactor::new(["secret-value".to_owned()]);
    Journal::open(path, &[&[TABLES, TABLES_6]], Access::Holder, (clock.clone(), redactor)).unwrap()
}

fn start(journal: &Journal, plot: Plot) {
    let input = serde_json::to_string(&Tale(plot)).unwrap();
    journal.append(move |tx| tx.start("T", ("tale", 1), None, &input)).unwrap();
}

fn send(journal: &Journal, name: &'static str) {
    journal.append(move |tx| tx.signal("T", name, &serde_json::json!("yes"))).unwrap();
}

/// One text value of the journal.
fn find(journal: &Journal, sql: &str) -> String {
    let value = |row: &rusqlite::Row<'_>| Ok(row.get::<_, Option<String>>(0)?.unwrap_or_default());
    journal.read(|db| Ok(db.query_row(sql, [], value)?)).unwrap()
}

fn end_of(journal: &Journal, id: &str) -> String {
    find(
        journal,
        &format!("SELECT state || ' ' || coalesce(outcome, note, '') FROM workflow WHERE id = '{id}'"),
    )
}

const OPEN_SIGNALS: &str = "SELECT group_concat(name) FROM signal WHERE position IS NULL";

#[tokio::test]
async fn what_is_due_or_was_appended_elsewhere_is_not_idle() {
    let stage = Stage::new();
    let (journal, engine) = stage.begin(Plot::Asks).await;
    stage.clock.set(Instant(DUE));
    engine.idle().await;
    assert_eq!(find(&journal, "SELECT group_concat(name) FROM signal WHERE position = 0"), "timer/1");
    engine.stop().await;
    // One thread: the engine has not looked yet when the other process appends.
    let engine = stage.engine(&journal);
    send(&stage.open(), "two");
    engine.idle().await;
    assert_eq!(end_of(&journal, "T"), r#"done {"ok":"false yes"}"#);
}

#[tokio::test]
async fn a_step_inserted_before_a_recorded_decision_is_refused() {
    let stage = Stage::new();
    let (journal, engine) = stage.begin(Plot::Asks).await;
    send(&journal, "one");
    engine.idle().await;
    engine.stop().await;
    let inserts = serde_json::to_string(&Tale(Plot::Inserts)).unwrap();
    journal
        .append(move |tx| Ok(tx.db().execute("UPDATE workflow SET input = ?1 WHERE id = 'T'", [inserts])?))
        .unwrap();
    let engine = stage.engine(&journal);
    send(&journal, "two");
    engine.idle().await;
    let end = end_of(&journal, "T");
    assert!(
        end.starts_with("stopped") && end.contains("`inserted`") && end.contains("`signal/one`"),
        "{end}"
    );
    assert_eq!(stage.world.count("inserted"), 0, "nothing is done behind a decision's back");
    engine.stop().await;
}

#[tokio::test]
async fn a_given_up_deadline_never_fires() {
    let stage = Stage::new();
    let (journal, engine) = stage.begin(Plot::Asks).await;
    send(&journal, "one");
    engine.idle().await;
    assert_eq!(find(&journal, "SELECT cast(count(*) AS TEXT) FROM timer"), "0");
    stage.clock.set(Instant(DUE));
    engine.idle().await;
    assert_eq!(find(&journal, OPEN_SIGNALS), "");
    assert_eq!(end_of(&journal, "T"), "parked ");
}

#[tokio::test]
async fn a_deadline_that_fired_beside_the_answer_is_not_left_open() {
    let stage = Stage::new();
    let (journal, engine) = stage.begin(Plot::Asks).await;
    engine.stop().await;
    journal
        .append(|tx| {
            tx.signal("T", "one", &serde_json::json!("yes"))?;
            tx.db().execute("DELETE FROM timer", [])?;
            tx.signal("T", "timer/1", &serde_json::Value::Null)
        })
        .unwrap();
    let engine = stage.engine(&journal);
    engine.idle().await;
    assert_eq!(find(&journal, OPEN_SIGNALS), "");
    send(&journal, "two");
    engine.idle().await;
    assert_eq!(end_of(&journal, "T"), r#"done {"ok":"true yes"}"#);
}

#[tokio::test]
async fn a_given_up_child_is_cancelled() {
    let stage = Stage::new();
    let (journal, engine) = stage.begin(Plot::Leaves).await;
    send(&journal, "one");
    engine.idle().await;
    assert_eq!(end_of(&journal, "T/child"), r#"done "cancelled""#);
    assert_eq!(end_of(&journal, "T"), "parked ");
    send(&journal, "two");
    engine.idle().await;
    assert_eq!(end_of(&journal, "T"), r#"done {"ok":"yes"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_up_work_is_let_go_of_and_leaves_no_gap() {
    let stage = Stage::new();
    let journal = stage.open();
    start(&journal, Plot::Tires);
    let engine = stage.engine(&journal);
    stage.world.begun.notified().await;
    send(&journal, "one");
    engine.idle().await;
    assert_eq!(*stage.world.let_go.lock().unwrap(), 1);
    engine.stop().await;
    let engine = stage.engine(&journal);
    send(&journal, "two");
    engine.idle().await;
    assert_eq!(end_of(&journal, "T"), r#"done {"ok":"done"}"#);
    let order = "SELECT group_concat(key || position, ' ') FROM (SELECT * FROM step ORDER BY position) WHERE position >= 0";
    assert_eq!(find(&journal, order), "signal/one0 middle1 signal/two2 last3");
    assert_eq!((stage.world.count("slow"), stage.world.count("middle")), (1, 1));
}

#[tokio::test]
async fn a_second_cancel_does_not_disturb_the_cleaning_up() {
    let stage = Stage::new();
    let (journal, engine) = stage.begin(Plot::Cleans).await;
    send(&journal, "cancel");
    engine.idle().await;
    send(&journal, "cancel");
    engine.idle().await;
    assert_eq!(end_of(&journal, "T"), "parked ");
    send(&journal, "two");
    engine.idle().await;
    assert_eq!(end_of(&journal, "T"), r#"done {"ok":"yes"}"#);
}

#[tokio::test]
async fn two_children_of_one_name_stop_the_story() {
    let stage = Stage::new();
    let (journal, _engine) = stage.begin(Plot::Twins).await;
    assert_eq!(end_of(&journal, "T"), "stopped BUG: two children have the key `child`");
}

#[tokio::test]
async fn what_fails_at_the_commit_is_that_works_failure_and_is_not_repeated() {
    for (work, words) in [
        (Work::Breaks, "the journal refused a statement"),
        (Work::Panics, "BUG: an append broke down"),
        (Work::Blabs, "the key [redacted] was refused"),
    ] {
        let stage = Stage::new();
        let (journal, engine) = stage.begin(Plot::Once(work)).await;
        let end = end_of(&journal, "T");
        assert!(end.starts_with("done") && end.contains(words), "{end}");
        assert_eq!(stage.world.count("work"), 1);
        assert!(!find(&journal, "SELECT group_concat(outcome) FROM step").contains("secret-value"));
        engine.stop().await;
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_recorded_and_is_tried_again() {
    let stage = Stage::new();
    let (journal, engine) = stage.begin(Plot::Once(Work::Fills)).await;
    let end = end_of(&journal, "T");
    assert!(end.starts_with(r#"done {"ok":"full full "#), "{end:.200}");
    assert_eq!(stage.world.count("work"), 1, "what has come of it was kept");
    assert_eq!(find(&journal, "SELECT cast(attempt AS TEXT) FROM step"), "1");
    engine.stop().await;
}

#[tokio::test]
async fn a_lost_payload_stops_the_story_for_a_person_to_see() {
    let stage = Stage::new();
    let journal = stage.open();
    start(&journal, Plot::Waits);
    let long = serde_json::json!("long ".repeat(10_000));
    journal.append(move |tx| tx.signal("T", "one", &long)).unwrap();
    journal.append(|tx| Ok(tx.db().execute("UPDATE blob SET bytes = NULL", [])?)).unwrap();
    let engine = stage.engine(&journal);
    engine.idle().await;
    assert!(end_of(&journal, "T").starts_with("stopped the journal lacks the payload"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_until_the_work_is_let_go_of_and_counts_it_as_an_attempt() {
    let stage = Stage::new();
    let journal = stage.open();
    start(&journal, Plot::Once(Work::Never));
    for attempt in 1..=2 {
        let engine = stage.engine(&journal);
        stage.world.begun.notified().await;
        engine.stop().await;
        assert_eq!(*stage.world.let_go.lock().unwrap(), attempt);
        assert_eq!(find(&journal, "SELECT cast(attempt AS TEXT) FROM step"), attempt.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_run_twice_is_a_failure_after_it_was_cut_off() {
    let stage = Stage::new();
    let journal = stage.open();
    start(&journal, Plot::Dares);
    let engine = stage.engine(&journal);
    stage.world.begun.notified().await;
    engine.stop().await;
    let engine = stage.engine(&journal);
    engine.idle().await;
    assert!(end_of(&journal, "T").contains("must not run twice unseen"));
    assert_eq!(stage.world.count("work"), 1);
}
