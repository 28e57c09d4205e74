//! Hand-written SOPs: begun from the template, activated like a mission's result, retired.

use crate::world::World;
use serde_json::{Value, json};

const ID: &str = "SOP-REV-lead-qualification";

/// A sound SOP as a person would write it by hand.
pub(crate) fn sound() -> String {
    let file = "sops/examples/SOP-REV-lead-qualification-v1.0.md";
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let by_hand = |line: &&str| !line.starts_with("mission:") && !line.starts_with("contract:");
    let lines: Vec<&str> = text.lines().filter(by_hand).collect();
    (lines.join("\n") + "\n").replace("created_by: sop.manager", "created_by: cro")
}

/// Forwards and signs whatever waits for it.
fn sign(world: &World) {
    for (kind, party) in [("forward", "chief.staff"), ("publish", "ceo")] {
        world.drive();
        let inbox = world.json(&["inbox"]);
        assert_eq!(inbox[0]["kind"], kind, "{inbox}");
        world.done(&["approve", inbox[0]["id"].as_str().unwrap(), "--as", party]);
    }
    world.drive();
}

fn shelf(world: &World) -> Vec<String> {
    let list = world.json(&["sop", "list"]);
    let row =
        |row: &Value| format!("v{} {}", row["version"].as_str().unwrap(), row["status"].as_str().unwrap());
    list.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_hand_written_file_is_published_byte_for_byte_and_its_author_has_no_say() {
    let world = World::new();
    world.put("mine.md", &sound());
    let taken = world.json(&["sop", "activate", "mine.md", "--as", "cro"]);
    assert_eq!((&taken["shape"], &taken["version"]), (&json!("sopd/activation/1"), &json!("1.0")));
    let id = taken["mission"].as_str().unwrap().to_owned();
    assert!(id.starts_with("A-"), "{id}");
    world.drive();
    let audit = world.read(&format!("missions/{id}/audit.jsonl"));
    let facts: Vec<Value> =
        audit.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fact"].clone()).collect();
    let plan = facts.iter().find(|fact| fact["kind"] == "plan_made").unwrap();
    assert_eq!(plan["workers"], json!(["cro"]));
    assert!(plan["scrutiny"] != "cro" && plan["user_testing"] != "cro", "{plan}");
    let verdicts = facts.iter().find(|fact| fact["kind"] == "verdicts_given").unwrap();
    assert_eq!(verdicts["verdicts"].as_array().unwrap().len(), 12, "the house's contract was checked");
    assert_eq!(world.done(&["show", &id, "--plain"]), sound(), "what is shown is the file");
    // The file on disk may change meanwhile: what was brought is what is published.
    world.put("mine.md", "changed\n");
    world.done(&["approve", "D-1", "--as", "chief.staff"]);
    world.drive();
    let refused = world.fails(4, &["approve", "D-2", "--as", "cro"]);
    assert!(refused.contains("cro drafted part of it"), "{refused}");
    world.done(&["approve", "D-2", "--as", "ceo"]);
    world.drive();
    assert_eq!(world.read(&format!("sops/REV/{ID}-v1.0.md")), sound());
    assert!(world.read("sops/INDEX.md").contains(&format!("signed by ceo ({id})")));
    world.done(&["sop", "verify"]);
    world.done(&["audit", "verify"]);
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_lines_and_nothing_changes() {
    let world = World::new();
    let sound = sound();
    for (code, from, to, expected) in [
        (
            3,
            "**Assignee**: sales.ops",
            "**Asignee**: sales.ops",
            "mine.md:105:3: a step has no key `Asignee`",
        ),
        (3, "owner: vp.sales", "owner: vp.nobody", "(owner_exists)"),
        (3, "**Assignee**: category.positioning", "**Assignee**: nobody", "(assignees_exist)"),
        (3, "created_by: cro", "created_by: cro\nmission: M-2026-1120-x", "mine.md:17: `mission` says"),
        (6, "created_by: cro", "created_by: cro\nsupersedes: 0.9", "mine.md:17: no version of SOP-REV"),
        (3, "sales.rep: makes the first call", "sales.rep: MISSING: what it does", "mine.md:49: "),
    ] {
        assert!(sound.contains(from), "{from}");
        world.put("mine.md", &sound.replacen(from, to, 1));
        let said = world.fails(code, &["sop", "activate", "mine.md", "--as", "cro"]);
        assert!(said.contains(expected), "{to}: {said}");
    }
    world.put("mine.md", &sound);
    let signer = world.fails(4, &["sop", "activate", "mine.md", "--as", "ceo"]);
    assert!(signer.contains("nobody may sign this publication: ceo drafted part of it"), "{signer}");
    world.fails(5, &["sop", "activate", "mine.md", "--as", "nobody.at.all"]);
    let class = world.fails(4, &["sop", "activate", "mine.md", "--as", "cro", "--class", "unheard-of"]);
    assert!(class.contains("unheard-of"), "{class}");
    assert_eq!(world.json(&["status"]), json!([]));
}

#[test]
fn a_file_takes_its_place_among_the_versions() {
    let world = World::new();
    world.put("mine.md", &sound());
    world.done(&["sop", "activate", "mine.md", "--as", "cro"]);
    let open = world.fails(6, &["sop", "activate", "mine.md", "--as", "cro"]);
    assert!(open.contains("already being worked on"), "{open}");
    sign(&world);
    let same = world.fails(6, &["sop", "activate", "mine.md", "--as", "cro"]);
    assert!(same.contains("v1.0 of SOP-REV-lead-qualification was published already"), "{same}");
    let next = |head: &str| sound().replace("version: 1.0\n", head).replace("- v1.0 (", "- v1.1 (");
    world.put("next.md", &next("version: 1.1\n"));
    let silent = world.fails(6, &["sop", "activate", "next.md", "--as", "cro"]);
    assert!(silent.contains("next.md:3: v1.0 of") && silent.contains("supersedes: 1.0"), "{silent}");
    world.put("next.md", &next("version: 1.1\nsupersedes: 1.0\n"));
    world.done(&["sop", "activate", "next.md", "--as", "cro"]);
    sign(&world);
    assert_eq!(shelf(&world), ["v1.1 active", "v1.0 deprecated"]);
}

#[test]
fn a_file_sent_back_ends_there_and_may_be_brought_again() {
    let world = World::new();
    world.put("mine.md", &sound());
    let id = world.json(&["sop", "activate", "mine.md", "--as", "cro"])["mission"].clone();
    world.drive();
    world.done(&["revise", "D-1", "--as", "chief.staff", "--comment", "say who covers holidays"]);
    world.drive();
    let status = world.json(&["status", id.as_str().unwrap()]);
    assert_eq!(status[0]["state"], "rejected");
    assert_eq!(
        status[0]["reason"],
        "sent back to cro: say who covers holidays; mend the file and activate it again"
    );
    let again = world.json(&["sop", "activate", "mine.md", "--as", "cro"])["mission"].clone();
    assert_ne!(id, again);
    sign(&world);
    assert_eq!(shelf(&world), ["v1.0 active"]);
}

#[test]
fn a_file_and_a_mission_on_one_sop_take_turns() {
    let world = World::new();
    world.done(&["submit", "missions/examples/1-lead-qualification.md"]);
    world.drive();
    world.put("mine.md", &sound());
    let id = world.json(&["sop", "activate", "mine.md", "--as", "cro"])["mission"].clone();
    world.drive();
    let held = world.json(&["status", id.as_str().unwrap()]);
    assert_eq!(held[0]["state"], "held", "{held}");
    sign(&world);
    let late = world.json(&["status", id.as_str().unwrap()]);
    assert_eq!(late[0]["state"], "failed", "{late}");
    assert!(late[0]["reason"].as_str().unwrap().contains("was published already"), "{late}");
    assert_eq!(shelf(&world), ["v1.0 active"]);
    world.done(&["sop", "verify"]);
}

#[test]
fn a_draft_is_begun_from_the_template() {
    let world = World::new();
    let begun =
        world.json(&["sop", "new", "SOP-OPS-key-handover", "--owner", "ops.manager", "--title", "Keys"]);
    assert_eq!(begun["path"], "sops/drafts/SOP-OPS-key-handover-v1.0.md");
    assert!(begun["missing"].as_array().unwrap().len() > 10, "{begun}");
    let path = begun["path"].as_str().unwrap();
    let text = world.read(path);
    for line in ["title: Keys", "owner: ops.manager", "# Keys", "**Assignee**: ops.manager  "] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    let open = world.fails(3, &["sop", "activate", path, "--as", "it.security"]);
    let first = &begun["missing"][0];
    assert!(open.contains(&format!("{path}:{}: ", first["line"])), "{first}: {open}");
    let kept = world.fails(6, &["sop", "new", "SOP-OPS-key-handover"]);
    assert!(kept.contains("go on with that draft"), "{kept}");
    world.fails(5, &["sop", "new", "SOP-OPS-other", "--owner", "nobody.at.all"]);
    world.done(&["sop", "verify"]);
}

#[test]
fn who_signs_publications_retires_an_sop_once() {
    let world = World::new();
    world.put("mine.md", &sound());
    world.fails(5, &["sop", "retire", ID, "--as", "ceo", "--reason", "gone"]);
    world.done(&["sop", "activate", "mine.md", "--as", "cro"]);
    sign(&world);
    let not = world.fails(4, &["sop", "retire", ID, "--as", "cro", "--reason", "gone"]);
    assert!(not.contains("ceo, who signs publications, may"), "{not}");
    world.fails(2, &["sop", "retire", ID, "--as", "ceo", "--reason", " "]);
    world.done(&["submit", "missions/examples/2-partner-referrals.md"]);
    let busy = world.fails(6, &["sop", "retire", ID, "--as", "ceo", "--reason", "gone"]);
    assert!(busy.contains("is working on"), "{busy}");
    let mission = world.json(&["status"])[0]["id"].as_str().unwrap().to_owned();
    world.done(&["mission", "cancel", &mission, "--as", "cro"]);
    world.drive();
    let gone = world.json(&["sop", "retire", ID, "--as", "ceo", "--reason", "the partner\nsells now"]);
    assert_eq!((&gone["status"], &gone["version"]), (&json!("archived"), &json!("1.0")));
    world.fails(6, &["sop", "retire", ID, "--as", "ceo", "--reason", "once more"]);
    world.drive();
    let index = world.read("sops/INDEX.md");
    assert!(
        index.contains("retired SOP-REV-lead-qualification v1.0 (the partner sells now), signed by ceo"),
        "{index}"
    );
    assert!(!index.contains("## REV"), "{index}");
    assert_eq!(shelf(&world), ["v1.0 archived"]);
    world.done(&["sop", "verify"]);
    world.done(&["audit", "verify"]);
    // Taken up again under its old id, it counts on from there.
    world.put("mine.md", &sound().replace("version: 1.0\n", "version: 2.0\n"));
    world.done(&["sop", "activate", "mine.md", "--as", "cro"]);
    sign(&world);
    assert_eq!(shelf(&world), ["v2.0 active", "v1.0 archived"]);
}
