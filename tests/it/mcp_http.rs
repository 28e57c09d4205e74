//! The protocol of agents over streamable HTTP: the party is that of each request, pages from elsewhere stay out.

use crate::world::World;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sopd::base::Clock;
use sopd::daemon::Workspace;
use sopd::front::{Caller, Scope};
use sopd::journal::Access;
use sopd::mcp;

/// Whoever has mounted the service knows who calls; here it is who the header says.
async fn known(mut request: Request, next: Next) -> axum::response::Response {
    let party = request.headers().get("x-party").map(|party| party.to_str().unwrap().to_owned());
    if let Some(party) = party {
        let scope = if party == "cro" { Scope::Write } else { Scope::Read };
        request.extensions_mut().insert(Caller { party, scope, means: "token 1".to_owned() });
    }
    next.run(request).await
}

/// The message in an answer, whichever of the two forms it has.
async fn message(response: Response) -> Value {
    let text = response.text().await.unwrap();
    let data =
        text.lines().filter_map(|line| line.strip_prefix("data:")).rfind(|data| data.contains("jsonrpc"));
    serde_json::from_str(data.unwrap_or(&text)).unwrap_or(Value::String(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_that_of_its_own_party() {
    let world = World::new();
    let workspace = Workspace::open(world.root(), Access::Guest, Clock::System).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let service = mcp::http(&workspace, std::slice::from_ref(&origin), &["127.0.0.1".to_owned()]);
    let router = axum::Router::new().nest_service("/mcp", service).layer(from_fn(known));
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let client = Client::new();
    let post = async |headers: &[(&str, &str)], body: Value| {
        let mut request =
            client.post(format!("{origin}/mcp")).header("Accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.json(&body).send().await.unwrap()
    };
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } });
    let foreign = post(&[("x-party", "cro"), ("Origin", "http://evil.example")], hello.clone()).await;
    assert_eq!(foreign.status(), 403);
    let other = post(&[("x-party", "cro"), ("Host", "evil.example")], hello.clone()).await;
    assert_eq!(other.status(), 403, "a name of this machine that nobody gave it");
    let greeted = post(&[("x-party", "cro"), ("Origin", &origin)], hello).await;
    let session = greeted.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    assert_eq!(message(greeted).await["result"]["serverInfo"]["name"], "sopd");
    let session = [("mcp-session-id", session.as_str()), ("mcp-protocol-version", "2025-06-18")];
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    post(&[&session[..], &[("x-party", "cro")]].concat(), ready).await;

    let submit = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "mission_submit", "arguments": { "text": "# Keys\n\nKeys get lost. Say who hands out which key.\n" } } });
    let looker = post(&[&session[..], &[("x-party", "vp.sales")]].concat(), submit.clone()).await;
    assert_eq!(message(looker).await["result"]["structuredContent"]["kind"], "not_allowed");
    let nobody = message(post(&session, submit.clone()).await).await;
    assert_eq!(nobody["error"]["message"], "nobody is signed in", "{nobody:#}");
    let done = message(post(&[&session[..], &[("x-party", "cro")]].concat(), submit).await).await;
    let mission = done["result"]["structuredContent"]["missionId"].as_str().unwrap().to_owned();
    server.abort();
    let facts = world.done(&["audit", "export", &mission]);
    let handed = facts.lines().find(|line| line.contains("mission_handed_in")).unwrap();
    assert!(handed.contains("\"by\":\"cro\"") && handed.contains("\"os_user\":\"token 1\""), "{handed}");
}
