//! A person edits the draft that waits for a decision: from the command line, an editor, the desk.

use super::web_world::Desk;
use super::world::World;
use serde_json::Value;

const EXAMPLE: &str = "1-lead-qualification.md";

/// The draft of a round.
fn draft(world: &World, mission: &str, round: u32) -> String {
    world.read(&format!("missions/{mission}/synthesis-{round}.md"))
}

/// The draft with another purpose.
fn edited(text: &str) -> String {
    let at = text.find("## Purpose\n").unwrap() + "## Purpose\n".len();
    let (head, rest) = text.split_at(at);
    format!("{head}\nOur own people asked for this page in their own words.\n{rest}")
}

fn last(world: &World, mission: &str, kind: &str) -> Value {
    let log = world.read(&format!("missions/{mission}/audit.jsonl"));
    let mut facts = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fact"].clone());
    facts.rfind(|fact| fact["kind"] == kind).unwrap()
}

#[test]
fn an_edited_draft_is_a_round_of_its_own_and_is_asked_about_anew() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    let before = draft(&world, &mission, 1);
    world.put("mine.md", &edited(&before));
    world.done(&["show", "D-1"]);
    let said =
        world.done(&["edit", "D-1", "--as", "chief.staff", "--file", "mine.md", "--comment", "clearer"]);
    assert!(said.contains("D-1 edited by chief.staff"), "{said}");
    world.drive();
    assert_eq!(draft(&world, &mission, 1), before, "nothing of the earlier draft is lost");
    assert_eq!(draft(&world, &mission, 2), edited(&before), "byte for byte");
    let traced = world.read(&format!("missions/{mission}/provenance-2.md"));
    let line = traced.lines().find(|line| line.contains("Our own people asked")).unwrap();
    assert!(line.contains("edited by chief.staff"), "{line}");
    assert!(traced.contains("sales.ops/"), "the other lines come from where they came from");
    // Who edited neither judges nor reads it for others; the decision is about the new bytes.
    let open = &world.json(&["inbox"])[0];
    assert_eq!(open["kind"], "forward");
    assert_ne!(open["asked_of"][0], "chief.staff");
    let fact = last(&world, &mission, "synthesis_made");
    assert!(
        fact.to_string().contains("\"edited_by\":\"chief.staff\"") || fact.to_string().contains("edited_by")
    );
    let hands = fact.to_string();
    assert!(!hands.contains("\"scrutiny\":\"chief.staff\""), "{hands}");
    let shown = world.done(&["show", &mission]);
    assert!(shown.contains("chief.staff edited it"), "{shown}");
    let reader = open["asked_of"][0].as_str().unwrap().to_owned();
    world.done(&["approve", open["id"].as_str().unwrap(), "--as", &reader]);
    world.drive();
    let sign = world.json(&["inbox"])[0]["id"].as_str().unwrap().to_owned();
    world.done(&["approve", &sign, "--as", "ceo"]);
    world.drive();
    let published = world.done(&["sop", "show", "SOP-REV-lead-qualification"]);
    assert!(published.contains("Our own people asked"), "{published}");
    world.done(&["sop", "verify"]);
    world.done(&["audit", "verify"]);
}

#[test]
fn a_signer_who_edits_does_not_sign_alone() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    world.done(&["approve", "D-1", "--as", "chief.staff"]);
    world.drive();
    world.done(&["show", "D-2"]);
    world.put("mine.md", &edited(&draft(&world, &mission, 1)));
    world.done(&["edit", "D-2", "--as", "ceo", "--file", "mine.md"]);
    world.drive();
    let open = &world.json(&["inbox"])[0];
    assert_eq!((&open["kind"], &open["asked_of"][0]), (&"forward".into(), &"chief.staff".into()), "{open:#}");
    let shown = world.done(&["show", &mission]);
    assert!(shown.contains("ceo edited it and signs it"), "{shown}");
}

#[test]
fn what_is_no_sop_or_another_one_is_refused_with_its_line_and_changes_nothing() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    let before = draft(&world, &mission, 1);
    world.done(&["show", "D-1"]);
    let log = world.read(&format!("missions/{mission}/audit.jsonl"));
    for (text, code, words) in [
        (before.clone(), 6, "nothing was changed"),
        ("# Not an SOP\n\nWords.\n".to_owned(), 3, "mine.md:1"),
        (before.replacen("## Steps", "## Stepps", 1), 3, "mine.md:"),
        (before.replacen("owner: vp.sales", "owner: cro", 1), 3, "`owner` of the head"),
        (before.replacen("version: 1.0", "version: 2.0", 1), 3, "write `version: 1.0` again"),
        (String::new(), 3, "mine.md:1"),
    ] {
        world.put("mine.md", &text);
        let refused = world.fails(code, &["edit", "D-1", "--as", "chief.staff", "--file", "mine.md"]);
        assert!(refused.contains(words), "{words}: {refused}");
    }
    world.put("mine.md", &edited(&before));
    for (arguments, code, words) in [
        (vec!["--as", "cro", "--file", "mine.md"], 4, "not of cro"),
        (vec!["--as", "chief.staff", "--file", "none.md"], 5, "none.md"),
        (
            vec!["--as", "chief.staff", "--file", "mine.md", "--hash", "00000000000000000000000000000000"],
            6,
            "other bytes",
        ),
        (vec!["--as", "chief.staff"], 2, "no editor is named"),
    ] {
        let all: Vec<&str> = ["edit", "D-1"].into_iter().chain(arguments).collect();
        let refused = world.fails(code, &all);
        assert!(refused.contains(words), "{words}: {refused}");
    }
    world.drive();
    assert_eq!(world.read(&format!("missions/{mission}/audit.jsonl")), log);
    assert!(!world.path(&format!("missions/{mission}/synthesis-2.md")).exists());
}

#[test]
fn the_desk_takes_an_edited_draft_and_keeps_what_it_refuses() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    let before = draft(&world, &mission, 1);
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    assert!(staff.get("/decisions/D-1").text.contains("/decisions/D-1/edit"));
    let page = staff.get("/decisions/D-1/edit");
    let (csrf, hash) = (page.field("csrf"), page.field("hash"));
    let send = |text: &str| {
        let fields = [("csrf", csrf.as_str()), ("hash", &hash), ("note", ""), ("text", text)];
        staff.post("/decisions/D-1/edit", &fields)
    };
    let refused = send(&edited(&before).replacen("## Steps", "## Stepps", 1));
    assert!(
        refused.text.contains("This was not taken") && refused.text.contains("Our own people asked"),
        "{}",
        refused.text
    );
    send(&edited(&before).replace('\n', "\r\n"));
    super::web_world::until(|| world.path(&format!("missions/{mission}/synthesis-2.md")).exists());
    assert_eq!(draft(&world, &mission, 2), edited(&before));
    assert!(staff.get("/decisions/D-1").text.contains("put your text in the draft"));
}
