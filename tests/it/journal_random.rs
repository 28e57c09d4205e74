//! Random stories of nested children, activities, signals and timers, killed at random moments: they end as if
//! nothing had happened.

use crate::journal_script::{Op, World, open, outcomes, recorded, settled, start, stories};
use proptest::prelude::*;
use sopd::journal::{Engine, verify};
use std::sync::Arc;

fn op() -> impl Strategy<Value = Op> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|fail| Op::Call { fail }),
        Just(Op::Compute),
        (0..5_u8).prop_map(Op::Group),
        Just(Op::Timer),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Op::Child),
            prop::collection::vec(inner, 0..4).prop_map(Op::All),
        ]
    })
}

fn story() -> impl Strategy<Value = Vec<Op>> {
    let top = prop_oneof![
        4 => op(),
        1 => Just(Op::Signal),
        1 => any::<bool>().prop_map(|answered| Op::First { answered }),
    ];
    prop::collection::vec(top, 1..6)
}

/// Tells the story, letting go of the engine after so many performances each time; its outcomes.
async fn tell(ops: &[Op], kills: &[u32]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let world = Arc::new(World::default());
    for kill in kills.iter().copied().map(Some).chain([None]) {
        let journal = open(&path);
        *world.kill_after.lock().unwrap() = kill;
        let known = settled(&journal);
        let before = world.done.lock().unwrap().clone();
        let engine = Engine::start(&journal, stories(&world)).unwrap();
        start(&journal, "M", ops);
        tokio::select! {
            () = engine.idle() => {}
            () = world.killed.notified(), if kill.is_some() => {}
        }
        engine.stop().await;
        for key in &known {
            assert_eq!(Some(&world.count(key)), before.get(key), "{key} was on record and done again");
        }
    }
    let journal = open(&path);
    assert!(recorded(&journal).values().all(|count| *count == 1), "each performance is recorded once");
    verify(&journal, &[]).unwrap();
    let left: u32 = journal
        .read(|db| {
            let sql =
                "SELECT (SELECT count(*) FROM timer) + (SELECT count(*) FROM signal WHERE position IS NULL)";
            Ok(db.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(left, 0, "an ended story leaves nothing that could still come");
    outcomes(&journal)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_killed_story_ends_like_an_unharmed_one(
        ops in story(),
        kills in prop::collection::vec(1..8_u32, 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let unharmed = tell(&ops, &[]).await;
            assert!(unharmed.iter().all(|line| line.contains(" done ")), "{unharmed:#?}");
            assert_eq!(tell(&ops, &kills).await, unharmed);
        });
    }
}
