//! Cases of `parse`: what is refused, with its place, and what is read.

use super::*;
use crate::sop::render;
use crate::sop::sample::SAMPLE;
use std::fmt::Write as _;

/// Every problem as `line: message / hint`.
fn problems(text: &str) -> String {
    let mut out = String::new();
    for problem in parse("s.md", text).err().unwrap_or_default() {
        let place = problem.place.unwrap();
        writeln!(
            out,
            "{}:{}: {} / {}",
            place.line,
            place.column,
            problem.message,
            problem.hint.unwrap_or_default()
        )
        .unwrap();
    }
    out
}

#[test]
fn the_sample_reads_and_is_written_back() {
    let sop = parse("s.md", SAMPLE).unwrap();
    assert_eq!(sop.body.steps.len(), 3);
    assert_eq!(sop.body.inputs[1].name, "source");
    assert!(sop.body.steps[0].text.contains("## not a heading"));
    assert_eq!(sop.body.steps[2].approval_required, Some(true));
    assert!(sop.body.steps[2].rollback.as_deref().unwrap().ends_with("```"));
    assert_eq!(render(&sop), SAMPLE);
}

#[test]
fn the_skill_form_of_a_step_reads_the_same() {
    let loose = SAMPLE
        .replace("  \n**", "\n**")
        .replace("\n### Step 2", "\n---\n\n### Step 2")
        .replace("**Assignee**: sales.ops", "**Assignee:** sales.ops")
        .replace('\n', "\r\n");
    assert_eq!(parse("s.md", &loose).unwrap(), parse("s.md", SAMPLE).unwrap());
}

/// Each row: what is replaced by what, and what the problem must say.
#[test]
fn every_mistake_is_refused_at_its_place() {
    let mut missed = String::new();
    for (from, to, expected) in [
        (
            "**Approval Required**: Yes",
            "**Approval Required**: true",
            "103:24: `true` is neither `Yes` nor `No`",
        ),
        ("**Approval Required**: Yes", "**Approval Requird**: Yes", "did you mean `Approval Required`?"),
        ("**Approval Required**: Yes", "- **Approval Required**: Yes", "would be read as text"),
        ("./crm release", "x\n```\n\n```bash\n./crm release", "what the step itself does"),
        ("**Approval Required**: Yes", "Approval Required: Yes", "would be read as text"),
        ("**Approval Required**: Yes", "*Approval Required*: Yes", "would be read as text"),
        ("**Approval Required**: Yes", "**Approval Required** Yes", "not written as a key"),
        (", then escalate", ", then escalte", "did you mean `escalate`?"),
        ("**Confidence**: 80%", "**Confidence**: 80%  \n**Confidence**: 90%", "given twice"),
        ("### Step 2: Score", "### Step 3: Score", "step 3 stands where step 2 belongs"),
        ("### Step 2: Score", "### 2. Score", "is not the heading of a step"),
        ("## Pre-flight", "## Preflight", "did you mean `Pre-flight`?"),
        ("## Pre-flight", "## Notes", "an SOP has no section `Notes`"),
        ("## References", "## Purpose", "the section `Purpose` is there twice"),
        ("## not a heading\n```", "## not a heading", "never closed"),
        ("with the status `new`.", "with the status `new`.\n---", "put a blank line before `---`"),
        (
            "| `source`    | choice:",
            "| `source`    | choise:",
            "54:17: `choise: demo_form, event, referral` is not a type of input",
        ),
        ("| number ", "| numbr ", "did you mean `number`?"),
        ("| no       |", "| maybe    |", "does not say whether `employees` is required"),
        ("`employees` |", "`lead_id`   |", "there twice"),
        ("`employees` |", "`Employees` |", "not a name for an input"),
        ("owner: vp.sales", "owner: VP Sales", "6:1: `VP Sales` is not an agent id"),
        ("department: REV", "department: OPS", "5:1: the department is `OPS`, the id says `REV`"),
        ("confidence: 80", "confidence: 850", "write a percentage from 0 to 100"),
        ("priority: normal", "priority: [", "one word is expected here"),
        ("execution_mode: supervised", "execution_mode: supervized", "11:17"),
        ("priority: normal", "priorty: normal", "12:1"),
        ("max_concurrent: 3", "max_concurrent: yes", "17:17"),
        ("created_at: 2026-11-20", "created_at: 2026-13-20", "is not a date"),
        ("supersedes: 1.0", "supersedes: 1.1", "not an earlier one"),
        ("# Lead qualification\n", "# Lead triage\n", "is not the title of the head"),
        (
            "- vp.sales: owns this SOP and decides disputed scores.\n- sales.ops: keeps the record complete.\n- chief.staff, coo: approve the hand-over, two of two.\n",
            "",
            "empty",
        ),
        ("\"/leads/new\"", "leads", "is not a path"),
        ("!= \"referral\"", "!= ", "is not an expression"),
    ] {
        let text = SAMPLE.replacen(from, to, 1);
        assert_ne!(text, SAMPLE, "{from} is not in the sample");
        let found = problems(&text);
        if !found.contains(expected) {
            writeln!(missed, "{to}\nexpected: {expected}\nfound: {found}").unwrap();
        }
    }
    assert_eq!(missed, "");
}

#[test]
fn the_peers_three_mistakes_are_not_ours() {
    let yes = SAMPLE.replace("max_concurrent: 3", "requires_confirmation: yes");
    assert!(problems(&yes).contains("requires_confirmation"), "{}", problems(&yes));
    let kind = SAMPLE.replace("admission: hold", "admission: checkpiont");
    assert!(problems(&kind).contains("checkpiont"), "{}", problems(&kind));
    assert_eq!(parse("s.md", SAMPLE).unwrap().body.steps.len(), 3, "steps after a fenced heading are kept");
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let text = SAMPLE
        .replace("owner: vp.sales", "owner: VP Sales")
        .replace("**Assignee**: sales.ops", "**Asignee**: sales.ops")
        .replace("## Change log", "## Changelog");
    insta::assert_snapshot!(problems(&text), @"
    6:1: `VP Sales` is not an agent id / write the one id, for example `vp.sales`
    73:3: a step has no key `Asignee` / did you mean `Assignee`?
    132:1: an SOP has no section `Changelog` / did you mean `Change log`?
    135:0: the section `Change log` is missing / add `## Change log`
    ");
}

#[test]
fn sections_in_the_wrong_order_are_told_where_they_belong() {
    let text =
        SAMPLE.replace("## Purpose", "## X").replace("## Scope", "## Purpose").replace("## X", "## Scope");
    assert!(
        problems(&text).contains("`Purpose` is out of order / put it after `the title`"),
        "{}",
        problems(&text)
    );
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let steps: String = (1..=1_001).map(|n| format!("### Step {n}: Do it\n\nDo it.\n\n")).collect();
    for (text, expected) in
        [(steps, "1001 steps, and at most 1000"), ("x".repeat(1024 * 1024 + 1), "1048577 bytes")]
    {
        let problems = parse("a.md", &text).unwrap_err();
        assert!(problems.len() == 1 && problems[0].message.contains(expected), "{problems:?}");
    }
}
