//! Limits the requester names and the draft does not. A department may know better; whoever decides must be told.

use crate::roles::MissionView;
use crate::sop::measure::{Measure, Sense, measures, same_amount};
use crate::sop::prose::sentences;
use crate::sop::tokens::words;

/// A sentence with one of these tells what happened, not what is wanted.
const PAST: [&str; 4] = ["was", "were", "had", "did"];

/// Each as a full sentence to the approver. What the version before says is there to be changed, and no wish.
pub(super) fn unmet(mission: &MissionView, draft: &str) -> Vec<String> {
    let known: Vec<Measure> = [Some(draft), mission.current.as_deref()]
        .into_iter()
        .flatten()
        .flat_map(|text| sentences(text, 1))
        .flat_map(|sentence| measures(&sentence.text))
        .collect();
    let said = |limit: &Measure| {
        known.iter().any(|one| one.dimension == limit.dimension && same_amount(&one.amount, &limit.amount))
    };
    let answered =
        mission.answers.iter().filter(|answer| !answer.assumed).map(|answer| answer.answer.as_str());
    let mut list: Vec<String> = Vec::new();
    for sentence in [mission.text.as_str()].into_iter().chain(answered).flat_map(|text| sentences(text, 1)) {
        let words = words(&sentence.text);
        if words.iter().any(|word| PAST.contains(&word.as_str())) {
            continue;
        }
        for limit in measures(&sentence.text).into_iter().filter(|one| is_limit(one) && !said(one)) {
            let limit = words.get(limit.start..limit.end).unwrap_or_default().join(" ");
            list.push(format!(
                "Whether it may go without “{limit}”, which the requester says and no line of the draft: “{}”",
                sentence.text
            ));
        }
    }
    list.dedup();
    list
}

/// An amount of time, money or a share that must be kept; one that is only told is a circumstance.
fn is_limit(measure: &Measure) -> bool {
    !measure.dimension.is_empty() && measure.sense != Sense::Plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::Answered;

    fn mission(text: &str) -> MissionView {
        MissionView {
            title: "Offboarding".to_owned(),
            text: text.to_owned(),
            objective: None,
            change: "new".to_owned(),
            current: None,
            answers: Vec::new(),
        }
    }

    #[test]
    fn a_limit_that_no_line_says_is_told_with_its_sentence() {
        let asked = mission(
            "We had 3 leaks in 2 years. Access is removed within 4 hours, who does it is written down.",
        );
        let list = unmet(&asked, "Disable the account within 30 minutes.");
        assert_eq!(
            list,
            [
                "Whether it may go without “within 4 hours”, which the requester says and no line of the draft: \
              “Access is removed within 4 hours, who does it is written down.”"
            ]
        );
        assert!(unmet(&asked, "Disable it no later than 240 minutes after the end.").is_empty());
        assert!(
            unmet(&mission("Invoices above 5,000 EUR; 40 people; two offices."), "Above €5,000.").is_empty()
        );
    }

    #[test]
    fn what_is_changed_is_no_wish_and_answers_are_unless_assumed() {
        let mut asked = mission("Answer within 24 hours instead of within 48 hours.");
        asked.current = Some("Answer within 48 hours.".to_owned());
        assert!(unmet(&asked, "Answer within 24 hours.").is_empty());
        let answer = |answer: &str, assumed| Answered {
            question: "Until when?".to_owned(),
            answer: answer.to_owned(),
            assumed,
        };
        asked.answers = vec![answer("Within 5 days.", false), answer("Within 6 days.", true)];
        let list = unmet(&asked, "Answer within 24 hours.");
        assert!(list.len() == 1 && list[0].contains("“within 5 days”"), "{list:?}");
    }
}
