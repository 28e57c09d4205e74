//! What the desk holds: the inbox with ten thousand things in it, from a fact to a browser, ten thousand pages that
//! listen, and the API beside a handler that does nothing. `sopd up` is a process of its own; the readers are in this
//! one, on the same processors.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints its table and may fail"
)]

mod common;

use axum::routing::get;
use common::{Daemon, hand_in, memory_of, middle, wait_for, workspace};
use futures::future::join_all;
use reqwest::Client;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use sopd::access::{self, NewToken, Scope};
use sopd::base::Digest;
use sopd::daemon::Workspace;
use sopd::decision::{self, DecisionKind, NewDecision, OnDeadline};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Things that wait.
const WAITING: u32 = 10_000;
/// Readers at once, and how often each reads.
const READERS: usize = 50;
const READS: usize = 40;
/// Pages that listen.
const LISTENERS: usize = 10_000;
/// Facts timed on their way.
const FACTS: usize = 50;

struct House {
    // Ended before its folder goes.
    _daemon: Daemon,
    _folder: tempfile::TempDir,
    workspace: Workspace,
    address: String,
    process: String,
    cookie: String,
    token: String,
}

fn main() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let house = house();
    runtime.block_on(async {
        read(&house).await;
        latency(&house).await;
        listen(&house).await;
    });
}

/// A workspace with everything waiting, and the daemon that serves it.
fn house() -> House {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = format!("git: {{ commit: false }}\ndesk: {{ listen: \"127.0.0.1:{port}\" }}\n");
    let (folder, workspace) = workspace(&settings);
    let mission = hand_in(&workspace, &["# Keys\n\nSay who holds the keys.\n".to_owned()]).remove(0);
    for (even, odd) in [("ceo", "cro"), ("chief.staff", "vp.sales")] {
        let mission = mission.clone();
        let ask = move |tx: &sopd::journal::Tx<'_>| {
            (0..WAITING / 2).try_for_each(|n| {
                let mission = mission.clone();
                let new = NewDecision {
                    workflow: format!("bench/{even}"),
                    step: n.to_string(),
                    mission,
                    kind: DecisionKind::Question,
                    subject: format!("Question {n}"),
                    title: format!("Answer question {n} about the keys of the house"),
                    why: "Only a person knows.".to_owned(),
                    asked_of: vec![if n % 2 == 0 { even } else { odd }.to_owned()],
                    barred: BTreeMap::new(),
                    hash: Digest::of(n.to_string()),
                    details: json!({ "risk_level": "low" }),
                    due_at: None,
                    on_deadline: OnDeadline::Remind,
                    quorum: 1,
                };
                decision::open(tx, &new).map(drop)
            })
        };
        workspace.journal.append(ask).unwrap();
    }
    let secrets = workspace.journal.append(|tx| {
        let new = NewToken {
            party: "ceo".into(),
            name: "bench".into(),
            scope: Scope::Write,
            life: "1 day".parse().unwrap(),
            by: "bench".into(),
        };
        Ok((access::new_token(tx, &new)?.1, access::begin(tx, "ceo", "bench", "link")?))
    });
    let (token, session) = secrets.unwrap();
    let daemon = Daemon::ready(&workspace.root);
    let lock = std::fs::read_to_string(workspace.root.join(".sopd/lock")).unwrap();
    let process = lock.split(' ').nth(1).unwrap().to_owned();
    let house = House {
        workspace,
        address: format!("127.0.0.1:{port}"),
        process,
        cookie: format!("sopd={}", session.reveal()),
        token: token.reveal().to_owned(),
        _folder: folder,
        _daemon: daemon,
    };
    wait_for(|| std::net::TcpStream::connect(&house.address).is_ok());
    house
}

/// How long each of many reads took, in milliseconds, sorted; and how many there were in a second.
async fn readers(url: String, header: (&'static str, String)) -> (Vec<f64>, f64, usize) {
    let client = Client::builder().pool_max_idle_per_host(READERS).build().unwrap();
    let begun = Instant::now();
    let one = || async {
        let mut times = Vec::with_capacity(READS);
        let mut size = 0;
        for _ in 0..READS {
            let sent = Instant::now();
            let response = client.get(&url).header(header.0, &header.1).send().await.unwrap();
            assert_eq!(response.status(), 200, "{url}");
            size = response.bytes().await.unwrap().len();
            times.push(sent.elapsed().as_secs_f64() * 1_000.0);
        }
        (times, size)
    };
    let all = join_all((0..READERS).map(|_| one())).await;
    let rate = (READERS * READS) as f64 / begun.elapsed().as_secs_f64();
    let size = all.first().map_or(0, |(_, size)| *size);
    let mut times: Vec<f64> = all.into_iter().flat_map(|(times, _)| times).collect();
    times.sort_by(f64::total_cmp);
    (times, rate, size)
}

async fn read(house: &House) {
    println!("{WAITING} things wait; {READERS} readers at once, {READS} reads each");
    let base = format!("http://{}", house.address);
    let bearer = ("authorization", format!("Bearer {}", house.token));
    let cookie = ("cookie", house.cookie.clone());
    let bytes = {
        let url = format!("{base}/api/v1/inbox");
        let response = Client::new().get(url).header(bearer.0, &bearer.1).send().await.unwrap();
        response.bytes().await.unwrap()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bare = format!("http://{}/", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/", get(move || std::future::ready(bytes.clone())));
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    for (name, url, header) in [
        ("inbox page, mine", format!("{base}/inbox"), &cookie),
        ("inbox page, everybody's", format!("{base}/inbox?who=all"), &cookie),
        ("/api/v1/inbox", format!("{base}/api/v1/inbox"), &bearer),
        ("/api/v1/inbox?for=ceo", format!("{base}/api/v1/inbox?for=ceo"), &bearer),
        ("bare handler, same bytes", bare.clone(), &bearer),
    ] {
        let (times, rate, size) = readers(url, header.clone()).await;
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        println!(
            "  {name:<26} p50 {:>7.1} ms, p99 {:>7.1} ms, {rate:>7.0}/s, {:>4} KB",
            at(50),
            at(99),
            size / 1024
        );
    }
    server.abort();
}

/// A connection that listens; what it was sent is read up to the end of the head.
async fn line(house: &House) -> TcpStream {
    let mut stream = TcpStream::connect(&house.address).await.unwrap();
    let head = format!("GET /events HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n", house.address, house.cookie);
    stream.write_all(head.as_bytes()).await.unwrap();
    until(&mut stream, "\r\n\r\n").await;
    stream
}

async fn until(stream: &mut TcpStream, mark: &str) {
    let (mut text, mut chunk) = (String::new(), [0_u8; 4096]);
    while !text.contains(mark) {
        let count = stream.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the line was cut: {text}");
        text.push_str(&String::from_utf8_lossy(chunk.get(..count).unwrap()));
    }
}

async fn latency(house: &House) {
    println!("from a fact to a browser that listens, median of {FACTS}");
    let mut stream = line(house).await;
    let mut far = Vec::new();
    for n in 0..FACTS {
        let begun = Instant::now();
        let subject = format!("far-{n}.");
        let named = subject.clone();
        let noted =
            house.workspace.journal.append_async(move |tx| tx.event(&named, "noted", &json!({})).map(drop));
        noted.await.unwrap();
        until(&mut stream, &subject).await;
        far.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    let client = Client::new();
    let mut near = Vec::new();
    for n in 0..FACTS {
        let new = NewToken {
            party: "ceo".into(),
            name: format!("t{n}"),
            scope: Scope::Read,
            life: "1 day".parse().unwrap(),
            by: "bench".into(),
        };
        let made = house.workspace.journal.append_async(move |tx| Ok(access::new_token(tx, &new)?.0)).await;
        until(&mut stream, "token_made").await;
        let url = format!("http://{}/api/v1/tokens/{}/revoke", house.address, made.unwrap());
        let begun = Instant::now();
        let sent = client.post(url).bearer_auth(&house.token).send();
        let (sent, ()) = tokio::join!(sent, until(&mut stream, "token_revoked"));
        near.push(begun.elapsed().as_secs_f64() * 1_000.0);
        assert_eq!(sent.unwrap().status(), 200);
    }
    println!("  done in the daemon, from the request   {:>6.1} ms", middle(near));
    println!("  appended by another process            {:>6.1} ms", middle(far));
}

async fn listen(house: &House) {
    let (before, _) = memory_of(&house.process);
    let mut lines = Vec::with_capacity(LISTENERS);
    let begun = Instant::now();
    while lines.len() < LISTENERS {
        lines.extend(join_all((0..500).map(|_| line(house))).await);
    }
    let opened = begun.elapsed();
    let (after, _) = memory_of(&house.process);
    println!("{LISTENERS} pages that listen, opened in {:.1} s", opened.as_secs_f64());
    println!(
        "  memory of the daemon {before:.0} MB before, {after:.0} MB with them: {:.1} KB each",
        (after - before) * 1024.0 / LISTENERS as f64
    );
    let heard = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    house.workspace.journal.append(|tx| tx.event("everybody.", "noted", &json!({})).map(drop)).unwrap();
    let waits = lines.iter_mut().map(|stream| {
        let heard = heard.clone();
        async move {
            until(stream, "everybody.").await;
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    let all = tokio::time::timeout(Duration::from_mins(2), join_all(waits)).await;
    println!(
        "  one fact was heard by {} of them within {:.0} ms{}",
        heard.load(Ordering::Relaxed),
        begun.elapsed().as_secs_f64() * 1_000.0,
        if all.is_ok() { "" } else { ", then patience ended" }
    );
    let client = Client::new();
    let begun = Instant::now();
    let url = format!("http://{}/healthz", house.address);
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    println!("  beside them a request is answered in {:.1} ms", begun.elapsed().as_secs_f64() * 1_000.0);
}
