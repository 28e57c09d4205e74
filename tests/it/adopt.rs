//! Procedures that exist already become SOPs: as missions, with every line of the document in them, and what they leave open
//! asked once.

use crate::world::World;
use serde_json::Value;

const TABLE: &str = "# Wareneingang prüfen\n\n| Prozesseigner | Leitung Lager |\n|---|---|\n| Version | 2.1 |\n\n## Zweck\n\nJede Lieferung wird geprüft.\n\n## Ablauf\n\n| Nr. | Tätigkeit | Zuständig | Frist |\n|---|---|---|---|\n| 1 | Lieferschein vergleichen | Ops Manager | 2 Stunden |\n| 2 | 5 % der Teile messen | Qualitätsprüfer | 1 Tag |\n\nMuster sind ausgenommen.\n";
const RUNBOOK: &str = "# API slow\n\n## Trigger\n\nLatency is above 2 s for 5 minutes.\n\n## Phase 1: Triage\n\n1. Look:\n\n   ```sh\n   df -h\n   ```\n2. Call the on-call lead within 10 minutes.\n\n## Phase 2: Verification\n\n- Latency is below 500 ms.\n\n## Rollback\n\n```sh\nundo\n```\n";
const POLICY: &str = "---\ntitle: Travel expenses\nowner: Finance Controller\ntags: [finance]\n---\n\n# 1. Purpose\n\nHow travel is paid.\n\n# 2. Scope\n\nAll employees.\n\n# 3. Procedure\n\n3.1 Collect all receipts above EUR 25.\n\n3.2 Pay with the next run.\n\n# 4. Records\n\nKept for 10 years.\n";
const PLAIN: &str = "Calibrating the meter\n\nMaterials: two buffers\n\nStep 1: Rinse the electrode.\n\nStep 2: Wait for about 60 s.\n\nLost buffer: call the lab.\n";
const SEVERAL: &str = "# Opening the shop\n\n1. Unlock the door.\n2. Switch on the lights.\n\n# Closing the shop\n\n1. Count the till.\n2. Lock the door.\n";

/// The open decisions of a kind: id, who is asked, title and hash.
fn open(world: &World, kind: impl Fn(&str) -> bool) -> Vec<[String; 4]> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let inbox = world.json(&["inbox"]);
    let all = inbox.as_array().unwrap().iter().filter(|one| kind(one["kind"].as_str().unwrap()));
    all.map(|one| [text(&one["id"]), text(&one["asked_of"][0]), text(&one["title"]), text(&one["hash"])])
        .collect()
}

/// Answers every question, then forwards and signs. Returns the questions.
fn answered_and_signed(world: &World, answers: &[(&str, &str)]) -> Vec<String> {
    let asked = open(world, |kind| kind == "question");
    for [id, who, title, _] in &asked {
        let answer = answers.iter().find(|(begin, _)| title.starts_with(begin));
        world.done(&["answer", id, "--as", who, "--text", answer.map_or("as assumed", |(_, text)| text)]);
    }
    world.drive();
    for _ in 0..2 {
        for [id, who, title, hash] in open(world, |_| true) {
            assert!(!title.starts_with("Say how"), "{title}");
            world.done(&["approve", &id, "--as", &who, "--hash", &hash]);
        }
        world.drive();
    }
    asked.into_iter().map(|[_, _, title, _]| title).collect()
}

fn published(world: &World, mission: &str) -> String {
    let status = world.json(&["status", mission]);
    assert_eq!(status[0]["state"], "published", "{status}");
    let round = status[0]["round"].as_u64().unwrap();
    let coverage = world.read(&format!("missions/{mission}/coverage-{round}.md"));
    let of_document = coverage.lines().filter(|line| line.starts_with("| M"));
    let open = of_document.filter(|line| line.contains("no line speaks of it") || line.contains("lost"));
    assert_eq!(open.collect::<Vec<_>>(), Vec::<&str>::new(), "{coverage}");
    assert!(!coverage.contains("not placed"), "{coverage}");
    let id = status[0]["sop"].as_str().unwrap().split(' ').next().unwrap();
    assert!(world.read("sops/INDEX.md").contains(id));
    world.done(&["sop", "show", id])
}

#[test]
fn a_document_becomes_an_sop_with_every_line_of_it() {
    let world = World::new();
    for (name, text) in
        [("tisch.md", TABLE), ("api.md", RUNBOOK), ("travel.md", POLICY), ("meter.txt", PLAIN)]
    {
        world.put(&format!("handbook/{name}"), text);
    }
    let rows = world.json(&["adopt", "handbook"]);
    for row in rows.as_array().unwrap() {
        assert_eq!(row["lines"]["kept"], row["lines"]["all"], "{row}");
        assert!(row["questions"].as_array().unwrap().len() <= 3, "{row}");
    }
    world.drive();
    for row in rows.as_array().unwrap() {
        let (text, mission) = (world.read(row["file"].as_str().unwrap()), row["mission"].as_str().unwrap());
        assert!(world.read(&format!("missions/{mission}/mission.md")).ends_with(&text), "{mission}");
    }
    let answers = [
        ("Who is meant", "Qualitätsprüfer: it.security; whole: ops.manager"),
        ("What starts this work (“Wareneingang", "A delivery arrives; delivery: its number"),
        ("In one line", "It is checked.\nBad parts get in.\nSend it back."),
    ];
    let asked = answered_and_signed(&world, &answers);
    assert!(asked.iter().any(|title| title.contains("“Qualitätsprüfer” (step 2)")), "{asked:?}");
    assert!(!asked.iter().any(|title| title.contains("“Ops Manager”")), "its title says who: {asked:?}");
    assert!(!asked.iter().any(|title| title.starts_with("Who answers for “Travel")), "{asked:?}");
    let sops: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| published(&world, row["mission"].as_str().unwrap()))
        .collect();
    let of = |title: &str| sops.iter().find(|sop| sop.contains(title)).unwrap();
    let table = of("title: Wareneingang prüfen");
    for line in ["**Assignee**: it.security", "- Frist: 2 Stunden", "Muster sind ausgenommen.", "`delivery`"]
    {
        assert!(table.contains(line), "{line}\n{table}");
    }
    assert!(of("title: API slow").contains("```text sh\ndf -h\n```"), "a command stays text");
    assert!(of("title: Travel expenses").contains("\nowner: finance.controller\n"));
    assert!(of("title: Calibrating the meter").contains("### Step 2: Wait for about 60 s"));
}

#[test]
fn a_trial_writes_nothing_and_says_what_would_be_asked() {
    let world = World::new();
    world.put("old.md", TABLE);
    let said = world.done(&["adopt", "old.md", "--dry-run"]);
    for words in ["Wareneingang prüfen", "old.md would ask:", "Who is meant in", "Nothing was written."] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(world.json(&["status"]).as_array().unwrap().len(), 0);
    world.fails(3, &["adopt", "old.md", "missing.md", "--dry-run"]);
}

#[test]
fn several_procedures_in_one_document_are_asked_about_first() {
    let world = World::new();
    world.put("shop.md", SEVERAL);
    let first = world.json(&["adopt", "shop.md"])[0]["mission"].as_str().unwrap().to_owned();
    world.drive();
    let asked = open(&world, |kind| kind == "question");
    let [[id, who, title, _]] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(title.contains("2 procedures: “Opening the shop” and “Closing the shop”"), "{title}");
    world.done(&["answer", id, "--as", who, "--text", "each"]);
    world.drive();
    let status = world.json(&["status", &first]);
    assert_eq!(status[0]["state"], "answered", "{status}");
    answered_and_signed(&world, &[]);
    let index = world.read("sops/INDEX.md");
    assert!(index.contains("Opening the shop") && index.contains("Closing the shop"), "{index}");
}

#[test]
fn a_procedure_dropped_as_it_is_is_adopted_too() {
    let world = World::new();
    world.put("missions/travel.md", POLICY);
    world.drive();
    answered_and_signed(&world, &[]);
    let mission = world.json(&["status"])[0]["id"].as_str().unwrap().to_owned();
    let sop = published(&world, &mission);
    assert!(sop.contains("tags: [finance]") && sop.contains("Adopted as it stands."), "{sop}");
}
