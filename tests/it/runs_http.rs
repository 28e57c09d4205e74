//! A step done by a request, against a server that is away for an hour, answers no, or answers something else.

use crate::faults_world::runtime;
use crate::runs_world::{Draft, begin, facts, in_minutes, settle, stands, status, with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SOP: &str = "SOP-REV-http";

fn request(server: &MockServer, keys: &str) -> Draft {
    let block = format!(
        "Send the answer to the CRM.\n\n```http\nPOST {}/leads\n\n{{\"lead\": \"{{{{ inputs.lead_id }}}}\"}}\n```",
        server.uri()
    );
    Draft::new(SOP).step(&block, keys).command("echo \"score $STEP_1_SCORE\"", "When: steps.1.score > 50")
}

fn given(request: &mut sopd::run::Request) {
    request.given.insert("lead_id".into(), "L-\"1\"".into());
}

fn keys(received: &[wiremock::Request]) -> BTreeSet<String> {
    received.iter().map(|one| one.headers["Idempotency-Key"].to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_service_that_is_away_for_an_hour_is_waited_for_and_nothing_fails() {
    let runtime = runtime();
    let server = runtime.block_on(MockServer::start());
    let answers = |answer: ResponseTemplate| {
        runtime.block_on(async {
            server.reset().await;
            Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        });
    };
    let world = with(&request(&server, "On Failure: retry 1 every 1 minute"));
    let down = ResponseTemplate::new(503).set_body_string("down for maintenance");
    answers(down);
    let run = begin(&world, (&in_minutes(0), SOP), given).unwrap().run;
    let mut seen = BTreeSet::new();
    for minute in (0..=60).step_by(5) {
        settle(&world, &in_minutes(minute));
        assert_eq!(stands(&world, &run), "running: running pending", "after {minute} minutes");
        seen.extend(keys(&runtime.block_on(server.received_requests()).unwrap()));
    }
    let waits = status(&world, &run);
    let reason = waits["tasks"][0]["reason"].as_str().unwrap();
    assert!(reason.contains(&server.uri()) && reason.contains("down"), "{reason}");
    answers(ResponseTemplate::new(200).set_body_json(json!({ "score": 70 })));
    settle(&world, &in_minutes(90));
    assert_eq!(stands(&world, &run), "completed: completed completed");
    let received = runtime.block_on(server.received_requests()).unwrap();
    assert_eq!(received.last().unwrap().body_json::<Value>().unwrap(), json!({ "lead": "L-\"1\"" }));
    seen.extend(keys(&received));
    assert_eq!(seen.len(), 1, "one key for every try: {seen:?}");
    let done = status(&world, &run);
    assert_eq!((&done["tasks"][0]["attempts"], &done["tasks"][1]["said"]), (&json!(1), &json!("score 70\n")));
    assert!(facts(&world, &run).iter().filter(|(kind, _)| kind == "service_down").count() >= 4);
}

#[test]
fn a_service_that_says_no_fails_the_step_and_its_tries_carry_one_key() {
    let runtime = runtime();
    let server = runtime.block_on(MockServer::start());
    let no = ResponseTemplate::new(422).set_body_string("no such lead");
    runtime.block_on(Mock::given(method("POST")).respond_with(no).mount(&server));
    let world = with(&request(&server, "On Failure: retry 1 every 10 minutes"));
    let run = begin(&world, (&in_minutes(0), SOP), given).unwrap().run;
    settle(&world, &in_minutes(0));
    settle(&world, &in_minutes(11));
    assert_eq!(stands(&world, &run), "failed: failed pending");
    let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("422") && reason.contains("no such lead"), "{reason}");
    let received = runtime.block_on(server.received_requests()).unwrap();
    assert_eq!((received.len(), keys(&received).len()), (2, 1));
    // Another visit is another request.
    world.done(&["retry", &run, "--as", "cro"]);
    settle(&world, &in_minutes(12));
    let received = runtime.block_on(server.received_requests()).unwrap();
    assert_eq!((received.len(), keys(&received).len()), (3, 2));
}

#[test]
fn an_answer_of_another_form_fails_the_step() {
    let runtime = runtime();
    let server = runtime.block_on(MockServer::start());
    let other = ResponseTemplate::new(200).set_body_json(json!({ "score": "high" }));
    runtime.block_on(Mock::given(method("POST")).respond_with(other).mount(&server));
    let schema = r#"Output: { "type": "object", "properties": { "score": { "type": "number" } } }"#;
    let world = with(&request(&server, schema));
    let run = begin(&world, (&in_minutes(0), SOP), given).unwrap().run;
    settle(&world, &in_minutes(0));
    assert_eq!(stands(&world, &run), "failed: failed pending");
    assert!(status(&world, &run)["reason"].as_str().unwrap().contains("/score"));
}
