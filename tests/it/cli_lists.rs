//! Lists say what they leave out, and deeds say what they leave open.

use crate::runs_world::{Draft, asked, start, started, with};
use serde_json::json;

const SOP: &str = "SOP-REV-danger";

#[test]
fn a_list_that_is_cut_says_so_and_a_program_is_given_all_of_it() {
    let world = with(&Draft::new(SOP).command("echo done", ""));
    for _ in 0..21 {
        start(&world, SOP, &["--hold"]);
    }
    let shown = world.done(&["runs"]);
    assert!(shown.contains("1 more: --limit 21"), "{shown}");
    assert_eq!(world.json(&["runs"]).as_array().unwrap().len(), 21);
    let some = world.sopd(&["runs", "--json", "--limit", "2"]);
    assert!(some.err.contains("19 more"), "{}", some.err);
    let facts = world.sopd(&["audit", "search", "--limit", "5"]);
    assert!(facts.out.lines().count() == 5 && facts.err.contains("there are older ones"), "{}", facts.err);
    assert!(world.sopd(&["audit", "search", "--limit", "5000"]).err.is_empty());
}

#[test]
fn a_deed_says_what_it_leaves_open() {
    let world = with(&Draft::new(SOP).command("echo sent", "Reaches Customers: Yes"));
    let run = started(&world, SOP, &[]);
    let gate = asked(&world);
    let said = world.done(&["autonomy", SOP, "widen", "--as", "ceo", "--reason", "it went well"]);
    assert!(said.contains(&format!("what was asked before stays asked: {gate}")), "{said}");
    let party = world.json(&["inbox"])[0]["asked_of"][0].as_str().unwrap().to_owned();
    for _ in 0..2 {
        world.done(&["token", "new", &party]);
    }
    let said = world.done(&["token", "revoke", "1"]);
    assert!(said.contains(&format!("it has 1 other token; still asked of it: {gate}")), "{said}");
    let named = world.done(&["agents", &party]);
    for part in [&*format!("{gate} waits for it"), "1 token and 0 sessions act in its name", SOP] {
        assert!(named.contains(part), "{part}: {named}");
    }
    let chief = world.done(&["agents", "chief.staff"]);
    assert!(chief.contains("sopd.yaml: `publication.interim.forwards`"), "{chief}");
    assert!(chief.contains("agents/ops.manager.md: `reports_to`") || chief.contains("its text"), "{chief}");
    assert_eq!(world.json(&["agents", "who.left"])["named"], json!([]));
    let said = world.done(&["sop", "retire", SOP, "--as", "ceo", "--reason", "no longer"]);
    assert!(said.contains(&format!("still under way, and staying on it: {run}")), "{said}");
}
