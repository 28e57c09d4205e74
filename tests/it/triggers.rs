//! What starts a run without a person: schedules over down time, clocks that jump, webhooks, watched folders, and
//! crashes between an arrival and its run.

use super::faults_world::{World, put, rename, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use sopd::base::{Clock, Digest, Instant as Moment, Kind, Problem};
use sopd::daemon::{Workspace, deliver};
use sopd::journal::Access;
use sopd::registry::{self, Approval, Publication, published_path};
use sopd::run::{self, Arrival, Delivered, Post, TriggerStatus};
use sopd::sop::document::Trigger;
use sopd::sop::trigger::Hook;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

const SECRET: &str = "a secret of more than sixteen bytes";
/// Signal of an abort.
const ABORTED: i32 = 6;

/// An SOP whose only step waits, so that its runs stay under way and need nobody.
fn sop(id: &str, head: &str, inputs: &str) -> String {
    let table = match inputs {
        "" => "| `note` | text | no | A remark. |",
        given => given,
    };
    format!(
        "---
id: {id}
version: 1.0
title: Keys
department: OPS
owner: ops.manager
objective: Keys are handed over.
description: Hands keys over.
risk_level: low
impact: A door stays shut.
execution_mode: auto
{head}
created_by: sop.manager
created_at: 2026-11-16
---

# Keys

## Purpose

Hands keys over.

## Scope

In scope: keys.

## Roles

- ops.manager: accountable.

## Trigger

Somebody needs a key.

## Inputs

| Name | Type | Required | Description |
| ---- | ---- | -------- | ----------- |
{table}

## Pre-flight

- A key is there.

## Steps

### Step 1: Wait for the key

Wait until the key is there.

```wait
4 weeks
```

**Assignee**: ops.manager  
**Artifact**: a key

## Definition of done

`true`

## Confidence and escalation

- Exceptions go to ops.manager.

## Risk and rollback

- Risk: a lost key.
- Rollback: change the lock.

## References

## Change log

- v1.0 (2026-11-16): First version.
"
    )
}

const KEYS: &str = "SOP-OPS-keys";
const FILE: &str = "| `file` | text | yes | The list. |";

/// Registers an SOP as a publication does.
fn activate(world: &World, text: &str) {
    activate_at(world, text, &world.clock);
}

fn activate_at(world: &World, text: &str, clock: &Clock) {
    let sop = sopd::sop::parse("sop.md", text).unwrap();
    let workspace = Workspace::open(world.root(), Access::Guest, clock.clone()).unwrap();
    let path = published_path(&sop);
    world.write(&path, text);
    let approval =
        Approval { by: "ceo".into(), at: world.clock.now(), overriding: None, hash: Digest::of(text) };
    let (text, mission) = (text.to_owned(), "by hand".to_owned());
    let publication = Publication { sop, text, path, mission, approval, review_due: None };
    workspace.journal.append(move |tx| registry::register(tx, &publication)).unwrap();
}

/// With a schedule, put in force at once.
fn scheduled(world: &World, cron: &str) {
    activate(
        world,
        &sop(KEYS, &format!("triggers:\n  - cron: {cron}\nmax_concurrent: 1\nadmission: hold"), ""),
    );
    world.settle();
}

fn set(world: &World, at: &str) {
    world.clock.set(moment(at));
}

fn moment(at: &str) -> Moment {
    Moment(chrono::DateTime::parse_from_rfc3339(at).unwrap().timestamp_millis())
}

/// What arrived, in order, and that each led to one run: the runs were started in the same order.
fn arrived(world: &World) -> Vec<String> {
    let rows = came(world);
    let runs: Vec<String> = rows.iter().map(|(_, run)| run.clone().unwrap()).collect();
    assert_eq!(runs, started(world));
    rows.into_iter().map(|(occurrence, _)| occurrence).collect()
}

/// What arrived, in order, each with its run.
fn came(world: &World) -> Vec<(String, Option<String>)> {
    let read = |db: &rusqlite::Connection| {
        let mut all = db.prepare("SELECT occurrence, run FROM trigger_due WHERE sop = ?1 ORDER BY id")?;
        Ok(all.query_map([KEYS], |row| Ok((row.get(0)?, row.get(1)?)))?.map(Result::unwrap).collect())
    };
    world.guest().journal.read(read).unwrap()
}

/// Runs in the order in which they were started.
fn started(world: &World) -> Vec<String> {
    let sql = "SELECT id FROM run ORDER BY number";
    let read = |db: &rusqlite::Connection| {
        Ok(db.prepare(sql)?.query_map([], |row| row.get(0))?.map(Result::unwrap).collect())
    };
    world.guest().journal.read(read).unwrap()
}

/// The times of day of the moments that arrived.
fn times(world: &World) -> Vec<String> {
    arrived(world)
        .iter()
        .map(|at| at.chars().skip(5).take(11).collect::<String>().replace('T', " "))
        .collect()
}

fn overview(world: &World) -> Vec<TriggerStatus> {
    let workspace = world.guest();
    let settings = workspace.snapshot().unwrap().settings.runs.clone();
    let now = world.clock.now();
    let read = |db: &rusqlite::Connection| run::overview(db, world.root(), &settings, now);
    workspace.journal.read(read).unwrap().triggers
}

#[test]
fn moments_missed_while_the_daemon_was_down_are_skipped_made_up_for_once_or_each() {
    for (missed, expected) in [
        ("skip", vec!["11-18 09:00"]),
        ("once", vec!["11-17 21:00", "11-18 09:00"]),
        ("all", vec!["11-16 21:00", "11-17 09:00", "11-17 21:00", "11-18 09:00"]),
    ] {
        let world = World::standing();
        scheduled(&world, &format!("{{ schedule: \"0 9,21 * * *\", missed: {missed} }}"));
        assert_eq!(times(&world), Vec::<String>::new(), "what was due before it was in force is nobody's");
        set(&world, "2026-11-18T03:00:00Z");
        world.settle();
        set(&world, "2026-11-18T09:00:20Z");
        world.settle();
        world.settle();
        assert_eq!(times(&world), expected, "{missed}");
        world.assert_sound();
    }
}

#[test]
fn a_change_of_the_clock_in_spring_and_autumn_starts_each_day_once() {
    let world = World::standing();
    set(&world, "2027-03-26T12:00:00Z");
    scheduled(&world, "{ schedule: \"30 2 * * *\", zone: Europe/Berlin, missed: all }");
    set(&world, "2027-03-29T12:00:00Z");
    world.settle();
    // On the 28th half past two does not exist: the clock jumps to three, which is one o'clock in UTC.
    assert_eq!(times(&world), ["03-27 01:30", "03-28 01:00", "03-29 00:30"]);
    let world = World::standing();
    set(&world, "2027-10-29T12:00:00Z");
    scheduled(&world, "{ schedule: \"30 2 * * *\", zone: Europe/Berlin, missed: all }");
    set(&world, "2027-10-31T01:00:00Z");
    world.settle();
    set(&world, "2027-11-01T12:00:00Z");
    world.settle();
    // On the 31st it comes twice, and counts when it comes first.
    assert_eq!(times(&world), ["10-30 00:30", "10-31 00:30", "11-01 01:30"]);
}

#[test]
fn a_clock_set_back_starts_nothing_twice_and_one_set_forward_follows_the_policy() {
    let world = World::standing();
    scheduled(&world, "{ schedule: \"0 * * * *\", missed: skip }");
    let waits = |count: i64| {
        until("it has started", || world.count("SELECT count(*) FROM run") == count);
    };
    world.while_up(|| {
        set(&world, "2026-11-16T10:00:05Z");
        waits(1);
        // Back by two hours, and on from there: ten o'clock was there already.
        set(&world, "2026-11-16T08:00:00Z");
        looked_at(&world);
        set(&world, "2026-11-16T10:00:00Z");
        looked_at(&world);
        set(&world, "2026-11-16T11:00:00Z");
        waits(2);
        // Forward over two moments, which are left out, to just before the next.
        set(&world, "2026-11-16T13:59:00Z");
        looked_at(&world);
        set(&world, "2026-11-16T14:00:00Z");
        waits(3);
    });
    assert_eq!(times(&world), ["11-16 10:00", "11-16 11:00", "11-16 14:00"]);
}

/// The daemon has looked at its schedules since: what waits is taken right after that, so the second of two things
/// that wait one after the other is taken in a look that began later.
fn looked_at(world: &World) {
    for _ in 0..2 {
        let occurrence = uuid::Uuid::now_v7().to_string();
        let arrival = Arrival {
            sop: "SOP-OPS-nobody".parse().unwrap(),
            trigger: Trigger::Webhook(Hook::plain("/nobody")),
            occurrence,
            packet: BTreeMap::new(),
        };
        world.guest().journal.append(move |tx| run::accept(tx, &arrival)).unwrap();
        let waiting = "SELECT count(*) FROM trigger_due WHERE taken_at IS NULL";
        until("it was taken", || world.count(waiting) == 0);
    }
}

#[test]
fn a_new_version_and_a_retirement_are_noticed_and_a_future_moment_is_no_work() {
    let world = World::standing();
    scheduled(&world, "\"0 10 * * *\"");
    let next = &overview(&world)[0];
    assert_eq!((next.kind, next.trigger.as_str()), ("cron", "cron 0 10 * * *"));
    assert_eq!(next.next.as_deref(), Some("2026-11-16T10:00:00.000Z"));
    assert_eq!(next.says, "At 10:00 (UTC)");
    let other = sop(KEYS, "triggers:\n  - cron: \"0 11 * * *\"", "")
        .replace("version: 1.0\n", "version: 1.1\n")
        .replace("created_by", "supersedes: 1.0\ncreated_by");
    activate(&world, &other);
    set(&world, "2026-11-16T12:00:00Z");
    world.settle();
    assert_eq!(times(&world), ["11-16 11:00"]);
    let workspace = world.guest();
    let row = workspace.journal.read(|db| registry::version(db, KEYS)).unwrap();
    let retirement =
        registry::Retirement { row, by: "ceo".into(), os_user: String::new(), reason: "badges".into() };
    workspace.journal.append(move |tx| registry::retire(tx, &retirement)).unwrap();
    set(&world, "2026-11-17T12:00:00Z");
    world.settle();
    assert_eq!(times(&world).len(), 1);
    assert!(overview(&world).is_empty());
}

/// Listening at `/keys`, with a secret.
fn listening(world: &World, head: &str) {
    listening_to(world, "/keys", head);
}

fn listening_to(world: &World, hook: &str, head: &str) {
    activate(world, &sop(KEYS, &format!("triggers:\n  - webhook: {hook}\n{head}"), ""));
    world.write("secrets.env", format!("KEYS_SECRET={SECRET}\n"));
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(world.path("secrets.env"), private).unwrap();
    world.write("sopd.yaml", "runs:\n  secrets_file: secrets.env\n  webhooks: { /keys: KEYS_SECRET }\n");
}

/// Signed as Standard Webhooks has it.
fn post(id: &str, at: Moment, body: &str) -> Post {
    let at = (at.0 / 1_000).to_string();
    let mut code = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    code.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(code.finalize().into_bytes()));
    let headers =
        [("Webhook-Id", id), ("Webhook-Timestamp", at.as_str()), ("Webhook-Signature", signature.as_str())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Post { path: "/keys".into(), headers, body: body.into() }
}

fn send(world: &World, post: &Post) -> Result<Delivered, Problem> {
    deliver(&world.guest(), post)
}

#[test]
fn a_signed_request_starts_one_run_however_often_it_comes() {
    let world = World::standing();
    listening(&world, "");
    let now = world.clock.now();
    let body = r#"{"note": "for \"A\"", "repository": {"id": 7}, "action": "opened"}"#;
    let first = send(&world, &post("msg_1", now, body)).unwrap();
    assert_eq!((first.existing, first.run.as_deref()), (false, None), "nobody was there to take it");
    assert!(send(&world, &post("msg_1", now, body)).unwrap().existing);
    world.settle();
    let again = send(&world, &post("msg_1", now, body)).unwrap();
    assert_eq!((again.existing, again.run), (true, started(&world).pop()));
    send(&world, &post("msg_2", now, "")).unwrap();
    world.settle();
    assert_eq!(arrived(&world), ["/keys msg_1", "/keys msg_2"]);
    let row = world.guest().journal.read(|db| run::run(db, &started(&world)[0])).unwrap();
    assert_eq!((row.initiator.as_str(), row.trigger.as_str()), ("sop.manager", "webhook /keys"));
    let packet = world.guest().journal.blob(&row.packet).unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&packet).unwrap(), json!({ "note": "for \"A\"" }));
    assert_eq!(
        world.count("SELECT count(*) FROM trigger_due WHERE packet <> ''"),
        0,
        "the run alone keeps it"
    );
    let seen = &overview(&world)[0];
    assert_eq!(seen.says, "a request to /keys signed with KEYS_SECRET");
    assert_eq!(seen.last.as_ref().unwrap().run, started(&world).pop());
}

#[test]
fn a_request_that_is_not_trusted_or_brings_the_wrong_things_is_refused_on_record() {
    let world = World::standing();
    listening(&world, "");
    let now = world.clock.now();
    let forged = Post { body: b"{\"note\": \"mine\"}".to_vec(), ..post("msg_1", now, "{}") };
    let elsewhere = Post { path: "/else".into(), ..post("msg_1", now, "{}") };
    for (request, kind, said) in [
        (forged, Kind::NotAllowed, "the signature does not fit"),
        (post("msg_1", now.plus_millis(-301_000), "{}"), Kind::NotAllowed, "the request is too old"),
        (post("msg_1", now, "[1]"), Kind::Invalid, "the body of the request cannot be used"),
        (post("msg_1", now, r#"{"note": ["a"]}"#), Kind::Invalid, "`note` is not a single value"),
        (post("msg_1", now, r#"{"note": "a", "note": "b"}"#), Kind::Invalid, "`note` is given twice"),
        (elsewhere, Kind::NotFound, "no active SOP has a webhook at `/else`"),
    ] {
        let problem = send(&world, &request).unwrap_err();
        assert_eq!(problem.kind, kind, "{problem}");
        assert!(problem.message.contains(said), "{problem}");
    }
    let facts = world.kinds(KEYS);
    assert_eq!(facts, ["trigger_refused"; 5], "a path nobody listens at concerns no SOP");
    assert!(world.fact(KEYS, "trigger_refused")["reason"].as_str().unwrap().contains("is given twice"));
    // A stranger who keeps trying fills no record: what is left out is counted with the next one.
    let stranger = Post { headers: Vec::new(), ..post("x", now, "{}") };
    (0..30).for_each(|_| assert!(send(&world, &stranger).is_err()));
    assert_eq!(world.kinds(KEYS).len(), 10);
    world.hours(1);
    send(&world, &stranger).unwrap_err();
    assert_eq!(world.fact(KEYS, "trigger_refused")["unrecorded"], 25);
    world.write("sopd.yaml", "");
    let unset = send(&world, &post("msg_1", world.clock.now(), "{}")).unwrap_err();
    assert!(unset.message.contains("there is no secret for `/keys`"), "{unset}");
    world.settle();
    assert_eq!(started(&world), Vec::<String>::new());
    assert!(overview(&world)[0].refused.as_ref().unwrap().reason.contains("no secret"));
}

/// Signed as GitHub does it.
fn github(id: &str, event: &str, kind: &str, body: &str) -> Post {
    let mut code = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    code.update(body.as_bytes());
    let hex: String = code.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = format!("sha256={hex}");
    let headers = [
        ("X-GitHub-Event", event),
        ("X-GitHub-Delivery", id),
        ("Content-Type", kind),
        ("X-Hub-Signature-256", &signature),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Post { path: "/keys".into(), headers, body: body.into() }
}

#[test]
fn a_senders_test_and_other_events_start_nothing_and_its_forms_are_read() {
    let world = World::standing();
    listening(&world, "");
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let ping = send(&world, &github("1", "ping", json, r#"{"zen": "Keep it simple."}"#)).unwrap();
    assert!(ping.ignored.unwrap().contains("sender's own test") && ping.run.is_none());
    let stranger = Post { body: b"{}".to_vec(), ..github("2", "ping", json, "{\"zen\": 1}") };
    assert_eq!(send(&world, &stranger).unwrap_err().kind, Kind::NotAllowed, "a ping is signed like the rest");
    let bare = send(&world, &github("3", "push", form, "ref=main")).unwrap_err();
    assert!(bare.to_string().contains("application/json"), "{bare}");
    send(&world, &github("4", "push", form, "payload=%7B%22note%22%3A%22a%26b%22%7D")).unwrap();
    world.settle();
    assert_eq!(came(&world).len(), 1);
    // A trigger that names its event.
    let world = World::standing();
    listening_to(&world, "{ path: /keys, event: push }", "");
    let says = overview(&world)[0].says.clone();
    assert!(says.contains("`push` at /keys"), "{says}");
    let other = send(&world, &github("5", "issues", json, "{}")).unwrap();
    assert_eq!(other.ignored.as_deref(), Some("the trigger takes `push`, and this is `issues`"));
    assert!(
        send(&world, &post("msg_1", world.clock.now(), r#"{"type": "pull"}"#)).unwrap().ignored.is_some()
    );
    assert_eq!(send(&world, &github("6", "push", json, "{}")).unwrap().ignored, None);
    world.settle();
    assert_eq!(came(&world).len(), 1);
}

#[test]
fn what_cannot_start_is_refused_with_its_reason_and_holds_up_nothing() {
    let world = World::standing();
    listening(&world, "cooldown: 1 hour\n");
    let now = world.clock.now();
    send(&world, &post("msg_1", now, "")).unwrap();
    world.settle();
    send(&world, &post("msg_2", now, "")).unwrap();
    world.settle();
    assert!(came(&world)[1].1.is_none());
    let refused = send(&world, &post("msg_2", now, "")).unwrap().refusal.unwrap();
    assert!(refused.contains("cools down"), "{refused}");
    assert!(world.fact(KEYS, "run_refused")["reason"].as_str().unwrap().contains("cools down"));
    // Nobody decides for whom a triggered run starts but the settings, and that party must be at work.
    let settings = world.read("sopd.yaml");
    world.write("sopd.yaml", format!("{settings}  trigger_party: nobody.here\n"));
    world.hours(2);
    send(&world, &post("msg_3", world.clock.now(), "")).unwrap();
    world.settle();
    let last = overview(&world)[0].last.as_ref().unwrap().refusal.clone().unwrap();
    assert!(last.contains("nobody.here is not at work"), "{last}");
    // A file of an agent that cannot be read holds up nobody else.
    world.write("sopd.yaml", settings);
    world.while_up(|| {
        looked_at(&world);
        world.write("agents/broken.md", "no head");
        let request = post("msg_4", world.clock.now(), "");
        let arrival = Arrival {
            sop: KEYS.parse().unwrap(),
            trigger: Trigger::Webhook(Hook::plain("/keys")),
            occurrence: "/keys msg_4".into(),
            packet: BTreeMap::new(),
        };
        world.guest().journal.append(move |tx| run::accept(tx, &arrival)).unwrap();
        std::fs::remove_file(world.path("agents/broken.md")).unwrap();
        until("it has started", || started(&world).len() == 2);
        assert_eq!(send(&world, &request).unwrap().run, started(&world).pop());
    });
    // What a version's triggers no longer name starts nothing, though it arrived before.
    world.hours(2);
    send(&world, &post("msg_5", world.clock.now(), "")).unwrap();
    let later =
        sop(KEYS, "triggers: [manual]\nsupersedes: 1.0", "").replace("version: 1.0\n", "version: 1.1\n");
    activate(&world, &later);
    world.settle();
    let reason = world.fact(KEYS, "run_refused")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("v1.1 has no trigger `webhook /keys`"), "{reason}");
}

#[test]
fn a_new_or_changed_file_starts_one_run_once_it_is_still() {
    let world = World::new();
    activate(&world, &sop(KEYS, "triggers:\n  - files: incoming/*.csv\n  - files: incoming/a*", FILE));
    world.settle();
    world.write("incoming/a.csv", "1");
    world.write("incoming/.b.csv", "hidden");
    world.write("incoming/~c.csv", "unfinished");
    world.write("incoming/d.txt", "other");
    let outside = tempfile::tempdir().unwrap();
    put(&outside.path().join("e.csv"), "secret");
    std::os::unix::fs::symlink(outside.path().join("e.csv"), world.path("incoming/e.csv")).unwrap();
    std::os::unix::fs::symlink(world.path(".sopd/journal.db"), world.path("incoming/f.csv")).unwrap();
    world.settle();
    world.settle();
    let row = world.guest().journal.read(|db| run::run(db, &started(&world)[0])).unwrap();
    let packet = world.guest().journal.blob(&row.packet).unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&packet).unwrap(), json!({ "file": "incoming/a.csv" }));
    assert_eq!(world.read("incoming/a.csv"), "1", "it stays where it is");
    world.write("incoming/a.csv", "12");
    world.settle();
    // Written in pieces under another name, and there at once under its own.
    put(&world.path("incoming/g.csv.part"), "1");
    world.settle();
    rename(&world.path("incoming/g.csv.part"), &world.path("incoming/g.csv"));
    world.settle();
    let paths: Vec<String> =
        arrived(&world).iter().map(|key| key.rsplit_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(paths, ["incoming/a.csv", "incoming/a.csv", "incoming/g.csv"]);
}

#[test]
fn a_file_that_grows_is_taken_when_it_is_whole() {
    let world = World::new();
    activate(&world, &sop(KEYS, "triggers:\n  - files: incoming/*.csv", FILE));
    world.while_up(|| {
        // Where the machine itself made a pause of the writer's, the file may rightly pass for a whole one.
        let smooth = (0..60).any(|n| {
            let (path, mut longest) = (format!("incoming/{n}.csv"), Duration::ZERO);
            for size in 1..=20 {
                let begun = Instant::now();
                world.write(&path, "x".repeat(size));
                std::thread::sleep(Duration::from_millis(50));
                longest = longest.max(begun.elapsed());
            }
            let sizes = || -> Vec<String> {
                let keys = came(&world).into_iter().map(|(key, _)| key).filter(|key| key.ends_with(&path));
                keys.map(|key| key.split(' ').next().unwrap().to_owned()).collect()
            };
            until("it is there", || sizes().last().is_some_and(|size| size == "20"));
            let smooth = longest < Duration::from_millis(200);
            assert!(!smooth || sizes() == ["20"], "{:?}", sizes());
            smooth
        });
        assert!(smooth, "the machine is too busy to tell");
    });
}

#[test]
fn a_thousand_files_at_once_start_a_thousand_runs_in_order_one_at_a_time() {
    let world = World::new();
    activate(
        &world,
        &sop(KEYS, "triggers:\n  - files: incoming/*\nmax_concurrent: 1\nadmission: hold", FILE),
    );
    (0..1_000).for_each(|n| put(&world.path(&format!("incoming/{n:04}")), format!("{n}")));
    world.settle();
    let keys = arrived(&world);
    let paths: Vec<&str> = keys.iter().map(|key| key.rsplit_once(' ').unwrap().1).collect();
    let expected: Vec<String> = (0..1_000).map(|n| format!("incoming/{n:04}")).collect();
    assert_eq!(paths, expected);
    // One is under way; the next to be let in is the one that came next.
    for n in 0..3 {
        let under_way = "SELECT id FROM run WHERE slot = 1 AND ended_at IS NULL";
        let read =
            |db: &rusqlite::Connection| Ok(db.query_row(under_way, [], |row| row.get::<_, String>(0))?);
        let id = world.guest().journal.read(read).unwrap();
        assert_eq!(id, started(&world)[n]);
        let said = sopd(&world, &["cancel", &id, "--as", "ops.manager", "--reason", "enough"], &[]);
        assert!(said.status.success(), "{said:?}");
        world.settle();
    }
    world.assert_sound();
}

fn sopd(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
    command.args(arguments).current_dir(world.root()).envs(environment.iter().copied()).output().unwrap()
}

#[test]
fn a_crash_between_an_arrival_and_its_run_starts_exactly_one() {
    for (source, point) in [
        ("files", "trigger/files/accepted"),
        ("files", "trigger/take/before"),
        ("files", "trigger/take/after"),
        ("cron", "trigger/cron/accepted"),
        ("cron", "trigger/take/before"),
        ("webhook", "trigger/webhook/accepted"),
        ("webhook", "trigger/take/before"),
    ] {
        let world = World::new();
        let fault = [("SOPD_FAULT", point)];
        let request = post("msg_1", world.clock.now(), "");
        match source {
            "files" => {
                activate(&world, &sop(KEYS, "triggers:\n  - files: incoming/*.csv", FILE));
                world.write("incoming/a.csv", "1");
            }
            "cron" => {
                let last_year = Clock::fixed(world.clock.now().plus_millis(-400 * 86_400_000));
                activate_at(&world, &sop(KEYS, "triggers:\n  - cron: \"0 0 1 1 *\"", ""), &last_year);
            }
            _ => {
                listening(&world, "");
                world.write("body.json", &request.body);
            }
        }
        let headers: Vec<String> =
            request.headers.iter().map(|(name, value)| format!("--header={name}: {value}")).collect();
        let mut bring = vec!["triggers", "deliver", "/keys", "--body", "body.json"];
        bring.extend(headers.iter().map(String::as_str));
        let mut stopped = false;
        if source == "webhook" {
            stopped = sopd(&world, &bring, &fault).status.signal() == Some(ABORTED);
        }
        stopped |= world.process(&["--until-idle"], &fault).status().unwrap().signal() == Some(ABORTED);
        assert!(stopped, "{point} was never reached");
        if source == "webhook" {
            let said = sopd(&world, &bring, &[]);
            assert!(String::from_utf8_lossy(&said.stdout).contains("was taken in before for"), "{said:?}");
        }
        world.settle();
        assert_eq!((started(&world).len(), arrived(&world).len()), (1, 1), "{source} {point}");
        world.assert_sound();
    }
}

#[test]
fn the_command_line_says_what_will_start_what() {
    let world = World::new();
    listening(&world, "  - manual\n  - cron: { schedule: \"0 9 * * 1-5\", zone: Europe/Berlin }\n");
    world.settle();
    let said = sopd(&world, &["triggers"], &[]);
    let text = String::from_utf8(said.stdout).unwrap();
    for part in
        ["SOP-OPS-keys v1.0", "a request to /keys signed with KEYS_SECRET", "somebody's word", "At 09:00, "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let said: Value = serde_json::from_slice(&sopd(&world, &["triggers", "--json"], &[]).stdout).unwrap();
    assert_eq!((&said["shape"], &said["unreadable"]), (&json!("sopd/triggers/1"), &json!([])));
    let kinds: Vec<&str> =
        said["triggers"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["webhook", "manual", "cron"]);
    assert!(said["triggers"][2]["next"].as_str().unwrap().ends_with('Z'), "{said}");
    world.write(&format!("sops/OPS/{KEYS}-v1.0.md"), "changed");
    let manual = sopd(&world, &["run", KEYS, "--as", "cro"], &[]);
    assert_eq!(manual.status.code(), Some(6), "{manual:?}");
}
