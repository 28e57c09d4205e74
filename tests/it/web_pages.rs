//! What people see and do at the desk.

use super::runs_world::{Draft, begin, with};
use super::web_world::Desk;
use super::world::World;
use sopd::base::Clock;

#[test]
fn an_answer_counts_once_and_only_for_what_was_shown() {
    let world = World::new();
    let mission = world.example("1-lead-qualification.md");
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let inbox = staff.get("/inbox");
    assert!(inbox.text.contains("href=\"/decisions/D-1\""), "{}", inbox.text);
    let page = staff.get("/decisions/D-1");
    let (csrf, hash) = (page.field("csrf"), page.field("hash"));
    assert!(page.text.contains(&hash) && page.text.contains("id=\"L26\""), "{}", page.text);
    // Reading, in whatever way, decides nothing.
    for path in ["/decisions/D-1/approve", "/decisions/D-1?verb=approve", "/decisions/D-1"] {
        staff.get(path);
    }
    assert!(staff.get("/decisions/D-1").text.contains("Your answer"));
    let stale = "0".repeat(64);
    let got = staff.post("/decisions/D-1/approve", &[("csrf", &csrf), ("hash", &stale)]);
    assert_eq!(got.status, 409, "{}", got.text);
    assert!(got.text.contains("other bytes") && got.text.contains(&hash), "{}", got.text);
    // Somebody it is not asked of.
    let ceo = desk.sign_in("ceo");
    let got = ceo.post("/decisions/D-1/approve", &[("csrf", &ceo.csrf()), ("hash", &hash)]);
    assert_eq!(got.status, 403, "{}", got.text);
    let got = staff.post("/decisions/D-1/approve", &[("csrf", &csrf), ("hash", &hash), ("text", "fine")]);
    assert_eq!((got.status, got.header("location")), (303, "/decisions/D-1"), "{}", got.text);
    let again = staff.post("/decisions/D-1/approve", &[("csrf", &csrf), ("hash", &hash)]);
    assert_eq!(again.status, 409, "{}", again.text);
    assert!(again.text.contains("already decided"), "{}", again.text);
    // Whoever signs sees first that it worked, and what is next.
    super::web_world::until(|| ceo.get("/decisions/D-2").status == 200);
    let page = ceo.get("/decisions/D-2");
    let (csrf, hash) = (page.field("csrf"), page.field("hash"));
    assert_eq!(ceo.post("/decisions/D-2/approve", &[("csrf", &csrf), ("hash", &hash)]).status, 303);
    let signed = ceo.get("/decisions/D-2?against=version").text;
    for wanted in ["You signed SOP-REV-lead-qualification v1.0; it is active.", "Nothing else waits for you"]
    {
        assert!(signed.contains(wanted), "{wanted}: {signed}");
    }
    assert!(!signed.contains("the version before"), "what became active since was not before it: {signed}");
    let facts = world.done(&["audit", "export", &mission]);
    assert!(facts.contains("desk session"), "who did it is on record: {facts}");
}

#[test]
fn a_script_in_a_mission_is_inert_on_every_page() {
    let world = World::new();
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let evil = "<script>alert(1)</script>\u{202e}x";
    let text = format!(
        "# Keys {evil} \"><img src=x onerror=alert(1)>\n\nWrite down how keys are handed out. {evil} [x](javascript:alert(1))\n"
    );
    let got = staff.post("/missions", &[("csrf", &staff.csrf()), ("text", &text)]);
    assert_eq!(got.status, 303, "{}", got.text);
    let mission = got.header("location").to_owned();
    let file = format!("{mission}/files/mission.md");
    for path in [mission.as_str(), "/missions", "/inbox?who=all", "/audit", "/dashboard", &file] {
        let page = staff.get(path);
        if path == file && page.status == 404 {
            continue;
        }
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{path}: {}", page.text);
        assert!(!page.text.contains("href=\"javascript:"), "{path}");
        assert!(!page.text.contains('\u{202e}'), "{path} shows what a browser would obey");
    }
    let status = format!("{mission}/STATUS.md");
    super::web_world::until(|| world.path(status.trim_start_matches('/')).is_file());
    assert!(world.read(status.trim_start_matches('/')).contains("\\u{202e}"));
}

#[test]
fn a_mission_that_is_not_in_form_comes_back_with_its_problems() {
    let world = World::new();
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let text = "---\nobjectiv: x\n---\n# A\n\nb\n";
    let got = staff.post("/missions", &[("csrf", &staff.csrf()), ("text", text)]);
    assert_eq!(got.status, 422, "{}", got.text);
    assert!(got.text.contains("objectiv") && got.text.contains("line 2"), "{}", got.text);
}

#[test]
fn a_run_is_started_worked_on_and_cancelled() {
    let sop = "SOP-REV-trial";
    let inputs =
        Draft::new(sop).input("`source` | choice: form, mail | yes").input("`employees` | number | no");
    let world = with(&inputs.person(""));
    let desk = Desk::open(&world);
    let cro = desk.sign_in("cro");
    let csrf = cro.csrf();
    assert!(cro.get("/sops?q=trial").text.contains("href=\"/sops/SOP-REV-trial\""));
    assert!(!cro.get("/sops?q=zebra").text.contains("SOP-REV-trial"));
    let page = cro.get(&format!("/sops/{sop}"));
    assert!(page.text.contains("<option>mail</option>"), "{}", page.text);
    let start = format!("/sops/{sop}/run");
    let dry = cro.post(&start, &[("csrf", &csrf), ("input.source", "mail"), ("dry", "1")]);
    assert_eq!(dry.status, 200, "{}", dry.text);
    let bad = cro.post(&start, &[("csrf", &csrf), ("input.source", "carrier pigeon")]);
    assert_eq!(bad.status, 422, "{}", bad.text);
    // The form comes back as it was filled in, with the refusal at its field.
    let filled = [("csrf", csrf.as_str()), ("input.source", "mail"), ("input.employees", "many \"people\"")];
    for more in [&filled[..], &[filled.as_slice(), &[("dry", "1")]].concat()] {
        let bad = cro.post(&start, more);
        let (option, value) = ("<option selected>mail", "value=\"many &quot;people&quot;\"");
        for wanted in [
            option,
            value,
            "<strong class=\"bad\">refused: see above</strong>\n<input name=\"input.employees\"",
            "Nothing was started",
        ] {
            assert!(bad.status == 422 && bad.text.contains(wanted), "{wanted}: {}", bad.text);
        }
    }
    assert_eq!(world.json(&["runs"]), serde_json::json!([]), "neither of them started anything");
    let got = cro.post(&start, &[("csrf", &csrf), ("input.source", "mail")]);
    assert_eq!(got.status, 303, "{}", got.text);
    let run = got.header("location").to_owned();
    assert!(cro.get(&run).text.contains("SOP-REV-trial v1.0"));
    let stranger = desk.sign_in("finance.controller");
    let refused = stranger.post(
        &format!("{run}/cancel"),
        &[("csrf", &stranger.csrf()), ("reason", "Nobody \"answers\" <here>.\r\nReally.")],
    );
    assert_eq!(refused.status, 403, "{}", refused.text);
    // No refusal loses what somebody wrote, and none shows what is nobody's business.
    for wanted in ["What you wrote", "Nobody \"answers\" &lt;here&gt;.\nReally.</textarea>", "Send again"] {
        assert!(refused.text.replace("&quot;", "\"").contains(wanted), "{wanted}: {}", refused.text);
    }
    let secret = [("csrf", "x"), ("password", "a very secret word"), ("old", "another secret")];
    let refused = stranger.post("/account/password", &secret);
    assert!(refused.status == 403 && !refused.text.contains("secret"), "{}", refused.text);
    // The note of a step is kept like every other word, and handing it in says what waits next.
    let worker = desk.sign_in("sales.rep");
    super::web_world::until(|| world.json(&["inbox"]).as_array().unwrap().len() == 1);
    let task = world.json(&["inbox"])[0]["id"].as_str().unwrap().to_owned();
    let own = worker.csrf();
    let note =
        [("csrf", own.as_str()), ("complete.text", "Called at nine."), ("delegate.to", "ceo.of.nothing")];
    assert_eq!(worker.post(&format!("/decisions/{task}/delegate"), &note).status, 404);
    assert!(worker.get(&format!("/decisions/{task}")).text.contains("Called at nine.</textarea>"));
    let ended = cro.post(&format!("{run}/cancel"), &[("csrf", &csrf), ("reason", "a trial")]);
    assert_eq!((ended.status, ended.header("location")), (303, run.as_str()), "{}", ended.text);
}

#[test]
fn every_ended_mission_can_be_reached_and_the_board_counts_them_all() {
    let world = World::new();
    let ended: Vec<String> = (0..33)
        .map(|nth| {
            world.put(
                "m.md",
                &format!(
                    "---\nrequested_by: cro\n---\n# Paint door {nth}\n\nSay how door {nth} is painted.\n"
                ),
            );
            let id = world.json(&["submit", "m.md"])["mission"].as_str().unwrap().to_owned();
            world.done(&["mission", "cancel", &id, "--as", "cro"]);
            id
        })
        .collect();
    world.drive();
    let desk = Desk::open(&world);
    let cro = desk.sign_in("cro");
    let shown = |page: &str| ended.iter().filter(|id| page.contains(&format!("/missions/{id}\""))).count();
    let newest = cro.get("/missions").text;
    assert!(newest.contains("Ended <span class=\"quiet\">33</span>"), "{newest}");
    let older = newest.split("href=\"").find(|link| link.contains("/missions?after=")).unwrap();
    let last = cro.get(older.split('"').next().unwrap()).text;
    assert_eq!((shown(&newest), shown(&newest) + shown(&last)), (30, 33), "{last}");
}

#[test]
fn long_lists_have_pages_with_true_counts_and_what_is_shown_already_is_not_sent_again() {
    let sop = "SOP-REV-trial";
    let world = with(&Draft::new(sop).person(""));
    let begun: Vec<String> = (0..52)
        .map(|_| begin(&world, (&Clock::System, sop), |request| request.hold = true).unwrap().run)
        .collect();
    let desk = Desk::open(&world);
    let cro = desk.sign_in("cro");
    let newest = cro.get("/runs?sop=SOP-REV-trial&state=pending");
    assert!(newest.text.contains("50 of 52 runs, the newest that fit"), "{}", newest.text);
    let shown = |page: &str| begun.iter().filter(|run| page.contains(&format!("/runs/{run}\""))).count();
    assert_eq!(shown(&newest.text), 50);
    let older = newest.text.split("href=\"").find(|link| link.contains("after=")).unwrap();
    let older = older.split('"').next().unwrap().replace("&amp;", "&");
    let last = cro.get(&older);
    assert!(
        shown(&last.text) == 2 && last.text.contains("2 of 52 runs, older than sop_run_"),
        "{}",
        last.text
    );
    assert!(last.text.contains(">Newest</a>") && !last.text.contains(">Older</a>"));
    assert!(cro.get("/runs?state=failed").text.contains("0 runs that fit"));
    // A page keeps itself new; what has not changed is not sent again, whatever else has happened meanwhile.
    let again = |page: &super::web_world::Got| cro.get(&format!("{older}&mark={}", page.field("mark")));
    desk.sign_in("ceo");
    let same = again(&last);
    assert_eq!((same.status, same.text.as_str()), (204, ""));
    begin(&world, (&Clock::System, sop), |request| request.hold = true).unwrap();
    super::web_world::until(|| again(&last).status == 200);
    assert!(last.text.contains("&amp;about=runs\""), "{}", last.text);
}
