//! What the outbox promises: at least once, under one key, whatever the server or this process does; nothing waits for
//! it; what could not be sent is seen; no secret is.

use crate::fake_openai::{FakeOpenAi, Reply};
use crate::faults_world::{World, example, given, until};
use crate::notify_world::{
    KEY, MailServer, PASSWORD, address, bodies, configure, open, question, sink, told_at,
};
use serde_json::{Value, json};
use sopd::base::Clock;
use sopd::decision::{DecisionKind, Verb};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

fn sopd(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_sopd")).args(arguments).current_dir(world.root()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn listed(world: &World) -> Value {
    let (code, out, err) = sopd(world, &["notifications", "--json"]);
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn ids(sink: &FakeOpenAi) -> Vec<String> {
    sink.requests().iter().map(|request| request.header("webhook-id").unwrap().to_owned()).collect()
}

#[test]
fn a_server_that_fails_is_tried_again_under_the_same_key_until_it_takes_the_message() {
    let tries = AtomicUsize::new(0);
    let crm = FakeOpenAi::start(move |_| match tries.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::status(500, "down"),
        1 => Reply::slow_down("3600"),
        2 => Reply::raw("").cut(0),
        _ => Reply::raw("ok"),
    });
    let world = told_at(&crm);
    world.submit(&example(&world, "4"));
    world.settle();
    assert_eq!(world.only().ask.kind, DecisionKind::Forward, "the mission went on all the same");
    let waits = listed(&world);
    assert_eq!((waits["waiting"].as_u64(), waits["failed"].as_u64()), (Some(2), Some(0)), "{waits:#}");
    assert!(waits["messages"][0]["trouble"].as_str().unwrap().contains("(500)"), "{waits:#}");
    world.settle();
    assert_eq!(crm.count(), 1, "not before its pause is over");
    world.clock.set(world.clock.now().plus_millis(2_000));
    world.settle();
    world.clock.set(world.clock.now().plus_millis(3_500_000));
    world.settle();
    assert_eq!(crm.count(), 2, "it asked to be left alone for an hour");
    for _ in 0..2 {
        world.hours(2);
        world.settle();
    }
    let ids = ids(&crm);
    let kept: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert!(ids.len() >= 4, "{ids:?}");
    assert_eq!(ids[..4].iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "{ids:?}");
    assert_eq!(kept.len(), ids.len() - 3, "what came meanwhile went after it, once: {ids:?}");
    let data: Vec<Value> = bodies(&crm)[..4].iter().map(|body| body["data"].clone()).collect();
    assert!(data.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(listed(&world)["waiting"], 0);
}

#[test]
fn what_is_refused_or_tried_too_often_is_given_up_and_seen_and_no_secret_is_told() {
    let gone = FakeOpenAi::start(|_| Reply::status(404, "no_service"));
    let down = FakeOpenAi::start(|_| Reply::status(503, ""));
    let mail = MailServer::start(Some("550 no such user"));
    let world = World::standing();
    let settings = format!(
        "  attempts: 2\n  slack: {{ ops: {{ url: OPS_URL }} }}\n  webhook: {{ crm: {{ url: CRM_URL, key: CRM_KEY }} }}
  smtp: {{ mail: {{ host: 127.0.0.1, port: {}, security: none, user: sopd, password: MAIL, from: a@desk.example }} }}
  exec: {{ bell: {{ command: [/bin/sh, -c, \"echo no bell >&2; exit 3\"] }}, slow: {{ command: [/bin/sh, -c, \"sleep 60\"], time_limit: 1 second }} }}
  operations: {{ ops: {{}}, crm: {{}}, mail: {{ to: x@desk.example }}, bell: {{}}, slow: {{}} }}\n",
        mail.port
    );
    let secrets =
        [("OPS_URL", &*address(&gone)), ("CRM_URL", &address(&down)), ("CRM_KEY", KEY), ("MAIL", PASSWORD)];
    configure(&world, &settings, &secrets);
    world.settle();
    world.submit(&example(&world, "4"));
    world.settle();
    world.clock.set(world.clock.now().plus_millis(10_000));
    world.settle();
    let told = listed(&world);
    assert_eq!((told["waiting"].as_u64(), told["failed"].as_u64()), (Some(0), Some(10)), "{told:#}");
    let trouble = |channel: &str| -> String {
        let mut all = told["messages"].as_array().unwrap().iter();
        all.find(|message| message["channel"] == channel).unwrap()["trouble"].as_str().unwrap().to_owned()
    };
    assert_eq!(trouble("ops"), "the service refused the request (404): no_service");
    assert!(trouble("crm").starts_with("given up after 2 tries: "), "{}", trouble("crm"));
    assert!(
        trouble("mail").contains("550") && trouble("mail").contains("no such user"),
        "{}",
        trouble("mail")
    );
    assert!(trouble("bell").contains("no bell"), "{}", trouble("bell"));
    assert!(trouble("slow").contains("took longer than 1 second"), "{}", trouble("slow"));
    assert_eq!((gone.count(), down.count()), (1, 2));
    let (_, doctor, _) = sopd(&world, &["doctor"]);
    assert!(doctor.contains("10 notices could not be sent"), "{doctor}");
    for channel in ["ops", "crm", "mail"] {
        let (code, out, err) = sopd(&world, &["notifications", "test", channel]);
        assert_eq!(code, 1, "{out}");
        assert!(err.contains(channel) && !err.contains("CANARY") && !err.contains(KEY), "{err}");
    }
    for name in crate::faults_world::all_files(world.root()).iter().filter(|name| *name != "secrets.env") {
        let bytes = std::fs::read(world.path(name)).unwrap_or_default();
        assert!(!bytes.windows(6).any(|six| six == b"CANARY"), "{name} holds a secret");
    }
}

#[test]
fn a_kill_between_sending_and_recording_repeats_one_message_with_the_same_key() {
    let crm = sink();
    let world = told_at(&crm);
    world.submit(&example(&world, "4"));
    let killed = world.process(&["--until-idle"], &[("SOPD_FAULT", "notify/sent")]).status().unwrap();
    assert!(!killed.success());
    assert_eq!(crm.count(), 1);
    world.clock.set(Clock::System.now().plus_millis(3_600_000));
    world.settle();
    world.settle();
    let ids = ids(&crm);
    assert_eq!(ids[0], ids[1], "{ids:?}");
    assert_eq!(ids.iter().filter(|id| **id == ids[0]).count(), 2, "{ids:?}");
    assert_eq!(bodies(&crm)[0]["data"], bodies(&crm)[1]["data"]);
    let all = crate::notify_world::notices(&crm);
    let once: std::collections::BTreeSet<String> = all.iter().map(Value::to_string).collect();
    assert_eq!(
        once.len(),
        all.len() - bodies(&crm)[0]["data"]["notices"].as_array().unwrap().len(),
        "{all:#?}"
    );
    let killed = world.process(&["--until-idle"], &[("SOPD_FAULT", "notify/recorded")]).status().unwrap();
    assert!(killed.success(), "there is nothing left to send");
}

#[test]
fn a_server_that_hangs_holds_up_neither_the_work_nor_other_channels_and_outlives_a_kill() {
    let tries = AtomicUsize::new(0);
    let hung = FakeOpenAi::start(move |_| match tries.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::hang(),
        _ => Reply::raw("ok"),
    });
    let mail = MailServer::start(None);
    let world = World::new();
    let settings = format!(
        "  webhook: {{ crm: {{ url: CRM_URL, key: CRM_KEY }} }}
  smtp: {{ mail: {{ host: 127.0.0.1, port: {}, security: none, user: sopd, password: MAIL, from: a@desk.example }} }}
  operations: {{ crm: {{}} }}\n  parties: {{ chief.staff: {{ mail: {{ to: cs@desk.example }} }} }}\n",
        mail.port
    );
    configure(&world, &settings, &[("CRM_URL", &address(&hung)), ("CRM_KEY", KEY), ("MAIL", PASSWORD)]);
    world.settle();
    let mut daemon = world.start();
    world.submit(&example(&world, "4"));
    until("the first message hangs", || hung.count() == 1);
    until("the mission goes on to its decision", || !world.open().is_empty());
    until("others hear of it", || {
        mail.mails().iter().any(|mail| mail.text.contains("Subject: Forward SOP-"))
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let mut daemon = world.start();
    until("everything is sent", || hung.count() >= 2 && listed(&world)["waiting"] == 0);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let ids = ids(&hung);
    assert_eq!(ids[0], ids[1], "{ids:?}");
    let whats = crate::notify_world::whats(&crate::notify_world::notices(&hung));
    assert!(whats.contains("approval_required") && whats.contains("mission_accepted"), "{whats:?}");
}

#[test]
fn a_mail_server_that_was_down_gets_the_mail_once_it_is_up() {
    let mail = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = mail.local_addr().unwrap();
    drop(mail);
    let world = World::standing();
    let settings = format!(
        "  smtp: {{ mail: {{ host: 127.0.0.1, port: {}, security: none, user: sopd, password: MAIL, from: a@desk.example }} }}
  parties: {{ ceo: {{ mail: {{ to: ceo@desk.example }} }} }}\n",
        there.port()
    );
    configure(&world, &settings, &[("MAIL", PASSWORD)]);
    world.settle();
    let id = world.submit(&example(&world, "4"));
    world.settle();
    assert!(
        listed(&world)["messages"][0]["trouble"].as_str().unwrap().contains("mail server"),
        "{:#}",
        listed(&world)
    );
    let wanted = ["meanwhile", "answered"].map(|name| question(&id, name, DecisionKind::Question, "ceo"));
    let asked = open(&world, wanted.to_vec());
    world.settle();
    // What is answered before it could be sent is not asked any more.
    world.resolve(&asked[1], Verb::Answer, given("ceo", "this")).unwrap();
    let mail = MailServer::at(there, None);
    world.hours(5);
    world.settle();
    let subjects = json!(mail.mails().iter().map(|mail| mail.text.clone()).collect::<Vec<_>>()).to_string();
    assert_eq!(mail.mails().len(), 2, "{subjects}");
    assert!(
        subjects.contains("Subject: Accepted:")
            && subjects.contains("Say what meanwhile is")
            && !subjects.contains("Say what answered is"),
        "{subjects}"
    );
}

#[test]
fn a_channel_is_tried_out_by_hand_and_what_is_not_there_is_explained() {
    let crm = sink();
    let world = told_at(&crm);
    let (code, out, _) = sopd(&world, &["notifications", "test", "crm", "--json"]);
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()["sent"].clone()), (0, json!(["crm"])));
    assert_eq!(bodies(&crm)[0]["data"]["notices"][0]["headline"], "Test: this channel works");
    let (code, _, err) = sopd(&world, &["notifications", "test", "ceo"]);
    assert!(code == 5 && err.contains("there are crm"), "{err}");
    configure(
        &world,
        "  webhook: { crm: { url: NOT_SET_ANYWHERE, key: CRM_KEY } }\n  operations: { crm: {} }\n",
        &[("CRM_KEY", KEY)],
    );
    let (code, _, err) = sopd(&world, &["notifications", "test", "crm"]);
    assert!(code == 1 && err.contains("NOT_SET_ANYWHERE is not set"), "{err}");
    let (_, doctor, _) = sopd(&world, &["doctor"]);
    assert!(doctor.contains("NOT_SET_ANYWHERE not set"), "{doctor}");
    configure(&world, "  operations: { bell: {} }\n", &[]);
    let (code, _, err) = sopd(&world, &["notifications", "test", "bell"]);
    assert!(code == 3 && err.contains("sopd.yaml:7: there is no channel `bell`"), "{err}");
}
