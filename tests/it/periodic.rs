//! What falls due for its review is asked of its owner, on the day, and done as it is answered.

use crate::faults_world::{World, example, given};
use sopd::decision::{Decision, DecisionKind, Verb};
use sopd::registry::Status;

/// Half a year, and some days.
const HALF_A_YEAR: i64 = 24 * 185;

/// With a published SOP.
fn published() -> World {
    let world = World::standing();
    world.submit(&example(&world, "1"));
    world.settle();
    world.finish();
    assert!(world.open().is_empty(), "nothing is asked before the day");
    world
}

/// What is asked when the next review falls due.
fn fallen_due(world: &World) -> Decision {
    world.hours(HALF_A_YEAR);
    world.settle();
    let asked = world.only();
    assert_eq!(asked.ask.kind, DecisionKind::PeriodicReview);
    assert_eq!(asked.ask.asked_of, [world.versions()[0].owner.clone()]);
    assert!(asked.ask.due_at.is_some());
    world.settle();
    assert_eq!(world.only().id, asked.id, "it is asked once");
    asked
}

#[test]
fn what_is_still_right_is_asked_again_on_its_next_day_and_moves_up_when_nobody_answers() {
    let world = published();
    let first = world.versions()[0].review_due.unwrap();
    let asked = fallen_due(&world);
    world.hours(24 * 7);
    world.settle();
    let late = world.only();
    assert!(late.ask.asked_of.len() > 1, "its chief is asked as well: {:?}", late.ask.asked_of);
    world.say(&asked, Verb::Approve, "");
    world.settle();
    let next = world.versions()[0].review_due.unwrap();
    assert!(next.0 - first.0 > HALF_A_YEAR / 2 * 3_600_000, "{first} then {next}");
    assert!(world.read("sops/INDEX.md").contains(&next.day()));
    assert!(world.status(&asked.ask.mission).reason.contains(&next.day()));
    fallen_due(&world);
    world.assert_sound();
}

#[test]
fn what_should_change_becomes_a_mission_in_the_owners_words() {
    let world = published();
    let asked = fallen_due(&world);
    world.say(&asked, Verb::Revise, "Leads are called within 2 hours.");
    world.settle();
    let statuses = world.statuses();
    let mission = statuses.iter().find(|one| one.id.starts_with("M-") && !one.state.ended()).unwrap();
    assert!(mission.title.contains("as its review asks"), "{}", mission.title);
    let text = world.read(&format!("missions/{}/mission.md", mission.id));
    assert!(text.contains("Leads are called within 2 hours.") && text.contains(&asked.ask.mission), "{text}");
    world.assert_sound();
}

#[test]
fn what_is_no_longer_needed_is_retired_by_who_signs() {
    let world = published();
    let asked = fallen_due(&world);
    world.say(&asked, Verb::Reject, "We sell to partners only.");
    world.settle();
    assert_eq!(world.versions()[0].status, Status::Active, "an owner cannot retire it");
    let passed = world.only();
    assert_eq!(passed.ask.asked_of, ["ceo"]);
    assert!(passed.ask.why.contains("We sell to partners only."), "{}", passed.ask.why);
    world.resolve(&passed.id, Verb::Reject, given("ceo", "Partners only.")).unwrap();
    world.settle();
    assert_eq!(world.versions()[0].status, Status::Archived);
    assert!(world.open().is_empty());
    world.assert_sound();
}

#[test]
fn a_review_of_what_is_in_force_no_more_is_asked_no_longer() {
    let world = published();
    let asked = fallen_due(&world);
    let row = world.versions()[0].clone();
    let retirement = sopd::registry::Retirement {
        row,
        by: "ceo".to_owned(),
        os_user: "ceo (uid 0)".to_owned(),
        reason: "no longer".to_owned(),
    };
    world.guest().journal.append(move |tx| sopd::registry::retire(tx, &retirement).map(drop)).unwrap();
    world.settle();
    assert!(world.open().is_empty());
    assert!(world.status(&asked.ask.mission).reason.contains("in force no more"));
    world.assert_sound();
}
