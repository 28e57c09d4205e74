//! What carries over from one round to the next: passing verdicts on unchanged sections, and the memory of
//! findings that come back.

use super::quote::{Verified, verify};
use super::sections::words;
use super::verdicts::{Report, Settled};
use super::{Contract, Finding, Severity};
use crate::base::Digest;
use std::collections::BTreeSet;

/// The passing verdicts of the round before that still count for `new_sop`: only those whose quoted section has
/// not changed by a word. Their quotes are re-read, so their lines are those of the new text.
pub fn surviving(before: &[Verified], contract: &Contract, old_sop: &str, new_sop: &str) -> Vec<Verified> {
    let still_counts = |verified: &Verified| {
        let section = verified.found.filter(|_| verified.passes())?.section;
        let assertion = contract.get(&verified.verdict.assertion)?;
        let unchanged = words(old_sop, section) == words(new_sop, section);
        let again = verify(&verified.verdict, assertion, new_sop);
        (unchanged && again.passes()).then_some(again)
    };
    before.iter().filter_map(still_counts).collect()
}

/// The blocking findings of this round that an earlier round had too (requirement F8): another round would only
/// repeat them, so a person is asked.
pub fn repeated<'a>(earlier: &[Vec<Finding>], now: &'a [Finding]) -> Vec<&'a Finding> {
    let known: BTreeSet<Digest> = earlier.iter().flatten().map(Finding::fingerprint).collect();
    let blocks = |finding: &&Finding| finding.severity == Severity::Blocking;
    now.iter().filter(blocks).filter(|finding| known.contains(&finding.fingerprint())).collect()
}

/// The same, where only a finding that blocked before, and for the same reason, has come back: a second remark on the same
/// place is another finding.
pub fn returned<'a>(earlier: &[Vec<Finding>], now: &'a [Finding]) -> Vec<&'a Finding> {
    let blocks = |finding: &&Finding| finding.severity == Severity::Blocking;
    let cause = |finding: &Finding| (finding.code.clone(), finding.section, finding.message.clone());
    let known: BTreeSet<_> = earlier.iter().flatten().filter(blocks).map(cause).collect();
    now.iter().filter(blocks).filter(|finding| known.contains(&cause(finding))).collect()
}

/// The blocking findings of the round before whose section has not changed by a word since; of those about no section, all
/// while the whole text stands.
pub fn standing(before: &[Finding], old_sop: &str, new_sop: &str) -> Vec<Finding> {
    let blocks = |finding: &&Finding| finding.severity == Severity::Blocking;
    let stands = |finding: &&Finding| match finding.section {
        Some(section) => words(old_sop, section) == words(new_sop, section),
        None => old_sop == new_sop,
    };
    before.iter().filter(blocks).filter(stands).cloned().collect()
}

/// The best of several rounds: fewest blocking assertions not passed, then fewest other assertions not passed,
/// then the latest. `None` without rounds.
pub fn best(rounds: &[Report]) -> Option<usize> {
    let open =
        |report: &Report| report.outcomes.iter().filter(|outcome| outcome.result != Settled::Passed).count();
    let worth = |report: &Report| (report.blocking().count(), open(report));
    rounds.iter().enumerate().rev().min_by_key(|(_, report)| worth(report)).map(|(round, _)| round)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::verdicts::combine;
    use crate::contract::{Answer, Assertion, Check, Verdict};
    use crate::sop::Section;

    fn contract() -> Contract {
        let assertion = Assertion {
            id: "VAL-A-001".to_owned(),
            statement: "Leads are called in time.".to_owned(),
            fails_if: "not".to_owned(),
            check: Check::Judged,
            severity: Severity::Blocking,
            sections: vec![Section::Steps],
            fulfilled_by: "synthesis".to_owned(),
        };
        Contract { assertions: vec![assertion] }
    }

    #[test]
    fn a_verdict_survives_only_while_its_section_is_unchanged() {
        let old = "## Scope\n\nAll leads.\n\n## Steps\n\nCall the lead within one day.\nLog it.\n";
        let verdict = Verdict {
            assertion: "VAL-A-001".to_owned(),
            answer: Answer::Pass,
            quote: "Call the lead within one day.".to_owned(),
            reason: "so".to_owned(),
        };
        let before = [verify(&verdict, contract().get("VAL-A-001").unwrap(), old)];
        let moved = old.replace("All leads.", "All leads.\n\nNone else.");
        let kept = surviving(&before, &contract(), old, &moved);
        assert_eq!(kept[0].found.unwrap().line, 9);
        let changed = old.replace("Log it.", "Log it twice.");
        assert!(surviving(&before, &contract(), old, &changed).is_empty());
    }

    #[test]
    fn a_blocking_finding_that_comes_back_is_noticed() {
        let finding = |severity, quote: &str| Finding {
            code: "vague-word".to_owned(),
            severity,
            section: Some(Section::Steps),
            message: "m".to_owned(),
            quote: quote.to_owned(),
            other: None,
        };
        let earlier = vec![vec![finding(Severity::Blocking, "As Soon as possible")], vec![]];
        let now = [
            finding(Severity::Blocking, "as soon  as possible"),
            finding(Severity::Blocking, "another"),
            finding(Severity::Advisory, "as soon as possible"),
        ];
        assert_eq!(repeated(&earlier, &now), [&now[0]]);
    }

    #[test]
    fn the_best_round_is_the_latest_of_the_least_broken() {
        let open = combine(&contract(), &[], &[]);
        let sound = Report { outcomes: vec![] };
        assert_eq!(best(&[open.clone(), sound.clone(), sound, open.clone()]), Some(2));
        assert_eq!(best(&[open.clone(), open]), Some(1));
        assert_eq!(best(&[]), None);
    }
}
