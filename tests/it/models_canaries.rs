//! Who is shown what. Each secret holds a word that stands nowhere else; every request of a mission with a second
//! round is searched for it.

use crate::fake_openai::{FakeOpenAi, Question, Recorded, Reply};
use crate::models_world::World;
use crate::scripted::{self, agent, role};
use serde_json::{Value, json};
use sopd::decision::DecisionKind;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// In the scenario of the first round, which the draft fails: its author is told.
const FAILED: &str = "ZEBRAFISH";
/// In the scenario of the second, the exam: nobody but user testing is ever told.
const SCENARIO: &str = "QUAGGA";
const KEY: &str = "sk-OCELOT-9471";
/// In the exam only as a value, and only of digits.
const VALUE: &str = "7788123";

const BRIEF: &str = "---\nrequested_by: cro\nowner: vp.sales\nscrutiny: chief.staff\nuser_testing: qa.testing\nworkers: [{ agent: vp.sales }, { agent: sales.ops }, { agent: mkt.demand }]\nscenarios: [{ text: A firm called ZEBRAFISH asks at night., given: { lead_id: L-1 } }, { text: A firm called QUAGGA asks at noon., given: { lead_id: \"7788123\" } }]\ncouncil: required\nbudget: { usd: 1.37 }\n---\n# Trial requests\n\nSay who writes which entry.\n";

const WORKERS: [&str; 3] = ["vp.sales", "sales.ops", "mkt.demand"];

/// Words of a worker's draft: one it wants kept, one in what it left out, one in what it asks.
fn kept(worker: &str) -> String {
    format!("KEPT{}", worker.replace('.', "").to_uppercase())
}
fn hidden(worker: &str) -> String {
    format!("HIDDEN{}", worker.replace('.', "").to_uppercase())
}
fn asked(worker: &str) -> String {
    format!("ASKED{}", worker.replace('.', "").to_uppercase())
}
fn knowledge(agent: &str) -> String {
    format!("KNOWN{}", agent.replace('.', "").to_uppercase())
}

/// Drafts that hold their words; in round 1 a scrutiny and a grade that fail and tell what they must not.
fn model(q: &Question, drafts: &AtomicUsize) -> Value {
    let mut answer = scripted::answer(q);
    let first = drafts.load(Ordering::SeqCst) <= WORKERS.len() * 2;
    match role(q) {
        "draft" => {
            drafts.fetch_add(1, Ordering::SeqCst);
            let me = agent(q);
            answer["steps"][0]["rules"] = json!([format!("Write {} beside it.", kept(&me))]);
            answer["left_out"] = json!([format!("{} is left out.", hidden(&me))]);
            answer["assumptions"] = json!([format!("{} holds.", hidden(&me))]);
            answer["questions"] = json!([{"text": format!("Does {} count?", asked(&me)), "assumption": format!("{} counts", asked(&me))}]);
        }
        "scrutiny" if first => {
            let foreign = format!("Write {} beside it.", kept("sales.ops"));
            answer["verdicts"][0]["answer"] = json!("fail");
            answer["findings"] = json!([
                {"code": "VAL-STEPS-001", "severity": "blocking", "section": "steps", "message": format!("{foreign} is unclear"), "quote": foreign, "other": null},
            ]);
            let verdicts = answer["verdicts"].as_array_mut().unwrap();
            for verdict in verdicts.iter_mut() {
                let of_first = verdict["assertion"] == "VAL-STEPS-001";
                verdict["answer"] = json!(if of_first { "fail" } else { "pass" });
            }
        }
        "grade" if first => {
            answer["root_causes"] = json!([
                {"case": 1, "step": 1, "lack": format!("the text does not cover {FAILED}")},
                {"case": 1, "step": 2, "lack": "the text does not say where the log is"},
            ]);
            for verdict in answer["verdicts"].as_array_mut().unwrap() {
                verdict["reason"] = json!(format!("the firm {FAILED} is not covered"));
            }
        }
        "execute" if first => {
            answer["done"] = json!(false);
            answer["steps"][0]["lacked"] = json!(format!("a rule for {FAILED}"));
        }
        _ => {}
    }
    answer
}

struct Shown {
    role: &'static str,
    agent: String,
    body: String,
}

fn shown(request: &Recorded) -> Shown {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let said = |at: usize| body["messages"][at]["content"].as_str().unwrap().to_owned();
    let q = Question {
        index: 0,
        model: String::new(),
        system: said(0),
        user: said(1),
        format: String::new(),
        schema_name: String::new(),
        body: Value::Null,
    };
    Shown { role: role(&q), agent: agent(&q), body: request.body.clone() }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one mission, searched for everything at once")]
async fn nothing_is_shown_to_whom_it_must_not_be_in_any_round() {
    let drafts = Arc::new(AtomicUsize::new(0));
    let server = FakeOpenAi::start(move |q| Reply::json(&model(q, &drafts)));
    let world = World::with(&format!(
        "models: {{ endpoint: \"{}\", api_key_env: SOPD_TEST_KEY, model: fake-1 }}\nmissions: {{ scenarios: 1, rounds: 2 }}\n",
        server.url()
    ));
    for entry in std::fs::read_dir(world.root().join("agents")).unwrap().flatten() {
        let id = entry.file_name().to_string_lossy().trim_end_matches(".md").to_owned();
        let line = format!("\n## Private matters\n\n- Risk: {} is lost.\n", knowledge(&id));
        world.append(&format!("agents/{id}.md"), &line);
    }
    let mission = world.submit(BRIEF);
    let key = [("SOPD_TEST_KEY", KEY)];
    assert!(world.settle_apart(&key));
    for question in world.open() {
        assert_eq!(question.ask.kind, DecisionKind::Question, "{}", question.ask.why);
        let hash = question.ask.title.clone();
        world.answer(&question, sopd::decision::Verb::Answer, &format!("No: {hash}"));
    }
    assert!(world.settle_apart(&key));
    let forward = world.only(DecisionKind::Forward);
    assert_eq!(world.status(&mission).round, 2, "{:?}", forward.ask.details);

    let requests = server.requests();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for request in &requests {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        let Shown { role, agent, body } = shown(request);
        *seen.entry(role).or_default() += 1;
        let validates = matches!(role, "scrutiny" | "execute" | "grade" | "council_member" | "council_chair");
        let mut allowed: Vec<String> = Vec::new();
        if matches!(role, "execute" | "grade") {
            allowed.extend([SCENARIO.to_owned(), VALUE.to_owned(), FAILED.to_owned()]);
        }
        // Once it is failed, whoever mends the text is told what it was.
        if matches!(role, "draft" | "synthesise") {
            allowed.push(FAILED.to_owned());
        }
        // An answer may be about several parts: all workers hear it, and who scrutinises what was asked. A worker that
        // drafts again sees its own draft.
        if role == "draft" {
            allowed.extend([knowledge(&agent), kept(&agent), hidden(&agent)]);
            allowed.extend(WORKERS.map(asked));
        }
        if role == "scrutiny" {
            allowed.extend(WORKERS.map(asked));
        }
        if validates {
            allowed.extend(WORKERS.map(kept));
        }
        if role == "synthesise" {
            allowed.extend(WORKERS.iter().flat_map(|worker| [kept(worker), hidden(worker), asked(worker)]));
        }
        let mut words = vec![SCENARIO.to_owned(), VALUE.to_owned(), FAILED.to_owned(), KEY.to_owned()];
        words.extend(WORKERS.iter().flat_map(|worker| [kept(worker), hidden(worker), asked(worker)]));
        words.extend(world.workspace().snapshot().unwrap().roster.agents.keys().map(|id| knowledge(id)));
        for word in words.iter().filter(|word| body.contains(*word)) {
            assert!(allowed.contains(word), "{role} ({agent}) was shown {word}: {body}");
        }
        if validates {
            let contract = world.events("contract_frozen")[0]["contract"].as_str().unwrap().to_owned();
            for word in
                [&mission, &contract, "created_by: sop.manager", "1.37", "Private matters", "fulfilled"]
            {
                assert!(!body.contains(word), "{role} was told {word}: {body}");
            }
            assert!(!body.to_lowercase().contains("round 1") && !body.to_lowercase().contains("round 2"));
        }
    }
    // Each secret was there to be leaked.
    // Twice each, and again who answers for what failed and who does the step where the walk got stuck.
    assert_eq!(seen["draft"], 8, "{seen:?}");
    assert_eq!((seen["synthesise"], seen["grade"], seen["scrutiny"], seen["council_member"]), (2, 2, 2, 3));
    let all: String = requests.iter().map(|request| request.body.as_str()).collect();
    for word in
        [SCENARIO.to_owned(), FAILED.to_owned(), kept("vp.sales"), hidden("sales.ops"), asked("mkt.demand")]
    {
        assert!(all.contains(&word), "{word} was never said");
    }
    // The key is in no file of the workspace either.
    for entry in walk(world.root()) {
        // The journal's side files go with its last reader.
        let Ok(bytes) = std::fs::read(&entry) else { continue };
        let found = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!found, "{}", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        let (below, here): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        folders.extend(below);
        files.extend(here);
    }
    files
}
