//! What people look up, write and change at the desk: SOPs and their drafts, agents, prompts, settings, the council
//! matrix, the audit log.

use super::runs_world::Draft;
use super::web_world::{Browser, Desk, Got};
use super::world::World;
use serde_json::Value;

const EVIL: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>";

/// The text of the only text area of a page, as a browser reads it.
fn area(got: &Got) -> String {
    let (_, rest) = got.text.split_once("<textarea").unwrap();
    let (_, rest) = rest.split_once(">\n").unwrap();
    let text = rest.split_once("</textarea>").unwrap().0;
    let marks =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    marks.iter().fold(text.to_owned(), |text, (mark, sign)| text.replace(mark, sign))
}

/// Saves a file as text, opened as `opened` says.
fn save(by: &Browser<'_>, path: &str, opened: &str, text: &str) -> Got {
    by.post(path, &[("csrf", &by.csrf()), ("opened", opened), ("text", text), ("note", "as agreed")])
}

fn facts(world: &World, kind: &str) -> Vec<Value> {
    let out = world.done(&["audit", "search", "--kind", kind]);
    out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fact"].clone()).collect()
}

#[test]
fn the_text_of_active_sops_is_found_and_of_others_not() {
    let world = World::new();
    let text = Draft::new("SOP-REV-trial").person("").text();
    world.activated(&text);
    let second = Draft::new("SOP-REV-second").person("").text();
    let second = second.replace("## References\n", "## References\n\n- [[SOP-REV-trial]]\n");
    world.activated(&second);
    let desk = Desk::open(&world);
    let cro = desk.sign_in("cro");
    for q in ["trial", "REV-tri", "record%20crm", "%22record%22", "reco"] {
        let page = cro.get(&format!("/sops?q={q}"));
        assert!(page.text.contains("href=\"/sops/SOP-REV-trial\""), "{q}: {}", page.text);
    }
    assert!(cro.get("/sops?q=record").text.contains("<mark>record</mark>"));
    for q in ["zebra", "record%20zebra", "NEAR(", "%22%22", "record%20NOT%20crm%20zebra"] {
        let page = cro.get(&format!("/sops?q={q}"));
        assert_eq!(page.status, 200, "{q}");
        assert!(q == "%22%22" || page.text.contains("Nothing fits"), "{q}: {}", page.text);
    }
    assert_eq!(cro.get(&format!("/sops?q={}", "a".repeat(201))).status, 400);
    let found = world.json(&["sop", "search", "trial", "record"]);
    assert_eq!(found[0]["id"], "SOP-REV-trial", "the command line finds the same: {found}");
    // References, both ways, and the checks of today.
    let second = cro.get("/sops/SOP-REV-second").text;
    assert!(second.contains("href=\"/sops/SOP-REV-trial\""), "{second}");
    let first = cro.get("/sops/SOP-REV-trial").text;
    assert!(first.contains("href=\"/sops/SOP-REV-second\"") && first.contains("Checks today"), "{first}");
    // A file that was changed by hand is found by what was approved, and told of where it is opened.
    let path = "sops/REV/SOP-REV-trial-v1.0.md";
    world.put(path, &format!("{text}\nzebra\n"));
    assert!(cro.get("/sops?q=zebra").text.contains("Nothing fits"));
    assert_eq!(cro.get("/sops/SOP-REV-trial").status, 409);
    world.put(path, &text);
    world.done(&["sop", "retire", "SOP-REV-trial", "--as", "ceo", "--reason", "a trial"]);
    assert!(cro.get("/sops?q=record").text.contains("SOP-REV-second"));
    assert!(!cro.get("/sops?q=record").text.contains("/sops/SOP-REV-trial\""));
    assert!(cro.get("/sops?status=archived").text.contains("/sops/SOP-REV-trial\""));
}

#[test]
fn a_draft_is_begun_checked_saved_and_brought() {
    let world = World::new();
    let desk = Desk::open(&world);
    let cro = desk.sign_in("cro");
    let csrf = cro.csrf();
    for id in ["SOP-rev-x", "../SOP-REV-x", ""] {
        let got = cro.post("/sops/new", &[("csrf", &csrf), ("id", id)]);
        assert_eq!(got.status, 400, "{id}: {}", got.text);
    }
    let wanted =
        [("csrf", csrf.as_str()), ("id", "SOP-REV-trial"), ("owner", "vp.sales"), ("title", "A trial")];
    let got = cro.post("/sops/new", &wanted);
    let place = "/sops/drafts/SOP-REV-trial-v1.0";
    assert_eq!((got.status, got.header("location")), (303, place), "{}", got.text);
    let page = cro.get(place);
    assert_eq!(area(&page), world.read("sops/drafts/SOP-REV-trial-v1.0.md"));
    assert!(page.text.contains("To fill in") && page.text.contains("<strong>Line "), "{}", page.text);
    let again = cro.post("/sops/new", &[("csrf", &csrf), ("id", "SOP-REV-trial"), ("title", "Another")]);
    assert_eq!(again.status, 409, "{}", again.text);
    assert!(again.text.contains("go on with that draft"), "{}", again.text);
    // The live check and the button say the same, and write nothing.
    let broken = "---\nid: SOP-REV-trial\nversoin: 1.0\n---\n# A trial\n";
    let opened = page.field("opened");
    let live = cro.post(&format!("{place}/lint"), &[("csrf", &csrf), ("opened", &opened), ("text", broken)]);
    assert!(
        live.status == 200 && live.text.contains("Line 3") && live.text.contains("versoin"),
        "{}",
        live.text
    );
    assert!(!live.text.contains("<html"), "{}", live.text);
    let button = cro.post(place, &[("csrf", &csrf), ("opened", &opened), ("text", broken), ("check", "1")]);
    assert!(button.status == 200 && button.text.contains("versoin"), "{}", button.text);
    assert_eq!(area(&cro.get(place)), area(&page));
    // Work in progress may be saved, but not brought.
    let got = save(&cro, place, &opened, &broken.replace('\n', "\r\n"));
    assert_eq!(got.status, 303, "{}", got.text);
    assert_eq!(world.read("sops/drafts/SOP-REV-trial-v1.0.md"), broken);
    let opened = cro.get(place).field("opened");
    let fields = [("csrf", csrf.as_str()), ("opened", &opened), ("text", broken), ("bring", "1")];
    let got = cro.post(place, &fields);
    assert_eq!(got.status, 422, "{}", got.text);
    assert_eq!(world.json(&["status"]), serde_json::json!([]));
    let whole = Draft::new("SOP-REV-trial").person("").text();
    let fields = [("csrf", csrf.as_str()), ("opened", &opened), ("text", &whole), ("bring", "1")];
    let got = cro.post(place, &fields);
    assert_eq!(got.status, 303, "{}", got.text);
    assert!(got.header("location").starts_with("/missions/A-"), "{}", got.header("location"));
    assert!(cro.get("/sops/drafts").text.contains("SOP-REV-trial-v1.0"));
}

#[test]
fn who_saves_second_is_told_and_loses_nothing() {
    let world = World::new();
    world.done(&["sop", "new", "SOP-OPS-keys", "--as", "ceo"]);
    let desk = Desk::open(&world);
    let (one, two) = (desk.sign_in("cro"), desk.sign_in("ops.manager"));
    for place in ["/sops/drafts/SOP-OPS-keys-v1.0", "/files/sopd.yaml"] {
        let (first, second) = if place.starts_with("/files") {
            (desk.sign_in("ceo"), desk.sign_in("chief.staff"))
        } else {
            (
                Browser { desk: &desk, cookie: one.cookie.clone() },
                Browser { desk: &desk, cookie: two.cookie.clone() },
            )
        };
        let opened = first.get(place).field("opened");
        let before = area(&first.get(place));
        let (theirs, mine) = (format!("{before}# theirs\n"), format!("{before}# mine\n"));
        assert_eq!(save(&first, place, &opened, &theirs).status, 303);
        let got = save(&second, place, &opened, &mine);
        assert_eq!(got.status, 409, "{}", got.text);
        assert!(got.text.contains("changed since you opened it"), "{}", got.text);
        assert_eq!(area(&got), mine, "what was written is still there");
        assert!(got.text.contains("removed: </span># theirs") || got.text.contains("theirs"), "{}", got.text);
        assert_eq!(area(&first.get(place)), theirs, "and what is there is not touched");
        // Knowing both, it may be saved.
        assert_eq!(save(&second, place, &got.field("opened"), &mine).status, 303);
        assert_eq!(area(&first.get(place)), mine);
    }
    // Changed on the disk, by no desk at all.
    let ceo = desk.sign_in("ceo");
    let opened = ceo.get("/files/sopd.yaml").field("opened");
    world.put("sopd.yaml", &format!("{}# by hand\n", world.read("sopd.yaml")));
    assert_eq!(save(&ceo, "/files/sopd.yaml", &opened, "requester: cro\n").status, 409);
    assert!(ceo.get("/files/sopd.yaml").text.contains("changed outside the desk"));
}

#[test]
fn the_next_version_begins_with_the_text_of_the_active_one() {
    let world = World::new();
    world.activated(&Draft::new("SOP-REV-trial").person("").text());
    let desk = Desk::open(&world);
    let cro = desk.sign_in("cro");
    let page = cro.get("/sops/SOP-REV-trial");
    let fields = [("csrf", page.field("csrf")), ("id", page.field("id")), ("from", page.field("from"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let got = cro.post("/sops/new", &fields);
    let place = got.header("location").to_owned();
    assert_eq!((got.status, place.as_str()), (303, "/sops/drafts/SOP-REV-trial-v1.1"), "{}", got.text);
    let text = area(&cro.get(&place));
    assert!(text.contains("version: 1.1\n") && text.contains("supersedes: 1.0\n"), "{text}");
    assert!(text.contains("created_by: cro\n") && text.contains("MISSING: what changed"), "{text}");
    let said = world.sopd(&["sop", "new", "SOP-REV-trial", "--from", "SOP-REV-trial", "--as", "cro"]);
    assert_eq!(said.code, 0, "the same deed by the command line finds its draft there: {}", said.err);
    let refused = world.fails(6, &["sop", "new", "SOP-REV-trial", "--as", "cro"]);
    assert!(refused.contains("--from SOP-REV-trial"), "{refused}");
    let other = world.json(&["sop", "new", "SOP-OPS-other", "--from", "SOP-REV-trial", "--as", "cro"]);
    assert_eq!(other["path"], "sops/drafts/SOP-OPS-other-v1.0.md");
    let copied = world.read("sops/drafts/SOP-OPS-other-v1.0.md");
    assert!(copied.contains("department: OPS\n") && !copied.contains("supersedes"), "{copied}");
}

/// The fields of the form of an agent, as the page shows them, with some changed.
fn agent_form(page: &Got, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields = vec![("body".to_owned(), area(page)), ("role.worker".to_owned(), "1".to_owned())];
    for name in ["csrf", "opened", "id"] {
        fields.push((name.to_owned(), page.field(name)));
    }
    for name in ["title", "department", "reports_to", "skills"] {
        fields.push((name.to_owned(), page.field(name)));
    }
    for (name, value) in [("status", "active"), ("runtime", "model"), ("tier", "2")] {
        fields.push((name.to_owned(), value.to_owned()));
    }
    for (name, value) in changed {
        fields.retain(|(there, _)| there != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

fn post(by: &Browser<'_>, path: &str, fields: &[(String, String)]) -> Got {
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    by.post(path, &fields)
}

#[test]
fn an_agent_is_changed_by_a_form_that_says_what_is_wrong_where() {
    let world = World::new();
    let path = "agents/vp.sales.md";
    world.put(path, &world.read(path).replacen("title:", "# of the revenue team\ntitle:", 1));
    let before = world.read(path);
    let desk = Desk::open(&world);
    let ceo = desk.sign_in("ceo");
    let place = "/agents/vp.sales/edit";
    let page = ceo.get(place);
    for (changed, said) in [
        (("reports_to", "nobody.here"), "there is no such agent"),
        (("department", "Revenue"), "is not a department code"),
        (("title", " "), "the title is empty"),
        (("tier", "9"), "there is no tier"),
        (("body", "- a bullet\n"), "opening paragraph is missing"),
    ] {
        let got = post(&ceo, place, &agent_form(&page, &[changed]));
        assert_eq!(got.status, 422, "{changed:?}: {}", got.text);
        assert!(got.text.contains(said), "{changed:?}: {}", got.text);
        assert_eq!(world.read(path), before, "{changed:?}");
    }
    let got = post(&ceo, place, &agent_form(&page, &[("department", "Revenue")]));
    assert!(
        got.text.contains("id=\"fault-department\"") && got.text.contains("value=\"Revenue\""),
        "{}",
        got.text
    );
    assert!(facts(&world, "file_edited").is_empty());
    let checked = post(&ceo, place, &agent_form(&page, &[("title", "Head of sales"), ("check", "1")]));
    assert!(checked.status == 200 && checked.text.contains("It is not saved yet"), "{}", checked.text);
    let got = post(&ceo, place, &agent_form(&page, &[("title", "Head of sales"), ("note", "she moved up")]));
    assert_eq!(got.status, 303, "{}", got.text);
    let after = world.read(path);
    assert!(after.contains("title: Head of sales\n") && after.contains("# of the revenue team\n"), "{after}");
    assert_eq!(after.lines().count(), before.lines().count(), "no other line changes");
    let fact = &facts(&world, "file_edited")[0];
    assert_eq!((&fact["by"], &fact["note"]), (&"ceo".into(), &"she moved up".into()), "{fact}");
    let stale = post(&ceo, place, &agent_form(&page, &[("title", "Chief seller")]));
    assert!(stale.status == 409 && stale.text.contains("value=\"Chief seller\""), "{}", stale.text);
    // History: what was there is brought back, byte for byte.
    let history = ceo.get("/files/agents/vp.sales.md");
    assert!(history.text.contains("she moved up") && history.text.contains("/changes/1"), "{}", history.text);
    let change = ceo.get("/changes/1");
    assert!(
        change.text.contains("Head") && change.text.contains("Bring back the text before"),
        "{}",
        change.text
    );
    let csrf = ceo.csrf();
    assert_eq!(ceo.post("/changes/1/before", &[("csrf", &csrf)]).status, 303);
    assert_eq!(world.read(path), before);
}

#[test]
fn an_agent_is_made_by_the_same_form() {
    let world = World::new();
    let desk = Desk::open(&world);
    let ceo = desk.sign_in("ceo");
    let page = ceo.get("/agents/vp.sales/edit");
    let fresh = ceo.get("/agents/new");
    let named = [("id", "ops.planner"), ("title", "Planner"), ("department", "OPS"), ("reports_to", "coo")];
    let mut fields = agent_form(&page, &named);
    fields.retain(|(name, _)| name != "opened" && name != "body" && name != "skills");
    fields.push(("body".to_owned(), area(&fresh)));
    let got = post(&ceo, "/agents/new", &fields);
    assert_eq!(got.status, 303, "{}", got.text);
    assert!(ceo.get("/agents").text.contains("ops.planner"));
    assert_eq!(post(&ceo, "/agents/new", &fields).status, 303, "the same bytes are there already");
    fields.push(("skills".to_owned(), "crm".to_owned()));
    assert_eq!(post(&ceo, "/agents/new", &fields).status, 409);
    world.done(&["agents"]);
}

#[test]
fn only_those_who_answer_for_publications_change_how_sopd_works() {
    let world = World::new();
    let desk = Desk::open(&world);
    let before = ["sopd.yaml", "agents/cro.md", "prompts/draft.md"].map(|path| world.read(path));
    let stranger = desk.sign_in("vp.sales");
    for path in ["/files/sopd.yaml", "/files/agents/cro.md", "/files/prompts/draft.md"] {
        let page = stranger.get(path);
        assert!(page.status == 200 && page.text.contains("may not change"), "{path}: {}", page.text);
        let ceo = desk.sign_in("ceo");
        let opened = ceo.get(path).field("opened");
        let got = save(&stranger, path, &opened, "requester: cro\n");
        assert_eq!(got.status, 403, "{path}: {}", got.text);
        assert!(got.text.contains("chief.staff and ceo may"), "{path}: {}", got.text);
    }
    let after = ["sopd.yaml", "agents/cro.md", "prompts/draft.md"].map(|path| world.read(path));
    assert_eq!(before, after);
    let ceo = desk.sign_in("ceo");
    for path in [
        "agents%2F..%2Fsopd.yaml",
        ".sopd/journal.db",
        "README.md",
        "sops/INDEX.md",
        "agents/%2e%2e%2fsopd.yaml",
    ] {
        for got in [ceo.get(&format!("/files/{path}")), save(&ceo, &format!("/files/{path}"), "", "x")] {
            assert!(got.status == 404 || got.status == 405, "{path}: {}", got.status);
        }
    }
    // Nobody gets a form through that did not come from a page of ours.
    for path in [
        "/files/sopd.yaml",
        "/settings/council",
        "/agents/new",
        "/agents/cro/edit",
        "/sops/new",
        "/sops/drafts/SOP-OPS-x-v1.0",
        "/sops/drafts/SOP-OPS-x-v1.0/lint",
        "/changes/1/before",
        "/audit/verify",
    ] {
        let fields = [("text", "x"), ("opened", ""), ("id", "SOP-OPS-x")];
        let unmarked = ceo.post(path, &fields);
        assert!(unmarked.status == 403 || unmarked.status == 422, "{path}: {}", unmarked.status);
        let csrf = ceo.csrf();
        let fields = [("csrf", csrf.as_str()), ("text", "x"), ("opened", ""), ("id", "SOP-OPS-x")];
        assert_eq!(ceo.post_from(path, &fields, Some("https://example.com")).status, 403, "{path}");
        assert_eq!(ceo.post_from(path, &fields, None).status, 403, "{path}");
    }
    assert!(facts(&world, "file_edited").is_empty() && !world.path("sops/drafts").exists());
}

#[test]
fn settings_that_do_not_read_are_never_written() {
    let world = World::new();
    let desk = Desk::open(&world);
    let ceo = desk.sign_in("ceo");
    let place = "/files/sopd.yaml";
    let before = world.read("sopd.yaml");
    let opened = ceo.get(place).field("opened");
    for (text, said) in [
        ("git:\n  commit: yes\n", "Line 2, column 11"),
        ("mision: 1\n", "mision"),
        ("missions: { rounds: 0 }\n", "is 0"),
        ("a: [\n", "Line "),
    ] {
        let got = save(&ceo, place, &opened, text);
        assert_eq!(got.status, 422, "{text}: {}", got.text);
        assert!(got.text.contains(said), "{text}: {}", got.text);
        assert_eq!(area(&got), text, "nothing of it is lost");
        assert_eq!(world.read("sopd.yaml"), before, "{text}");
    }
    let long = save(&ceo, place, &opened, &format!("# {}\n", "x".repeat(1024 * 1024)));
    assert_eq!(long.status, 422);
    let got = save(&ceo, place, &opened, &format!("{before}missions: {{ rounds: 5 }}\n"));
    assert_eq!(got.status, 303, "{}", got.text);
    assert!(world.read("sopd.yaml").ends_with("rounds: 5 }\n"));
}

#[test]
fn the_council_matrix_is_a_form() {
    let world = World::new();
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let page = staff.get("/settings/council");
    let (csrf, opened) = (page.field("csrf"), page.field("opened"));
    let with = |more: &[(&'static str, &'static str)]| {
        let mut fields = vec![
            ("csrf", csrf.clone()),
            ("opened", opened.clone()),
            ("class.positioning", "optional".to_owned()),
            ("role.council", "1".to_owned()),
        ];
        for (name, value) in more {
            fields.retain(|(there, _)| there != name);
            fields.push((name, (*value).to_owned()));
        }
        fields
    };
    let send = |fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        staff.post("/settings/council", &fields)
    };
    let before = world.read("sopd.yaml");
    for (more, said) in [
        (vec![("members", "three")], "is not a number of members"),
        (vec![("members", "0")], "is 0"),
        (vec![("members", "3"), ("class.positioning", "always")], "how strongly"),
        (vec![("members", "3"), ("new_class", "Big Deals"), ("new_level", "mandatory")], "Big Deals"),
    ] {
        let got = send(&with(&more));
        assert_eq!(got.status, 422, "{more:?}: {}", got.text);
        assert!(got.text.contains(said), "{more:?}: {}", got.text);
        assert_eq!(world.read("sopd.yaml"), before, "{more:?}");
    }
    let got = send(&with(&[("members", "5"), ("new_class", "pricing"), ("new_level", "recommended")]));
    assert_eq!(got.status, 303, "{}", got.text);
    let after = world.read("sopd.yaml");
    assert!(after.starts_with(&before), "what was there stays: {after}");
    assert!(
        after.contains("    positioning: optional\n") && after.contains("    pricing: recommended\n"),
        "{after}"
    );
    assert!(staff.get("/settings").text.contains("pricing"));
    assert_eq!(send(&with(&[("members", "7")])).status, 409, "the file is another one now");
}

#[test]
fn a_prompt_that_cannot_be_used_is_refused_and_a_mended_one_is_written() {
    let world = World::new();
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let (place, path) = ("/files/prompts/draft.md", "prompts/draft.md");
    let before = world.read(path);
    let opened = staff.get(place).field("opened");
    for (text, said) in [
        ("{% block system %}x{% endblock %}", "has no block"),
        ("{% block system %}", "cannot be used"),
        ("{% block system %}{{ secret }}{% endblock %}{% block user %}x{% endblock %}", "is not given"),
        (
            "{% block system %}x{% endblock %}{% block user %}x{% endblock %}\nBe brief.",
            "stands outside of them",
        ),
    ] {
        let got = save(&staff, place, &opened, text);
        assert!(got.status == 422 && got.text.contains(said), "{text}: {} {}", got.status, got.text);
    }
    // A few words are written at once.
    let mended = before.replacen("{% block user %}", "{% block user %}Begin now. ", 1);
    assert_ne!(mended, before);
    assert_eq!(save(&staff, place, &opened, &mended).status, 303);
    assert_eq!(world.read(path), mended);
}

#[test]
fn a_major_rewrite_of_a_prompt_goes_to_the_council_first() {
    let world = World::new();
    let desk = Desk::open(&world);
    let (staff, ceo) = (desk.sign_in("chief.staff"), desk.sign_in("ceo"));
    let (place, path) = ("/files/prompts/draft.md", "prompts/draft.md");
    let before = world.read(path);
    let rewrite = format!(
        "{{% block system %}}Write nothing but verse. {EVIL}{{% endblock %}}{{% block user %}}{{{{ input | tojson }}}}{{% endblock %}}\n"
    );
    let opened = staff.get(place).field("opened");
    let fields = [
        ("csrf", staff.csrf()),
        ("opened", opened.clone()),
        ("text", rewrite.clone()),
        ("skip", "1".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let got = staff.post(place, &fields);
    assert_eq!(got.status, 403, "{}", got.text);
    assert!(got.text.contains("only ceo may skip it"), "{}", got.text);
    let got = save(&staff, place, &opened, &rewrite);
    assert_eq!(got.status, 303, "{}", got.text);
    assert_eq!(world.read(path), before, "nothing is written before the answer");
    let proposed = &facts(&world, "file_edit_proposed")[0];
    let (change, review) =
        (proposed["change"].as_i64().unwrap(), proposed["review"].as_str().unwrap().to_owned());
    let second = save(&ceo, place, &opened, &rewrite.replace("verse", "prose"));
    assert_eq!(second.status, 409, "one at a time: {}", second.text);
    super::web_world::until(|| world.json(&["status", &review])[0]["state"] == "answered");
    let page = staff.get(&format!("/changes/{change}"));
    assert!(
        page.text.contains("would not let it pass") && page.text.contains("your own change"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{}", page.text);
    let write = format!("/changes/{change}/write");
    // Without a model the council cannot judge a prompt, so a person other than its author has to, with a reason.
    let own = staff.post(&write, &[("csrf", &staff.csrf()), ("reason", "I like it")]);
    assert_eq!(own.status, 403, "{}", own.text);
    assert_eq!(ceo.post(&write, &[("csrf", &ceo.csrf())]).status, 400);
    let stranger = desk.sign_in("vp.sales");
    let refused = stranger.post(&write, &[("csrf", &stranger.csrf()), ("reason", "I like it")]);
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert_eq!(world.read(path), before);
    let got = ceo.post(&write, &[("csrf", &ceo.csrf()), ("reason", "A poem is what we want")]);
    assert_eq!(got.status, 303, "{}", got.text);
    assert_eq!(world.read(path), rewrite);
    assert_eq!(ceo.post(&write, &[("csrf", &ceo.csrf()), ("reason", "again")]).status, 409);
    let edited = facts(&world, "file_edited");
    assert_eq!(edited[0]["override"], "A poem is what we want", "{edited:?}");
    // Who signs publications may do without.
    let opened = ceo.get(place).field("opened");
    let fields =
        [("csrf", ceo.csrf()), ("opened", opened), ("text", before.clone()), ("skip", "1".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(ceo.post(place, &fields).status, 303);
    assert_eq!(world.read(path), before);
}

#[test]
fn many_small_changes_of_a_prompt_do_not_add_up_unseen() {
    let world = World::new();
    let desk = Desk::open(&world);
    let ceo = desk.sign_in("ceo");
    let (place, path) = ("/files/prompts/draft.md", "prompts/draft.md");
    let first = world.read(path);
    let words = first.split_whitespace().count();
    let mut grown = 0;
    for round in 1..40 {
        let text = world.read(path).replacen(
            "{% block user %}",
            &format!("{{% block user %}}{}", "Mind the tide. ".repeat(words / 36)),
            1,
        );
        let opened = ceo.get(place).field("opened");
        assert_eq!(save(&ceo, place, &opened, &text).status, 303);
        if world.read(path) != text {
            grown = round;
            break;
        }
    }
    assert!((2..20).contains(&grown), "it went to the council after {grown} changes");
    assert_eq!(facts(&world, "file_edit_proposed").len(), 1);
    assert!(ceo.get("/settings").text.contains("With the council"));
    let change = facts(&world, "file_edit_proposed")[0]["change"].to_string();
    let got = ceo.post(&format!("/changes/{change}/withdraw"), &[("csrf", &ceo.csrf())]);
    assert_eq!(got.status, 303, "{}", got.text);
    assert!(!ceo.get("/settings").text.contains("With the council"));
}

#[test]
fn a_change_that_a_crash_cut_off_is_written_at_the_next_start() {
    let world = World::new();
    let name = "SOP-OPS-keys-v1.0.md";
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_sopd"));
    command.args(["sop", "new", "SOP-OPS-keys", "--as", "cro"]).current_dir(world.root());
    let output = command.env("SOPD_FAULT", format!("rename/{name}/before")).output().unwrap();
    assert!(!output.status.success(), "it stopped where it was told to");
    let path = format!("sops/drafts/{name}");
    assert!(!world.path(&path).exists());
    assert_eq!(facts(&world, "file_edited").len(), 1);
    world.drive();
    assert!(world.read(&path).contains("id: SOP-OPS-keys"));
    world.put(&path, "by hand\n");
    world.drive();
    assert_eq!(world.read(&path), "by hand\n", "what is written is not written again");
}

#[test]
fn scripts_in_whatever_is_written_here_are_inert() {
    let world = World::new();
    let desk = Desk::open(&world);
    let ceo = desk.sign_in("ceo");
    let csrf = ceo.csrf();
    ceo.post("/sops/new", &[("csrf", &csrf), ("id", "SOP-OPS-evil")]);
    let place = "/sops/drafts/SOP-OPS-evil-v1.0";
    let opened = ceo.get(place).field("opened");
    let text = format!("{}\n</textarea>{EVIL} [x](javascript:alert(1))\n", area(&ceo.get(place)));
    let fields = [("csrf", csrf.as_str()), ("opened", &opened), ("text", &text), ("note", EVIL)];
    assert_eq!(ceo.post(place, &fields).status, 303);
    let settings = "/files/sopd.yaml";
    let opened = ceo.get(settings).field("opened");
    let text = format!("{}# </textarea>{EVIL}\n", world.read("sopd.yaml"));
    let fields = [("csrf", csrf.as_str()), ("opened", &opened), ("text", &text), ("note", EVIL)];
    assert_eq!(ceo.post(settings, &fields).status, 303);
    let page = ceo.get("/agents/cro/edit");
    let body = format!("{} {EVIL}\n", area(&page).trim_end());
    let fields = agent_form(&page, &[("title", EVIL), ("note", EVIL), ("body", &body), ("skills", EVIL)]);
    let got = post(&ceo, "/agents/cro/edit", &fields);
    assert_eq!(got.status, 303, "{}", got.text);
    let wrong = [("csrf", csrf.as_str()), ("id", EVIL), ("title", EVIL), ("owner", EVIL), ("from", EVIL)];
    let echo = ceo.post("/sops/new", &wrong);
    let class = [
        ("csrf", csrf.as_str()),
        ("new_class", EVIL),
        ("new_level", EVIL),
        ("members", EVIL),
        ("note", EVIL),
    ];
    let echoes = [echo, ceo.post("/settings/council", &class)];
    let pages = [
        place,
        settings,
        "/agents",
        "/agents/cro/edit",
        "/files/agents/cro.md",
        "/settings",
        "/changes/2",
        "/changes/3",
        "/audit",
        "/sops/drafts",
        "/sops?q=%3Cscript%3E",
        "/audit?q=%3Cscript%3E&subject=%3Cscript%3E&party=%22%3E%3Cscript%3E",
    ];
    let shown: Vec<Got> = pages.iter().map(|path| ceo.get(path)).chain(echoes).collect();
    for (at, page) in shown.iter().enumerate() {
        let path = pages.get(at).unwrap_or(&"a form");
        assert!([200, 400, 422].contains(&page.status), "{path}: {}", page.text);
        assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{path}: {}", page.text);
        assert!(!page.text.contains("href=\"javascript:"), "{path}");
    }
}

#[test]
fn the_audit_log_is_searched_verified_and_taken_away() {
    let world = World::new();
    let mission = world.example("1-lead-qualification.md");
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let page = staff.get(&format!("/audit?subject={mission}"));
    assert!(page.text.contains("plan made") && !page.text.contains("sign in link made"), "{}", page.text);
    let page = staff.get("/audit?kind=sign_in_link_made&party=chief.staff");
    assert!(page.text.contains("desk") && !page.text.contains("plan made"), "{}", page.text);
    let page = staff.get("/audit?party=vp.sales&kind=model_called");
    assert!(page.text.contains("model called"), "{}", page.text);
    assert!(staff.get("/audit?from=2199-01-01").text.contains("No fact fits"));
    assert!(staff.get("/audit?until=2001-01-01").text.contains("No fact fits"));
    assert!(staff.get("/audit?until=2199-01-01&q=plan_made").text.contains("plan made"));
    for bad in ["from=yesterday", "until=2026-13-40", &format!("q={}", "a".repeat(201))] {
        assert_eq!(staff.get(&format!("/audit?{bad}")).status, 400, "{bad}");
        assert_eq!(staff.get(&format!("/audit/export?{bad}")).status, 400, "{bad}");
    }
    let whole = staff.post("/audit/verify", &[("csrf", &staff.csrf())]);
    assert!(whole.text.contains("The log is whole"), "{}", whole.text);
    let taken = staff.get("/audit/export");
    assert_eq!(taken.header("content-disposition"), "attachment; filename=\"audit.jsonl\"");
    assert_eq!(taken.text, world.done(&["audit", "export"]), "as the command line writes it");
    let some = staff.get(&format!("/audit/export?subject={mission}"));
    assert_eq!(some.text, world.done(&["audit", "export", &mission]));
    assert_eq!(facts(&world, "plan_made").len(), 1);
    world.fails(2, &["audit", "search", "--from", "yesterday"]);
}

#[test]
fn figures_and_the_roster_tell_what_was_done() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let page = staff.get("/dashboard").text;
    for words in [
        "Missions in flight</dt><dd><a href=\"/missions\">1</a>",
        "Decisions waiting</dt><dd><a href=\"/inbox?who=all\">1</a>",
        "Budget left, seven days",
        "href=\"/inbox?who=chief.staff\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for party in ["chief.staff", "ceo"] {
        let id = world.json(&["inbox"])[0]["id"].as_str().unwrap().to_owned();
        world.done(&["approve", &id, "--as", party]);
    }
    super::web_world::until(|| staff.get("/dashboard").text.contains("Missions published</dt><dd>1<"));
    let page = staff.get("/dashboard").text;
    assert!(
        page.contains("<svg class=\"plot\"")
            && page.contains("aria-labelledby=\"missions-title missions-desc\""),
        "{page}"
    );
    assert!(page.contains("Missions per week as a table"), "every plot has its figures beside it: {page}");
    let roster = world.json(&["agents"]);
    let sales = roster.as_array().unwrap().iter().find(|agent| agent["id"] == "vp.sales").unwrap();
    let answers = sales["calls"]["by_tier"]["0"].as_u64().unwrap();
    assert!(answers > 0, "{sales}");
    let page = staff.get("/agents").text;
    assert!(page.contains("tier 0, code") && page.contains("<strong>100 %</strong>"), "{page}");
    assert!(
        page.contains(&format!("<td class=\"num\">{answers}</td><td class=\"nowrap\">0: 100 %</td>")),
        "{page}"
    );
}
