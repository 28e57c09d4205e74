//! Judges whether a run is done: its rule held against what its steps left.

use super::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
pub struct JudgeDone;

impl Role for JudgeDone {
    const NAME: &'static str = "done";
    type Question = DoneQuestion;
    type Answer = DoneAnswer;
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoneQuestion {
    /// Title of the SOP.
    pub sop: String,
    /// The definition of done.
    pub rule: String,
    /// What the steps left, one entry each: title, state, values, words.
    pub evidence: Vec<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoneAnswer {
    /// Whether the rule is met.
    pub met: Met,
    /// The words of the evidence that show it, verbatim; empty when it cannot be told.
    pub quote: String,
    /// Why, one sentence.
    pub reason: String,
}

/// Whether a rule is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The evidence does not say.
    CannotTell,
}

/// Shortest quote that counts, in characters; the same as for verdicts on drafts.
const SHORTEST_QUOTE: usize = 20;

impl DoneQuestion {
    /// Whether `quote` stands in the evidence, white space apart.
    pub fn holds(&self, quote: &str) -> bool {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let quote = plain(quote);
        quote.chars().count() >= SHORTEST_QUOTE && self.evidence.iter().any(|one| plain(one).contains(&quote))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_counts_only_where_it_stands() {
        let question = DoneQuestion {
            sop: String::new(),
            rule: String::new(),
            evidence: vec!["Step 1: the record has\n7 of 7 fields".into()],
        };
        assert!(question.holds("the record has 7 of 7 fields"));
        assert!(!question.holds("the record has 8 of 8 fields"));
        assert!(!question.holds("7 of 7 fields"), "too short");
    }
}
