//! Killed at random instants, and pulled at from fifty sides: every mission reaches its decision, and every
//! decision has one winner.

use super::faults_world::{World, given, runtime, until};
use sopd::base::{Clock, Instant};
use sopd::daemon::Workspace;
use sopd::decision::{self, Verb};
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
/// What a person in a process of its own does: `root|milliseconds ahead|number of the person`.
const PERSON: &str = "SOPD_TEST_PERSON";
const PERSONS: usize = 50;

/// Missions that each make an SOP of their own.
fn brief(number: usize) -> String {
    let work = ["supplier invoices", "travel expenses", "new laptops", "customer refunds", "meeting rooms"];
    let work = work[number % work.len()];
    format!(
        "---\nsop: SOP-FIN-drill-{number}\nowner: finance.controller\nworkers:\n  - {{ agent: finance.controller, \
         brief: vendor invoice approval }}\n---\n# Drill {number}: {work}\n\nSay how {work} are checked and approved, from the \
         request to the payment.\n"
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
    let states: Vec<_> = world.statuses().into_iter().map(|status| (status.id, status.state.word())).collect();
    assert_eq!(states.len(), MISSIONS, "{states:?}");
    assert!(states.iter().all(|(_, state)| *state == "published"), "{states:?}");
    assert_eq!(world.versions().len(), MISSIONS);
    assert!(world.names("missions").iter().all(|name| !name.starts_with("drill-")), "all were moved");
    world.assert_sound();
    world.assert_released();
}

/// One person of many: answers everything that is open, in an order and with verbs of its own, and says in a
/// file what it won.
#[test]
fn a_person_in_a_process_of_its_own() {
    let Ok(who) = std::env::var(PERSON) else { return };
    let parts: Vec<&str> = who.split('|').collect();
    let root = Path::new(parts[0]);
    let ahead: i64 = parts[1].parse().unwrap();
    let number: usize = parts[2].parse().unwrap();
    let clock = if ahead == 0 { Clock::System } else { Clock::fixed(Clock::System.now().plus_millis(ahead)) };
    let workspace = Workspace::open(root, Access::Guest, clock).unwrap();
    let mut open = workspace.journal.read(|db| decision::open_for(db, None)).unwrap();
    let turn = number % open.len().max(1);
    open.rotate_left(turn);
    let mut won = String::new();
    for (nth, decision) in open.iter().enumerate() {
        let (id, mission) = (decision.id.clone(), decision.ask.mission.clone());
        let verbs = [Verb::Approve, Verb::Reject, Verb::Revise];
        let verb = verbs[(number + nth) % verbs.len()];
        if (number + nth).is_multiple_of(11) {
            let cancel = move |tx: &sopd::journal::Tx<'_>| tx.signal(&mission, "cancel", &serde_json::Value::Null);
            workspace.journal.append(cancel).unwrap();
            continue;
        }
        let given = given("chief.staff", &format!("person {number}"));
        let outcome = workspace.journal.append(move |tx| decision::resolve(tx, &id, verb, &given));
        if matches!(outcome, Ok(Ok(_))) {
            won.push_str(&format!("{} {}\n", decision.id, verb.word()));
        }
    }
    super::faults_world::put(&root.join(format!("won-{number}")), won);
}

fn person(world: &World, number: usize) -> Command {
    // Every fifth lives after the deadline, and finds that it has passed.
    let ahead: i64 = if number.is_multiple_of(5) { 30 * 86_400_000 } else { 0 };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "faults_kill::a_person_in_a_process_of_its_own", "--test-threads=1"])
        .env(PERSON, format!("{}|{ahead}|{number}", world.root().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
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
    const ASKED: usize = 8;
    let world = World::new();
    let settings = "decisions:\n  forwarding: { after: 1 business day, on_deadline: reject }\n";
    world.write("sopd.yaml", settings);
    for number in 0..ASKED {
        world.submit(&brief(number));
    }
    world.settle();
    let asked: Vec<String> = world.open().into_iter().map(|decision| decision.id).collect();
    assert_eq!(asked.len(), ASKED);

    let mut daemon = world.start();
    let people: Vec<_> = (0..PERSONS).map(|number| person(&world, number).spawn().unwrap()).collect();
    for mut person in people {
        assert!(person.wait().unwrap().success());
    }
    until("every decision has ended", || {
        asked.iter().all(|id| world.decision(id).state != decision::State::Open)
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    let mut wins: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for number in 0..PERSONS {
        for line in world.read(&format!("won-{number}")).lines() {
            let (id, verb) = line.split_once(' ').unwrap();
            wins.entry(id.to_owned()).or_default().push(verb.to_owned());
        }
    }
    let ended = endings(&world);
    for id in &asked {
        let how = ended.get(id).cloned().unwrap_or_default();
        assert_eq!(how.len(), 1, "{id} ended as {how:?}");
        let answered = !how[0].starts_with("decision_");
        let won = wins.get(id).cloned().unwrap_or_default();
        assert_eq!(won, if answered { how } else { Vec::new() }, "what {id}'s winners were told");
    }

    // The missions follow the winners, also when everything is told again from the first line.
    world.settle();
    let outcome = |world: &World| {
        let missions: Vec<_> =
            world.statuses().into_iter().map(|s| (s.id, s.state.word(), s.round, s.waiting_for)).collect();
        (missions, endings(world), world.kinds("M-none").len())
    };
    let first = outcome(&world);
    let journal = world.guest().journal;
    let again = "UPDATE workflow SET state = 'ready' WHERE state = 'parked'";
    journal.append(move |tx| Ok(tx.db().execute(again, [])?)).unwrap();
    world.settle();
    assert_eq!(outcome(&world), first);
    for id in &asked {
        let decision = world.decision(id);
        let status = world.status(&decision.ask.mission);
        let verb = decision.answer.as_ref().map(|answer| answer.verb);
        let state = status.state.word();
        let follows = match (decision.state, verb) {
            _ if state == "cancelled" => true,
            (decision::State::Resolved, Some(Verb::Approve)) => status.round == 1 && state == "awaiting_decision",
            (decision::State::Resolved, Some(Verb::Revise)) => status.round > 1,
            (decision::State::Resolved, _) | (decision::State::Expired, _) => state == "rejected",
            _ => false,
        };
        assert!(follows, "{id}: {:?} {verb:?}, mission {state}", decision.state);
    }
    world.assert_sound();
}

#[test]
fn a_second_daemon_says_who_holds_the_workspace() {
    let world = World::new();
    let mut daemon = world.start();
    until("the daemon has taken the workspace", || {
        sopd::daemon::Lock::take(world.root(), &world.clock).is_err()
    });
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
            told.push(journal.append_async(move |tx| decision::resolve(tx, &id, Verb::Approve, &given)).await);
        }
        engine.await.unwrap().unwrap();
        told
    });
    for (id, told) in asked.iter().zip(told) {
        let won = matches!(told, Ok(Ok(_)));
        let decision = world.decision(id);
        let expected = if won { decision::State::Resolved } else { decision::State::Expired };
        assert_eq!(decision.state, expected, "{id}");
        let state = world.status(&decision.ask.mission).state.word();
        assert_eq!(state, if won { "awaiting_decision" } else { "rejected" }, "{id}");
    }
}
