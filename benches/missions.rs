//! What a mission costs besides its model calls: a real daemon in a process of its own against a real HTTP server
//! whose answers take 200 ms. The longest chain of calls is read from the server's own time stamps.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "a bench prints its table and may fail"
)]

#[path = "../tests/it/fake_openai.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod fake_openai;
#[path = "../tests/it/scripted.rs"]
mod scripted;

mod common;

use common::{Daemon, hand_in, middle, ms, wait_for, waiting, workspace};
use fake_openai::{FakeOpenAi, Reply};
use sopd::base::Clock;
use sopd::daemon::Workspace;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long the model takes for one answer.
const ANSWER: Duration = Duration::from_millis(200);
/// How long a file must be still before it is taken; see the intake.
const SETTLED: Duration = Duration::from_millis(250);
const REPEATS: usize = 5;
const MANY: usize = 100;
/// Calls of one such mission: plan, scenarios, three drafts, synthesis, scrutiny, executor, grader.
const CALLS: usize = 9;

/// One call as the server saw it.
#[derive(Clone, Debug)]
struct Call {
    mission: String,
    role: &'static str,
    came: Instant,
    answered: Instant,
    prompt: String,
}

/// What was asked, by the server's index.
type Asked = Arc<Mutex<BTreeMap<usize, (String, &'static str, String)>>>;

/// A model that answers sensibly after 200 ms, and what it was asked.
struct Model {
    server: FakeOpenAi,
    asked: Asked,
}

impl Model {
    fn start() -> Self {
        let asked = Asked::default();
        let kept = asked.clone();
        let server = FakeOpenAi::start(move |q| {
            let came = Instant::now();
            let (mission, prompt) = (name_of(&q.user), format!("{}\n{}", q.system, q.user));
            kept.lock().unwrap().insert(q.index, (mission, scripted::role(q), prompt));
            Reply::json(&scripted::answer(q)).after(ANSWER.saturating_sub(came.elapsed()))
        });
        Self { server, asked }
    }

    /// The calls from `index` on that were answered.
    fn calls(&self, index: usize) -> Vec<Call> {
        let times = self.server.times();
        let asked = self.asked.lock().unwrap();
        let call = |(index, (mission, role, prompt)): (&usize, &(String, &'static str, String))| {
            let (came, answered) = times[*index];
            let (mission, prompt, answered) = (mission.clone(), prompt.clone(), answered?);
            Some(Call { mission, role, came, answered, prompt })
        };
        asked.range(index..).filter_map(call).collect()
    }

    /// When the first request about `mission` came.
    fn first(&self, mission: &str) -> Option<Instant> {
        let asked = self.asked.lock().unwrap();
        let index = asked.iter().find(|(_, (name, ..))| name == mission).map(|(index, _)| *index);
        Some(self.server.times()[index?].0)
    }
}

/// The name that every prompt of a mission carries in some form: `desk17`.
fn name_of(text: &str) -> String {
    let digits = |at: usize| text[at + 4..].chars().take_while(char::is_ascii_digit).collect::<String>();
    let mut found = text.match_indices("desk").map(|(at, _)| digits(at)).filter(|digits| !digits.is_empty());
    found.next().unwrap_or_default()
}

fn settings(server: &FakeOpenAi) -> String {
    format!(
        "models: {{ endpoint: \"{}\", api_key_env: null, model: fake-1 }}\n\
         calls: {{ max_concurrent: 10000, per_minute: 1000000 }}\n\
         missions: {{ parallel_workers: 16 }}\n\
         budgets: {{ week_usd: null, total_usd: null, week_tokens: null }}\n\
         git: {{ commit: false }}\n",
        server.url()
    )
}

/// A mission for three workers.
fn mission(number: usize) -> String {
    format!(
        "---\nowner: vp.sales\nworkers:\n  - {{ agent: vp.sales, brief: the calls of desk{number} }}\n  \
         - {{ agent: sales.ops, brief: the records of desk{number} }}\n  \
         - {{ agent: mkt.demand, brief: the sources of desk{number} }}\n---\n# Cases at desk{number}\n\n\
         Every case at desk{number} is taken up, worked on and put on record by the three who share it.\n"
    )
}

/// The longest chain of calls of which each began after the one before was answered: its length in time, and the
/// roles in it.
fn critical_path(calls: &[Call]) -> (Duration, Vec<&'static str>) {
    let mut calls = calls.to_vec();
    calls.sort_by_key(|call| call.answered);
    let mut best: Vec<(Duration, Vec<&'static str>)> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let before = (0..at).filter(|before| calls[*before].answered <= call.came);
        let (length, mut roles) =
            before.map(|before| best[before].clone()).max_by_key(|(length, _)| *length).unwrap_or_default();
        roles.push(call.role);
        best.push((length + (call.answered - call.came), roles));
    }
    best.into_iter().max_by_key(|(length, _)| *length).unwrap_or_default()
}

/// One mission alone: overhead over its critical path, percent.
fn alone() {
    let model = Model::start();
    let (folder, workspace) = workspace(&settings(&model.server));
    let daemon = Daemon::ready(folder.path());
    let (mut overheads, mut rest) = (Vec::new(), Vec::new());
    let (mut seen, mut chain) = (Vec::new(), Vec::new());
    let before = daemon.cpu_ms();
    for number in 0..=REPEATS {
        let (waits, index) = (waiting(&workspace), model.server.count());
        std::fs::write(folder.path().join(format!("missions/{number}.md")), mission(number)).unwrap();
        wait_for(|| waiting(&workspace) > waits);
        let wall = since_receipt(&workspace);
        seen = model.calls(index);
        let (path, roles) = critical_path(&seen);
        if number == 0 {
            // The first one also opens connections and fills caches.
            println!("{:<52} {:>8.2} %", "  first mission after the start", percent(wall, path));
            continue;
        }
        overheads.push(percent(wall, path));
        rest.push(ms(wall.saturating_sub(path)));
        chain = roles;
    }
    let cpu = (daemon.cpu_ms() - before) / (REPEATS + 1) as f64;
    println!("  longest chain: {} ({} calls in all)", chain.join(" → "), seen.len());
    println!("{:<52} {:>8.2} %   aim < 2 %", "overhead of one mission, middle of 5", middle(overheads));
    println!("{:<52} {:>8.1} ms", "  that is, besides the chain", middle(rest));
    println!("{:<52} {:>8.1} ms", "  processor time of the daemon per mission", cpu);
    prefix(&seen);
    first_request(&model, folder.path());
}

/// How long ago the newest mission was taken in.
fn since_receipt(workspace: &Workspace) -> Duration {
    let now = Clock::System.now().0;
    let newest = workspace.journal.read(|db| sopd::mission::missions(db, true)).unwrap().swap_remove(0);
    Duration::from_millis(u64::try_from(now - newest.created_at.0).unwrap())
}

fn percent(wall: Duration, path: Duration) -> f64 {
    (wall.as_secs_f64() - path.as_secs_f64()) / path.as_secs_f64() * 100.0
}

/// What the workers' prompts of one mission have in common from their first byte on.
fn prefix(calls: &[Call]) {
    let prompts: Vec<&str> = calls.iter().filter(|c| c.role == "draft").map(|c| c.prompt.as_str()).collect();
    let all: usize = prompts.iter().map(|prompt| prompt.len()).sum();
    let first = prompts[0].as_bytes();
    let same = |other: &&str| first.iter().zip(other.as_bytes()).take_while(|(a, b)| a == b).count();
    let shared = prompts.iter().map(same).min().unwrap();
    println!(
        "{:<52} {:>8.1} %   {shared} of {} bytes",
        "shared prefix of the prompts of 3 workers",
        100.0 * (shared * prompts.len()) as f64 / all as f64,
        all / prompts.len(),
    );
}

/// From a file that has been still for long enough to the first request at the model.
fn first_request(model: &Model, root: &Path) {
    let mut waits = Vec::new();
    for number in 1_000..1_000 + 2 * REPEATS {
        let (name, index) = (number.to_string(), model.server.count());
        std::fs::write(root.join("missions").join(format!("{name}.md")), mission(number)).unwrap();
        let settled = Instant::now() + SETTLED;
        wait_for(|| model.first(&name).is_some());
        waits.push(ms(model.first(&name).unwrap().saturating_duration_since(settled)));
        // The next one comes when this one is done.
        wait_for(|| model.calls(index).len() >= CALLS);
        std::thread::sleep(ANSWER);
    }
    println!("{:<52} {:>8.1} ms  aim < 50 ms", "from a settled file to the first request", middle(waits));
}

/// A hundred missions at once.
fn together() {
    let model = Model::start();
    let (folder, workspace) = workspace(&settings(&model.server));
    let texts: Vec<String> = (0..MANY).map(mission).collect();
    hand_in(&workspace, &texts);
    let daemon = Daemon::start(folder.path());
    // The clock starts with the first request: what is measured is the work, not the start of a process.
    wait_for(|| model.server.count() > 0);
    let (start, before) = (Instant::now(), daemon.cpu_ms());
    wait_for(|| {
        std::thread::sleep(Duration::from_millis(4));
        waiting(&workspace) >= MANY as u32
    });
    let (wall, cpu) = (start.elapsed(), daemon.cpu_ms() - before);
    let mut by_mission: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for call in model.calls(0) {
        by_mission.entry(call.mission.clone()).or_default().push(call);
    }
    let paths: Vec<f64> = by_mission.values().map(|calls| ms(critical_path(calls).0)).collect();
    let path = Duration::from_secs_f64(middle(paths) / 1_000.0);
    println!(
        "{:<52} {:>8.2} %   aim < 10 %",
        format!("overhead of {MANY} missions at once"),
        percent(wall, path)
    );
    println!(
        "{:<52} {:>8.2} s   the chain of one is {:.2} s",
        "  all of them",
        wall.as_secs_f64(),
        path.as_secs_f64()
    );
    println!("{:<52} {:>8.1} ms", "  processor time of the daemon per mission", cpu / MANY as f64);
    println!("{:<52} {:>8.1} MB", "  resident at its highest", daemon.memory().1);
    println!("  {} missions seen, {} calls", by_mission.len(), model.server.count());
}

fn main() {
    let (answer, sync) = (ANSWER.as_millis(), common::sync_ms());
    println!("missions with 3 workers; the model takes {answer} ms a call; a sync takes {sync:.2} ms");
    alone();
    together();
}
