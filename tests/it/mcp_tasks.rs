//! Long calls as tasks: where one stands is read from the journal, so it outlives the connection and the daemon.

use crate::mcp::{SOP, gated};
use crate::mcp_world::{Agent, TASKS};
use crate::runs_world::with;
use crate::web_world::Desk;
use crate::world::World;
use serde_json::{Value, json};

fn token(world: &World, party: &str, scope: &str) -> String {
    world.json(&["token", "new", party, "--scope", scope])["token"].as_str().unwrap().to_owned()
}

/// Waits for a fact about a run or mission.
fn wait(desk: &Desk<'_>, token: &str, subject: &str, kind: &str) {
    let request =
        desk.request("GET", &format!("/api/v1/events?after=0&subject={subject}")).bearer_auth(token);
    assert_eq!(desk.first(request, &format!("event: {kind}")).0, 200);
}

fn begun(agent: &Agent<'_>, tool: &str, arguments: &Value) -> String {
    let answer = agent.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
    let task = &answer["result"];
    assert_eq!((&task["resultType"], &task["status"]), (&json!("task"), &json!("working")), "{answer:#}");
    assert_eq!(task["ttlMs"], Value::Null, "the journal keeps it");
    task["taskId"].as_str().unwrap().to_owned()
}

fn get(agent: &Agent<'_>, task: &str) -> Value {
    agent.ask("tasks/get", json!({ "taskId": task }))
}

#[test]
fn a_run_is_a_task_that_outlives_the_daemon() {
    let world = with(&gated());
    let (cro, chief) = (token(&world, "cro", "write"), token(&world, "chief.staff", "write"));
    let desk = Desk::open(&world);
    let agent = Agent::with_tasks(&desk, cro.clone());
    let run = begun(&agent, "sop_execute", &json!({ "sopName": SOP, "executionMode": "auto" }));
    wait(&desk, &cro, &run, "approval_requested");
    let task = get(&agent, &run)["result"].clone();
    assert_eq!((&task["taskId"], &task["status"]), (&json!(run), &json!("working")));
    assert!(task["statusMessage"].as_str().unwrap().contains("chief.staff"), "who must act: {task:#}");
    // It is shown to whoever started it, and to nobody else.
    let other = Agent::with_tasks(&desk, chief.clone());
    for (method, task) in [("tasks/get", run.as_str()), ("tasks/cancel", &run), ("tasks/get", "sop_run_none")]
    {
        let answer = other.ask(method, json!({ "taskId": task }));
        assert_eq!(answer["error"]["code"], -32602, "{answer:#}");
    }
    // Nothing is asked of the caller by way of the task: a yes is somebody else's.
    let yes = json!({ "taskId": run, "inputResponses": { "gate": { "action": "accept", "content": {} } } });
    agent.ask("tasks/update", yes);
    assert_eq!(get(&agent, &run)["result"]["status"], "working");
    drop((agent, other));
    drop(desk);

    let desk = Desk::open(&world);
    let agent = Agent::with_tasks(&desk, cro.clone());
    assert_eq!(get(&agent, &run)["result"]["status"], "working");
    let other = Agent::with_tasks(&desk, chief);
    let hash = other.call("sop_status", json!({ "runId": run }))["asks"][0]["hash"].clone();
    let yes = json!({ "runId": run, "stepNumber": 2, "hash": hash });
    assert_eq!(other.call("sop_approve", yes)["status"], "approved");
    wait(&desk, &cro, &run, "run_completed");
    let task = get(&agent, &run)["result"].clone();
    assert_eq!(task["status"], "completed", "{task:#}");
    let last = &task["result"]["structuredContent"];
    assert_eq!(
        (&last["success"], &last["status"], &last["runId"]),
        (&json!(true), &json!("completed"), &json!(run))
    );
    assert_eq!(last["stepResults"].as_array().unwrap().len(), 2);
    assert_ne!(task["lastUpdatedAt"], task["createdAt"]);
}

#[test]
fn cancelling_a_task_cancels_the_run_or_mission_by_the_word_of_the_caller() {
    let world = with(&gated());
    let (cro, looks) = (token(&world, "cro", "write"), token(&world, "cro", "read"));
    let desk = Desk::open(&world);
    let agent = Agent::with_tasks(&desk, cro.clone());
    let looker = Agent::with_tasks(&desk, looks);
    let mission = json!({ "text": "# Keys\n\nKeys get lost. Say who hands out which key.\n" });
    let run = begun(&agent, "sop_execute", &json!({ "sopName": SOP, "executionMode": "auto" }));
    let mission = begun(&agent, "mission_submit", &mission);
    for (id, ended) in [(&run, "run_cancelled"), (&mission, "mission_closed")] {
        assert_eq!(get(&looker, id)["result"]["status"], "working", "another credential of the same party");
        let refused = looker.ask("tasks/cancel", json!({ "taskId": id }));
        assert!(refused["error"]["message"].as_str().unwrap().contains("only lets one look"), "{refused:#}");
        let answer = agent.ask("tasks/cancel", json!({ "taskId": id }));
        assert!(answer["error"].is_null(), "{answer:#}");
        wait(&desk, &cro, id, ended);
        assert_eq!(get(&agent, id)["result"]["status"], "cancelled");
        assert!(
            agent.ask("tasks/cancel", json!({ "taskId": id }))["error"].is_null(),
            "it is over: nothing to do"
        );
    }
    assert_eq!(world.json(&["status", &run])["state"], "cancelled");
}

#[test]
fn without_the_extension_a_call_has_a_plain_result() {
    let world = with(&gated());
    let desk = Desk::open(&world);
    let plain = Agent::begin(&desk, "cro", "write");
    let run = plain.call("sop_execute", json!({ "sopName": SOP }))["runId"].clone();
    let refused = plain.ask("tasks/get", json!({ "taskId": run }));
    assert!(refused["error"]["data"].to_string().contains(TASKS), "{refused:#}");
    // What does not work is said at once, and is no task.
    let agent = Agent::with_tasks(&desk, plain.token.clone());
    assert_eq!(agent.call("sop_execute", json!({ "sopName": "nothing" }))["kind"], "not_found");
    assert_eq!(agent.call("sop_status", json!({ "runId": run }))["success"], true);
}
