//! A deployment in the skill form, as imported, in each of the four modes: who is asked when, and what silence does.

use crate::runs_world::{
    Draft, asked, begin, in_minutes, kinds, settle, stands, start, started, status, with,
};
use crate::skill::{EXAMPLES, filled, import};
use crate::world::World;
use serde_json::{Value, json};
use sopd::sop::document::ExecutionMode;

const SOP: &str = "SOP-DEV-deploy-production";

fn deployment() -> World {
    let world = World::new();
    let imported = import(&world, EXAMPLES[0]);
    let text = filled(&world.read(imported["path"].as_str().unwrap()), "release.engineer");
    // Signed in the mode that asks least, since a start may only ask more.
    world.activated(&text.replace("execution_mode: step_by_step", "execution_mode: auto"));
    world
}

fn gates(world: &World, run: &str) -> Vec<Value> {
    let facts = crate::runs_world::facts(world, run);
    let asked = facts.into_iter().filter(|(kind, _)| kind == "approval_requested");
    asked.map(|(_, fact)| fact["stepNumber"].clone()).collect()
}

#[test]
fn a_deployment_in_the_skill_form_runs_in_all_four_modes() {
    let world = deployment();
    // In this form silence opens the gates that a step itself asks for, never those of the mode.
    let own = vec![json!(1), json!(2), json!(3)];
    let before = std::iter::once(Value::Null).chain(own.clone()).collect();
    let each = own.iter().cloned().chain([json!(4)]).collect();
    for (day, (mode, expected)) in (0..).zip([
        (ExecutionMode::Auto, own.clone()),
        (ExecutionMode::Supervised, before),
        (ExecutionMode::StepByStep, each),
        (ExecutionMode::PriorityBased, own),
    ]) {
        let run = deployed(&world, (day * 1_440, mode));
        assert_eq!(gates(&world, &run), expected, "{mode:?}");
        assert_eq!(world.read(&format!(".sopd/runs/{run}/work/live/version.txt")), "1.0.0\n");
        let kept = status(&world, &run)["tasks"][1]["files"][0][0].clone();
        assert_eq!(kept, "kept/note.txt");
        let opened = kinds(&world, &run).into_iter().filter(|kind| kind == "approval_timeout").count();
        assert_eq!(opened, 3, "{mode:?}");
        assert!(status(&world, &run)["score"].as_u64().unwrap() <= 80, "nobody answered three gates");
    }
    world.done(&["audit", "verify"]);
}

/// Runs the deployment from that minute on; only gates of the mode are answered.
fn deployed(world: &World, (from, mode): (i64, ExecutionMode)) -> String {
    let at = |minutes: i64| in_minutes(from + minutes);
    let run = begin(world, (&at(0), SOP), |request| request.mode = Some(mode)).unwrap().run;
    settle(world, &at(0));
    if mode == ExecutionMode::Supervised {
        assert_eq!(stands(world, &run), "waiting_approval: pending pending pending pending");
        world.done(&["approve", &asked(world), "--as", "release.engineer"]);
    }
    for (minutes, expected) in [
        (0, "awaiting_approval: awaiting_approval pending pending pending"),
        (9, "awaiting_approval: awaiting_approval pending pending pending"),
        (10, "awaiting_approval: completed awaiting_approval pending pending"),
        (25, "awaiting_approval: completed completed awaiting_approval pending"),
    ] {
        settle(world, &at(minutes));
        assert_eq!(stands(world, &run), expected, "{mode:?} after {minutes} minutes");
    }
    settle(world, &at(30));
    if mode == ExecutionMode::StepByStep {
        settle(world, &at(600));
        let waits = "awaiting_approval: completed completed completed awaiting_approval";
        assert_eq!(stands(world, &run), waits, "the mode's own gate is not opened by silence");
        let performer = world.fails(4, &["approve", &asked(world), "--as", "release.engineer"]);
        assert!(performer.contains("it does the step"), "{performer}");
        world.done(&["approve", &asked(world), "--as", "dev.lead"]);
        settle(world, &at(600));
    }
    // The last step says nothing and leaves nothing: whether its record is there, the owner is asked.
    assert_eq!(stands(world, &run), "awaiting_approval: completed completed completed completed", "{mode:?}");
    let why = world.json(&["inbox"])[0]["why"].as_str().unwrap().to_owned();
    assert_eq!(why, "step 4: nothing shows that there is record of step 4 in the run's folder");
    world.done(&["approve", &asked(world), "--as", "release.engineer"]);
    settle(world, &at(601));
    assert_eq!(stands(world, &run), "completed: completed completed completed completed", "{mode:?}");
    run
}

#[test]
fn danger_asks_in_every_mode_until_autonomy_is_widened() {
    let sop = "SOP-REV-danger";
    let draft = Draft::new(sop).head("risk_level", "high").command("echo sent", "Reaches Customers: Yes");
    let world = with(&draft);
    let run = started(&world, sop, &["--mode", "auto"]);
    assert_eq!(stands(&world, &run), "waiting_approval: pending");
    let early = world.fails(4, &["autonomy", sop, "widen", "--as", "vp.sales", "--reason", "it went well"]);
    assert!(early.contains("ceo"), "{early}");
    world.done(&["autonomy", sop, "widen", "--as", "ceo", "--reason", "it went well"]);
    let run = started(&world, sop, &[]);
    assert_eq!(stands(&world, &run), "completed: completed");
    world.done(&["autonomy", sop, "narrow", "--as", "ceo", "--reason", "it did not"]);
    world.done(&["autonomy", sop, "--step", "1", "widen", "--as", "ceo", "--reason", "this one only"]);
    assert_eq!(world.json(&["autonomy", sop])["steps"], json!([1]));
    let run = started(&world, sop, &[]);
    assert_eq!(stands(&world, &run), "completed: completed");
    world.done(&["autonomy", sop, "--step", "1", "narrow", "--as", "ceo", "--reason", "enough"]);
    let run = start(&world, sop, &[]);
    world.drive();
    assert_eq!(stands(&world, &run), "waiting_approval: pending");
}

#[test]
fn a_word_on_a_step_counts_for_its_version_and_one_on_the_sop_for_every_version() {
    let sop = "SOP-REV-danger";
    let draft = Draft::new(sop).command("echo first", "").command("echo sent", "Reaches Customers: Yes");
    let world = with(&draft);
    let widen = |more: &[&str]| {
        let words = ["autonomy", sop, "widen", "--as", "ceo", "--reason", "it went well"];
        world.sopd(&words.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let none = widen(&["--step", "7"]);
    assert!(none.code == 5 && none.err.contains("has no step 7"), "{}", none.err);
    assert_eq!(widen(&["--step", "2"]).code, 0);
    let run = started(&world, sop, &[]);
    assert_eq!(stands(&world, &run), "completed: completed completed");
    // In the next version the second step is another one.
    let next = draft.version("1.1").head("supersedes", "1.0");
    world.activated(&next.text().replace("echo sent", "echo sent to all"));
    assert_eq!(world.json(&["autonomy", sop])["steps"], json!([]));
    let run = started(&world, sop, &[]);
    assert_eq!(stands(&world, &run), "awaiting_approval: completed awaiting_approval");
    assert_eq!(widen(&[]).code, 0);
    world.activated(&next.version("1.2").head("supersedes", "1.1").text());
    assert_eq!(world.json(&["autonomy", sop])["widened"], json!(true));
    let run = started(&world, sop, &[]);
    assert_eq!(stands(&world, &run), "completed: completed completed");
}
