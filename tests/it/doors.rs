//! Who is let in: whoever has left acts nowhere and what was asked of it moves up; an agent that works elsewhere comes
//! to no address but its own; a browser changes nothing that only the machine may; strangers keep nobody out.

use super::runs_world::{Draft, in_minutes, started};
use super::web_world::Desk;
use super::world::World;
use serde_json::{Value, json};
use sopd::access;
use sopd::daemon::Workspace;
use sopd::front::OPEN_TO_OUTSIDE;
use sopd::journal::Access;

/// A file of the roster, as another agent's with other words in it.
fn agent(world: &World, id: &str, changes: &[(&str, &str)]) {
    let text = world.read("agents/sales.rep.md").replacen("id: sales.rep", &format!("id: {id}"), 1);
    let text = changes.iter().fold(text, |text, (from, to)| text.replacen(from, to, 1));
    world.put(&format!("agents/{id}.md"), &text);
}

fn token(world: &World, party: &str) -> String {
    world.json(&["token", "new", party, "--scope", "write"])["token"].as_str().unwrap().to_owned()
}

#[test]
fn whoever_has_left_acts_nowhere_and_what_was_asked_of_it_moves_to_the_one_above() {
    let sop = "SOP-REV-left";
    let world = World::new();
    agent(&world, "temp.boss", &[("reports_to: vp.sales", "reports_to: vp.sales")]);
    let draft = Draft::new(sop).command("echo done", "Approval Required: Yes\nApprovers: temp.boss");
    world.activated(&draft.text());
    let run = started(&world, sop, &[]);
    assert_eq!(world.json(&["inbox"])[0]["asked_of"], json!(["temp.boss"]));
    let hash = world.json(&["inbox"])[0]["hash"].as_str().unwrap().to_owned();
    let secret = token(&world, "temp.boss");
    let desk = Desk::open(&world);
    let browser = desk.sign_in("temp.boss");
    let told = world.json(&["sign-in", "temp.boss"]);
    let link = format!("/sign-in/{}", told["link"].as_str().unwrap().rsplit('/').next().unwrap());
    let api = |path: &str| desk.send(desk.request("GET", path).bearer_auth(&secret)).status;
    assert_eq!((api("/api/v1/inbox"), browser.get("/inbox").status), (200, 200));

    let file = world.read("agents/temp.boss.md");
    std::fs::remove_file(world.path("agents/temp.boss.md")).unwrap();
    // One place for every face and every credential.
    let late = world.fails(4, &["approve", &run, "--as", "temp.boss", "--hash", &hash]);
    assert!(late.contains("temp.boss is not on the roster"), "{late}");
    assert_eq!((api("/api/v1/inbox"), api("/api/v1/runs"), api("/events")), (401, 401, 403));
    assert_eq!((browser.get("/inbox").status, desk.send(desk.request("GET", &link)).status), (403, 403));
    super::web_world::until(|| world.json(&["inbox"])[0]["asked_of"] == json!(["vp.sales"]));
    let tokens = world.done(&["token", "list"]);
    assert!(tokens.contains("no: ") && tokens.contains("temp.boss"), "{tokens}");
    // Back, but not at work: still no.
    world.put("agents/temp.boss.md", &file.replacen("status: active", "status: planned", 1));
    assert_eq!((api("/api/v1/inbox"), browser.get("/inbox").status), (401, 403));
    // A roster that cannot be read is no licence: what it last was goes on counting.
    world.put("agents/temp.boss.md", "---\nid: [\n---\n");
    let blind = world.sopd(&["approve", &run, "--as", "temp.boss", "--hash", &hash]);
    assert!(matches!(blind.code, 4 | 5) && blind.err.contains("temp.boss"), "{}", blind.err);
    std::fs::remove_file(world.path("agents/temp.boss.md")).unwrap();
    drop(desk);
    let facts = world.done(&["audit", "search", "--subject", &run, "--kind", "decision_escalated"]);
    let moved: Value = serde_json::from_str(facts.lines().next().unwrap()).unwrap();
    assert!(facts.contains("temp.boss is not on the roster"), "{moved:#}");
    world.done(&["approve", &run, "--as", "vp.sales", "--hash", &hash]);
    world.drive();
    assert_eq!(world.json(&["status", &run])["state"], "completed");
}

#[test]
fn an_agent_that_works_elsewhere_comes_to_no_address_but_its_own() {
    let world = World::new();
    agent(
        &world,
        "ext.worker",
        &[("runtime: person", "runtime: external"), ("roles: []", "roles: [worker]")],
    );
    let secret = token(&world, "ext.worker");
    let desk = Desk::open(&world);
    let browser = desk.sign_in("ext.worker");
    let document: Value =
        serde_json::from_str(&desk.send(desk.request("GET", "/api/v1/openapi.json")).text).unwrap();
    let mut open = Vec::new();
    let filled = |route: &str| {
        let parts = route.split('/').map(|part| if part.starts_with('{') { "77" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    for (route, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            // Signed by itself, whoever sends it.
            if route == "/hooks/{path}" {
                continue;
            }
            let request = desk.request(&method, &filled(route)).bearer_auth(&secret);
            let got = desk.send(request.header("Content-Type", "application/json").body("{}"));
            let known = OPEN_TO_OUTSIDE.contains(&(method.as_str(), route));
            let elsewhere = got.status == 403 && got.text.contains("works elsewhere");
            // Of the inbox it is shown its own part alone.
            assert_eq!(elsewhere, !known || route == "/api/v1/inbox", "{method} {route}: {}", got.text);
            if known {
                open.push(route.clone());
            }
        }
    }
    for route in sopd::web::addresses() {
        for method in ["GET", "POST"] {
            let got =
                if method == "GET" { browser.get(&filled(route)) } else { browser.post(&filled(route), &[]) };
            let known = OPEN_TO_OUTSIDE.contains(&(method, route));
            let elsewhere = got.status == 403 && got.text.contains("works elsewhere");
            assert_eq!(elsewhere, !known && got.status != 405, "{method} {route}: {}", got.status);
            if known {
                open.push(route.to_owned());
            }
        }
    }
    assert_eq!(open.len(), OPEN_TO_OUTSIDE.len(), "an address that is open is there: {open:?}");
    // Off the roster it is nobody, not somebody who sees it all.
    std::fs::remove_file(world.path("agents/ext.worker.md")).unwrap();
    for path in ["missions", "inbox", "agents", "audit", "audit/export", "runs"] {
        let got = desk.send(desk.request("GET", &format!("/api/v1/{path}")).bearer_auth(&secret));
        assert_eq!(got.status, 401, "{path}");
    }
}

#[test]
fn strangers_fill_no_memory_and_keep_nobody_out() {
    let world = World::new();
    let desk = Desk::open(&world);
    let ceo = desk.sign_in("ceo");
    let good = "correct horse battery";
    let csrf = ceo.csrf();
    assert_eq!(ceo.post("/account/password", &[("csrf", &csrf), ("password", good)]).status, 303);
    // One link at a time: the next takes the place of the one before.
    let [first, next] = [(); 2].map(|()| {
        let told = world.json(&["sign-in", "cro"]);
        format!("{}/sign-in/{}", desk.address, told["link"].as_str().unwrap().rsplit('/').next().unwrap())
    });
    assert_eq!((desk.use_link(&first, "").status, desk.use_link(&next, "").status), (403, 303));
    let told = world.json(&["sign-in", "cro"]);
    let link = told["link"].as_str().unwrap();
    let link = format!("{}/sign-in/{}", desk.address, link.rsplit('/').next().unwrap());
    // However fast this machine is: some wrong ones are told so, and in the end whoever goes on is told to wait.
    let until_told_to_wait = |sent: &dyn Fn(usize) -> u16| {
        let statuses: Vec<u16> = (0..600).map(sent).take_while(|status| *status == 403).collect();
        assert!((4..600).contains(&statuses.len()), "{statuses:?}");
    };
    until_told_to_wait(&|n| desk.send(desk.request("GET", &format!("/sign-in/nonsense{n}"))).status);
    assert_eq!(desk.use_link(&link, "").status, 303, "a good link is not kept out by bad ones");

    let nobody = super::web_world::Browser { desk: &desk, cookie: String::new() };
    let sign_in =
        |party: &str, password: &str| nobody.post("/sign-in", &[("party", party), ("password", password)]);
    // Who has a password cannot be told from how tries are counted.
    for party in ["ceo", "cro", "nobody"] {
        until_told_to_wait(&|_| sign_in(party, "wrong").status);
    }
    assert_eq!(sign_in("ceo", good).status, 303, "the right one is let in all the same");
    let long = "x".repeat(10_000);
    assert_eq!(sign_in("ceo", &long).status, 413);
    // Nobody listens there, so not a byte of it is taken, whatever it says of its length.
    let hook = desk.send(desk.request("POST", "/hooks/none").body("x".repeat(1024)));
    assert_eq!(hook.status, 404, "{}", hook.text);
    for path in ["/api/v1/inbox", "/healthz", "/hooks/none", "/sign-in", "/metrics", "/nothing"] {
        let got = desk.send(desk.request("GET", path));
        assert_eq!(
            (got.header("cache-control"), got.header("x-content-type-options")),
            ("no-store", "nosniff"),
            "{path}"
        );
    }
}

#[test]
fn a_browser_changes_nothing_that_only_the_machine_may() {
    let world = World::new();
    let desk = Desk::open(&world);
    let (place, before) = ("/files/sopd.yaml", world.read("sopd.yaml"));
    for party in ["ceo", "chief.staff"] {
        let browser = desk.sign_in(party);
        let page = browser.get(place);
        let (csrf, opened) = (page.field("csrf"), page.field("opened"));
        let save = |text: &str| {
            browser.post(place, &[("csrf", &csrf), ("opened", &opened), ("text", text), ("note", "")])
        };
        let program =
            format!("{before}notifications: {{ exec: {{ x: {{ command: [/bin/sh, -c, id] }} }} }}\n");
        let got = save(&program);
        assert_eq!(got.status, 403, "{}", got.text);
        assert!(
            got.text.contains("notifications.exec.x.command") && got.text.contains("on the machine only")
        );
        assert_eq!(save(&format!("{before}models: {{ endpoint: \"http://x.example\" }}\n")).status, 403);
        assert_eq!(world.read("sopd.yaml"), before);
    }
}

#[test]
fn a_role_that_was_taken_away_signs_nothing_that_was_asked_before() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    world.done(&["approve", "D-1", "--as", "chief.staff"]);
    world.drive();
    assert_eq!(world.json(&["inbox"])[0]["asked_of"], json!(["ceo"]));
    let settings = world.read("sopd.yaml");
    world.put("sopd.yaml", &format!("publication: {{ interim: {{ signs: people.partner }} }}\n{settings}"));
    let late = world.fails(4, &["approve", "D-2", "--as", "ceo"]);
    assert!(late.contains("ceo signs no publications now"), "{late}");
    world.drive();
    assert_eq!(world.json(&["inbox"])[0]["asked_of"], json!(["people.partner"]));
    world.done(&["approve", "D-2", "--as", "people.partner"]);
}

#[test]
fn a_token_ends_when_its_time_is_over_and_says_when_it_was_used() {
    let world = World::new();
    let secret = token(&world, "cro");
    let short = world.json(&["token", "new", "cro", "--scope", "read", "--for", "1 hour"]);
    let short = short["token"].as_str().unwrap().to_owned();
    world.fails(2, &["token", "new", "cro", "--scope", "read", "--for", "a while"]);
    let tokens = || world.json(&["token", "list"]);
    assert!(tokens()[0]["used_at"].is_null() && tokens()[0]["expires_at"].is_number(), "{}", tokens());
    let desk = Desk::open(&world);
    let got = desk.send(desk.request("GET", "/api/v1/inbox").bearer_auth(&secret));
    assert_eq!(got.status, 200);
    assert!(tokens()[0]["used_at"].is_number(), "{}", tokens());
    // What the fact of its making says counts, whatever the row was made to say.
    let party = |secret: &str, minutes: i64| {
        let workspace = Workspace::open(world.root(), Access::Guest, in_minutes(minutes)).unwrap();
        let now = workspace.journal.clock().now();
        workspace
            .journal
            .read(|db| access::party_of_token(db, secret, now))
            .unwrap()
            .map(|(who, _)| who.party)
    };
    assert_eq!((party(&short, 0).as_deref(), party(&short, 61)), (Some("cro"), None));
    let day = 24 * 60;
    assert_eq!((party(&secret, 89 * day).as_deref(), party(&secret, 91 * day)), (Some("cro"), None));
}

#[test]
fn nothing_from_outside_commands_the_screen_or_the_files_people_read() {
    let world = World::new();
    let odd = "\u{1b}[2J\u{7}\u{9b}2J\u{202e}";
    let title = "Paint ";
    let brief = world.read("missions/examples/1-lead-qualification.md");
    let heading = brief.lines().find(|line| line.starts_with("# ")).unwrap();
    world.put("missions/m.md", &brief.replacen(heading, &format!("# {title}{odd} doors"), 1));
    world.put("missions/bad.md", &format!("---\nownr{odd}: x\n---\n# X\nText.\n"));
    world.drive();
    let mission = world.json(&["status"])[0]["id"].as_str().unwrap().to_owned();
    let hides = |text: &str| sopd::base::text::first_unseen(text).is_some();
    let said: [&[&str]; 8] = [
        &["status"],
        &["status", &mission],
        &["show", &mission],
        &["inbox"],
        &["status", "--json"],
        &["audit", "search", "--subject", &mission],
        &["show", &mission, "--json"],
        &["inbox", "--json"],
    ];
    for arguments in said {
        let out = world.done(arguments);
        assert!(!hides(&out), "{arguments:?}: {out:?}");
    }
    for arguments in [
        &["sop", "lint", "missions/bad.md"] as &[&str],
        &["submit", "missions/bad.md"],
        &["submit", "missions/bad.md", "--json"],
    ] {
        let told = world.sopd(arguments);
        assert!(told.code != 0 && !hides(&told.out) && !hides(&told.err), "{arguments:?}: {:?}", told.err);
    }
    let folder = world.path("missions");
    let mut seen = 0;
    for name in super::faults_world::all_files(&folder) {
        let as_it_came = name.ends_with("mission.md") || name == "bad.md" || name.contains("synthesis-");
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        assert!(as_it_came || !hides(&text), "{name}: {text:?}");
        seen += usize::from(text.contains(title));
    }
    assert!(seen > 3, "the title stands in several of them");
}
