//! Crashes of a run: stopped at every point it passes it ends as if nothing had happened, but that a command which was
//! cut off is never repeated unseen; killed in the middle of a command it leaves no process behind; clocks may jump.

#![expect(clippy::print_stdout, reason = "a failing run says how much it tried")]

use super::faults_crash::{all_of, chosen};
use super::faults_world::{World, given, until};
use super::runs_world::Draft;
use rustix::process::{Pid, Signal, kill_process};
use sopd::base::{Clock, Instant};
use sopd::daemon::{RunStatus, run_status};
use sopd::decision::{Decision, DecisionKind, Verb};
use sopd::mission::{NewActivation, activate};
use sopd::run::{self, Actor, Cause, Control, Handed, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

const SOP: &str = "SOP-REV-crash";
/// Signal of an abort.
const ABORTED: i32 = 6;
/// Signal by which a program is told to stop.
const TERMINATED: i32 = 15;

/// A workspace with that SOP active.
fn active(draft: &Draft) -> World {
    let world = World::new();
    let guest = world.guest();
    let new =
        NewActivation { file: "mine.md".into(), text: draft.text(), by: "cro".into(), classes: Vec::new() };
    activate(&guest.journal, &guest.snapshot().unwrap(), new).unwrap();
    world.finish();
    world
}

fn start(world: &World) -> String {
    let workspace = world.guest();
    let request = Request {
        sop: SOP.parse().unwrap(),
        given: BTreeMap::new(),
        mode: None,
        by: "cro".to_owned(),
        os_user: "tester".to_owned(),
        cause: Cause::Manual,
        hold: false,
        idempotency_key: None,
        pinned: None,
    };
    run::begin(&workspace.journal, &workspace.root, &workspace.snapshot().unwrap(), request).unwrap().run
}

fn status(world: &World, run: &str) -> RunStatus {
    world.guest().journal.read(|db| run_status(db, run)).unwrap()
}

fn stands(world: &World, run: &str) -> String {
    let status = status(world, run);
    let steps: Vec<&str> = status.tasks.iter().map(|task| task.state.word()).collect();
    format!("{}: {}", status.state.word(), steps.join(" "))
}

fn retry(world: &World, run: &str) {
    let journal = world.guest().journal;
    let plan = run::plan_of(&journal, run).unwrap();
    let actor = Actor { by: "cro".into(), os_user: "tester".into() };
    let run = run.to_owned();
    journal
        .append(move |tx| {
            run::control(
                tx,
                &run,
                &Control::Retry { by: "cro".into(), step: None, reason: String::new() },
                (&actor, &plan),
            )
        })
        .unwrap();
}

/// Answers everything that waits, but how a run goes on that stands still.
fn answer(world: &World, run: &str) {
    for decision in world.open().iter().filter(|one| one.ask.kind != DecisionKind::Stuck) {
        let by = decision.ask.asked_of.first().unwrap();
        if decision.ask.kind == DecisionKind::Task {
            complete(world, run, decision);
        } else {
            world.resolve(&decision.id, Verb::Approve, given(by, "")).unwrap();
        }
    }
}

fn complete(world: &World, run: &str, decision: &Decision) {
    let step = u32::try_from(decision.ask.details["step"].as_u64().unwrap()).unwrap();
    let handed = Handed { run: run.to_owned(), step, note: "called".into(), file: None };
    let given = given(&decision.ask.asked_of[0], "");
    world.guest().journal.append(move |tx| run::complete(tx, &handed, &given)).unwrap().unwrap();
}

/// Two commands, one of them behind a gate, an agent's step a person must look at, a person's step.
fn whole() -> Draft {
    Draft::new(SOP)
        .head("execution_mode", "supervised")
        .command("echo one >> ran; printf '{\"total\": 4}' > outputs.json", "Approval Required: Yes")
        .step("Compare the lead with the criteria and write the answer down.", "")
        .person("When: steps.1.total == 4")
        .command("echo two >> ran; echo done", "On Failure: retry 1")
}

/// Drives a run to its end, with this environment until the daemon was aborted. A command that was cut off is tried
/// again by a person. Whether it was aborted, and whether a command was cut off.
fn live(world: &World, run: &str, fault: &[(&str, &str)]) -> (bool, bool) {
    let (mut aborted, mut cut_off) = (false, false);
    let mut daemon = world.process(&[], fault).spawn().unwrap();
    until("the run has ended", || {
        if let Some(ended) = daemon.try_wait().unwrap() {
            assert!(ended.signal() == Some(ABORTED) && !aborted, "ended without a fault: {ended}");
            aborted = true;
            daemon = world.start();
        }
        let now = status(world, run);
        if now.state.word() == "paused" && !cut_off {
            let reason =
                "was cut off by a crash; nobody knows how far it came, and it is not repeated unseen";
            assert!(now.reason.contains(reason), "{now:#?}");
            assert!(now.tasks.iter().any(|task| task.state.word() == "interrupted"), "{now:#?}");
            cut_off = true;
            retry(world, run);
        }
        answer(world, run);
        world.count("SELECT count(*) FROM workflow WHERE state <> 'done'") == 0
    });
    // What is left to do is to write files; a stop in there is one more to recover from.
    let told = kill_process(Pid::from_child(&daemon), Signal::TERM);
    let ended = daemon.wait().unwrap();
    aborted |= ended.signal() == Some(ABORTED);
    // Told before it listens, it ends at once.
    let stopped = matches!(ended.signal(), Some(ABORTED | TERMINATED));
    assert!(told.is_ok() && (ended.success() || stopped), "{ended}");
    assert!(world.process(&["--until-idle"], &[]).status().unwrap().success());
    (aborted, cut_off)
}

fn points(world: &World) -> (String, Vec<String>) {
    let log = world.path("points.log");
    let run = start(world);
    assert_eq!(live(world, &run, &[("SOPD_FAULT_LOG", log.to_str().unwrap())]), (false, false));
    let mut seen = BTreeSet::new();
    let log = std::fs::read_to_string(log).unwrap();
    (run, log.lines().filter(|line| seen.insert(line.to_owned())).map(str::to_owned).collect())
}

#[test]
fn stopped_at_any_point_a_run_ends_as_if_nothing_had_happened() {
    let base = active(&whole());
    let first = base.copied();
    let (run, points) = points(&first);
    let expected = (stands(&first, &run), first.kinds(&run));
    assert_eq!(expected.0, "completed: completed completed completed completed");
    for part in ["preflight", "gate-start#1", "gate-1#1", "command-1#1.1", "perform-2", "task-3", "close/"] {
        assert!(points.iter().any(|point| point.contains(part)), "no point {part} among {points:#?}");
    }
    let chosen = chosen(&points);
    println!("{} of {} points", chosen.len(), points.len());
    all_of(&chosen, |point| stop_at(&base, point, &expected));
}

fn stop_at(base: &World, point: &str, expected: &(String, Vec<String>)) {
    let world = base.copied();
    let run = start(&world);
    let (aborted, cut_off) = live(&world, &run, &[("SOPD_FAULT", point)]);
    assert!(aborted, "{point} was never reached");
    assert_eq!(stands(&world, &run), expected.0, "after a stop at {point}");
    assert!(
        !cut_off || ["command-", "script.sh"].iter().any(|part| point.contains(part)),
        "{point} cut a command off"
    );
    if !cut_off {
        assert_eq!(world.kinds(&run), expected.1, "after a stop at {point}");
        let ran = world.read(&format!(".sopd/runs/{run}/work/ran"));
        assert_eq!(ran, "one\ntwo\n", "after a stop at {point}");
    }
    world.assert_sound();
    world.assert_released();
}

fn alive(pid: &str) -> bool {
    // A dead process that nobody has reaped yet does nothing any more.
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn killed_during_a_command_nothing_of_it_lives_on_and_a_person_decides() {
    let script = "echo x >> ran; sleep 1000 & echo $! > pids; setsid sleep 1000 & echo $! >> pids; echo $$ >> pids; touch ready; [ -e go ] || sleep 1000; kill %1";
    let world = active(&Draft::new(SOP).command(script, "").command("echo second", ""));
    let run = start(&world);
    let mut daemon = world.start();
    let work = world.path(&format!(".sopd/runs/{run}/work"));
    until("the command is at work", || work.join("ready").exists());
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let pids = std::fs::read_to_string(work.join("pids")).unwrap();
    assert_eq!(pids.lines().count(), 3);
    until("every process of the command is gone", || !pids.lines().any(alive));
    assert_eq!(stands(&world, &run), "running: running pending", "nobody has looked yet");
    assert!(world.process(&["--until-idle"], &[]).status().unwrap().success());
    assert_eq!(stands(&world, &run), "paused: interrupted pending");
    let now = status(&world, &run);
    assert!(now.reason.contains("step 1 was cut off by a crash"), "{}", now.reason);
    assert_eq!(std::fs::read_to_string(work.join("ran")).unwrap(), "x\n", "it was not repeated");
    put(&work.join("go"));
    retry(&world, &run);
    assert!(world.process(&["--until-idle"], &[]).status().unwrap().success());
    assert_eq!(std::fs::read_to_string(work.join("ran")).unwrap(), "x\nx\n");
    assert_eq!(stands(&world, &run), "completed: completed completed");
    world.assert_sound();
}

fn put(path: &Path) {
    super::faults_world::put(path, "");
}

#[test]
fn a_clock_that_jumps_back_or_far_ahead_loses_nothing() {
    let nine = Clock::System.now();
    let world = active(
        &Draft::new(SOP)
            .step("```wait\n1 hour\n```", "")
            .person("Approval Required: Yes\nApproval Timeout: 1 hour, then pause"),
    );
    let run = start(&world);
    let settle = |minutes: i64| {
        let clock = Clock::fixed(Instant(nine.0 + minutes * 60_000));
        let ended = super::faults_world::runtime().block_on(sopd::daemon::run(
            world.root(),
            clock,
            sopd::daemon::Until::Idle,
        ));
        ended.unwrap();
    };
    settle(1);
    assert_eq!(stands(&world, &run), "running: running pending");
    settle(-3_000);
    assert_eq!(stands(&world, &run), "running: running pending");
    // A month ahead: the wait is over, and the gate after it has its whole time from then on.
    settle(40_000);
    assert_eq!(stands(&world, &run), "awaiting_approval: completed awaiting_approval");
    settle(40_030);
    assert_eq!(stands(&world, &run), "awaiting_approval: completed awaiting_approval");
    settle(100);
    assert_eq!(stands(&world, &run), "awaiting_approval: completed awaiting_approval");
    settle(40_061);
    assert_eq!(stands(&world, &run), "paused: completed rejected");
    world.assert_sound();
}
