//! The tour of a run: an active SOP with a gate, a command, an agent's step and a person's steps, from its start to
//! its signed review, with what is shown at every stop.

use crate::runs_world::{Draft, approve, asked, facts, stands, start, started, status, with};
use crate::world::World;
use serde_json::{Value, json};

const SOP: &str = "SOP-REV-tour";
const SCHEMA: &str =
    r#"Output: { "type": "object", "required": ["won"], "properties": { "won": { "type": "boolean" } } }"#;

fn tour() -> Draft {
    Draft::new(SOP)
        .head("execution_mode", "supervised")
        .command(
            "printf '%s\\n' \"$INPUT_LEAD_ID\" > lead.txt\nprintf '{\"total\": 4}' > outputs.json\necho written",
            "Artifact: lead.txt with the number of the lead",
        )
        .step("Compare the lead with the criteria and write the answer down.", "")
        .person("Approval Required: Yes\nArtifact: call log")
        .person("Artifact: signed order form")
        .person(SCHEMA)
        .done_when("The lead is answered: `steps.1.total == 4 and steps.5.won`, at the latest after 1 business day.")
}

fn listed(world: &World, run: &str) -> Value {
    let all = world.json(&["runs", "--sop", SOP]);
    all.as_array().unwrap().iter().find(|one| one["id"] == run).unwrap().clone()
}

#[test]
fn a_run_goes_from_its_start_to_its_signed_review() {
    let world = with(&tour());
    let run = start(&world, SOP, &["--input", "lead_id=L-7"]);
    assert_eq!(stands(&world, &run), "pending: pending pending pending pending pending");
    world.drive();
    assert_eq!(stands(&world, &run), "waiting_approval: pending pending pending pending pending");
    let gate = world.done(&["show", &run]);
    assert!(
        gate.contains("lead_id = L-7") && gate.contains("cat") == gate.contains("no such word"),
        "{gate}"
    );
    assert!(gate.contains("$INPUT_LEAD_ID"), "the gate shows the script: {gate}");
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "running: completed running pending pending pending");
    assert_eq!(status(&world, &run)["tasks"][0]["outputs"], json!({ "total": 4 }));
    // Tier 0 is never sure of work it cannot judge: the owner looks.
    let look = world.json(&["inbox"]);
    assert_eq!((&look[0]["kind"], &look[0]["asked_of"]), (&json!("result"), &json!(["vp.sales"])), "{look}");
    approve(&world, "vp.sales");
    assert_eq!(
        stands(&world, &run),
        "awaiting_approval: completed completed awaiting_approval pending pending"
    );
    approve(&world, "vp.sales");
    assert_eq!(stands(&world, &run), "running: completed completed running pending pending");
    handed_in(&world, &run);
    assert_eq!(stands(&world, &run), "completed: completed completed completed completed completed");
    let row = listed(&world, &run);
    assert_eq!(
        (&row["status"], &row["current_step"], &row["total_steps"]),
        (&json!("completed"), &Value::Null, &json!(5))
    );
    assert!(row["score"].as_u64().unwrap() > 80, "{row}");
    reviewed(&world, &run);
    logged(&world, &run);
    world.done(&["audit", "verify"]);
}

/// The three steps of a person: with a note, with a file, with a note of the asked form.
fn handed_in(world: &World, run: &str) {
    let early = world.fails(6, &["complete", run, "--step", "4", "--as", "sales.rep", "--note", "x"]);
    assert!(early.contains("step 4") && early.contains("pending"), "{early}");
    let other = world.fails(4, &["complete", run, "--step", "3", "--as", "sales.ops", "--note", "x"]);
    assert!(other.contains("sales.rep"), "{other}");
    world.fails(2, &["complete", run, "--step", "3", "--as", "sales.rep"]);
    world.done(&["complete", run, "--step", "3", "--as", "sales.rep", "--note", "called at 9"]);
    world.drive();
    assert_eq!(status(world, run)["tasks"][2]["said"], "called at 9");
    world.put("order.pdf", "signed");
    world.done(&["complete", run, "--step", "4", "--as", "sales.rep", "--artifact", "order.pdf"]);
    world.drive();
    assert_eq!(world.read(&format!(".sopd/runs/{run}/files/step-4/order.pdf")), "signed");
    let wrong =
        world.fails(3, &["complete", run, "--step", "5", "--as", "sales.rep", "--note", "{\"won\": 1}"]);
    assert!(wrong.contains("/won"), "{wrong}");
    world.fails(3, &["complete", run, "--step", "5", "--as", "sales.rep", "--note", "we won"]);
    // There is no way round that form.
    let task = asked(world);
    world.fails(2, &["answer", &task, "--as", "sales.rep", "--text", "we won"]);
    world.done(&["complete", run, "--step", "5", "--as", "sales.rep", "--note", "{\"won\": true}"]);
    world.drive();
}

fn reviewed(world: &World, run: &str) {
    world.done(&["review", run, "--as", "cro"]);
    world.drive();
    let page = world.read(&format!(".sopd/runs/{run}/review.md"));
    for part in ["# Review of a run of", run, "SOP-REV-tour", "Step 5"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(world.json(&["inbox"])[0]["kind"], "review");
    approve(world, "vp.sales");
    assert!(facts(world, run).iter().any(|(kind, fact)| kind == "review_signed" && fact["by"] == "vp.sales"));
}

/// The log others can read: the fourteen kinds in their form, in the order in which they happened.
fn logged(world: &World, run: &str) {
    let log = world.read(&format!(".sopd/runs/{run}/audit.jsonl"));
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["eventType"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "run_created",
            "approval_requested",
            "approval_granted",
            "run_started",
            "step_started",
            "step_completed",
            "step_started",
            "step_completed",
            "approval_requested",
            "approval_granted",
            "step_started",
            "step_completed",
            "step_started",
            "step_completed",
            "step_started",
            "step_completed",
            "run_completed",
        ]
    );
    for line in &lines {
        assert_eq!(line["runId"], run);
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z') && line["details"].is_object(), "{line}");
    }
    assert_eq!((&lines[5]["stepNumber"], &lines[5]["details"]["output"]), (&json!(1), &json!("written\n")));
    assert_eq!(lines[9]["details"]["by"], "vp.sales");
}

#[test]
fn what_does_not_exist_and_who_is_unknown_is_said_with_its_exit_code() {
    let world = with(&tour());
    world.fails(5, &["status", "sop_run_000000000000"]);
    world.fails(5, &["run", "SOP-REV-none", "--as", "cro"]);
    world.fails(5, &["run", SOP, "--as", "nobody.here"]);
    world.fails(2, &["run", SOP, "--as", "cro", "--mode", "reckless"]);
    world.fails(2, &["runs", "--state", "sleeping"]);
    let run = started(&world, SOP, &["--input", "lead_id=L-7"]);
    world.fails(5, &["status", &run, "--step", "9"]);
    world.fails(4, &["cancel", &run, "--as", "sales.rep"]);
    world.fails(6, &["retry", &run, "--as", "cro"]);
    world.fails(6, &["resume", &run, "--as", "cro"]);
    world.done(&["cancel", &run, "--as", "cro", "--reason", "a drill"]);
    world.drive();
    let status = status(&world, &run);
    assert_eq!(
        (&status["state"], &status["reason"]),
        (&json!("cancelled"), &json!("cro cancelled it: a drill"))
    );
    assert_eq!(world.json(&["inbox"]), json!([]));
    for verb in ["cancel", "pause", "resume", "retry"] {
        world.fails(6, &[verb, &run, "--as", "cro"]);
    }
}
