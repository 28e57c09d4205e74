//! Who is asked, what they are shown, and where a no leads: nobody judges their own work, everybody sees what is used,
//! and what was refused goes back to who made it, with the reason.

use crate::runs_world::{
    Draft, approve, asked, begin, in_minutes, settle, stands, started, status, steer, with,
};
use crate::world::World;
use serde_json::{Value, json};

const SOP: &str = "SOP-REV-duties";

fn open(world: &World) -> Value {
    let inbox = world.json(&["inbox"]);
    assert_eq!(inbox.as_array().unwrap().len(), 1, "{inbox:#}");
    inbox[0].clone()
}

#[test]
fn a_gate_shows_what_the_steps_before_gave_and_a_no_sends_the_work_back_with_its_reason() {
    let sop = Draft::new(SOP)
        .person("")
        .command("echo sent", "Approval Required: Yes\nApprovers: ceo\nOn Failure: go to step 1");
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    let hand_in = |note: &str| {
        world.done(&["complete", &run, "--step", "1", "--as", "sales.rep", "--note", note]);
        world.drive();
    };
    hand_in("Dear customer, EUR 4,000 is gone.");
    let first = open(&world);
    let shown = world.done(&["show", &run]);
    assert!(shown.contains("> Dear customer, EUR 4,000 is gone."), "{shown}");
    world.done(&["reject", &asked(&world), "--as", "ceo", "--reason", "Wrong tone."]);
    world.drive();
    // The SOP leads a failure back to step 1, and so does a no: its doer is told why, and what was there.
    assert_eq!(stands(&world, &run), "running: running pending");
    let task = world.done(&["show", &run]);
    for part in ["ceo said no: Wrong tone.", "> Dear customer, EUR 4,000 is gone."] {
        assert!(task.contains(part), "{part}: {task}");
    }
    hand_in("Dear customer, we are sorry.");
    assert_ne!(open(&world)["hash"], first["hash"], "another result is another question");
    // By hand the work goes back as well, to any step before, with words of who sends it.
    world.done(&["reject", &asked(&world), "--as", "ceo", "--reason", "Name the sum."]);
    world.drive();
    hand_in("Dear customer, EUR 4,000 is yours.");
    approve(&world, "ceo");
    assert_eq!(stands(&world, &run), "completed: completed completed");
    let parts = status(&world, &run)["score_parts"].to_string();
    assert!(parts.contains("10 off, refused before it went ahead"), "{parts}");
    world.done(&["review", &run, "--as", "vp.sales"]);
    world.drive();
    let review = world.done(&["review", &run]);
    for part in ["ceo said no to", "Wrong tone.", "Name the sum.", "sales.rep did"] {
        assert!(review.contains(part), "{part}: {review}");
    }
    world.done(&["audit", "verify"]);
}

/// What a gate shows of the results so far is what the step finds.
#[test]
fn a_file_that_is_changed_after_it_was_shown_at_a_gate_is_not_used() {
    let sop = Draft::new(SOP)
        .command("echo 'Dear customer' > letter.txt", "")
        .command("cat letter.txt", "Approval Required: Yes\nApprovers: ceo");
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    let letter = format!(".sopd/runs/{run}/work/letter.txt");
    let first = world.read(&letter);
    world.put(&letter, "Dear nobody");
    approve(&world, "ceo");
    let said = status(&world, &run)["tasks"][1]["reason"].as_str().unwrap().to_owned();
    assert!(said.contains("letter.txt, which step 1 left") && said.contains("changed since"), "{said}");
    world.put(&letter, &first);
    world.done(&["retry", &run, "--as", "cro"]);
    world.drive();
    approve(&world, "ceo");
    assert_eq!(stands(&world, &run), "completed: completed completed");
}

#[test]
fn what_cannot_be_prepared_is_a_failed_step_that_asks() {
    let sop = Draft::new(SOP)
        .command("[ -e \"$RUN_FOLDER/ok\" ] && echo '{\"a\": 1}' > outputs.json; true", "")
        .step(
            "Ask.\n\n```http\nGET http://127.0.0.1:1/y?a={{ steps.1.a }}\n```",
            "Approval Required: Yes\nApprovers: ceo",
        );
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: completed failed");
    let question = open(&world);
    assert!(question["why"].as_str().unwrap().contains("steps.1.a"), "{question:#}");
    // The work goes back to the step that left the value out; then the gate can be asked.
    world.put(&format!(".sopd/runs/{run}/work/ok"), "");
    world.fails(5, &["retry", &run, "--as", "cro", "--step", "3", "--reason", "x"]);
    steer(&world, "retry", &run, &["--step", "1", "--reason", "the value is missing"]);
    assert_eq!(stands(&world, &run), "awaiting_approval: completed awaiting_approval");
    assert!(world.done(&["show", &run]).contains("GET http://127.0.0.1:1/y?a=1"));
}

#[test]
fn nobody_judges_their_own_work_and_whoever_left_is_asked_nothing() {
    let sop = Draft::new(SOP)
        .step("Write down the contact of the lead.", "Assignee: vp.sales")
        .command("echo sent", "Approval Required: Yes\nApprovers: mkt.demand");
    let world = with(&sop);
    let run = started(&world, SOP, &[]);
    // vp.sales owns the SOP, but its agent did the step; cro stands above and started the run.
    assert_eq!(open(&world)["asked_of"], json!(["ceo"]));
    let own = world.fails(4, &["approve", &asked(&world), "--as", "vp.sales"]);
    assert!(own.contains("step 1 is its own work"), "{own}");
    std::fs::remove_file(world.path("agents/mkt.demand.md")).unwrap();
    approve(&world, "ceo");
    let gate = open(&world);
    assert!(
        gate["why"].as_str().unwrap().contains("mkt.demand, whom the SOP names, is not at work"),
        "{gate:#}"
    );
    assert_eq!(gate["asked_of"], json!(["ceo"]));
    approve(&world, "ceo");
    let end = status(&world, &run);
    assert_eq!(end["score_parts"], json!([]), "a person vouches for the result: {end:#}");
    world.done(&["review", &run, "--as", "vp.sales"]);
    world.drive();
    assert_eq!(open(&world)["asked_of"], json!(["ceo"]));
    approve(&world, "ceo");
    // An SOP whose owner has left is neither started nor, where it waits for its signature, published.
    let boss = world.read("agents/sales.rep.md").replace("id: sales.rep", "id: temp.boss");
    world.put("agents/temp.boss.md", &boss);
    let owned = |id: &str| Draft::new(id).command("echo x", "").text().replace("vp.sales", "temp.boss");
    world.activated(&owned("SOP-REV-left"));
    world.put("late.md", &owned("SOP-REV-late"));
    world.done(&["sop", "activate", "late.md", "--as", "cro"]);
    world.drive();
    std::fs::remove_file(world.path("agents/temp.boss.md")).unwrap();
    let refused = world.fails(6, &["run", "SOP-REV-left", "--as", "cro"]);
    assert!(refused.contains("owned by temp.boss, who is not at work"), "{refused}");
    approve(&world, "chief.staff");
    approve(&world, "ceo");
    let stuck = open(&world);
    assert!(stuck.to_string().contains("temp.boss, who is no longer on the roster"), "{stuck:#}");
}

#[test]
fn a_step_is_late_by_its_own_clock_only() {
    let world = World::new();
    world.activated(
        &Draft::new(SOP)
            .command("echo first", "Time Limit: 2 minutes")
            .step("```wait\n1 hour\n```", "Time Limit: 3 hours")
            .command("echo third", "Time Limit: 2 minutes")
            .text(),
    );
    let run = begin(&world, (&in_minutes(0), SOP), |_| ()).unwrap().run;
    settle(&world, &in_minutes(0));
    assert!(world.done(&["status", &run, "--step", "3"]).contains("about"), "a forecast says that it is one");
    settle(&world, &in_minutes(61));
    let end = status(&world, &run);
    assert_eq!((&end["state"], &end["score_parts"]), (&json!("completed"), &json!([])), "{end:#}");
}
