//! Traces, as a collector on this machine receives them.

use crate::fake_openai::{FakeOpenAi, Reply};
use crate::runs_world::{Draft, with};
use crate::scripted;
use crate::world::World;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A collector, and what it was sent.
struct Collector {
    address: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Collector {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let bodies = Arc::<Mutex<Vec<Bytes>>>::default();
        let keep = bodies.clone();
        let take = move |body: Bytes| {
            keep.lock().unwrap().push(body);
            std::future::ready(())
        };
        let router = axum::Router::new().route("/v1/traces", post(take));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, bodies, _runtime: runtime }
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().unwrap();
        let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| {
            let named = resource.resource.unwrap().attributes;
            assert!(named.iter().any(|one| one.key == "service.name"), "{named:?}");
            resource.scope_spans
        });
        scopes.flat_map(|scope| scope.spans).collect()
    }

    /// Everything that was sent, as far as it is text.
    fn text(&self) -> String {
        self.bodies.lock().unwrap().iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect()
    }
}

fn told(span: &Span, name: &str) -> String {
    let found = span.attributes.iter().find(|one| one.key == name);
    match found.and_then(|one| one.value.as_ref()?.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        other => format!("{other:?} {:?}", span.attributes),
    }
}

fn only(spans: &[Span], wanted: impl Fn(&Span) -> bool) -> &Span {
    let found: Vec<&Span> = spans.iter().filter(|span| wanted(span)).collect();
    assert_eq!(found.len(), 1, "{found:#?} of {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    found[0]
}

fn settings(world: &World, more: &str) {
    world.put("sopd.yaml", &format!("{more}\n{}", world.read("sopd.yaml")));
}

#[test]
fn a_missions_model_calls_are_told_without_a_word_of_theirs() {
    let collector = Collector::start();
    let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
    let world = World::new();
    settings(
        &world,
        &format!(
            "traces: {{ endpoint: \"{}\" }}\nmodels: {{ endpoint: \"{}\", api_key_env: PATH, model: fake-1 }}",
            collector.address,
            server.url()
        ),
    );
    let brief = "---\nrequested_by: cro\nowner: vp.sales\n---\n# Trial requests\n\nThe word is AXOLOTL.\n";
    world.put("trial.md", brief);
    let mission = world.json(&["submit", "trial.md"])["mission"].as_str().unwrap().to_owned();
    world.drive();
    let spans = collector.spans();
    let calls: Vec<&Span> = spans.iter().filter(|span| span.name == "chat fake-1").collect();
    assert_eq!(calls.len(), server.count(), "one span for each call");
    for call in &calls {
        let parent = only(&spans, |span| span.span_id == call.parent_span_id);
        assert_eq!((parent.name.as_str(), &parent.trace_id), ("think", &call.trace_id));
        assert_eq!(told(parent, "sopd.mission.id"), mission);
        assert!(parent.start_time_unix_nano <= call.start_time_unix_nano);
        assert_eq!(told(call, "gen_ai.operation.name"), "chat");
        assert_eq!(told(call, "gen_ai.request.model"), "fake-1");
        assert!(told(call, "gen_ai.usage.input_tokens").parse::<u32>().unwrap() > 0);
        assert!(told(call, "gen_ai.usage.output_tokens").parse::<u32>().unwrap() > 0);
        assert_eq!(call.trace_id, calls[0].trace_id, "one mission is one trace");
    }
    // The end is told by another process, in the same trace and above all of it.
    world.done(&["mission", "cancel", &mission, "--as", "cro"]);
    world.drive();
    let spans = collector.spans();
    let whole = only(&spans, |span| span.name == "mission");
    assert_eq!((&whole.trace_id, whole.parent_span_id.as_slice()), (&calls_trace(&spans), [].as_slice()));
    assert_eq!(told(whole, "sopd.state"), "cancelled");
    let roots = spans.iter().filter(|span| span.name == "think" && span.parent_span_id == whole.span_id);
    assert!(roots.count() > 0);
    let key = std::env::var("PATH").unwrap();
    let text = collector.text();
    for secret in ["AXOLOTL", "You are", key.as_str()] {
        assert!(!text.contains(secret), "{secret} was told");
    }
}

fn calls_trace(spans: &[Span]) -> Vec<u8> {
    spans.iter().find(|span| span.name == "chat fake-1").unwrap().trace_id.clone()
}

#[test]
fn a_run_is_told_with_its_steps() {
    let collector = Collector::start();
    let world = with(&Draft::new("SOP-REV-told").command("echo AXOLOTL", "").command("exit 3", ""));
    settings(&world, &format!("traces: {{ endpoint: \"{}/v1/traces\" }}", collector.address));
    let run = crate::runs_world::started(&world, "SOP-REV-told", &[]);
    world.done(&["cancel", &run, "--as", "cro", "--reason", "enough"]);
    world.drive();
    let spans = collector.spans();
    let whole = only(&spans, |span| span.name == "run");
    assert_eq!((told(whole, "sopd.run.id"), told(whole, "sopd.sop.id")), (run, "SOP-REV-told".to_owned()));
    let good = only(&spans, |span| span.name == "step" && told(span, "sopd.step.number") == "1");
    let bad = only(&spans, |span| span.name == "step" && told(span, "sopd.step.number") == "2");
    for step in [good, bad] {
        assert_eq!((&step.trace_id, &step.parent_span_id), (&whole.trace_id, &whole.span_id));
    }
    assert_eq!((told(good, "sopd.state"), told(bad, "sopd.state")), ("completed".into(), "failed".into()));
    assert_eq!(bad.status.as_ref().unwrap().code, 2, "an error");
    let command = only(&spans, |span| span.name == "run_command" && span.parent_span_id == good.span_id);
    assert_eq!(command.trace_id, whole.trace_id);
    assert!(!collector.text().contains("AXOLOTL"));
}

#[test]
fn a_collector_that_is_down_holds_up_nothing() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let world = with(&Draft::new("SOP-REV-told").command("echo done", ""));
    settings(&world, &format!("traces: {{ endpoint: \"http://{}\" }}", closed.local_addr().unwrap()));
    drop(closed);
    let run = crate::runs_world::started(&world, "SOP-REV-told", &[]);
    let state = world.json(&["show", &run])["run"]["state"].clone();
    assert_eq!(state, json!("completed"));
}
