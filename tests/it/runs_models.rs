//! Runs with a model: an agent's step with its tools, values and constraints; a rule judged against the evidence; a
//! review in an agent's words.

use crate::fake_openai::{FakeOpenAi, Question, Reply};
use crate::runs_world::{Draft, asked, facts, kinds, stands, started, status, steer, with};
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
        // What the yes counts for says of which run it is: the same words of another run are another question.
        let shown = world.done(&["show", &asked(&world)]);
        for part in [format!("This is {run}, a run of {SOP} v"), "- file step-1.md (SHA-256 ".to_owned()] {
            assert!(shown.contains(&part), "{part}: {shown}");
        }
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

#[test]
fn an_agent_that_cannot_asks_and_is_told_what_a_person_says_or_the_person_does_it() {
    let server = FakeOpenAi::start(|q| {
        Reply::json(&match role(q) {
            "perform" if q.user.contains("number 77") => result(SAID, "{\"hours\": 2}", 90),
            "perform" => {
                let mut cannot = result("", "", 95);
                cannot["cannot"] = json!("The contract of the lead is not in the case.");
                cannot
            }
            _ => {
                json!({ "met": "yes", "quote": "answered within two hours of the arrival", "reason": "It says so." })
            }
        })
    });
    let world = world(&draft(), &server);
    let run = started(&world, SOP, &[]);
    // A question is no failure; the inbox has every way on.
    assert_eq!(stands(&world, &run), "paused: asking");
    let shown = world.done(&["show", &run]);
    for part in ["The contract of the lead is not in the case.", "complete", "retry", "skip", "cancel"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    steer(&world, "retry", &run, &["--reason", "The contract is number 77."]);
    assert_eq!(stands(&world, &run), "completed: completed", "{:#}", status(&world, &run));

    let run = started(&world, SOP, &[]);
    let by_hand = |party: &str, note: &str, code: i32| {
        let said = world.sopd(&["complete", &run, "--step", "1", "--as", party, "--note", note]);
        assert_eq!(said.code, code, "{}{}", said.out, said.err);
    };
    by_hand("sales.rep", "{\"hours\": 3}", 4);
    by_hand("cro", "three hours", 3);
    by_hand("cro", "{\"hours\": 3}", 0);
    world.drive();
    let step = &status(&world, &run)["tasks"][0];
    assert_eq!((&step["state"], &step["outputs"]), (&json!("completed"), &json!({ "hours": 3 })), "{step:#}");
    assert!(step["reason"].as_str().unwrap().contains("cro did it by hand"), "{step:#}");
    by_hand("cro", "{\"hours\": 3}", 6);
    world.done(&["audit", "verify"]);
}

#[test]
fn an_agent_sees_what_its_step_speaks_of_and_may_mend_the_form_of_its_values() {
    let server = FakeOpenAi::start(|q| {
        Reply::json(&match role(q) {
            "perform" if !q.user.contains("is a required property") => result(SAID, "{\"minutes\": 2}", 90),
            "perform" => {
                for part in [
                    "leads with an active contract",
                    "makes the first call",
                    "hold the run for vp.sales",
                    "Today is 20",
                ] {
                    assert!(q.user.contains(part), "{part}: {}", q.user);
                }
                // An input that was not given is not told as nothing; a result is told whole.
                assert!(!q.user.contains("lead_id"), "{}", q.user);
                assert!(q.user.contains("the last word"), "a long result is not cut: {}", q.user.len());
                assert!(!q.user.contains("a secret of step 1"), "step 3 does not depend on step 1");
                result(SAID, "{\"hours\": 2}", 90)
            }
            _ => {
                json!({ "met": "yes", "quote": "answered within two hours of the arrival", "reason": "It says so." })
            }
        })
    });
    let keys = "Assignee: vp.sales\nConfidence: 70%\nDepends On: 2\nOutput: { \"type\": \"object\", \"required\": [\"hours\"] }";
    let text = "Answer the contact.\n\n- You MUST answer in the contact's language.";
    let world = world(&Draft::new(SOP).person("").person("").step(text, keys), &server);
    let run = started(&world, SOP, &[]);
    let long = format!("{} the last word", "word ".repeat(2_000));
    for (step, note) in [("1", "a secret of step 1"), ("2", long.as_str())] {
        world.done(&["complete", &run, "--step", step, "--as", "sales.rep", "--note", note]);
        world.drive();
    }
    assert_eq!(
        stands(&world, &run),
        "completed: completed completed completed",
        "{:#}",
        status(&world, &run)
    );
}
