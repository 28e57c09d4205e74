//! The labelled pairs of `tests/corpus/conflicts`: precision and recall of each kind of conflict.

use super::*;
use crate::base::yaml;
use crate::sop::document::Trigger;
use crate::sop::facts::facts;
use crate::sop::sample::SAMPLE;
use crate::sop::{Sop, parse, render};
use std::fmt::Write as _;

/// The codes of findings, and the file with the pairs about it.
const KINDS: [(&str, &str); 8] = [
    ("conflicting_term", include_str!("../../../tests/corpus/conflicts/terms.yaml")),
    ("conflicting_threshold", include_str!("../../../tests/corpus/conflicts/thresholds.yaml")),
    ("conflicting_deadline", include_str!("../../../tests/corpus/conflicts/deadlines.yaml")),
    ("conflicting_owner", include_str!("../../../tests/corpus/conflicts/owners.yaml")),
    ("conflicting_approver", include_str!("../../../tests/corpus/conflicts/approvers.yaml")),
    ("same_trigger", include_str!("../../../tests/corpus/conflicts/triggers.yaml")),
    ("", include_str!("../../../tests/corpus/conflicts/unrelated.yaml")),
    ("", include_str!("../../../tests/corpus/conflicts/held_out.yaml")),
];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    case: String,
    label: Label,
    /// Code of the expected finding, in files that hold several kinds.
    #[serde(default)]
    kind: Option<String>,
    mine: Lines,
    theirs: Lines,
}

#[derive(Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Label {
    Conflict,
    Near,
    None,
}

/// What replaces the base's sections; `steps` replaces the text of the first step.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Lines {
    scope: Option<String>,
    roles: Option<String>,
    trigger: Option<String>,
    webhook: Option<String>,
    steps: Option<String>,
    definition_of_done: Option<String>,
    confidence: Option<String>,
    risk: Option<String>,
}

/// A plain SOP that says nothing another could contradict, with the lines of a case in it.
fn build(name: &str, lines: &Lines) -> Sop {
    let mut sop = parse("base.md", SAMPLE).unwrap();
    let put = |place: &mut String, text: &Option<String>, base: &str| {
        *place = text.clone().unwrap_or_else(|| base.to_owned());
    };
    sop.head.id = format!("SOP-OPS-{name}").parse().unwrap();
    sop.head.department = "OPS".into();
    sop.head.objective = "The work is done well.".into();
    sop.head.triggers = lines
        .webhook
        .iter()
        .map(|path| Trigger::Webhook(crate::sop::trigger::Hook::plain(path.clone())))
        .collect();
    let body = &mut sop.body;
    put(&mut body.scope, &lines.scope, "All of the work.");
    put(&mut body.roles, &lines.roles, "- ceo: takes part.");
    put(&mut body.trigger, &lines.trigger, &format!("The event of {name} is seen."));
    put(&mut body.definition_of_done, &lines.definition_of_done, "The result is there.");
    put(&mut body.confidence, &lines.confidence, "- Ask when in doubt.");
    put(&mut body.risk, &lines.risk, "- Little can happen.");
    body.purpose = "The work is done well.".into();
    body.preflight = "- The desk is free.".into();
    body.steps.truncate(1);
    let step = &mut body.steps[0];
    *step = crate::sop::Step { number: 1, title: "Do it".into(), ..Default::default() };
    put(&mut step.text, &lines.steps, "Do it.");
    sop
}

fn found(case: &Pair) -> Vec<Finding> {
    let (mine, theirs) = (build("mine", &case.mine), build("theirs", &case.theirs));
    let (mine_text, their_text) = (render(&mine), render(&theirs));
    let others = facts(&theirs, &their_text);
    for fact in &others {
        let line = their_text.lines().nth(fact.line as usize - 1).unwrap();
        assert!(line.contains(&fact.quote), "{}: line {} is not {:?}", case.case, fact.line, fact.quote);
    }
    let theirs = TheirFacts { id: theirs.head.id, version: theirs.head.version, draft: None, facts: others };
    conflicts(&mine.head.id, &facts(&mine, &mine_text), &theirs)
}

/// Per kind: right, wrong and missed findings, and what went wrong in words.
#[derive(Default)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
    words: String,
}

fn judge(scores: &mut BTreeMap<String, Score>, expected: &str, case: &Pair) {
    let found = found(case);
    let hit = found.iter().any(|finding| finding.code == expected);
    let score = scores.entry(expected.to_owned()).or_default();
    match (case.label == Label::Conflict, hit) {
        (true, true) => score.right += 1,
        (true, false) => {
            score.missed += 1;
            writeln!(score.words, "  missed: {}", case.case).unwrap();
        }
        (false, _) => {}
    }
    for finding in found.iter().filter(|finding| case.label != Label::Conflict || finding.code != expected) {
        let score = scores.entry(finding.code.clone()).or_default();
        score.wrong += 1;
        writeln!(score.words, "  wrong: {} ({} / {:?})", case.case, finding.quote, finding.other).unwrap();
        assert!(
            case.label != Label::Near || finding.severity != Severity::Blocking,
            "a near miss blocks: {}",
            case.case
        );
    }
}

#[test]
fn precision_and_recall_of_every_kind_are_at_least_nine_in_ten() {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut pairs = 0;
    for (expected, text) in KINDS {
        let cases: Vec<Pair> = yaml::read("corpus", text, 1).unwrap_or_else(|problem| panic!("{problem}"));
        pairs += cases.len();
        for case in &cases {
            judge(&mut scores, case.kind.as_deref().unwrap_or(expected), case);
        }
    }
    assert!(pairs >= 40);
    let mut report = format!("{pairs} labelled pairs\n");
    let mut low = false;
    for (kind, score) in scores.iter().filter(|(kind, _)| !kind.is_empty()) {
        let share = |part: u32, rest: u32| f64::from(part) / f64::from((part + rest).max(1));
        let (precision, recall) = (share(score.right, score.wrong), share(score.right, score.missed));
        writeln!(report, "{kind}: precision {precision:.2}, recall {recall:.2}\n{}", score.words.trim_end())
            .unwrap();
        low |= precision < 0.9 || recall < 0.9;
    }
    #[expect(clippy::print_stdout, reason = "the figures are what this test is read for")]
    {
        println!("{report}");
    }
    assert!(!low, "{report}");
}

#[test]
fn both_places_are_quoted_and_versions_of_one_sop_agree() {
    let line = |text: &str| Lines { scope: Some(text.to_owned()), ..Lines::default() };
    let case = Pair {
        case: String::new(),
        label: Label::Conflict,
        kind: None,
        mine: line("- **Large deal**: a deal above 50,000 EUR."),
        theirs: line("- **Large deal**: a deal above 80,000 EUR."),
    };
    let findings = found(&case);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].quote, "**Large deal**: a deal above 50,000 EUR.");
    insta::assert_snapshot!(findings[0].other.clone().unwrap(), @r#"SOP-OPS-theirs v1.1, line 33: "**Large deal**: a deal above 80,000 EUR.""#);
    let sop = build("mine", &case.mine);
    let facts = facts(&sop, &render(&sop));
    let theirs =
        TheirFacts { id: sop.head.id.clone(), version: sop.head.version, draft: None, facts: facts.clone() };
    assert_eq!(conflicts(&sop.head.id, &facts, &theirs), []);
}

/// What nobody has signed binds nobody, whatever the kind of contradiction.
#[test]
fn an_unfinished_draft_gives_advice_and_says_whose_it_is() {
    for line in ["webhook", "term"] {
        let webhook = (line == "webhook").then(|| "/new".to_owned());
        let scope =
            |sum: &str| (line == "term").then(|| format!("- **Large deal**: a deal above {sum} EUR."));
        let mine =
            build("mine", &Lines { webhook: webhook.clone(), scope: scope("50,000"), ..Lines::default() });
        let other = build("other", &Lines { webhook, scope: scope("80,000"), ..Lines::default() });
        let (mine_facts, their_facts) = (facts(&mine, &render(&mine)), facts(&other, &render(&other)));
        let against = |draft: Option<&str>| {
            let (id, facts) = (other.head.id.clone(), their_facts.clone());
            let draft = draft.map(str::to_owned);
            let theirs = TheirFacts { id, version: other.head.version, draft, facts };
            conflicts(&mine.head.id, &mine_facts, &theirs)
        };
        let (active, draft) = (against(None), against(Some("M-2026-1120-keys by cro")));
        assert!(active.iter().any(|one| one.severity == Severity::Blocking), "{line}: {active:?}");
        assert_eq!(draft.len(), active.len());
        for one in &draft {
            assert_eq!(one.severity, Severity::Advisory, "{one:?}");
            assert!(
                one.other.as_ref().unwrap().contains("an open draft of M-2026-1120-keys by cro"),
                "{one:?}"
            );
        }
    }
}
