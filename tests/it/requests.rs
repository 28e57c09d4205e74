//! HTTP requests of a run against a real server: what goes out, what comes back, and each way it can fail.

use serde_json::{Value, json};
use sopd::base::Exact;
use sopd::base::Instant;
use sopd::run::http::{HttpFault, HttpLimits, Reach, Response, parse, render, send};
use sopd::sop::expression::Scope;
use std::collections::BTreeMap;
use std::time::Duration;
use wiremock::matchers::{body_string, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "t0ken-\"t0ken";

async fn sent(block: &str, limits: HttpLimits) -> Result<Response, HttpFault> {
    let inputs = serde_json::from_str(r#"{ "id": "L 1", "note": "a \"b\"\nc" }"#).unwrap();
    let values = Scope { inputs, ..Scope::default() };
    let secrets = BTreeMap::from([("TOKEN".to_owned(), SECRET.to_owned())]);
    let ready = render(&parse(block).unwrap(), &values, &secrets).unwrap();
    let reach = Reach::new(Duration::from_secs(5), Duration::from_secs(30));
    send(&reach, &ready, "sop_run_abc/2", limits).await
}

async fn answered(answer: ResponseTemplate) -> Result<Response, HttpFault> {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(answer).expect(1).mount(&server).await;
    sent(
        &format!("GET {}/x\nAuthorization: Bearer {{{{ secrets.TOKEN }}}}", server.uri()),
        HttpLimits::default(),
    )
    .await
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_shown_and_its_values_come_back() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/leads/L%201"))
        .and(query_param("to", "L 1"))
        .and(header("Idempotency-Key", "sop_run_abc/2"))
        .and(header("X-Token", SECRET))
        .and(header("Content-Type", "application/json"))
        .and(body_string("{\"note\": \"a \\\"b\\\"\\nc\"}"))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({ "score": 70, "echo": SECRET })))
        .expect(1)
        .mount(&server)
        .await;
    let block = format!(
        "POST {}/leads/{{{{ inputs.id }}}}?to={{{{ inputs.id }}}} HTTP/1.1\nX-Token: {{{{ secrets.TOKEN }}}}\n\n{{\"note\": \"{{{{ inputs.note }}}}\"}}",
        server.uri()
    );
    let response = sent(&block, HttpLimits::default()).await.unwrap();
    assert_eq!((response.status, response.truncated), (201, false));
    assert_eq!(response.values.get("score"), Some(&Exact::Number("70".to_owned())));
    let tail: Value = serde_json::from_str(&response.tail).unwrap();
    assert_eq!(tail, json!({ "score": 70, "echo": "[redacted]" }));
}

#[tokio::test]
async fn answers_are_told_apart_by_whether_waiting_is_worth_it() {
    for (status, outage) in [
        (408, true),
        (425, true),
        (429, true),
        (500, true),
        (503, true),
        (400, false),
        (404, false),
        (501, false),
    ] {
        let answer = ResponseTemplate::new(status)
            .insert_header("Retry-After", "3600")
            .set_body_string(format!("no, {SECRET}"));
        let fault = answered(answer).await.unwrap_err();
        match &fault {
            HttpFault::Outage { perhaps_done, .. } => {
                assert!(outage, "{status}");
                assert_eq!(fault.wait(Instant(0), Duration::from_mins(1)), Some(Duration::from_mins(1)));
                assert_eq!(*perhaps_done, !matches!(status, 425 | 429), "{status}");
            }
            HttpFault::Refused { status: said, tail } => {
                assert!(!outage && *said == status && tail == "no, [redacted]", "{status}: {tail}");
            }
            HttpFault::BadRequest(why) => panic!("{status}: {why}"),
        }
    }
}

#[tokio::test]
async fn only_the_expected_status_is_success_and_no_redirect_is_followed() {
    let elsewhere = ResponseTemplate::new(302).insert_header("Location", "http://127.0.0.1:1/");
    assert!(matches!(answered(elsewhere).await, Err(HttpFault::Refused { status: 302, .. })));
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(409)).mount(&server).await;
    let block = format!("GET {}/\nExpect-Status: 404, 409-410", server.uri());
    assert_eq!(sent(&block, HttpLimits::default()).await.unwrap().status, 409);
    let block = format!("GET {}/\nExpect-Status: 200", server.uri());
    assert!(matches!(sent(&block, HttpLimits::default()).await, Err(HttpFault::Refused { status: 409, .. })));
}

#[tokio::test]
async fn large_answers_are_cut_and_slow_or_absent_services_are_outages() {
    let server = MockServer::start().await;
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(100_000));
    Mock::given(path("/long"))
        .respond_with(ResponseTemplate::new(200).set_body_string(long))
        .mount(&server)
        .await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_mins(1));
    Mock::given(path("/slow")).respond_with(slow).mount(&server).await;
    let limits = HttpLimits { time: Duration::from_millis(300), answer_bytes: 50_000, tail_bytes: 10 };
    let response =
        sent(&format!("GET {}/long", server.uri()), HttpLimits { time: Duration::from_secs(30), ..limits })
            .await;
    let response = response.unwrap();
    assert!(response.truncated && response.values.is_empty() && response.tail == "x".repeat(10));
    let fault = sent(&format!("GET {}/slow", server.uri()), limits).await.unwrap_err();
    assert!(matches!(fault, HttpFault::Outage { perhaps_done: true, retry_after: None, .. }), "{fault}");
    // A port nobody listens on: bound, looked up, given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fault = sent(&format!("GET http://{free}/?k={{{{ secrets.TOKEN }}}}"), HttpLimits::default())
        .await
        .unwrap_err();
    assert!(matches!(fault, HttpFault::Outage { perhaps_done: false, .. }), "{fault}");
    assert!(!fault.to_string().contains("t0ken"), "{fault}");
}

#[tokio::test]
async fn what_no_header_can_carry_is_not_sent() {
    let server = MockServer::start().await;
    let request = parse(&format!("GET {}/\nX-Note: {{{{ inputs.note }}}}", server.uri())).unwrap();
    let noted = |note: &str| Scope {
        inputs: [("note".to_owned(), Exact::Text(note.to_owned()))].into(),
        ..Scope::default()
    };
    let refused = render(&request, &noted("a\r\nX-Evil: 1"), &BTreeMap::new());
    assert_eq!(refused.err().unwrap(), "{{ inputs.note }} holds a line break, which no header may");
    let fine = render(&request, &noted("é"), &BTreeMap::new()).unwrap();
    let reach = Reach::new(Duration::from_secs(5), Duration::from_secs(30));
    let bad = send(&reach, &fine, "a\nb", HttpLimits::default()).await.unwrap_err();
    assert!(matches!(&bad, HttpFault::BadRequest(why) if why.contains("Idempotency-Key")), "{bad}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}
