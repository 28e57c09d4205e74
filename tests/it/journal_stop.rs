//! Stopping in order: what is under way comes to its end, what is cut off says so, and what the machine had no room for
//! was never begun.

use serde::{Deserialize, Serialize};
use sopd::base::{Clock, Kind, Problem};
use sopd::journal::{
    Access, Activity, Engine, Failure, Journal, Recorded, Redactor, Repeat, Stop, Stories, Story, TABLES,
    TABLES_6, Workflow,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Longer than any test takes: what ends before has not waited for it.
const FOR_EVER: Duration = Duration::from_hours(1);

struct World {
    /// Tries that were begun.
    begun: Semaphore,
    /// Tries that may end.
    may_end: Semaphore,
    /// Tries for which the machine has no room.
    no_room: AtomicU32,
    ended: Mutex<Vec<String>>,
}

/// Work that must not run twice unseen.
#[derive(Serialize, Deserialize)]
struct Work {
    key: String,
}

impl Activity for Work {
    const NAME: &'static str = "work";
    const REPEAT: Repeat = Repeat::Unsafe;
    type World = World;
    type Output = String;
    fn key(&self) -> String {
        self.key.clone()
    }
    async fn perform(self, world: &World) -> Result<Recorded<String>, Failure> {
        world.begun.add_permits(1);
        let full = world.no_room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if full.is_ok() {
            return Err(Problem::new(Kind::Machine, "no room left").into());
        }
        world.may_end.acquire().await.unwrap().forget();
        world.ended.lock().unwrap().push(self.key.clone());
        Ok(Recorded::of(self.key))
    }
}

#[derive(Serialize, Deserialize)]
struct Two;

impl Story for Two {
    const NAME: &'static str = "two";
    const VERSION: u32 = 1;
    type Output = String;
    fn key(&self) -> String {
        "two".to_owned()
    }
    async fn tell(self, w: Workflow) -> Result<String, Stop> {
        let first = match w.call(Work { key: "first".to_owned() }).await {
            Err(Stop::Failed(failure)) => return Ok(format!("{:?}", failure.class)),
            other => other?,
        };
        let second = w.call(Work { key: "second".to_owned() }).await?;
        Ok(format!("{first}, {second}"))
    }
}

struct Bench {
    _folder: tempfile::TempDir,
    journal: Journal,
    world: Arc<World>,
}

impl Bench {
    /// With one workflow at its first work.
    async fn new(no_room: u32) -> (Self, Engine) {
        let folder = tempfile::tempdir().unwrap();
        let means = (Clock::System, Redactor::new(Vec::<String>::new()));
        let journal =
            Journal::open(&folder.path().join("journal.db"), &[&[TABLES, TABLES_6]], Access::Holder, means)
                .unwrap();
        let world = Arc::new(World {
            begun: Semaphore::new(0),
            may_end: Semaphore::new(0),
            no_room: AtomicU32::new(no_room),
            ended: Mutex::default(),
        });
        let bench = Self { _folder: folder, journal, world };
        bench.journal.append(|tx| tx.start("W", ("two", 1), None, "null")).unwrap();
        let engine = bench.engine();
        bench.world.begun.acquire().await.unwrap().forget();
        (bench, engine)
    }
    fn engine(&self) -> Engine {
        Engine::start(&self.journal, Stories::default().story::<Two>().activity::<Work>(&self.world)).unwrap()
    }
    fn ended(&self) -> Vec<String> {
        self.world.ended.lock().unwrap().clone()
    }
    /// What the next start makes of it.
    async fn outcome(&self) -> String {
        self.world.no_room.store(0, Ordering::SeqCst);
        self.world.may_end.add_permits(10);
        let engine = self.engine();
        engine.idle().await;
        engine.stop().await;
        let sql = "SELECT outcome FROM workflow WHERE id = 'W'";
        self.journal.read(|db| Ok(db.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_what_is_under_way_end_and_begins_nothing_new() {
    let (bench, engine) = Bench::new(0).await;
    assert_eq!(engine.under_way(), ["W: first"]);
    tokio::join!(engine.drain(FOR_EVER), async { bench.world.may_end.add_permits(1) });
    assert!(engine.under_way().is_empty());
    engine.stop().await;
    assert_eq!(bench.ended(), ["first"], "the second was not begun");
    assert_eq!(bench.outcome().await, r#"{"ok":"first, second"}"#);
    assert_eq!(bench.ended(), ["first", "second"], "nothing was done twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_cuts_off_says_that_it_was_stopped() {
    for most in [Duration::ZERO, FOR_EVER] {
        let (bench, engine) = Bench::new(0).await;
        if !most.is_zero() {
            engine.cut();
        }
        engine.drain(most).await;
        engine.stop().await;
        assert_eq!(bench.outcome().await, r#"{"ok":"Stopped"}"#);
        assert!(bench.ended().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_machine_has_no_room_for_waits_is_handed_back_at_a_stop_and_never_fails() {
    let (bench, engine) = Bench::new(1).await;
    bench.world.may_end.add_permits(10);
    engine.idle().await;
    engine.stop().await;
    assert_eq!(bench.outcome().await, r#"{"ok":"first, second"}"#, "it was tried again");

    let (bench, engine) = Bench::new(u32::MAX).await;
    engine.drain(FOR_EVER).await;
    engine.stop().await;
    assert_eq!(
        bench.outcome().await,
        r#"{"ok":"first, second"}"#,
        "it was not begun, so nothing was interrupted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn at_rest_nobody_looks_but_the_one_who_looks_for_others() {
    let (bench, engine) = Bench::new(0).await;
    bench.world.may_end.add_permits(10);
    engine.idle().await;
    let (before, looks) = (engine.looks(), bench.journal.looks());
    while bench.journal.looks() < looks + 40 {
        tokio::task::yield_now().await;
    }
    let more = engine.looks() - before;
    assert!(more <= 8, "{more} looks at an unchanged journal while others' appends were looked for 40 times");
    engine.stop().await;
}
