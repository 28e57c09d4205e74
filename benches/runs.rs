//! What runs cost besides their steps: steps that do nothing, beside the journal's own rate; from a gate's answer to
//! the next step's start; ten thousand runs in the history; ten thousand gates that lapse together.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints its table and may fail"
)]

mod common;

use common::{Daemon, middle, ms, wait_for};
use serde::{Deserialize, Serialize};
use sopd::agent::Gateway;
use sopd::base::{Clock, Digest, Instant as Moment, files};
use sopd::daemon::{Workspace, init};
use sopd::decision::{self, Given, Verb};
use sopd::journal::{
    Access, Activity, Engine, Failure, Recorded, Repeat, Stop, Stories, Story, Workflow, events_of,
};
use sopd::registry::{Approval, Publication, published_path, register};
use sopd::run::{self, Cause, Request, Site};
use sopd::sop::{self, Sop};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// Runs at once, and steps of each.
const RUNS: usize = 256;
const STEPS: usize = 5;
const ANSWERS: usize = 30;
const HISTORY: usize = 10_000;
const GATES: usize = 10_000;
const STARTS: usize = 10_000;

/// An SOP whose steps do nothing; `gate` is a line of each step.
fn text(name: &str, steps: usize, gate: &str) -> String {
    let step = |n: usize| {
        format!(
            "### Step {n}: Do nothing in particular\n\n```wait\n0 seconds\n```\n\n**Assignee**: sales.ops{gate}\n"
        )
    };
    let steps: Vec<String> = (1..=steps).map(step).collect();
    format!(
        "---\nid: SOP-REV-{name}\nversion: 1.0\ntitle: A bench of {name}\ndepartment: REV\nowner: vp.sales\nobjective: The bench ends.\ndescription: Does nothing.\nrisk_level: low\nimpact: None.\nexecution_mode: auto\nmax_concurrent: 100000\ncreated_by: sop.manager\ncreated_at: 2026-11-20\n---\n\n# A bench of {name}\n\n## Purpose\n\nTo be measured.\n\n## Scope\n\nIn scope: this bench.\n\n## Roles\n\n- vp.sales: owns it.\n\n## Trigger\n\nSomebody measures.\n\n## Inputs\n\n| Name | Type | Required | Description |\n| --- | --- | --- | --- |\n| `n` | number | no | Nothing. |\n\n## Pre-flight\n\n- The bench runs.\n\n## Steps\n\n{}\n## Definition of done\n\nEvery step is over.\n\n## Confidence and escalation\n\n- vp.sales gets exceptions.\n\n## Risk and rollback\n\n- Risk: none.\n- Impact: none.\n- Rollback: none.\n\n## References\n\n## Change log\n\n- v1.0 (2026-11-20): First version.\n",
        steps.join("\n")
    )
}

fn publish(workspace: &Workspace, text: String) {
    let sop: Sop = sop::parse("bench", &text).unwrap();
    let approval = Approval {
        by: "ceo".to_owned(),
        at: workspace.journal.clock().now(),
        overriding: None,
        hash: Digest::of(&text),
    };
    let path = published_path(&sop);
    let file = workspace.root.join(&path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    files::write(&file, text.as_bytes(), files::Existing::Replace).unwrap();
    let one = Publication { sop, text, path, mission: "bench".to_owned(), approval, review_due: None };
    workspace.journal.append(move |tx| register(tx, &one).map(drop)).unwrap();
}

struct House {
    folder: tempfile::TempDir,
    workspace: Workspace,
}

fn house(clock: Clock) -> House {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    init(folder.path(), &clock).unwrap();
    files::write(&folder.path().join("sopd.yaml"), b"git: { commit: false }\n", files::Existing::Replace)
        .unwrap();
    let workspace = Workspace::open(folder.path(), Access::Holder, clock).unwrap();
    House { folder, workspace }
}

fn engine(house: &House) -> Engine {
    let journal = &house.workspace.journal;
    let settings = house.workspace.snapshot().unwrap().settings.clone();
    let gateway = Arc::new(Gateway::new(journal, settings.calls));
    let site = Arc::new(Site {
        root: house.workspace.root.clone(),
        journal: journal.clone(),
        gateway: gateway.clone(),
        warden: env!("CARGO_BIN_EXE_sopd").into(),
        http: run::http::Reach::new(std::time::Duration::from_secs(1), std::time::Duration::from_secs(1)),
        secrets: std::collections::BTreeMap::new(),
        private: Vec::new(),
        settings: settings.runs,
    });
    let stories =
        run::stories(Stories::default(), &site, &gateway).story::<Count>().activity::<Note>(&Arc::new(()));
    Engine::start(journal, stories).unwrap()
}

fn start(workspace: &Workspace, name: &str, count: usize) -> Vec<String> {
    let snapshot = workspace.snapshot().unwrap();
    let request = Request {
        sop: format!("SOP-REV-{name}").parse().unwrap(),
        given: std::collections::BTreeMap::new(),
        mode: None,
        by: "cro".to_owned(),
        os_user: "bench".to_owned(),
        cause: Cause::Manual,
        hold: false,
        idempotency_key: None,
        pinned: None,
    };
    let ready = run::prepare(&workspace.journal, &workspace.root, &snapshot, request).unwrap();
    let bulk = move |tx: &sopd::journal::Tx<'_>| {
        (0..count).map(|_| Ok(run::start(tx, &ready)??.run)).collect::<Result<Vec<_>, sopd::base::Problem>>()
    };
    workspace.journal.append(bulk).unwrap()
}

fn in_state(workspace: &Workspace, state: &str) -> usize {
    let sql = "SELECT count(*) FROM run WHERE state = ?1";
    workspace.journal.read(|db| Ok(db.query_row(sql, [state], |row| row.get::<_, u32>(0))? as usize)).unwrap()
}

/// A story that asks for as many pure activities as asked, one after the other.
#[derive(Serialize, Deserialize)]
struct Count(u32, u32);

#[derive(Serialize, Deserialize)]
struct Note(u32);

impl Activity for Note {
    const NAME: &'static str = "note";
    const REPEAT: Repeat = Repeat::Pure;
    type World = ();
    type Output = ();
    fn key(&self) -> String {
        self.0.to_string()
    }
    async fn perform(self, (): &()) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).event("bench", "noted", serde_json::json!({ "n": self.0 })))
    }
}

impl Story for Count {
    const NAME: &'static str = "count";
    const VERSION: u32 = 1;
    type Output = ();
    fn key(&self) -> String {
        self.0.to_string()
    }
    async fn tell(self, w: Workflow) -> Result<(), Stop> {
        for n in 0..self.1 {
            w.call(Note(n)).await?;
        }
        Ok(())
    }
}

/// Pure activities a second, the engine's own limit.
async fn steps() -> f64 {
    let house = house(Clock::System);
    publish(&house.workspace, text("nothing", STEPS, ""));
    let engine = engine(&house);
    let began = Instant::now();
    start(&house.workspace, "nothing", RUNS);
    wait_for(|| in_state(&house.workspace, "completed") == RUNS);
    let took = began.elapsed().as_secs_f64();
    let per_run = 20_u32;
    let began = Instant::now();
    house
        .workspace
        .journal
        .append(move |tx| {
            for n in 0..RUNS {
                let input = serde_json::to_string(&Count(u32::try_from(n).unwrap_or(0), per_run)).unwrap();
                tx.start(&format!("count-{n}"), (Count::NAME, Count::VERSION), None, &input)?;
            }
            Ok(())
        })
        .unwrap();
    engine.idle().await;
    let raw = began.elapsed().as_secs_f64();
    let (done, limit) = (RUNS * STEPS, RUNS * usize::try_from(per_run).unwrap());
    println!("no-op steps at {RUNS} runs at once             {:>8.0} /s", done as f64 / took);
    println!(
        "  limit: pure activities with an event       {:>8.0} /s (a step takes some seven commits of the record)",
        limit as f64 / raw
    );
    engine.stop().await;
    limit as f64 / raw
}

/// Milliseconds from the answer of each gate to the start of its step, by the journal's own stamps.
fn latencies(workspace: &Workspace, runs: &[String]) -> Vec<f64> {
    let stamp = |event: &sopd::journal::Event| {
        let fact: serde_json::Value = serde_json::from_str(&event.text).unwrap();
        let at = chrono::DateTime::parse_from_rfc3339(fact.get("at").unwrap().as_str().unwrap()).unwrap();
        at.timestamp_millis()
    };
    let one = |run: &String| {
        let events = workspace.journal.read(|db| events_of(db, Some(run), 0, 1_000)).unwrap();
        let of = |kind: &str| stamp(events.iter().find(|event| event.kind == kind).unwrap());
        (of("step_started") - of("decision_resolved")) as f64
    };
    runs.iter().map(one).collect()
}

fn row(name: &str, figures: &[f64]) {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(0.0, f64::max);
    println!("{name:<44} {least:>7.0} {:>7.0} {most:>7.0} ms (min, median, max)", middle(figures.to_vec()));
}

async fn answers() {
    let house = house(Clock::System);
    publish(&house.workspace, text("asking", 1, "  \n**Approval Required**: Yes"));
    let engine = engine(&house);
    let runs = start(&house.workspace, "asking", ANSWERS);
    engine.idle().await;
    for run in &runs {
        let id = run.clone();
        let answered = house.workspace.journal.append(move |tx| {
            let shown = Some(decision::find(tx.db(), &id)?.ask.hash.0);
            let (by, os_user) = ("vp.sales".to_owned(), "bench".to_owned());
            let given = Given { by, os_user, shown, ..Given::default() };
            decision::resolve(tx, &id, Verb::Approve, &given)
        });
        answered.unwrap().unwrap();
        engine.idle().await;
    }
    row("gate answer to step start, one process", &latencies(&house.workspace, &runs));
    println!("  aim: 20 ms; across processes 150 ms");
    row("  limit: one fact put on record", &appends(&house.workspace));
    engine.stop().await;
    let House { folder, workspace } = house;
    drop(workspace);
    across(folder.path());
}

/// Milliseconds of one append each, synced.
fn appends(workspace: &Workspace) -> Vec<f64> {
    let one = |n: usize| {
        let began = Instant::now();
        let body = serde_json::json!({ "n": n });
        workspace.journal.append(move |tx| tx.event("bench", "noted", &body)).unwrap();
        ms(began.elapsed())
    };
    (0..ANSWERS).map(one).collect()
}

/// The same with the daemon and the answer in processes of their own.
fn across(root: &Path) {
    let _daemon = Daemon::ready(root);
    let guest = common::open(root);
    let runs = start(&guest, "asking", ANSWERS);
    wait_for(|| common::waiting(&guest) as usize == ANSWERS);
    for run in &runs {
        let mut approve = Command::new(env!("CARGO_BIN_EXE_sopd"));
        let said = approve.args(["approve", run, "--as", "vp.sales", "-w"]).arg(root).output().unwrap();
        assert!(said.status.success());
    }
    wait_for(|| in_state(&guest, "completed") == 2 * ANSWERS);
    row("gate answer to step start, two processes", &latencies(&guest, &runs));
}

/// The history, made of copies of one run.
fn copy(workspace: &Workspace, model: String) {
    // Lived once, and copied: what is listed is rows.
    workspace
        .journal
        .append(move |tx| {
            let columns = |table: &str| -> Vec<String> {
                let mut statement =
                    tx.db().prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
                let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
                names.map(Result::unwrap).collect()
            };
            for n in 1..HISTORY {
                for (table, key) in [("run", "id"), ("run_step", "run")] {
                    let names = columns(table);
                    let values: Vec<String> = names
                        .iter()
                        .map(|name| match (table, name.as_str()) {
                            (_, name) if name == key => "?2".to_owned(),
                            ("run", "number") => (n + 1).to_string(),
                            (_, name) => name.to_owned(),
                        })
                        .collect();
                    let sql = format!(
                        "INSERT INTO {table}({}) SELECT {} FROM {table} WHERE {key} = ?1",
                        names.join(", "),
                        values.join(", ")
                    );
                    tx.db().execute(&sql, (&model, format!("sop_run_{n:012}")))?;
                }
            }
            Ok(())
        })
        .unwrap();
}

async fn history() {
    let house = house(Clock::System);
    publish(&house.workspace, text("nothing", STEPS, ""));
    let engine = engine(&house);
    let run = start(&house.workspace, "nothing", 1).remove(0);
    wait_for(|| in_state(&house.workspace, "completed") == 1);
    engine.stop().await;
    copy(&house.workspace, run.clone());
    let root = house.folder.path();
    for arguments in [vec!["runs"], vec!["runs", "--json"], vec!["status", run.as_str()]] {
        let mut figures = Vec::new();
        for _ in 0..15 {
            let began = Instant::now();
            let said = Command::new(env!("CARGO_BIN_EXE_sopd"))
                .args(&arguments)
                .arg("-w")
                .arg(root)
                .output()
                .unwrap();
            assert!(said.status.success() && !said.stdout.is_empty());
            figures.push(ms(began.elapsed()));
        }
        row(&format!("`sopd {}` among {HISTORY} runs", arguments.first().unwrap()), &figures);
    }
    let mut bare = Vec::new();
    for _ in 0..15 {
        let began = Instant::now();
        Command::new(env!("CARGO_BIN_EXE_sopd")).arg("--version").output().unwrap();
        bare.push(ms(began.elapsed()));
    }
    row("  limit: the program starting and ending", &bare);
    println!("  aim: 50 ms");
}

async fn lapses(limit: f64) {
    let clock = Clock::fixed(Moment(1_795_190_400_000));
    let house = house(clock.clone());
    publish(
        &house.workspace,
        text("lapsing", 1, "  \n**Approval Required**: Yes  \n**Approval Timeout**: 5 minutes, then reject"),
    );
    let engine = engine(&house);
    let began = Instant::now();
    start(&house.workspace, "lapsing", GATES);
    engine.idle().await;
    let opened = began.elapsed().as_secs_f64();
    println!("{GATES} runs brought to their gates in {opened:.1} s");
    clock.set(Moment(1_795_190_400_000 + 3_600_000));
    let began = Instant::now();
    wait_for(|| in_state(&house.workspace, "paused") == GATES);
    let took = began.elapsed().as_secs_f64();
    println!(
        "{GATES} gates that lapse together: all settled in {took:.1} s, {:.0} /s (limit: {limit:.0} pure activities /s)",
        GATES as f64 / took
    );
    engine.stop().await;
}

/// Starts far beyond what may be under way at once: all are taken at once, and have their turn in order.
async fn queue(limit: f64) {
    let house = house(Clock::System);
    let few = text("queueing", 1, "").replace("max_concurrent: 100000", "max_concurrent: 4");
    publish(&house.workspace, few);
    let engine = engine(&house);
    let began = Instant::now();
    start(&house.workspace, "queueing", STARTS);
    let taken = began.elapsed().as_secs_f64();
    wait_for(|| in_state(&house.workspace, "completed") == STARTS);
    let took = began.elapsed().as_secs_f64();
    println!(
        "{STARTS} starts at once, 4 under way: taken in {taken:.1} s, all complete in {took:.1} s, {:.0} /s (limit: {limit:.0} pure activities /s)",
        STARTS as f64 / took
    );
    engine.stop().await;
}

#[tokio::main]
async fn main() {
    let limit = steps().await;
    answers().await;
    history().await;
    lapses(limit).await;
    queue(limit).await;
}
