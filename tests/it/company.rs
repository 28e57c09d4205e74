//! Other kinds of company, and who comes and goes: kits, new agents, retired ones, and an agent whose file is broken.

use super::world::World;
use serde_json::Value;

fn kit(name: &str) -> World {
    let world = World::empty();
    world.done(&["init", ".", "--kit", name]);
    world
}

/// Says yes wherever somebody is asked for a signature or a forward, until nothing waits; gives who said it.
fn signed(world: &World) -> Vec<String> {
    let mut by = Vec::new();
    loop {
        world.drive();
        let open = world.json(&["inbox"]);
        let Some(one) = open.as_array().unwrap().first() else { return by };
        let (id, party) = (one["id"].as_str().unwrap(), one["asked_of"][0].as_str().unwrap().to_owned());
        match one["kind"].as_str().unwrap() {
            "question" => world.done(&["answer", id, "--as", &party, "--text", "all"]),
            _ => world.done(&["approve", id, "--as", &party, "--override", "nobody judged it"]),
        };
        by.push(party);
    }
}

#[test]
fn every_kit_reads_and_brings_its_first_example_to_a_published_sop() {
    for name in ["field-service", "clinic", "small"] {
        let world = kit(name);
        let said = world.sopd(&["doctor"]);
        assert!(said.out.contains("sopd.yaml is sound"), "{name}: {}{}", said.out, said.err);
        let example = std::fs::read_dir(world.path("missions/examples")).unwrap();
        let example = example.map(|entry| entry.unwrap().path()).min().unwrap();
        world.done(&["submit", example.to_str().unwrap()]);
        let by = signed(&world);
        assert!(!by.is_empty(), "{name}");
        let list = world.json(&["sop", "list"]);
        assert_eq!(list[0]["status"], "active", "{name}: {list}");
    }
}

#[test]
fn a_kit_is_chosen_once_and_a_second_init_adds_nothing_of_another() {
    let world = kit("small");
    let before = std::fs::read_dir(world.path("agents")).unwrap().count();
    world.done(&["init", "."]);
    assert_eq!(std::fs::read_dir(world.path("agents")).unwrap().count(), before);
    let refused = world.fails(6, &["init", ".", "--kit", "clinic"]);
    assert!(refused.contains("of the kit `small` already") && refused.contains("agents new"), "{refused}");
    assert!(!world.path("agents/nursing.lead.md").exists());
    world.fails(2, &["init", "elsewhere", "--kit", "bank"]);
    assert!(!world.path("elsewhere").exists());
}

#[test]
fn four_people_publish_with_an_exception_that_two_of_them_see() {
    let world = kit("small");
    world.done(&["submit", "missions/examples/1-supplier-invoice.md"]);
    world.drive();
    let open = world.json(&["inbox"]);
    assert_eq!(
        (&open[0]["kind"], &open[0]["asked_of"][0]),
        (&"forward".into(), &"customers".into()),
        "{open:#}"
    );
    let shown = world.done(&["show", open[0]["id"].as_str().unwrap()]);
    assert!(shown.contains("owner asked for this mission and signs it"), "{shown}");
    assert_eq!(signed(&world), ["customers", "owner"]);
}

#[test]
fn one_department_can_publish_and_who_stands_in_is_on_record() {
    let world = kit("small");
    for entry in std::fs::read_dir(world.path("agents")).unwrap() {
        let name = format!("agents/{}", entry.unwrap().file_name().to_string_lossy());
        let text = world.read(&name);
        let line = text.lines().find(|line| line.starts_with("department: ")).unwrap().to_owned();
        world.put(&name, &text.replace(&line, "department: ALL"));
    }
    world.done(&["submit", "missions/examples/1-supplier-invoice.md"]);
    world.drive();
    let open = world.json(&["inbox"]);
    let shown = world.done(&["show", open[0]["id"].as_str().unwrap()]);
    assert!(shown.contains("is of the owner's department ALL"), "{shown}");
    assert_eq!(signed(&world).len(), 2);
    let list = world.json(&["sop", "list"]);
    assert_eq!(list[0]["status"], "active", "{list}");
}

#[test]
fn a_new_agent_is_valid_at_once_and_takes_part() {
    let world = kit("small");
    let said = world.done(&[
        "agents",
        "new",
        "night.porter",
        "--title",
        "Night Porter",
        "--department",
        "OPS",
        "--runtime",
        "person",
        "--topic",
        "Key handover: hand a key out only against a signature",
        "--authority",
        "deputy",
        "--role",
        "worker",
        "--role",
        "approver",
    ]);
    assert!(said.contains("agents/night.porter.md") && said.contains("deputy: night.porter"), "{said}");
    let text = world.read("agents/night.porter.md");
    assert!(text.contains("## Key handover\n\n- Hand a key out only against a signature.\n"), "{text}");
    assert!(text.contains("reports_to: owner\n") && text.contains("runtime: person\n"), "{text}");
    assert!(world.done(&["agents"]).contains("Night Porter"));
}

#[test]
fn a_new_agent_that_would_not_read_is_refused_and_leaves_no_trace() {
    let world = kit("small");
    let settings = world.read("sopd.yaml");
    for (arguments, words) in [
        (
            vec!["workshop", "--title", "T", "--department", "OPS", "--runtime", "model"],
            "there is an agent `workshop`",
        ),
        (vec!["Bad Id", "--title", "T", "--department", "OPS", "--runtime", "model"], "is not an agent id"),
        (vec!["x.y", "--title", "T", "--department", "ops", "--runtime", "model"], "not a department code"),
        (vec!["x.y", "--title", "T", "--department", "OPS"], "--runtime is missing"),
        (
            vec!["x.y", "--title", "T", "--department", "OPS", "--runtime", "model", "--topic", "Keys"],
            "says nothing",
        ),
        (
            vec![
                "x.y",
                "--title",
                "T",
                "--department",
                "OPS",
                "--runtime",
                "model",
                "--reports-to",
                "nobody",
            ],
            "reports to `nobody`",
        ),
        (
            vec!["x.y", "--title", "T", "--department", "OPS", "--runtime", "external", "--role", "scrutiny"],
            "can only be a worker",
        ),
    ] {
        let all: Vec<&str> = ["agents", "new"].into_iter().chain(arguments).collect();
        let said = world.sopd(&all);
        assert!(said.code != 0 && said.err.contains(words), "{words}: {}", said.err);
        assert!(!world.path("agents/x.y.md").exists() && !world.path("agents/Bad Id.md").exists());
        assert_eq!(world.read("sopd.yaml"), settings);
    }
}

#[test]
fn who_goes_is_shown_wherever_it_is_named_and_all_of_it_is_mended_in_one_step() {
    let world = World::new();
    world.activated(&include_str!("../data/plain.md").replace("sales.ops", "vp.sales"));
    let mission = world.example("1-lead-qualification.md");
    let before = world.read("agents/sales.rep.md");
    let shown = world.done(&["agents", "retire", "vp.sales", "--to", "cro", "--dry-run"]);
    for words in [
        "agents/sales.rep.md:8: reports_to: cro",
        "In force",
        "is under way",
        &mission,
        "Nothing was changed",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(world.read("agents/sales.rep.md"), before);
    let refused = world.fails(3, &["agents", "retire", "vp.sales", "--to", "cro"]);
    assert!(refused.contains("nobody confirmed it") && refused.contains("--yes"), "{refused}");
    let published: Value = world.json(&["sop", "list"]);
    world.done(&["agents", "retire", "vp.sales", "--to", "cro", "--yes"]);
    assert!(!world.path("agents/vp.sales.md").exists() && world.path("agents/retired/vp.sales.md").exists());
    assert!(world.done(&["agents", "--json"]).contains("\"sales.rep\""));
    assert_eq!(world.json(&["sop", "list"]), published, "an SOP in force is not edited");
    world.drive();
    world.done(&["sop", "verify"]);
    world.done(&["audit", "verify"]);
}

#[test]
fn who_cannot_go_stays_and_the_reason_says_what_to_do() {
    let world = World::new();
    let agents = || std::fs::read_dir(world.path("agents")).unwrap().count();
    let (settings, before) = (world.read("sopd.yaml"), agents());
    for (arguments, code, words) in [
        (vec!["nobody"], 5, "no agent `nobody`"),
        (vec!["vp.sales", "--to", "vp.sales"], 3, "cannot take over from itself"),
        (vec!["vp.sales", "--to", "coo"], 3, "coo is not at work"),
        (vec!["ceo", "--to", "cro"], 6, "its default does"),
        (vec!["sop.manager", "--to", "cro"], 6, "its default does"),
        (vec!["qa.testing", "--to", "dev.lead"], 3, "no agent at work has the role `user_testing`"),
    ] {
        let all: Vec<&str> = ["agents", "retire"].into_iter().chain(arguments).chain(["--yes"]).collect();
        let refused = world.fails(code, &all);
        assert!(refused.contains(words), "{words}: {refused}");
        assert_eq!((world.read("sopd.yaml"), agents()), (settings.clone(), before), "{words}");
    }
}

#[test]
fn a_broken_agent_file_stops_what_needs_that_agent_and_nothing_else() {
    let world = World::new();
    // Nothing is known of it from before: no daemon has ever run here.
    let sound = world.read("agents/mkt.demand.md");
    world.put("agents/mkt.demand.md", &sound.replacen("title:", "titel:", 1));
    let mission = world.example("1-lead-qualification.md");
    assert_eq!(world.json(&["status", &mission])[0]["state"], "awaiting_decision");
    let inbox = world.done(&["inbox"]);
    assert!(
        inbox.contains("to be mended: agents/mkt.demand.md:3") && inbox.contains("mkt.demand stands still"),
        "{inbox}"
    );
    let doctor = world.sopd(&["doctor"]).out;
    assert!(
        doctor.contains("agents/mkt.demand.md:3") && doctor.contains("everything else goes on"),
        "{doctor}"
    );
    world.put(
        "needs.md",
        "---\nworkers:\n  - { agent: mkt.demand, brief: the campaign }\n---\n# Campaign launch\n\nSay how.\n",
    );
    let refused = world.sopd(&["submit", "needs.md"]);
    assert!(refused.code != 0 && refused.err.contains("mkt.demand"), "{}{}", refused.out, refused.err);
    world.put("agents/mkt.demand.md", &sound);
    assert!(!world.done(&["inbox"]).contains("to be mended"));
    world.done(&["submit", "needs.md"]);
}
