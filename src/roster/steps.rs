//! One entry of a `### Steps` part: title, sentences, keys, rules.

use super::source::Source;
use super::{KnownStep, Phase};
use crate::base::markdown::{Item, What, one_line};
use crate::base::text::listed;
use crate::sop::Step;
use crate::sop::step_keys::{self, KEYS};
use crate::sop::words::{closest, did_you_mean};

/// The one key an agent's step has and an SOP's step does not.
const PHASE: &str = "Phase";

/// A key of SOPs that agents do not use: steps of several agents are put in order by their phases, so a number
/// would point at the wrong step.
const DEPENDS_ON: &str = "Depends On";

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
    let mut parts =
        StepParts { text: vec![text], phase: None, read: Step::default(), keys: vec![], rules: vec![] };
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
    phase: Option<Phase>,
    /// The keys as read, to notice wrong values and keys given twice.
    read: Step,
    /// The keys as written, without Phase, Assignee and Artifact.
    keys: Vec<String>,
    rules: Vec<String>,
}

fn finished(source: &mut Source<'_>, line: u32, title: String, parts: StepParts) -> Option<KnownStep> {
    let read = parts.read;
    let needed = [
        (PHASE, parts.phase.is_some()),
        ("Assignee", read.assignee.is_some()),
        ("Artifact", read.artifact.is_some()),
    ];
    for (key, _) in needed.into_iter().filter(|(_, given)| !given) {
        let hint = format!("add a bullet `- {key}: …` below it");
        source.wrong(line, format!("the step `{title}` has no `{key}`"), hint);
    }
    let text = parts.text.join("\n\n");
    let step = Step { title, text, assignee: read.assignee, artifact: read.artifact, ..Step::default() };
    Some(KnownStep { step, phase: parts.phase?, rules: parts.rules, keys: parts.keys })
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
    if let Err((message, hint)) = key(parts, name, value) {
        source.wrong(bullet.line, message, hint);
    }
}

/// Reads one key; the error is what is wrong and what to write.
fn key(parts: &mut StepParts, name: &str, value: &str) -> Result<(), (String, String)> {
    if name.eq_ignore_ascii_case(DEPENDS_ON) {
        let message = format!("`{name}` is not a key of an agent's step");
        return Err((
            message,
            "leave it out: the phases put the steps of several agents in order".to_owned(),
        ));
    }
    if name == PHASE {
        let words: Vec<&str> = PHASES.iter().map(|(word, _)| *word).collect();
        if parts.phase.is_some() {
            return Err((format!("`{PHASE}` is given twice in this step"), "keep one of them".to_owned()));
        }
        let phase = PHASES.iter().find(|(word, _)| *word == value).map(|(_, phase)| *phase);
        let message = || format!("`{value}` is not a phase; write one of: {}", listed(&words));
        parts.phase = Some(phase.ok_or_else(|| (message(), did_you_mean(value, &words)))?);
        return Ok(());
    }
    if step_keys::find(name).is_none() {
        return Err((format!("`{name}` is not a key of a step"), did_you_mean(name, &names())));
    }
    step_keys::read(&mut parts.read, name, value)
        .map_err(|(message, hint)| (message, hint.replace("**", "")))?;
    if !["Assignee", "Artifact"].contains(&name) {
        parts.keys.push(format!("{name}: {value}"));
    }
    Ok(())
}

/// All keys an agent's step may have.
fn names() -> Vec<&'static str> {
    let of_sops = KEYS.iter().map(|key| key.name).filter(|name| *name != DEPENDS_ON);
    [PHASE].into_iter().chain(of_sops).collect()
}

/// `Key: value`, when the bullet is meant as one: a known key, something near one, or capitalised words before a
/// colon that do not begin a full sentence.
fn key_and_value(words: &str) -> Option<(&str, &str)> {
    let (name, value) = words.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let capitals = name.split(' ').all(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
    let short = name.split(' ').count() <= 4;
    // Mostly it is written as it should be, which is quickly seen.
    let near = || name == PHASE || step_keys::find(name).is_some() || closest(name, names()).is_some();
    let meant = short && (near() || name.eq_ignore_ascii_case(DEPENDS_ON));
    (meant || (capitals && short && !is_sentence(value))).then_some((name, value))
}

/// A value that ends a sentence of at least four words is prose, not a key's value.
fn is_sentence(value: &str) -> bool {
    value.ends_with(['.', '!', '?']) && value.split_whitespace().count() >= 4
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
}
