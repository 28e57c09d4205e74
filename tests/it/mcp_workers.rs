//! Agents that work elsewhere: what they are shown, how long an assignment is theirs, and what they may say afterwards.

use crate::fake_openai::{FakeOpenAi, Reply};
use crate::mcp::{BRIEF, DRAFT, elsewhere};
use crate::mcp_world::Client;
use crate::runs_world::in_minutes;
use crate::scripted;
use crate::world::World;
use crate::{models_world, web_world::Desk};
use serde_json::{Value, json};
use sopd::daemon::Workspace;
use sopd::front::{self, Actor};
use sopd::journal::Access;

fn worker() -> Actor {
    Actor { by: "sales.ops".to_owned(), os_user: "test".to_owned() }
}

/// A mission whose sales.ops is a worker of this kind, driven as far as it goes without it.
async fn drafted(server: &FakeOpenAi, runtime: &str) -> models_world::World {
    let world = models_world::World::new(server, "");
    let agent = std::fs::read_to_string(world.root().join("agents/sales.ops.md")).unwrap();
    let roles = agent.lines().find(|line| line.starts_with("roles:")).unwrap();
    world.replace("agents/sales.ops.md", roles, "roles: [worker]");
    world.replace("agents/sales.ops.md", "runtime: model", &format!("runtime: {runtime}"));
    world.submit(BRIEF);
    world.settle().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_elsewhere_is_shown_word_for_word_what_one_in_sopd_is_sent() {
    let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
    let inside = drafted(&server, "model").await;
    let sent = server.requests();
    let mut sent = sent.iter().map(|request| serde_json::from_str::<Value>(&request.body).unwrap());
    let said = |body: &Value, at: usize| body["messages"][at]["content"].as_str().unwrap().to_owned();
    let sent = sent.find(|body| said(body, 1).contains("You are sales.ops")).unwrap();
    assert_eq!(inside.events("assignment_laid_out").len(), 0);

    let outside = drafted(&server, "external").await;
    let taken = front::assignments(&outside.workspace(), &worker(), "one").unwrap();
    let shown = &taken[0].decision.ask.details["request"];
    assert_eq!(shown["system"], said(&sent, 0));
    assert_eq!(shown["user"], said(&sent, 1));
    let schema = &sent["response_format"]["json_schema"]["schema"];
    assert_eq!(
        schema["properties"].as_object().unwrap().len(),
        shown["schema"]["properties"].as_object().unwrap().len()
    );
}

fn against(id: &Value, item: &str, reason: &str) -> Value {
    json!({ "assignmentId": id, "objections": [{ "item": item, "reason": reason }] })
}

fn nothing_odd_is_taken(world: &World, worker: &mut Client, id: &Value, step: &str) {
    let against = |item: &str, reason: &str| against(id, item, reason);
    for (arguments, kind) in [
        (against("vp.sales/step-1", "Mine"), "not_found"),
        (against(step, " \n"), "usage"),
        (against(step, &"long ".repeat(1_000)), "invalid"),
        (json!({ "assignmentId": id, "objections": [] }), "usage"),
        (
            json!({ "assignmentId": id, "objections": [{ "item": step, "reason": "x" }], "decline": "y" }),
            "usage",
        ),
        (json!({ "assignmentId": "D-999", "objections": [{ "item": step, "reason": "x" }] }), "not_found"),
    ] {
        assert_eq!(worker.fails("worker_submit_draft", arguments.clone()).0, kind, "{arguments}");
    }
    let (kind, _) = Client::start(world, "vp.sales").fails("worker_submit_draft", against(step, "Mine"));
    assert_eq!(kind, "not_allowed");
}

fn is_read_on_every_face(world: &World, mission: &str, words: &str) {
    let shown = world.json(&["show", mission]);
    let dissent = shown["draft"]["dissent"].as_array().unwrap();
    assert_eq!(dissent.last().unwrap(), words);
    let decision = world.json(&["inbox"])[0]["id"].as_str().unwrap().to_owned();
    let shown = Client::start(world, "chief.staff").call("decision_show", json!({ "decisionId": decision }));
    assert!(shown["shown"]["draft"]["dissent"].as_array().unwrap().contains(&json!(words)), "{shown:#}");
    assert!(world.done(&["show", mission]).contains(words));
    let desk = Desk::open(world);
    let page = desk.sign_in("chief.staff").get(&format!("/decisions/{decision}")).text;
    assert!(page.contains("sales.ops objects to"), "{page}");
    assert!(!page.contains("<b>here</b>"), "what agents write is no markup");
}

#[test]
fn a_worker_objects_to_what_became_of_its_items() {
    let (world, mission) = elsewhere();
    let mission = mission.as_str().unwrap();
    let mut worker = Client::start(&world, "sales.ops");
    let id = worker.call("worker_assignments", json!({}))["assignments"][0]["assignmentId"].clone();
    let against = |item: &str, reason: &str| against(&id, item, reason);
    let step = "sales.ops/step-1";
    assert_eq!(
        worker.fails("worker_submit_draft", against(step, "Ours")).0,
        "conflict",
        "nothing is merged yet"
    );
    worker.call("worker_submit_draft", json!({ "assignmentId": id, "draft": DRAFT }));
    world.drive();
    let merged = worker.call("worker_assignments", json!({}))["merged"][0].clone();
    assert_eq!((&merged["assignmentId"], &merged["missionId"]), (&id, &json!(mission)));
    let (items, round) = (merged["items"].as_array().unwrap(), merged["round"].as_u64().unwrap());
    assert!(items.iter().all(|one| one["item"].as_str().unwrap().starts_with("sales.ops/")), "{merged:#}");
    let fate = items.iter().find(|one| one["item"] == step).unwrap()["fate"].as_str().unwrap().to_owned();

    nothing_odd_is_taken(&world, &mut worker, &id, step);
    let before = world.json(&["show", mission])["draft"]["dissent"].as_array().unwrap().len();
    let said = worker.call("worker_submit_draft", against(step, "One day is\ntoo long <b>here</b>."));
    assert_eq!((&said["status"], &said["round"]), (&json!("objected"), &json!(round)));
    assert_eq!(worker.fails("worker_submit_draft", against(step, "Again")).0, "conflict");
    let merged = worker.call("worker_assignments", json!({}))["merged"][0].clone();
    assert!(merged.to_string().contains("too long"), "it sees what it has said: {merged:#}");

    // Whoever decides reads it on every face; it is in the dossier and in the log.
    let words =
        format!("sales.ops objects to {step} ({fate}, round {round}): One day is too long <b>here</b>.");
    is_read_on_every_face(&world, mission, &words);
    assert_eq!(world.json(&["show", mission])["draft"]["dissent"].as_array().unwrap().len(), before + 1);
    world.drive();
    let file = world.read(&format!("missions/{mission}/objections-{round}.md"));
    assert!(file.contains("**sales.ops** objects to"), "{file}");
    let facts = world.done(&["audit", "export", mission]);
    let fact = facts.lines().find(|line| line.contains("\"kind\":\"objection_raised\"")).unwrap();
    assert!(fact.contains("\"by\":\"sales.ops\"") && fact.contains(step), "{fact}");
    world.done(&["audit", "verify"]);
}

#[test]
fn a_lease_that_runs_out_gives_the_assignment_back() {
    let (world, mission) = elsewhere();
    let workspace = |minutes| Workspace::open(world.root(), Access::Guest, in_minutes(minutes)).unwrap();
    let actor = worker();
    let take = |minutes, holder| front::assignments(&workspace(minutes), &actor, holder).unwrap().len();
    assert_eq!([take(0, "one"), take(1, "two"), take(10, "one")], [1, 0, 1], "asking again keeps it longer");
    assert_eq!([take(24, "two"), take(26, "two"), take(27, "one")], [0, 1, 0]);
    let facts = world.done(&["audit", "export", mission.as_str().unwrap()]);
    let leased = facts.lines().filter(|line| line.contains("\"kind\":\"assignment_leased\""));
    assert_eq!(
        leased.filter(|line| line.contains("\"lapsed\":\"one\"")).count(),
        1,
        "who lost it is on record"
    );
    // Whoever is not at work any more hands nothing in, and the mission goes on without it.
    world.put(
        "agents/sales.ops.md",
        &world.read("agents/sales.ops.md").replace("status: active", "status: planned"),
    );
    let late = front::assignments(&workspace(28), &actor, "one").map(drop).unwrap_err();
    assert!(late.message.contains("not at work"), "{late}");
    world.drive();
    let why = world.json(&["inbox"])[0]["why"].as_str().unwrap().to_owned();
    assert!(
        why.contains("sales.ops is on the roster, but not at work") && why.contains("vp.sales: "),
        "{why}"
    );
}

#[test]
fn an_agent_elsewhere_can_only_be_a_worker() {
    let world = World::new();
    let agent = world.read("agents/ceo.md").replace("runtime: model", "runtime: external");
    world.put("agents/ceo.md", &agent);
    let said = world.fails(3, &["agents"]);
    assert!(said.contains("can only be a worker") && said.contains("agents/ceo.md"), "{said}");
}
