//! A hand-written SOP before validators that are models: what they are asked, and what their no leads to.

use crate::activation::sound;
use crate::fake_openai::{FakeOpenAi, Question, Reply};
use crate::models_world::{QUICK, World};
use crate::scripted;
use serde_json::{Value, json};
use sopd::decision::{Decision, DecisionKind, Verb};
use sopd::mission::{NewActivation, activate};

/// Turns every verdict on the second of the house's judged assertions into a no.
fn sceptic(q: &Question) -> Reply {
    let mut answer = scripted::answer(q);
    let verdicts = answer.get_mut("verdicts").and_then(Value::as_array_mut);
    for verdict in verdicts.into_iter().flatten().filter(|verdict| verdict["assertion"] == "VAL-USE-002") {
        verdict["answer"] = json!("fail");
        verdict["reason"] = json!("The last step can be done and nobody is called.");
    }
    Reply::json(&answer)
}

fn bring(world: &World) -> String {
    let workspace = world.workspace();
    let text = sound();
    let new =
        NewActivation { file: "mine.md".into(), text, by: "people.partner".into(), classes: Vec::new() };
    activate(&workspace.journal, &workspace.snapshot().unwrap(), new).unwrap()
}

/// A sceptical server, and the question to a person its no leads to.
async fn blocked() -> (FakeOpenAi, World, String, Decision) {
    let server = FakeOpenAi::start(sceptic);
    let world = World::new(&server, QUICK);
    let id = bring(&world);
    world.settle().await;
    let stuck = world.only(DecisionKind::Stuck);
    assert!(
        stuck.ask.why.contains("a file is not reworded") && stuck.ask.why.contains("VAL-USE-002"),
        "{}",
        stuck.ask.why
    );
    (server, world, id, stuck)
}

#[tokio::test(flavor = "multi_thread")]
async fn models_judge_the_file_and_are_not_told_who_wrote_it() {
    let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
    let world = World::new(&server, QUICK);
    bring(&world);
    world.settle().await;
    world.only(DecisionKind::Forward);
    let given = world.events("verdicts_given");
    let verdicts = given[0]["verdicts"].as_array().unwrap();
    assert!(
        verdicts.len() == 15 && verdicts.iter().all(|verdict| verdict["result"] == "passed"),
        "{given:?}"
    );
    let calls = world.events("model_called");
    let mut roles: Vec<&str> = calls.iter().map(|call| call["role"].as_str().unwrap()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["execute", "grade", "scenarios", "scrutiny"], "nobody drafts, plans or merges");
    for request in server.requests() {
        assert!(!request.body.contains("people.partner"), "{}", request.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_the_validators_refuse_is_sent_back_to_its_author() {
    let (_server, world, id, stuck) = blocked().await;
    world.answer(&stuck, Verb::Retry, "");
    world.settle().await;
    let again = world.only(DecisionKind::Stuck);
    assert_eq!(world.status(&id).round, 2, "it was looked at once more");
    world.answer(&again, Verb::Revise, "Say who calls.");
    world.settle().await;
    let status = world.status(&id);
    assert_eq!(status.state.word(), "rejected");
    assert!(status.reason.starts_with("sent back to people.partner: Say who calls."), "{}", status.reason);
    assert!(world.open().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_handed_on_in_spite_of_them_needs_an_override() {
    let (_server, world, id, stuck) = blocked().await;
    world.answer(&stuck, Verb::Approve, "");
    world.settle().await;
    world.answer(&world.only(DecisionKind::Forward), Verb::Approve, "");
    world.settle().await;
    let sign = world.only(DecisionKind::Publish);
    assert_eq!(sign.ask.details["failed"], json!(["VAL-USE-002"]));
    let refused = world.try_answer(&sign, Verb::Approve, "", None).unwrap_err();
    assert!(refused.contains("needs a reason for overriding"), "{refused}");
    world.try_answer(&sign, Verb::Approve, "", Some("the call is logged by the phone")).unwrap();
    world.settle().await;
    assert_eq!(world.status(&id).state.word(), "published");
}
