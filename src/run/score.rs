//! Completion quality of a run (requirement B6): a number from 0 to 100 with the parts it is made of, so that nobody
//! has to believe it.

use super::records::StepRow;
use super::state::StepState;
use serde::Serialize;

/// How well a run went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quality {
    /// 0 to 100.
    pub points: u8,
    /// What was taken off, one sentence each.
    pub parts: Vec<String>,
}

/// Points taken off, once for each occurrence, and at most so many together.
const MISSING_ARTIFACT: (u32, u32) = (15, 30);
const RETRY: (u32, u32) = (5, 20);
const REFUSED: (u32, u32) = (5, 20);
const LEFT_OUT: (u32, u32) = (10, 30);
const OVERRIDE: (u32, u32) = (10, 20);
const LATE: (u32, u32) = (5, 20);
const CHECK: (u32, u32) = (10, 30);
/// Taken off for the least sure result: one point for every four percent below this.
const SURE: u8 = 80;

/// The quality of a run with these steps, overridden gates and checks that did not pass. From 100 are taken: 15 for
/// each promised artifact that is not there (at most 30), 10 for each check that did not pass (30), 5 for each further
/// try (20), 5 for each no at a gate (20), 10 for each step a person left out (30), 10 for each gate that nobody answered (20), 5 for each step done
/// after it was due (20), and a quarter of what the least sure result lacks to 80 %.
pub(super) fn score(
    steps: &[StepRow],
    refused: &[String],
    overrides: &[String],
    checks: &[String],
) -> Quality {
    let done = |step: &&StepRow| step.state == StepState::Completed;
    let titles = |found: Vec<&StepRow>| found.iter().map(|step| step.title.clone()).collect::<Vec<_>>();
    let nothing =
        |step: &&StepRow| step.files.is_empty() && step.outputs.is_empty() && step.said.trim().is_empty();
    let missing = steps.iter().filter(done).filter(|step| step.artifact.is_some()).filter(nothing).collect();
    let tries: Vec<String> = steps
        .iter()
        .flat_map(|step| {
            let more = step.attempts.saturating_sub(1) + step.visits.saturating_sub(1);
            std::iter::repeat_n(step.title.clone(), usize::try_from(more).unwrap_or(0))
        })
        .collect();
    let out = |step: &&StepRow| step.is_left_out();
    let mut parts = Vec::new();
    let mut off = 0;
    for (what, names, rule) in [
        ("no artifact of", titles(missing), MISSING_ARTIFACT),
        ("not shown to be kept", checks.to_vec(), CHECK),
        ("tried again", tries, RETRY),
        ("refused before it went ahead", refused.to_vec(), REFUSED),
        ("left out by a person", titles(steps.iter().filter(out).collect()), LEFT_OUT),
        ("nobody answered", overrides.to_vec(), OVERRIDE),
        ("late", titles(steps.iter().filter(|step| step.is_late()).collect()), LATE),
    ] {
        let (each, most) = rule;
        let taken = (each * u32::try_from(names.len()).unwrap_or(u32::MAX)).min(most);
        if taken > 0 {
            parts.push(format!("{taken} off, {what}: {}", names.join(", ")));
            off += taken;
        }
    }
    if let Some(least) = steps.iter().filter_map(|step| step.confidence).min().filter(|least| *least < SURE) {
        let taken = u32::from(SURE - least).div_ceil(4);
        parts.push(format!("{taken} off, the least sure result is at {least} %"));
        off += taken;
    }
    Quality { points: u8::try_from(100_u32.saturating_sub(off)).unwrap_or(0), parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Instant;

    fn step(number: u32) -> StepRow {
        StepRow {
            number,
            title: format!("step {number}"),
            work: "command".into(),
            state: StepState::Completed,
            reason: String::new(),
            assignee: "a".into(),
            skills: Vec::new(),
            depends_on: Vec::new(),
            artifact: Some("a record".into()),
            due_at: None,
            visits: 1,
            attempts: 1,
            started_at: Some(Instant(0)),
            ended_at: Some(Instant(10)),
            confidence: None,
            outputs: crate::base::Exacts::new(),
            said: "done".into(),
            files: Vec::new(),
        }
    }

    #[test]
    fn each_part_takes_what_its_rule_says() {
        let points = |change: fn(&mut StepRow)| {
            let mut one = step(1);
            change(&mut one);
            score(&[one, step(2)], &[], &[], &[]).points
        };
        assert_eq!(points(|_| {}), 100);
        assert_eq!(points(|step| step.said.clear()), 85);
        assert_eq!(points(|step| step.attempts = 3), 90);
        assert_eq!(points(|step| step.attempts = 30), 80);
        assert_eq!(points(|step| step.due_at = Some(Instant(9))), 95);
        assert_eq!(points(|step| step.confidence = Some(80)), 100);
        assert_eq!(points(|step| step.confidence = Some(40)), 90);
        assert_eq!(score(&[step(1)], &[], &["a gate".into()], &[]).points, 90);
        let checked = score(&[step(1)], &[], &[], &["answer in English".into()]);
        assert_eq!(checked.parts, ["10 off, not shown to be kept: answer in English"]);
        let refused = ["Let step 1 go ahead".to_owned()];
        assert_eq!(score(&[step(1)], &refused, &[], &[]).points, 95, "asked again is not as good as at once");
        let mut out = step(1);
        out.state = StepState::Skipped;
        out.reason = crate::run::records::left_out("ceo", "not now");
        assert_eq!(score(&[out], &[], &[], &[]).parts, ["10 off, left out by a person: step 1"]);
    }
}
