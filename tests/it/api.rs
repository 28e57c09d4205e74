//! The API over a real socket: the deeds and the JSON of the command line, once however often they are sent.

use crate::api_world::{Api, Got};
use crate::runs_world::{Draft, with};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use sopd::base::Clock;
use sopd::daemon::Workspace;
use sopd::journal::{Access, Tx};

const SOP: &str = "SOP-REV-programs";

fn gated() -> Draft {
    Draft::new(SOP)
        .command("echo first", "")
        .command("echo second", "Approval Required: Yes\nApprovers: chief.staff, cro")
        .person("")
}

/// What blocks belongs on threads that may.
async fn drive(world: World) -> World {
    tokio::task::spawn_blocking(move || {
        world.drive();
        world
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_and_lookers_do_nothing() {
    let world = World::new();
    let api = Api::serve(&world).await;
    for token in ["", "wrong", "cro-toke"] {
        let got = api.get("/api/v1/inbox", token).await;
        assert_eq!(got.refused().0, 401);
        assert_eq!(got.header("www-authenticate"), "Bearer");
    }
    assert_eq!(api.get("/api/v1/inbox", "looker").await.status, 200);
    let run = json!({ "sop": SOP });
    let got = Got::of(api.request(Method::POST, "/api/v1/runs", "looker").json(&run)).await;
    assert_eq!(got.refused(), (403, "this credential of cro only lets one look"));
    assert_eq!(api.get("/api/v1/nothing", "looker").await.refused().0, 404);
    assert_eq!(
        api.get("/api/v1/runs/sop_run_x", "looker").await.refused(),
        (404, "there is no run `sop_run_x`")
    );
    assert_eq!(api.get("/api/v1/runs?limt=3", "looker").await.refused().0, 400);
    for (body, status) in
        [(json!({ "sop": SOP, "imputs": {} }), 422), (json!({ "sop": "x" }), 400), (json!([]), 422)]
    {
        assert_eq!(api.post("/api/v1/runs", "cro", &body).await.refused().0, status, "{body}");
    }
    assert_eq!(api.post("/api/v1/runs", "cro", &run).await.refused().0, 404);
    let text = api.request(Method::POST, "/api/v1/runs", "cro-token").body("{}");
    assert_eq!(Got::of(text).await.refused().0, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_from_its_start_to_its_end() {
    let world = with(&gated());
    let api = Api::serve(&world).await;
    let wanted = json!({ "sop": SOP, "inputs": { "lead_id": "L-1" } });
    let keyed = |body: &Value| {
        api.request(Method::POST, "/api/v1/runs", "cro-token").header("Idempotency-Key", "k-1").json(body)
    };
    let (one, two) = tokio::join!(Got::of(keyed(&wanted)), Got::of(keyed(&wanted)));
    // Of two at the same time one is done, and the other is told so, or that it is under way.
    let first = if one.status == 201 { &one } else { &two };
    assert_eq!(first.status, 201, "{:#} {:#}", one.body, two.body);
    let run = first.body["run"].as_str().unwrap().to_owned();
    assert_eq!(first.header("location"), format!("/api/v1/runs/{run}"));
    let again = Got::of(keyed(&wanted)).await;
    assert_eq!((again.status, &again.body["run"]), (201, &json!(run)));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(Got::of(keyed(&json!({ "sop": SOP }))).await.refused().0, 422, "the key was used");
    let all = api.get("/api/v1/runs", "looker").await;
    assert_eq!(all.body["items"].as_array().unwrap().len(), 1);
    let world = drive(world).await;

    let path = format!("/api/v1/runs/{run}");
    let seen = api.get(&path, "looker").await;
    assert_eq!(
        (&seen.body["shape"], &seen.body["run"]["state"]),
        (&json!("sopd/show-run/1"), &json!("awaiting_approval"))
    );
    let tag = seen.header("etag");
    let same = Got::of(api.request(Method::GET, &path, "looker").header("If-None-Match", tag)).await;
    assert_eq!((same.status, same.header("etag"), &same.body), (304, tag, &json!("")));
    let decision = &seen.body["decisions"][0];
    let approve = format!("/api/v1/decisions/{}/approve", decision["id"].as_str().unwrap());
    let own = api.post(&approve, "cro", &json!({})).await;
    assert_eq!(own.refused().0, 403);
    assert!(own.refused().1.contains("it started the run"), "{:#}", own.body);
    let stale = api.post(&approve, "chief.staff", &json!({ "hash": "0".repeat(32) })).await;
    assert_eq!(stale.refused().0, 409);
    let hash = &decision["hash"];
    let said = api.post(&approve, "chief.staff", &json!({ "hash": hash, "comment": "Seen" })).await;
    assert_eq!(
        (said.status, &said.body["by"], &said.body["os_user"]),
        (200, &json!("chief.staff"), &json!("token 1 (test)"))
    );
    assert_eq!(api.post(&approve, "chief.staff", &json!({})).await.refused().0, 409);
    let world = drive(world).await;

    let complete = format!("{path}/steps/3/complete");
    assert_eq!(api.post(&complete, "sales.rep", &json!({})).await.refused().0, 400);
    let file = json!({ "artifact": { "name": "../x", "base64": "aGk=" } });
    assert_eq!(api.post(&complete, "sales.rep", &file).await.refused().0, 422);
    let file = json!({ "note": "Called", "artifact": { "name": "call.txt", "base64": "aGk=" } });
    assert_eq!(api.post(&complete, "sales.rep", &file).await.body["stepNumber"], 3);
    let world = drive(world).await;
    let log = api.get(&format!("{path}/audit?limit=500"), "looker").await;
    let kinds: Vec<&str> = log.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["eventType"].as_str().unwrap())
        .collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("run_created", "run_completed"));
    assert_eq!(api.post(&format!("{path}/pause"), "cro", &json!({})).await.refused().0, 409);
    drop(world);
}

/// Whoever reads on from a place that never was would wait for ever, or take the rest for read.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_not_of_this_log_is_refused_at_every_list() {
    let world = with(&gated());
    let api = Api::serve(&world).await;
    let run = api.post("/api/v1/runs", "cro", &json!({ "sop": SOP, "hold": true })).await.body["run"].clone();
    let run = run.as_str().unwrap();
    for (list, expected) in [
        ("audit?cursor=9999999".to_owned(), 409),
        ("audit?cursor=-1".to_owned(), 409),
        (format!("runs/{run}/audit?cursor=9999999"), 409),
        ("events?after=9999999".to_owned(), 409),
        ("events?after=-1".to_owned(), 409),
        ("inbox?cursor=D-9999999".to_owned(), 404),
        ("inbox?cursor=x".to_owned(), 404),
        ("missions?cursor=x".to_owned(), 404),
        ("runs?cursor=x".to_owned(), 404),
        ("sops?cursor=x".to_owned(), 404),
    ] {
        let got = api.get(&format!("/api/v1/{list}"), "looker").await;
        assert_eq!(got.refused().0, expected, "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_by_pages_and_runs_can_be_steered() {
    let world = with(&gated());
    let api = Api::serve(&world).await;
    for _ in 0..3 {
        let got = api.post("/api/v1/runs", "cro", &json!({ "sop": SOP, "hold": true })).await;
        assert_eq!(got.status, 201, "{:#}", got.body);
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/runs?limit=2{cursor}"), "looker").await.body;
        found.extend(
            page["items"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let line: Vec<String> = world
        .json(&["runs"])
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, line);
    let post = async |deed: &str, party: &str, body: Value| {
        api.post(&format!("/api/v1/runs/{}/{deed}", found[0]), party, &body).await
    };
    assert_eq!(post("cancel", "sales.rep", json!({ "reason": "no" })).await.refused().0, 403);
    let said = post("cancel", "cro", json!({ "reason": "not today" })).await.body;
    assert_eq!((&said["shape"], &said["driven"]), (&json!("sopd/steered/1"), &json!(false)));
    let world = drive(world).await;
    assert_eq!(
        api.get(&format!("/api/v1/runs/{}", found[0]), "looker").await.body["run"]["state"],
        "cancelled"
    );
    assert_eq!(post("resume", "cro", json!({})).await.refused().0, 409);
    let sops = api.get("/api/v1/sops?active=true", "looker").await.body;
    assert_eq!(sops["items"][0]["id"], SOP);
    let sop = api.get(&format!("/api/v1/sops/{SOP}"), "looker").await.body;
    assert_eq!(sop["text"], world.read(&format!("sops/REV/{SOP}-v1.0.md")));
    assert_eq!(api.get("/api/v1/sops/..%2F..%2Fsopd.yaml", "looker").await.refused().0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mission_is_handed_in_and_sent_back() {
    let world = World::new();
    let api = Api::serve(&world).await;
    let text = "# Vendor invoices\n\nInvoices get paid twice. Write down how we approve and pay one.\n";
    assert_eq!(
        api.post("/api/v1/missions", "cro", &json!({ "text": "---\nowner: Nobody Here\n---\n# T" }))
            .await
            .refused()
            .0,
        422
    );
    let taken = api.post("/api/v1/missions", "cro", &json!({ "text": text })).await;
    let mission = taken.body["mission"].as_str().unwrap().to_owned();
    assert_eq!(
        (taken.status, taken.header("location")),
        (201, format!("/api/v1/missions/{mission}").as_str())
    );
    let world = drive(world).await;
    let inbox = api.get("/api/v1/inbox?for=chief.staff", "looker").await.body;
    let id = inbox["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(inbox["items"][0]["shape"], "sopd/inbox/1");
    let shown = api.get(&format!("/api/v1/decisions/{id}"), "looker").await.body;
    assert_eq!(shown["shape"], "sopd/show/1");
    let revise = json!({ "comment": "Name the bank", "line": 30, "hash": shown["draft"]["sha256"] });
    let said = api.post(&format!("/api/v1/decisions/{id}/revise"), "chief.staff", &revise).await;
    assert_eq!((said.status, &said.body["verb"]), (200, &json!("revise")), "{:#}", said.body);
    let missions = api.get("/api/v1/missions", "looker").await.body;
    assert_eq!(missions["items"][0]["id"], mission.as_str());
    drop(world);
}

/// Reads facts from a stream until `enough`; their places.
async fn places(response: &mut reqwest::Response, enough: usize) -> Vec<i64> {
    let (mut text, mut found) = (String::new(), Vec::new());
    while found.len() < enough {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| {
                event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
            };
            let data: Value = serde_json::from_str(&field("data:")).unwrap_or_default();
            if let Ok(place) = field("id:").parse::<i64>() {
                assert_eq!((&data["seq"], &data["fact"]["kind"]), (&json!(place), &json!(field("event:"))));
                found.push(place);
            }
            text = rest.to_owned();
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_of_events_has_no_gap_and_no_repeat() {
    let world = with(&gated());
    let workspace = Workspace::open(world.root(), Access::Guest, Clock::System).unwrap();
    // More than is read at once.
    let many =
        |tx: &Tx<'_>| (0..450).try_for_each(|n| tx.event("test", "noted", &json!({ "n": n })).map(drop));
    workspace.journal.append(many).unwrap();
    let api = Api::serve(&world).await;
    let listen = async |last: Option<i64>, query: &str| {
        let mut request = api.request(Method::GET, &format!("/api/v1/events{query}"), "looker");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        request.send().await.unwrap()
    };
    let head = world.done(&["audit", "export"]).lines().count();
    let mut stream = listen(None, "?after=0").await;
    let mut seen = places(&mut stream, 150).await;
    drop(stream);
    // Whatever else was on its way is lost with the connection; the listener says what it saw last.
    let mut stream = listen(seen.last().copied(), "").await;
    seen.extend(places(&mut stream, head - seen.len()).await);
    let run = api.post("/api/v1/runs", "cro", &json!({ "sop": SOP })).await.body["run"].clone();
    let world = drive(world).await;
    let total = world.done(&["audit", "export"]).lines().count();
    seen.extend(places(&mut stream, total - seen.len()).await);
    assert!(seen.iter().copied().eq(1..=i64::try_from(total).unwrap()), "{seen:?}");
    // From now on, and of one run only.
    let mut mine = listen(None, &format!("?subject={}", run.as_str().unwrap())).await;
    api.post(&format!("/api/v1/runs/{}/cancel", run.as_str().unwrap()), "cro", &json!({})).await;
    assert!(places(&mut mine, 1).await[0] > i64::try_from(total).unwrap());
    assert_eq!(listen(None, "?after=x").await.status(), 400);
    let got = api.request(Method::GET, "/api/v1/events", "looker").header("Last-Event-ID", "x");
    assert_eq!(Got::of(got).await.refused().0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_route_and_webhooks_arrive() {
    let world = with(&gated());
    let api = Api::serve(&world).await;
    let document = api.get("/api/v1/openapi.json", "").await;
    assert_eq!((document.status, &document.body["openapi"]), (200, &json!("3.1.0")));
    let paths: Vec<&String> = document.body["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths.len(), 53, "{paths:#?}");
    assert_eq!(document.body["security"][0]["bearer"], json!([]));
    let page = api.get("/api/v1/docs", "").await;
    assert!(page.body.as_str().unwrap().contains("/api/v1/decisions/{id}/approve"), "{}", page.body);
    // What is right about a signature is told elsewhere; here it arrives where it is looked at.
    let hook = Got::of(api.request(Method::POST, "/hooks/deploy/production", "").body("{}")).await;
    assert_eq!(hook.refused().0, 404, "{:#}", hook.body);
}
