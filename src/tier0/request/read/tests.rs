//! What reading by structure gives, block by block.

use super::*;

fn told(text: &str) -> Material {
    read(text, &[])
}

fn steps(material: &Material) -> Vec<&str> {
    material.steps.iter().map(|step| step.text.as_str()).collect()
}

#[test]
fn sentences_without_structure_are_asked_about_and_chosen_by_number() {
    let text = "Two parcels got lost. The clerk weighs each parcel. Above 20 kg two people carry it. Nobody may run.";
    let material = told(text);
    assert!(material.steps.is_empty());
    assert_eq!(material.prose.len(), 4);
    let answered = |answer: &str| {
        let question = format!("{ASK_LINES} of “Parcels”, in this order? …");
        read(text, &[Answered { question, answer: answer.to_owned(), assumed: false }])
    };
    let all = answered("all");
    assert_eq!((all.steps.len(), all.listed), (4, Listed::Steps));
    let some = answered("2");
    assert_eq!(steps(&some), ["The clerk weighs each parcel."]);
    assert_eq!(
        some.rules,
        ["Above 20 kg two people carry it.", "Nobody may run."],
        "what binds holds for the whole"
    );
    let own = answered("1. Weigh it\n2. Carry it");
    assert_eq!(steps(&own), ["Weigh it", "Carry it"]);
    assert_eq!(own.rules.len(), 2);
    assert!(answered("use it").steps.is_empty());
}

#[test]
fn bullets_before_a_numbered_list_are_no_steps() {
    let material = told(
        "What must be settled:\n\n- who calls within 2 days\n- what it costs\n\n1. Call.\n2. Write it down.\n",
    );
    assert_eq!(steps(&material), ["Call.", "Write it down."]);
    assert_eq!(material.rules, ["who calls within 2 days"]);
}

#[test]
fn what_stands_below_a_step_stays_there() {
    let material = told(
        "1. Count the float.\n   - twice\n   - alone\n\n   Use the grey bag.\n2. Sign.\n\n```\nuntouched\n```\n",
    );
    assert_eq!(material.steps[0].below, ["twice", "alone", "Use the grey bag."]);
    assert_eq!(material.steps[1].blocks, ["```\nuntouched\n```"]);
}

#[test]
fn a_table_of_rules_stays_a_table() {
    let table = "| Severity | First answer |\n| --- | --- |\n| S1 | 15 minutes |";
    let material = told(&format!("{table}\n\n1. Support classifies.\n"));
    assert_eq!(material.steps[0].blocks, [table]);
}
