//! Cases of modes and gates. The truth table stands here a second time, written by hand.

use super::*;
use crate::sop::document::Approvers;

const AUTO: ExecutionMode = ExecutionMode::Auto;
const SUPERVISED: ExecutionMode = ExecutionMode::Supervised;
const STEP_BY_STEP: ExecutionMode = ExecutionMode::StepByStep;
const BY_PRIORITY: ExecutionMode = ExecutionMode::PriorityBased;
use Priority::{Critical, High, Low, Normal};

const RISKS: [RiskLevel; 4] = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];

/// For each mode and priority what is asked at risk low, medium, high and critical; first as it is, then with autonomy
/// widened. `-` nothing, `F` before the first step, `E` before each step.
const CELLS: [(ExecutionMode, Priority, [&str; 2]); 16] = [
    (AUTO, Critical, ["--FF", "----"]),
    (AUTO, High, ["--FF", "----"]),
    (AUTO, Normal, ["--FF", "----"]),
    (AUTO, Low, ["--FF", "----"]),
    (SUPERVISED, Critical, ["FFFF", "FFFF"]),
    (SUPERVISED, High, ["FFFF", "FFFF"]),
    (SUPERVISED, Normal, ["FFFF", "FFFF"]),
    (SUPERVISED, Low, ["FFFF", "FFFF"]),
    (STEP_BY_STEP, Critical, ["EEEE", "EEEE"]),
    (STEP_BY_STEP, High, ["EEEE", "EEEE"]),
    (STEP_BY_STEP, Normal, ["EEEE", "EEEE"]),
    (STEP_BY_STEP, Low, ["EEEE", "EEEE"]),
    (BY_PRIORITY, Critical, ["--FF", "----"]),
    (BY_PRIORITY, High, ["--FF", "----"]),
    (BY_PRIORITY, Normal, ["FFFF", "FFFF"]),
    (BY_PRIORITY, Low, ["FFFF", "FFFF"]),
];

fn plain(number: u32) -> Step {
    Step { number, title: format!("Step {number}"), ..Step::default() }
}

#[test]
fn a_start_asks_as_much_of_people_as_was_signed_or_more() {
    let modes = PriorityModes::default();
    let strict = [AUTO, SUPERVISED, STEP_BY_STEP];
    for (wanted, place) in strict.iter().zip(0..) {
        for (signed, other) in strict.iter().zip(0..) {
            assert_eq!(
                may_start_in(*wanted, *signed, (Normal, &modes)),
                place >= other,
                "{wanted:?} {signed:?}"
            );
        }
    }
    // What a priority stands for counts, not its name.
    assert!(may_start_in(BY_PRIORITY, SUPERVISED, (Low, &modes)));
    assert!(!may_start_in(BY_PRIORITY, SUPERVISED, (Critical, &modes)));
    assert!(
        may_start_in(AUTO, BY_PRIORITY, (High, &modes)) && !may_start_in(AUTO, BY_PRIORITY, (Normal, &modes))
    );
}

#[test]
fn every_cell_is_as_written_down() {
    let modes = PriorityModes::default();
    let steps = [plain(1), plain(2), plain(3)];
    let by_sop = Widened { sop: true, steps: BTreeSet::new() };
    let by_step = Widened { sop: false, steps: [1].into() };
    let not = Widened { sop: false, steps: [2, 3].into() };
    for (mode, priority, columns) in CELLS {
        for (letters, widenings) in columns.iter().zip([[&Widened::default(), &not], [&by_sop, &by_step]]) {
            for (risk, letter) in RISKS.into_iter().zip(letters.chars()) {
                for widened in widenings {
                    let rules = Rules { mode, priority, priority_modes: &modes, risk, widened };
                    let ask = match letter {
                        '-' => Ask::Nothing,
                        'F' => Ask::BeforeFirst,
                        _ => Ask::BeforeEach,
                    };
                    assert_eq!(asks(&rules, 1), ask, "{rules:?}");
                    assert_eq!(!at_start(&rules, 1).is_empty(), ask == Ask::BeforeFirst, "{rules:?}");
                    let asked = |step: &Step| !at_step(&rules, step, None).is_empty();
                    let each = ask == Ask::BeforeEach;
                    assert!(steps.iter().all(|step| asked(step) == each), "{rules:?}");
                }
            }
        }
    }
    let rows: BTreeSet<_> = CELLS.iter().map(|(mode, priority, _)| (*mode, *priority)).collect();
    assert_eq!(rows.len(), MODES.len() * PRIORITIES.len());
}

#[test]
fn priorities_stand_for_the_modes_of_the_settings() {
    let modes = PriorityModes { critical: STEP_BY_STEP, high: SUPERVISED, normal: AUTO, low: BY_PRIORITY };
    for (mode, priority, expected) in [
        (BY_PRIORITY, Critical, STEP_BY_STEP),
        (BY_PRIORITY, High, SUPERVISED),
        (BY_PRIORITY, Normal, AUTO),
        (BY_PRIORITY, Low, SUPERVISED),
        (AUTO, Critical, AUTO),
        (SUPERVISED, Normal, SUPERVISED),
        (STEP_BY_STEP, Low, STEP_BY_STEP),
    ] {
        assert_eq!(mode_of(mode, priority, &modes), expected, "{mode:?} {priority:?}");
    }
}

/// A step written as its keys.
fn step(number: u32, keys: &[&str]) -> Step {
    let mut step = plain(number);
    let lines: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    crate::sop::step_keys::apply_keys(&mut step, &lines).unwrap();
    step
}

/// Mode, widened, the keys of the step, what its condition came to; the reasons of its gate.
type Case<'a> = (ExecutionMode, &'a Widened, &'a [&'a str], Option<bool>, &'a [&'a str]);

#[test]
fn a_step_adds_gates_and_never_removes_one() {
    let modes = PriorityModes::default();
    let (none, step_2) = (Widened::default(), Widened { sop: false, steps: [2].into() });
    let all = Widened { sop: true, steps: BTreeSet::new() };
    let customers = "Reaches Customers: Yes";
    let cases: [Case<'_>; 14] = [
        (AUTO, &none, &[], None, &[]),
        (AUTO, &none, &["Approval Required: Yes"], None, &["requires an approval"]),
        (AUTO, &all, &["Approval Required: Yes"], None, &["requires an approval"]),
        (AUTO, &none, &["Approvers: coo, ceo (2)"], None, &["names who approves"]),
        (AUTO, &none, &["Approval Required: No", "Approvers: coo"], None, &[]),
        (AUTO, &none, &["Approval Required: No"], None, &[]),
        (AUTO, &none, &[], Some(true), &["condition"]),
        (AUTO, &none, &["Approval Required: Yes"], Some(false), &[]),
        (AUTO, &none, &["Approval Required: No"], Some(true), &["condition"]),
        (AUTO, &none, &[customers, "Approval Required: No"], None, &["reaches customers"]),
        (AUTO, &none, &[customers], Some(false), &["reaches customers"]),
        (AUTO, &step_2, &[customers], None, &[]),
        (AUTO, &all, &[customers], Some(true), &["condition"]),
        (STEP_BY_STEP, &none, &["Approval Required: No"], None, &["the mode is step_by_step"]),
    ];
    for (mode, widened, keys, when, reasons) in cases {
        let rules = Rules { mode, priority: Normal, priority_modes: &modes, risk: RiskLevel::Low, widened };
        let found = at_step(&rules, &step(2, keys), when);
        assert_eq!(found.len(), reasons.len(), "{mode:?} {keys:?}: {found:?}");
        for (found, expected) in found.iter().zip(reasons) {
            assert!(found.contains(expected), "{mode:?} {keys:?}: {found}");
        }
    }
}

#[test]
fn no_keys_of_a_step_ever_take_a_gate_away() {
    let modes = PriorityModes::default();
    let none = Widened::default();
    let approvers = Some(Approvers { parties: vec!["coo".into()], quorum: 1 });
    for (mode, priority, _) in CELLS {
        for risk in RISKS {
            let rules = Rules { mode, priority, priority_modes: &modes, risk, widened: &none };
            for approval_required in [None, Some(false), Some(true)] {
                for (approvers, when) in [(None, None), (approvers.clone(), None), (None, Some(false))] {
                    let changed = Step { approval_required, approvers, ..plain(1) };
                    let (before, after) = (at_step(&rules, &plain(1), None), at_step(&rules, &changed, when));
                    let kept = before.iter().all(|reason| after.contains(reason));
                    assert!(kept, "{rules:?}: {before:?} became {after:?}");
                }
            }
        }
    }
}

#[test]
fn the_first_gate_gives_every_reason() {
    let modes = PriorityModes::default();
    let none = Widened::default();
    let rules = Rules {
        mode: BY_PRIORITY,
        priority: Normal,
        priority_modes: &modes,
        risk: RiskLevel::High,
        widened: &none,
    };
    assert_eq!(
        at_start(&rules, 1),
        [
            "the priority is normal and stands for supervised, which asks before the first step",
            "the risk is high, which asks before the first step until autonomy is widened",
        ]
    );
    assert_eq!(
        at_step(&rules, &step(1, &["Approval Required: Yes", "Reaches Customers: Yes"]), None),
        ["the step reaches customers, which asks until autonomy is widened", "the step requires an approval",]
    );
}

#[test]
fn the_printed_tables_say_what_the_cells_say() {
    let words = |letter| match letter {
        '-' => "nothing",
        'F' => "before the first step",
        _ => "before each step",
    };
    let (table, summary) = (table(), summary());
    for (mode, priority, [plain, widened]) in CELLS {
        let cell = |letters: &str, at: usize| {
            let pair: Vec<char> = letters.chars().skip(at).take(2).collect();
            assert_eq!(pair[0], pair[1], "two risks under one heading ask the same");
            words(pair[0])
        };
        let cells = [cell(plain, 0), cell(plain, 2), cell(widened, 2)];
        let name = match mode {
            BY_PRIORITY => format!("`{}`, priority {}", mode.word(), priority.word()),
            _ => format!("`{}`", mode.word()),
        };
        let line = format!("| {name} | {} |", cells.join(" | "));
        assert!(table.lines().any(|found| found == line), "{line} is not in\n{table}");
    }
    assert_eq!(table.lines().filter(|line| line.starts_with("| `")).count(), 3 + 4 + 4);
    insta::assert_snapshot!(summary, @r"
    What a run asks of people, by mode:
      auto                      nothing; at risk high or critical before the first step, until autonomy is widened
      supervised                before the first step
      step_by_step              before each step
      priority_based, critical  nothing; at risk high or critical before the first step, until autonomy is widened
      priority_based, high      nothing; at risk high or critical before the first step, until autonomy is widened
      priority_based, normal    before the first step
      priority_based, low       before the first step
    What a step adds, in every mode:
      Approval Required: Yes, or Approvers named: asks before the step, in every mode
      Approval When: …: asks before the step when the expression holds
      Reaches Customers: Yes: asks before the step until autonomy is widened for the step or the SOP
      Approval Required: No: takes nothing away: what mode, risk or customers ask for is asked
    ");
}
