//! Answers from the command line: who may give them, once, to what they were shown; and the exit code of each refusal.

use crate::activation::sound;
use crate::world::World;

const EXAMPLE: &str = "1-lead-qualification.md";

/// What was shown to this user of the machine.
fn seen(world: &World) -> std::path::PathBuf {
    world.path(&format!(".sopd/seen-{}", rustix::process::getuid().as_raw()))
}

#[test]
fn an_answer_counts_once_from_who_is_asked_for_the_bytes_shown() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    let inbox = world.json(&["inbox"]);
    let hash = inbox[0]["hash"].as_str().unwrap().to_owned();

    world.fails(5, &["approve", "D-99", "--as", "chief.staff"]);
    world.fails(5, &["approve", "M-2020-0101-x", "--as", "chief.staff"]);
    let unknown = world.fails(5, &["approve", "D-1", "--as", "nobody"]);
    assert!(unknown.contains("asked of chief.staff"), "{unknown}");
    world.fails(4, &["approve", "D-1", "--as", "vp.sales"]);
    world.fails(2, &["answer", "D-1", "--as", "chief.staff", "--text", "yes"]);
    world.fails(2, &["revise", "D-1", "--as", "chief.staff", "--comment", " "]);
    world.fails(6, &["approve", "D-1", "--as", "chief.staff", "--hash", &"0".repeat(32)]);
    world.fails(2, &["approve", "D-1", "--as", "chief.staff", "--hash", hash.get(..31).unwrap()]);
    // Without a hash a yes is for what was shown last, and nothing else: who has not looked, looks first.
    std::fs::remove_file(seen(&world)).unwrap();
    let unseen = world.sopd_with(&["approve", "D-1", "--as", "chief.staff"], "");
    assert!(unseen.code == 2 && unseen.err.contains("sopd show D-1"), "{}", unseen.err);
    world.put(
        seen(&world).strip_prefix(world.root()).unwrap().to_str().unwrap(),
        &format!("D-1 {}\n", "0".repeat(64)),
    );
    let other = world.sopd_with(&["approve", "D-1", "--as", "chief.staff"], "");
    assert!(other.code == 6 && other.err.contains("other bytes"), "{}", other.err);
    assert!(world.done(&["show", "D-1"]).contains(&format!("--hash {}", hash.get(..32).unwrap())));
    assert_eq!(std::fs::read_to_string(seen(&world)).unwrap(), format!("D-1 {hash}\n"));
    assert_eq!(world.json(&["inbox"]).as_array().unwrap().len(), 1, "nothing of this counted");

    let said = world.done(&["approve", "D-1", "--as", "chief.staff", "--hash", &hash]);
    assert!(said.contains("forwarded by chief.staff"), "{said}");
    assert!(said.contains("up` and"), "it says who goes on: {said}");
    let twice = world.fails(6, &["approve", "D-1", "--as", "chief.staff"]);
    assert!(twice.contains("already decided: approve by chief.staff"), "{twice}");

    world.drive();
    assert_eq!(world.json(&["inbox", "--for", "ceo"])[0]["kind"], "publish");
    assert_eq!(world.json(&["inbox", "--for", "chief.staff"]).as_array().unwrap().len(), 0);
    let signed = world.json(&["approve", &mission, "--as", "ceo"]);
    assert_eq!((&signed["verb"], &signed["driven"]), (&"approve".into(), &false.into()));
    assert!(signed["os_user"].as_str().unwrap().contains("uid "), "{signed}");
    world.drive();
    assert_eq!(world.json(&["status", &mission])[0]["state"], "published");
}

#[test]
fn revise_sends_back_and_reject_ends() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    world.done(&[
        "revise",
        "D-1",
        "--as",
        "chief.staff",
        "--comment",
        "Say who calls first.",
        "--line",
        "30",
    ]);
    world.drive();
    let status = world.json(&["status", &mission]);
    assert_eq!(status[0]["round"], 2, "{status}");
    // Whose words are in it judges it no more, and who signs is told whose they are.
    let judge = |round: u32| {
        let report = world.read(&format!("missions/{mission}/scrutiny-{round}.md"));
        report.lines().next().unwrap().rsplit_once("by ").unwrap().1.to_owned()
    };
    assert!(judge(1) == "chief.staff" && judge(2) != "chief.staff", "{} then {}", judge(1), judge(2));
    world.done(&["approve", &mission, "--as", "chief.staff"]);
    world.drive();
    let shown = world.done(&["show", &mission]);
    assert!(shown.contains("Words of chief.staff stand in it"), "{shown}");
    // The signer may ask for a change and sign what comes of it, knowing that it did.
    world.done(&["revise", &mission, "--as", "ceo", "--comment", "Say who covers holidays."]);
    world.drive();
    world.done(&["approve", &mission, "--as", "chief.staff"]);
    world.drive();
    let asked = world.json(&["inbox", "--for", "ceo"]);
    assert!(asked[0]["barred"].get("ceo").is_none() && asked[0]["barred"].get("chief.staff").is_some());
    assert!(
        asked[0]["details"]["for_you_to_judge"].to_string().contains("ceo said what to change"),
        "{asked}"
    );
    assert_eq!(judge(3), judge(2));
    let said = world.done(&["reject", &mission, "--as", "ceo", "--reason", "not now"]);
    assert!(said.contains("rejected by ceo"), "{said}");
    world.drive();
    assert_eq!(world.json(&["status", &mission])[0]["state"], "rejected");
    assert!(world.json(&["inbox"]).as_array().unwrap().is_empty());
}

#[test]
fn only_those_concerned_cancel_a_mission() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    world.fails(4, &["mission", "cancel", &mission, "--as", "sales.ops"]);
    world.fails(5, &["mission", "cancel", "M-2020-0101-x", "--as", "ceo"]);
    world.fails(6, &["mission", "retry", &mission, "--as", "cro"]);
    world.done(&["mission", "cancel", &mission, "--as", "cro", "--comment", "not needed"]);
    world.drive();
    assert_eq!(world.json(&["status", &mission])[0]["state"], "cancelled");
    world.fails(6, &["mission", "cancel", &mission, "--as", "cro"]);
}

#[test]
fn a_mission_that_was_stopped_is_cancelled_at_once() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    // As if other code had written the record.
    let db = rusqlite::Connection::open(world.path(".sopd/journal.db")).unwrap();
    db.execute("UPDATE step SET input_hash = 'x' WHERE workflow = ?1 AND ordinal = 1", [&mission]).unwrap();
    db.execute("UPDATE workflow SET state = 'ready' WHERE id = ?1", [&mission]).unwrap();
    drop(db);
    world.drive();
    let status = world.json(&["status", &mission]);
    let waiting = status[0]["waiting_for"].as_str().unwrap();
    assert!(waiting.contains("it was stopped because") && waiting.contains("mission cancel"), "{waiting}");
    world.done(&["mission", "cancel", &mission, "--as", "cro"]);
    assert!(world.json(&["inbox"]).as_array().unwrap().is_empty(), "nothing is asked any more");
    world.drive();
    let status = world.json(&["status", &mission]);
    assert_eq!((&status[0]["state"], &status[0]["waiting_for"]), (&"cancelled".into(), &"".into()));
    world.fails(6, &["mission", "cancel", &mission, "--as", "cro"]);
    // Its SOP is free for the next.
    let next = world.json(&["submit", "--again", &format!("missions/examples/{EXAMPLE}")]);
    world.drive();
    assert_eq!(world.json(&["status", next["mission"].as_str().unwrap()])[0]["state"], "awaiting_decision");
    let told = world.fails(1, &["audit", "verify"]);
    assert!(told.contains(&format!("row `step {mission} 1`")) && told.contains("input_hash"), "{told}");
}

/// What was asked and is not in the draft blocks it, is shown first, and is released by a word of who decides.
#[test]
fn a_change_that_says_nothing_new_asks_what_to_change() {
    let world = World::new();
    world.put("mine.md", &sound());
    world.done(&["sop", "activate", "mine.md", "--as", "cro"]);
    for party in ["chief.staff", "ceo"] {
        world.drive();
        let inbox = world.json(&["inbox"]);
        world.done(&["approve", inbox[0]["id"].as_str().unwrap(), "--as", party]);
    }
    world.drive();
    world.put(
        "change.md",
        "---\nsop: SOP-REV-lead-qualification\nchange: minor\nrequested_by: cro\nowner: vp.sales\nworkers:\n  \
         - { agent: sales.ops, brief: CRM field enforcement }\n---\n# Lead qualification\n\nThe procedure came into \
         use in the spring.\n",
    );
    let mission = world.json(&["submit", "change.md"])["mission"].as_str().unwrap().to_owned();
    world.drive();
    let inbox = world.json(&["inbox"]);
    assert_eq!((&inbox[0]["kind"], &inbox[0]["asked_of"]), (&"question".into(), &serde_json::json!(["cro"])));
    assert_eq!(inbox[0]["title"], "What exactly shall change in SOP-REV-lead-qualification?");
    assert_eq!(world.json(&["status", &mission])[0]["state"], "waiting_for_person");
    let rule =
        "Call a sales-qualified lead from an event within 2 business days of its entry into the stage New.";
    world.done(&["answer", inbox[0]["id"].as_str().unwrap(), "--as", "cro", "--text", rule]);
    world.drive();
    assert_eq!(world.json(&["status", &mission])[0]["state"], "awaiting_decision");
    let draft = world.done(&["show", &mission, "--plain"]);
    assert!(draft.contains("version: 1.1") && draft.contains(&format!("- {rule}")), "{draft}");
}

#[test]
fn any_party_calls_the_council_for_a_mission_or_a_file() {
    let world = World::new();
    let mission = world.example("2-partner-referrals.md");
    world.fails(5, &["council", "request", &mission, "--as", "nobody"]);
    world.fails(5, &["council", "request", "M-2020-0101-x", "--as", "ceo"]);
    world.done(&["council", "request", &mission, "--as", "people.partner"]);
    world.drive();
    assert!(world.read(&format!("missions/{mission}/STATUS.md")).contains("called by people.partner"));
    // Where a draft waits to be answered no round is to come that would hold it: nobody is told of a council that never sits.
    let late = world.example("4-vendor-invoice-approval.md");
    world.fails(6, &["council", "request", &late, "--as", "people.partner"]);
    world.put("pitch.md", "# Our pitch\n\nWe are the first and the best, and everybody knows it.\n");
    let review = world.json(&["council", "request", "pitch.md", "--as", "people.partner"]);
    world.drive();
    let review = review["mission"].as_str().unwrap();
    assert_eq!(world.json(&["status", review])[0]["state"], "answered");
    assert!(world.path(&format!("missions/{review}/council.md")).is_file());
}
