//! What the command line shows: the stable shapes of its JSON, the pages for people, and how it tells what is wrong.

use crate::world::World;
use serde_json::Value;

const EXAMPLE: &str = "1-lead-qualification.md";

/// `value` has every one of `members`.
#[track_caller]
fn has(value: &Value, members: &[&str]) {
    for member in members {
        assert!(value.get(member).is_some(), "{member} is missing in {value}");
    }
}

#[test]
fn the_json_of_inbox_status_show_and_sop_list_is_stable() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    let inbox = world.json(&["inbox"]);
    let members =
        ["id", "kind", "subject", "title", "asked_of", "hash", "requested_at", "due_at", "on_deadline"];
    has(&inbox[0], &members);
    has(&inbox[0], &["why", "mission", "details", "commands", "overdue"]);
    assert_eq!(inbox[0]["asked_of"], serde_json::json!(["chief.staff"]));
    assert_eq!(inbox[0]["shape"], "sopd/inbox/1");
    assert!(inbox[0]["due_at"].as_str().unwrap().ends_with('Z'));

    let status = world.json(&["status"]);
    has(&status[0], &["id", "title", "state", "waiting_for", "round", "cost_usd", "tokens", "sop"]);
    assert_eq!(
        (&status[0]["id"], &status[0]["state"]),
        (&mission.as_str().into(), &"awaiting_decision".into())
    );

    let show = world.json(&["show", "D-1"]);
    assert_eq!(show["draft"]["sha256"], inbox[0]["hash"], "what is shown is what is signed");
    assert_eq!(show["draft"]["lines"][0]["number"], 1);
    assert!(show["draft"]["verdicts"]["passed"].as_u64().unwrap() > 0, "{}", show["draft"]["verdicts"]);
    let plain = world.done(&["show", &mission, "--plain"]);
    assert_eq!(plain, world.read(&format!("missions/{mission}/synthesis-1.md")));

    for (party, _) in [("chief.staff", 0), ("ceo", 1)] {
        world.done(&["approve", &mission, "--as", party]);
        world.drive();
    }
    let list = world.json(&["sop", "list"]);
    has(&list[0], &["id", "version", "status", "owner", "path", "sha256", "approved_by", "approved_at"]);
    assert_eq!(list[0]["id"], "SOP-REV-lead-qualification");
    assert_eq!(list[0]["sha256"], inbox[0]["hash"], "what was shown is what is published");
    let head = serde_json::json!([list[0]["version"], list[0]["status"], list[0]["approved_by"]]);
    assert_eq!(head, serde_json::json!(["1.0", "active", "ceo"]));
}

#[test]
fn pages_say_who_must_act_and_what_to_type() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    let status = world.done(&["status", &mission]);
    assert!(status.contains("chief.staff must act on D-1"), "{status}");
    assert!(status.contains("approve D-1 --as chief.staff"), "{status}");
    let inbox = world.done(&["inbox"]);
    for words in
        ["Forward SOP-REV-lead-qualification", "asked of  chief.staff", "deadline", "then asked again"]
    {
        assert!(inbox.contains(words), "{words}: {inbox}");
    }
    let show = world.done(&["show", &mission]);
    for words in ["from vp.sales/", "Verdicts", "SHA-256", "approve D-1 --as chief.staff --hash "] {
        assert!(show.contains(words), "{words}: {show}");
    }
    let agents = world.done(&["agents"]);
    assert!(agents.lines().any(|line| line.starts_with("vp.sales") && line.contains("worker")), "{agents}");
    assert!(world.done(&["completions", "bash"]).contains("_sopd"));
    world.done(&["man", "pages"]);
    assert!(world.read("pages/sopd-sop-retire.1").contains("retire"));
}

#[test]
fn what_is_wrong_is_told_with_its_kind_and_place() {
    let world = World::new();
    assert!(World::empty().fails(5, &["status"]).contains("sopd init"));
    world.fails(5, &["status", "M-2020-0101-x"]);
    world.fails(5, &["show", "D-4"]);
    world.fails(5, &["sop", "show", "SOP-REV-nothing"]);
    world.fails(5, &["submit", "nowhere.md"]);
    assert_eq!(world.sopd(&["approve", "D-1"]).code, 2, "clap's own");
    assert_eq!(world.sopd(&["status", "--help"]).code, 0);

    world.put("bad.md", "---\nownr: vp.sales\n---\n# X\nText.\n");
    let bad = world.fails(3, &["submit", "bad.md"]);
    assert!(bad.contains("bad.md:2:"), "{bad}");

    world.put("sopd.yaml", "# mine\nbudgts: {}\n");
    let settings = world.fails(3, &["up", "--until-idle"]);
    assert!(settings.contains("sopd.yaml:2:"), "{settings}");
    assert!(settings.contains("| budgts: {}"), "{settings}");
    let doctor = world.sopd(&["doctor"]);
    assert_eq!(doctor.code, 3, "{}", doctor.err);
    assert!(doctor.out.contains("sopd.yaml:2:"), "{}", doctor.out);
    let errors: Value = serde_json::from_str(&world.sopd(&["agents", "--json"]).err).unwrap();
    assert_eq!(
        (&errors["shape"], &errors["errors"][0]["kind"]),
        (&"sopd/errors/1".into(), &"invalid".into())
    );
}

#[test]
fn a_journal_of_a_newer_sopd_is_left_alone() {
    let world = World::new();
    let db = rusqlite::Connection::open(world.path(".sopd/journal.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let said = world.fails(7, &["status"]);
    assert!(said.contains("newer sopd (format 99"), "{said}");
    world.fails(7, &["up", "--until-idle"]);
}

#[test]
fn a_mission_comes_in_from_standard_input_once() {
    let world = World::new();
    let text = "# Desk plants\n\nPlants die when people are away. Write down who waters them.\n";
    assert_eq!(world.sopd_with(&["submit", "-"], text).code, 0);
    let again = world.sopd_with(&["submit", "-"], text);
    assert_eq!((again.code, again.err.contains("already being worked on")), (6, true), "{}", again.err);
}
