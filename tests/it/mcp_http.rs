//! The protocol of agents at the real desk: opened with tokens, each request that of its own party, and what comes from
//! elsewhere stays out.

use crate::mcp::{SOP, gated};
use crate::mcp_world::{Agent, hello, message};
use crate::runs_world::with;
use crate::web_world::Desk;
use crate::world::World;
use serde_json::json;

#[test]
fn nobody_gets_in_without_a_token_and_pages_from_elsewhere_stay_out() {
    let world = World::new();
    let desk = Desk::open(&world);
    let hello = hello(json!({}));
    for method in ["POST", "GET", "DELETE"] {
        for header in ["", "Bearer nonsense", "Basic Y3JvOmNybw=="] {
            let request =
                desk.request(method, "/mcp").header("Accept", "application/json, text/event-stream");
            let got = desk.send(request.header("Authorization", header).json(&hello));
            assert_eq!((got.status, got.header("www-authenticate")), (401, "Bearer"), "{method} {header}");
            assert_eq!(got.header("content-type"), "application/problem+json");
        }
    }
    let agent = Agent::begin(&desk, "cro", "read");
    let own = desk.address.clone();
    for (name, value, status) in [
        ("Origin", "http://evil.example", 403),
        ("Origin", "null", 403),
        ("Origin", "http://127.0.0.1:1", 403),
        ("Host", "evil.example", 403),
        ("Host", "127.0.0.1:1", 403),
        ("Origin", own.as_str(), 200),
    ] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
        assert_eq!(agent.post(&[(name, value)], &body).status, status, "{name}: {value}");
    }
    let long = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "x".repeat(1 << 20) } });
    assert_eq!(agent.post(&[], &long).status, 413);
    world.done(&["token", "revoke", "1"]);
    let ping = json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" });
    assert_eq!(agent.post(&[], &ping).status, 401, "a token that was taken back ends its sessions");
}

#[test]
fn a_session_is_of_no_use_to_another_party() {
    let world = World::new();
    let desk = Desk::open(&world);
    let owner = Agent::begin(&desk, "cro", "write");
    let mut thief = Agent::begin(&desk, "vp.sales", "write");
    let own = std::mem::replace(&mut thief.session, owner.session.clone());
    let ping = json!({ "jsonrpc": "2.0", "id": 7, "method": "ping" });
    for (method, body) in [("POST", Some(&ping)), ("GET", None), ("DELETE", None)] {
        assert_eq!(thief.send(method, &[("Last-Event-ID", "0/0")], body).status, 404, "{method}");
    }
    // Nor does one token take the sessions of all.
    let mut greedy = Agent::begin(&desk, "ceo", "read");
    greedy.session.clear();
    let begun: Vec<u16> = (0..50).map(|_| greedy.post(&[], &hello(json!({}))).status).collect();
    assert!(begun[..49].iter().all(|status| *status == 200) && begun[49] == 503, "{begun:?}");
    assert_eq!(owner.post(&[], &ping).status, 200);
    drop(Agent::begin(&desk, "ceo", "read"));
    // Nor does anybody choose the id of a session before it begins.
    for fixed in ["chosen", own.split('.').next().unwrap(), "a.b"] {
        thief.session = fixed.to_owned();
        assert_eq!(thief.post(&[], &hello(json!({}))).status, 404, "{fixed}");
    }
    // Another token of the same party is another credential.
    let mut second = Agent::begin(&desk, "cro", "read");
    second.session.clone_from(&owner.session);
    assert_eq!(second.post(&[], &ping).status, 404);
    assert_eq!(owner.ask("ping", json!({}))["result"], json!({}), "the owner goes on");
    thief.session = own;
    assert_eq!(thief.ask("ping", json!({}))["result"], json!({}));
    assert_eq!(owner.send("DELETE", &[], None).status / 100, 2);
    assert_eq!(owner.post(&[], &ping).status, 404, "over");
}

#[test]
fn each_token_acts_for_its_party_and_as_far_as_its_scope_goes() {
    let world = World::new();
    let desk = Desk::open(&world);
    let (looker, writer) = (Agent::begin(&desk, "cro", "read"), Agent::begin(&desk, "cro", "write"));
    let mission = json!({ "text": "# Keys\n\nKeys get lost. Say who hands out which key.\n" });
    for tool in ["mission_submit", "sop_execute", "sop_approve", "sop_reject", "worker_assignments"] {
        let said = looker.call(tool, mission.clone());
        assert_eq!((&said["success"], &said["kind"]), (&json!(false), &json!("not_allowed")), "{tool}");
    }
    assert_eq!(looker.call("inbox_list", json!({}))["total"], 0);
    let done = writer.call("mission_submit", mission);
    let facts = world.done(&["audit", "export", done["missionId"].as_str().unwrap()]);
    let handed = facts.lines().find(|line| line.contains("mission_handed_in")).unwrap();
    assert!(handed.contains("\"by\":\"cro\"") && handed.contains("\"os_user\":\"token 2"), "{handed}");
}

#[test]
fn an_agent_answers_no_gate_of_the_run_it_started_whatever_token_it_shows() {
    let world = with(&gated());
    let desk = Desk::open(&world);
    let (starter, second) = (Agent::begin(&desk, "cro", "write"), Agent::begin(&desk, "cro", "write"));
    let run =
        starter.call("sop_execute", json!({ "sopName": SOP, "executionMode": "auto" }))["runId"].clone();
    let chief = Agent::begin(&desk, "chief.staff", "write");
    let events = format!("/api/v1/events?after=0&subject={}", run.as_str().unwrap());
    let wait = |kind: &str| {
        let request = desk.request("GET", &events).bearer_auth(&chief.token);
        desk.first(request, &format!("event: {kind}"));
    };
    wait("approval_requested");
    for agent in [&starter, &second] {
        for tool in ["sop_approve", "sop_reject"] {
            let mut arguments = json!({ "runId": run, "stepNumber": 2 });
            if tool == "sop_reject" {
                arguments["reason"] = json!("No");
            }
            let said = agent.call(tool, arguments);
            assert_eq!(said["kind"], "not_allowed", "{tool}: {said:#}");
            assert!(said["error"].as_str().unwrap().contains("it started the run"), "{said:#}");
        }
    }
    let hash = chief.call("sop_status", json!({ "runId": run }))["asks"][0]["hash"].clone();
    let yes = json!({ "runId": run, "stepNumber": 2, "hash": hash });
    assert_eq!(chief.call("sop_approve", yes)["status"], "approved");
    wait("run_completed");
    assert_eq!(starter.call("sop_status", json!({ "runId": run }))["status"], "completed");
}

#[test]
fn a_client_of_the_newest_protocol_needs_no_session() {
    let world = World::new();
    let desk = Desk::open(&world);
    let mut agent = Agent::begin(&desk, "cro", "read");
    agent.session.clear();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } });
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
    let got = agent.post(&headers, &body);
    let tools = message(&got)["result"]["tools"].as_array().map_or(0, Vec::len);
    assert_eq!((got.status, tools, got.header("mcp-session-id")), (200, 12, ""), "{}", got.text);
}
