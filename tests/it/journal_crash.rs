//! The process dies at every point a set of workflows passes through; the next one ends with the same outcomes,
//! and nothing that was on record is done again.

use crate::journal_script::{Op, World, open, outcomes, recorded, settled, start, stories};
use sopd::journal::{Engine, verify};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Names the folder of a process that is to be the daemon and perhaps to die.
const FOLDER: &str = "SOPD_TEST_CRASH_FOLDER";

fn call() -> Op {
    Op::Call { fail: false }
}

fn scripts() -> Vec<(&'static str, Vec<Op>)> {
    let worker = vec![call(), Op::Call { fail: true }, Op::Timer];
    let nested = vec![Op::Compute, Op::Child(vec![call()])];
    vec![
        ("A", vec![call(), Op::All(vec![Op::Child(worker), Op::Child(nested)]), Op::Signal, Op::Compute]),
        ("B", vec![Op::First { answered: true }, Op::Group(3), Op::First { answered: false }, call()]),
    ]
}

/// Not a test of its own: the process that [`daemon`] starts.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_dies() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let journal = open(&folder.join("journal.db"));
    let world = Arc::new(World { log: Some(folder.join("effects")), ..World::default() });
    let engine = Engine::start(&journal, stories(&world)).unwrap();
    for (id, ops) in scripts() {
        start(&journal, id, &ops);
    }
    engine.idle().await;
    engine.stop().await;
}

/// Runs the daemon to its end or its death; whether it lived.
fn daemon(folder: &Path, variables: &[(&str, &str)]) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "journal_crash::the_process_that_dies"]).env(FOLDER, folder);
    command.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap().success()
}

fn effects(folder: &Path) -> HashMap<String, u32> {
    let mut effects = HashMap::new();
    for line in std::fs::read_to_string(folder.join("effects")).unwrap_or_default().lines() {
        *effects.entry(line.to_owned()).or_default() += 1;
    }
    effects
}

#[test]
fn dying_at_any_point_changes_no_outcome_and_repeats_nothing_recorded() {
    let unharmed = tempfile::tempdir().unwrap();
    let log = unharmed.path().join("points");
    assert!(daemon(unharmed.path(), &[("SOPD_FAULT_LOG", log.to_str().unwrap())]));
    let journal = open(&unharmed.path().join("journal.db"));
    let expected = outcomes(&journal);
    assert!(expected.iter().all(|line| line.contains(" done ")), "{expected:#?}");
    let performed = effects(unharmed.path());
    assert!(performed.values().all(|count| *count == 1), "{performed:?}");
    let passed = std::fs::read_to_string(&log).unwrap();
    let points: BTreeSet<&str> = passed.lines().collect();
    assert!(points.len() > 40, "{points:?}");
    for point in points {
        let folder = tempfile::tempdir().unwrap();
        assert!(!daemon(folder.path(), &[("SOPD_FAULT", point)]), "{point}: it was to die there");
        let path = folder.path().join("journal.db");
        let before = settled(&open(&path));
        let once = effects(folder.path());
        assert!(daemon(folder.path(), &[]), "{point}: the next daemon ends well");
        let journal = open(&path);
        assert_eq!(outcomes(&journal), expected, "{point}");
        assert!(recorded(&journal).values().all(|count| *count == 1), "{point}");
        verify(&journal, &[]).unwrap();
        for (key, count) in effects(folder.path()) {
            let most = if before.contains(&key) { 1 } else { 1 + once.get(&key).copied().unwrap_or(0) };
            assert!(count <= most, "{point}: {key} was done {count} times");
        }
    }
}
