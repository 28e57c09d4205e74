//! The three example procedures of the skill form: imported, filled in, activated.

use crate::world::World;
use serde_json::{Value, json};
use std::path::Path;

/// Name, id, and what only people know: owner and who does the steps.
pub(crate) const EXAMPLES: [(&str, &str, &str); 3] = [
    ("deploy-production", "SOP-DEV-deploy-production", "release.engineer"),
    ("incident-response", "SOP-DEV-incident-response", "release.engineer"),
    ("qa-testing", "SOP-DEV-qa-testing", "dev.lead"),
];

/// Puts both files of an example into the workspace.
pub(crate) fn put(world: &World, name: &str) -> [String; 2] {
    ["SOP.md", "manifest.json"].map(|file| {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/skill").join(name).join(file);
        let to = format!("incoming/{name}/{file}");
        world.put(&to, &std::fs::read_to_string(from).unwrap());
        to
    })
}

/// Imports an example with everything the options can say.
pub(crate) fn import(world: &World, (name, id, owner): (&str, &str, &str)) -> Value {
    let [markdown, manifest] = put(world, name);
    world.json(&[
        "sop",
        "import",
        &markdown,
        &manifest,
        "--id",
        id,
        "--owner",
        owner,
        "--assignee",
        owner,
        "--as",
        "ops.manager",
        "--objective",
        "Customers get what they were promised on the day it is ready.",
        "--risk-level",
        "medium",
        "--impact",
        "The product stands still for customers.",
        "--rollback",
        "Copy the kept state back within 1 hour and tell the owner.",
    ])
}

/// A draft with a person's words in every place that was left open.
pub(crate) fn filled(draft: &str, owner: &str) -> String {
    let said = |line: &str| {
        let step = line.strip_prefix("**Artifact**: MISSING: what exists after step ").map(|rest| {
            format!("**Artifact**: record of step {} in the run's folder", rest.trim().trim_end_matches('.'))
        });
        if let Some(step) = step {
            return format!("{step}  ");
        }
        let words = [
            ("why this SOP exists", "One way of doing this work, whoever does it.".to_owned()),
            ("what is in and what is out", "- In scope: this work, from its trigger to its record.\n- Out of scope: everything else.".to_owned()),
            ("who answers for what", format!("- {owner}: accountable for every step and its record.")),
            ("a check before the first step", "- Check that nobody else does this work now; refuse the run if somebody does.".to_owned()),
            ("the inputs, or that there are none", String::new()),
            ("one measurable rule", "Every step has its record within 1 business day.".to_owned()),
            ("from which confidence", "- Complete without review at a confidence of 85 % or more; send exceptions to ops.manager with the record.".to_owned()),
        ];
        words
            .into_iter()
            .find(|(open, _)| line.contains(&format!("MISSING: {open}")))
            .map_or_else(|| line.to_owned(), |(_, said)| said)
    };
    draft.lines().map(said).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_example_procedures_are_imported_filled_in_and_activated() {
    let world = World::new();
    for example in EXAMPLES {
        let (_, id, owner) = example;
        let imported = import(&world, example);
        let path = imported["path"].as_str().unwrap().to_owned();
        let open = world.fails(3, &["sop", "activate", &path, "--as", "ops.manager"]);
        assert!(open.contains(&format!("{path}:")) && open.contains("MISSING"), "{open}");
        world.put(&path, &filled(&world.read(&path), owner));
        world.done(&["sop", "lint", &path]);
        world.done(&["sop", "activate", &path, "--as", "ops.manager"]);
        for party in ["chief.staff", "ceo"] {
            world.drive();
            let inbox = world.json(&["inbox"]);
            world.done(&["approve", inbox[0]["id"].as_str().unwrap(), "--as", party]);
        }
        world.drive();
        assert_eq!(world.read(&format!("sops/DEV/{id}-v1.0.md")), world.read(&path));
    }
    let list = world.json(&["sop", "list"]);
    let rows: Vec<Value> =
        list.as_array().unwrap().iter().map(|row| json!([row["id"], row["status"]])).collect();
    assert_eq!(rows, EXAMPLES.map(|(_, id, _)| json!([id, "active"])));
    world.done(&["sop", "verify"]);
}

#[test]
fn an_import_keeps_commands_and_tools_and_tells_which_gates_open_by_themselves() {
    let world = World::new();
    let imported = import(&world, EXAMPLES[0]);
    let notes: Vec<&str> =
        imported["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    assert_eq!(
        notes.iter().filter(|note| note.contains("the gate opens by itself, as this form says")).count(),
        3
    );
    let draft = world.read(imported["path"].as_str().unwrap());
    for line in [
        "execution_mode: step_by_step",
        "cooldown: 1 hour",
        "  - webhook: \"/deploy/production\"",
        "**Approval Timeout**: 5 minutes, then approve  ",
        "**Tools**: shell, git_operations",
    ] {
        assert!(draft.lines().any(|known| known == line), "{line}: {draft}");
    }
    let source = world.read("incoming/deploy-production/SOP.md");
    let fences: Vec<&str> = source.split("```").skip(1).step_by(2).collect();
    assert_eq!(fences.len(), 4);
    for fence in fences {
        assert!(draft.contains(&format!("```{fence}```")), "{fence} was changed in {draft}");
    }
}

#[test]
fn two_files_that_disagree_are_refused_with_both_places() {
    let world = World::new();
    let [markdown, manifest] = put(&world, "deploy-production");
    let sound = world.read(&manifest);
    for (from, to, expected) in [
        (
            "\"version\": \"1.0.0\"",
            "\"version\": \"1.1.0\"",
            "SOP.md says `1.0`, incoming/deploy-production/manifest.json line 4 says `1.1`",
        ),
        ("\"approvalTimeoutMins\": 15", "\"approvalTimeoutMins\": 20", "the approval time-out of step 2"),
        ("\"requiresApproval\": false", "\"requiresApproval\": true", "the approval of step 4"),
    ] {
        assert!(sound.contains(from), "{from}");
        world.put(&manifest, &sound.replacen(from, to, 1));
        let said = world.fails(3, &["sop", "import", &markdown, &manifest, "--department", "DEV"]);
        assert!(said.contains(expected) && said.contains("SOP.md:"), "{to}: {said}");
    }
    assert!(!world.path("sops/drafts").exists());
}
