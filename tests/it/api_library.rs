//! What the API can besides decisions and runs: everything a program needs of the command line, in the same JSON.

use crate::api_world::{Api, Got};
use crate::runs_world::{Draft, with};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};

const SOP: &str = "SOP-REV-programs";

fn items(got: &Got) -> &Vec<Value> {
    assert_eq!(got.status, 200, "{:#}", got.body);
    got.body["items"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_is_kept_by_programs_as_from_the_command_line() {
    let draft = Draft::new(SOP).command("echo done", "");
    let world = with(&draft);
    let api = Api::serve(&world).await;
    let history = api.get(&format!("/api/v1/sops/{SOP}/history"), "looker").await;
    assert_eq!(json!(items(&history)), world.json(&["sop", "history", SOP]));
    let exported = api.get(&format!("/api/v1/sops/{SOP}/export?form=skill"), "looker").await;
    assert_eq!(exported.body, world.json(&["sop", "export", SOP, "--as", "skill"]));
    let form = api.get(&format!("/api/v1/sops/{SOP}/export?form=word"), "looker").await;
    assert_eq!(form.refused(), (400, "there is no form `word`"));
    let same = api.get(&format!("/api/v1/sops/{SOP}-v1.0/diff"), "looker").await;
    assert_eq!(same.body["diff"], "");

    let text = draft.text();
    let lint = api.post("/api/v1/sops/lint", "cro", &json!({ "name": "x.md", "text": text })).await;
    world.put("x.md", &text);
    assert_eq!(json!(items(&lint)), world.json(&["sop", "lint", "x.md"]));
    let odd = api.post("/api/v1/sops/lint", "cro", &json!({ "name": "x.md", "text": "no head" })).await;
    assert_eq!(odd.refused().0, 422);
    let begun = json!({ "id": "SOP-OPS-keys", "owner": "sales.ops" });
    let new = api.post("/api/v1/sops/drafts", "cro", &begun).await;
    assert_eq!(
        (new.status, &new.body["path"]),
        (201, &json!("sops/drafts/SOP-OPS-keys-v1.0.md")),
        "{:#}",
        new.body
    );
    assert_eq!(new.body["text"], world.read("sops/drafts/SOP-OPS-keys-v1.0.md"));
    let other = json!({ "id": "SOP-OPS-keys", "owner": "cro" });
    assert_eq!(api.post("/api/v1/sops/drafts", "cro", &other).await.refused().0, 409);
    for id in ["../x", "SOP-OPS-../x", "sops/../../x"] {
        let got = api.post("/api/v1/sops/drafts", "cro", &json!({ "id": id })).await;
        assert_eq!(got.refused().0, 400, "{id}");
    }
    let prose = "# Key handover\n\n1. Ring the shop.\n2. Hand the key over.\n";
    let import = json!({ "files": [{ "name": "keys.md", "text": prose }], "id": "SOP-OPS-handover" });
    let imported = api.post("/api/v1/sops/import", "cro", &import).await;
    assert_eq!(
        (imported.status, &imported.body["id"], &imported.body["shape"]),
        (201, &json!("SOP-OPS-handover"), &json!("sopd/import/1")),
        "{:#}",
        imported.body
    );
    let handed = api.post("/api/v1/sops/activate", "cro", &json!({ "text": prose })).await;
    assert_eq!(handed.refused().0, 422, "not in our form: {:#}", handed.body);
    let verified = api.post("/api/v1/sops/verify", "cro", &json!({})).await;
    assert_eq!(verified.body, world.json(&["sop", "verify"]));
    let autonomy = format!("/api/v1/sops/{SOP}/autonomy");
    let widen = json!({ "widen": true, "reason": "Ran well" });
    assert_eq!(api.post(&autonomy, "sales.rep", &widen).await.refused().0, 403);
    assert_eq!(api.get(&autonomy, "looker").await.body, world.json(&["autonomy", SOP]));
    let retire = format!("/api/v1/sops/{SOP}/retire");
    assert_eq!(api.post(&retire, "sales.rep", &json!({ "reason": "old" })).await.refused().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn missions_are_ended_and_looked_at_and_runs_adjusted_and_reviewed() {
    let world = with(&Draft::new(SOP).command("echo first", "").person(""));
    let api = Api::serve(&world).await;
    let text = "# Vendor invoices\n\nInvoices get paid twice. Write down how we approve and pay one.\n";
    let taken = api.post("/api/v1/missions", "cro", &json!({ "text": text })).await;
    let mission = format!("/api/v1/missions/{}", taken.body["mission"].as_str().unwrap());
    let files = api.get(&format!("{mission}/files"), "looker").await;
    assert_eq!(items(&files)[0]["name"], "mission.md");
    let file = api.get(&format!("{mission}/file?name=mission.md"), "looker").await;
    assert_eq!(file.body["text"], text);
    for name in ["../../sopd.yaml", "..%2f..%2f.sopd%2fjournal.db", ""] {
        let got = api.get(&format!("{mission}/file?name={name}"), "looker").await;
        assert_eq!(got.refused().0, 404, "{name}");
    }
    assert_eq!(api.post(&format!("{mission}/cancel"), "sales.rep", &json!({})).await.refused().0, 403);
    let said = api.post(&format!("{mission}/cancel"), "cro", &json!({ "comment": "not now" })).await;
    assert_eq!((&said.body["shape"], &said.body["asked"]), (&json!("sopd/mission/1"), &json!("cancelled")));
    let council = api.post("/api/v1/council", "cro", &json!({})).await;
    assert_eq!(council.refused().0, 400);
    let council = api.post("/api/v1/council", "cro", &json!({ "text": "# A plan\n\nSell more.\n" })).await;
    assert_eq!((council.status, &council.body["by"]), (201, &json!("cro")), "{:#}", council.body);

    let start = json!({ "sop": SOP, "inputs": { "lead_id": "L-1" }, "hold": true });
    let run = api.post("/api/v1/runs", "cro", &start).await;
    let run = format!("/api/v1/runs/{}", run.body["run"].as_str().unwrap());
    let wish = json!({ "change": "assign", "step": 2, "to": "sales.ops" });
    let adjusted = api.post(&format!("{run}/adjust"), "cro", &wish).await;
    assert_eq!(adjusted.body["changes"].as_array().map(Vec::len), Some(1), "{:#}", adjusted.body);
    let wish = json!({ "change": "drop", "step": 9 });
    assert!([404, 422].contains(&api.post(&format!("{run}/adjust"), "cro", &wish).await.refused().0));
    let wish = json!({ "change": "burn", "step": 1 });
    assert_eq!(api.post(&format!("{run}/adjust"), "cro", &wish).await.refused().0, 422);
    assert_eq!(api.get(&format!("{run}/review"), "looker").await.body["review"], Value::Null);
    assert_eq!(
        api.post(&format!("{run}/review"), "cro", &json!({})).await.refused().0,
        409,
        "it has not ended"
    );
    assert_eq!(api.get(&format!("{run}/steps/1/files/x"), "looker").await.refused().0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_by_pages_and_written_out_whole() {
    let world = with(&Draft::new(SOP).command("echo done", ""));
    let api = Api::serve(&world).await;
    let log = world.done(&["audit", "export"]);
    let whole = api.request(Method::GET, "/api/v1/audit/export", "looker").send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "application/x-ndjson");
    assert_eq!(whole.text().await.unwrap(), log);
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/audit?limit=2{cursor}"), "looker").await.body;
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found, lines);
    let verified = api.post("/api/v1/audit/verify", "cro", &json!({})).await;
    assert_eq!(verified.body, world.json(&["audit", "verify"]));
    let agents = api.get("/api/v1/agents", "looker").await;
    assert_eq!(json!(items(&agents)), world.json(&["agents"]));
    let triggers = api.get("/api/v1/triggers", "looker").await;
    assert_eq!(triggers.body, world.json(&["triggers"]));
    // A party sees and revokes its own tokens only.
    world.json(&["token", "new", "cro", "--name", "mine"]);
    world.json(&["token", "new", "ceo", "--name", "another's"]);
    let mine = api.get("/api/v1/tokens", "looker").await;
    assert_eq!((items(&mine).len(), &items(&mine)[0]["name"]), (1, &json!("mine")));
    assert_eq!(api.post("/api/v1/tokens/2/revoke", "cro", &json!({})).await.refused().0, 404);
    assert_eq!(api.post("/api/v1/tokens/x/revoke", "cro", &json!({})).await.refused().0, 404);
    assert_eq!(api.post("/api/v1/tokens/1/revoke", "cro", &json!({})).await.status, 200);
    assert_eq!(items(&api.get("/api/v1/tokens", "looker").await).len(), 0);
}

/// Of every route: nobody without a token, nobody who writes with one for looking; and what it says of itself.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_guarded_and_described() {
    let world = World::new();
    let api = Api::serve(&world).await;
    let document = api.get("/api/v1/openapi.json", "").await.body;
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
    });
    let operations: Vec<_> = operations.collect();
    assert!(operations.len() > 50, "{}", operations.len());
    for (path, method, operation) in operations {
        let name = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|words| !words.is_empty()), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("400") && responses.contains_key("default"), "{name}");
        if path.starts_with("/hooks/") {
            assert_eq!(operation["security"], json!([{}]), "{name}");
            continue;
        }
        let verb: Method = method.to_uppercase().parse().unwrap();
        let address = path.replace(['{', '}'], "");
        let send = async |token: &str| {
            let request = api.request(verb.clone(), &address, token);
            Got::of(if method == "post" { request.json(&json!({})) } else { request }).await
        };
        assert_eq!(send("").await.refused().0, 401, "{name}");
        if method == "post" {
            assert_eq!(send("looker").await.refused().0, 403, "{name}");
            assert!(operation["parameters"].to_string().contains("Idempotency-Key"), "{name}");
        }
    }
    let wrong = Got::of(api.request(Method::DELETE, "/api/v1/inbox", "cro-token")).await;
    assert_eq!(wrong.refused().0, 405);
    assert!(wrong.header("allow").contains("GET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_for_those_who_may_look() {
    let world = with(&Draft::new(SOP).command("echo done", ""));
    let api = Api::serve(&world).await;
    assert_eq!(api.get("/metrics", "").await.refused().0, 401);
    api.post("/api/v1/runs", "cro", &json!({ "sop": SOP, "hold": true })).await;
    let text = api.get("/metrics", "looker").await.body;
    let text = text.as_str().unwrap();
    for line in ["# TYPE sopd_runs gauge", "sopd_runs{state=\"pending\"} 1", "sopd_event_listeners 0"] {
        assert!(text.lines().any(|found| found == line), "no {line}:\n{text}");
    }
    let has = |start: &str| text.lines().any(|line| line.starts_with(start));
    assert!(
        has("sopd_journal_commit_seconds_bucket{le=\"0.001\"}") && has("sopd_journal_facts_total "),
        "{text}"
    );
}
