//! One value through every door of a start: it reaches the step with the digits it was written with.

use crate::mcp_world::{Agent, Client};
use crate::runs_world::{Draft, status, with};
use crate::web_world::{Desk, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::os::unix::fs::PermissionsExt as _;

const SOP: &str = "SOP-REV-digits";
const SECRET: &str = "a secret of sixteen bytes and more";
/// A price, a float as programs write it, a key of many digits.
const NUMBERS: [&str; 3] = ["0.10", "1.5E+3", "12345678901234567890123"];

fn json(open: &str, between: &str) -> String {
    let member = |(name, value): (&str, &&str)| format!("\"{name}\"{between}{value}");
    format!("{open}{}}}", ["a", "b", "c"].into_iter().zip(&NUMBERS).map(member).collect::<Vec<_>>().join(","))
}

#[test]
fn a_number_keeps_its_digits_through_every_door() {
    let mut draft = Draft::new(SOP).head("triggers", "[manual, { webhook: /digits }]");
    for name in ["a", "b", "c"] {
        draft = draft.input(&format!("`{name}` | number | yes"));
    }
    let script = "echo \"$INPUT_A $INPUT_B $INPUT_C\"; printf '{\"a\": %s}' \"$INPUT_A\" > outputs.json";
    let world = with(&draft.command(script, "").command("echo \"$STEP_1_A\"", ""));
    world.put("secrets.env", &format!("HOOK={SECRET}\n"));
    std::fs::set_permissions(world.path("secrets.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let hooks = "runs: { secrets_file: secrets.env, webhooks: { /digits: HOOK } }\n";
    world.put("sopd.yaml", &format!("{}\n{hooks}", world.read("sopd.yaml")));
    let (inputs, yaml) = (json("{", ":"), json("{", ": "));
    world.put("in.json", &inputs);
    world.put("in.yaml", &yaml);
    let desk = Desk::open(&world);
    let token =
        world.json(&["token", "new", "cro", "--scope", "write"])["token"].as_str().unwrap().to_owned();

    let pairs: Vec<String> =
        ["a", "b", "c"].into_iter().zip(NUMBERS).map(|(name, value)| format!("{name}={value}")).collect();
    let by_hand = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["run", SOP, "--as", "cro"].into_iter().chain(more.iter().copied()).collect();
        world.json(&arguments)["run"].clone()
    };
    let api =
        desk.request("POST", "/api/v1/runs").bearer_auth(&token).header("Content-Type", "application/json");
    let api = desk.send(api.body(format!("{{\"sop\":\"{SOP}\",\"inputs\":{inputs}}}")));
    assert_eq!(api.status, 201, "{}", api.text);
    let call = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"tools/call\",\"params\":{{\"name\":\"sop_execute\",\"arguments\":{{\"sopName\":\"{SOP}\",\"params\":{inputs}}}}}}}"
    );
    let by_agent = |answer: Value| answer["result"]["structuredContent"]["runId"].clone();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("msg_1.{now}.{inputs}").as_bytes());
    let hook = desk.request("POST", "/hooks/digits").body(inputs.clone()).header("webhook-id", "msg_1");
    let hook = hook.header("webhook-timestamp", now.to_string());
    let hook =
        hook.header("webhook-signature", format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    assert_eq!(desk.send(hook).status, 202);

    let pairs: Vec<&str> = pairs.iter().flat_map(|pair| ["--input", pair.as_str()]).collect();
    let runs = [
        ("command line", by_hand(&pairs)),
        ("JSON file", by_hand(&["--input-file", "in.json"])),
        ("YAML file", by_hand(&["--input-file", "in.yaml"])),
        ("API", serde_json::from_str::<Value>(&api.text).unwrap()["run"].clone()),
        ("MCP, standard input", by_agent(Client::start(&world, "cro").written(&call))),
        ("MCP, HTTP", by_agent(Agent::begin(&desk, "cro", "write").written(call))),
    ];
    for (door, run) in runs {
        let run = run.as_str().unwrap_or_else(|| panic!("{door} starts no run")).to_owned();
        until(|| status(&world, &run)["ended_at"].is_string());
        let status = status(&world, &run);
        assert_eq!(status["tasks"][0]["said"], format!("{}\n", NUMBERS.join(" ")), "{door}");
        assert_eq!(status["tasks"][1]["said"], "0.10\n", "{door}: what a step gave");
    }
    let all = |runs: &Value| runs.as_array().unwrap().iter().all(|run| run["state"] == "completed");
    until(|| world.json(&["runs"]).as_array().unwrap().len() == 7 && all(&world.json(&["runs"])));
    let said = world.json(&["runs"]);
    let said = said.as_array().unwrap().iter().map(|run| run["tasks"][0]["said"].clone());
    assert!(said.into_iter().all(|said| said == format!("{}\n", NUMBERS.join(" "))), "the webhook too");
}
