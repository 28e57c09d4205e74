//! What a person says of an agent's result is what counts from then on.

use crate::runs_world::{Draft, asked, facts, started, status};
use crate::world::World;
use serde_json::json;

#[test]
fn a_persons_words_are_the_result_everywhere() {
    let world = World::new();
    // Nothing is required: what does not fit fails the step before anybody is asked.
    let schema = r#"Output: { "type": "object", "properties": { "total": { "type": "number" } } }"#;
    let draft = Draft::new("SOP-REV-words")
        .step("Write down the contact of the lead.", "")
        .step("Say whom to call, from what step 1 gave.", "When: steps.1 is defined")
        .step("Add up what the lead asks for.", schema)
        .command("echo \"seen: $STEP_3_TOTAL\"", "");
    world.activated(&draft.text());
    let run = started(&world, "SOP-REV-words", &[]);
    world.drive();
    let first = asked(&world);
    world.done(&["answer", &first, "--as", "vp.sales", "--text", "The contact is the head of purchasing."]);
    world.drive();
    let step = &status(&world, &run)["tasks"][0];
    assert_eq!(step["said"], "The contact is the head of purchasing.", "{step:#}");
    assert!(
        step["confidence"].is_null() && step["reason"].as_str().unwrap().contains("vp.sales"),
        "{step:#}"
    );
    // The files are what counts; what was replaced stays, under a name that says so.
    let files = world.path(&format!(".sopd/runs/{run}/files/step-1"));
    let read = |name: &str| std::fs::read_to_string(files.join(name)).unwrap();
    assert_eq!(read("step-1.md"), "The contact is the head of purchasing.");
    assert!(!read("step-1-replaced.md").contains("purchasing"));
    let done = facts(&world, &run).into_iter().find(|(kind, _)| kind == "step_completed").unwrap().1;
    assert_eq!((&done["by"], &done["replaced"]["confidence"]), (&json!("vp.sales"), &json!(50)), "{done:#}");
    // The agent of the next step was shown the person's words.
    let shown = world.done(&["status", &run, "--step", "2"]);
    assert!(shown.contains("step 1: Do part 1: The contact is the head of purchasing."), "{shown}");
    world.done(&["approve", &asked(&world), "--as", "vp.sales"]);
    world.drive();
    // Where the step names values, they are asked for in that form, and reach the next step.
    let third = asked(&world);
    let said = world.fails(3, &["answer", &third, "--as", "vp.sales", "--text", "about ten"]);
    assert!(said.contains("JSON") && said.contains("`Output`"), "{said}");
    world.fails(3, &["answer", &third, "--as", "vp.sales", "--text", r#"{ "total": "10" }"#]);
    world.done(&["answer", &third, "--as", "vp.sales", "--text", r#"{ "total": 10 }"#]);
    world.drive();
    let end = status(&world, &run);
    assert_eq!(end["tasks"][2]["outputs"], json!({ "total": 10 }), "{end:#}");
    assert!(end["tasks"][3]["said"].as_str().unwrap().contains("seen: 10"), "{end:#}");
}
