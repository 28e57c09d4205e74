//! Agents at the real binary: the tools of the skill description, SOPs as prompts and resources, missions, and the
//! work of agents that run elsewhere.

use crate::mcp_world::Client;
use crate::runs_world::{Draft, with};
use crate::world::World;
use serde_json::{Value, json};

pub(crate) const SOP: &str = "SOP-REV-protocol";

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

pub(crate) fn gated() -> Draft {
    Draft::new(SOP)
        .input("`score` | number, default: 70 | no")
        .command("echo first; echo '{\"kept\": 1}' > outputs.json", "")
        .command("echo second", "Approval Required: Yes\nApprovers: chief.staff, sales.ops, vp.sales")
}

fn take_what_the_skill_description_says(tools: &[Value]) {
    let arguments: [&[&str]; 6] = [
        &["sopName", "params", "executionMode"],
        &["runId", "stepNumber", "comment"],
        &["runId", "stepNumber", "reason"],
        &["runId"],
        &["sopName", "status", "limit"],
        &["runId"],
    ];
    for (tool, names) in tools.iter().zip(arguments) {
        let properties = &tool["inputSchema"]["properties"];
        assert!(names.iter().all(|name| properties.get(*name).is_some()), "{names:?}: {tool:#}");
    }
}

#[test]
fn the_tools_of_the_skill_description_run_an_sop() {
    let world = with(&gated());
    let mut cro = Client::start(&world, "cro");
    assert_eq!(cro.server["serverInfo"]["name"], "sopd");
    let tools = cro.ask("tools/list", json!({}));
    let skill = ["sop_execute", "sop_approve", "sop_reject", "sop_status", "sop_list_runs", "sop_get_audit"];
    assert_eq!(names(&tools["tools"])[..6], skill);
    let known = tools["tools"].as_array().unwrap();
    for tool in known {
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool:#}");
    }
    take_what_the_skill_description_says(known);

    let given = json!({ "sopName": "protocol", "params": { "lead_id": "L-1", "score": 71.5 }, "executionMode": "auto" });
    let started = cro.call("sop_execute", given);
    let run = started["runId"].clone();
    assert!(started["note"].as_str().unwrap().contains("nothing drives this workspace"), "{started:#}");
    assert_eq!((&started["status"], &started["currentStep"]), (&json!("pending"), &json!(1)));
    world.drive();
    let status = cro.call("sop_status", json!({ "runId": run }));
    assert_eq!((&status["sopName"], &status["status"]), (&json!(SOP), &json!("awaiting_approval")));
    assert_eq!((&status["currentStep"], &status["totalSteps"]), (&json!(2), &json!(2)));
    let first = &status["stepResults"][0];
    assert_eq!((&first["stepNumber"], &first["status"]), (&json!(1), &json!("completed")));
    assert_eq!((&first["output"], &first["outputs"]["kept"]), (&json!("first\n"), &json!(1)));

    // Whoever starts a run answers none of its gates, and neither does who does the step.
    for (party, why) in [("cro", "it started the run"), ("sales.ops", "it does the step")] {
        let mut agent = Client::start(&world, party);
        let (kind, words) = agent.fails("sop_approve", json!({ "runId": run, "stepNumber": 2 }));
        assert_eq!(kind, "not_allowed");
        assert!(words.contains(why), "{words}");
    }
    let mut chief = Client::start(&world, "chief.staff");
    assert_eq!(chief.call("inbox_list", json!({}))["total"], 1);
    let (kind, words) = chief.fails("sop_approve", json!({ "runId": run, "stepNumber": 1 }));
    assert_eq!((kind.as_str(), words.contains("asks nothing about step 1")), ("not_found", true), "{words}");
    let (kind, _) = chief.fails("sop_approve", json!({ "runId": run, "hash": "0".repeat(32) }));
    assert_eq!(kind, "conflict", "other bytes than were shown");
    let hash = chief.call("sop_status", json!({ "runId": run }))["asks"][0]["hash"].clone();
    let (kind, words) = chief.fails("sop_approve", json!({ "runId": run, "stepNumber": 2 }));
    assert!(kind == "usage" && words.contains("needs the hash"), "{words}");
    let yes = json!({ "runId": run, "stepNumber": 2, "comment": "Seen", "hash": hash });
    let said = chief.call("sop_approve", yes);
    assert_eq!((&said["runId"], &said["stepNumber"], &said["status"]), (&run, &json!(2), &json!("approved")));
    world.drive();

    let runs = cro.call("sop_list_runs", json!({ "sopName": SOP, "status": "completed", "limit": 5 }));
    assert_eq!((&runs["total"], &runs["runs"][0]["runId"]), (&json!(1), &run));
    let audit = cro.call("sop_get_audit", json!({ "runId": run }));
    let events = audit["events"].as_array().unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("run_created", "run_completed"), "{kinds:?}");
    let granted = events.iter().find(|event| event["type"] == "approval_granted").unwrap();
    assert_eq!((&granted["stepNumber"], &granted["details"]["by"]), (&json!(2), &json!("chief.staff")));
    assert!(granted["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_no_pauses_the_run_and_what_cannot_be_understood_changes_nothing() {
    let world = with(&gated());
    let mut cro = Client::start(&world, "cro");
    for (arguments, kind, part) in [
        (json!({ "sopName": SOP, "parms": {} }), "usage", "unknown field `parms`"),
        (json!({ "sopName": SOP, "executionMode": "fast" }), "usage", "no mode `fast`"),
        (json!({ "sopName": "nothing" }), "not_found", "no active SOP `nothing`"),
        (json!({ "sopName": SOP, "params": { "lead": "L" } }), "invalid", "no input `lead`"),
        (json!({ "sopName": SOP, "params": { "lead_id": ["L"] } }), "invalid", "lead_id"),
    ] {
        let (found, words) = cro.fails("sop_execute", arguments);
        assert_eq!(found, kind, "{words}");
        assert!(words.contains(part), "{words}");
    }
    assert_eq!(cro.call("sop_list_runs", json!({}))["total"], 0);
    cro.refused("tools/call", json!({ "name": "sop_destroy", "arguments": {} }));

    let run = cro.call("sop_execute", json!({ "sopName": SOP }))["runId"].clone();
    world.drive();
    let mut chief = Client::start(&world, "chief.staff");
    let said = chief.call("sop_reject", json!({ "runId": run, "stepNumber": 2, "reason": "Not today" }));
    assert_eq!((&said["status"], &said["action"]), (&json!("rejected"), &json!("paused")));
    world.drive();
    assert_eq!(chief.call("sop_status", json!({ "runId": run }))["status"], "paused");
}

#[test]
fn active_sops_are_prompts_and_resources() {
    let world = with(&gated());
    let mut agent = Client::start(&world, "vp.sales");
    let prompts = agent.ask("prompts/list", json!({}));
    assert_eq!(names(&prompts["prompts"]), [SOP]);
    let arguments = &prompts["prompts"][0]["arguments"];
    assert_eq!(names(arguments), ["lead_id", "score"]);
    assert_eq!(arguments[0]["required"], false);
    let got = agent.ask("prompts/get", json!({ "name": SOP, "arguments": { "lead_id": "L-7" } }));
    let words = got["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(words.contains("- lead_id: \"L-7\"") && words.contains("- score: 70"), "{words}");
    assert!(words.contains("### Step 2: Do part 2"), "{words}");
    let wrong = agent.refused("prompts/get", json!({ "name": SOP, "arguments": { "score": "many" } }));
    assert!(wrong["message"].as_str().unwrap().contains("`score`"), "{wrong:#}");

    let resources = agent.ask("resources/list", json!({}));
    let address = format!("sop://{SOP}");
    assert_eq!(resources["resources"][0]["uri"], address.as_str());
    let read = agent.ask("resources/read", json!({ "uri": address }));
    let file = world.read(&format!("sops/REV/{SOP}-v1.0.md"));
    assert_eq!(read["contents"][0]["text"], file.as_str());
    for other in ["sop://SOP-REV-other", "sop://../sopd.yaml", "file:///etc/passwd"] {
        agent.refused("resources/read", json!({ "uri": other }));
    }
}

#[test]
fn a_client_is_told_when_the_active_sops_change() {
    let world = with(&gated());
    let mut agent = Client::start(&world, "vp.sales");
    assert_eq!(agent.server["capabilities"]["prompts"]["listChanged"], true);
    agent.ask("ping", json!({}));
    world.activated(&gated().version("1.1").head("supersedes", "1.0").text());
    agent.hear("notifications/prompts/list_changed");
    agent.hear("notifications/resources/list_changed");
    let resources = agent.ask("resources/list", json!({}));
    assert_eq!(resources["resources"][0]["title"].as_str().unwrap().rsplit(' ').next(), Some("v1.1"));
}

#[test]
fn a_mission_is_asked_for_in_the_callers_own_name() {
    let world = World::new();
    let mut cro = Client::start(&world, "cro");
    let text = "# Vendor invoices\n\nInvoices get paid twice. Write down how we approve and pay one.\n";
    let other = format!("---\nrequested_by: vp.sales\n---\n{text}");
    let (kind, words) = cro.fails("mission_submit", json!({ "text": other }));
    assert_eq!(kind, "not_allowed");
    assert!(words.contains("vp.sales asks for"), "{words}");
    let (kind, _) = cro.fails("mission_submit", json!({ "text": "---\nowner: Nobody Here\n---\n# T" }));
    assert_eq!(kind, "invalid");
    let taken = cro.call("mission_submit", json!({ "text": text, "fileName": "invoices.md" }));
    let mission = taken["missionId"].clone();
    assert_eq!(cro.fails("mission_submit", json!({ "text": text })).0, "conflict", "it is open still");
    let status = cro.call("mission_status", json!({ "missionId": mission }));
    assert_eq!(status["mission"]["requested_by"], "cro");
    world.drive();
    let all = cro.call("inbox_list", json!({ "all": true }));
    let decision = all["decisions"][0]["id"].clone();
    let shown = cro.call("decision_show", json!({ "decisionId": decision }));
    assert_eq!(shown["shown"]["shape"], "sopd/show/1");
    let line = world.json(&["show", decision.as_str().unwrap()]);
    assert!(shown["shown"]["draft"] == line["draft"], "as on the command line");
}

pub(crate) const BRIEF: &str = "---\nowner: vp.sales\nworkers: [{ agent: vp.sales }, { agent: sales.ops }]\n\
                     scenarios: [{ text: A canary walks in on Friday. }]\n---\n# Trial requests\n\n\
                     Trial requests get lost. Say who writes which entry, and by when.\n";
pub(crate) const DRAFT: &str = "# Draft: sales.ops\n\n## Roles\n\n- sales.ops: answers for the trial log.\n\n## Steps\n\n\
                     1. **Write the trial request into the log**\n   Write the trial request into the trial log within 1 business day.\n   \
                     - Phase: act\n   - Assignee: sales.ops\n   - Artifact: entry in the trial log\n\n## How sure\n\n90%\n";

/// A workspace whose sales.ops works elsewhere, with a mission that waits for its draft.
pub(crate) fn elsewhere() -> (World, Value) {
    let world = World::new();
    let agent = world.read("agents/sales.ops.md");
    let roles = agent.lines().find(|line| line.starts_with("roles:")).unwrap().to_owned();
    let agent = agent.replace("runtime: model", "runtime: external").replace(&roles, "roles: [worker]");
    world.put("agents/sales.ops.md", &agent);
    let taken = Client::start(&world, "cro").call("mission_submit", json!({ "text": BRIEF }));
    world.drive();
    (world, taken["missionId"].clone())
}

#[test]
fn an_agent_elsewhere_takes_its_assignment_and_hands_in_its_draft() {
    let (world, mission) = elsewhere();
    let mut worker = Client::start(&world, "sales.ops");
    let taken = worker.call("worker_assignments", json!({}));
    let part = &taken["assignments"][0];
    assert_eq!((&part["missionId"], taken["assignments"].as_array().unwrap().len()), (&mission, 1));
    // What it is shown is what a worker here is shown: its rules, its knowledge, its assertions; no scenario.
    let shown = part["request"]["user"].as_str().unwrap();
    let knowledge = world.read("agents/sales.ops.md");
    let topic = knowledge.lines().find(|line| line.starts_with("## ")).unwrap();
    let assertion = part["assignment"]["assertions"][0]["id"].as_str().unwrap();
    assert!(
        shown.contains("You are sales.ops") && shown.contains(topic) && shown.contains(assertion),
        "{shown}"
    );
    assert!(part["request"]["system"].as_str().unwrap().contains("You are a department's expert"));
    assert!(!taken.to_string().contains("canary"), "scenarios are for user testing alone");
    // Another worker of the same party gets nothing while it is held, and cannot hand it in.
    let id = part["assignmentId"].clone();
    let mut second = Client::start(&world, "sales.ops");
    assert_eq!(second.call("worker_assignments", json!({}))["assignments"], json!([]));
    let handed = json!({ "assignmentId": id, "draft": DRAFT });
    let (kind, words) = second.fails("worker_submit_draft", handed.clone());
    assert_eq!((kind.as_str(), words.contains("held by another worker")), ("conflict", true), "{words}");
    // A draft that is not in its form is explained, and nothing has changed.
    for wrong in [
        json!({ "assignmentId": id, "draft": "I will do it tomorrow." }),
        json!({ "assignmentId": id, "draft": DRAFT.replace("## Roles", "## Rolls") }),
        json!({ "assignmentId": id }),
        json!({ "assignmentId": id, "draft": DRAFT, "decline": "no" }),
    ] {
        worker.fails("worker_submit_draft", wrong);
    }
    assert_eq!(worker.call("inbox_list", json!({}))["total"], 1);
    let (kind, _) = Client::start(&world, "vp.sales").fails("worker_submit_draft", handed.clone());
    assert_eq!(kind, "not_allowed", "it is nobody else's");
    assert_eq!(worker.call("worker_submit_draft", handed)["status"], "handed_in");
    world.drive();
    let synthesis = world.read(&format!("missions/{}/synthesis-1.md", mission.as_str().unwrap()));
    assert!(synthesis.contains("trial log within 1 business day"), "{synthesis}");
    let facts = world.done(&["audit", "export", mission.as_str().unwrap()]);
    for kind in ["assignment_laid_out", "assignment_leased", "draft_received"] {
        assert!(facts.contains(&format!("\"kind\":\"{kind}\"")), "{kind}");
    }
    world.done(&["audit", "verify"]);
}

#[test]
fn an_agent_elsewhere_sees_nothing_of_others_and_may_ask_or_decline() {
    let (world, mission) = elsewhere();
    let mut worker = Client::start(&world, "sales.ops");
    for (tool, arguments) in [
        ("mission_status", json!({ "missionId": mission })),
        ("decision_show", json!({ "decisionId": mission })),
        ("inbox_list", json!({ "all": true })),
    ] {
        let (_, words) = worker.fails(tool, arguments);
        assert!(!words.contains("canary"), "{words}");
    }
    let id = worker.call("worker_assignments", json!({}))["assignments"][0]["assignmentId"].clone();
    let own = worker.call("decision_show", json!({ "decisionId": id }));
    assert!(!own.to_string().contains("canary"));
    let asks = DRAFT.replace(
        "## How sure",
        "## Questions\n\n- Which log is meant?\n  - Assumption: the paper log\n\n## How sure",
    );
    worker.call("worker_submit_draft", json!({ "assignmentId": id, "draft": asks }));
    world.drive();
    let mut cro = Client::start(&world, "cro");
    let question = cro.call("inbox_list", json!({}))["decisions"][0].clone();
    assert_eq!(question["title"], "Which log is meant?");
    world.done(&["answer", question["id"].as_str().unwrap(), "--as", "cro", "--text", "The CRM log"]);
    world.drive();
    let again = worker.call("worker_assignments", json!({}))["assignments"][0].clone();
    assert!(again["request"]["user"].as_str().unwrap().contains("Answer: The CRM log"), "{again:#}");
    let declined = json!({ "assignmentId": again["assignmentId"], "decline": "The log is not ours." });
    assert_eq!(worker.call("worker_submit_draft", declined)["status"], "declined");
    world.drive();
    let draft = world.read(&format!("missions/{}/drafts/sales.ops.md", mission.as_str().unwrap()));
    assert!(draft.contains("The log is not ours."), "{draft}");
}
