//! What people do about a decision short of deciding it: pass it on, put it off, take it on, ask. Each by who may,
//! each on record, each without deciding anything.

use super::faults_world::{World, forwarded, given, invoices, signable};
use sopd::base::{Instant, Kind, Problem, Span};
use sopd::decision::{self, Decision, DecisionKind, Given, Look, Queue, State, Verb};
use sopd::front::{self, Actor};

fn actor(party: &str) -> Actor {
    Actor { by: party.to_owned(), os_user: "tester".to_owned() }
}

fn delegate(world: &World, by: &str, (id, to): (&str, &str)) -> Result<Decision, Problem> {
    front::delegate("sopd", &world.guest(), &actor(by), (id, to, "on leave"))
}

#[track_caller]
fn refused(outcome: Result<Decision, Problem>, kind: Kind, words: &str) {
    let problem = outcome.unwrap_err();
    assert_eq!(problem.kind, kind, "{problem}");
    assert!(problem.to_string().contains(words), "{problem}");
}

#[test]
fn a_signature_passes_only_to_whom_the_path_names() {
    let (world, mission, decision) = signable();
    let id = decision.id.as_str();
    let settings = world.read("sopd.yaml");
    world.write("sopd.yaml", format!("publication: {{ deputy: people.partner }}\n{settings}"));
    refused(
        delegate(&world, "ceo", (id, "vp.sales")),
        Kind::NotAllowed,
        "only pass to coo, ceo and people.partner",
    );
    refused(delegate(&world, "ceo", (id, "coo")), Kind::NotAllowed, "coo is on the roster, but not at work");
    refused(delegate(&world, "ceo", (id, "nobody.here")), Kind::NotFound, "nobody.here");
    refused(delegate(&world, "ceo", (id, "ceo")), Kind::Usage, "asked of ceo already");
    refused(delegate(&world, "cro", (id, "people.partner")), Kind::NotAllowed, "not of cro");
    assert_eq!(world.decision(id).ask.asked_of, ["ceo"], "nothing of this counted");

    let passed = delegate(&world, "ceo", (id, "people.partner")).unwrap();
    assert_eq!(passed.ask.asked_of, ["people.partner"]);
    let fact = world.fact(&mission, "decision_delegated");
    assert_eq!((&fact["by"], &fact["to"]), (&"ceo".into(), &"people.partner".into()));
    assert_eq!(world.resolve(id, Verb::Approve, given("ceo", "")).unwrap_err().kind, Kind::NotAllowed);
    // Who passed it on may have it back.
    delegate(&world, "people.partner", (id, "ceo")).unwrap();
    delegate(&world, "ceo", (id, "people.partner")).unwrap();
    world.resolve(id, Verb::Approve, given("people.partner", "")).unwrap();
    world.settle();
    assert_eq!(world.versions()[0].approved_by.as_deref(), Some("people.partner"));
    refused(delegate(&world, "people.partner", (id, "ceo")), Kind::Conflict, "already decided");
    world.assert_sound();
    world.assert_released();
}

#[test]
fn forwarding_passes_to_nobody_with_a_part_in_the_draft() {
    let (world, mission, decision) = forwarded();
    let plan = world.fact(&mission, "plan_made");
    let worker = plan["workers"][0].as_str().unwrap();
    let id = decision.id.as_str();
    refused(delegate(&world, "chief.staff", (id, worker)), Kind::NotAllowed, "drafted part of it");
    refused(delegate(&world, "chief.staff", (id, "sop.manager")), Kind::NotAllowed, "orchestrates");
    refused(delegate(&world, "chief.staff", (id, "ceo")), Kind::NotAllowed, "ceo signs");
    let roster = world.guest().snapshot().unwrap().roster.clone();
    let free = roster.active().map(|agent| agent.head.id.as_str()).find(|id| {
        !["ceo", "chief.staff", "sop.manager"].contains(id)
            && plan["owner"] != **id
            && !plan["workers"].as_array().unwrap().iter().any(|one| one == id)
    });
    let free = free.unwrap();
    assert_eq!(delegate(&world, "chief.staff", (id, free)).unwrap().ask.asked_of, [free]);
    world.resolve(id, Verb::Approve, given(free, "")).unwrap();
}

#[test]
fn a_decision_is_put_off_within_the_limit_and_asked_again_only_then() {
    let (world, mission, decision) = forwarded();
    let id = decision.id.as_str();
    let defer = |by: &str, span: &str| {
        front::defer("sopd", &world.guest(), &actor(by), (id, span.parse::<Span>().unwrap(), "travelling"))
    };
    let first = decision.ask.due_at.unwrap();
    refused(defer("ceo", "1 business day"), Kind::NotAllowed, "not of ceo");
    refused(
        defer("chief.staff", "6 business days"),
        Kind::NotAllowed,
        "`decisions.max_deferral` is 5 business days",
    );
    assert_eq!(world.decision(id).ask.due_at, Some(first), "nothing of this counted");
    let put_off = defer("chief.staff", "2 business days").unwrap();
    let next = "2 business days".parse::<Span>().unwrap().after(first);
    assert_eq!(put_off.ask.due_at, Some(next));
    // All delays together count.
    refused(defer("chief.staff", "4 business days"), Kind::NotAllowed, "at the latest");
    let fact = world.fact(&mission, "decision_deferred");
    assert_eq!((&fact["by"], &fact["from"]), (&"chief.staff".into(), &first.to_string().into()));

    world.clock.set(first.plus_millis(1_000));
    world.settle();
    let waiting = world.decision(id);
    assert_eq!((waiting.reminders, waiting.ask.due_at), (0, Some(next)), "the old deadline leads to nothing");
    world.clock.set(next.plus_millis(1_000));
    world.settle();
    let reminded = world.decision(id);
    assert_eq!(reminded.reminders, 1);
    assert_eq!(reminded.ask.due_at, Some("1 business day".parse::<Span>().unwrap().after(world.clock.now())));
    world.resolve(id, Verb::Approve, given("chief.staff", "")).unwrap();
    world.finish();
    world.assert_sound();
}

#[test]
fn an_escalation_after_a_delay_goes_one_level_up_and_no_further() {
    let world = World::standing();
    let settings = world.read("sopd.yaml");
    let rule = "decisions:\n  forwarding: { after: 1 hour, on_deadline: escalate }\n";
    world.write("sopd.yaml", format!("{rule}{settings}"));
    world.submit(&invoices("sop: SOP-FIN-vendor-invoice-approval\nrequested_by: cro"));
    world.settle();
    let decision = world.only();
    let id = decision.id.clone();
    front::defer("sopd", &world.guest(), &actor("chief.staff"), (&id, "2 hours".parse().unwrap(), ""))
        .unwrap();
    world.hours(2);
    world.settle();
    assert_eq!(world.decision(&id).ask.asked_of, ["chief.staff"], "put off, not escalated");
    world.hours(2);
    world.settle();
    let escalated = world.decision(&id);
    let roster = world.guest().snapshot().unwrap().roster.clone();
    let chief = roster.get("chief.staff").unwrap().head.reports_to.clone().unwrap();
    assert_eq!(escalated.ask.asked_of, ["chief.staff".to_owned(), chief]);
}

#[test]
fn a_decision_is_taken_on_for_a_while_and_binds_nobody() {
    let (world, mission, decision) = forwarded();
    let id = decision.id.as_str();
    let care = |world: &World| {
        let now = world.clock.now();
        world.guest().journal.read(|db| decision::care(db, &decision, now)).unwrap()
    };
    let other = front::claim("sopd", &world.guest(), &actor("ceo"), id).unwrap_err();
    assert_eq!(other.kind, Kind::NotAllowed);
    let (_, claim) = front::claim("sopd", &world.guest(), &actor("chief.staff"), id).unwrap();
    assert_eq!(claim.until, world.clock.now().plus_millis(decision::CLAIM_MINUTES * 60_000));
    assert_eq!(care(&world).claim.unwrap().by, "chief.staff");
    assert_eq!(world.fact(&mission, "decision_claimed")["by"], "chief.staff");
    world.hours(1);
    front::claim("sopd", &world.guest(), &actor("chief.staff"), id).unwrap();
    front::release("sopd", &world.guest(), &actor("chief.staff"), id).unwrap();
    assert_eq!(care(&world).claim, None);
    assert_eq!(
        front::release("sopd", &world.guest(), &actor("chief.staff"), id).unwrap_err().kind,
        Kind::Conflict
    );
    front::claim("sopd", &world.guest(), &actor("chief.staff"), id).unwrap();
    world.hours(4);
    assert_eq!(care(&world).claim, None, "it lapses by itself");
    world.resolve(id, Verb::Approve, given("chief.staff", "")).unwrap();
    let closed = front::claim("sopd", &world.guest(), &actor("chief.staff"), id).unwrap_err();
    assert_eq!(closed.kind, Kind::Conflict);
}

#[test]
fn a_question_waits_with_whom_it_is_put_to_and_its_answer_stands_with_the_decision() {
    let (world, mission, decision) = forwarded();
    let id = decision.id.as_str();
    let ask = |by: &str, to: &str, text: &str| front::ask("sopd", &world.guest(), &actor(by), (id, to, text));
    refused(ask("ceo", "cro", "Why?"), Kind::NotAllowed, "not of ceo");
    refused(ask("chief.staff", "chief.staff", "Why?"), Kind::Usage, "somebody else");
    refused(ask("chief.staff", "cro", " \n "), Kind::Usage, "needs words");
    refused(ask("chief.staff", "nobody.here", "Why?"), Kind::NotFound, "nobody.here");
    refused(ask("chief.staff", "cro", &"long ".repeat(300)), Kind::Usage, "at most 1000");
    assert_eq!(world.open().len(), 1, "nothing of this counted");

    let question = ask("chief.staff", "cro", "Which limit\ndid we agree on?").unwrap();
    let late = ask("chief.staff", "finance.controller", "And who pays?").unwrap();
    assert_eq!(
        (question.ask.title.as_str(), question.ask.asked_of[0].as_str()),
        ("Which limit did we agree on?", "cro")
    );
    refused(
        front::ask("sopd", &world.guest(), &actor("cro"), (&question.id, "ceo", "Do you know?")),
        Kind::Usage,
        "is a question itself",
    );
    let look =
        |party: &str| world.guest().journal.read(|db| decision::look_of(db, &decision, party)).unwrap();
    assert_eq!(look("chief.staff"), Look::New);
    let seen = decision.clone();
    world.guest().journal.append(move |tx| decision::looked(tx, &seen, "chief.staff")).unwrap();
    assert_eq!((look("chief.staff"), look("ceo")), (Look::Seen, Look::New));
    world.resolve(&question.id, Verb::Answer, given("cro", "500 euros.")).unwrap();
    assert_eq!(look("chief.staff"), Look::Changed);
    world.settle();
    assert_eq!(world.decision(id).state, State::Open, "the decision itself has not moved");
    let asked = world.guest().journal.read(|db| decision::questions(db, &decision)).unwrap();
    assert_eq!(asked[0].answer.as_ref().unwrap().text, "500 euros.");

    world.resolve(id, Verb::Approve, given("chief.staff", "")).unwrap();
    assert_eq!(world.decision(&late.id).state, State::Void, "nobody needs the answer any more");
    world.finish();
    assert_eq!(world.status(&mission).state.word(), "published");
    world.assert_sound();
    world.assert_released();
}

#[test]
fn nobody_passes_on_puts_off_or_asks_without_end() {
    let (world, _, decision) = forwarded();
    let id = decision.id.as_str();
    for nth in 0..20 {
        front::ask("sopd", &world.guest(), &actor("chief.staff"), (id, "cro", &format!("Question {nth}?")))
            .unwrap();
    }
    let more = front::ask("sopd", &world.guest(), &actor("chief.staff"), (id, "cro", "One more?"));
    refused(more, Kind::Conflict, "20 questions");
    // A workspace may want nobody to put anything off.
    let settings = world.read("sopd.yaml");
    world.write("sopd.yaml", format!("decisions: {{ max_deferral: 0 days }}\n{settings}"));
    let none =
        front::defer("sopd", &world.guest(), &actor("chief.staff"), (id, "1 hour".parse().unwrap(), ""));
    refused(none, Kind::NotAllowed, "max_deferral");
}

/// Opens `count` decisions that nobody drives.
fn crowd(world: &World, count: i64) {
    let now = world.clock.now();
    world
        .guest()
        .journal
        .append(move |tx| {
            for nth in 0..count {
                let kind = if nth % 3 == 0 { DecisionKind::Task } else { DecisionKind::Question };
                let new = decision::NewDecision {
                    workflow: "crowd".to_owned(),
                    step: format!("ask/{nth}"),
                    mission: "M-2026-1116-crowd".to_owned(),
                    kind,
                    subject: "crowd".to_owned(),
                    title: format!("Answer number {nth}"),
                    why: "a crowd waits".to_owned(),
                    asked_of: vec![if nth % 2 == 0 { "cro" } else { "ceo" }.to_owned(), "coo".to_owned()],
                    barred: std::collections::BTreeMap::new(),
                    hash: sopd::base::Digest::of(nth.to_string()),
                    details: serde_json::json!({}),
                    // The later asked, the sooner due; every tenth never.
                    due_at: (nth % 10 != 0).then(|| now.plus_millis((count - nth) * 60_000)),
                    on_deadline: decision::OnDeadline::Remind,
                    quorum: 1,
                };
                decision::open(tx, &new)?;
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_queue_comes_in_pages_in_the_order_of_deadlines() {
    let world = World::standing();
    crowd(&world, 120);
    let page = |queue: Queue, from: u32, limit: u32| {
        world.guest().journal.read(|db| queue.page(db, (from, limit))).unwrap()
    };
    let due = |decision: &Decision| decision.ask.due_at.map_or(i64::MAX, |due| due.0);
    for party in [None, Some("cro"), Some("coo"), Some("nobody")] {
        let queue = || Queue { party: party.map(str::to_owned), ..Queue::default() };
        let (all, count) = page(queue(), 0, 1_000);
        let fits =
            |one: &&Decision| party.is_none_or(|party| one.ask.asked_of.iter().any(|asked| asked == party));
        let mut expected: Vec<Decision> = world.open().iter().filter(fits).cloned().collect();
        expected.sort_by_key(due);
        assert_eq!(all, expected, "{party:?}");
        assert_eq!(usize::try_from(count).unwrap(), expected.len());
        let mut paged = Vec::new();
        loop {
            let (rows, _) = page(queue(), u32::try_from(paged.len()).unwrap(), 7);
            if rows.is_empty() {
                break;
            }
            paged.extend(rows);
        }
        assert_eq!(paged, all, "{party:?}");
    }
    world.clock.set(world.clock.now().plus_millis(30 * 60_000));
    let now: Instant = world.clock.now();
    let late = Queue { overdue: Some(now), kind: Some(DecisionKind::Task), party: Some("cro".to_owned()) };
    let (rows, count) = page(late, 0, 100);
    assert!(count > 0 && rows.len() == usize::try_from(count).unwrap());
    assert!(rows.iter().all(|one| one.overdue(now) && one.ask.kind == DecisionKind::Task));
    // What is answered leaves every queue at once.
    let first = rows[0].clone();
    world.resolve(&first.id, Verb::Complete, Given { text: "done".into(), ..given("cro", "") }).unwrap();
    let waiting = world.guest().journal.read(decision::queues).unwrap();
    assert_eq!((waiting["cro"], waiting["ceo"], waiting["coo"]), (59, 60, 119));
    let times = world.guest().journal.read(decision::response_times).unwrap();
    assert_eq!((times[0].party.as_str(), times[0].median, times[0].answers), ("cro", 30 * 60_000, 1));
}

#[test]
fn pages_by_number_hold_everything_once_for_all_and_for_each_party() {
    let world = World::standing();
    crowd(&world, 120);
    let journal = world.guest().journal;
    for party in [None, Some("cro"), Some("coo"), Some("nobody")] {
        let all = journal.read(|db| decision::open_for(db, party)).unwrap();
        let mut paged: Vec<Decision> = Vec::new();
        loop {
            let after = paged.last().map(|one| one.id.clone());
            let page = journal.read(|db| decision::open_after(db, party, (after.as_deref(), 7))).unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, all, "{party:?}");
    }
}
