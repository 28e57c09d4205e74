//! What is told to whom: each kind of notice reaches its party by every kind of channel; what is switched off, or came
//! before there was a channel, does not.

use crate::fake_openai::FakeOpenAi;
use crate::faults_world::{World, example, given};
use crate::notify_world::{
    KEY, MailServer, PASSWORD, address, bodies, configure, notices, open, question, sink, told_at, whats,
};
use crate::runs_world::{Draft, start};
use serde_json::{Value, json};
use sopd::base::Instant;
use sopd::decision::{self, DecisionKind, NewDecision, OnDeadline, Verb};
use sopd::run::webhook::verify;
use std::collections::BTreeSet;

/// Takes a mission from its file to its publication, with a reminder and an escalation on the way, and on to the day of
/// its SOP's review.
fn published(world: &World) -> String {
    let id = world.submit(&example(world, "4"));
    world.settle();
    world.hours(30);
    world.settle();
    world.say(&world.only(), Verb::Approve, "");
    world.settle();
    world.hours(49);
    world.settle();
    world.resolve(&world.only().id, Verb::Approve, given("ceo", "")).unwrap();
    world.settle();
    world.hours(1);
    world.settle();
    id
}

/// A mission of the ceo's beside the one that is published.
fn another(world: &World) -> String {
    example(world, "3").replace("requested_by: cro", "requested_by: ceo")
}

/// Of everything there is to tell of missions, something.
fn everything(world: &World) {
    published(world);
    let id = world.submit(&another(world));
    world.settle();
    let late = NewDecision {
        on_deadline: OnDeadline::Escalate,
        ..question(&id, "late", DecisionKind::Question, "sales.rep")
    };
    let ids = open(
        world,
        vec![
            question(&id, "question", DecisionKind::Question, "sales.ops"),
            question(&id, "stuck", DecisionKind::Stuck, "chief.staff"),
            late,
        ],
    );
    let above = move |tx: &sopd::journal::Tx<'_>| {
        decision::lapse(tx, &ids[2], &["vp.sales".to_owned()], ("1 day".parse().unwrap(), 2))
    };
    world.guest().journal.append(above).unwrap();
    world.settle();
    world.cancel(&id);
    world.settle();
    spend(world, 900_000);
    world.settle();
    spend(world, 100_000);
    world.settle();
}

/// Uses up so much of the budgets, in micro-dollars.
fn spend(world: &World, micros: i64) {
    let job = move |tx: &sopd::journal::Tx<'_>| {
        tx.db().execute(
            "INSERT INTO spend(call, attempt, mission, at, reserved_micros, reserved_tokens, micros, tokens)
             VALUES(?1, 1, 'M-1', ?2, ?1, 1, ?1, 1)",
            (micros, tx.now().0),
        )?;
        tx.event("sopd", "model_called", &json!({}))
    };
    world.guest().journal.append(job).unwrap();
}

#[test]
fn each_kind_of_notice_is_told_once_with_where_to_look_and_what_is_wanted() {
    let sink = sink();
    let world = told_at(&sink);
    everything(&world);
    let told = notices(&sink);
    let expected: BTreeSet<String> = [
        "mission_accepted",
        "approval_required",
        "reminder",
        "escalation",
        "mission_published",
        "review_due",
        "question",
        "mission_stuck",
        "mission_rejected",
        "budget",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(whats(&told), expected, "{told:#?}");
    let of = |what: &str| told.iter().filter(|notice| notice["what"] == what).collect::<Vec<_>>();
    for (what, count) in [("mission_accepted", 2), ("mission_published", 1), ("review_due", 1), ("budget", 2)]
    {
        assert_eq!(of(what).len(), count, "{what}: {told:#?}");
    }
    let asked = of("approval_required")[0];
    assert!(asked["headline"].as_str().unwrap().starts_with("Forward SOP-FIN-"), "verb first: {asked:#}");
    let lines = asked["lines"].to_string();
    assert!(lines.contains("Answer by 2026-11-17 09:00 UTC; without an answer: asked again."), "{lines}");
    let link = format!("http://desk.example/decisions/{}", asked["decision"]["id"].as_str().unwrap());
    assert_eq!(asked["link"], link);
    assert_eq!(asked["decision"]["hash"].as_str().unwrap().len(), 64);
    assert!(of("question")[0]["lines"].to_string().contains("\\\\u{1b}"), "nothing that a screen obeys");
    assert!(of("budget")[0]["headline"].as_str().unwrap().contains("90 % of it is used"), "{told:#?}");
    assert!(
        of("budget")[1]["headline"].as_str().unwrap().contains("does not hold another call"),
        "{told:#?}"
    );
    assert_eq!(
        of("mission_rejected")[0]["headline"],
        "Cancelled: your mission \"Marketing to sales handoff\""
    );
    signatures(&sink);
    assert_eq!(world.count("SELECT count(*) FROM message WHERE state <> 'sent'"), 0);
    world.assert_sound();
}

/// Every request is signed as Standard Webhooks has it.
fn signatures(sink: &FakeOpenAi) {
    let requests = sink.requests();
    let ids: BTreeSet<&str> = requests.iter().map(|request| request.header("webhook-id").unwrap()).collect();
    assert_eq!(ids.len(), requests.len(), "each has an id of its own");
    for request in &requests {
        let headers: Vec<(String, String)> = request
            .headers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let sent: i64 = request.header("webhook-timestamp").unwrap().parse().unwrap();
        let now = Instant(sent * 1_000);
        let delivery = verify(&headers, request.body.as_bytes(), KEY.as_bytes(), now).unwrap();
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(
            (body["type"].as_str(), body["data"]["id"].as_str()),
            (Some("sopd.notification"), Some(delivery.id.as_str()))
        );
        assert!(verify(&headers, b"{}", KEY.as_bytes(), now).is_err());
    }
}

#[test]
fn every_kind_of_channel_reaches_its_party_and_what_is_switched_off_reaches_nobody() {
    let (slack, crm, mail) = (sink(), sink(), MailServer::start(None));
    let world = World::standing();
    let settings = format!(
        "  mission_accepted: false\n  slack: {{ ops: {{ url: OPS_URL }} }}\n  webhook: {{ crm: {{ url: CRM_URL, key: CRM_KEY }} }}
  smtp: {{ mail: {{ host: 127.0.0.1, port: {}, security: none, user: sopd, password: MAIL, from: \"sopd <sopd@desk.example>\" }} }}
  exec: {{ bell: {{ command: [/bin/sh, -c, \"cat >> told.jsonl; env > told.env\"] }} }}
  parties:
    ceo: {{ mail: {{ to: ceo@desk.example, tell: {{ budget: false }} }} }}
    chief.staff: {{ ops: {{}} }}
    finance.controller: {{ crm: {{ tell: {{ review_due: false }} }} }}
    sales.ops: {{ bell: {{}} }}\n",
        mail.port
    );
    let secrets =
        [("OPS_URL", &*address(&slack)), ("CRM_URL", &address(&crm)), ("CRM_KEY", KEY), ("MAIL", PASSWORD)];
    configure(&world, &settings, &secrets);
    world.settle();
    everything(&world);

    let controller = notices(&crm);
    assert_eq!(whats(&controller), BTreeSet::from(["sop_active".to_owned()]), "{controller:#?}");
    assert_eq!(bodies(&crm)[0]["data"]["party"], "finance.controller");

    let mails = mail.mails();
    let subjects: Vec<&str> = mails
        .iter()
        .filter_map(|mail| mail.text.lines().find_map(|line| line.strip_prefix("Subject: ")))
        .collect();
    for expected in
        ["Publish SOP-FIN-", "Published: SOP-FIN-", "Cancelled: your mission", "Stuck: the mission"]
    {
        assert!(subjects.iter().any(|subject| subject.contains(expected)), "{expected}: {subjects:?}");
    }
    assert!(
        mails.iter().all(|mail| mail.to == "ceo@desk.example" && mail.text.contains("Message-ID: <msg_"))
    );
    assert!(mails[0].text.contains("http://desk.example/decisions/D-"), "{}", mails[0].text);
    let all: String = mails.iter().map(|mail| mail.text.as_str()).collect();
    assert!(!all.contains("Accepted:") && !all.contains("budget"), "{all}");

    let said = bodies(&slack);
    assert!(said[0]["text"].as_str().unwrap().starts_with("Forward SOP-FIN-"), "{said:#?}");
    let blocks = said[0]["blocks"].to_string();
    assert!(
        blocks.contains("\"url\":\"http://desk.example/decisions/D-") && !blocks.contains("\"approve\""),
        "{blocks}"
    );
    let all = json!(said).to_string();
    assert!(all.contains("nobody else knows &lt;it&gt; &amp;"), "{all}");
    assert!(all.contains("Overdue: ") || all.contains("Still waiting: Forward"), "{all}");

    let rung: Vec<Value> =
        world.read("told.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rung.len(), &rung[0]["party"]), (1, &json!("sales.ops")));
    assert_eq!(rung[0]["notices"][0]["headline"], "Say what question is");
    let environment = world.read("told.env");
    assert!(
        environment.contains("PATH=") && !environment.contains("CANARY") && !environment.contains("CARGO"),
        "{environment}"
    );
}

#[test]
fn runs_are_told_of_and_a_step_only_where_somebody_wants_it() {
    let crm = sink();
    let world = crate::world::World::new();
    // Without the day of review: it would come in the middle.
    let settings = crate::notify_world::settings(
        "  webhook: { crm: { url: CRM_URL, key: CRM_KEY } }\n  parties:\n    cro: { crm: { tell: { step_completed: true } } }\n    vp.sales: { crm: {} }\n    chief.staff: { crm: {} }\n",
    );
    world.put("sopd.yaml", &settings.replace("sops: { review_every: 1 second }\n", ""));
    world.put("secrets.env", &format!("CRM_URL={}\nCRM_KEY={KEY}\n", address(&crm)));
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(world.path("secrets.env"), private).unwrap();
    world.activated(&Draft::new("SOP-REV-well").command("echo well", "").text());
    world.activated(&Draft::new("SOP-REV-ill").command("exit 3", "").text());
    world.activated(
        &Draft::new("SOP-REV-gated")
            .command("echo x", "Approval Required: Yes\nApprovers: chief.staff")
            .text(),
    );
    let before = crm.count();
    for sop in ["SOP-REV-well", "SOP-REV-ill", "SOP-REV-gated"] {
        start(&world, sop, &[]);
    }
    world.drive();
    let told = |party: &str| -> BTreeSet<(String, String)> {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let bodies = bodies(&crm).into_iter().skip(before).filter(|body| body["data"]["party"] == party);
        let all = bodies.flat_map(|body| body["data"]["notices"].as_array().unwrap().clone());
        all.map(|one| (word(&one["what"]), word(&one["headline"]))).collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> BTreeSet<(String, String)> {
        pairs.iter().map(|(what, headline)| ((*what).to_owned(), (*headline).to_owned())).collect()
    };
    let ended = [
        ("run_completed", "Completed: SOP-REV-well v1.0, \"Answer one lead\""),
        ("run_failed", "Failed: SOP-REV-ill v1.0, \"Answer one lead\""),
    ];
    assert_eq!(told("vp.sales"), pairs(&ended), "the owner");
    let step = ("step_completed", "Done: step 1 of SOP-REV-well v1.0, \"Do part 1\"");
    assert_eq!(told("cro"), pairs(&[ended[0], ended[1], step]), "who started them");
    assert_eq!(told("chief.staff"), pairs(&[("approval_required", "Let step 1 go ahead: Do part 1")]));
}

#[test]
fn history_is_not_sent_and_without_a_channel_nothing_is_queued() {
    let crm = sink();
    let world = World::standing();
    published(&world);
    assert_eq!(world.count("SELECT count(*) FROM notice"), 0);
    assert_eq!(world.count("SELECT count(*) FROM notice_cursor"), 0);
    let channel = "  webhook: { crm: { url: CRM_URL, key: CRM_KEY } }\n  operations: { crm: {} }\n";
    configure(&world, channel, &[("CRM_URL", &address(&crm)), ("CRM_KEY", KEY)]);
    world.settle();
    assert_eq!(crm.count(), 0, "what happened before there was a channel");
    let id = world.submit(&another(&world));
    world.settle();
    let told = notices(&crm);
    let accepted = ["approval_required", "mission_accepted"].map(str::to_owned);
    assert_eq!(whats(&told), BTreeSet::from(accepted), "{told:#?}");
    // The fact and its answer are read together: what is answered is not asked for.
    let ids = open(&world, vec![question(&id, "moot", DecisionKind::Question, "ceo")]);
    world.resolve(&ids[0], Verb::Answer, given("ceo", "this")).unwrap();
    world.settle();
    assert_eq!(notices(&crm).len(), told.len(), "what was answered meanwhile");
    configure(&world, "  attempts: 3\n", &[]);
    open(&world, vec![question(&id, "silent", DecisionKind::Question, "ceo")]);
    world.settle();
    configure(&world, channel, &[("CRM_URL", &address(&crm)), ("CRM_KEY", KEY)]);
    world.settle();
    assert_eq!(notices(&crm).len(), told.len(), "what happened while there was no channel");
    world.cancel(&id);
    world.settle();
    assert_eq!(whats(&notices(&crm)[told.len()..]), BTreeSet::from(["mission_rejected".to_owned()]));
}

#[test]
fn a_thousand_decisions_at_once_make_few_messages() {
    let (slack, crm) = (sink(), sink());
    let world = World::standing();
    let settings = "  slack: { ops: { url: OPS_URL } }\n  webhook: { crm: { url: CRM_URL, key: CRM_KEY } }\n  parties: { ceo: { ops: {}, crm: {} } }\n";
    configure(
        &world,
        settings,
        &[("OPS_URL", &address(&slack)), ("CRM_URL", &address(&crm)), ("CRM_KEY", KEY)],
    );
    let id = world.submit(&another(&world));
    world.settle();
    let before = (slack.count(), crm.count());
    let wanted = (0..1_000).map(|n| question(&id, &format!("q{n}"), DecisionKind::Question, "ceo"));
    open(&world, wanted.collect());
    world.settle();
    let said = bodies(&slack).split_off(before.0);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["text"], "1000 decisions wait for you");
    let blocks = said[0]["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50 && said[0].to_string().contains("And 985 more: http://desk.example/inbox"));
    let programs = bodies(&crm).split_off(before.1);
    assert_eq!(programs.len(), 10, "a program is told all of them, a hundred at a time");
    let ids: BTreeSet<String> = programs
        .iter()
        .flat_map(|body| body["data"]["notices"].as_array().unwrap())
        .map(|notice| notice["decision"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1_000);
}
