//! Who may do what, and what time does to what nobody does.

use super::faults_world::{World, example, forwarded, given, invoices, signable};
use serde_json::{Value, json};
use sopd::base::Kind;
use sopd::decision::{DecisionKind, Given, State, Verb};

/// Brings a mission to where a person is asked.
type Begin<'a> = &'a dyn Fn() -> (World, String);

#[test]
fn a_validator_with_another_part_in_the_mission_is_refused_with_the_reason() {
    let world = World::standing();
    for (head, words) in [
        ("scrutiny: chief.staff\nworkers:\n  - { agent: chief.staff, brief: weekly report }", "a worker"),
        ("scrutiny: finance.controller\nrequested_by: finance.controller", "the requester"),
        ("scrutiny: finance.controller\nowner: finance.controller", "the owner"),
        ("scrutiny: it.security\nowner: dev.lead", "department"),
        ("user_testing: vp.sales", "does not have the role"),
        ("scrutiny: sop.manager", "does not have the role"),
        ("workers:\n  - { agent: sop.manager, brief: everything }", "worker"),
    ] {
        let same = world.guest().snapshot().unwrap().roster.clone();
        let department = |id: &str| same.get(id).unwrap().head.department.clone();
        if words == "department" && department("it.security") != department("dev.lead") {
            let name = "agents/it.security.md";
            let moved = world.read(name).replace(
                &format!("department: {}", department("it.security")),
                &format!("department: {}", department("dev.lead")),
            );
            world.write(name, moved);
        }
        let problems = world.try_submit(&invoices(head), false).unwrap_err();
        let told = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(told.contains(words), "{head}: {told}");
        assert!(told.contains("mission.md:"), "the place is told: {told}");
    }
}

#[test]
fn validators_are_chosen_among_those_who_have_no_other_part() {
    let (world, mission, _) = forwarded();
    let plan = world.fact(&mission, "plan_made");
    let roster = world.guest().snapshot().unwrap().roster.clone();
    let department = |id: &Value| roster.get(id.as_str().unwrap()).unwrap().head.department.clone();
    let workers = plan["workers"].as_array().unwrap();
    for validator in [&plan["scrutiny"], &plan["user_testing"]] {
        assert!(!workers.contains(validator) && *validator != plan["owner"], "{plan}");
        assert!(*validator != json!("cro") && *validator != json!("sop.manager"), "{plan}");
    }
    assert_ne!(department(&plan["scrutiny"]), department(&plan["owner"]));
}

#[test]
fn nobody_signs_but_the_one_who_is_asked_and_the_reason_is_told() {
    let (world, mission, decision) = signable();
    let plan = world.fact(&mission, "plan_made");
    let worker = plan["workers"][0].as_str().unwrap().to_owned();
    let tester = plan["user_testing"].as_str().unwrap().to_owned();
    for (who, why) in [
        (worker.as_str(), "drafted part of it"),
        ("sop.manager", "orchestrates the mission"),
        (tester.as_str(), "tested it"),
        // To forward was no signature, and gives no right to one.
        ("chief.staff", "chief.staff"),
        ("nobody.at.all", "not of nobody.at.all"),
    ] {
        let refused = world.resolve(&decision.id, Verb::Approve, given(who, "")).unwrap_err();
        assert_eq!(refused.kind, Kind::NotAllowed, "{who}");
        assert!(refused.message.contains(why), "{who}: {refused}");
        assert_eq!(world.decision(&decision.id).state, State::Open);
    }
    assert_eq!(world.versions(), []);
    world.say(&decision, Verb::Approve, "");
    world.settle();
    let rows = world.versions();
    assert_eq!(rows[0].approved_by.as_deref(), Some("ceo"));
    let fact = world.fact(&mission, "published");
    assert_eq!(fact["by"], "ceo");
    world.assert_sound();
    world.assert_released();
}

#[test]
fn an_answer_counts_only_for_the_bytes_it_showed_and_only_once() {
    let (world, _, decision) = signable();
    let shown = |hash: &str| Given { shown: Some(hash.to_owned()), ..given("ceo", "") };
    let other = world.resolve(&decision.id, Verb::Approve, shown(&"0".repeat(32))).unwrap_err();
    assert_eq!(other.kind, Kind::Conflict);
    // Two texts with the same few digits are found in a moment; with none at all nothing was seen.
    for few in [decision.ask.hash.0.get(..31).unwrap(), decision.ask.hash.short(), ""] {
        let short = world.resolve(&decision.id, Verb::Approve, shown(few)).unwrap_err();
        assert_eq!(short.kind, Kind::Usage, "{few}");
    }
    world.resolve(&decision.id, Verb::Approve, shown(decision.ask.hash.binding())).unwrap();
    let twice = world.resolve(&decision.id, Verb::Reject, given("ceo", "changed my mind")).unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
    assert!(twice.message.contains("already decided: approve by ceo"), "{twice}");
    world.settle();
    assert_eq!(world.versions()[0].sha256, decision.ask.hash, "published is what was shown");
}

#[test]
fn a_decision_on_an_earlier_round_is_void_for_the_next_one() {
    let (world, mission, forward) = forwarded();
    world.say(&forward, Verb::Revise, "Name the person who pays.");
    world.settle();
    let next = world.only();
    assert_ne!(next.id, forward.id);
    assert_eq!(world.status(&mission).round, 2);
    let late = world.resolve(&forward.id, Verb::Approve, given("chief.staff", "")).unwrap_err();
    assert_eq!(late.kind, Kind::Conflict);
    let old = Given { shown: Some(forward.ask.hash.0.clone()), ..given("chief.staff", "") };
    if forward.ask.hash != next.ask.hash {
        assert_eq!(world.resolve(&next.id, Verb::Approve, old).unwrap_err().kind, Kind::Conflict);
    }
}

#[test]
fn words_are_asked_for_where_they_are_needed() {
    let (world, _, decision) = forwarded();
    for verb in [Verb::Reject, Verb::Revise] {
        assert_eq!(
            world.resolve(&decision.id, verb, given("chief.staff", " ")).unwrap_err().kind,
            Kind::Usage
        );
    }
    for verb in [Verb::Answer, Verb::Retry] {
        assert_eq!(
            world.resolve(&decision.id, verb, given("chief.staff", "x")).unwrap_err().kind,
            Kind::Usage
        );
    }
}

#[test]
fn failed_blocking_assertions_need_an_override_that_stays_visible() {
    let (world, mission, decision) = signable();
    let failed = json!(["VAL-STEPS-001"]).to_string();
    let id = decision.id.clone();
    let mark = move |tx: &sopd::journal::Tx<'_>| {
        let sql =
            "UPDATE decision SET details = json_set(details, '$.failed', json(?2)) WHERE 'D-' || number = ?1";
        Ok(tx.db().execute(sql, (&id, &failed))?)
    };
    assert_eq!(world.guest().journal.append(mark).unwrap(), 1);
    let refused = world.resolve(&decision.id, Verb::Approve, given("ceo", "fine")).unwrap_err();
    assert_eq!(refused.kind, Kind::NotAllowed);
    assert!(refused.hint.unwrap().contains("--override"));
    let blank = Given { overriding: Some("  ".into()), ..given("ceo", "") };
    assert_eq!(world.resolve(&decision.id, Verb::Approve, blank).unwrap_err().kind, Kind::NotAllowed);
    let reason = "the auditors asked for it by Monday; finance.controller mends step 2 by Friday";
    let meant = Given { overriding: Some(reason.into()), ..given("ceo", "") };
    world.resolve(&decision.id, Verb::Approve, meant).unwrap();
    world.settle();
    assert!(world.read("sops/INDEX.md").contains("ceo (override)"));
    assert_eq!(world.versions()[0].overriding.as_deref(), Some(reason));
    assert_eq!(world.fact(&mission, "published")["override"], reason);
    assert!(world.read(&format!("missions/{mission}/decision.md")).contains(reason));
}

#[test]
fn an_override_given_without_need_is_no_override_in_the_index() {
    let (world, _, decision) = signable();
    let meant = Given { overriding: Some(String::new()), ..given("ceo", "") };
    world.resolve(&decision.id, Verb::Approve, meant).unwrap();
    world.settle();
    assert!(!world.read("sops/INDEX.md").contains("override"));
}

#[test]
fn a_requester_signs_only_where_nobody_else_is_left_and_that_is_on_record() {
    let world = World::standing();
    let mission = world.submit(&invoices("requested_by: ceo"));
    world.settle();
    let exception = world.fact(&mission, "plan_made")["path"]["exception"].clone();
    assert!(exception.as_str().unwrap().contains("leaves nobody else"), "{exception}");
    world.say(&world.only(), Verb::Approve, "");
    world.settle();
    let signature = world.only();
    assert_eq!(signature.ask.details["exception"], exception);
    world.say(&signature, Verb::Approve, "");
    world.settle();
    assert_eq!(world.status(&mission).state.word(), "published");
    assert!(world.read(&format!("missions/{mission}/decision.md")).contains("leaves nobody else"));

    let world = World::standing();
    world.write("sopd.yaml", "publication:\n  deputy: cro\n");
    let mission = world.submit(&invoices("requested_by: ceo"));
    world.settle();
    assert_eq!(world.fact(&mission, "plan_made")["path"]["signs"], "cro");
    world.say(&world.only(), Verb::Approve, "");
    world.settle();
    let signature = world.only();
    assert_eq!(signature.ask.asked_of, ["cro"]);
    assert_eq!(
        world.resolve(&signature.id, Verb::Approve, given("ceo", "")).unwrap_err().kind,
        Kind::NotAllowed
    );
}

#[test]
fn where_nobody_may_sign_the_plan_says_so_before_any_work() {
    let world = World::standing();
    world.write("sopd.yaml", "publication:\n  signs: vp.sales\n");
    let mission = world.submit(&example(&world, "1-"));
    world.settle();
    let decision = world.only();
    assert_eq!(decision.ask.kind, DecisionKind::Stuck);
    assert!(decision.ask.why.contains("vp.sales drafted part of it"), "{}", decision.ask.why);
    assert!(
        !world.kinds(&mission).iter().any(|kind| kind.starts_with("draft")),
        "{:?}",
        world.kinds(&mission)
    );
    // Mended and tried again, it goes on.
    world.write("sopd.yaml", "publication:\n  signs: vp.sales\n  deputy: ceo\n");
    world.say(&decision, Verb::Retry, "");
    world.settle();
    assert_eq!(world.only().ask.asked_of, ["ceo"]);
}

#[test]
fn a_reminder_asks_again_with_a_deadline_of_the_same_length() {
    let world = World::standing();
    world.write("sopd.yaml", "decisions:\n  max_escalations: 3\n");
    let mission = world.submit(&invoices("requested_by: cro"));
    world.settle();
    let first = world.only();
    // One business day, as the settings say by default; all of this happens on working days.
    let length = first.ask.due_at.unwrap().0 - first.requested_at.0;
    // The daemon was down for a week beyond the deadline.
    world.clock.set(first.ask.due_at.unwrap().plus_millis(7 * 86_400_000));
    world.settle();
    let again = world.decision(&first.id);
    assert_eq!((again.state, again.reminders), (State::Open, 1));
    assert_eq!(again.ask.due_at.unwrap().0 - world.clock.now().0, length);
    assert_eq!(world.fact(&mission, "decision_reminded")["decision"], first.id.as_str());
    world.clock.set(again.ask.due_at.unwrap());
    world.settle();
    let again = world.decision(&first.id);
    assert_eq!(again.ask.due_at.unwrap().0 - world.clock.now().0, length);
    world.clock.set(again.ask.due_at.unwrap());
    world.settle();
    let last = world.decision(&first.id);
    assert_eq!((last.state, last.reminders, last.ask.due_at), (State::Open, 3, None));
    world.hours(10_000);
    world.settle();
    assert_eq!(world.decision(&first.id), last, "it stays open and overdue");
    world.say(&last, Verb::Approve, "late, but meant");
    world.settle();
    assert_eq!(world.only().ask.kind, DecisionKind::Publish);
}

#[test]
fn an_escalation_asks_the_next_above_as_well_and_then_the_next() {
    let world = World::standing();
    let settings = "decisions:\n  forwarding: { after: 1 hour, on_deadline: escalate }\n  max_escalations: 3\n\
                    publication:\n  signs: coo\n  interim: { forwards: vp.sales, signs: ceo }\n";
    world.write("sopd.yaml", settings);
    let mission = world.submit(&invoices("requested_by: support.lead"));
    world.settle();
    let decision = world.only();
    assert_eq!(decision.ask.asked_of, ["vp.sales"]);
    world.hours(2);
    world.settle();
    assert_eq!(world.decision(&decision.id).ask.asked_of, ["vp.sales", "cro"]);
    world.hours(2);
    world.settle();
    assert_eq!(world.decision(&decision.id).ask.asked_of, ["vp.sales", "cro", "ceo"]);
    assert_eq!(world.fact(&mission, "decision_escalated")["asked_of"], json!(["vp.sales", "cro", "ceo"]));
    world.resolve(&decision.id, Verb::Approve, given("cro", "for vp.sales")).unwrap();
    world.settle();
    assert_eq!(world.only().ask.asked_of, ["ceo"]);
}

#[test]
fn a_signature_never_moves_to_somebody_the_path_does_not_name() {
    let (world, _, decision) = signable();
    for _ in 0..4 {
        world.hours(24 * 7);
        world.settle();
    }
    let now = world.decision(&decision.id);
    assert_eq!((now.state, now.ask.asked_of), (State::Open, vec!["ceo".to_owned()]));
    assert_eq!(world.versions(), [], "silence never publishes");
}

#[test]
fn a_deadline_that_rejects_ends_the_mission_also_when_the_daemon_was_down() {
    let world = World::standing();
    world.write("sopd.yaml", "decisions:\n  forwarding: { after: 2 hours, on_deadline: reject }\n");
    let mission = world.submit(&invoices("requested_by: cro"));
    world.settle();
    let decision = world.only();
    world.hours(3);
    // Nobody drives; an answer comes after the deadline. The deadline has won, then and there.
    let late = world.resolve(&decision.id, Verb::Approve, given("chief.staff", "")).unwrap_err();
    assert_eq!(late.kind, Kind::Conflict);
    assert_eq!(world.decision(&decision.id).state, State::Expired);
    world.settle();
    assert_eq!(world.status(&mission).state.word(), "rejected");
    world.assert_released();

    let mission = world.submit(&(invoices("requested_by: cro") + "Again.\n"));
    world.settle();
    world.hours(3);
    world.settle();
    assert_eq!(world.status(&mission).state.word(), "rejected");
    assert_eq!(world.fact(&mission, "decision_expired")["rule"], "reject");
    world.assert_released();
}

#[test]
fn a_question_that_nobody_answers_leaves_its_assumption_on_record() {
    let world = World::standing();
    let mission = world.submit(
        "---\nrequested_by: cro\n---\n# Greenhouse tomato watering\n\nOur office greenhouse dries out. Write how the \
         tomatoes are watered.\n",
    );
    world.settle();
    let asked: Vec<_> = world.open().into_iter().filter(|d| d.ask.kind == DecisionKind::Question).collect();
    assert!(!asked.is_empty(), "nobody on the roster knows tomatoes: {:?}", world.status(&mission));
    for _ in 0..6 {
        world.hours(24 * 7);
        world.settle();
    }
    for question in asked {
        let now = world.decision(&question.id);
        let expected = if now.ask.on_deadline == sopd::decision::OnDeadline::Assume {
            State::Expired
        } else {
            State::Open
        };
        assert_eq!(now.state, expected, "{now:?}");
    }
}

#[test]
fn a_second_mission_on_an_sop_waits_for_the_first_and_goes_on_after_it() {
    for cancelled in [false, true] {
        let world = World::standing();
        let first = world.submit(&example(&world, "1-"));
        world.settle();
        let decision = world.only();
        let again = example(&world, "1-") + "\nStart from the beginning.\n";
        let second = world.submit(&if cancelled { again } else { example(&world, "2-") });
        world.settle();
        let held = world.status(&second);
        assert_eq!(held.state.word(), "held", "{held:?}");
        assert!(held.waiting_for.contains(&first), "{held:?}");
        assert_eq!(world.open().len(), 1);
        if cancelled {
            world.cancel(&first);
        } else {
            world.say(&decision, Verb::Approve, "");
            world.settle();
            world.say(&world.only(), Verb::Approve, "");
        }
        world.settle();
        assert_eq!(world.status(&first).state.word(), if cancelled { "cancelled" } else { "published" });
        let goes_on = world.status(&second);
        assert_eq!(goes_on.state.word(), "awaiting_decision", "{goes_on:?}");
        assert!(goes_on.sop.unwrap().ends_with(if cancelled { "v1.0" } else { "v1.1" }));
        world.finish();
        assert_eq!(world.status(&second).state.word(), "published");
        world.assert_sound();
        world.assert_released();
    }
}

#[test]
fn a_held_mission_can_be_cancelled_and_does_not_stand_in_the_way() {
    let world = World::standing();
    let first = world.submit(&example(&world, "1-"));
    world.settle();
    let second = world.submit(&(example(&world, "2-") + "\nSoon.\n"));
    let third = world.submit(&example(&world, "2-"));
    world.settle();
    assert_eq!(world.status(&third).state.word(), "held");
    world.cancel(&second);
    world.settle();
    assert_eq!(world.status(&second).state.word(), "cancelled");
    assert_eq!(world.status(&third).state.word(), "held");
    world.finish();
    let state = |mission: &str| world.status(mission).state.word();
    assert_eq!((state(&first), state(&second), state(&third)), ("published", "cancelled", "published"));
    world.assert_released();
}

#[test]
fn cancelled_while_people_are_asked_a_mission_leaves_nothing_open() {
    // At a forward, a signature, a person's draft, a question, a mission that is stuck.
    let person = "agents/finance.controller.md";
    let at: [(&str, Begin); 4] = [
        ("forward", &|| {
            let (world, mission, _) = forwarded();
            (world, mission)
        }),
        ("publish", &|| {
            let (world, mission, _) = signable();
            (world, mission)
        }),
        ("assignment", &|| {
            let world = World::standing();
            world.write(person, world.read(person).replace("runtime: model", "runtime: person"));
            let mission = world.submit(&invoices(
                "requested_by: cro\nworkers:\n  - { agent: finance.controller, brief: vendor invoice approval }",
            ));
            world.settle();
            (world, mission)
        }),
        ("stuck", &|| {
            let world = World::standing();
            world.write("sopd.yaml", "publication:\n  signs: vp.sales\n");
            let mission = world.submit(&example(&world, "1-"));
            world.settle();
            (world, mission)
        }),
    ];
    for (kind, begin) in at {
        let (world, mission) = begin();
        let open = world.open();
        assert!(!open.is_empty() && open.iter().all(|d| d.ask.kind.word() == kind), "{kind}: {open:?}");
        world.cancel(&mission);
        world.settle();
        assert_eq!(world.status(&mission).state.word(), "cancelled", "{kind}");
        assert_eq!(world.decision(&open[0].id).state, State::Void, "{kind}");
        world.assert_released();
        let late = world.resolve(&open[0].id, open[0].ask.kind.verbs()[0], given("chief.staff", "x"));
        assert_eq!(late.unwrap_err().kind, Kind::Conflict, "{kind}");
    }
}
