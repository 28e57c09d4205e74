//! A run that stands still: the inbox says why and who must act, and each way to go on that it names works.

use crate::runs_world::{
    Draft, approve, asked, begin, in_minutes, kinds, settle, stands, started, status, with,
};
use crate::world::World;
use serde_json::{Value, json};
use sopd::decision::{Given, Verb, resolve};

const SOP: &str = "SOP-REV-standstill";

/// A command that fails until there is a file `ok`, and one after it.
fn failing() -> Draft {
    Draft::new(SOP)
        .command("[ -e \"$RUN_FOLDER/ok\" ] || { echo no paper; exit 4; }", "")
        .command("echo second", "")
}

fn failed(world: &World) -> String {
    let run = started(world, SOP, &[]);
    assert_eq!(stands(world, &run), "failed: failed pending");
    run
}

/// What the inbox holds: one question about how a run goes on.
fn question(world: &World) -> Value {
    let inbox = world.json(&["inbox"]);
    assert_eq!(inbox.as_array().unwrap().len(), 1, "{inbox:#}");
    assert_eq!(inbox[0]["kind"], "stuck", "{inbox:#}");
    inbox[0].clone()
}

/// The words of a printed command, as a shell would cut them.
fn typed(question: &Value, at: usize) -> Vec<String> {
    let line = question["commands"][at]["line"].as_str().unwrap();
    let words = line.split_once("sopd ").unwrap().1.split(' ');
    words.map(|word| word.trim_matches('\'').to_owned()).collect()
}

fn type_in(world: &World, question: &Value, at: usize) {
    let words = typed(question, at);
    world.done(&words.iter().map(String::as_str).collect::<Vec<_>>());
    world.drive();
}

#[test]
fn a_failed_step_is_in_the_inbox_with_its_reason_and_every_way_to_go_on() {
    let world = with(&failing());
    let run = failed(&world);
    let words = "step 1 failed: the command ended with exit code 4; it said last: no paper";
    let asked = question(&world);
    assert_eq!((&asked["why"], &asked["asked_of"]), (&json!(words), &json!(["cro", "vp.sales"])));
    for page in [world.done(&["inbox"]), world.done(&["status", &run]), world.done(&["show", &run])] {
        for part in [words, "cro", &format!("retry {run} --as cro"), &format!("skip {run} --step 1")] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
    let page = world.done(&["show", &run]);
    assert!(page.contains("What it said last:\n\nno paper"), "{page}");
    let no = world.fails(2, &["approve", asked["id"].as_str().unwrap(), "--as", "cro"]);
    assert!(no.contains("is not answered with `approve`"), "{no}");

    // Done again, it fails again, and is asked about anew.
    type_in(&world, &asked, 0);
    assert_eq!(stands(&world, &run), "failed: failed pending");
    let again = question(&world);
    assert_ne!(again["id"], asked["id"]);
    world.put(&format!(".sopd/runs/{run}/work/ok"), "");
    type_in(&world, &again, 0);
    assert_eq!(stands(&world, &run), "completed: completed completed");
    assert_eq!(world.json(&["inbox"]), json!([]));

    let run = failed(&world);
    type_in(&world, &question(&world), 1);
    assert_eq!(stands(&world, &run), "awaiting_approval: skipped completed");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: skipped completed");

    let run = failed(&world);
    type_in(&world, &question(&world), 2);
    assert_eq!(stands(&world, &run), "cancelled: failed pending");
    assert_eq!(world.json(&["inbox"]), json!([]));
    world.done(&["audit", "verify"]);
}

#[test]
fn the_word_of_who_is_asked_counts_like_a_command() {
    let world = with(&failing());
    let run = failed(&world);
    let id = asked(&world);
    world.put(&format!(".sopd/runs/{run}/work/ok"), "");
    let workspace =
        sopd::daemon::Workspace::open(world.root(), sopd::journal::Access::Guest, in_minutes(0)).unwrap();
    let say = |by: &str| {
        let given = Given { by: by.into(), os_user: "tester".into(), ..Given::default() };
        let id = id.clone();
        workspace.journal.append(move |tx| resolve(tx, &id, Verb::Retry, &given))
    };
    assert!(say("sales.rep").is_err());
    say("vp.sales").unwrap().unwrap();
    world.drive();
    assert_eq!(stands(&world, &run), "completed: completed completed");
}

#[test]
fn a_start_that_was_refused_and_a_run_that_takes_too_long_are_in_the_inbox_too() {
    let world = with(&Draft::new(SOP).head("execution_mode", "supervised").command("echo first", ""));
    let run = started(&world, SOP, &[]);
    world.done(&["reject", &asked(&world), "--as", "vp.sales", "--reason", "not today"]);
    world.drive();
    let asked_about = question(&world);
    assert!(asked_about["why"].as_str().unwrap().contains("vp.sales said no: not today"), "{asked_about}");
    type_in(&world, &asked_about, 0);
    assert_eq!(stands(&world, &run), "waiting_approval: pending");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "completed: completed");

    let world = World::new();
    world.put("sopd.yaml", "runs: { time_limit: 1 hour }\n");
    world.activated(&Draft::new(SOP).step("```wait\n2 hours\n```", "").text());
    let run = begin(&world, (&in_minutes(0), SOP), |_| ()).unwrap().run;
    settle(&world, &in_minutes(0));
    settle(&world, &in_minutes(61));
    assert_eq!(stands(&world, &run), "paused: running");
    let late = question(&world);
    assert!(late["why"].as_str().unwrap().contains("as long as a run may"), "{late}");
    assert_eq!(typed(&late, 0).first().map(String::as_str), Some("resume"));
    let words = typed(&late, 0);
    world.done(&words.iter().map(String::as_str).collect::<Vec<_>>());
    settle(&world, &in_minutes(121));
    assert_eq!(stands(&world, &run), "completed: completed");
    assert_eq!(world.json(&["inbox"]), json!([]));
}

#[test]
fn nobody_answers_how_a_run_goes_on_and_the_one_above_is_asked_as_well() {
    let world = with(&failing());
    let run = begin(&world, (&in_minutes(0), SOP), |_| ()).unwrap().run;
    settle(&world, &in_minutes(0));
    // Time for a task, as the settings have it, is well below two weeks.
    settle(&world, &in_minutes(20_000));
    assert!(kinds(&world, &run).contains(&"decision_escalated".to_owned()), "{:?}", kinds(&world, &run));
    assert_eq!(stands(&world, &run), "failed: failed pending");
    assert!(status(&world, &run)["waiting_for"].as_str().unwrap().contains("cro"));
}
