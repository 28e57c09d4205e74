//! What people do to a run while it is under way: pause, resume, retry, skip; its own limits; what retention erases.

use crate::faults_world::until;
use crate::runs_world::{
    Draft, approve, asked, begin, facts, in_minutes, kinds, settle, stands, start, started, status, steer,
    with,
};
use crate::world::World;
use serde_json::{Value, json};

const SOP: &str = "SOP-REV-control";

fn hand_in(world: &World, run: &str, step: &str) {
    world.done(&["complete", run, "--step", step, "--as", "sales.rep", "--note", "done"]);
    world.drive();
}

#[test]
fn a_paused_run_begins_nothing_and_goes_on_where_it_stood() {
    let world = with(&Draft::new(SOP).person("").command("echo second", "").command("echo third", ""));
    let run = started(&world, SOP, &[]);
    world.fails(4, &["pause", &run, "--as", "sales.rep"]);
    steer(&world, "pause", &run, &["--reason", "lunch"]);
    let paused = status(&world, &run);
    assert_eq!((&paused["state"], &paused["reason"]), (&json!("paused"), &json!("cro paused it: lunch")));
    world.fails(6, &["pause", &run, "--as", "cro"]);
    world.fails(6, &["retry", &run, "--as", "cro"]);
    // What is under way may be finished.
    hand_in(&world, &run, "1");
    assert_eq!(stands(&world, &run), "paused: completed pending pending");
    steer(&world, "resume", &run, &[]);
    assert_eq!(stands(&world, &run), "completed: completed completed completed");
    let log = world.read(&format!(".sopd/runs/{run}/audit.jsonl"));
    assert!(log.contains("run_paused") && log.contains("run_resumed"), "{log}");
}

/// A second word would silently take the place of the first.
#[test]
fn a_second_word_on_a_run_is_refused_while_the_first_waits_to_be_taken() {
    let world = with(&Draft::new(SOP).person("").command("echo second", ""));
    let run = started(&world, SOP, &[]);
    world.done(&["cancel", &run, "--as", "cro", "--reason", "no longer wanted"]);
    for second in ["pause", "cancel"] {
        let refused = world.fails(6, &[second, &run, "--as", "cro", "--reason", "lunch"]);
        assert!(refused.contains("`cancel` was said") && refused.contains("before"), "{refused}");
    }
    world.drive();
    assert_eq!(status(&world, &run)["reason"], "cro cancelled it: no longer wanted");
}

/// Deadlines that were set while the clock was wrong would hold for as long as it was.
#[test]
fn what_was_set_in_a_time_yet_to_come_is_set_anew_and_told() {
    let world = with(&Draft::new(SOP).person("Time Limit: 1 hour"));
    let run = start(&world, SOP, &[]);
    settle(&world, &in_minutes(400 * 24 * 60));
    let due = |world: &World| -> String { world.json(&["inbox"])[0]["due_at"].as_str().unwrap().to_owned() };
    let wrong = due(&world);
    // It is set back twice: what was set anew counts from then.
    settle(&world, &in_minutes(200 * 24 * 60));
    world.drive();
    let soon = in_minutes(61).now().to_string();
    assert!(wrong > soon && due(&world) <= soon, "{wrong} became {}", due(&world));
    assert!(facts(&world, "sopd").iter().any(|(kind, _)| kind == "clock_set_back"));
    assert!(world.sopd(&["doctor"]).out.contains("clock"));
    hand_in(&world, &run, "1");
    assert_eq!(stands(&world, &run), "completed: completed");
}

#[test]
fn a_gate_may_be_answered_while_the_run_is_paused() {
    let world = with(&Draft::new(SOP).command("echo first", "Approval Required: Yes"));
    let run = started(&world, SOP, &[]);
    steer(&world, "pause", &run, &[]);
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "paused: pending");
    steer(&world, "resume", &run, &[]);
    assert_eq!(stands(&world, &run), "completed: completed");
}

#[test]
fn a_run_that_takes_too_long_pauses_and_may_go_on() {
    let world = World::new();
    world.put("sopd.yaml", "runs:\n  time_limit: 1 hour\n");
    world.activated(&Draft::new(SOP).person("Time Limit: 5 hours").command("echo second", "").text());
    let run = started(&world, SOP, &[]);
    settle(&world, &in_minutes(61));
    let late = status(&world, &run);
    assert_eq!(late["state"], "paused");
    assert!(late["reason"].as_str().unwrap().contains("as long as a run may"), "{late}");
    hand_in(&world, &run, "1");
    assert_eq!(stands(&world, &run), "paused: completed pending");
    steer(&world, "resume", &run, &[]);
    assert_eq!(stands(&world, &run), "completed: completed completed");
}

#[test]
fn the_wait_for_a_gate_does_not_count_as_the_time_of_a_run() {
    let world = World::new();
    world.put("sopd.yaml", "runs:\n  time_limit: 1 hour\n");
    let supervised = Draft::new(SOP).head("execution_mode", "supervised").command("echo first", "");
    world.activated(&supervised.text());
    let run = started(&world, SOP, &[]);
    world.done(&["approve", &asked(&world), "--as", "vp.sales"]);
    settle(&world, &in_minutes(300));
    assert_eq!(stands(&world, &run), "completed: completed");
}

#[test]
fn steps_beside_a_failed_one_are_finished_before_anything_is_undone() {
    let undo = |what: &str| format!("Rollback:\n```bash\necho {what} >> \"$RUN_FOLDER/undone\"\n```");
    let meet = "until [ -e \"$RUN_FOLDER/failing\" ]; do sleep 0.05; done; sleep 0.3; echo slow";
    let world = with(
        &Draft::new(SOP)
            .command("echo 1", &undo("one"))
            .command(meet, &format!("Depends On: 1\n{}", undo("slow")))
            .command("touch \"$RUN_FOLDER/failing\"; exit 1", "Depends On: 1\nOn Failure: rollback"),
    );
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: rolled_back rolled_back failed");
    assert_eq!(world.read(&format!(".sopd/runs/{run}/work/undone")), "slow\none\n");
}

#[test]
fn retention_erases_what_runs_left_and_no_fact() {
    let world = with(&Draft::new(SOP).command("echo \"for $INPUT_LEAD_ID\" | tee note.txt", "").person(""));
    let old = begin(&world, (&in_minutes(-200_000), SOP), |request| {
        request.given.insert("lead_id".into(), "canary-of-a-person".into());
    });
    let old = old.unwrap().run;
    settle(&world, &in_minutes(-200_000));
    let workspace =
        sopd::daemon::Workspace::open(world.root(), sopd::journal::Access::Guest, in_minutes(-199_999))
            .unwrap();
    let handed =
        sopd::run::Handed { run: old.clone(), step: 2, note: "called canary-of-a-person".into(), file: None };
    let given =
        sopd::decision::Given { by: "sales.rep".into(), os_user: "tester".into(), ..Default::default() };
    workspace.journal.append(move |tx| sopd::run::complete(tx, &handed, &given)).unwrap().unwrap();
    settle(&world, &in_minutes(-199_998));
    assert_eq!(stands(&world, &old), "completed: completed completed");
    let young = start(&world, SOP, &["--input", "lead_id=canary-of-a-person"]);
    world.drive();
    let refused = world.fails(4, &["cleanup", "--as", "ops.manager"]);
    assert!(refused.contains("ceo, who signs publications, may"), "{refused}");
    let erased = world.json(&["cleanup", "--as", "ceo"]);
    assert_eq!(erased["runs"], json!([old]), "{erased}");
    assert_eq!(world.json(&["cleanup", "--as", "ceo"])["runs"], json!([]), "once");
    assert_eq!(stands(&world, &old), "completed: completed completed");
    assert_eq!(status(&world, &old)["tasks"][0]["said"], "");
    assert_eq!(status(&world, &young)["tasks"][0]["said"], "for canary-of-a-person\n");
    assert!(kinds(&world, &old).contains(&"run_completed".to_owned()));
    let log = world.read(&format!(".sopd/runs/{old}/audit.jsonl"));
    // What the younger run gave is word for word the same, and stays for it.
    assert!(log.contains("run_completed") && !log.contains("called canary"), "{log}");
    for gone in ["work", "files", "record"] {
        assert!(!world.path(&format!(".sopd/runs/{old}/{gone}")).exists(), "{gone}");
    }
    // What a cleanup that was cut short left behind goes with the next one.
    world.put(&format!(".sopd/runs/{old}/files/step-1/note.txt"), "for canary-of-a-person");
    world.done(&["cleanup", "--as", "ceo"]);
    assert!(!world.path(&format!(".sopd/runs/{old}/files")).exists());
    world.drive();
    world.done(&["audit", "verify"]);
    hand_in(&world, &young, "2");
    assert_eq!(stands(&world, &young), "completed: completed completed");
    assert_eq!(world.json(&["inbox"]), Value::Array(Vec::new()));
}

#[test]
fn what_is_asked_of_a_daemon_that_is_stopping_is_on_record_and_said_to_wait() {
    let script = "until [ -e \"$RUN_FOLDER/go\" ]; do sleep 0.05; done";
    let world = with(&Draft::new(SOP).command(script, ""));
    let let_go = |run: &str| world.put(&format!(".sopd/runs/{run}/work/go"), "");
    let first = start(&world, SOP, &[]);
    let mut daemon = world.up();
    until("the command runs", || stands(&world, &first) == "running: running");
    let process = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    until("it is stopping", || world.done(&["doctor"]).contains("stopping"));
    let said = world.done(&["run", SOP, "--as", "cro"]);
    assert!(said.contains("is on record") && !said.contains("has started"), "{said}");
    assert!(said.contains("it begins with the next start"), "{said}");
    let second = said.split(' ').next().unwrap().to_owned();
    let told = world.done(&["status", &second]);
    assert!(told.contains("sopd is stopping here and begins nothing new"), "{told}");
    let_go(&first);
    assert!(daemon.wait().unwrap().success());
    assert_eq!(stands(&world, &first), "running: completed", "what was under way came to its end");
    assert_eq!(stands(&world, &second), "pending: pending");
    let said = world.done(&["run", SOP, "--as", "cro"]);
    assert!(said.contains("is on record") && said.contains("nothing drives this workspace now"), "{said}");
    let_go(&second);
    let_go(said.split(' ').next().unwrap());
    world.drive();
    for run in [&first, &second] {
        assert_eq!(stands(&world, run), "completed: completed");
    }
}

#[test]
fn a_run_without_a_review_says_why_and_what_to_do() {
    let world = with(&Draft::new(SOP).command("echo x", ""));
    let run = started(&world, SOP, &["--hold"]);
    let review = || world.done(&["review", &run]);
    assert!(review().contains("a run is reviewed when it has ended"), "{}", review());
    steer(&world, "resume", &run, &[]);
    assert_eq!(stands(&world, &run), "completed: completed");
    assert!(review().contains("nobody has asked for a review"), "{}", review());
    assert!(review().contains(&format!("sopd review {run} --as PARTY")), "{}", review());
    let said = world.done(&["review", &run, "--as", "cro"]);
    assert!(said.contains("asked for and not drafted yet; nothing drives this workspace now"), "{said}");
    world.drive();
    assert!(!review().contains("asked for") && review().contains("eview"), "{}", review());
}
