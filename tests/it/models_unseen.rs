//! Nothing is decided past somebody's eyes: a change is made with its text in view, what was found and left is asked about
//! again, and what people said reaches whoever decides.

use crate::fake_openai::FakeOpenAi;
use crate::models_rounds::{BRIEF, world};
use crate::scripted::role;
use serde_json::{Value, json};
use sopd::decision::{DecisionKind, Verb};

/// The words of the requests of one role after the first `before`.
fn asked(server: &FakeOpenAi, before: usize, mark: &str) -> Vec<String> {
    let all = server.requests().into_iter().skip(before);
    all.filter(|request| request.body.contains(mark))
        .map(|request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            body["messages"][1]["content"].as_str().unwrap().to_owned()
        })
        .collect()
}

const DRAFTS: &str = "department's expert";
const SCRUTINY: &str = "You judge a standard operating procedure (SOP) from outside";

/// Who asks in plain words for a change of what is in force names no SOP and no kind of change.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_plain_words_is_made_with_the_text_in_force_in_view() {
    let (server, world) = world(|_, _| {});
    world.submit(BRIEF);
    world.approve_all().await;
    let before = server.count();
    let told = BRIEF.replace("Say who writes which entry.", "From now on the log is kept for 13 months.");
    let mission = world.submit(&told);
    world.settle().await;
    let noticed = world.events("change_noticed");
    assert_eq!((noticed.len(), &noticed[0]["sop"]), (1, &json!("SOP-REV-trial-requests")));
    let drafts = asked(&server, before, DRAFTS);
    assert!(!drafts.is_empty(), "departments are asked");
    for request in &drafts {
        assert!(request.contains("The version in force, which this mission changes."), "{request}");
        assert!(request.contains("Kind of change: minor."), "{request}");
    }
    assert!(asked(&server, before, "has to be changed").iter().all(|one| one.contains("# Your text before")));
    assert_eq!(world.status(&mission).sop.unwrap(), "SOP-REV-trial-requests v1.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_and_left_as_it_is_stands_until_somebody_says_otherwise() {
    let (server, world) = world(|q, answer| {
        if role(q) != "scrutiny" {
            return;
        }
        let known = q.user.contains("# What was found before, and left as it is");
        if known && q.user.contains("Another SOP undoes it.") {
            answer["settled"] = json!(["no-way-back"]);
        } else if !known {
            answer["findings"] = json!([{"code": "no-way-back", "severity": "blocking", "section": "risk",
                "message": "Nobody undoes it.", "quote": "", "other": null}]);
        }
    });
    world.submit(BRIEF);
    world.settle().await;
    // Whoever judges next says nothing of it: it stands, and a person is asked.
    let stuck = world.only(DecisionKind::Stuck);
    assert!(stuck.ask.why.contains("no-way-back"), "{}", stuck.ask.why);
    let judged = asked(&server, 0, SCRUTINY);
    let again = judged.last().unwrap();
    assert!(again.contains("- no-way-back: Nobody undoes it."), "{again}");
    world.answer(&stuck, Verb::Revise, "Another SOP undoes it.");
    world.settle().await;
    world.only(DecisionKind::Forward);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_of_a_change_sees_what_of_the_version_in_force_is_gone() {
    let (server, world) = world(|q, answer| {
        if role(q) == "synthesise" && answer.get("revises").is_some() {
            answer["risk"] = json!(
                "- Risk: an entry is lost.\n- Rollback: Restore the entry from the backup of the day before."
            );
        }
    });
    world.submit(BRIEF);
    world.approve_all().await;
    let before = server.count();
    let head = "---\nsop: SOP-REV-trial-requests\nchange: minor\nrequested_by: cro\nowner: vp.sales\nworkers: [{ agent: sales.ops }]\n---\n";
    world.submit(&format!("{head}# Trial requests\n\nThe log is kept for 13 months.\n"));
    world.settle().await;
    let judged = asked(&server, before, SCRUTINY);
    let gone = judged[0].split_once("# Lines of the version in force that are gone or changed").unwrap().1;
    assert!(gone.contains("Rollback:"), "{gone}");
}

/// A comment never becomes text by itself, and nothing is signed past it either.
#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_asks_for_a_figure_is_not_forgotten() {
    let (_server, world) = world(|q, answer| {
        if role(q) == "synthesise" {
            *answer = serde_json::from_str(&answer.to_string().replace("13 months", "a while")).unwrap();
        }
    });
    let mission = world.submit(BRIEF);
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    world.answer(&forward, Verb::Revise, "Keep the log for 13 months.");
    world.settle().await;
    let stuck = world.only(DecisionKind::Stuck);
    assert!(stuck.ask.why.contains("P1"), "{}", stuck.ask.why);
    let report = world.file(&mission, &format!("coverage-{}.md", world.status(&mission).round));
    assert!(
        report.contains("| P1 | Keep the log for 13 months. | lost, and it binds: 13 months"),
        "{report}"
    );
    world.answer(&stuck, Verb::Revise, "P1: the auditors keep it");
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    let back: Vec<&str> =
        forward.ask.details["sent_back"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(back[0].ends_with(": Keep the log for 13 months."), "{back:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_in_passing_a_draft_on_reaches_the_signer_and_the_author() {
    let (server, world) = world(|_, _| {});
    world.submit(BRIEF);
    world.settle().await;
    let forward = world.only(DecisionKind::Forward);
    world.answer(&forward, Verb::Approve, "Please look at the rollback.");
    world.settle().await;
    let publish = world.only(DecisionKind::Publish);
    assert!(publish.ask.why.contains("chief.staff: Please look at the rollback."), "{}", publish.ask.why);
    assert_eq!(publish.ask.details["remark"], json!("chief.staff: Please look at the rollback."));
    let before = server.count();
    world.answer(&publish, Verb::Revise, "Say it in fewer words.");
    world.settle().await;
    let asked = asked(&server, before, "has to be changed");
    assert!(
        asked[0].contains("Say it in fewer words.") && asked[0].contains("Please look at the rollback."),
        "{}",
        asked[0]
    );
}
