//! One entry of a `### Steps` part: title, sentences, keys, rules.

use super::parse::Source;
use super::{KnownStep, Phase};
use crate::base::markdown::{Item, What, one_line};
use crate::base::{Span, text::listed};
use crate::sop::Step;

/// Keys a step may have in an agent file. `Depends On` is missing on purpose: steps of several agents are put
/// in order by their phases, so a number would point at the wrong step.
const KEYS: [&str; 17] = [
    "Phase",
    "Assignee",
    "Artifact",
    "Time Limit",
    "When",
    "Approval Required",
    "Approvers",
    "Approval Timeout",
    "Approval When",
    "On Failure",
    "Needs Skills",
    "Confidence",
    "Output",
    "Tools",
    "Reaches Customers",
    "Rollback",
    "Secrets",
];

/// The phases in order, as written.
pub(crate) const PHASES: [(&str, Phase); 6] = [
    ("intake", Phase::Intake),
    ("prepare", Phase::Prepare),
    ("assess", Phase::Assess),
    ("decide", Phase::Decide),
    ("act", Phase::Act),
    ("record", Phase::Record),
];

/// Reads one numbered entry; `None` when it is too broken to name.
pub(crate) fn step(source: &mut Source<'_>, item: &Item) -> Option<KnownStep> {
    let Some((title, text)) = titled(item) else {
        let hint = "write `1. **Imperative title**`, its sentences on the next line";
        source.wrong(item.line, "this step has no title", hint);
        return None;
    };
    let mut parts = StepParts { text: vec![text], keys: vec![], rules: vec![] };
    for block in item.blocks.iter().skip(1) {
        match &block.what {
            What::Paragraph(text) => parts.text.push(one_line(text)),
            What::Code(fence) => parts.text.push(fence.clone()),
            What::List { ordered: false, items } => {
                for bullet in items {
                    nested(source, &mut parts, bullet);
                }
            }
            _ => source.wrong(
                block.line,
                "this does not belong into a step",
                "write sentences, fences and bullets",
            ),
        }
    }
    parts.text.retain(|text| !text.is_empty());
    if parts.text.is_empty() {
        source.wrong(
            item.line,
            "this step does not say what to do",
            "write one to three imperative sentences",
        );
    }
    finished(source, item.line, title, parts)
}

/// A step being read.
struct StepParts {
    text: Vec<String>,
    /// `(key, value)` in file order.
    keys: Vec<(&'static str, String)>,
    rules: Vec<String>,
}

impl StepParts {
    fn value(&self, key: &str) -> Option<String> {
        self.keys.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone())
    }
}

fn finished(source: &mut Source<'_>, line: u32, title: String, parts: StepParts) -> Option<KnownStep> {
    for key in ["Phase", "Assignee", "Artifact"] {
        if parts.value(key).is_none() {
            let hint = format!("add a bullet `- {key}: …` below it");
            source.wrong(line, format!("the step `{title}` has no `{key}`"), hint);
        }
    }
    let phase = parts.value("Phase").and_then(|word| PHASES.iter().find(|(known, _)| *known == word))?.1;
    let (assignee, artifact) = (parts.value("Assignee"), parts.value("Artifact"));
    let own = ["Phase", "Assignee", "Artifact"];
    let further = parts.keys.iter().filter(|(key, _)| !own.contains(key));
    let keys = further.map(|(key, value)| format!("{key}: {value}")).collect();
    let step = Step { title, text: parts.text.join("\n\n"), assignee, artifact, ..Step::default() };
    Some(KnownStep { step, phase, rules: parts.rules, keys })
}

/// `**Title**` and what follows it in the first paragraph, as one line.
fn titled(item: &Item) -> Option<(String, String)> {
    let words = item.words();
    let (title, text) = words.strip_prefix("**")?.split_once("**")?;
    let title = title.trim_end_matches('.').trim();
    (!title.is_empty()).then(|| (title.to_owned(), text.trim().to_owned()))
}

fn nested(source: &mut Source<'_>, parts: &mut StepParts, bullet: &Item) {
    let words = bullet.words();
    if words.is_empty() || bullet.blocks.len() > 1 {
        let message = "a bullet of a step is one key or one sentence";
        return source.wrong(bullet.line, message, "write one line; put a fence below the step's sentences");
    }
    let Some((name, value)) = key_and_value(&words) else {
        parts.rules.push(words);
        return;
    };
    let Some(key) = KEYS.iter().find(|key| **key == name) else {
        return unknown(source, bullet.line, name);
    };
    if parts.value(key).is_some() {
        return source.wrong(bullet.line, format!("the key `{key}` stands twice in this step"), "keep one");
    }
    if let Err(message) = value_fits(key, value) {
        let hint = format!("`{key}` is read word by word; anything else would be a weaker rule");
        source.wrong(bullet.line, message, hint);
    }
    parts.keys.push((key, value.to_owned()));
}

fn unknown(source: &mut Source<'_>, line: u32, name: &str) {
    let message = format!("`{name}` is not a key of a step");
    if name.eq_ignore_ascii_case("Depends On") {
        let hint = "leave it out: the phases put the steps of several agents in order";
        return source.wrong(line, message, hint);
    }
    let nearest = KEYS.iter().find(|key| alike(key, name));
    let hint = nearest.map_or_else(
        || format!("write a full sentence, or one of: {}", listed(&KEYS)),
        |key| format!("write `{key}`"),
    );
    source.wrong(line, message, hint);
}

/// `Key: value`, when the bullet is meant as one: a known key, something alike, or capitalised words before a
/// colon that do not begin a full sentence.
fn key_and_value(words: &str) -> Option<(&str, &str)> {
    let (name, value) = words.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let capitals = name.split(' ').all(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
    let short = name.split(' ').count() <= 4;
    let meant = KEYS.iter().any(|key| alike(key, name)) || name.eq_ignore_ascii_case("Depends On");
    (meant || (capitals && short && !is_sentence(value))).then_some((name, value))
}

/// A value that ends a sentence of at least four words is prose, not a key's value.
fn is_sentence(value: &str) -> bool {
    value.ends_with(['.', '!', '?']) && value.split_whitespace().count() >= 4
}

/// The same but for case, or two letters at most.
fn alike(key: &str, name: &str) -> bool {
    let (key, name) = (key.to_lowercase(), name.to_lowercase());
    key == name || (key.len() > 4 && distance(&key, &name) <= 2)
}

/// Letters to add, drop or change to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = at;
        let mut left = at + 1;
        let mut next = vec![left];
        for (above, wanted) in row.iter().skip(1).zip(&other) {
            let change = before + usize::from(letter != *wanted);
            left = change.min(left + 1).min(above + 1);
            next.push(left);
            before = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Values whose form is known without the SOP's own grammar.
fn value_fits(key: &str, value: &str) -> Result<(), String> {
    let phases: Vec<&str> = PHASES.iter().map(|(name, _)| *name).collect();
    match key {
        _ if value.is_empty() => Err(format!("`{key}` has no value")),
        "Phase" if !phases.contains(&value) => {
            Err(format!("`{value}` is not a phase; write one of: {}", listed(&phases)))
        }
        "Assignee" if !super::is_agent_id(value) => Err(format!("`{value}` is not an agent id")),
        "Time Limit" => value.parse::<Span>().map(|_| ()),
        "Approval Required" | "Reaches Customers" if !["Yes", "No"].contains(&value) => {
            Err(format!("`{value}` is neither `Yes` nor `No`"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_sentences_are_told_apart() {
        for key in ["Time Limit: 2 hours", "time limit: 2 hours", "Aproval Required: Yes.", "Owner: vp.sales"]
        {
            assert!(key_and_value(key).is_some(), "{key}");
        }
        for sentence in [
            "Let a granted discount expire after 30 calendar days.",
            "Exception: a lead from a partner skips this check.",
            "Ask the buyer: is the budget approved?",
        ] {
            assert_eq!(key_and_value(sentence), None, "{sentence}");
        }
    }

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("approvers", "aprovers"), 1);
        assert_eq!(distance("when", "tools"), 5);
        assert_eq!(distance("", "ab"), 2);
    }
}
