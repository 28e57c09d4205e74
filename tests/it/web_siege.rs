//! What hostile clients do to the desk that the real binary serves: slow ones, large ones, replays, guesses, and pages
//! of other sites that use the cookie of a browser.

use super::runs_world::{Draft, with};
use super::web_world::Desk;
use super::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

/// Longer than the desk waits for anything.
const PATIENCE: Duration = Duration::from_mins(1);

fn token(world: &World, party: &str) -> String {
    world.json(&["token", "new", party, "--scope", "write"])["token"].as_str().unwrap().to_owned()
}

fn raw(desk: &Desk<'_>, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(desk.address.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// What comes until the other side hangs up.
fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is a way to hang up, too.
    drop(stream.read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn whoever_is_slow_is_hung_up_on_and_holds_up_nobody() {
    let world = World::new();
    let token = token(&world, "cro");
    let desk = Desk::open(&world);
    let begun = Instant::now();
    let host = desk.address.strip_prefix("http://").unwrap().to_owned();
    let silent: Vec<TcpStream> = (0..200).map(|_| raw(&desk, "GET /inbox HTTP/1.1\r\nHost:")).collect();
    let post = |path: &str| {
        raw(
            &desk,
            &format!(
                "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nOrigin: http://{host}\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
            ),
        )
    };
    let slow = [post("/api/v1/runs"), post("/hooks/x"), post("/sign-in")];
    // Beside all of them an honest request is answered at once.
    assert_eq!(desk.send(desk.request("GET", "/healthz")).status, 200);
    let early = Instant::now();
    assert!(early.duration_since(begun) < Duration::from_secs(9), "the honest one waited");
    for stream in silent {
        assert_eq!(rest(stream), "", "a head that never ends gets no answer");
    }
    for (stream, name) in slow.into_iter().zip(["api", "hook", "page"]) {
        let text = rest(stream);
        // Where nobody listens, not a byte of what is sent is waited for.
        let status = match name {
            "page" => "4",
            "hook" => "404",
            _ => "408",
        };
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {text}");
    }
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let world = World::new();
    let token = token(&world, "cro");
    let desk = Desk::open(&world);
    let host = desk.address.strip_prefix("http://").unwrap();
    let long = "x".repeat(400_000);
    let text = rest(raw(&desk, &format!("GET /inbox HTTP/1.1\r\nHost: {host}\r\nX-Long: {long}\r\n\r\n")));
    assert!(text.starts_with("HTTP/1.1 431"), "{text}");
    let big = "x".repeat(17 * 1024 * 1024);
    let sent = |path: &str, body: String| {
        let request = desk.request("POST", path).header("Authorization", format!("Bearer {token}"));
        desk.send(request.header("Content-Type", "application/json").body(body))
    };
    let got = sent("/api/v1/missions", format!("{{\"text\":\"{big}\"}}"));
    assert_eq!(got.status, 413, "{}", got.text);
    assert!(got.text.contains("the body is too large"), "{}", got.text);
    assert_eq!(sent("/hooks/x", big.repeat(2)).status, 404, "nobody listens there");
    let deep = sent("/api/v1/missions", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    assert_eq!(deep.status, 422, "{}", deep.text);
}

#[test]
fn the_cookie_of_a_browser_opens_nothing_for_other_pages() {
    let world = World::new();
    world.example("1-lead-qualification.md");
    let desk = Desk::open(&world);
    let staff = desk.sign_in("chief.staff");
    for path in ["/api/v1/decisions/D-1/approve", "/api/v1/missions", "/mcp"] {
        let request = desk.request("POST", path).header("Cookie", &staff.cookie).json(&json!({}));
        let got = desk.send(request.header("Origin", "http://evil.example"));
        assert!([401, 403, 404].contains(&got.status), "{path}: {} {}", got.status, got.text);
    }
    let read = desk.request("GET", "/api/v1/inbox").header("Cookie", &staff.cookie);
    assert_eq!(desk.send(read).status, 401, "only tokens open the API");
    let cross = desk.request("OPTIONS", "/api/v1/missions").header("Origin", "http://evil.example");
    let got = desk.send(cross.header("Access-Control-Request-Method", "POST"));
    assert!(got.header("access-control-allow-origin").is_empty(), "{}", got.status);
    assert_eq!(world.json(&["inbox"]).as_array().unwrap().len(), 1);
}

#[test]
fn guesses_are_slowed_down() {
    let world = World::new();
    let desk = Desk::open(&world);
    // However fast this machine is.
    let mut tries = (0..600).map(|n| desk.send(desk.request("GET", &format!("/sign-in/guess{n}"))).status);
    assert_eq!((tries.next(), tries.find(|status| *status != 403)), (Some(403), Some(429)));
}

#[test]
fn ids_lead_nowhere_else() {
    let world = World::new();
    let token = token(&world, "cro");
    let desk = Desk::open(&world);
    for base in ["missions", "runs", "sops", "decisions"] {
        for id in [
            "..%2F..%2Fsopd.yaml",
            "%2e%2e%2f%2e%2e%2fsopd.yaml",
            "..",
            "%00",
            "%ff",
            "M-1%0d%0aX: y",
            "';--",
        ] {
            let path = format!("/api/v1/{base}/{id}");
            let got =
                desk.send(desk.request("GET", &path).header("Authorization", format!("Bearer {token}")));
            assert!((400..500).contains(&got.status), "{path}: {} {}", got.status, got.text);
            assert!(!got.text.contains("Settings of this sopd workspace"), "{path}");
        }
    }
}

const SECRET: &str = "a secret of more than sixteen bytes";

#[test]
fn a_webhook_is_taken_once_and_only_with_its_signature() {
    let world =
        with(&Draft::new("SOP-REV-hooked").head("triggers", "[{ webhook: /deploy }]").command("true", ""));
    world.put("secrets.env", &format!("HOOK={SECRET}\n"));
    std::fs::set_permissions(world.path("secrets.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let settings = format!(
        "desk: {{ listen: \"127.0.0.1:0\" }}\n{}\nruns: {{ secrets_file: secrets.env, webhooks: {{ /deploy: HOOK }} }}\n",
        world.read("sopd.yaml")
    );
    world.put("sopd.yaml", &settings);
    let desk = Desk::open(&world);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let send = |id: &str, at: u64, body: &str, secret: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let request = desk.request("POST", "/hooks/deploy").body(body.to_owned());
        let request = request.header("webhook-id", id).header("webhook-timestamp", at.to_string());
        let got = desk.send(request.header("webhook-signature", signature));
        (got.status, serde_json::from_str::<Value>(&got.text).unwrap())
    };
    let body = "{\"lead_id\":\"L-1\"}";
    let (status, first) = send("msg_1", now, body, SECRET);
    assert_eq!((status, &first["existing"]), (202, &json!(false)), "{first:#}");
    let (status, again) = send("msg_1", now, body, SECRET);
    assert_eq!(
        (status, &again["existing"], &again["delivery"]),
        (202, &json!(true), &first["delivery"]),
        "{again:#}"
    );
    for (name, (status, told)) in [
        ("old", send("msg_2", now - 3_600, body, SECRET)),
        ("ahead", send("msg_3", now + 3_600, body, SECRET)),
        ("forged", send("msg_4", now, body, "another secret of sixteen bytes")),
    ] {
        assert_eq!(status, 403, "{name}: {told:#}");
        assert_eq!(told["kind"], "not_allowed", "{name}");
    }
    // Webhooks may be as large as GitHub's.
    assert_eq!(send("msg_5", now, &"x".repeat(26 * 1024 * 1024), SECRET).0, 413);
    let bare = desk.send(desk.request("POST", "/hooks/deploy").body(body));
    assert_eq!(bare.status, 403, "{}", bare.text);
    assert_eq!(desk.send(desk.request("POST", "/hooks/elsewhere").body(body)).status, 404);
}

#[test]
fn what_others_can_reach_speaks_tls_or_does_not_start() {
    let world = World::new();
    world.put("sopd.yaml", &format!("desk: {{ listen: \"0.0.0.0:0\" }}\n{}", world.read("sopd.yaml")));
    let told = world.fails(3, &["up"]);
    assert!(told.contains("open to others without TLS") && told.contains("tls_certificate"), "{told}");
}
