//! Words: steps tell what to do, in words one can act on, with the requirement words of RFC 2119 in capitals.

use super::{Hit, Rule, Subject};
use crate::contract::Severity::Advisory;
use crate::sop::document::{Section, Step};
use crate::sop::prose::{Sentence, sentences};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "steps_imperative",
        what: "titles and sentences of steps begin with what to do",
        severity: Advisory,
        section: Section::Steps,
        look: steps_imperative,
    },
    Rule {
        name: "no_vague_words",
        what: "steps, checks, trigger and definition of done hold no vague words",
        severity: Advisory,
        section: Section::Steps,
        look: no_vague_words,
    },
    Rule {
        name: "requirement_words_in_capitals",
        what: "MUST, SHOULD and MAY are written in capitals where a step requires something (RFC 2119)",
        severity: Advisory,
        section: Section::Steps,
        look: requirement_words,
    },
];

/// Words that leave it to the reader what is meant.
const VAGUE: [&str; 38] = [
    "adequate",
    "adequately",
    "and so on",
    "appropriate",
    "appropriately",
    "as appropriate",
    "as necessary",
    "as needed",
    "as possible",
    "as required",
    "asap",
    "best effort",
    "etc",
    "generally",
    "if necessary",
    "if possible",
    "in a timely manner",
    "normally",
    "often",
    "periodically",
    "properly",
    "promptly",
    "quickly",
    "reasonable",
    "reasonably",
    "regularly",
    "relevant parties",
    "relevant stakeholders",
    "significant",
    "significantly",
    "soon",
    "sufficient",
    "sufficiently",
    "suitable",
    "timely",
    "try to",
    "usually",
    "various",
];

/// Sentences may begin with these before they come to what is to be done.
const LEADS: [&str; 24] = [
    "if",
    "when",
    "whenever",
    "where",
    "for",
    "before",
    "after",
    "once",
    "until",
    "while",
    "with",
    "without",
    "within",
    "from",
    "then",
    "only",
    "always",
    "never",
    "do",
    "unless",
    "otherwise",
    "on",
    "in",
    "by",
];

/// First words that are never what is to be done.
const NOT_VERBS: [&str; 38] = [
    "the", "a", "an", "this", "that", "these", "those", "it", "its", "there", "we", "you", "they", "i", "he",
    "she", "our", "your", "their", "all", "each", "every", "any", "some", "both", "no", "not", "new", "is",
    "are", "was", "were", "will", "would", "should", "must", "may", "can",
];

/// Verbs whose endings look like those of nouns or other forms.
const VERBS: [&str; 42] = [
    "access",
    "address",
    "assess",
    "bring",
    "bypass",
    "canvass",
    "caution",
    "comment",
    "condition",
    "cross",
    "discuss",
    "dismiss",
    "document",
    "embed",
    "exceed",
    "feed",
    "fling",
    "focus",
    "implement",
    "mention",
    "need",
    "pass",
    "ping",
    "position",
    "press",
    "proceed",
    "process",
    "provision",
    "question",
    "ring",
    "seed",
    "speed",
    "string",
    "succeed",
    "supplement",
    "sanction",
    "transition",
    "partition",
    "experiment",
    "requisition",
    "commission",
    "decommission",
];

const NOUN_ENDINGS: [&str; 6] = ["tion", "sion", "ment", "ness", "ance", "ing"];

/// Why `text` does not begin with what to do, if so.
fn not_imperative(text: &str, is_title: bool) -> Option<String> {
    let text = text.trim_start_matches(['*', '_', '`', '"', '(', '[']);
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || ".-'".contains(*c)).collect();
    let lower = word.trim_end_matches(['.', '-']).to_lowercase();
    if lower.is_empty() || lower.starts_with(|c: char| c.is_ascii_digit()) || VERBS.contains(&lower.as_str())
    {
        return None;
    }
    if LEADS.contains(&lower.as_str()) {
        return None;
    }
    let agent = lower.contains('.');
    let noun = NOUN_ENDINGS.iter().any(|ending| lower.ends_with(ending)) && lower.len() > 5;
    let third = lower.ends_with('s') && !lower.ends_with("ss") && lower.len() > 3;
    let past = lower.ends_with("ed") && lower.len() > 4;
    let wrong = NOT_VERBS.contains(&lower.as_str()) || agent || past || noun || (third && is_title);
    wrong.then_some(word)
}

/// A rule with a requirement word, and a list that explains, need not be an order.
fn is_rule(sentence: &str) -> bool {
    ["MUST", "SHOULD", "MAY", "SHALL", "REQUIRED", "RECOMMENDED"]
        .iter()
        .any(|word| super::people::holds_word(sentence, word))
}

fn steps_imperative(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        if let Some(word) = not_imperative(&step.title, true) {
            let message =
                format!("The title of step {} begins with \"{word}\"; begin with what to do.", step.number);
            hits.push(Hit::step(step, message));
        }
        // A rule of a step is a full sentence, and stands as a bullet.
        let bullets: Vec<&str> =
            step.text.lines().map(str::trim).filter(|line| line.starts_with(['-', '*'])).collect();
        let told = |sentence: &Sentence| {
            !is_rule(&sentence.text) && !bullets.iter().any(|line| line.contains(&sentence.text))
        };
        for sentence in sentences(&step.text, 1).into_iter().filter(told) {
            if let Some(word) = not_imperative(&sentence.text, false).filter(|_| !is_fragment(&sentence)) {
                let message = format!(
                    "A sentence of step {} begins with \"{word}\"; say what to do, or use MUST.",
                    step.number
                );
                hits.push(Hit::new(Section::Steps, message, sentence.quote));
            }
        }
    }
    hits
}

/// Rows of tables and short list items are not sentences.
fn is_fragment(sentence: &Sentence) -> bool {
    sentence.text.starts_with('|') || sentence.text.split_whitespace().count() < 4
}

fn no_vague_words(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let body = &subject.sop.body;
    let steps = subject.steps().iter().map(|step: &Step| (Section::Steps, &step.text));
    let others = [
        (Section::Trigger, &body.trigger),
        (Section::Preflight, &body.preflight),
        (Section::DefinitionOfDone, &body.definition_of_done),
    ];
    for (section, text) in steps.chain(others) {
        for sentence in sentences(text, 1) {
            let lower = sentence.text.to_lowercase();
            let vague =
                VAGUE.iter().filter(|vague| super::people::holds_word(&lower, vague)).max_by_key(|v| v.len());
            if let Some(vague) = vague {
                let message =
                    format!("\"{vague}\" leaves open what is meant; say how much, how soon, or which.");
                hits.push(Hit::new(section, message, sentence.quote));
            }
        }
    }
    hits
}

fn requirement_words(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        for sentence in sentences(&step.text, 1) {
            let word = ["must", "should", "shall", "may"]
                .into_iter()
                .find(|word| super::people::holds_word(&sentence.text, word));
            if let Some(word) = word {
                let capitals = word.to_uppercase();
                let message = format!(
                    "\"{word}\" in step {}: write {capitals} if it binds, or an order without it.",
                    step.number
                );
                hits.push(Hit::new(Section::Steps, message, sentence.quote));
            }
        }
    }
    hits
}
