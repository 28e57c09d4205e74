//! Answers from Slack: only what Slack signed, just now, once, by somebody the settings know, for the bytes that were
//! shown; and then by the very rules of every other answer.

use crate::fake_openai::FakeOpenAi;
use crate::notify_world::{SIGNING, address, bodies, sink};
use crate::runs_world::{Draft, facts, start};
use crate::web_world::{Desk, Got};
use crate::world::World;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use sopd::base::Clock;
use std::os::unix::fs::PermissionsExt as _;

const SOP: &str = "SOP-REV-gates";

/// A workspace with a run that cro started and whose gate chief.staff is asked to open, told in Slack.
fn asked(slack: &FakeOpenAi) -> (World, String) {
    let world = World::new();
    world.put(
        "sopd.yaml",
        "desk: { listen: \"127.0.0.1:0\" }\nruns: { secrets_file: secrets.env }\nnotifications:\n  slack: { ops: { url: OPS_URL } }\n  parties: { chief.staff: { ops: {} } }\n  slack_answers:\n    signing_secret: SLACK_SIGNING\n    users: { U0CHIEF: chief.staff, U0CRO: cro, U0OPS: sales.ops, U0LEFT: who.left }\n",
    );
    world.put("secrets.env", &format!("OPS_URL={}\nSLACK_SIGNING={SIGNING}\n", address(slack)));
    std::fs::set_permissions(world.path("secrets.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let draft = Draft::new(SOP)
        .command("echo first", "Approval Required: Yes\nApprovers: chief.staff, cro, sales.ops")
        .command("echo second", "Approval Required: Yes\nApprovers: chief.staff");
    world.activated(&draft.text());
    let run = start(&world, SOP, &[]);
    world.drive();
    (world, run)
}

/// The value of the button below the last message.
fn button(slack: &FakeOpenAi) -> String {
    let last = bodies(slack).pop().unwrap();
    let blocks = last["blocks"].as_array().unwrap();
    let mut elements = blocks
        .iter()
        .filter(|block| block["type"] == "actions")
        .flat_map(|block| block["elements"].as_array().unwrap());
    let button = elements.find(|element| element["action_id"] == "approve").unwrap();
    assert_eq!(button["confirm"]["deny"]["text"], "Not now");
    // All that the yes lets happen stands above it.
    assert!(last["blocks"].to_string().contains("echo first"), "{last}");
    button["value"].as_str().unwrap().to_owned()
}

fn payload(user: &str, value: &str, response_url: &str) -> String {
    let payload = json!({
        "type": "block_actions", "user": { "id": user, "name": "somebody" }, "team": { "id": "T1" },
        "actions": [{ "action_id": "approve", "type": "button", "value": value }], "response_url": response_url,
    });
    url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish()
}

fn signature(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

fn post(desk: &Desk<'_>, at: i64, signature: &str, body: &str) -> Got {
    let request = desk
        .request("POST", "/slack/answers")
        .header("X-Slack-Request-Timestamp", at)
        .header("X-Slack-Signature", signature)
        .header("Content-Type", "application/x-www-form-urlencoded");
    desk.send(request.body(body.to_owned()))
}

fn now() -> i64 {
    Clock::System.now().0 / 1_000
}

fn press(desk: &Desk<'_>, user: &str, value: &str, response_url: &str) -> Got {
    let (at, body) = (now(), payload(user, value, response_url));
    post(desk, at, &signature(SIGNING, at, &body), &body)
}

#[track_caller]
fn refused(got: &Got, status: u16, words: &str) {
    assert_eq!(got.status, status, "{}", got.text);
    assert!(got.text.contains(words), "expected: {words}\nfound: {}", got.text);
    assert!(!got.text.contains(SIGNING), "{}", got.text);
}

/// What Slack did not sign, or not now, or what is no press of ours.
fn untrusted(desk: &Desk<'_>, value: &str, response_url: &str) {
    let (_, hash) = value.split_once(' ').unwrap();
    let (at, body) = (now(), payload("U0CHIEF", value, response_url));
    refused(&post(desk, at, &signature("another secret of 16 bytes", at, &body), &body), 403, "does not fit");
    let other = payload("U0CHIEF", &format!("D-1 {hash}"), response_url);
    refused(&post(desk, at, &signature(SIGNING, at, &body), &other), 403, "does not fit");
    let old = at - 301;
    refused(&post(desk, old, &signature(SIGNING, old, &body), &body), 403, "too old");
    refused(&post(desk, at + 400, &signature(SIGNING, at + 400, &body), &body), 403, "from the future");
    let bare = desk.request("POST", "/slack/answers").body(body.clone());
    refused(&desk.send(bare), 403, "is missing");
    let huge = "x".repeat(300 * 1024);
    assert_eq!(post(desk, at, &signature(SIGNING, at, &huge), &huge).status, 413);
    for odd in [
        "payload=no",
        "",
        "payload=%7B%22type%22%3A%22view_submission%22%2C%22user%22%3A%7B%22id%22%3A%22U%22%7D%7D",
    ] {
        let got = post(desk, at, &signature(SIGNING, at, odd), odd);
        refused(&got, 400, "not a button of ours");
    }
}

/// What Slack signed, and may not be decided so.
fn unanswered(desk: &Desk<'_>, value: &str, foreign: &str) {
    let (id, hash) = value.split_once(' ').unwrap();
    refused(&press(desk, "U0NOBODY", value, foreign), 403, "U0NOBODY answers for nobody here");
    refused(&press(desk, "U0LEFT", value, foreign), 404, "who.left");
    refused(&press(desk, "U0CRO", value, foreign), 403, "it started the run");
    refused(&press(desk, "U0OPS", value, foreign), 403, "it does the step");
    refused(&press(desk, "U0CHIEF", &format!("{id} {}", "0".repeat(64)), foreign), 409, "other bytes");
    refused(&press(desk, "U0CHIEF", &format!("{id} "), foreign), 400, "at least its first 32 digits");
    refused(&press(desk, "U0CHIEF", &format!("D-9999 {hash}"), foreign), 404, "D-9999");
}

#[test]
fn a_press_counts_only_when_slack_signed_it_now_for_somebody_who_may_and_once() {
    let slack = sink();
    let (world, run) = asked(&slack);
    let value = button(&slack);
    let (id, hash) = value.split_once(' ').unwrap();
    let told = slack.count();
    let desk = Desk::open(&world);
    let response_url = format!("{}/hook/response", slack.url());
    let elsewhere = sink();
    let foreign = format!("{}/hook/response", elsewhere.url());

    untrusted(&desk, &value, &response_url);
    unanswered(&desk, &value, &foreign);
    assert_eq!(elsewhere.count(), 0, "nobody is answered elsewhere");
    assert_eq!(slack.count(), told, "and nobody else heard of it");
    assert!(!facts(&world, &run).iter().any(|(kind, _)| kind == "decision_resolved"));

    let (at, body) = (now(), payload("U0CHIEF", &value, &response_url));
    let signed = signature(SIGNING, at, &body);
    let got = post(&desk, at, &signed, &body);
    assert_eq!(got.status, 200, "{}", got.text);
    let answer: Value = serde_json::from_str(&got.text).unwrap();
    assert_eq!((&answer["decision"], &answer["by"]), (&json!(id), &json!("chief.staff")));
    refused(&post(&desk, at, &signed, &body), 409, "taken before");
    refused(&press(&desk, "U0CHIEF", &value, &foreign), 409, "already decided");
    let resolved = facts(&world, &run).into_iter().find(|(kind, _)| kind == "decision_resolved").unwrap().1;
    assert_eq!((&resolved["by"], &resolved["hash"]), (&json!("chief.staff"), &json!(hash)));
    assert_eq!(resolved["os_user"], "Slack user U0CHIEF");

    let replies = || {
        bodies(&slack).into_iter().filter(|body| body.get("replace_original").is_some()).collect::<Vec<_>>()
    };
    crate::faults_world::until("Slack is told what came of it", || !replies().is_empty());
    assert_eq!(replies()[0]["replace_original"], true);
    assert!(
        replies()[0]["text"].as_str().unwrap().starts_with("Approved by chief.staff on "),
        "{:#?}",
        replies()
    );
    // The run goes on to its second gate, which is asked in Slack again while the desk is up.
    crate::faults_world::until("the next gate is asked", || {
        let asked =
            |body: &Value| body["text"].as_str().is_some_and(|text| text.starts_with("Let step 2 go ahead"));
        bodies(&slack).iter().any(asked)
    });
}

#[test]
fn a_button_that_opens_a_page_decides_nothing_and_without_a_secret_no_press_counts() {
    let slack = sink();
    let (world, run) = asked(&slack);
    let value = button(&slack);
    let desk = Desk::open(&world);
    let at = now();
    let opened = payload("U0CHIEF", &value, "")
        .replace("%22action_id%22%3A%22approve%22", "%22action_id%22%3A%22open%22");
    assert!(opened.contains("open"));
    let got = post(&desk, at, &signature(SIGNING, at, &opened), &opened);
    assert_eq!(got.status, 200, "{}", got.text);
    assert!(!facts(&world, &run).iter().any(|(kind, _)| kind == "decision_resolved"));
    let settings = world.read("sopd.yaml").replace("    signing_secret: SLACK_SIGNING\n", "");
    world.put("sopd.yaml", &settings);
    refused(&press(&desk, "U0CHIEF", &value, ""), 403, "answers from Slack do not count here");
    assert!(!facts(&world, &run).iter().any(|(kind, _)| kind == "decision_resolved"));
}

#[test]
fn what_slack_sends_to_see_whether_somebody_is_here_is_answered_and_starts_nothing() {
    let slack = sink();
    let (world, run) = asked(&slack);
    let desk = Desk::open(&world);
    let before = facts(&world, &run).len();
    let sent = |body: &str, secret: &str| {
        let at = now();
        (post(&desk, at, &signature(secret, at, body), body), (at, signature(secret, at, body)))
    };
    let asks = json!({ "type": "url_verification", "token": "t", "challenge": "3eZbrw1aB" }).to_string();
    for _again in 0..2 {
        let (got, (at, signed)) = sent(&asks, SIGNING);
        assert_eq!(
            (got.status, serde_json::from_str::<Value>(&got.text).unwrap()["challenge"].as_str()),
            (200, Some("3eZbrw1aB")),
            "{}",
            got.text
        );
        assert_eq!(post(&desk, at, &signed, &asks).status, 200, "it may come again as it was");
    }
    assert_eq!(sent("ssl_check=1&token=t", SIGNING).0.status, 200);
    refused(&sent(&asks, "another secret of 16 bytes").0, 403, "does not fit");
    assert_eq!(facts(&world, &run).len(), before, "nothing has happened");
    assert_eq!(world.json(&["runs"]).to_string().matches("sop_run_").count(), 1);
}
