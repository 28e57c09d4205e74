//! Cases of schedules: changes of the clock in both directions and both halves of the world, machines that stood
//! still, and machines whose clock was moved.

use super::*;
use proptest::prelude::*;

fn cron(schedule: &str, zone: &str, missed: Missed) -> Cron {
    Cron { schedule: schedule.to_owned(), zone: zone.to_owned(), missed }
}

/// `2026-03-29T03:00:00+02:00`
fn at(text: &str) -> Instant {
    Instant(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
}

/// The occurrences of `schedule` from one moment to another, as the zone's clock shows them.
fn shown(schedule: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
    let given = due(&cron(schedule, zone, Missed::All), at(from), at(to));
    let zone: Tz = zone.parse().unwrap();
    given.iter().map(|at| at.utc().with_timezone(&zone).format("%d %H:%M %z").to_string()).collect()
}

#[test]
fn a_time_that_does_not_exist_falls_due_when_the_clock_has_jumped() {
    let berlin =
        |schedule| shown(schedule, "Europe/Berlin", "2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00");
    assert_eq!(berlin("30 2 * * *"), ["29 03:00 +0200", "30 02:30 +0200"]);
    assert_eq!(berlin("0,30 2 * * *"), ["29 03:00 +0200", "30 02:00 +0200", "30 02:30 +0200"]);
    assert_eq!(berlin("0 2,3 * * *"), ["29 03:00 +0200", "30 02:00 +0200", "30 03:00 +0200"]);
    assert_eq!(berlin("30 1 * * *"), ["29 01:30 +0100", "30 01:30 +0200"]);
    let hours =
        shown("30 * * * *", "Europe/Berlin", "2026-03-29T00:45:00+01:00", "2026-03-29T04:00:00+02:00");
    assert_eq!(hours, ["29 01:30 +0100", "29 03:30 +0200"]);
    let york =
        shown("15 2 * * *", "America/New_York", "2026-03-07T12:00:00-05:00", "2026-03-09T12:00:00-04:00");
    assert_eq!(york, ["08 03:00 -0400", "09 02:15 -0400"]);
}

#[test]
fn a_time_that_exists_twice_falls_due_once() {
    let berlin =
        |schedule| shown(schedule, "Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-25T04:00:00+01:00");
    assert_eq!(berlin("30 2 * * *"), ["25 02:30 +0200"]);
    assert_eq!(
        berlin("0,30 2,3 * * *"),
        ["25 02:00 +0200", "25 02:30 +0200", "25 03:00 +0100", "25 03:30 +0100"]
    );
    assert_eq!(berlin("30 */2 * * *"), ["25 00:30 +0200", "25 02:30 +0200"]);
    assert_eq!(
        berlin("30 * * * *"),
        ["25 00:30 +0200", "25 01:30 +0200", "25 02:30 +0200", "25 02:30 +0100", "25 03:30 +0100"],
        "every hour that passes"
    );
    let york =
        shown("30 1 * * *", "America/New_York", "2026-11-01T00:00:00-04:00", "2026-11-02T12:00:00-05:00");
    assert_eq!(york, ["01 01:30 -0400", "02 01:30 -0500"]);
    // Asked in the middle of the second showing, with the first long past.
    let nightly = cron("30 2 * * *", "Europe/Berlin", Missed::Once);
    for moment in ["2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-25T02:50:00+01:00"] {
        assert_eq!(next(&nightly, at(moment)), Some(at("2026-10-26T02:30:00+01:00")), "{moment}");
        assert_eq!(due(&nightly, at("2026-10-25T02:30:00+02:00"), at(moment)), [], "{moment}");
    }
}

#[test]
fn odd_zones_have_their_days_too() {
    // Half an hour of summer time, and a day that an island left out.
    let lord_howe =
        shown("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", "2026-10-05T12:00:00+11:00");
    assert_eq!(lord_howe, ["04 02:30 +1100", "05 02:15 +1100"]);
    let apia = shown("0 9 * * *", "Pacific/Apia", "2011-12-29T00:00:00-10:00", "2011-12-31T12:00:00+14:00");
    assert_eq!(apia, ["29 09:00 -1000", "31 00:00 +1400", "31 09:00 +1400"]);
}

#[test]
fn missed_times_are_skipped_joined_or_made_up_for() {
    let due = |missed, last: &str, now: &str| -> Vec<String> {
        let given = due(&cron("0 * * * *", "UTC", missed), at(last), at(now));
        given.iter().map(|at| at.utc().format("%Y-%m-%dT%H:%M").to_string()).collect()
    };
    let (last, none) = ("2026-11-20T08:00:00Z", Vec::<String>::new());
    // On time, and a minute late.
    for now in ["2026-11-20T09:00:00Z", "2026-11-20T09:01:00Z"] {
        for missed in [Missed::Skip, Missed::Once, Missed::All] {
            assert_eq!(due(missed, last, now), ["2026-11-20T09:00"], "{missed:?} {now}");
        }
    }
    // Down for three hours.
    let now = "2026-11-20T11:01:00.001Z";
    assert_eq!(due(Missed::Skip, last, now), none);
    assert_eq!(due(Missed::Once, last, now), ["2026-11-20T11:00"]);
    assert_eq!(due(Missed::All, last, now), ["2026-11-20T09:00", "2026-11-20T10:00", "2026-11-20T11:00"]);
    // The clock was set back: nothing until it has caught up.
    for missed in [Missed::Skip, Missed::Once, Missed::All] {
        for now in ["2026-11-20T08:00:00Z", "2026-11-20T07:00:00Z", "2020-01-01T00:00:00Z"] {
            assert_eq!(due(missed, last, now), none, "{missed:?} {now}");
        }
    }
    // The clock jumped a year forward.
    let now = "2027-11-20T08:30:00Z";
    assert_eq!(due(Missed::Skip, last, now), none);
    assert_eq!(due(Missed::Once, last, now), ["2027-11-20T08:00"]);
    let latest = due(Missed::All, last, now);
    assert_eq!((latest.len(), latest[MOST_DUE - 1].as_str()), (MOST_DUE, "2027-11-20T08:00"));
}

#[test]
fn all_is_given_once_and_of_too_many_the_latest() {
    let every_minute = cron("* * * * *", "Europe/Berlin", Missed::All);
    let (last, now) = (at("2026-10-24T22:00:00Z"), at("2026-10-26T23:00:00Z"));
    for (from, count) in [(now.plus_millis(-90 * 60_000), 90), (last, MOST_DUE)] {
        let given = due(&every_minute, from, now);
        assert!(given.windows(2).all(|pair| pair[1].0 - pair[0].0 == 60_000), "also over a repeated hour");
        assert_eq!((given.len(), given.last()), (count, Some(&now)));
        assert!(due(&every_minute, now, now).is_empty());
    }
}

#[test]
fn what_is_never_or_unreadable_is_never_due() {
    for (schedule, zone) in [("0 9 30 2 *", "UTC"), ("nonsense", "UTC"), ("0 9 * * *", "Europe/Berln")] {
        let cron = cron(schedule, zone, Missed::All);
        assert_eq!(next(&cron, at("2026-11-20T08:00:00Z")), None);
        assert_eq!(due(&cron, at("2026-11-20T08:00:00Z"), at("2027-11-20T08:00:00Z")), []);
        assert!(in_words(&cron).contains(if zone == "UTC" { schedule } else { zone }));
    }
}

#[test]
fn a_schedule_is_told_in_words_with_its_zone() {
    for (schedule, expected) in [
        ("0 9 * * 1-5", "At 09:00, on Monday, Tuesday, Wednesday, Thursday, and Friday (Europe/Berlin)"),
        ("*/15 * * * *", "At every 15 minutes (Europe/Berlin)"),
        ("30 2 1 * *", "At 02:30, on day 1 (Europe/Berlin)"),
    ] {
        assert_eq!(in_words(&cron(schedule, "Europe/Berlin", Missed::Once)), expected);
    }
}

fn schedules() -> impl Strategy<Value = Cron> {
    let schedule = prop::sample::select(vec![
        "30 2 * * *",
        "0,30 2,3 * * *",
        "*/7 1-3 * * *",
        "15 * * * *",
        "*/20 * * * *",
        "0 */2 * * *",
        "0 0 * * 0",
        "59 23 L * *",
        "45 1 25 * 1",
    ]);
    let zone = prop::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
    ]);
    (schedule, zone).prop_map(|(schedule, zone)| cron(schedule, zone, Missed::All))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Wherever the search begins, it finds the same occurrences: none is lost, invented or given twice.
    #[test]
    fn the_next_occurrence_does_not_depend_on_where_the_search_began(
        cron in schedules(),
        // Around the changes of 2026: March in America and Europe, October in Europe and Australia, November.
        start in prop::sample::select(vec![
            "2026-03-08T00:00:00Z", "2026-03-28T20:00:00Z", "2026-10-03T10:00:00Z", "2026-10-24T20:00:00Z",
            "2026-11-01T00:00:00Z",
        ]),
        asked in prop::collection::vec(0..14 * 3_600_000_i64, 12),
    ) {
        let start = at(start);
        let calendar = Calendar::of(&cron).unwrap();
        let all: Vec<Instant> = calendar.between(start, start.plus_millis(80 * 86_400_000)).collect();
        prop_assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        for offset in asked {
            let moment = start.plus_millis(offset);
            let expected = all.iter().find(|at| **at > moment).copied();
            prop_assert_eq!(next(&cron, moment), expected, "{}", moment);
            let latest = all.iter().rev().find(|at| **at <= moment).copied();
            let once = Cron { missed: Missed::Once, ..cron.clone() };
            prop_assert_eq!(due(&once, start, moment).first().copied(), latest);
        }
    }
}
