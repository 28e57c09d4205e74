//! `kill -9` at a hundred random instants while twenty missions are on their way from file to publication: every
//! mission must end published, the chain must verify, and no fact may be lost or stand there twice.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its table and may fail")]

mod common;

use common::{Daemon, hand_in, open, wait_for, workspace};
use rusqlite::Connection;
use sopd::daemon::{Workspace, keep_index, statuses};
use sopd::decision::{self, DecisionKind, Given, Verb};
use sopd::journal::{events_of, verify};
use sopd::registry;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const KILLS: u32 = 100;
const MISSIONS: usize = 20;
/// A life ends at a random instant of this span after its start.
const LONGEST_LIFE: u64 = 300;

/// Which fact each activity leaves, once for each time its answer is recorded.
const FACTS: [(&str, &str); 8] = [
    ("prepare", "prepared"),
    ("think", "model_called"),
    ("enter", "stage_entered"),
    ("keep_scenarios", "scenarios_fixed"),
    ("keep_draft", "draft_received"),
    ("judge", "verdicts_given"),
    ("open_decision", "decision_requested"),
    ("publish", "published"),
];

/// Twenty kinds of work that different departments know something about.
const WORK: [(&str, &str); MISSIONS] = [
    ("vp.sales", "lead"),
    ("sales.ops", "account record"),
    ("finance.controller", "supplier invoice"),
    ("support.lead", "support ticket"),
    ("people.partner", "job interview"),
    ("it.security", "access request"),
    ("legal.counsel", "customer contract"),
    ("release.engineer", "software release"),
    ("mkt.demand", "webinar"),
    ("ops.manager", "stock delivery"),
    ("vp.sales", "price exception"),
    ("sales.ops", "territory change"),
    ("finance.controller", "travel expense"),
    ("support.lead", "refund wish"),
    ("people.partner", "training day"),
    ("it.security", "lost laptop"),
    ("legal.counsel", "trademark complaint"),
    ("release.engineer", "hotfix"),
    ("mkt.demand", "newsletter"),
    ("ops.manager", "office repair"),
];

fn mission((owner, thing): &(&str, &str)) -> String {
    format!(
        "---\nowner: {owner}\nworkers:\n  - {{ agent: {owner}, brief: the handling of a {thing} }}\n  \
         - {{ agent: chief.staff, brief: the record of a {thing} }}\n---\n# Handling a {thing}\n\n\
         Nobody knows who takes up each {thing}. The steps:\n\n\
         1. {owner} enters each {thing} in the log within 4 hours of its arrival.\n\
         2. {owner} compares each {thing} with the order it belongs to within 1 business day.\n\
         3. chief.staff writes the result of each {thing} into the log within 2 business days.\n"
    )
}

/// Random enough: xorshift, its first state printed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Answers everything that waits as the people asked would; how much that was.
fn answer_all(workspace: &Workspace) -> usize {
    let waiting = workspace.journal.read(|db| decision::open_for(db, None)).unwrap();
    for one in &waiting {
        let verb = match one.ask.kind {
            DecisionKind::Question | DecisionKind::Assignment => Verb::Answer,
            _ => Verb::Approve,
        };
        let overriding = (one.ask.kind == DecisionKind::Publish).then(|| "for the figure".to_owned());
        let by = one.ask.asked_of.first().unwrap().clone();
        let (os_user, text, shown) = ("bench".into(), "go on".into(), Some(one.ask.hash.0.clone()));
        let given = Given { by, os_user, text, overriding, shown, ..Given::default() };
        let id = one.id.clone();
        workspace.journal.append(move |tx| decision::resolve(tx, &id, verb, &given)).unwrap().unwrap();
    }
    waiting.len()
}

/// Whether every mission waits for a person or has ended, and whether all have ended.
fn at_rest(workspace: &Workspace) -> (bool, bool) {
    let all = workspace.journal.read(|db| statuses(db, true)).unwrap();
    let waits = |one: &&sopd::daemon::MissionStatus| one.state.ended() || !one.waiting_for.is_empty();
    (all.iter().filter(waits).count() == MISSIONS, all.iter().all(|one| one.state.ended()))
}

#[derive(Default)]
struct Tally {
    kills: u32,
    batches: u32,
    missions: usize,
    decided: u32,
    published: usize,
    facts: i64,
    lost: u64,
    twice: u64,
    trouble: Vec<String>,
}

/// Twenty missions, killed until they are published or `KILLS` is reached, and then left to finish.
fn batch(tally: &mut Tally, dice: &mut Dice) {
    let (folder, workspace) = workspace("git: { commit: false }\n");
    hand_in(&workspace, &WORK.iter().map(mission).collect::<Vec<_>>());
    loop {
        let mut daemon = Daemon::start(folder.path());
        if tally.kills < KILLS {
            let end = Instant::now() + Duration::from_millis(1 + dice.below(LONGEST_LIFE));
            while Instant::now() < end {
                std::thread::sleep(Duration::from_millis(1));
                assert!(daemon.runs(), "the daemon ended by itself");
            }
            daemon.kill();
            tally.kills += 1;
        } else {
            wait_for(|| {
                std::thread::sleep(Duration::from_millis(20));
                at_rest(&workspace).0
            });
            daemon.kill();
        }
        let (rest, ended) = at_rest(&workspace);
        if ended {
            break;
        }
        if rest {
            answer_all(&workspace);
        }
    }
    tally.batches += 1;
    check(tally, folder.path());
}

/// Looks at what a batch left behind.
fn check(tally: &mut Tally, root: &Path) {
    let workspace = open(root);
    let all = workspace.journal.read(|db| statuses(db, true)).unwrap();
    tally.missions += all.len();
    tally.decided += decided(&workspace);
    tally.published += all.iter().filter(|one| one.state.word() == "published").count();
    for other in all.iter().filter(|one| one.state.word() != "published") {
        tally.trouble.push(format!("{} {}: {}", other.id, other.state.word(), other.reason));
    }
    match verify(&workspace.journal, &[]) {
        Ok(verified) => tally.facts += verified.events,
        Err(problem) => tally.trouble.push(problem.to_string()),
    }
    let files = workspace.journal.read(|db| registry::verify_files(db, root)).unwrap();
    tally.trouble.extend(files.wrong);
    compare(tally, &workspace);
    keep_index(&workspace).unwrap();
    let index = workspace.journal.read(registry::index).unwrap();
    let there = std::fs::read_to_string(root.join("sops/INDEX.md")).ok();
    if index.map(|index| index.text) != there {
        tally.trouble.push("INDEX.md is not what the journal says".to_owned());
    }
}

fn decided(workspace: &Workspace) -> u32 {
    let sql = "SELECT count(DISTINCT mission) FROM decision WHERE kind IN ('\"forward\"', '\"publish\"')";
    workspace.journal.read(|db| Ok(db.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

/// Answers on record against facts in the log, mission by mission and kind by kind.
fn compare(tally: &mut Tally, workspace: &Workspace) {
    let mut balance: BTreeMap<(String, &str), i64> = BTreeMap::new();
    let steps = workspace.journal.read(|db| Ok(recorded(db))).unwrap();
    for (mission, activity, count) in steps {
        if let Some((_, fact)) = FACTS.iter().find(|(name, _)| *name == activity) {
            *balance.entry((mission, fact)).or_default() += count;
        }
    }
    for event in workspace.journal.read(|db| events_of(db, None, 0, u32::MAX)).unwrap() {
        if let Some((_, fact)) = FACTS.iter().find(|(_, fact)| *fact == event.kind) {
            *balance.entry((event.subject, fact)).or_default() -= 1;
        }
    }
    for ((mission, fact), off) in balance {
        match off {
            0 => {}
            1.. => tally.lost += off.unsigned_abs(),
            _ => tally.twice += off.unsigned_abs(),
        }
        if off != 0 {
            tally.trouble.push(format!("{mission} {fact}: {off}"));
        }
    }
}

/// Answered activities: mission, name, how many. A failed one changed nothing and left no fact.
fn recorded(db: &Connection) -> Vec<(String, String, i64)> {
    let sql = "SELECT CASE instr(workflow, '/') WHEN 0 THEN workflow ELSE substr(workflow, 1, instr(workflow, '/') - 1) END,
                 name, count(*) FROM step
               WHERE kind = 'activity' AND position IS NOT NULL AND outcome NOT LIKE '{\"failed\"%' GROUP BY 1, 2";
    let mut statement = db.prepare(sql).unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().flatten().collect()
}

fn main() {
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos().into();
    println!("kill -9 at {KILLS} random instants, {MISSIONS} missions at once, tier 0 (seed {seed})");
    let (mut tally, mut dice) = (Tally::default(), Dice(seed));
    let start = Instant::now();
    while tally.kills < KILLS {
        batch(&mut tally, &mut dice);
    }
    let row = |name: &str, value: String| println!("{name:<44} {value:>10}");
    row("kills", tally.kills.to_string());
    row("batches of 20 missions", tally.batches.to_string());
    row("missions that reached their decision", format!("{} of {}", tally.decided, tally.missions));
    row("missions published", format!("{} of {}", tally.published, tally.missions));
    row("facts in chains that verify", tally.facts.to_string());
    row("facts lost (must be 0)", tally.lost.to_string());
    row("facts twice (must be 0)", tally.twice.to_string());
    row("seconds", format!("{:.0}", start.elapsed().as_secs_f64()));
    for line in &tally.trouble {
        println!("  {line}");
    }
}
