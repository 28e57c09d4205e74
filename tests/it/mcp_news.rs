//! What agents are told by themselves at the real desk: that the active SOPs have changed, and which.

use crate::mcp::{SOP, gated};
use crate::mcp_world::Agent;
use crate::runs_world::with;
use crate::web_world::{Desk, Stream, until};
use crate::world::World;
use serde_json::{Value, json};

const LIST: &str = "notifications/resources/list_changed";
const UPDATED: &str = "notifications/resources/updated";

/// Publishes version 1.1 while the desk's daemon is at work.
fn publish(world: &World) {
    world.put("brought.md", &gated().version("1.1").head("supersedes", "1.0").text());
    let brought = world.json(&["sop", "activate", "brought.md", "--as", "cro"]);
    for party in ["chief.staff", "ceo"] {
        until(|| world.json(&["inbox", "--for", party])[0]["mission"] == brought["mission"]);
        world.done(&["approve", brought["mission"].as_str().unwrap(), "--as", party]);
    }
}

/// The address in the next word of an update.
#[track_caller]
fn updated(stream: &mut Stream<'_>) -> Value {
    let line = stream.line(UPDATED);
    let message: Value = serde_json::from_str(line.strip_prefix("data:").unwrap().trim()).unwrap();
    message["params"]["uri"].clone()
}

#[test]
fn a_session_hears_of_the_sops_it_asked_for_when_they_are_published_deprecated_and_retired() {
    let world = with(&gated());
    let desk = Desk::open(&world);
    let agent = Agent::begin(&desk, "cro", "read");
    let (active, old, new) =
        (format!("sop://{SOP}"), format!("sop://{SOP}-v1.0"), format!("sop://{SOP}-v1.1"));
    for (wrong, words) in [
        ("sop://SOP-REV-other", "SOP-REV-other"),
        (new.as_str(), "v1.1"),
        ("sop://x", "SOP-REV-x"),
        ("file:///etc/passwd", "no resource"),
    ] {
        let error = agent.ask("resources/subscribe", json!({ "uri": wrong }))["error"].clone();
        assert!(error["message"].as_str().unwrap().contains(words), "{wrong}: {error:#}");
    }
    for address in [&active, &old] {
        assert_eq!(agent.ask("resources/subscribe", json!({ "uri": address }))["result"], json!({}));
    }
    let mut stream = agent.stream("GET", &[], None);
    publish(&world);
    stream.line("notifications/prompts/list_changed");
    stream.line(LIST);
    assert_eq!([updated(&mut stream), updated(&mut stream)], [json!(active), json!(old)]);

    for (deed, address) in [("unsubscribe", &active), ("unsubscribe", &old), ("subscribe", &new)] {
        let said = agent.ask(&format!("resources/{deed}"), json!({ "uri": address }));
        assert_eq!(said["result"], json!({}), "{said:#}");
    }
    world.done(&["sop", "retire", SOP, "--as", "ceo", "--reason", "nobody needs it"]);
    stream.line(LIST);
    assert_eq!(updated(&mut stream), json!(new));
}

#[test]
fn a_client_of_the_newest_protocol_listens_by_a_request_of_its_own() {
    let world = with(&gated());
    let desk = Desk::open(&world);
    let mut agent = Agent::begin(&desk, "cro", "read");
    agent.session.clear();
    let address = format!("sop://{SOP}");
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {
        "notifications": {
            "resourcesListChanged": true, "toolsListChanged": true,
            "resourceSubscriptions": [address, "sop://SOP-REV-other", "file:///etc/passwd"],
        },
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    } });
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "subscriptions/listen")];
    let mut stream = agent.stream("POST", &headers, Some(&body));
    let accepted = stream.line("acknowledged");
    assert!(
        accepted.contains(&address) && !accepted.contains("passwd") && !accepted.contains("tools"),
        "{accepted}"
    );
    publish(&world);
    let line = stream.line("notifications/");
    assert!(line.contains(LIST), "prompts were not asked for: {line}");
    assert_eq!(updated(&mut stream), json!(address));
}
