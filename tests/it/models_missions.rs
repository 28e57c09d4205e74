//! Whole missions with a model behind every role: published, accounted for, and paid for once.

use crate::fake_openai::{FakeOpenAi, Reply};
use crate::models_world::World;
use crate::scripted::{self, role};
use serde_json::Value;
use sopd::decision::{DecisionKind, Verb};
use std::collections::HashMap;
use std::time::Duration;

/// 60 fresh tokens at 1, 40 cached at 0.1, 20 written at 4 dollars per million: what one fake answer costs.
const ANSWER_MICROS: i64 = 60 + 4 + 80;

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_published_with_judged_assertions_passed() {
    let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
    let world = World::new(&server, "");
    let missions: Vec<String> = (1..=4).map(|number| world.submit_example(number)).collect();
    world.approve_all().await;
    let calls = world.events("model_called");
    assert_eq!(calls.len(), server.count(), "every request is written down");
    for mission in &missions {
        let status = world.status(mission);
        assert_eq!((status.state.word(), status.round), ("published", 1), "{status:#?}");
        let theirs: Vec<&Value> = calls.iter().filter(|call| call["subject"] == **mission).collect();
        let micros: i64 = theirs.iter().map(|call| call["cost_micros"].as_i64().unwrap()).sum();
        assert_eq!(micros, i64::try_from(theirs.len()).unwrap() * ANSWER_MICROS);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand micro-dollars")]
        let dollars = micros as f64 / 1e6;
        assert!((status.cost_usd - dollars).abs() < 1e-9, "{} {dollars}", status.cost_usd);
        assert_eq!(status.tokens, i64::try_from(theirs.len()).unwrap() * 120);
        let report = world.file(mission, "scrutiny-1.md");
        assert!(report.contains("VAL-STEPS-001"), "{report}");
    }
    for call in &calls {
        assert_eq!(call["tokens"]["cached"], 40, "{call}");
        assert!(call["confidence"].as_u64().unwrap() >= 60, "{call}");
        let receipt = call["receipt"].as_array().unwrap();
        assert!(receipt.len() > 2 && receipt.iter().all(|part| part["sha256"].as_str().unwrap().len() == 64));
    }
    let verdicts = world.events("verdicts_given");
    assert_eq!(verdicts.len(), 4);
    for given in verdicts {
        let all = given["verdicts"].as_array().unwrap();
        assert!(all.len() >= 3 && all.iter().all(|verdict| verdict["result"] == "passed"), "{given}");
    }
    let index = std::fs::read_to_string(world.root().join("sops/INDEX.md")).unwrap();
    assert!(index.contains("SOP-REV-lead-qualification-v1.1.md"), "{index}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_needs_neither_workers_nor_validators() {
    let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
    let world = World::new(&server, "");
    world.submit_example(1);
    world.approve_all().await;
    let before = server.count();
    let patch = "---\nsop: SOP-REV-lead-qualification\nchange: patch\nrequested_by: cro\nowner: vp.sales\n---\n# Lead qualification\n\nThe purpose reads better so.\n";
    let mission = world.submit(patch);
    world.approve_all().await;
    let roles: Vec<&str> = world.events("model_called")[before..]
        .iter()
        .map(|call| if call["role"] == "plan" { "plan" } else { "synthesise" })
        .collect();
    assert_eq!(roles, ["plan", "synthesise"]);
    assert_eq!(world.status(&mission).sop.unwrap(), "SOP-REV-lead-qualification v1.0.1");
    let major = patch.replace("patch", "major").replace("so.", "so, and more is changed.");
    let mission = world.submit(&major);
    world.approve_all().await;
    assert_eq!(world.status(&mission).sop.unwrap(), "SOP-REV-lead-qualification v2.0");
    assert_eq!(world.status(&mission).state.word(), "published");
}

const BRIEF: &str = "---\nrequested_by: cro\nowner: vp.sales\nworkers: [{ agent: vp.sales }, { agent: sales.ops }]\n---\n# Trial requests\n\nSay who writes which entry.\n";

#[tokio::test(flavor = "multi_thread")]
async fn no_recorded_answer_is_paid_for_again_after_a_crash() {
    let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
    let world = World::new(&server, "");
    world.submit(BRIEF);
    let log = world.root().join("points");
    world.settle_apart(&[("SOPD_FAULT_LOG", log.to_str().unwrap())]);
    let whole = server.count();
    let points = std::fs::read_to_string(&log).unwrap();
    let called: Vec<&str> =
        points.lines().filter(|p| p.contains("/tier-") && p.ends_with("/unrecorded")).collect();
    assert_eq!(called.len(), whole, "{called:#?}");
    for unrecorded in called {
        let server = FakeOpenAi::start(|q| Reply::json(&scripted::answer(q)));
        let world = World::new(&server, "");
        let mission = world.submit(BRIEF);
        assert!(!world.settle_apart(&[("SOPD_FAULT", unrecorded)]), "{unrecorded} was not passed");
        let recorded = unrecorded.replace("/unrecorded", "/after");
        world.settle_apart(&[("SOPD_FAULT", &recorded)]);
        world.settle().await;
        assert_eq!(world.open().len(), 1, "{unrecorded}: {:#?}", world.statuses());
        let lost = world.events("model_call_lost").len();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for request in server.requests() {
            *seen.entry(request.body).or_default() += 1;
        }
        let twice: usize = seen.values().map(|times| times - 1).sum();
        assert!(lost >= 1 && twice <= lost, "{unrecorded}: {twice} repeated, {lost} lost");
        // Besides the cut-off call, only those under way beside it at either crash may be lost: who reads and three who walk.
        assert!(lost <= 8 && server.count() <= whole + lost, "{unrecorded}: {lost}");
        let status = world.status(&mission);
        let least = i64::try_from(whole).unwrap() * 120 + 8_000;
        assert!(status.tokens >= least, "a lost call is charged its full reservation: {}", status.tokens);
        let journal = world.workspace().journal;
        sopd::journal::verify(&journal, &[]).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_file_tells_of_the_stage_while_a_slow_model_still_thinks() {
    let slow = Duration::from_secs(4);
    let server = FakeOpenAi::start(move |q| match role(q) {
        "plan" => Reply::json(&scripted::answer(q)).after(slow),
        _ => Reply::json(&scripted::answer(q)),
    });
    let world = World::new(&server, "");
    let mission = world.submit("# Trial requests\n\nSay who writes which entry.\n");
    let file = world.root().join(format!("missions/{mission}/STATUS.md"));
    let told = async {
        while !std::fs::read_to_string(&file).is_ok_and(|status| status.contains("planning")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server.times().iter().filter(|(_, answered)| answered.is_some()).count()
    };
    let ((), answered) = tokio::join!(world.settle(), told);
    assert_eq!(answered, 0, "it is told before the first answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_lost_blocks_until_it_is_released() {
    let server = FakeOpenAi::start(|q| {
        let mut answer = scripted::answer(q);
        if role(q) == "synthesise" {
            answer["scope"] = answer["scope"].as_str().unwrap().replace("EUR 5,000", "a limit").into();
        }
        Reply::json(&answer)
    });
    let world = World::new(&server, "");
    let rule = "A trial request above EUR 5,000 must be decided within 2 days.";
    let mission = world.submit(&format!("{BRIEF}{rule}\n"));
    world.settle().await;
    let asked = world.only(DecisionKind::Stuck);
    assert!(asked.ask.why.contains("released by a comment like `M2: why`"), "{}", asked.ask.why);
    let round = world.status(&mission).round;
    assert_eq!(round, 2, "it was asked for again, and came back");
    let report = world.file(&mission, &format!("coverage-{round}.md"));
    assert!(report.contains(&format!("| M2 | {rule} | lost, and it binds: EUR 5,000")), "{report}");
    let status = std::fs::read_to_string(world.root().join(format!("missions/{mission}/STATUS.md"))).unwrap();
    assert!(
        status.contains("## Asked, and not seen in the draft") && status.contains("EUR 5,000"),
        "{status}"
    );
    world.answer(&asked, Verb::Revise, "M2: another procedure says it");
    world.settle().await;
    let signed = world.only(DecisionKind::Forward);
    let round = world.status(&mission).round;
    let report = world.file(&mission, &format!("coverage-{round}.md"));
    assert!(report.contains("released: another procedure says it") && report.contains(" 0 lost"), "{report}");
    assert!(signed.ask.details["asked"].as_str().unwrap().contains("1 released"), "{}", signed.ask.details);
    let draft = world.file(&mission, &format!("synthesis-{round}.md"));
    assert!(!draft.contains("another procedure"), "it is no wish for the text: {draft}");
}
