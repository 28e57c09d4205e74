//! Runs with a model: an agent's step with its tools, values and constraints; a rule judged against the evidence; a
//! review in an agent's words.

use crate::fake_openai::{FakeOpenAi, Question, Reply};
use crate::runs_world::{Draft, asked, facts, kinds, stands, started, status, with};
use crate::world::World;
use serde_json::{Value, json};

const SOP: &str = "SOP-REV-models";
const SAID: &str = "The contact was answered within two hours of the arrival.";

fn role(q: &Question) -> &'static str {
    let openings = [
        ("perform", "You do one step"),
        ("done", "You judge whether one execution"),
        ("review", "You look back on one execution"),
    ];
    openings.into_iter().find(|(_, opening)| q.system.contains(opening)).map_or("", |(role, _)| role)
}

fn result(text: &str, outputs: &str, confidence: u8) -> Value {
    json!({
        "tool": null, "result": text, "outputs": outputs, "cannot": "", "confidence": confidence,
        "verdicts": [{ "constraint": "You must answer in the contact's language", "kept": true, "reason": "It is English." }],
    })
}

/// A world with the SOP, whose models are `server` from now on.
fn world(draft: &Draft, server: &FakeOpenAi) -> World {
    let world = with(draft);
    let settings = world.read("sopd.yaml");
    let models = format!(
        "models: {{ endpoint: \"{}\", api_key_env: null, model: fake-1 }}\ncalls: {{ attempts: 1, per_minute: 100000 }}\n",
        server.url()
    );
    world.put("sopd.yaml", &format!("{settings}\n{models}"));
    world
}

fn draft() -> Draft {
    Draft::new(SOP).step(
        "Answer the contact.\n\n- You MUST answer in the contact's language.",
        "Assignee: vp.sales\nTools: file_read, sop_search\nConfidence: 70%\nOutput: { \"type\": \"object\", \"required\": [\"hours\"] }",
    )
}

#[test]
fn an_agent_uses_its_tools_and_its_work_is_judged_and_reviewed() {
    let server = FakeOpenAi::start(|q| {
        Reply::json(&match role(q) {
            "perform" if !q.user.contains("price-list.md") => json!({
                "tool": { "tool": "file_read", "argument": "price-list.md" }, "result": "", "outputs": "", "verdicts": [],
                "cannot": "", "confidence": 90,
            }),
            "perform" if !q.user.contains("4711") => json!({
                "tool": null, "result": "", "outputs": "", "verdicts": [], "cannot": "the price list is not there",
                "confidence": 90,
            }),
            "perform" => result(SAID, "{\"hours\": 2}", 90),
            "done" => {
                json!({ "met": "yes", "quote": "answered within two hours of the arrival", "reason": "It says so." })
            }
            _ => {
                json!({ "summary": "One lead was answered in two hours.", "lessons": ["Keep the price list current."] })
            }
        })
    });
    let world = world(&draft(), &server);
    world.put("price-list.md", "A seat costs 4711 cents.\n");
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "completed: completed", "{:#}", status(&world, &run));
    let task = &status(&world, &run)["tasks"][0];
    assert_eq!((&task["outputs"]["hours"], &task["confidence"]), (&json!(2), &json!(90)));
    let kinds = kinds(&world, &run);
    for kind in ["model_called", "tool_used", "work_done", "done_judged"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} in {kinds:?}");
    }
    world.done(&["review", &run, "--as", "cro"]);
    world.drive();
    let review = world.done(&["review", &run]);
    assert!(
        review.contains("One lead was answered in two hours.")
            && review.contains("Keep the price list current.")
    );
}

#[test]
fn a_quote_that_is_not_in_the_evidence_voids_the_judgement() {
    let server = FakeOpenAi::start(|q| {
        Reply::json(&match role(q) {
            "perform" => result(SAID, "{\"hours\": 2}", 90),
            _ => {
                json!({ "met": "yes", "quote": "every lead of this year was answered at once", "reason": "Trust me." })
            }
        })
    });
    let world = world(&draft(), &server);
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "awaiting_approval: completed");
    let id = asked(&world);
    let shown = world.done(&["show", &id]);
    assert!(shown.contains("a quote that is not in the evidence"), "{shown}");
    // The owner's own agent did the step, and cro started the run.
    world.fails(4, &["approve", &id, "--as", "vp.sales"]);
    world.done(&["reject", &id, "--as", "ceo", "--reason", "nobody was answered"]);
    world.drive();
    assert_eq!(stands(&world, &run), "failed: completed");
}

#[test]
fn a_result_of_the_wrong_form_fails_and_a_tool_that_is_not_listed_is_refused() {
    let server = FakeOpenAi::start(|q| {
        Reply::json(&match role(q) {
            "perform" if !q.user.contains("refused:") => json!({
                "tool": { "tool": "http_request", "argument": "http://127.0.0.1:1/" }, "result": "", "outputs": "",
                "verdicts": [], "cannot": "", "confidence": 90,
            }),
            _ => result(SAID, "{\"minutes\": 2}", 90),
        })
    });
    let world = world(&draft(), &server);
    let run = started(&world, SOP, &[]);
    assert_eq!(stands(&world, &run), "failed: failed");
    let reason = status(&world, &run)["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("\"hours\" is a required property"), "{reason}");
    let refused = facts(&world, &run).into_iter().find(|(kind, _)| kind == "tool_used").unwrap().1;
    assert_eq!(refused["ok"], json!(false));
}

#[test]
fn work_that_may_break_a_constraint_is_looked_at_however_sure_it_is() {
    for (verdicts, words) in [
        (json!([]), "nothing is said about “You MUST answer in the contact's language.”"),
        (
            json!([{ "constraint": "You MUST answer in the contact's language.", "kept": false, "reason": "It is Latin." }]),
            "it may not keep to “You MUST answer in the contact's language.”: It is Latin.",
        ),
    ] {
        let mut work = result(SAID, "{\"hours\": 2}", 100);
        work["verdicts"] = verdicts;
        let server = FakeOpenAi::start(move |q| {
            Reply::json(&match role(q) {
                "perform" => work.clone(),
                _ => {
                    json!({ "met": "yes", "quote": "answered within two hours of the arrival", "reason": "It says so." })
                }
            })
        });
        let world = world(&draft(), &server);
        let run = started(&world, SOP, &[]);
        assert_eq!(stands(&world, &run), "running: running");
        let why = world.json(&["inbox"])[0]["why"].as_str().unwrap().to_owned();
        assert!(why.contains(words), "{why}");
        world.done(&["approve", &asked(&world), "--as", "ceo"]);
        world.drive();
        let parts = status(&world, &run)["score_parts"].to_string();
        assert_eq!(
            parts.contains("not shown to be kept: You MUST answer"),
            words.contains("Latin"),
            "{parts}"
        );
    }
}
