//! Gates: who may answer, what an answer is bound to, what a no and what silence lead to.

use crate::runs_world::{
    Draft, approve, asked, facts, in_minutes, kinds, settle, stands, start, started, status, steer, with,
};
use crate::world::World;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const SOP: &str = "SOP-REV-gates";

/// One command behind a gate, and one after it.
fn gated(keys: &str) -> Draft {
    Draft::new(SOP)
        .command("echo first", &format!("Approval Required: Yes\n{keys}"))
        .command("echo second", "")
}

fn open(world: &World) -> Value {
    let inbox = world.json(&["inbox"]);
    assert_eq!(inbox.as_array().unwrap().len(), 1, "{inbox:#}");
    inbox[0].clone()
}

#[test]
fn neither_the_initiator_nor_the_performer_nor_old_bytes_open_a_gate() {
    let world = with(&gated("Approvers: chief.staff, cro, sales.ops"));
    let run = started(&world, SOP, &[]);
    let gate = open(&world);
    assert_eq!(gate["asked_of"], json!(["chief.staff"]), "the initiator and the performer are left out");
    let id = gate["id"].as_str().unwrap();
    let initiator = world.fails(4, &["approve", id, "--as", "cro"]);
    assert!(initiator.contains("it started the run"), "{initiator}");
    let performer = world.fails(4, &["approve", id, "--as", "sales.ops"]);
    assert!(performer.contains("it does the step"), "{performer}");
    world.fails(4, &["approve", id, "--as", "ceo"]);
    world.fails(6, &["approve", id, "--as", "chief.staff", "--hash", &"0".repeat(32)]);
    world.fails(2, &["reject", id, "--as", "chief.staff", "--reason", " "]);
    assert_eq!(stands(&world, &run), "awaiting_approval: awaiting_approval pending");
    let hash = gate["hash"].as_str().unwrap();
    world.done(&["approve", id, "--as", "chief.staff", "--hash", hash.get(..32).unwrap()]);
    let twice = world.fails(6, &["approve", id, "--as", "chief.staff"]);
    assert!(twice.contains("chief.staff"), "{twice}");
    world.drive();
    assert_eq!(stands(&world, &run), "completed: completed completed");
}

#[test]
fn a_gate_shows_what_will_happen_and_every_printed_command_can_be_typed() {
    let draft = gated("").command("echo third", "Approval Required: Yes").person("");
    let world = with(&draft);
    let run = started(&world, SOP, &["--input", "lead_id=L-1"]);
    let shown = world.done(&["show", &run]);
    for part in ["echo first", "INPUT_LEAD_ID = L-1", "SHA-256 of what is shown"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let typed = |world: &World| {
        let shown = world.done(&["show", &run]);
        let line =
            shown.lines().map(str::trim).find(|line| line.contains("/sopd ") || line.starts_with("sopd "));
        let words =
            line.unwrap_or_else(|| unreachable!("no command in {shown}")).split_once("sopd ").unwrap().1;
        let words: Vec<String> = words.replace("FILE", "brought.md").split(' ').map(str::to_owned).collect();
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches('\'')).collect();
        world.sopd(&words)
    };
    assert_eq!(typed(&world).code, 0);
    world.drive();
    assert_eq!(typed(&world).code, 0);
    world.drive();
    assert_eq!(stands(&world, &run), "running: completed completed completed running");
    let shown = world.done(&["show", &run]);
    let bound: Vec<&str> = shown.lines().filter(|line| line.contains("--hash")).collect();
    assert!(bound.iter().all(|line| line.contains(" reject ")), "only an answer takes a hash: {bound:?}");
    let said = typed(&world);
    // The note is several words; without a shell they fall apart, which is all that may be wrong with it.
    assert!(said.err.is_empty() || said.err.contains("unexpected argument"), "{}", said.err);
}

#[test]
fn of_many_processes_that_approve_at_once_one_wins() {
    let world = with(&gated(""));
    let run = started(&world, SOP, &[]);
    let id = asked(&world);
    let answer = |verb: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
        command.args([verb, &id, "--as", "vp.sales"]).current_dir(world.root());
        if verb == "reject" {
            command.args(["--reason", "no"]);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let people: Vec<_> =
        (0..6).map(|number| answer(if number % 2 == 0 { "approve" } else { "reject" })).collect();
    let codes: Vec<i32> = people.into_iter().map(|mut one| one.wait().unwrap().code().unwrap()).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 6].contains(code)), "{codes:?}");
    world.drive();
    let answers = kinds(&world, &run).into_iter().filter(|kind| kind == "decision_resolved").count();
    assert_eq!(answers, 1);
}

#[test]
fn a_quorum_half_reached_is_kept_over_a_restart() {
    let world = with(&gated("Approvers: chief.staff, ceo, mkt.demand (2)"));
    let run = started(&world, SOP, &[]);
    let id = asked(&world);
    world.done(&["approve", &id, "--as", "ceo"]);
    world.drive();
    assert_eq!(stands(&world, &run), "awaiting_approval: awaiting_approval pending");
    let gate = open(&world);
    assert_eq!((&gate["quorum"], &gate["votes"]), (&json!(2), &json!(["ceo"])));
    let twice = world.fails(6, &["approve", &id, "--as", "ceo"]);
    assert!(twice.contains("1 of 2"), "{twice}");
    world.fails(4, &["approve", &id, "--as", "dev.lead"]);
    approve(&world, "mkt.demand");
    assert_eq!(stands(&world, &run), "completed: completed completed");
    let facts = facts(&world, &run);
    let granted = facts.iter().find(|(kind, _)| kind == "approval_granted").unwrap();
    assert_eq!(granted.1["votes"], json!(["ceo", "mkt.demand"]));
}

#[test]
fn one_no_ends_a_quorum() {
    let world = with(&gated("Approvers: chief.staff, ceo, mkt.demand (2)"));
    let run = started(&world, SOP, &[]);
    let id = asked(&world);
    world.done(&["approve", &id, "--as", "ceo"]);
    world.done(&["reject", &id, "--as", "chief.staff", "--reason", "not today"]);
    world.drive();
    assert_eq!(stands(&world, &run), "paused: rejected pending");
    assert!(status(&world, &run)["reason"].as_str().unwrap().contains("chief.staff said no: not today"));
}

fn rejected(world: &World) -> String {
    let run = started(world, SOP, &[]);
    world.done(&["reject", &asked(world), "--as", "vp.sales", "--reason", "not today"]);
    world.drive();
    let status = status(world, &run);
    assert_eq!((&status["state"], &status["ended_at"]), (&json!("paused"), &Value::Null));
    assert!(status["reason"].as_str().unwrap().contains("vp.sales said no: not today"), "{status}");
    world.fails(6, &["resume", &run, "--as", "cro"]);
    run
}

#[test]
fn after_a_no_the_run_pauses_and_may_be_tried_again_skipped_or_cancelled() {
    let world = with(&gated(""));
    let run = rejected(&world);
    steer(&world, "retry", &run, &[]);
    assert_eq!(stands(&world, &run), "awaiting_approval: awaiting_approval pending", "it asks anew");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: completed completed");

    let run = rejected(&world);
    steer(&world, "skip", &run, &["--step", "1", "--reason", "done by hand"]);
    // What a person left out is for the owner to judge at the end.
    let last = open(&world);
    assert!(last["why"].as_str().unwrap().contains("done by hand"), "{last}");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: skipped completed");

    let run = rejected(&world);
    steer(&world, "cancel", &run, &["--reason", "enough"]);
    assert_eq!(stands(&world, &run), "cancelled: rejected pending");
    world.done(&["audit", "verify"]);
}

#[test]
fn a_no_before_the_first_step_pauses_too() {
    let world = with(&Draft::new(SOP).head("execution_mode", "supervised").command("echo first", ""));
    let run = started(&world, SOP, &[]);
    world.fails(6, &["pause", &run, "--as", "cro"]);
    world.fails(6, &["skip", &run, "--step", "1", "--as", "cro", "--reason", "x"]);
    world.done(&["reject", &asked(&world), "--as", "vp.sales", "--reason", "not today"]);
    world.drive();
    assert_eq!(stands(&world, &run), "paused: pending");
    steer(&world, "retry", &run, &[]);
    assert_eq!(stands(&world, &run), "waiting_approval: pending");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: completed");
}

#[test]
fn silence_leads_where_the_sop_says_and_nowhere_else() {
    for (then, after, outcome) in [
        ("approve", "completed: completed completed", "approval_timeout"),
        ("skip", "completed: skipped completed", "approval_timeout"),
        ("reject", "paused: rejected pending", "approval_timeout"),
        ("pause", "paused: rejected pending", "approval_timeout"),
        ("escalate", "awaiting_approval: awaiting_approval pending", "decision_escalated"),
    ] {
        let world = with(&gated(&format!("Approval Timeout: 20 minutes, then {then}")));
        let run = started(&world, SOP, &[]);
        settle(&world, &in_minutes(11));
        assert!(kinds(&world, &run).contains(&"decision_reminded".to_owned()), "{then}: no reminder");
        assert_eq!(stands(&world, &run), "awaiting_approval: awaiting_approval pending", "{then}");
        settle(&world, &in_minutes(21));
        assert_eq!(stands(&world, &run), after, "{then}");
        assert!(kinds(&world, &run).contains(&outcome.to_owned()), "{then}: {:?}", kinds(&world, &run));
        world.done(&["audit", "verify"]);
    }
}

#[test]
fn an_unanswered_gate_moves_up_the_line_so_far_and_no_further() {
    let world = with(&gated("Approval Timeout: 20 minutes, then escalate"));
    let run = started(&world, SOP, &[]);
    assert_eq!(open(&world)["asked_of"], json!(["vp.sales"]));
    settle(&world, &in_minutes(21));
    // cro is next in line, but started the run.
    assert_eq!(open(&world)["asked_of"], json!(["vp.sales", "ceo"]));
    settle(&world, &in_minutes(42));
    let last = open(&world);
    assert_eq!(
        (&last["due_at"], &last["overdue"], &last["reminders"]),
        (&Value::Null, &json!(true), &json!(2))
    );
    settle(&world, &in_minutes(10_000));
    assert_eq!(stands(&world, &run), "awaiting_approval: awaiting_approval pending");
    let escalations = kinds(&world, &run).into_iter().filter(|kind| kind == "decision_escalated").count();
    assert_eq!(escalations, 2);
    approve(&world, "ceo");
    assert_eq!(stands(&world, &run), "completed: completed completed");
}

#[test]
fn a_timer_that_fires_after_an_answer_does_nothing() {
    for then in ["approve", "skip", "reject"] {
        let world = with(&gated(&format!("Approval Timeout: 20 minutes, then {then}")));
        let run = start(&world, SOP, &[]);
        world.drive();
        // Answered, but nobody drives: the timer is due by then.
        world.done(&["reject", &asked(&world), "--as", "vp.sales", "--reason", "no"]);
        settle(&world, &in_minutes(60));
        assert_eq!(stands(&world, &run), "paused: rejected pending", "{then}");
        let kinds = kinds(&world, &run);
        assert!(!kinds.contains(&"approval_timeout".to_owned()), "{kinds:?}");
        assert!(kinds.contains(&"approval_rejected".to_owned()), "{kinds:?}");
    }
}

#[test]
fn a_run_that_waits_stays_on_its_version_and_says_so() {
    let first = gated("");
    let world = with(&first);
    let run = started(&world, SOP, &[]);
    let second = gated("").version("1.1").head("supersedes", "1.0").command("echo third", "");
    world.activated(&second.text());
    let waits = status(&world, &run);
    assert_eq!((&waits["version"], &waits["newer_version"]), (&json!("1.0"), &json!("1.1")));
    assert_eq!(open(&world)["newer_version"], json!("1.1"));
    for page in [world.done(&["inbox"]), world.done(&["show", &run]), world.done(&["status", &run])] {
        assert!(page.contains("v1.1 of the SOP is active now"), "{page}");
    }
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: completed completed", "two steps, as when it started");
    let next = started(&world, SOP, &[]);
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &next), "completed: completed completed completed");
}
