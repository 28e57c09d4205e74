//! Cases of the triggers in the head of an SOP: every form, in files and in journals, and every way to get it wrong.

use super::*;
use crate::sop::sample::SAMPLE;
use crate::sop::{parse, render};

fn with_triggers(lines: &str) -> String {
    SAMPLE.replace("  - manual\n  - webhook: \"/leads/new\"\n", lines)
}

#[test]
fn every_form_reads_and_is_written_in_its_shortest() {
    for (written, canonical) in [
        ("manual", "manual"),
        ("webhook: /deploy/production", "webhook: \"/deploy/production\""),
        ("cron: \"0 9 * * 1-5\"", "cron: \"0 9 * * 1-5\""),
        ("cron: 0 9 * * 1-5", "cron: \"0 9 * * 1-5\""),
        ("cron: { schedule: \"0 9 * * 1-5\" }", "cron: \"0 9 * * 1-5\""),
        ("cron: { schedule: \"0 9 * * 1-5\", zone: UTC, missed: once }", "cron: \"0 9 * * 1-5\""),
        (
            "cron: { zone: Europe/Berlin, schedule: \"0 9 * * 1-5\", missed: skip }",
            "cron: { schedule: \"0 9 * * 1-5\", zone: Europe/Berlin, missed: skip }",
        ),
        ("cron: { schedule: \"0 9 L * *\", missed: all }", "cron: { schedule: \"0 9 L * *\", missed: all }"),
        ("files: incoming/*.csv", "files: \"incoming/*.csv\""),
    ] {
        let sop = parse("s.md", &with_triggers(&format!("  - webhook: /x\n  - {written}\n")))
            .unwrap_or_else(|problems| panic!("{written}: {}", problems[0]));
        let text = render(&sop);
        assert!(text.contains(&format!("\n  - {canonical}\n")), "{written} became\n{text}");
        assert_eq!(parse("s.md", &text).unwrap(), sop);
    }
}

#[test]
fn journals_of_the_short_form_are_read_and_still_written_so() {
    let old = r#"["manual",{"webhook":"/x"},{"cron":"0 8 * * 1"}]"#;
    let read: Vec<Trigger> = serde_json::from_str(old).unwrap();
    assert_eq!(read[2], Trigger::Cron(Cron::plain("0 8 * * 1")));
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
    // What an earlier version took without looking is still read from there; only a file is judged.
    assert!(serde_json::from_str::<Trigger>(r#"{"cron":"0 0 8 * * 1"}"#).is_ok());
    let long = r#"{"cron":{"schedule":"0 8 * * 1","zone":"Europe/Berlin","missed":"all"}}"#;
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Trigger>(long).unwrap()).unwrap(), long);
}

#[test]
fn what_could_start_nothing_is_refused_at_its_line() {
    for (line, expected) in [
        ("cron: \"0 9 * * 1-5 2027\"", "s.md:15:12: `0 9 * * 1-5 2027` is not a schedule: it has 6 fields"),
        ("cron: \"0 9 * *\"", "it has 4 fields"),
        ("cron: \"60 9 * * *\"", "s.md:15:12: `60 9 * * *` is not a schedule: "),
        ("cron: \"0 9 * * MUN\"", "`0 9 * * MUN` is not a schedule: "),
        ("cron: \"0 9 30 2 *\"", "no day fits it"),
        ("cron: \"@daily\"", "names like `@daily` are not read"),
        ("cron: \"\"", "it has 0 fields"),
        ("cron: 5", "s.md:15"),
        ("cron: [\"0 9 * * *\"]", "s.md:15"),
        (
            "cron: { schedule: \"0 9 * * *\", zone: Europe/Berln }",
            "s.md:15:42: there is no time zone `Europe/Berln`",
        ),
        ("cron: { schedule: \"0 9 * * *\", zone: Europe/Berln }", "did you mean `Europe/Berlin`?"),
        ("cron: { schedule: \"0 9 * * *\", missed: onse }", "s.md:15:44"),
        ("cron: { schedule: \"0 9 * * *\", mised: once }", "s.md:15"),
        ("cron: { zone: UTC }", "s.md:15"),
        ("cron: \"61 * * * *\"", "`61` is no minute: write 0 to 59"),
        ("cron: \"0 9 * * MON-XYZ\"", "`MON-XYZ` is no day of the week: write 0 to 7"),
        ("cron: \"x 9 * * *\"", "`x` is no minute"),
        ("corn: \"0 9 * * *\"", "s.md:15"),
        ("webhook: deploy", "s.md:15:14: `deploy` is not a path"),
        ("webhook: /a?b=c", "is not a path"),
        ("files: \"*.csv\"", "s.md:15:13: `*.csv` names no folder"),
        ("files: /tmp/*.csv", "is not relative to the workspace"),
        ("files: \"C:/in/*.csv\"", "is not relative to the workspace"),
        ("files: in/../../x/*.csv", "leaves the workspace"),
        ("files: in//x.csv", "is not a folder and a name"),
        ("files: in/", "is not a folder and a name"),
        ("files: sops/*.md", "is in a folder that is sopd's own"),
        ("files: Missions/x/*.md", "is in a folder that is sopd's own"),
        ("files: .sopd/runs/*", "is in a folder that is sopd's own"),
        ("files: in/.x", "is hidden"),
        ("files: in*/x.csv", "has a pattern beyond"),
        ("files: \"in/[ab].csv\"", "has a pattern beyond"),
    ] {
        let text = with_triggers(&format!("  - webhook: /x\n  - {line}\n"));
        let problems = parse("s.md", &text).expect_err(line);
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(all.join("\n").contains(expected), "{line}\nexpected: {expected}\nfound: {}", all.join("\n"));
    }
    let twice = with_triggers(
        "  - cron: \"0 9 * * *\"\n  - cron: { schedule: \"0 9 * * *\", zone: UTC, missed: all }\n",
    );
    assert!(parse("s.md", &twice).unwrap_err()[0].to_string().contains("listed twice"));
}

#[test]
fn two_sops_that_wait_for_the_same_files_are_found_by_their_facts() {
    let text = with_triggers("  - files: incoming/*.csv\n");
    let facts = crate::sop::facts::facts(&parse("s.md", &text).unwrap(), &text);
    let fact = facts.iter().find(|fact| fact.value == "incoming/*.csv").unwrap();
    assert_eq!((fact.kind, fact.line), (crate::sop::facts::FactKind::Trigger, 14));
}

#[test]
fn names_fit_a_pattern_as_a_whole() {
    for (pattern, name, expected) in [
        ("*.csv", "orders.csv", true),
        ("*.csv", ".csv", false),
        ("*.csv", "orders.csv.part", false),
        ("*.csv", "orders.CSV", false),
        ("order-?.csv", "order-ü.csv", true),
        ("order-?.csv", "order-12.csv", false),
        ("*", "", true),
        ("a*b*c", "aXbXbXc", true),
        ("a*b*c", "aXbXbX", false),
        ("exact.txt", "exact.txt", true),
    ] {
        assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
    }
    assert!(!fits(&"*a".repeat(200), &"a".repeat(5_000).replace('a', "b")));
}
