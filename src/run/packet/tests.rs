//! Cases of packets: values of every type, everything that is refused, and both forms of an input file.

use super::*;
use crate::sop::input_type;

/// Inputs written `name!: cell` (required) or `name: cell`.
fn inputs(lines: &[&str]) -> Vec<Input> {
    let input = |line: &&str| {
        let (name, cell) = line.split_once(": ").unwrap();
        let input_type::Cell { kind, default, pattern } = input_type::read(cell).unwrap();
        let required = name.ends_with('!');
        let name = name.trim_end_matches('!').to_owned();
        Input { name, kind, required, description: "From the form.".into(), default, pattern }
    };
    lines.iter().map(input).collect()
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn words(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_packet_has_every_input_in_its_type() {
    let inputs = inputs(&[
        r"lead_id!: text, pattern: L-\d+",
        "source!: choice: demo_form, event, default: event",
        "employees: number",
        "urgent: yes_no, default: no",
        "due: date",
        "note: text",
    ]);
    let packet =
        check(&inputs, &given(&[("lead_id", "L-1042"), ("employees", "40.50"), ("note", "")])).unwrap();
    assert_eq!(
        packet.to_string(),
        r#"{"due":null,"employees":40.50,"lead_id":"L-1042","note":null,"source":"event","urgent":false}"#
    );
    assert_eq!(serde_json::from_str::<Packet>(&packet.to_string()).unwrap(), packet);
    let same = check(&inputs, &given(&[("employees", "40.50"), ("lead_id", "L-1042"), ("source", "event")]))
        .unwrap();
    assert_eq!(packet.digest(), same.digest());
    let other = check(&inputs, &given(&[("lead_id", "L-1043")])).unwrap();
    assert_ne!(packet.digest(), other.digest());
}

#[test]
fn everything_wrong_is_told_at_once() {
    let inputs =
        inputs(&["lead_id!: text", "source!: choice: demo_form, event", "employees: number", "day!: date"]);
    let problems = check(
        &inputs,
        &given(&[("lead_id", " \n"), ("source", "evnt"), ("employees", "forty"), ("dya", "x"), ("zzz", "1")]),
    )
    .unwrap_err();
    let found: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        found,
        [
            "the required input `lead_id` is missing",
            "the input `source`: `evnt` is not one of the choices",
            "the input `employees`: `forty` is not a number",
            "the required input `day` is missing",
            "the SOP has no input `dya`",
            "the SOP has no input `zzz`",
        ]
    );
    let text = words(&problems);
    for hint in
        ["lead_id: From the form.", "did you mean `event`?", "did you mean `day`?", "write one of: lead_id, "]
    {
        assert!(text.contains(hint), "{hint} is not in\n{text}");
    }
    assert!(words(&check(&[], &given(&[("x", "1")])).unwrap_err()).contains("it takes none"));
}

#[test]
fn hostile_text_is_kept_byte_for_byte() {
    let inputs = inputs(&["note!: text"]);
    for text in
        ["'; rm -rf / #", "$(reboot)`id`", "a\nb\r\n\tc", "\u{202e}\u{0}".trim_end_matches('\0'), "\"\\"]
    {
        let packet = check(&inputs, &given(&[("note", text)])).unwrap();
        assert_eq!(packet.0["note"], Exact::Text(text.to_owned()));
    }
}

#[test]
fn sizes_are_limited() {
    let names: Vec<String> = ('a'..='f').map(|letter| format!("{letter}: text")).collect();
    let inputs = inputs(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let largest = "x".repeat(LARGEST_VALUE);
    assert!(check(&inputs, &given(&[("a", &largest)])).is_ok());
    let over = format!("{largest}x");
    let problems = check(&inputs, &given(&[("a", &over)])).unwrap_err();
    assert!(words(&problems).contains("1048577 bytes long, and 1048576 are the most"));
    let four = ["a", "b", "c", "d"].map(|name| (name, largest.as_str()));
    let problems = check(&inputs, &given(&four)).unwrap_err();
    assert!(words(&problems).contains("4194308 bytes together"), "{}", words(&problems));
}

#[test]
fn both_forms_of_a_file_give_the_same_texts() {
    let json = r#"{ "lead_id": "0012", "amount": 1.50, "big": 12345678901234567890123, "urgent": true, "text": "a\nb \u00fc" }"#;
    let yaml = "# comment\nlead_id: 0012\namount: 1.50\nbig: 12345678901234567890123\nurgent: true\ntext: \"a\\nb ü\"\n";
    let expected = given(&[
        ("lead_id", "0012"),
        ("amount", "1.50"),
        ("big", "12345678901234567890123"),
        ("urgent", "true"),
        ("text", "a\nb ü"),
    ]);
    assert_eq!(from_file("in.json", json).unwrap(), expected);
    assert_eq!(from_file("in.yaml", yaml).unwrap(), expected);
    assert_eq!(
        from_file("in.yml", "a: yes\nb: 2026-11-20\nc: 'null'\n").unwrap(),
        given(&[("a", "yes"), ("b", "2026-11-20"), ("c", "null"),])
    );
    let empty = from_file("in.json", "\n").unwrap_err();
    assert!(empty.message.contains("in.json is empty") && empty.hint.unwrap().contains("one object"));
    assert_eq!(from_file("in.json", "{}").unwrap(), given(&[]));
    assert_eq!(from_file("in.yaml", "# nothing\n").unwrap(), given(&[]));
    let long = "x".repeat(LARGEST_VALUE);
    assert_eq!(from_file("in.yaml", &format!("a: {long}\n")).unwrap()["a"].len(), LARGEST_VALUE);
    assert_eq!(from_file("in.json", &format!("{{\"a\": \"{long}\"}}")).unwrap()["a"].len(), LARGEST_VALUE);
}

#[test]
fn a_file_in_no_form_is_refused_at_its_place() {
    for (name, text, expected) in [
        ("in.json", "{\"a\": 1,\n \"a\": 2}", "in.json:2:8: `a` is given twice"),
        ("in.json", "{\"a\": [1]}", "in.json:1:10: `a` is not a single value"),
        ("in.json", "{\"a\": null}", "`a` has no value"),
        ("in.json", "[1]", "an object with one value per input"),
        ("in.json", "{\"a\": 1,}", "in.json:1:9"),
        ("in.json", "{\"a\": 1} x", "in.json:1:10"),
        ("in.json", "", "in.json is empty"),
        ("in.yaml", "a: 1\na: 2\n", "in.yaml:2:1"),
        ("in.yaml", "a: 1\nb: [1]\n", "in.yaml:2:4"),
        ("in.yaml", "a:\n  b: 1\n", "in.yaml:2:3"),
        ("in.yaml", "a: 1\nb: ~\n", "in.yaml:2"),
        ("in.yaml", "a: 1\nb:\n", "in.yaml:2"),
        ("in.yaml", "a: null\n", "in.yaml:1"),
        ("in.yaml", "- a\n", "in.yaml:1"),
        ("in.yaml", "a: &x 1\nb: *x\n", "in.yaml:1"),
        ("in.txt", "a: 1\n", "in.txt is neither JSON nor YAML"),
        ("packet", "a: 1\n", "packet is neither JSON nor YAML"),
    ] {
        let problem = from_file(name, text).expect_err(text);
        assert!(problem.to_string().contains(expected), "{text}\nexpected: {expected}\nfound: {problem}");
        assert!(problem.hint.is_some());
    }
}
