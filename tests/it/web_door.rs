//! The door of the desk: who gets in, and what does not get through.

use super::web_world::{Browser, Desk};
use super::world::World;
use serde_json::Value;

#[test]
fn the_first_start_prints_a_link_that_signs_in_once() {
    let world = World::new();
    let desk = Desk::open(&world);
    let link = desk.first_link.clone().unwrap();
    let path = link.strip_prefix(&desk.address).unwrap();
    // Whoever previews it does not use it up, and sees for whom it is.
    for _ in 0..2 {
        let shown = desk.send(desk.request("GET", path));
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains("Sign in as chief.staff"), "{}", shown.text);
    }
    let fixed = "sopd=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let got = desk.use_link(&link, fixed);
    assert_eq!(got.status, 303);
    let cookie = got.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(
        !cookie.starts_with(fixed),
        "a session somebody chose before must not become one that is signed in"
    );
    let before = Browser { desk: &desk, cookie: fixed.to_owned() };
    assert_eq!(before.get("/inbox").status, 303);
    let inside = Browser { desk: &desk, cookie: cookie.split(';').next().unwrap().to_owned() };
    assert_eq!(inside.get("/inbox").status, 200);
    let again = desk.use_link(&link, "");
    assert_eq!(again.status, 403);
    assert!(again.text.contains("used before"), "{}", again.text);
    // Signing out ends the session itself, not only the cookie.
    let csrf = inside.csrf();
    assert_eq!(inside.post("/sign-out", &[("csrf", &csrf)]).status, 303);
    assert_eq!(inside.get("/inbox").header("location"), "/sign-in?next=/inbox");
    drop(desk);
    assert_eq!(Desk::open(&world).first_link, None, "somebody has signed in here before");
}

#[test]
fn whoever_had_to_sign_in_arrives_where_the_link_led() {
    let world = World::new();
    let desk = Desk::open(&world);
    let link = desk.world.json(&["sign-in", "ceo"])["link"].as_str().unwrap().to_owned();
    let link = format!("{}/sign-in/{}", desk.address, link.rsplit('/').next().unwrap());
    // A link in a mail; signing in by a one-time link that came another way, in the same browser.
    let led = desk.send(desk.request("GET", "/runs?state=failed&sop="));
    assert_eq!(led.header("location"), "/sign-in?next=/runs?state=failed%26sop=");
    let shown = desk.send(desk.request("GET", led.header("location")));
    assert!(
        shown.text.contains("name=\"next\" value=\"&#x2f;runs?state=failed&amp;sop=\""),
        "{}",
        shown.text
    );
    let remembered = shown.header("set-cookie").split(';').next().unwrap().to_owned();
    let arrived = desk.use_link(&link, &remembered);
    assert_eq!((arrived.status, arrived.header("location")), (303, "/runs?state=failed&sop="));
    let cookie = arrived.header("set-cookie").split(';').next().unwrap().to_owned();
    let ceo = Browser { desk: &desk, cookie };
    assert_eq!(ceo.get("/sign-in?next=/audit").header("location"), "/audit");
    for other in ["//evil.example", "https://evil.example", "/%5Cevil.example", "/sign-out"] {
        let got = ceo.get(&format!("/sign-in?next={other}"));
        assert_eq!((got.status, got.header("location")), (303, "/inbox"), "{other}");
    }
    // By password, and from a form that was sent after the session had ended.
    let csrf = ceo.csrf();
    let set = [("csrf", csrf.as_str()), ("password", "a long enough password")];
    assert_eq!(ceo.post("/account/password", &set).status, 303);
    let fields = [("party", "ceo"), ("password", "a long enough password"), ("next", "/decisions/D-45")];
    let nobody = Browser { desk: &desk, cookie: String::new() };
    assert_eq!(nobody.post("/sign-in", &fields).header("location"), "/decisions/D-45");
    let form = desk.request("POST", "/runs/x/cancel").header("Origin", &desk.address);
    let sent = desk.send(form.header("Referer", format!("{}/runs/x", desk.address)));
    assert_eq!(sent.header("location"), "/sign-in?next=/runs/x");
}

#[test]
fn every_page_carries_a_policy_and_nobody_gets_in_without_a_session() {
    let world = World::new();
    let desk = Desk::open(&world);
    for path in [
        "/inbox",
        "/decisions/D-1",
        "/missions",
        "/runs",
        "/sops",
        "/agents",
        "/dashboard",
        "/audit",
        "/events",
        "/account",
    ] {
        let got = desk.send(desk.request("GET", path));
        let to = if path == "/events" { "/sign-in".to_owned() } else { format!("/sign-in?next={path}") };
        assert_eq!((got.status, got.header("location")), (303, to.as_str()), "{path}");
        let policy = got.header("content-security-policy");
        assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(desk.send(desk.request("GET", path)).status, 200);
    }
    // A name of somebody else's that leads to this machine.
    let got = desk.send(desk.request("GET", "/inbox").header("Host", "evil.example"));
    assert_eq!(got.status, 403);
}

#[test]
fn a_password_is_tried_a_few_times_and_changes_end_other_sessions() {
    let world = World::new();
    let desk = Desk::open(&world);
    let (one, two) = (desk.sign_in("ceo"), desk.sign_in("ceo"));
    let csrf = one.csrf();
    let short = one.post("/account/password", &[("csrf", &csrf), ("password", "short")]);
    assert_eq!(short.status, 422, "{}", short.text);
    let set = one.post("/account/password", &[("csrf", &csrf), ("password", "four words and more")]);
    assert_eq!(set.status, 303, "{}", set.text);
    assert_eq!((one.get("/inbox").status, two.get("/inbox").status), (200, 303));
    let stranger = Browser { desk: &desk, cookie: String::new() };
    let enter =
        |password: &str| stranger.post("/sign-in", &[("party", "ceo"), ("password", password)]).status;
    assert_eq!(enter("four words and more"), 303);
    let tries: Vec<u16> = (0..6).map(|_| enter("something else entirely")).collect();
    assert_eq!(tries[0], 403);
    assert_eq!(tries.last(), Some(&429), "{tries:?}");
}

/// Every way to write, with a form that is fine but for its origin or its mark.
#[test]
fn a_write_needs_our_own_origin_and_our_own_mark() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let page = staff.get("/decisions/D-1");
    let (csrf, hash) = (page.field("csrf"), page.field("hash"));
    let fields = [("csrf", csrf.as_str()), ("hash", hash.as_str()), ("text", "x")];
    for origin in [None, Some("http://evil.example"), Some("null")] {
        assert_eq!(staff.post_from("/decisions/D-1/approve", &fields, origin).status, 403, "{origin:?}");
    }
    let other = desk.sign_in("ceo").csrf();
    for mark in ["", other.as_str()] {
        let got = staff.post("/decisions/D-1/approve", &[("csrf", mark), ("hash", &hash)]);
        assert_eq!(got.status, 403, "{}", got.text);
    }
    assert_eq!(staff.post("/decisions/D-1/approve", &[("hash", &hash)]).status, 422);
    assert_eq!(open(&world), 1, "none of them decided");
}

fn open(world: &World) -> usize {
    world.json(&["inbox"]).as_array().map_or(0, Vec::len)
}

#[test]
fn what_is_too_large_or_leads_elsewhere_is_refused() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    let big = "x".repeat(18 * 1024 * 1024);
    let got = staff.post("/missions", &[("csrf", &staff.csrf()), ("text", &big)]);
    assert_eq!(got.status, 413, "{}", got.text);
    for path in [
        "/missions/..%2F..%2Fsopd.yaml",
        "/missions/M-1/files/..%2F..%2Fsopd.yaml",
        "/runs/..%2F..%2F.sopd%2Fjournal.db",
        "/sops/..%2F..%2Fsopd.yaml",
        "/sops/SOP-REV-x?v=..%2F..%2F1",
        "/decisions/D-..%2F1",
        "/assets/x/..%2F..%2Fmod.rs",
    ] {
        let got = staff.get(path);
        assert!([400, 404, 422].contains(&got.status), "{path}: {} {}", got.status, got.text);
        assert!(!got.text.contains("requester"), "{path}");
    }
}

#[test]
fn tokens_are_listed_without_their_secret_and_can_be_revoked() {
    let world = World::new();
    let made = world.json(&["token", "new", "ceo", "--scope", "write", "--name", "ci"]);
    let listed = world.json(&["token", "list"]);
    assert_eq!((&listed[0]["party"], &listed[0]["scope"]), (&Value::from("ceo"), &Value::from("write")));
    assert!(!listed.to_string().contains(made["token"].as_str().unwrap()));
    world.done(&["token", "revoke", "1"]);
    assert_eq!(world.json(&["token", "list"]), serde_json::json!([]));
    world.fails(5, &["token", "revoke", "1"]);
    world.fails(5, &["sign-in", "nobody.here"]);
}

#[test]
fn facts_are_streamed_to_whoever_has_a_token_from_where_they_left_off() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    let token = world.json(&["token", "new", "ceo"])["token"].as_str().unwrap().to_owned();
    let desk = Desk::open(&world);
    let events = |path: &str, token: &str, last: &str| {
        let request = desk.request("GET", path).header("Authorization", format!("Bearer {token}"));
        let request = if last.is_empty() { request } else { request.header("Last-Event-ID", last) };
        desk.first(request, "id:")
    };
    assert_eq!(events("/events?after=0", &token, ""), (200, "id: 1".to_owned()));
    assert_eq!(
        events("/events?after=0", &token, "3"),
        (200, "id: 4".to_owned()),
        "what was seen is not repeated"
    );
    assert_eq!(events("/events", "made-up", "").0, 403);
    // A token for looking is no session, and opens no page.
    let page = desk.send(desk.request("GET", "/inbox").header("Authorization", format!("Bearer {token}")));
    assert_eq!(page.status, 303);
    world.done(&["token", "revoke", "1"]);
    assert_eq!(events("/events?after=0", &token, "").0, 403);
}
