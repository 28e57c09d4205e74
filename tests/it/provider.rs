//! The provider against a model server that misbehaves in every way seen in the wild: each fault keeps its kind and
//! its words, nothing is asked twice in silence, and no key is ever shown.

use crate::fake_openai::{FakeOpenAi, Question, Reply};
use serde_json::{Value, json};
use sopd::agent::provider::{
    AnswerFormat, Completion, Endpoint, Failure, Fault, Finish, OpenAi, Request, RetryAfter, Tokens, models,
};
use sopd::base::{Instant, Problem};
use std::time::Duration;

const KEY: &str = "sk-canary-4711";
/// Long enough for a loaded machine to answer, short enough to wait for in a test.
const PATIENCE: Duration = Duration::from_millis(300);

fn endpoint(url: &str) -> Endpoint {
    let long = Duration::from_secs(30);
    Endpoint {
        api_key: Some(KEY.to_owned()),
        read_timeout: long,
        total_timeout: long,
        max_answer_bytes: 100_000,
        ..Endpoint::new(url, "some-model")
    }
}

fn request() -> Request {
    let schema = json!({
        "type": "object", "required": ["done"], "additionalProperties": false,
        "properties": {"done": {"type": "boolean"}},
    });
    Request {
        system: "You draft.".to_owned(),
        user: "Draft it.".to_owned(),
        schema,
        schema_name: "draft".to_owned(),
        max_tokens: 500,
        temperature: Some(0.5),
        seed: Some(7),
    }
}

fn good() -> Reply {
    Reply::json(&json!({"done": true}))
}

async fn ask(server: &FakeOpenAi) -> Result<Completion, Failure> {
    OpenAi::new(endpoint(&server.url())).unwrap().complete(&request()).await
}

/// Asks a server that always gives this reply; checks that it was asked once and that the key stays hidden.
async fn failure(reply: Reply) -> Failure {
    failure_at(reply, |endpoint| endpoint).await
}

async fn failure_at(reply: Reply, change: impl Fn(Endpoint) -> Endpoint) -> Failure {
    let server = FakeOpenAi::start(move |_| reply.clone());
    let provider = OpenAi::new(change(endpoint(&server.url()))).unwrap();
    let failure = provider.complete(&request()).await.unwrap_err();
    assert_eq!((server.count(), failure.requests), (1, 1), "{failure}");
    let shown = format!("{failure} {failure:?} {:?}", Problem::from(failure.fault.clone()));
    assert!(!shown.contains(KEY), "{shown}");
    failure
}

#[tokio::test]
async fn an_answer_comes_with_its_figures_and_one_request() {
    let server = FakeOpenAi::start(|_| good());
    let completion = ask(&server).await.unwrap();
    assert_eq!(completion.text, r#"{"done":true}"#);
    assert_eq!(completion.model, "fake-1");
    assert_eq!(completion.tokens, Some(Tokens { input: 100, output: 20, cached: 40 }));
    assert_eq!((completion.finish, completion.format), (Finish::Stop, AnswerFormat::JsonSchema));
    assert_eq!((completion.requests, server.count()), (1, 1));

    let sent = &server.requests()[0];
    assert_eq!(sent.header("authorization"), Some("Bearer sk-canary-4711"));
    let expected = json!({
        "model": "some-model", "stream": false, "max_tokens": 500, "temperature": 0.5, "seed": 7,
        "messages": [{"role": "system", "content": "You draft."}, {"role": "user", "content": "Draft it."}],
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "draft", "strict": true, "schema": request().schema,
        }},
    });
    assert_eq!(serde_json::from_str::<Value>(&sent.body).unwrap(), expected);
    assert_eq!(server.times().len(), 1);
}

#[tokio::test]
async fn a_responder_sees_the_question_taken_apart() {
    let server = FakeOpenAi::start(|question| {
        let Question { index, model, system, user, format, schema_name, .. } = question;
        Reply::text(&format!("{index}|{model}|{system}|{user}|{format}|{schema_name}"))
    });
    models(&endpoint(&server.url())).await.unwrap();
    let completion = ask(&server).await.unwrap();
    assert_eq!(completion.text, "1|some-model|You draft.|Draft it.|json_schema|draft");
}

#[test]
fn the_environment_changes_nothing() {
    let story = "provider::an_answer_comes_with_its_figures_and_one_request";
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", story]);
    for name in
        ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"]
    {
        again.env(name, "not\nfor us");
    }
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        again.env(name, "http://127.0.0.1:1");
    }
    let output = again.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn each_status_keeps_its_kind_and_its_words() {
    let quota = json!({"error": {"message": "no credit left", "code": "insufficient_quota"}}).to_string();
    for (reply, transient, words) in [
        (
            Reply::slow_down("3600"),
            true,
            "the model server asks to slow down (429) and to come back after 3600 s",
        ),
        (
            Reply::slow_down("Wed, 21 Oct 2015 07:28:00 GMT"),
            true,
            "the model server asks to slow down (429) and to come back at 2015-10-21T07:28:00.000Z",
        ),
        (Reply::error(429, "too many"), true, "the model server asks to slow down (429)"),
        (Reply::status(429, quota), false, "the model server rejected the request (429): no credit left"),
        (Reply::error(500, "on fire"), true, "the model server failed (500): on fire"),
        (Reply::status(503, "<h1>busy\n</h1>"), true, "the model server failed (503): <h1>busy </h1>"),
        (Reply::status(502, ""), true, "the model server failed (502)"),
        (Reply::error(400, "too long"), false, "the model server rejected the request (400): too long"),
        (
            Reply::error(401, "bad key sk-canary-4711"),
            false,
            "the model server rejected the request (401): bad key [key]",
        ),
        (
            Reply::status(404, "no such model"),
            false,
            "the model server rejected the request (404): no such model",
        ),
        (
            Reply::status(307, "").header("Location", "http://127.0.0.1:9/v1/chat/completions"),
            false,
            "the model server rejected the request (307)",
        ),
    ] {
        let failure = failure(reply).await;
        assert_eq!(failure.to_string(), words);
        assert_eq!(failure.fault.is_transient(), transient, "{words}");
    }
}

#[tokio::test]
async fn a_wait_of_an_hour_is_told_at_once_and_capped_by_the_caller() {
    let fault = failure(Reply::slow_down("3600")).await.fault;
    assert_eq!(fault, Fault::RateLimited { retry_after: Some(RetryAfter::Seconds(3600)) });
    let cap = Duration::from_mins(1);
    assert_eq!(fault.wait(Instant(0), cap), Some(cap));
    let busy = failure(Reply::error(503, "busy").header("Retry-After", "7")).await.fault;
    assert_eq!(busy.wait(Instant(0), cap), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let total = |endpoint| Endpoint { total_timeout: PATIENCE, ..endpoint };
    let read = |endpoint| Endpoint { read_timeout: PATIENCE, ..endpoint };
    for failure in [
        failure_at(Reply::hang(), total).await,
        failure_at(Reply::hang(), read).await,
        failure_at(good().stall(40), total).await,
        failure_at(good().stall(40), read).await,
        failure_at(good().after(Duration::from_hours(1)), total).await,
    ] {
        assert!(matches!(failure.fault, Fault::TimedOut { after } if after >= 300), "{failure:?}");
        assert!(
            failure.to_string().starts_with("the model server gave no whole answer within "),
            "{failure}"
        );
        assert!(failure.fault.is_transient() && failure.millis >= 300);
    }
}

#[tokio::test]
async fn a_status_counts_although_its_text_never_comes() {
    // Longer than elsewhere: here the head must arrive in time even on a busy machine.
    let patience = |endpoint| Endpoint { read_timeout: 6 * PATIENCE, ..endpoint };
    let failure = failure_at(Reply::slow_down("9").stall(4), patience).await;
    assert_eq!(failure.fault, Fault::RateLimited { retry_after: Some(RetryAfter::Seconds(9)) });
}

#[tokio::test]
async fn an_answer_without_its_end_is_no_answer() {
    let no_finish = Reply::choice(&json!({"message": {"content": "{}"}}));
    let null_finish = Reply::choice(&json!({"message": {"content": "{}"}, "finish_reason": null}));
    for (reply, words) in [
        (good().cut(0), "connection closed before message completed"),
        (good().cut(50), "end of file before message length reached"),
        (Reply::raw(r#"{"choices":[{"message":{"content":"{\"do"#), "its JSON has no end"),
        (Reply::raw(""), "the server sent nothing"),
        (no_finish, "the server gives no finish_reason"),
        (null_finish, "the server gives no finish_reason"),
    ] {
        let failure = failure(reply).await;
        assert!(matches!(failure.fault, Fault::Cut(_)) && failure.fault.is_transient(), "{failure:?}");
        assert_eq!(failure.to_string(), format!("the model's answer stopped before its end: {words}"));
    }
}

#[tokio::test]
async fn answers_that_are_none_say_why_and_what_they_cost() {
    for (reply, fault, words) in [
        (
            Reply::refusal("I cannot help with that."),
            Fault::Refused("I cannot help with that.".to_owned()),
            "the model refused to answer: I cannot help with that.",
        ),
        (Reply::text(""), Fault::Empty, "the model's answer is empty"),
        (Reply::text(" \n"), Fault::Empty, "the model's answer is empty"),
        (Reply::choice(&json!({"finish_reason": "stop"})), Fault::Empty, "the model's answer is empty"),
        (
            Reply::choice(
                &json!({"finish_reason": "tool_calls", "message": {"content": null, "tool_calls": [{"id": "1"}]}}),
            ),
            Fault::Malformed(
                "the answer calls a tool, which no request of ours offers, and holds no text".to_owned(),
            ),
            "the model server does not speak the protocol: the answer calls a tool, which no request of ours offers, and holds no text",
        ),
        (Reply::finish("length", "{\"do"), Fault::Truncated, "the model's answer ran into its token limit"),
        (
            Reply::finish("content_filter", ""),
            Fault::Filtered,
            "the provider's content filter held the answer back",
        ),
    ] {
        let failure = failure(reply).await;
        assert_eq!((failure.to_string().as_str(), &failure.fault), (words, &fault));
        assert_eq!(failure.tokens, Some(Tokens { input: 100, output: 20, cached: 40 }));
    }
}

#[tokio::test]
async fn what_is_not_the_protocol_is_said_so() {
    for (reply, words) in [
        (Reply::raw("<html>Sign in</html>"), "the answer is no JSON: <html>Sign in</html>"),
        (Reply::raw("sk-canary-4711"), "the answer is no JSON: [key]"),
        (Reply::raw("[]"), "the answer holds no choice"),
        (Reply::raw(r#"{"choices":[]}"#), "the answer holds no choice"),
        (
            Reply::raw(r#"{"error":{"message":"model is loading"}}"#),
            "the answer holds an error: model is loading",
        ),
    ] {
        let failure = failure(reply).await;
        assert!(!failure.fault.is_transient());
        assert_eq!(failure.to_string(), format!("the model server does not speak the protocol: {words}"));
    }
}

#[tokio::test]
async fn a_huge_answer_is_refused_without_reading_it() {
    let ten_megabytes = Reply::text(&"x".repeat(10 * 1024 * 1024));
    for reply in [ten_megabytes, Reply::endless()] {
        let failure = failure(reply).await;
        assert_eq!(failure.fault, Fault::TooLarge { limit: 100_000 });
        assert_eq!(failure.to_string(), "the model's answer is larger than 100000 bytes");
    }
    // An endless error text does not hide the status.
    assert!(matches!(
        failure(Reply::endless().with_status(500)).await.fault,
        Fault::Server { status: 500, .. }
    ));
}

#[tokio::test]
async fn nobody_at_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let failure = OpenAi::new(endpoint(&url)).unwrap().complete(&request()).await.unwrap_err();
    assert!(matches!(failure.fault, Fault::Unreachable(_)) && failure.fault.is_transient());
    let problem = Problem::from(failure.fault).to_string();
    insta::assert_snapshot!(problem, @r"
    the model server cannot be reached: Connection refused (os error 111)
      hint: check that the server runs and that its address is right
    ");
}

#[tokio::test]
async fn unknown_words_do_not_waste_the_answer() {
    let odd = json!({
        "id": 7, "created": "now", "service_tier": "platinum", "usage": {"prompt_tokens": "many"},
        "choices": [{"finish_reason": "paused_for_tea", "message": {"content": "{\"done\":true}", "role": "oracle"}}],
    });
    let server = FakeOpenAi::start(move |_| Reply::status(201, odd.to_string()));
    let completion = ask(&server).await.unwrap();
    assert_eq!(completion.finish, Finish::Other("paused_for_tea".to_owned()));
    assert_eq!((completion.text.as_str(), completion.model.as_str()), (r#"{"done":true}"#, "some-model"));
    assert_eq!(completion.tokens, None);
}

/// Refuses the formats given, as LM Studio, `DeepSeek` and others word it.
fn lacking(formats: &'static [&'static str]) -> impl Fn(&Question) -> Reply {
    move |question| {
        if formats.contains(&question.format.as_str()) {
            Reply::error(400, &format!("response_format type '{}' is not supported", question.format))
        } else {
            good()
        }
    }
}

#[tokio::test]
async fn a_server_without_schemas_is_asked_otherwise_and_remembered() {
    for (formats, format, requests) in [
        (&["json_schema"][..], AnswerFormat::JsonObject, 2),
        (&["json_schema", "json_object"], AnswerFormat::Plain, 3),
    ] {
        let server = FakeOpenAi::start(lacking(formats));
        let provider = OpenAi::new(endpoint(&server.url())).unwrap();
        let first = provider.complete(&request()).await.unwrap();
        assert_eq!((first.format, first.requests, server.count()), (format, requests, requests as usize));
        let second = provider.complete(&request()).await.unwrap();
        assert_eq!((second.format, second.requests), (format, 1));

        let last: Value = serde_json::from_str(&server.requests().pop().unwrap().body).unwrap();
        let system = last["messages"][0]["content"].as_str().unwrap();
        assert!(system.starts_with("You draft.\n\nAnswer with one JSON object only"), "{system}");
        assert!(system.ends_with(&request().schema.to_string()), "{system}");
    }
}

#[tokio::test]
async fn every_request_of_a_hopeless_call_is_counted() {
    let server =
        FakeOpenAi::start(|_| Reply::error(400, "response_format, seed and temperature are unknown"));
    let failure = ask(&server).await.unwrap_err();
    assert_eq!((failure.requests, server.count()), (5, 5));
    assert!(matches!(failure.fault, Fault::Rejected { status: 400, .. }));
}

#[tokio::test]
async fn a_schema_ignored_in_silence_stands_in_the_next_prompt() {
    for wrong in [Reply::json(&json!({"finished": "yes"})), Reply::text("Here you are!")] {
        let server = FakeOpenAi::start(move |_| wrong.clone());
        let provider = OpenAi::new(endpoint(&server.url())).unwrap();
        // One answer that does not fit is repaired; a second one in a row says that the schema is ignored.
        for _ in 0..2 {
            let first = provider.complete(&request()).await.unwrap();
            assert_eq!((first.format, first.requests), (AnswerFormat::JsonSchema, 1));
        }
        assert_eq!(provider.complete(&request()).await.unwrap().format, AnswerFormat::JsonObject);
        let other = Request { schema_name: "other".to_owned(), ..request() };
        assert_eq!(provider.complete(&other).await.unwrap().format, AnswerFormat::JsonSchema);
        assert_eq!(server.count(), 4);
    }
}

#[tokio::test]
async fn reasoning_models_get_the_fields_they_insist_on() {
    let server = FakeOpenAi::start(|question| {
        if question.body.get("max_tokens").is_some() {
            Reply::error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        } else if question.body.get("temperature").is_some() {
            Reply::error(400, "Unsupported value: 'temperature' does not support 0.5 with this model.")
        } else {
            good()
        }
    });
    let completion = ask(&server).await.unwrap();
    assert_eq!((completion.requests, completion.format), (3, AnswerFormat::JsonSchema));
}

#[tokio::test]
async fn models_are_listed_for_the_doctor() {
    let server = FakeOpenAi::start(|_| good());
    assert_eq!(models(&endpoint(&format!("{}/", server.url()))).await, Ok(vec!["fake-1".to_owned()]));
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer sk-canary-4711"));
    let elsewhere = models(&endpoint(&server.url().replace("/v1", "/v9"))).await.unwrap_err();
    assert!(matches!(elsewhere, Fault::Rejected { status: 404, .. }), "{elsewhere:?}");
}

#[test]
fn a_key_with_a_line_break_is_refused_and_not_shown() {
    let bad = Endpoint { api_key: Some(format!("{KEY}\n")), ..Endpoint::new("http://127.0.0.1:1/v1", "m") };
    assert!(!format!("{bad:?}").contains(KEY));
    let fault = OpenAi::new(bad).unwrap_err();
    assert!(!fault.is_transient() && !format!("{fault:?}").contains(KEY));
    insta::assert_snapshot!(
        Problem::from(fault),
        @"the endpoint cannot be used: its key holds a line break; look for one at the end of the file or variable it comes from"
    );
}

#[test]
fn no_debug_text_shows_the_key() {
    let provider = OpenAi::new(endpoint("http://127.0.0.1:1/v1")).unwrap();
    let shown = format!("{provider:?} {:?}", provider.endpoint());
    assert!(!shown.contains(KEY) && shown.contains("some-model"), "{shown}");
    let careless = Endpoint::new(format!("http://user:{KEY}@host/v1"), "m");
    let fault = OpenAi::new(careless.clone()).unwrap_err();
    assert!(!format!("{careless:?} {fault} {fault:?}").contains(KEY));
}

#[tokio::test]
async fn many_questions_at_once_each_get_their_own_answer() {
    let server = FakeOpenAi::start(|question| Reply::json(&json!({"done": true, "of": question.user})));
    let provider = OpenAi::new(endpoint(&server.url())).unwrap();
    let questions =
        (0..200).map(|n| Request { user: format!("number {n}"), ..request() }).collect::<Vec<_>>();
    let answers =
        futures::future::join_all(questions.iter().map(|question| provider.complete(question))).await;
    for (question, answer) in questions.iter().zip(answers) {
        assert!(answer.unwrap().text.contains(&format!("{}\"", question.user)));
    }
    assert_eq!(server.count(), 200);
}
