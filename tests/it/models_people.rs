//! Workers who ask, decline, fail, or are people.

use crate::fake_openai::{FakeOpenAi, Question, Reply};
use crate::models_world::{QUICK, World};
use crate::scripted::{self, agent, role};
use serde_json::{Value, json};
use sopd::decision::{DecisionKind, Verb};

const BRIEF: &str = "---\nrequested_by: cro\nowner: vp.sales\nworkers: [{ agent: vp.sales }, { agent: sales.ops }]\n---\n# Trial requests\n\nSay who writes which entry.\n";

fn world(
    change: impl Fn(&Question, &mut Value) -> Option<Reply> + Send + Sync + 'static,
) -> (FakeOpenAi, World) {
    let server = FakeOpenAi::start(move |q| {
        let mut answer = scripted::answer(q);
        change(q, &mut answer).unwrap_or_else(|| Reply::json(&answer))
    });
    let world = World::new(&server, QUICK);
    (server, world)
}

fn is_draft_of(q: &Question, who: &str) -> bool {
    role(q) == "draft" && agent(q) == who
}

/// sales.ops asks once, and writes down what it assumes or was told.
fn asking(q: &Question, answer: &mut Value) -> Option<Reply> {
    if is_draft_of(q, "sales.ops") {
        answer["questions"] = json!([{"text": "Which log is meant?", "assumption": "the paper log"}]);
        let log = if q.user.contains("Answer: the CRM log") { "CRM" } else { "paper" };
        answer["steps"][0]["rules"] = json!([format!("Use the {log} log.")]);
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_goes_to_the_requester_and_its_answer_into_the_draft() {
    let (server, world) = world(asking);
    let mission = world.submit(BRIEF);
    world.settle().await;
    let question = world.only(DecisionKind::Question);
    assert_eq!(
        (question.ask.title.as_str(), question.ask.asked_of.as_slice()),
        ("Which log is meant?", &["cro".to_owned()][..])
    );
    assert!(question.ask.why.contains("it assumes: the paper log"), "{}", question.ask.why);
    assert!(!world.file(&mission, "drafts/vp.sales.md").is_empty(), "the others went on");
    world.answer(&question, Verb::Answer, "the CRM log");
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    assert!(world.file(&mission, "synthesis-1.md").contains("Use the CRM log."));
    assert_eq!(forward.ask.details["assumptions"], json!([]));
    assert_eq!(drafts_asked_for(&server), 3);
}

fn drafts_asked_for(server: &FakeOpenAi) -> usize {
    server.requests().iter().filter(|r| r.body.contains("department's expert")).count()
}

/// Who takes what is assumed has said it: nobody drafts again, and it is asked of the text like any other answer.
#[tokio::test(flavor = "multi_thread")]
async fn an_assumption_that_is_taken_is_the_requesters_own_word() {
    for (said, told) in [("as assumed", "the paper log"), ("Yes, as assumed.", "the paper log")] {
        let (server, world) = world(asking);
        let mission = world.submit(BRIEF);
        world.settle().await;
        world.answer(&world.only(DecisionKind::Question), Verb::Answer, said);
        world.settle().await;
        assert_eq!(drafts_asked_for(&server), 2, "the draft stands on it");
        let ledger = world.file(&mission, "coverage-1.md");
        assert!(ledger.contains(&format!("| A1 | {told} |")), "{ledger}");
        assert_eq!(world.only(DecisionKind::Forward).ask.details["assumptions"], json!([]));
    }
    let (_server, world) = world(asking);
    let mission = world.submit(BRIEF);
    world.settle().await;
    world.answer(&world.only(DecisionKind::Question), Verb::Answer, "As assumed, and keep it for 13 months");
    world.settle().await;
    let ledger = world.file(&mission, "coverage-1.md");
    assert!(
        ledger.contains("the paper log. and keep it for 13 months") && ledger.contains("13 months"),
        "{ledger}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_question_leaves_its_assumption_on_record() {
    let (server, world) = world(asking);
    let mission = world.submit(BRIEF);
    world.settle().await;
    let question = world.only(DecisionKind::Question);
    let wait = (question.ask.due_at.unwrap().0 - world.clock.now().0) / 60_000;
    world.later(wait - 1).await;
    world.only(DecisionKind::Question);
    world.later(1).await;
    let forward = world.only(DecisionKind::Forward);
    assert!(world.file(&mission, "synthesis-1.md").contains("Use the paper log."));
    assert_eq!(drafts_asked_for(&server), 2, "the draft stands on it");
    let assumed = forward.ask.details["assumptions"].to_string();
    assert!(assumed.contains("Which log is meant? — assumed: the paper log"), "{assumed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_worker_that_fails_is_a_gap_and_a_required_one_asks_a_person() {
    let fails = |q: &Question, _: &mut Value| is_draft_of(q, "sales.ops").then(|| Reply::refusal("No."));
    let (_server, optional) = world(fails);
    optional.submit(&BRIEF.replace("agent: sales.ops", "agent: sales.ops, optional: true"));
    optional.settle().await;
    let gaps = optional.only(DecisionKind::Forward).ask.details["gaps"].to_string();
    assert!(gaps.contains("sales.ops") && gaps.contains("refused to answer"), "{gaps}");

    let (_server, required) = world(fails);
    let mission = required.submit(BRIEF);
    required.settle().await;
    let stuck = required.only(DecisionKind::Stuck);
    assert!(stuck.ask.title.contains("the part of sales.ops is missing"), "{}", stuck.ask.title);
    assert!(!required.file(&mission, "drafts/vp.sales.md").is_empty(), "the other's work is kept");
    required.answer(&stuck, Verb::Reject, "not worth it");
    required.settle().await;
    let status = required.status(&mission);
    assert_eq!(status.state.word(), "rejected");
    assert!(status.reason.contains("not worth it"), "{}", status.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_is_an_answer() {
    let (server, world) = world(|q, answer| {
        if is_draft_of(q, "sales.ops") {
            *answer = json!({"declined": "This is not our work.", "statements": [], "terms": [], "inputs": [],
                "steps": [], "questions": [], "assumptions": [], "left_out": [], "confidence": 0});
        }
        if role(q) == "plan" {
            let list = answer["assertions"].as_array_mut().unwrap();
            for assertion in list.iter_mut().filter(|assertion| assertion["fulfilled_by"] == "sales.ops") {
                assertion["severity"] = json!("advisory");
            }
        }
        None
    });
    world.submit(BRIEF);
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    assert!(forward.ask.details["gaps"].to_string().contains("This is not our work."));
    let asked = server.requests().iter().filter(|r| r.body.contains("You are sales.ops")).count();
    assert_eq!(asked, 1, "a reason is not a low confidence");
}

const HANDED_IN: &str = "# Draft: sales.ops\n\n## Roles\n\n- sales.ops: answers for the sales ops entry.\n\n## Steps\n\n1. **Write the sales ops entry**\n   Write the sales ops entry in the log within 1 business day.\n   - Phase: act\n   - Assignee: sales.ops\n   - Artifact: sales ops entry in the log\n\n## How sure\n\n90%\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_on_the_roster_hands_in_a_draft_file() {
    let (server, world) = world(|_, _| None);
    world.replace("agents/sales.ops.md", "runtime: model", "runtime: person");
    let mission = world.submit(BRIEF);
    world.settle().await;
    let part = world.only(DecisionKind::Assignment);
    assert_eq!(part.ask.asked_of, ["sales.ops"]);
    assert!(part.ask.details.to_string().contains("VAL-STEPS-002"), "{}", part.ask.details);
    // A file that cannot be read is explained and asked for again.
    world.answer(&part, Verb::Answer, "I will do it tomorrow.");
    world.settle().await;
    let stuck = world.only(DecisionKind::Stuck);
    assert!(stuck.ask.why.contains("the draft has no title"), "{}", stuck.ask.why);
    world.answer(&stuck, Verb::Retry, "");
    world.settle().await;
    world.answer(&world.only(DecisionKind::Assignment), Verb::Answer, HANDED_IN);
    world.settle().await;
    world.only(DecisionKind::Forward);
    assert!(
        world.file(&mission, "synthesis-1.md").contains("sales ops entry in the log within 1 business day")
    );
    assert!(server.requests().iter().all(|request| !request.body.contains("You are sales.ops")));
}
