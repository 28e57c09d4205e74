//! Re-reads what a validator quotes (requirement F3): a quote that is not there voids the verdict.

use super::sections::{SectionText, sections};
use super::{Answer, Assertion, Verdict};
use crate::base::markdown::one_line;
use crate::sop::Section;
use serde::{Deserialize, Serialize};

/// Shortest quote that counts, in characters: below that, almost any text holds it.
pub const MIN_QUOTE: usize = 20;

/// A verdict after its quote was re-read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// What the validator said.
    pub verdict: Verdict,
    /// Where the quote stands; nothing was quoted when absent.
    pub found: Option<Found>,
    /// Why the verdict does not count; it counts when absent.
    pub voided: Option<String>,
}

/// Where a quote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The section.
    pub section: Section,
    /// Line of its first word in the whole text, from 1.
    pub line: u32,
}

impl Verified {
    /// Whether it counts as a pass: an answer that says so, with evidence that was found.
    pub fn passes(&self) -> bool {
        self.voided.is_none() && self.verdict.answer == Answer::Pass && self.found.is_some()
    }
    /// Whether it counts as a failure.
    pub fn fails(&self) -> bool {
        self.voided.is_none() && self.verdict.answer == Answer::Fail
    }
}

/// Re-reads the quote of `verdict` in `sop_text`.
///
/// A quote must have [`MIN_QUOTE`] characters and stand word for word (white space aside) in the text, in whichever
/// section. Only a verdict that something is missing (`fail`, `cannot_tell`) may come without one:
/// what is not there cannot be quoted.
pub fn verify(verdict: &Verdict, assertion: &Assertion, sop_text: &str) -> Verified {
    let done = |found, voided| Verified { verdict: verdict.clone(), found, voided };
    if verdict.assertion != assertion.id {
        return done(
            None,
            Some(format!("the verdict is about `{}`, not `{}`", verdict.assertion, assertion.id)),
        );
    }
    let quote = one_line(verdict.quote.trim().trim_matches(['"', '“', '”', '„']));
    if quote.is_empty() {
        let voided = (verdict.answer == Answer::Pass).then(|| "a pass without a quote".to_owned());
        return done(None, voided);
    }
    let length = quote.chars().count();
    if length < MIN_QUOTE {
        return done(None, Some(format!("the quote has {length} characters; {MIN_QUOTE} are the least")));
    }
    // The sections an assertion names are where to look first; what stands elsewhere is said all the same.
    let mut all = sections(sop_text);
    all.retain(|text| text.section != Section::ChangeLog);
    all.sort_by_key(|text| !assertion.sections.contains(&text.section));
    match all.iter().find_map(|text| find(&quote, text)) {
        Some(found) => done(Some(found), None),
        None => done(None, Some("the quote is not in the text".to_owned())),
    }
}

/// Looks for a quote with single spaces in a section with any white space.
fn find(quote: &str, text: &SectionText<'_>) -> Option<Found> {
    let mut joined = String::new();
    let mut starts: Vec<(usize, u32)> = Vec::new();
    for (number, line) in &text.lines {
        for word in line.split_whitespace() {
            if !joined.is_empty() {
                joined.push(' ');
            }
            starts.push((joined.len(), *number));
            joined.push_str(word);
        }
    }
    let at = joined.find(quote)?;
    let (_, line) = starts.iter().rev().find(|(start, _)| *start <= at)?;
    Some(Found { section: text.section, line: *line })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Check, Severity};

    const SOP: &str = "---\nid: x\n---\n## Purpose\n\nSales calls every qualified lead.\n\n## Steps\n\nCall the lead\nwithin one business day.\n";

    fn assertion() -> Assertion {
        Assertion {
            id: "VAL-STEPS-001".to_owned(),
            statement: "Leads are called in time.".to_owned(),
            fails_if: "no time is given".to_owned(),
            check: Check::Judged,
            severity: Severity::Blocking,
            sections: vec![Section::Steps],
            fulfilled_by: "vp.sales".to_owned(),
        }
    }

    fn verified(answer: Answer, quote: &str) -> Verified {
        let verdict = Verdict {
            assertion: "VAL-STEPS-001".to_owned(),
            answer,
            quote: quote.to_owned(),
            reason: "because".to_owned(),
        };
        verify(&verdict, &assertion(), SOP)
    }

    #[test]
    fn a_pass_needs_a_quote_that_is_there() {
        let good = verified(Answer::Pass, "“Call the lead within  one business day.”");
        assert_eq!(good.found, Some(Found { section: Section::Steps, line: 10 }));
        assert!(good.passes());
        // The sections an assertion names are where to look first, and not the only place where a thing may be said.
        let elsewhere = verified(Answer::Pass, "Sales calls every qualified lead.");
        assert_eq!(elsewhere.found, Some(Found { section: Section::Purpose, line: 6 }));
        assert!(elsewhere.passes());
        for (quote, why) in [
            ("", "a pass without a quote"),
            ("Call the lead", "the quote has 13 characters; 20 are the least"),
            ("Call the lead within two business days.", "the quote is not in the text"),
            ("call the lead within one business day.", "the quote is not in the text"),
        ] {
            let bad = verified(Answer::Pass, quote);
            assert_eq!(bad.voided.as_deref(), Some(why), "{quote}");
            assert!(!bad.passes() && !bad.fails());
        }
    }

    #[test]
    fn what_is_missing_cannot_be_quoted_but_an_invented_quote_voids_a_failure_too() {
        assert!(verified(Answer::Fail, "").fails());
        assert!(!verified(Answer::Fail, "Call the lead whenever it suits you.").fails());
        let unsure = verified(Answer::CannotTell, "");
        assert!(!unsure.passes() && !unsure.fails() && unsure.voided.is_none());
    }
}
