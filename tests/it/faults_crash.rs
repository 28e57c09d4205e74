//! Crash at every point: a mission is stopped at each named place it passes, goes on with the next start, and ends
//! with the same bytes, the same events and nothing left behind.

#![expect(clippy::print_stdout, reason = "a failing run says how much it tried")]

use super::activation::sound;
use super::faults_world::{World, dateless, example, published};
use sopd::base::Digest;
use sopd::mission::{NewActivation, activate};
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `SOPD_TEST_EVERY_POINT=1` tries every point; otherwise all moves of missions, publications and decisions, and every
/// n-th of the others.
const EVERY_POINT: &str = "SOPD_TEST_EVERY_POINT";
const NTH: usize = 6;
/// Signal of an abort.
const ABORTED: i32 = 6;

/// What a mission leaves behind: what it published and what happened, in order.
#[derive(Debug, PartialEq)]
struct Traces {
    published: Vec<(String, Digest)>,
    story: Vec<String>,
    beside: Vec<String>,
}

/// Events of parts that run side by side may come in any order; those of the mission itself may not.
fn traces(world: &World) -> Traces {
    let status = world.statuses();
    assert_eq!(status.len(), 1, "{status:?}");
    assert_eq!(status[0].state.word(), "published", "{status:?}");
    let (mut story, mut beside) = (Vec::new(), Vec::new());
    for kind in world.kinds(&status[0].id) {
        let parallel = ["model_called", "draft_made", "scenarios_written", "draft_kept"].contains(&&*kind);
        if parallel { beside.push(kind) } else { story.push(kind) }
    }
    beside.sort();
    Traces { published: published(world.root()), story, beside }
}

fn started() -> World {
    let world = World::new();
    world.drop_in("lead.md", example(&world, "1-"));
    world
}

/// With a hand-written SOP brought instead.
fn brought() -> World {
    let world = World::new();
    let guest = world.guest();
    let new = NewActivation { file: "mine.md".into(), text: sound(), by: "cro".into(), classes: Vec::new() };
    activate(&guest.journal, &guest.snapshot().unwrap(), new).unwrap();
    world
}

/// Drives a mission from its file to its end, every session a process with this environment; `true` once one of
/// them was aborted, after which the environment is as usual.
fn live(world: &World, fault: &[(&str, &str)]) -> bool {
    let mut aborted = false;
    for _ in 0..6 {
        loop {
            let environment = if aborted { &[] } else { fault };
            let status = world.process(&["--until-idle"], environment).status().unwrap();
            if status.signal() == Some(ABORTED) {
                assert!(!aborted, "aborted without a fault");
                aborted = true;
                continue;
            }
            assert!(status.success(), "{status}");
            break;
        }
        if world.approve_all() == 0 {
            break;
        }
    }
    aborted
}

fn points(world: &World) -> Vec<String> {
    let log = world.path("points.log");
    assert!(!live(world, &[("SOPD_FAULT_LOG", log.to_str().unwrap())]));
    let mut seen = BTreeSet::new();
    let log = std::fs::read_to_string(log).unwrap();
    log.lines().filter(|line| seen.insert(line.to_owned())).map(str::to_owned).collect()
}

pub(crate) fn chosen(points: &[String]) -> Vec<String> {
    // The files of a dossier are written one like the other, and again from the journal: some of them stand for all.
    let must = ["rename/SOP-", "rename/INDEX", "rename/mission", "publish", "/ask/", "signal/", "close/"];
    let always = |point: &str| must.iter().any(|part| point.contains(part));
    let every = std::env::var(EVERY_POINT).is_ok();
    let (must, may): (Vec<&String>, Vec<&String>) = points.iter().partition(|point| always(point));
    let sampled =
        may.into_iter().enumerate().filter(|(at, _)| every || at % NTH == 0).map(|(_, point)| point);
    must.into_iter().chain(sampled).cloned().collect()
}

/// Tries all of these at once, as many at a time as there are hands for it, and names those that failed.
pub(crate) fn all_of(points: &[String], each: impl Fn(&str) + Sync + std::panic::RefUnwindSafe) {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mine = std::iter::from_fn(|| points.get(next.fetch_add(1, Ordering::SeqCst)));
                let broke = |point: &&String| std::panic::catch_unwind(|| each(point)).is_err();
                mine.filter(broke).for_each(|point| failed.lock().unwrap().push(point.clone()));
            });
        }
    });
    assert_eq!(failed.into_inner().unwrap(), Vec::<String>::new());
}

#[test]
fn stopped_at_any_point_a_mission_ends_as_if_nothing_had_happened() {
    let world = started();
    let points = points(&world);
    let expected = traces(&world);
    world.assert_sound();
    world.assert_released();
    for part in
        ["rename/INDEX.md/", "rename/SOP-REV-", "author/publish#1/", "rename/audit.jsonl/", "/unrecorded"]
    {
        assert!(points.iter().any(|point| point.contains(part)), "no point {part} among {points:#?}");
    }
    let chosen = chosen(&points);
    println!("{} of {} points", chosen.len(), points.len());
    all_of(&chosen, |point| stop_at(started, point, &expected));
}

#[test]
fn stopped_at_any_point_a_hand_written_sop_is_published_once_as_it_was_brought() {
    let world = brought();
    let points = points(&world);
    let expected = traces(&world);
    let bytes = Digest::of(dateless(&sound()));
    assert!(expected.published.iter().any(|(path, sha256)| path.ends_with("-v1.0.md") && *sha256 == bytes));
    // Renames and what lies below a step are the same as a mission's.
    let own: Vec<String> = points.into_iter().filter(|point| point.starts_with("activation/")).collect();
    for part in ["file/settle", "examine", "judge", "ask/", "publish", "close/"] {
        assert!(own.iter().any(|point| point.contains(part)), "no point {part} among {own:#?}");
    }
    all_of(&chosen(&own), |point| stop_at(brought, point, &expected));
}

fn stop_at(begin: fn() -> World, point: &str, expected: &Traces) {
    let world = begin();
    assert!(live(&world, &[("SOPD_FAULT", point)]), "{point} was never reached");
    assert_eq!(traces(&world), *expected, "after a stop at {point}");
    world.assert_sound();
    world.assert_released();
}

#[test]
fn cancelled_at_any_stage_a_mission_leaves_nothing_behind() {
    let world = started();
    let points = points(&world);
    let story = |point: &&String| point.starts_with("author/") && point.ends_with("/unrecorded");
    let stages: Vec<String> = points.iter().filter(story).cloned().collect();
    for stage in
        ["prepare", "plan/settle", "enter/synthesising", "assemble", "judge", "ask/", "publish", "close/"]
    {
        assert!(stages.iter().any(|point| point.contains(stage)), "no stage {stage} among {stages:#?}");
    }
    all_of(&stages, cancel_at);
}

/// The cancel is there before the cut-off step runs again.
fn cancel_at(point: &str) {
    let world = started();
    let fault = [("SOPD_FAULT", point)];
    until_aborted(&world, &fault);
    let mission = world.statuses()[0].id.clone();
    world.cancel(&mission);
    world.settle();
    let status = world.status(&mission);
    assert!(status.ended_at.is_some(), "{point}: {status:?}");
    let published = status.state.word() == "published";
    assert!(published || status.state.word() == "cancelled", "{point}: {status:?}");
    // What is registered is registered: a cancel that comes later is too late.
    assert_eq!(published, !world.versions().is_empty(), "{point}");
    assert!(published || !point.contains("close/"), "{point}: it was only to be closed");
    world.assert_sound();
    world.assert_released();
}

fn until_aborted(world: &World, fault: &[(&str, &str)]) {
    for _ in 0..6 {
        let status = world.process(&["--until-idle"], fault).status().unwrap();
        if status.signal() == Some(ABORTED) {
            return;
        }
        assert!(status.success() && world.approve_all() > 0, "{fault:?} was never reached");
    }
    unreachable!("{fault:?} was never reached");
}
