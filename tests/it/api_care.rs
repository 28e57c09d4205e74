//! What is short of deciding, over the API: by who may, refused like anywhere, and with the JSON of the command line.

use crate::api_world::{Api, Got};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};

const DEEDS: [&str; 5] = ["delegate", "defer", "claim", "release", "ask"];

/// A body that would do.
fn fit(deed: &str) -> Value {
    match deed {
        "delegate" => json!({ "to": "finance.controller", "comment": "on leave" }),
        "defer" => json!({ "by": "1 hour" }),
        "ask" => json!({ "to": "cro", "text": "Who pays?" }),
        _ => json!({}),
    }
}

fn address(deed: &str) -> String {
    format!("/api/v1/decisions/D-1/{deed}")
}

/// What the command line says, with its commands as they are shown to programs.
#[track_caller]
fn said(world: &World, arguments: &[&str]) -> Value {
    let text = world.json(arguments).to_string();
    serde_json::from_str(&text.replace(env!("CARGO_BIN_EXE_sopd"), "sopd")).unwrap()
}

/// What the command line says of a decision that waits for `party`.
#[track_caller]
fn row(world: &World, party: &str, id: &str) -> Value {
    let inbox = said(world, &["inbox", "--for", party]);
    let found = inbox.as_array().unwrap().iter().find(|row| row["id"] == id);
    assert!(found.is_some(), "{inbox:#}");
    found.unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_and_what_does_not_fit_is_refused_and_changes_nothing() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    let api = Api::serve(&world).await;
    let before = row(&world, "chief.staff", "D-1");
    for deed in DEEDS {
        let (path, body) = (address(deed), fit(deed));
        let looker = Got::of(api.request(Method::POST, &path, "looker").json(&body)).await;
        assert_eq!(looker.refused().0, 403, "{deed}");
        assert_eq!(Got::of(api.request(Method::POST, &path, "wrong").json(&body)).await.refused().0, 401);
        let other = api.post(&path, "cro", &body).await;
        assert_eq!(other.refused().0, if deed == "release" { 409 } else { 403 }, "{deed}: {:#}", other.body);
        let unknown = api.post(&format!("/api/v1/decisions/D-99/{deed}"), "chief.staff", &body).await;
        assert_eq!(unknown.refused(), (404, "there is no decision `D-99`"), "{deed}");
    }
    for (deed, body, status, words) in [
        ("delegate", json!({ "to": "nobody.here" }), 404, "nobody.here"),
        ("delegate", json!({ "to": "vp.sales" }), 403, "cannot pass to vp.sales"),
        ("delegate", json!({ "to": "chief.staff" }), 400, "asked of chief.staff already"),
        ("delegate", json!({}), 422, "missing key `to`"),
        ("defer", json!({ "by": "6 weeks" }), 403, "`decisions.max_deferral` is 5 business days"),
        ("defer", json!({ "by": "soon" }), 400, "soon"),
        ("defer", json!({ "by": "1 hour", "until": "x" }), 422, "until"),
        ("release", json!({}), 409, "has not taken D-1 on"),
        ("ask", json!({ "to": "chief.staff", "text": "Why?" }), 400, "somebody else"),
        ("ask", json!({ "to": "cro", "text": " " }), 400, "needs words"),
        ("ask", json!({ "to": "nobody.here", "text": "Why?" }), 404, "nobody.here"),
    ] {
        let got = api.post(&address(deed), "chief.staff", &body).await;
        let (found, said) = got.refused();
        assert!(found == status && said.contains(words), "{deed} {body}: {found} {said}");
    }
    assert_eq!(row(&world, "chief.staff", "D-1"), before);
    assert_eq!(world.json(&["inbox"]).as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gives_the_decision_as_it_stands_then_like_the_command_line() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    let api = Api::serve(&world).await;
    let post = async |deed: &str| {
        let got = api.post(&address(deed), "chief.staff", &fit(deed)).await;
        assert_eq!(got.status, 200, "{deed}: {:#}", got.body);
        got.body
    };
    let line = |arguments: &[&str]| {
        let all: Vec<&str> = arguments.iter().copied().chain(["--as", "chief.staff"]).collect();
        said(&world, &all)
    };
    let now = |party: &str, id: &str| row(&world, party, id);

    let claimed = post("claim").await;
    assert_eq!((&claimed["shape"], &claimed["claimed_by"]), (&json!("sopd/inbox/1"), &json!("chief.staff")));
    assert_eq!(claimed, now("chief.staff", "D-1"));
    assert_eq!(line(&["claim", "D-1"]), now("chief.staff", "D-1"), "once more renews it");
    let released = post("release").await;
    assert_eq!(released["claimed_by"], Value::Null);
    assert_eq!(released, now("chief.staff", "D-1"));
    line(&["claim", "D-1"]);
    assert_eq!(line(&["claim", "D-1", "--release"]), released);

    let first = released["due_at"].clone();
    let deferred = post("defer").await;
    assert_eq!(deferred["first_due_at"], first);
    assert_eq!(deferred, now("chief.staff", "D-1"));
    assert_eq!(line(&["defer", "D-1", "--by", "1 hour"]), now("chief.staff", "D-1"));

    // Sent again under its key it is not asked again.
    let ask = || {
        let request = api.request(Method::POST, &address("ask"), "chief.staff-token");
        Got::of(request.header("Idempotency-Key", "q-1").json(&fit("ask")))
    };
    let (asked, again) = (ask().await, ask().await);
    assert_eq!((asked.status, &asked.body["title"]), (200, &json!("Who pays?")));
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&asked.body, "true"));
    assert_eq!(asked.body, now("cro", "D-2"));
    assert_eq!(line(&["ask", "D-1", "--to", "cro", "--text", "When?"]), now("cro", "D-3"));

    let passed = post("delegate").await;
    assert_eq!(
        (&passed["asked_of"], &passed["delegated_by"]),
        (&json!(["finance.controller"]), &json!(["chief.staff"]))
    );
    assert_eq!(passed, now("finance.controller", "D-1"));
    let back = ["delegate", "D-1", "--to", "chief.staff", "--as", "finance.controller"];
    assert_eq!(said(&world, &back), now("chief.staff", "D-1"));

    let yes = json!({ "comment": "Read", "hash": now("chief.staff", "D-1")["hash"] });
    let approve = api.post(&address("approve"), "chief.staff", &yes).await;
    assert_eq!(approve.status, 200, "{:#}", approve.body);
    for deed in DEEDS {
        let late = api.post(&address(deed), "chief.staff", &fit(deed)).await;
        assert_eq!(late.refused().0, 409, "{deed}: {:#}", late.body);
    }
    let facts = world.done(&["audit", "export"]);
    for fact in ["decision_claimed", "decision_released", "decision_deferred", "question_asked"] {
        let told = |line: &&str| line.contains(&format!("\"{fact}\"")) && line.contains("token 1 (test)");
        assert!(facts.lines().any(|line| told(&line)), "{fact} names the credential: {facts}");
    }
}
