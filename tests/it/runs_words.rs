//! What a person says of an agent's result is what counts from then on.

use crate::runs_world::{Draft, asked, started, status};
use crate::world::World;

#[test]
fn a_persons_words_are_the_result_everywhere() {
    let world = World::new();
    let schema = r#"Output: { "type": "object", "required": ["total"], "properties": { "total": { "type": "number" } } }"#;
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
}
