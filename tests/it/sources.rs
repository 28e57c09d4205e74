//! Missions that rest on documents: beside them in a folder, or named in their heads; and documents handed in alone.

use crate::documents::{docx, pdf, xlsx};
use crate::fake_openai::{FakeOpenAi, Reply};
use crate::faults_world::{put, until};
use crate::scripted::{self, role};
use crate::world::World;
use sopd::mission::source_file;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};

const MISSION: &str = "---\nowner: finance.controller\nsources:\n  - { file: policy.pdf, binding: true }\n  - handbook/terms.txt\n---\n\
                       # Refund approval\n\nStart: A customer asks for a refund.\n\n## Steps\n\n\
                       1. Finance Controller checks the receipt.\n2. Finance Controller approves the refund.\n";
const TERMS: &str =
    "Refund terms\n\nThe bank takes 3 days to book a refund.\nWe keep receipts for 10 years.\n";
const NOTE: &str = "Last year 40 refunds were paid twice.\n";

fn policy() -> Vec<u8> {
    pdf(&[
        "Refund policy",
        "",
        "A refund above EUR 500 goes to the Finance Controller.",
        "A refund is paid within 14 days.",
    ])
}

/// A workspace with the folder of the mission, its policy and a note beside it, and the terms elsewhere.
fn dropped() -> World {
    let world = World::new();
    world.put("handbook/terms.txt", TERMS);
    put(&world.path("missions/refunds/policy.pdf"), policy());
    put(&world.path("missions/refunds/note.md"), NOTE);
    put(&world.path("missions/refunds/mission.md"), MISSION);
    world
}

fn only(world: &World) -> String {
    let all = world.json(&["status", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    all[0]["id"].as_str().unwrap().to_owned()
}

fn explained(world: &World, name: &str) -> String {
    world.read(&format!("missions/{name}.error.md"))
}

/// All of it is in its dossier, and nowhere else.
fn settled(world: &World) -> String {
    let mission = only(world);
    let file = |name: &str| world.path(&format!("missions/{mission}/{name}"));
    assert_eq!(world.read(&format!("missions/{mission}/mission.md")), MISSION);
    for (number, name, bytes) in
        [(1, "note.md", NOTE.as_bytes()), (2, "policy.pdf", &policy()), (3, "terms.txt", TERMS.as_bytes())]
    {
        assert_eq!(std::fs::read(file(&source_file(number, name, bytes))).unwrap(), bytes, "{name}");
    }
    assert_eq!(world.read(&format!("missions/{mission}/sources/S3.md")), TERMS.trim_end());
    assert!(!world.path("missions/refunds").exists());
    assert!(world.path("handbook/terms.txt").exists(), "what lies elsewhere stays there");
    world.done(&["audit", "verify"]);
    mission
}

#[test]
fn a_folder_is_a_mission_and_the_files_beside_it_are_its_sources() {
    let world = dropped();
    put(&world.path("missions/refunds/.DS_Store"), "x");
    world.drive();
    let mission = settled(&world);
    assert!(world.path(&format!("missions/{mission}/dropped/.DS_Store")).exists(), "nothing of it is lost");
    let coverage = world.read(&format!("missions/{mission}/coverage-1.md"));
    for row in [
        "2 sources given as context",
        "| M2 | Finance Controller checks the receipt. | line ",
        "| S2:3 | A refund above EUR 500 goes to the Finance Controller. | line ",
        "| S2:4 | A refund is paid within 14 days. | line ",
        "| S1 | note.md, 1 line | given as context, not placed line by line |",
        "| S3 | terms.txt, 4 lines | given as context",
    ] {
        assert!(coverage.contains(row), "{row}: {coverage}");
    }
    let provenance = world.read(&format!("missions/{mission}/provenance-1.md"));
    assert!(provenance.contains("S2 (100 %)"), "{provenance}");
    let text = world.read(&format!("missions/{mission}/synthesis-1.md"));
    for context in ["40 refunds", "3 days", "10 years"] {
        assert!(!text.contains(context), "what is context is not put in: {text}");
    }
    let status = world.read(&format!("missions/{mission}/STATUS.md"));
    assert!(status.contains("sources/S2.md) the text of a source"), "{status}");
    let log = world.read(&format!("missions/{mission}/audit.jsonl"));
    assert!(log.contains("\"name\":\"policy.pdf\"") && log.contains("\"binding\":true"), "{log}");
}

#[test]
fn a_line_of_a_source_is_released_by_its_id_and_a_lost_one_blocks() {
    let world = dropped();
    world.drive();
    let mission = only(&world);
    let draft = world.read(&format!("missions/{mission}/synthesis-1.md"));
    let without: String =
        draft.lines().filter(|line| !line.contains("14 days")).map(|line| format!("{line}\n")).collect();
    world.put("mine.md", &without);
    let inbox = world.json(&["inbox"]);
    let (id, hash) = (inbox[0]["id"].as_str().unwrap(), inbox[0]["hash"].as_str().unwrap());
    world.done(&["edit", id, "--as", "chief.staff", "--hash", hash, "--file", "mine.md"]);
    world.drive();
    let coverage = world.read(&format!("missions/{mission}/coverage-2.md"));
    assert!(
        coverage.contains("| S2:4 | A refund is paid within 14 days. | lost, and it binds: 14 days |"),
        "{coverage}"
    );
    let inbox = world.json(&["inbox"]);
    let (id, hash) = (inbox[0]["id"].as_str().unwrap(), inbox[0]["hash"].as_str().unwrap());
    world.done(&[
        "revise",
        id,
        "--as",
        inbox[0]["asked_of"][0].as_str().unwrap(),
        "--hash",
        hash,
        "--comment",
        "S2:4: the bank decides that",
    ]);
    world.drive();
    let coverage = world.read(&format!("missions/{mission}/coverage-3.md"));
    assert!(
        coverage.contains("| S2:4 | A refund is paid within 14 days. | released: the bank decides that |"),
        "{coverage}"
    );
}

#[test]
fn a_folder_that_dies_half_moved_is_moved_on() {
    let note = source_file(1, "note.md", NOTE.as_bytes());
    let note = note.strip_prefix("sources/").unwrap();
    for place in ["mission.md", note] {
        for when in ["before", "after"] {
            let world = dropped();
            let point = format!("rename/{place}/{when}");
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sopd"));
            command.args(["up", "--until-idle"]).current_dir(world.root()).env("SOPD_FAULT", &point);
            assert!(!command.output().unwrap().status.success(), "{point} was not passed");
            world.drive();
            settled(&world);
        }
    }
}

#[test]
fn a_folder_that_cannot_be_taken_stays_and_is_explained() {
    let world = World::new();
    put(&world.path("outside.txt"), "Not for them.\n");
    for (name, files, words) in [
        ("two", vec![("a.md", "# A\n"), ("b.md", "# B\n")], "two/ holds several files and no mission.md"),
        ("twice", vec![("mission.md", "# A\n"), ("Mission.txt", "B\n")], "several files called mission"),
        (
            "deep",
            vec![("mission.md", "# A\n\nText.\n"), ("more/b.md", "B\n")],
            "deep/more is no file of this folder",
        ),
        ("odd", vec![("mission.md", "# A\n\nText.\n"), ("b.doc", "B\n")], "save it as .docx"),
        ("scan", vec![("mission.md", "# A\n\nText.\n"), ("b.xlsx", "B\n")], "b.xlsx cannot be read"),
        ("key", vec![("mission.md", "---\nownr: x\n---\n# A\n\nText.\n")], "key/mission.md:2:1"),
        (
            "gone",
            vec![("mission.md", "---\nsources:\n  - handbook/none.md\n---\n# A\n\nText.\n")],
            "gone/mission.md:3:5: `handbook/none.md` does not exist",
        ),
    ] {
        for (file, text) in files {
            world.put(&format!("missions/{name}/{file}"), text);
        }
        world.drive();
        let told = explained(&world, name);
        assert!(told.contains(words), "{name}: {told}");
        assert!(!told.contains(world.root().to_str().unwrap()), "no path of this machine: {told}");
        assert!(world.done(&["status"]).contains(&format!("missions/{name} could not be accepted")));
    }
    world.put("missions/linked/mission.md", "# A\n\nText.\n");
    symlink(world.path("outside.txt"), world.path("missions/linked/b.txt")).unwrap();
    std::fs::create_dir(world.path("missions/empty")).unwrap();
    world.drive();
    assert!(explained(&world, "linked").contains("a link that leads elsewhere"));
    assert!(!world.path("missions/empty.error.md").exists(), "nobody has put anything in it yet");
    assert_eq!(world.json(&["status", "--all"]).as_array().unwrap().len(), 0);
    // Mended, it is taken, and its note goes.
    world.put("missions/two/mission.md", "# Refund approval\n\nWrite down how a refund is approved.\n");
    let mut daemon = world.up();
    until("it is taken", || {
        !world.path("missions/two").exists() && !world.path("missions/two.error.md").exists()
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

#[test]
fn a_head_names_no_file_outside_and_none_with_secrets() {
    let world = World::new();
    let away = tempfile::tempdir().unwrap();
    put(&away.path().join("far.md"), "Far.\n");
    symlink(away.path().join("far.md"), world.path("near.md")).unwrap();
    symlink(world.path(".sopd"), world.path("hole")).unwrap();
    put(&world.path(".sopd/x.md"), "Within.\n");
    world.put("keys.txt", "KEY=1\n");
    std::fs::set_permissions(world.path("keys.txt"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    let settings = world.read("sopd.yaml");
    world.put("sopd.yaml", &format!("{settings}\nruns:\n  secrets_file: keys.txt\n"));
    put(&world.path("big.txt"), vec![b'a'; 11 * 1024 * 1024]);
    for (source, words) in [
        ("near.md", "a link that leads where no source may lie"),
        ("hole/x.md", "a link that leads where no source may lie"),
        ("keys.txt", "holds secrets"),
        ("big.txt", "big.txt is 11 MiB; at most 10 are taken"),
        ("../x.md", "leads out of the workspace"),
        ("missions/M-2026-1120-x/mission.md", "is what sopd writes"),
    ] {
        world.put("m.md", &format!("---\nsources:\n  - {source}\n---\n# Refunds\n\nWrite it.\n"));
        let told = world.fails(
            if words.contains("link") || words.contains("secrets") { 4 } else { 3 },
            &["submit", "m.md"],
        );
        assert!(told.contains(words) && told.contains("m.md:3:5"), "{source}: {told}");
    }
}

#[test]
fn a_document_of_any_form_dropped_alone_becomes_our_sop() {
    let world = World::new();
    let badge = docx(&[
        "# Lost badge",
        "A lost badge lets strangers in.",
        "## Steps",
        "1. Block the badge within 15 minutes.",
        "1. Print a new badge for EUR 20.",
    ]);
    let till = xlsx(&[
        &["No", "What", "Who", "Limit"],
        &["1", "Count the till", "Ops Manager", "2 hours"],
        &["2", "Lock the door", "Ops Manager", "10 minutes"],
    ]);
    put(&world.path("handbook/till.xlsx"), &till);
    put(&world.path("handbook/refunds.pdf"), policy());
    put(&world.path("handbook/scan.pdf"), pdf(&[]));
    let said = world.sopd(&["adopt", "handbook", "--dry-run", "--json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    let rows: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let by_file: BTreeMap<&str, &serde_json::Value> =
        rows.as_array().unwrap().iter().map(|row| (row["file"].as_str().unwrap(), row)).collect();
    assert_eq!(by_file["handbook/till.xlsx"]["steps"], 2, "{rows}");
    for file in ["handbook/till.xlsx", "handbook/refunds.pdf"] {
        assert_eq!(by_file[file]["lines"]["kept"], by_file[file]["lines"]["all"], "{rows}");
    }
    assert!(
        by_file["handbook/scan.pdf"]["errors"][0]["message"].as_str().unwrap().contains("it is a scan"),
        "{rows}"
    );
    let left = std::fs::read_dir(world.path(".sopd/reading")).unwrap().count();
    assert_eq!(left, 0, "nothing of it stays behind");

    put(&world.path("missions/badge.docx"), &badge);
    put(&world.path("missions/scan.pdf"), pdf(&[]));
    put(&world.path("missions/broken.docx"), "PK\u{3}\u{4}");
    world.drive();
    let mission = only(&world);
    assert_eq!(std::fs::read(world.path(&format!("missions/{mission}/mission.docx"))).unwrap(), badge);
    let text = world.read(&format!("missions/{mission}/mission.md"));
    assert!(
        text.contains("change: adopt") && text.contains("1. Block the badge within 15 minutes."),
        "{text}"
    );
    assert!(!world.path("missions/badge.docx").exists());
    assert!(explained(&world, "scan.pdf").contains("OCR"));
    assert!(explained(&world, "broken.docx").contains("broken.docx cannot be read"));
}

#[test]
fn a_broken_document_stops_no_other() {
    let world = World::new();
    // A page that draws itself without end.
    let loops = String::from_utf8(pdf(&["x"])).unwrap().replace("/Kids [3 0 R]", "/Kids [2 0 R]");
    put(&world.path("missions/loop.pdf"), loops);
    put(
        &world.path("missions/mail.eml"),
        "From: a@x.example\nSubject: Refund approval\n\nWrite down how we approve a refund.\n",
    );
    world.drive();
    assert!(explained(&world, "loop.pdf").contains("loop.pdf"), "it is explained");
    let mission = only(&world);
    assert!(mission.ends_with("-refund-approval"), "{mission}");
    assert!(world.path(&format!("missions/{mission}/mission.eml")).exists());
}

#[test]
fn a_stop_waits_for_no_document() {
    let world = World::new();
    // Its reader would take minutes.
    put(&world.path("missions/deep.html"), "<div>".repeat(400_000) + "x");
    let mut daemon = world.up();
    let reads =
        || std::fs::read_dir(world.path(".sopd/reading")).is_ok_and(|mut found| found.next().is_some());
    until("it is being read", reads);
    world.put("missions/refund.md", "# Refund approval\n\nWrite down how a refund is approved.\n");
    let begun = std::time::Instant::now();
    world.done(&["stop"]);
    assert!(daemon.wait().unwrap().success());
    assert!(begun.elapsed() < std::time::Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(world.path("missions/deep.html").exists() && !world.path("missions/deep.html.error.md").exists());
    assert!(!reads(), "nothing of it stays behind");
}

#[test]
fn a_folder_of_one_document_is_that_mission_and_other_sources_make_another_mission() {
    let world = World::new();
    let brief =
        "---\nsources: [handbook/a.txt]\n---\n# Refund approval\n\nWrite down how a refund is approved.\n";
    world.put("handbook/a.txt", "Refunds above EUR 500 need two people.\n");
    world.put("folder/anything.md", brief);
    world.done(&["submit", "folder"]);
    let told = world.fails(6, &["submit", "folder"]);
    assert!(told.contains("already being worked on"), "{told}");
    world.put("handbook/a.txt", "Refunds above EUR 900 need two people.\n");
    world.done(&["submit", "folder"]);
    assert_eq!(world.json(&["status"]).as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_is_shown_what_it_needs_of_the_sources() {
    let seen: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let heard = seen.clone();
    let server = FakeOpenAi::start(move |q| {
        heard.lock().unwrap().entry(role(q).to_owned()).or_default().push_str(&q.user);
        Reply::json(&scripted::answer(q))
    });
    let world = crate::models_world::World::new(&server, "");
    let long = format!(
        "# Parking\n\n{}\n\n# Leads\n\nA lead of CANARY-CONTEXT calls back within 9 days.\n",
        "Park behind the house.\n\n".repeat(3000)
    );
    put(&world.root().join("handbook/long.md"), long);
    put(&world.root().join("handbook/rules.txt"), "Every lead of CANARY-BINDING is called within 2 days.\n");
    let example =
        std::fs::read_to_string(world.root().join("missions/examples/1-lead-qualification.md")).unwrap();
    let head = "---\nsources:\n  - handbook/long.md\n  - { file: handbook/rules.txt, binding: true }\n";
    world.submit(&example.replacen("---\n", head, 1));
    world.settle().await;
    let seen = seen.lock().unwrap();
    for role in ["plan", "draft", "synthesise"] {
        assert!(seen[role].contains("S2:1 Every lead of CANARY-BINDING"), "{role}: {}", seen[role]);
        assert!(seen[role].contains("6005: Leads"), "{role} sees the contents");
    }
    for role in ["plan", "draft"] {
        assert!(seen[role].contains("S1:6007 A lead of CANARY-CONTEXT"), "{role}");
    }
    assert!(!seen["synthesise"].contains("CANARY-CONTEXT"));
    assert!(seen["scrutiny"].contains("S2:1: Every lead of CANARY-BINDING"));
    assert!(!seen["execute"].contains("CANARY"), "who tries it has only the SOP");
}
