//! Revision: what fails goes back, what passed is kept while it stands, and what comes back goes to a person.

use crate::fake_openai::{FakeOpenAi, Question, Reply};
use crate::models_world::World;
use crate::scripted::{self, agent, role, verdicts};
use serde_json::{Value, json};
use sopd::decision::{DecisionKind, Verb};
use std::sync::{Arc, Mutex};

pub(crate) const BRIEF: &str = "---\nrequested_by: cro\nowner: vp.sales\nworkers: [{ agent: vp.sales }, { agent: sales.ops }]\n---\n# Trial requests\n\nSay who writes which entry.\n";

/// A world whose model answers sensibly but for what `change` does to its answers.
pub(crate) fn world(change: impl Fn(&Question, &mut Value) + Send + Sync + 'static) -> (FakeOpenAi, World) {
    let server = FakeOpenAi::start(move |q| {
        let mut answer = scripted::answer(q);
        change(q, &mut answer);
        Reply::json(&answer)
    });
    let world = World::new(&server, "");
    (server, world)
}

/// Sets one verdict.
fn judge(answer: &mut Value, assertion: &str, verdict: &str, quote: Option<&str>) {
    for one in answer["verdicts"].as_array_mut().unwrap() {
        if one["assertion"] == assertion {
            one["answer"] = json!(verdict);
            if let Some(quote) = quote {
                one["quote"] = json!(quote);
            }
        }
    }
}

fn calls(world: &World, role: &str) -> Vec<Value> {
    world.events("model_called").into_iter().filter(|call| call["role"] == role).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_verdict_sends_its_worker_back_and_passes_in_the_second_round() {
    // Fails until the deadline is in hours, which the redraft gives.
    let (server, world) = world(|q, answer| {
        if matches!(role(q), "scrutiny" | "grade")
            && !q.user.contains("vp sales entry in the log within 4 hours")
        {
            judge(answer, "VAL-STEPS-001", "fail", None);
        }
    });
    let mission = world.submit(BRIEF);
    world.settle().await;
    world.only(DecisionKind::Forward);
    assert_eq!(world.status(&mission).round, 2);
    let drafted: Vec<String> =
        calls(&world, "draft").iter().map(|call| call["agent"].as_str().unwrap().to_owned()).collect();
    assert_eq!(drafted.iter().filter(|agent| *agent == "vp.sales").count(), 2, "{drafted:?}");
    assert_eq!(drafted.len(), 3, "the other worker is left in peace: {drafted:?}");
    assert!(world.file(&mission, "synthesis-2.md").contains("within 4 hours of the case"));
    // Its section changed, so nothing is carried over and everything is judged again.
    let judged: Vec<usize> = server
        .requests()
        .iter()
        .filter(|request| request.body.contains("from outside the department it is for"))
        .map(|request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            verdicts(body["messages"][1]["content"].as_str().unwrap()).len()
        })
        .collect();
    assert_eq!(judged, [2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_verdict_is_kept_only_while_its_section_stands() {
    // The purpose changes in round 2 and the steps do not: their verdicts stand.
    let (server, world) = world(|q, answer| match role(q) {
        "synthesise" if q.user.contains("# Your text before") => {
            answer["purpose"] = json!("Everybody handles a case in the same way, on every day of the year.");
        }
        "scrutiny" if !q.user.contains("every day of the year") => {
            answer["findings"] = json!([{
                "code": "unclear-purpose", "severity": "blocking", "section": "purpose",
                "message": "the purpose leaves weekends out", "quote": "", "other": null,
            }]);
        }
        _ => {}
    });
    let mission = world.submit(BRIEF);
    world.settle().await;
    world.only(DecisionKind::Forward);
    assert_eq!(world.status(&mission).round, 2);
    let asked: Vec<bool> = server
        .requests()
        .iter()
        .filter(|request| request.body.contains("from outside the department it is for"))
        .map(|request| request.body.contains("VAL-STEPS-001: The step"))
        .collect();
    assert_eq!(asked, [true, false]);
    assert_eq!(calls(&world, "draft").len(), 2, "nobody's domain was found wanting");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_finding_twice_goes_to_a_person_with_the_best_round() {
    let (_server, world) = world(|q, answer| {
        if matches!(role(q), "scrutiny" | "grade") {
            judge(answer, "VAL-STEPS-002", "fail", None);
        }
    });
    let mission = world.submit(BRIEF);
    world.settle().await;
    let stuck = world.only(DecisionKind::Stuck);
    assert!(stuck.ask.why.contains("the same finding came back"), "{}", stuck.ask.why);
    assert!(stuck.ask.why.contains("VAL-STEPS-002"), "{}", stuck.ask.why);
    assert_eq!(stuck.ask.details["best_round"], 2, "{}", stuck.ask.details);
    for name in ["synthesis-1.md", "synthesis-2.md", "scrutiny-1.md", "user-test-2.md"] {
        assert!(!world.file(&mission, name).is_empty());
    }
    // More rounds, told what is wrong; then the best is handed on, and its failure needs an override.
    world.answer(&stuck, Verb::Retry, "");
    world.settle().await;
    let stuck = world.only(DecisionKind::Stuck);
    assert_eq!(world.status(&mission).round, 4, "a person's word gives the rounds their full number again");
    world.answer(&stuck, Verb::Approve, "");
    world.settle().await;
    world.answer(&world.only(DecisionKind::Forward), Verb::Approve, "");
    world.settle().await;
    let publish = world.only(DecisionKind::Publish);
    assert_eq!(publish.ask.details["failed"], json!(["VAL-STEPS-002"]));
    let refused = world.try_answer(&publish, Verb::Approve, "", None).unwrap_err();
    assert!(refused.contains("needs a reason for overriding"), "{refused}");
    world.try_answer(&publish, Verb::Approve, "", Some("the log is new")).unwrap();
    world.settle().await;
    assert_eq!(world.status(&mission).state.word(), "published");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_rounds_is_bounded_and_a_comment_reaches_the_next_one() {
    let rounds = Arc::new(Mutex::new(0));
    let (server, world) = world(move |q, answer| {
        if role(q) == "scrutiny" {
            let mut round = rounds.lock().unwrap();
            *round += 1;
            // Another defect each time, and those before are gone.
            answer["settled"] = (1..*round).map(|nth| format!("defect-{nth}")).collect();
            answer["findings"] = json!([{
                "code": format!("defect-{round}"), "severity": "blocking", "section": "scope",
                "message": format!("defect number {round}"), "quote": "", "other": null,
            }]);
            if q.user.contains("cases of the moon") {
                answer["findings"] = json!([]);
            }
        }
        if role(q) == "synthesise" && q.user.contains("moon") {
            answer["scope"] =
                json!(format!("{}- In scope: cases of the moon.\n", answer["scope"].as_str().unwrap()));
        }
    });
    let mission = world.submit(BRIEF);
    world.settle().await;
    let stuck = world.only(DecisionKind::Stuck);
    assert!(stuck.ask.why.contains("3 rounds did not settle it"), "{}", stuck.ask.why);
    assert_eq!(world.status(&mission).round, 3);
    world.answer(&stuck, Verb::Revise, "Name the moon.");
    world.settle().await;
    world.only(DecisionKind::Forward);
    assert_eq!(world.status(&mission).round, 4);
    let last = server
        .requests()
        .into_iter()
        .rfind(|r| r.body.contains("somebody found something wrong in it"))
        .unwrap();
    for words in ["Name the moon.", "defect number 3", "# Your text before"] {
        assert!(last.body.contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_is_invented_or_too_short_never_passes() {
    for quote in ["Write the entry whenever you feel like it.", "Write the", ""] {
        let (_server, world) = world(move |q, answer| {
            if matches!(role(q), "scrutiny" | "grade") {
                judge(answer, "VAL-STEPS-001", "pass", Some(quote));
            }
        });
        let mission = world.submit(BRIEF);
        world.settle().await;
        let stuck = world.only(DecisionKind::Stuck);
        assert!(stuck.ask.why.contains("VAL-STEPS-001"), "{quote}: {}", stuck.ask.why);
        let report = world.file(&mission, "scrutiny-1.md");
        assert!(report.contains("2 verdicts, 1 passed with evidence"), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn low_confidence_asks_the_next_tier_and_then_a_person() {
    let settings = "models: { endpoint: \"URL\", api_key_env: null, tiers: { 1: { model: small }, 2: { model: medium }, 3: { model: large } } }\n";
    let sure_of = |sure: &'static str| {
        FakeOpenAi::start(move |q| {
            let mut answer = scripted::answer(q);
            if role(q) == "draft" && agent(q) == "sales.ops" && q.model != sure {
                answer["confidence"] = json!(30);
            }
            Reply::json(&answer)
        })
    };
    let models = |world: &World| -> Vec<String> {
        let of_ops = calls(world, "draft").into_iter().filter(|call| call["agent"] == "sales.ops");
        of_ops.map(|call| call["model"].as_str().unwrap().to_owned()).collect()
    };
    let server = sure_of("medium");
    let world = World::with(&settings.replace("URL", &server.url()));
    world.submit(BRIEF);
    world.settle().await;
    assert_eq!(models(&world), ["small", "medium"]);
    world.only(DecisionKind::Forward);

    let server = sure_of("nobody");
    let world = World::with(&settings.replace("URL", &server.url()));
    world.submit(BRIEF);
    world.settle().await;
    assert_eq!(models(&world), ["small", "medium", "large"]);
    let stuck = world.only(DecisionKind::Stuck);
    assert!(stuck.ask.why.contains("sales.ops is only 30 % sure"), "{}", stuck.ask.why);
    world.answer(&stuck, Verb::Retry, "");
    world.settle().await;
    assert_eq!(models(&world).len(), 6);
    world.answer(&world.only(DecisionKind::Stuck), Verb::Approve, "");
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    assert_eq!(forward.ask.details["gaps"], json!([]), "the draft was taken as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_council_is_unnamed_and_its_split_stays_on_record() {
    let seats = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&seats);
    let (server, world) = world(move |q, answer| {
        if role(q) == "council_member" {
            let mut seats = seen.lock().unwrap();
            let me = agent(q);
            seats.push(me.clone());
            let oppose = seats.len() == 2;
            *answer = json!({
                "stance": if oppose { "oppose" } else { "support" }, "reason": format!("OPINION-{}", seats.len()),
                "concerns": if oppose { json!([{"severity": "blocking", "section": "risk",
                    "message": "nobody pays for the log", "quote": ""}]) } else { json!([]) },
            });
        }
    });
    let mission = world.submit(&BRIEF.replace("owner:", "council: required\nowner:"));
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    let found = forward.ask.details["findings"].to_string();
    assert!(found.contains("1 of 3 council members") && found.contains("nobody pays for the log"), "{found}");
    let chair = server.requests().into_iter().find(|r| r.body.contains("You chair a council")).unwrap();
    let body: Value = serde_json::from_str(&chair.body).unwrap();
    let user = body["messages"][1]["content"].as_str().unwrap();
    let answers = user.split_once("# The answers").unwrap().1;
    for seat in seats.lock().unwrap().iter() {
        assert!(!answers.contains(seat.as_str()), "{answers}");
    }
    for number in 1..=3 {
        assert!(answers.contains(&format!("OPINION-{number}")), "{answers}");
    }
    assert!(world.file(&mission, "council.md").contains("nobody pays for the log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_council_that_would_not_let_it_pass_is_heard_again() {
    let (_server, world) = world(move |q, answer| {
        if role(q) == "council_member" && !q.user.contains("every day of the year") {
            *answer = json!({"stance": "oppose", "reason": "It forgets weekends.", "concerns": []});
        }
        if role(q) == "synthesise" && q.user.contains("# Your text before") {
            answer["purpose"] = json!("Everybody handles a case in the same way, on every day of the year.");
        }
    });
    let mission = world.submit(&BRIEF.replace("owner:", "council: required\nowner:"));
    world.settle().await;
    world.only(DecisionKind::Forward);
    assert_eq!(world.status(&mission).round, 2);
    assert_eq!(calls(&world, "council_member").len(), 6);
    assert!(world.file(&mission, "council.md").contains("3 of 3 council members"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mission_keeps_the_prompts_and_the_roster_it_began_with() {
    const CANARY: &str = "NARWHAL";
    let (server, world) = world(|_, _| {});
    world.submit(BRIEF);
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    let before = server.requests().len();
    for role in ["plan", "draft", "synthesise", "revise", "scrutiny", "execute", "grade"] {
        let user = "{% block user %}";
        world.replace(&format!("prompts/{role}.md"), user, &format!("{user}{CANARY}\n"));
    }
    for agent in ["sop.manager", "vp.sales", "sales.ops"] {
        world.append(&format!("agents/{agent}.md"), &format!("\n## Whales\n\n- Mind the {CANARY}.\n"));
    }
    world.answer(&forward, Verb::Revise, "Say who writes at night.");
    world.settle().await;
    let again = world.only(DecisionKind::Forward);
    let requests = server.requests();
    assert!(requests.len() > before, "the second round asks anew");
    assert!(requests.iter().all(|request| !request.body.contains(CANARY)), "edits count for new missions");
    world.answer(&again, Verb::Reject, "anew");
    world.submit(&BRIEF.replace("Trial", "Demo"));
    world.settle().await;
    let new = server.requests().split_off(requests.len());
    let told = new.iter().filter(|request| request.body.contains(CANARY)).count();
    assert!(told > 6, "and they do count: {told} of {}", new.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_held_to_its_tiers_length_and_asked_for_again_shorter_where_it_was_cut() {
    let server = FakeOpenAi::start(|q| match role(q) {
        "draft" if !q.user.contains("ran into its limit of 300 tokens") => Reply::finish("length", "{\"do"),
        _ => Reply::json(&scripted::answer(q)),
    });
    let world = World::with(&format!(
        "models: {{ endpoint: \"{}\", api_key_env: null, model: fake-1, tiers: {{ 2: {{ max_answer_tokens: 300 }} }}, validators: {{ max_answer_tokens: 200 }} }}\n",
        server.url()
    ));
    world.submit(&BRIEF.replace(", { agent: sales.ops }", ""));
    world.settle().await;
    world.only(DecisionKind::Forward);
    let drafts: Vec<String> =
        calls(&world, "draft").iter().map(|call| call["outcome"].as_str().unwrap().to_owned()).collect();
    assert_eq!(drafts, ["unfit", "answer"]);
    for request in server.requests() {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let role = body["response_format"]["json_schema"]["name"].as_str().unwrap();
        let most = body.get("max_tokens").or(body.get("max_completion_tokens")).unwrap().as_u64().unwrap();
        assert_eq!(most, if ["plan", "draft", "synthesise"].contains(&role) { 300 } else { 200 }, "{role}");
    }
}
