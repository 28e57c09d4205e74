//! Cases of `render`: what is written is read back the same.

use super::*;
use crate::base::Span;
use crate::sop::document::*;
use crate::sop::id::{SopId, Version};
use crate::sop::parse;
use proptest::option::of;
use proptest::prelude::*;

fn words() -> impl Strategy<Value = String> {
    let tricky = prop::sample::select(vec![
        "yes",
        "A: b",
        "x #y",
        "true.",
        "null",
        "\"quoted\" it",
        "it's",
        "a | b",
        "C:\\dir",
        "- dash",
        "12",
        "Über",
        "{x}",
        "50%",
    ]);
    prop_oneof![tricky.prop_map(str::to_owned), "[A-Za-z][a-z]{0,8}( [a-z0-9,;%()]{1,8}){0,6}"]
}

fn markdown() -> impl Strategy<Value = String> {
    let block = prop_oneof![
        "[A-Z][a-z ]{0,40}[a-z.]",
        "- [a-z]{1,10}( [a-z]{1,8}){0,4}\n- [a-z]{1,10}",
        Just("```sh\n## X\n\n\n**Assignee**: nobody\n```".to_owned()),
        Just("| a | b |\n| - | - |\n| 1 | 2 |".to_owned()),
        Just("> quoted\n> text".to_owned()),
    ];
    prop::collection::vec(block, 1..4).prop_map(|blocks| blocks.join("\n\n"))
}

fn span() -> impl Strategy<Value = Span> {
    (1..90_u32, prop::sample::select(vec!["minute", "business day", "month"]))
        .prop_map(|(count, unit)| format!("{count} {unit}").parse().unwrap())
}

fn list() -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set("[a-z]{1,6}", 0..3).prop_map(|set| set.into_iter().collect())
}

fn input() -> impl Strategy<Value = Input> {
    let (none, some) = (|| Just(None::<String>), |text: &str| Just(Some(text.to_owned())));
    let choice = || Just(InputKind::Choice(vec!["demo_form".into(), "trade fair".into(), "a|b".into()]));
    let typed = prop_oneof![
        (Just(InputKind::Text), none(), none()),
        (Just(InputKind::Text), some("one, two; \\ three|four"), none()),
        (Just(InputKind::Text), none(), some(r"^L-\d{1,4}(\||,) x$")),
        (Just(InputKind::Email), some("a@example.com"), some(".*@example\\.com|x")),
        (Just(InputKind::YesNo), none(), none()),
        (Just(InputKind::Number), some("-0.5"), none()),
        (choice(), none(), none()),
        (choice(), some("a|b"), none()),
    ];
    let description = words().prop_map(|text| text.trim().to_owned());
    ("[a-z]{1,8}(_[a-z0-9]{1,4})?", typed, any::<bool>(), description).prop_map(
        |(name, (kind, default, pattern), required, description)| Input {
            name,
            kind,
            required,
            description,
            default,
            pattern,
        },
    )
}

fn gate() -> impl Strategy<Value = Step> {
    let approvers =
        (prop::collection::btree_set("[a-z]{2,5}", 1..4), 1..4_u32).prop_map(|(parties, quorum)| {
            let parties: Vec<String> = parties.into_iter().collect();
            let quorum = quorum.min(u32::try_from(parties.len()).unwrap());
            Approvers { parties, quorum }
        });
    let lapse = prop::sample::select(vec![Lapse::Escalate, Lapse::Skip, Lapse::Pause]);
    let timeout = (span(), lapse).prop_map(|(after, then)| ApprovalTimeout { after, then });
    let failure = prop_oneof![
        Just(OnFailure::Stop),
        Just(OnFailure::Rollback),
        Just(OnFailure::Goto(1)),
        (1..5_u32, of(span())).prop_map(|(times, every)| OnFailure::Retry { times, every }),
    ];
    (of(any::<bool>()), of(approvers), of(timeout), of(failure)).prop_map(
        |(approval_required, approvers, approval_timeout, on_failure)| Step {
            approval_required,
            approvers,
            approval_timeout,
            on_failure,
            ..Step::default()
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let rollback = prop_oneof![
        Just("undo it by hand".to_owned()),
        Just("```sh\nundo\n\nagain\n```".to_owned()),
        Just("First this.\n\n```sh\nundo\n```".to_owned()),
    ];
    let output = prop_oneof![
        Just("{\"type\": \"object\"}".to_owned()),
        Just("{\n  \"type\": \"object\"\n}".to_owned())
    ];
    let rest = (
        of(rollback),
        of(output),
        list(),
        list(),
        of(span()),
        of(0..=100_u8),
        of(Just("a.b > 1".to_owned())),
    );
    (gate(), words(), markdown(), of("[a-z]{1,5}\\.[a-z]{1,5}"), of("[a-z]{1,9} [a-z]{1,9}"), rest).prop_map(
        |(
            gate,
            title,
            text,
            assignee,
            artifact,
            (rollback, output, tools, secrets, time_limit, confidence, when),
        )| Step {
            title,
            text,
            assignee,
            artifact,
            when,
            time_limit,
            confidence,
            output,
            tools,
            rollback,
            secrets,
            ..gate
        },
    )
}

fn cron() -> impl Strategy<Value = Cron> {
    let zone =
        prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"]);
    let missed = prop::sample::select(vec![Missed::Skip, Missed::Once, Missed::All]);
    let schedule =
        prop::sample::select(vec!["0 9 * * 1-5", "*/5  8,9 L * *", "0 0 1 * +MON", "30 2 * * sun#2"]);
    (schedule, zone, missed).prop_map(|(schedule, zone, missed)| Cron {
        schedule: schedule.to_owned(),
        zone: zone.to_owned(),
        missed,
    })
}

fn head() -> impl Strategy<Value = Head> {
    let trigger = prop_oneof![
        Just(Trigger::Manual),
        Just(Trigger::Webhook(crate::sop::trigger::Hook::plain("/a/b"))),
        Just(Trigger::Webhook(crate::sop::trigger::Hook { path: "/a/b".into(), event: Some("push".into()) })),
        Just(Trigger::Cron(Cron::plain("0 8 * * 1"))),
        cron().prop_map(Trigger::Cron),
        prop::sample::select(vec!["incoming/*.csv", "a b/c/report-?.txt"])
            .prop_map(|path| Trigger::Files(path.to_owned())),
    ];
    let triggers = trigger.prop_map(|one| vec![one]).boxed();
    let triggers = prop_oneof![
        triggers,
        Just(vec![Trigger::Manual, Trigger::Cron(Cron::plain("*/5 * * * *"))]),
        Just(vec![])
    ];
    let limits = (of(span()), of(1..9_u32), of(Just(Admission::Coalesce)), of(0..=100_u8), of(span()));
    (words(), words(), words(), triggers, limits, (0..9_u32, 0..9_u32, 0..9_u32)).prop_map(
        |(
            title,
            objective,
            impact,
            triggers,
            (cooldown, max_concurrent, admission, confidence, review_every),
            v,
        )| Head {
            id: SopId::new("REV", "a-1").unwrap(),
            version: Version { major: v.0 + 1, minor: v.1, patch: v.2 },
            title,
            department: "REV".into(),
            owner: "vp.sales".into(),
            objective,
            description: "What it does.".into(),
            risk_level: RiskLevel::High,
            impact,
            execution_mode: ExecutionMode::StepByStep,
            priority: Priority::Critical,
            triggers,
            cooldown,
            max_concurrent,
            admission,
            confidence,
            review_every,
            created_by: "sop.manager".into(),
            created_at: "2026-11-20".into(),
            mission: Some("M-2026-1120-x".into()),
            contract: Some(crate::base::Digest::of("x")),
            supersedes: None,
        },
    )
}

fn sop() -> impl Strategy<Value = Sop> {
    let text = || markdown();
    let inputs = prop::collection::vec(input(), 0..4).prop_map(|mut inputs| {
        inputs.sort_by(|a, b| a.name.cmp(&b.name));
        inputs.dedup_by(|a, b| a.name == b.name);
        inputs
    });
    let steps = prop::collection::vec(step(), 1..4).prop_map(|mut steps| {
        for (index, step) in steps.iter_mut().enumerate() {
            step.number = u32::try_from(index + 1).unwrap();
        }
        steps
    });
    (head(), inputs, steps, text(), text(), prop_oneof![Just(String::new()), text()]).prop_map(
        |(head, inputs, steps, one, two, references)| Sop {
            head,
            body: Body {
                purpose: one.clone(),
                scope: two.clone(),
                roles: one.clone(),
                trigger: two.clone(),
                inputs,
                preflight: one.clone(),
                steps,
                definition_of_done: two.clone(),
                confidence: one.clone(),
                risk: two,
                references,
                change_log: one,
            },
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_is_written_reads_back_the_same(sop in sop()) {
        let text = render(&sop);
        let read = parse("s.md", &text).map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            TestCaseError::fail(format!("{}\n{text}", all.join("\n")))
        })?;
        prop_assert_eq!(&read, &sop);
        prop_assert_eq!(render(&read), text);
    }
}

#[test]
fn a_file_says_that_nothing_is_referenced_and_older_ones_left_the_section_empty() {
    let mut sop = parse("s.md", crate::sop::sample::SAMPLE).unwrap();
    sop.body.references = String::new();
    let text = render(&sop);
    let said = "\n## References\n\nNone.\n\n## Change log\n";
    assert!(text.contains(said), "{text}");
    for file in [text.clone(), text.replace(said, "\n## References\n\n## Change log\n")] {
        assert_eq!(parse("s.md", &file).as_ref(), Ok(&sop), "{file}");
    }
}

/// The sample with lines taken out, doubled and swapped.
fn damaged() -> impl Strategy<Value = String> {
    prop::collection::vec((0..150_usize, 0..4_u8, 0..150_usize), 1..4).prop_map(|edits| {
        let mut lines: Vec<String> = crate::sop::sample::SAMPLE.lines().map(str::to_owned).collect();
        for (at, what, other) in edits {
            let (at, other) = (at % lines.len(), other % lines.len());
            match what {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[other].clone()),
                2 => lines.swap(at, other),
                _ => {
                    let more = lines[other].clone();
                    lines[at].push_str(&more);
                }
            }
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    /// A damaged file is refused at a place, or means the same after it was read and written.
    #[test]
    fn damage_is_refused_or_survives(text in damaged()) {
        match parse("s.md", &text) {
            Err(problems) => prop_assert!(problems.iter().all(|problem| problem.place.is_some())),
            Ok(sop) => {
                let written = render(&sop);
                let again = parse("s.md", &written).map_err(|problems| {
                    TestCaseError::fail(format!("{}\n{written}", problems[0]))
                })?;
                prop_assert_eq!(&again, &sop, "{}", written);
                prop_assert!(crate::sop::facts::facts(&sop, &written).iter().all(|fact| fact.line > 0));
            }
        }
    }
}
