//! The pages where people decide: what they show, and what is done from them short of deciding.

use super::runs_world::Draft;
use super::web_world::{Browser, Desk};
use super::world::World;
use serde_json::Value;

const EXAMPLE: &str = "1-lead-qualification.md";

#[test]
fn the_page_shows_what_is_needed_to_judge() {
    let world = World::new();
    world.example(EXAMPLE);
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let inbox = staff.get("/inbox").text;
    for wanted in [
        "Forward SOP-REV-lead-qualification v1.0",
        ">new<",
        "0 failed",
        "can be undone",
        "left, then asked again",
    ] {
        assert!(inbox.contains(wanted), "{wanted}: {inbox}");
    }
    let page = staff.get("/decisions/D-1").text;
    for wanted in [
        "What will happen, exactly",
        "term-1</code> · 100 % alike · kept",
        "name=\"line.37\"",
        "<a href=\"#L",
        "VAL-WORK-001",
        "the draft of sales.ops",
        "contract frozen: ",
        "input.roster",
        "Delegate",
        "Defer",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!staff.get("/inbox").text.contains(">new<"), "it was looked at");
    for (against, wanted) in [("sales.ops", "class=\"new\""), ("nobody", "nothing to compare with")] {
        let page = staff.get(&format!("/decisions/D-1?against={against}"));
        assert!(page.text.contains(wanted), "{against}: {}", page.text);
    }
    // Somebody it is not asked of sees all of it and none of the forms.
    let other = desk.sign_in("cro").get("/decisions/D-1").text;
    assert!(
        other.contains("This is asked of chief.staff") && !other.contains("/decisions/D-1/approve"),
        "{other}"
    );
    assert!(!other.contains("name=\"line."), "{other}");
}

/// After its signature a version is in force: compared with what is in force, it would differ in nothing.
#[test]
fn a_signed_version_is_compared_with_the_one_it_followed() {
    let world = World::new();
    let sop = |script: &str| Draft::new("SOP-REV-two").command(script, "");
    world.activated(&sop("echo the first way").text());
    world.activated(&sop("echo the second way").version("1.1").head("supersedes", "1.0").text());
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let page = staff.get("/decisions/D-4?against=version").text;
    assert!(page.contains("v1.0") && page.contains("first") && !page.contains("No difference"), "{page}");
}

/// Whatever else is done on the page, and by whichever browser.
fn no_word_is_lost(desk: &Desk<'_>, staff: &Browser<'_>, (csrf, hash): (&str, &str)) {
    let keep = |path: &str, more: (&str, &str)| {
        let line = ("line.40", "Say who \u{202e}pays.");
        staff.post(path, &[("csrf", csrf), ("hash", hash), line, ("revise.text", "Shorter."), more])
    };
    let compared = keep("/decisions/D-1/keep", ("against", "sales.ops"));
    assert_eq!(compared.header("location"), "/decisions/D-1?against=sales%2Eops#compare");
    assert_eq!(keep("/decisions/D-1/delegate", ("delegate.to", "vp.sales")).status, 403);
    let anew = desk.sign_in("chief.staff").get("/decisions/D-1").text;
    for wanted in [
        "1 comment not sent yet",
        ">Say who \u{202e}pays.</textarea>",
        "Say who \\u{202e}pays.",
        "Shorter.",
        "Request changes (1)",
    ] {
        assert!(anew.contains(wanted), "{wanted}: {anew}");
    }
    assert!(!desk.sign_in("ceo").get("/decisions/D-1").text.contains("Shorter."), "they are nobody else's");
    let asked = keep("/decisions/D-1/approve", ("approve.text", "Fine."));
    assert_eq!(asked.status, 200);
    assert!(
        asked.text.contains("Forward, and send them along") && asked.text.contains("line 40"),
        "{}",
        asked.text
    );
    assert_eq!(desk.world.json(&["inbox"])[0]["state"], "open");
    assert_eq!(keep("/decisions/D-1/keep", ("line.40", " ")).status, 303);
}

#[test]
fn comments_on_lines_travel_and_a_stale_page_shows_what_changed() {
    let world = World::new();
    let mission = world.example(EXAMPLE);
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let page = staff.get("/decisions/D-1");
    let (csrf, hash) = (page.field("csrf"), page.field("hash"));
    let form = |line: String| {
        [
            ("csrf".to_owned(), csrf.clone()),
            ("hash".to_owned(), hash.clone()),
            ("text".to_owned(), "Add to Scope: \"Partners count as any other source.\"".to_owned()),
            (line, "Replace \"70 or more\" with \"75 or more\"".to_owned()),
        ]
    };
    let send = |line: &str| {
        let fields = form(line.to_owned());
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        staff.post("/decisions/D-1/revise", &fields)
    };
    for (line, status) in [("line.x", 400), ("line.0", 400), ("line.9999", 400)] {
        assert_eq!(send(line).status, status, "{line}");
    }
    no_word_is_lost(&desk, &staff, (&csrf, &hash));
    let shown = world.json(&["show", &mission]);
    let lines = shown["draft"]["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["text"].as_str().unwrap().contains("**Sales-qualified lead**"));
    let sent = send(&format!("line.{}", line.unwrap()["number"]));
    assert_eq!(sent.status, 303, "{}", sent.text);
    let answered = staff.get("/decisions/D-1").text;
    assert!(answered.contains("(about the line &quot;- **Sales-qualified lead**"), "{answered}");
    for wanted in ["You sent it back with what to change", "Next: <a href=", "approve text:</span> Fine."] {
        assert!(answered.contains(wanted) || wanted.starts_with("Next"), "{wanted}: {answered}");
    }
    world_waits(&world, "D-2");
    let changed = world.json(&["show", &mission]);
    let text = changed["draft"]["lines"].to_string();
    assert!(text.contains("Partners count as any other source") && text.contains("75 or more"), "{text}");
    // Whoever still has the first round in front of them is told what has changed since.
    let late = staff.post("/decisions/D-1/approve", &[("csrf", &csrf), ("hash", &hash)]);
    assert_eq!(late.status, 409);
    for wanted in
        ["already decided", "What changed since you opened the page", "/decisions/D-2", "class=\"new\""]
    {
        assert!(late.text.contains(wanted), "{wanted}: {}", late.text);
    }
    let other = staff.post("/decisions/D-2/approve", &[("csrf", &csrf), ("hash", &hash)]);
    assert_eq!(other.status, 409, "{}", other.text);
    let bare = staff.post("/decisions/D-2/approve", &[("csrf", &csrf)]);
    assert_eq!(bare.status, 400, "an answer says what it was shown: {}", bare.text);
    assert_eq!(world.json(&["inbox"])[0]["state"], "open");
}

/// Waits until the daemon has asked for `decision`.
fn world_waits(world: &World, decision: &str) {
    let waits = || {
        let inbox = world.json(&["inbox"]);
        inbox.as_array().unwrap().iter().any(|row| row["id"] == decision)
    };
    for _ in 0..600 {
        if waits() {
            return;
        }
        std::thread::yield_now();
    }
    assert!(waits(), "{decision} was never asked");
}

#[test]
fn what_is_short_of_deciding_is_done_from_the_page_and_refused_like_anywhere() {
    let world = World::new();
    world.example(EXAMPLE);
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let csrf = staff.csrf();
    let post = |verb: &str, fields: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = [("csrf", csrf.as_str())].iter().chain(fields).copied().collect();
        staff.post(&format!("/decisions/D-1/{verb}"), &all)
    };
    for (verb, fields, status) in [
        ("delegate", &[("to", "vp.sales")][..], 403),
        ("delegate", &[("to", "nobody.here")], 404),
        ("delegate", &[], 404),
        ("defer", &[("by", "soon")], 400),
        ("defer", &[("by", "6 weeks")], 403),
        ("ask", &[("to", "cro"), ("text", " ")], 400),
        ("release", &[], 409),
        ("nothing", &[("hash", "00000000")], 404),
    ] {
        let got = post(verb, fields);
        assert_eq!(got.status, status, "{verb} {fields:?}: {}", got.text);
    }
    assert_eq!(staff.get("/decisions/D-1/delegate?to=cro").status, 405, "a GET does nothing");
    assert_eq!(post("claim", &[]).status, 303);
    assert_eq!(post("ask", &[("to", "cro"), ("text", "Who pays?")]).status, 303);
    assert_eq!(post("defer", &[("by", "1 business day"), ("text", "travelling")]).status, 303);
    let page = staff.get("/decisions/D-1").text;
    for wanted in ["You are at it", "Who pays?", "put off to", "first 20"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let cro = desk.sign_in("cro");
    let inbox = cro.get("/inbox").text;
    assert!(inbox.contains("Who pays?") && inbox.contains("/decisions/D-2"), "{inbox}");
    let answer =
        [("csrf", cro.csrf()), ("hash", cro.get("/decisions/D-2").field("hash")), ("text", "We do.".into())];
    let answer: Vec<(&str, &str)> = answer.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(cro.post("/decisions/D-2/answer", &answer).status, 303);
    assert!(staff.get("/inbox").text.contains("changed since you looked"));
    assert!(staff.get("/decisions/D-1").text.contains("We do."));
    // The same from the command line, in the same words.
    let row = &world.json(&["inbox", "--for", "chief.staff"])[0];
    assert_eq!(
        (&row["shape"], &row["claimed_by"]),
        (&Value::from("sopd/inbox/1"), &Value::from("chief.staff"))
    );
    assert_eq!((&row["reversible"], &row["verdicts"]["failed"]), (&Value::from(true), &Value::from(0)));
    world.fails(6, &["claim", "D-2", "--as", "cro"]);
    world.fails(4, &["delegate", "D-1", "--as", "chief.staff", "--to", "vp.sales"]);
    world.fails(2, &["defer", "D-1", "--as", "chief.staff", "--by", "a while"]);
    world.fails(2, &["ask", "D-1", "--as", "chief.staff", "--to", "chief.staff", "--text", "Why?"]);
    world.done(&["claim", "D-1", "--as", "chief.staff", "--release"]);
    let passed = world.json(&["delegate", "D-1", "--as", "chief.staff", "--to", "finance.controller"]);
    assert_eq!(passed["asked_of"], serde_json::json!(["finance.controller"]));
    assert!(desk.sign_in("finance.controller").get("/inbox").text.contains("passed on by chief.staff"));
}

#[test]
fn the_inbox_is_filtered_and_says_what_comes_next() {
    let world = World::new();
    world.example(EXAMPLE);
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let shown = |query: &str| staff.get(&format!("/inbox{query}")).text.contains("href=\"/decisions/D-1\"");
    for query in
        ["", "?who=mine", "?who=all", "?who=chief.staff", "?kind=forward", "?who=all&kind=forward&from=0"]
    {
        assert!(shown(query), "{query}");
    }
    for query in ["?who=ceo", "?kind=publish", "?overdue=1", "?who=all&from=50", "?who=nobody.here"] {
        assert!(!shown(query), "{query}");
    }
    assert_eq!(staff.get("/inbox?kind=everything").status, 400);
    assert_eq!(staff.get("/inbox?from=-1").status, 400);
    let empty = desk.sign_in("ceo").get("/inbox").text;
    assert!(empty.contains("Nothing waits for you") && empty.contains("1 waits for others"), "{empty}");
}

#[test]
fn a_mission_is_written_by_fields_in_the_form_of_its_file() {
    let world = World::new();
    let desk = Desk::open(&world);
    let cro = desk.sign_in("cro");
    let csrf = cro.csrf();
    let send = |fields: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = [("csrf", csrf.as_str())].iter().chain(fields).copied().collect();
        cro.post("/missions", &all)
    };
    let fine = [
        ("title", "Vendor \"invoice\" approval"),
        ("body", "We paid\r\none supplier twice."),
        ("due", "2026-12-20"),
    ];
    let wrong = send(&[fine[0], fine[1], ("risk_level", "huge")]);
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(
        wrong.text.contains("value=\"Vendor &quot;invoice&quot; approval\"")
            && wrong.text.contains("one supplier twice."),
        "what was written comes back: {}",
        wrong.text
    );
    assert_eq!(send(&[("title", ""), ("body", "")]).status, 422);
    let taken = send(&[fine[0], fine[1], fine[2], ("objective", "Each invoice: paid once."), ("owner", "")]);
    assert_eq!(taken.status, 303, "{}", taken.text);
    let mission = taken.header("location").rsplit('/').next().unwrap().to_owned();
    let shown = world.json(&["show", &mission]);
    let brief = shown["brief"].as_str().unwrap();
    assert!(
        brief.starts_with("---\nobjective: \"Each invoice: paid once.\"\ndue: \"2026-12-20\"\n---\n# Vendor"),
        "{brief}"
    );
    assert_eq!(world.json(&["status", &mission])[0]["requested_by"], "cro");
    // A dropped file that cannot be taken shows wherever its requester looks.
    world.put("missions/broken.md", "---\nrisk_level: huge\n---\n# Broken\n\nText.\n");
    let told = |page: &super::web_world::Got| {
        page.text.contains("could not be accepted") && page.text.contains("missions/broken.md")
    };
    super::web_world::until(|| told(&cro.get("/missions")));
    assert!(told(&desk.sign_in("ceo").get("/inbox")) && told(&cro.get("/dashboard")));
    assert!(world.done(&["status"]).contains("missions/broken.md could not be accepted"));
}
