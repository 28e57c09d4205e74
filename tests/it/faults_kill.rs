//! Killed at random instants, and pulled at from fifty sides: every mission reaches its decision, and every
//! decision has one winner.

#![expect(clippy::print_stdout, reason = "a failing run says from which seed it can be repeated")]

use super::faults_world::{World, given, runtime, until};
use sopd::base::{Clock, Instant};
use sopd::daemon::Workspace;
use sopd::decision::{self, Decision, State, Verb};
use sopd::journal::Access;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Kills of one test; `SOPD_TEST_KILLS` asks for more.
const KILLS: usize = 10;
const MISSIONS: usize = 20;
/// Longest time a daemon lives before it is killed, in milliseconds.
const LONGEST_LIFE: u64 = 900;
/// What somebody who comes too late answers: `root|decision`.
const LATE: &str = "SOPD_TEST_LATE";
const PERSONS: usize = 50;
/// Decisions they pull at.
const ASKED: usize = 8;

/// Works that somebody on the starter roster knows, each an SOP of its own.
const WORKS: [&str; MISSIONS] = [
    "Executive weekly report",
    "Pipeline and forecast review",
    "Vendor invoice approval",
    "System access requests",
    "Contract review",
    "Campaign launch",
    "Employee onboarding",
    "Production deployment",
    "Decision records",
    "Weekly priorities",
    "Discount decisions",
    "Renewals and churn risk",
    "Technical design decisions",
    "Dependency updates",
    "Expense reimbursement",
    "Month-end close",
    "Data protection requests",
    "Events and webinars",
    "Leave requests",
    "Backup and restore test",
];

fn brief(number: usize) -> String {
    let work = WORKS[number];
    format!(
        "---\nrequested_by: support.lead\n---\n# {work}\n\nWrite down how we do this: {}.\n",
        work.to_lowercase()
    )
}

/// A small generator, so that a failure can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn thrown(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, limit: u64) -> u64 {
        self.thrown() % limit
    }
}

fn seed() -> u64 {
    let given = std::env::var("SOPD_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| u64::try_from(Clock::System.now().0).unwrap() | 1);
    println!("SOPD_TEST_SEED={seed}");
    seed
}

#[test]
fn killed_at_random_instants_twenty_missions_reach_their_decision() {
    let kills = std::env::var("SOPD_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let mut dice = Dice(seed());
    let world = World::new();
    for number in 0..MISSIONS {
        world.drop_in(&format!("drill-{number}.md"), brief(number));
    }
    for _ in 0..kills {
        let mut daemon = world.start();
        let life = Duration::from_millis(dice.below(LONGEST_LIFE));
        // The instant of the kill is the point of this test; nothing is waited for.
        std::thread::sleep(life);
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        if dice.below(3) == 0 {
            world.approve_all();
        }
    }
    world.finish();
    let states: Vec<_> =
        world.statuses().into_iter().map(|status| (status.id, status.state.word())).collect();
    assert_eq!(states.len(), MISSIONS, "{states:?}");
    assert!(states.iter().all(|(_, state)| *state == "published"), "{states:?}");
    assert_eq!(world.versions().len(), MISSIONS);
    assert!(world.names("missions").iter().all(|name| !name.starts_with("drill-")), "all were moved");
    world.assert_sound();
    world.assert_released();
}

/// One person of many, with the real command line: answers one decision, or cancels its mission. Every fifth lives
/// after the deadline, and finds that it has passed.
fn person(world: &World, asked: &[Decision], number: usize) -> Command {
    let decision = &asked[number % asked.len()];
    let (id, mission) = (decision.id.as_str(), decision.ask.mission.as_str());
    let (words, hash) = (format!("person {number}"), decision.ask.hash.0.as_str());
    let arguments = match number / asked.len() % 5 {
        0 => return late(world, id),
        1 => vec!["approve", id, "--hash", hash, "--comment", &words],
        2 => vec!["reject", id, "--reason", &words],
        3 => vec!["revise", id, "--comment", &words],
        _ if number.is_multiple_of(3) => vec!["mission", "cancel", mission],
        _ => vec!["approve", mission, "--hash", hash],
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
    command.args(arguments).args(["--as", "chief.staff"]).current_dir(world.root());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether success of that person means that the decision is its own.
fn answers(number: usize) -> bool {
    let turn = number / ASKED % 5;
    turn != 0 && (turn != 4 || !number.is_multiple_of(3))
}

/// Somebody whose clock is ahead.
fn late(world: &World, id: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults_kill::somebody_who_comes_after_the_deadline", "--test-threads=1"]);
    command.env(LATE, format!("{}|{id}", world.root().display()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Answers the decision named in the environment, where one is, thirty days from now: the story below starts this
/// test in a process of its own.
#[test]
fn somebody_who_comes_after_the_deadline() {
    let Ok(who) = std::env::var(LATE) else { return };
    let (root, id) = who.split_once('|').unwrap();
    let clock = Clock::fixed(Clock::System.now().plus_millis(30 * 86_400_000));
    let workspace = Workspace::open(Path::new(root), Access::Guest, clock).unwrap();
    let (id, given) = (id.to_owned(), given("chief.staff", "late"));
    let told = workspace.journal.append(move |tx| decision::resolve(tx, &id, Verb::Approve, &given));
    assert!(!matches!(told, Ok(Ok(_))), "{told:?}");
}

/// How each decision ended, as the events tell it.
fn endings(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut endings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in world.events(None) {
        let fact: serde_json::Value = serde_json::from_str(&event.text).unwrap();
        let how = match event.kind.as_str() {
            "decision_resolved" => fact["verb"].as_str().unwrap().to_owned(),
            "decision_expired" | "decision_void" => event.kind.clone(),
            _ => continue,
        };
        endings.entry(fact["decision"].as_str().unwrap().to_owned()).or_default().push(how);
    }
    endings
}

#[test]
fn fifty_processes_and_a_daemon_leave_one_winner_of_each_decision() {
    let world = World::new();
    let settings = "decisions:\n  forwarding: { after: 1 business day, on_deadline: reject }\n";
    world.write("sopd.yaml", settings);
    for number in 0..ASKED {
        world.submit(&brief(number));
    }
    world.settle();
    let asked = world.open();
    assert_eq!(asked.len(), ASKED);
    let rounds: BTreeMap<String, u32> = world.statuses().into_iter().map(|s| (s.id, s.round)).collect();

    let mut daemon = world.start();
    let people: Vec<_> =
        (0..PERSONS).map(|number| (number, person(&world, &asked, number).spawn().unwrap())).collect();
    let mut wins: BTreeMap<String, usize> = BTreeMap::new();
    for (number, mut person) in people {
        let code = person.wait().unwrap().code().unwrap();
        // Done, refused because somebody else was first, or nothing waits there any more.
        assert!([0, 5, 6].contains(&code), "person {number} ended with {code}");
        *wins.entry(asked[number % ASKED].id.clone()).or_default() +=
            usize::from(code == 0 && answers(number));
    }
    until("every decision has ended", || {
        asked.iter().all(|decision| world.decision(&decision.id).state != State::Open)
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    let ended = endings(&world);
    for Decision { id, .. } in &asked {
        let how = ended.get(id).cloned().unwrap_or_default();
        assert_eq!(how.len(), 1, "{id} ended as {how:?}");
        let answered = !how[0].starts_with("decision_");
        assert_eq!(wins[id], usize::from(answered), "{id} ended as {how:?}");
    }

    told_again_it_ends_the_same(&world);
    for Decision { id, .. } in &asked {
        follows_its_winner(&world, id, &rounds);
    }
    world.assert_sound();
}

/// The missions follow the winners, also when everything is told again from the first line.
fn told_again_it_ends_the_same(world: &World) {
    world.settle();
    let outcome = || {
        let missions = world.statuses().into_iter().map(|s| (s.id, s.state.word(), s.round, s.waiting_for));
        (missions.collect::<Vec<_>>(), endings(world))
    };
    let first = outcome();
    let journal = world.guest().journal;
    let again = "UPDATE workflow SET state = 'ready' WHERE state = 'parked'";
    journal.append(move |tx| Ok(tx.db().execute(again, [])?)).unwrap();
    world.settle();
    assert_eq!(outcome(), first);
}

fn follows_its_winner(world: &World, id: &str, rounds: &BTreeMap<String, u32>) {
    let decision = world.decision(id);
    let status = world.status(&decision.ask.mission);
    let verb = decision.answer.as_ref().map(|answer| answer.verb);
    let state = status.state.word();
    let before = rounds[&decision.ask.mission];
    let follows = match (decision.state, verb) {
        _ if state == "cancelled" => true,
        (State::Resolved, Some(Verb::Approve)) => status.round == before && state == "awaiting_decision",
        (State::Resolved, Some(Verb::Revise)) => status.round > before,
        (State::Resolved | State::Expired, _) => state == "rejected",
        _ => false,
    };
    assert!(follows, "{id}: {:?} {verb:?}, mission {state}", decision.state);
}

#[test]
fn a_second_daemon_says_who_holds_the_workspace() {
    let world = World::new();
    let mut daemon = world.start();
    world.drop_in("sign.md", brief(1));
    until("the daemon is at work", || world.statuses().len() == 1);
    let problem = world.try_settle().unwrap_err();
    assert_eq!(problem.kind, sopd::base::Kind::Conflict);
    assert!(problem.message.contains(&format!("process {}", daemon.id())), "{problem}");
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    world.settle();
}

#[test]
fn a_hundred_deadlines_and_answers_at_once_have_one_winner_each() {
    const ASKED: usize = 6;
    let world = World::standing();
    world.write("sopd.yaml", "decisions:\n  forwarding: { after: 1 hour, on_deadline: reject }\n");
    for number in 0..ASKED {
        world.submit(&brief(number));
    }
    world.settle();
    let asked: Vec<String> = world.open().into_iter().map(|decision| decision.id).collect();
    assert_eq!(asked.len(), ASKED);
    let due = world.decision(&asked[0]).ask.due_at.unwrap();
    // At the very moment: the timer is due, and an answer still in time.
    world.clock.set(Instant(due.0));
    let told = runtime().block_on(async {
        let engine = tokio::spawn({
            let (root, clock) = (world.root().to_owned(), world.clock.clone());
            async move { sopd::daemon::run(&root, clock, sopd::daemon::Until::Idle).await }
        });
        let mut told = Vec::new();
        for id in &asked {
            let journal = world.guest().journal;
            let (id, given) = (id.clone(), given("chief.staff", "in time"));
            told.push(
                journal.append_async(move |tx| decision::resolve(tx, &id, Verb::Approve, &given)).await,
            );
        }
        engine.await.unwrap().unwrap();
        told
    });
    for (id, told) in asked.iter().zip(told) {
        let won = matches!(told, Ok(Ok(_)));
        let decision = world.decision(id);
        let expected = if won { State::Resolved } else { State::Expired };
        assert_eq!(decision.state, expected, "{id}");
        let state = world.status(&decision.ask.mission).state.word();
        assert_eq!(state, if won { "awaiting_decision" } else { "rejected" }, "{id}");
    }
}
