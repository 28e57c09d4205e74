//! Applies what a person asked to have changed, as far as code can: `replace "a" with "b"`, `remove: …`, `add: …`,
//! `add to <section>: …`. Any other comment becomes a sentence of the section it names or matches best; one that
//! could not be applied stays visible as dissent.

use crate::base::text::{capital, full_stop};
use crate::roles::synthesise::{Dissent, Synthesis, SynthesisQuestion};
use crate::sop::{Section, fences};
use crate::tier0::english::sentences;
use crate::tier0::english::words::{shared, words};

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq)]
enum Edit {
    Replace(String, String),
    Remove(String),
    Add(Option<Section>, String),
}

/// Applies all comments in their order.
pub(crate) fn apply(synthesis: &mut Synthesis, q: &SynthesisQuestion) {
    let mut count = 0;
    for comment in q.comments.iter().flat_map(|comment| parts(comment)) {
        let comment = comment.as_str();
        let edit = read(comment);
        let applied = match &edit {
            Edit::Replace(old, new) => replace(synthesis, old, new),
            Edit::Remove(text) => remove(synthesis, text),
            Edit::Add(section, text) => add(synthesis, *section, text),
        };
        if applied {
            count += 1;
        } else {
            synthesis.dissent.push(Dissent {
                subject: "a comment that could not be applied".to_owned(),
                items: Vec::new(),
                settled: format!("“{comment}”: the draft does not hold these words."),
            });
        }
    }
    if count > 0 {
        let applied = crate::base::text::counted(count, "comment");
        synthesis.change = format!("{} On review {applied} applied.", synthesis.change.trim());
    }
}

/// A comment as a whole, or a general one and those on single lines that follow it as `- …` with the line's words.
fn parts(comment: &str) -> Vec<String> {
    let on_a_line = |line: &str| line.starts_with("- ") && line.contains("(about the line \"");
    let (single, general): (Vec<&str>, Vec<&str>) = comment.trim().lines().partition(|line| on_a_line(line));
    let general = general.join("\n").trim().to_owned();
    let single = single.iter().map(|line| line.trim_start_matches("- ").to_owned());
    std::iter::once(general).filter(|general| !general.is_empty()).chain(single).collect()
}

fn read(comment: &str) -> Edit {
    let lower = comment.to_lowercase();
    let quoted = quoted(comment);
    let starts = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    if starts(&["replace", "change", "use "])
        && let [old, new, ..] = quoted.as_slice()
    {
        let reversed = lower.starts_with("use ") && lower.contains("instead of");
        return if reversed {
            Edit::Replace(new.clone(), old.clone())
        } else {
            Edit::Replace(old.clone(), new.clone())
        };
    }
    if starts(&["remove", "delete", "drop", "take out"]) {
        let text = quoted.first().cloned().or_else(|| after_colon(comment));
        if let Some(text) = text {
            return Edit::Remove(text);
        }
    }
    if starts(&["add"]) {
        let head = comment.split(':').next().unwrap_or_default();
        let text = quoted.first().cloned().or_else(|| after_colon(comment));
        let bare = || comment.get(3..).unwrap_or_default().trim().to_owned();
        return Edit::Add(named_section(head), text.unwrap_or_else(bare));
    }
    Edit::Add(named_section(comment.split(':').next().unwrap_or_default()), after_section(comment))
}

fn quoted(text: &str) -> Vec<String> {
    let plain = text.replace(['“', '”'], "\"");
    plain
        .split('"')
        .skip(1)
        .step_by(2)
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

fn after_colon(text: &str) -> Option<String> {
    text.split_once(':').map(|(_, rest)| rest.trim().to_owned()).filter(|rest| !rest.is_empty())
}

/// `Trigger: …` names a section; a colon in a plain sentence does not.
fn after_section(comment: &str) -> String {
    match comment.split_once(':') {
        Some((head, rest)) if named_section(head).is_some() && words(head).len() <= 4 => {
            rest.trim().to_owned()
        }
        _ => comment.to_owned(),
    }
}

fn named_section(text: &str) -> Option<Section> {
    let lower = text.to_lowercase();
    let named = |title: &str| lower.contains(&title.to_lowercase());
    Section::ALL
        .into_iter()
        .find(|(_, title)| named(title))
        .map(|(section, _)| section)
        .filter(|section| !matches!(section, Section::Inputs | Section::ChangeLog))
}

/// Every text of a synthesis that a reader sees.
pub(crate) fn texts(synthesis: &mut Synthesis) -> Vec<&mut String> {
    let Synthesis {
        purpose,
        scope,
        roles,
        trigger,
        inputs,
        preflight,
        steps,
        definition_of_done,
        confidence,
        risk,
        references,
        ..
    } = synthesis;
    let mut all =
        vec![purpose, scope, roles, trigger, preflight, definition_of_done, confidence, risk, references];
    all.extend(inputs.iter_mut().map(|input| &mut input.description));
    for step in steps {
        all.extend([&mut step.title, &mut step.text, &mut step.artifact]);
    }
    all
}

fn replace(synthesis: &mut Synthesis, old: &str, new: &str) -> bool {
    let mut found = false;
    for text in texts(synthesis) {
        if text.contains(old) {
            *text = text.replace(old, new);
            found = true;
        }
    }
    found
}

/// Takes out a whole bullet or sentence that holds the words; never leaves half a sentence behind, and leaves
/// fenced blocks alone: half a command is another command.
fn remove(synthesis: &mut Synthesis, words: &str) -> bool {
    let mut found = false;
    for text in texts(synthesis) {
        if fences::prose(text).contains(words) {
            *text = fences::reword(text, |prose| without(prose, words));
            found = true;
        }
    }
    found
}

fn without(text: &str, words: &str) -> String {
    let kept = text.lines().filter_map(|line| {
        if !line.contains(words) {
            return Some(line.to_owned());
        }
        if line.trim_start().starts_with("- ") {
            return None;
        }
        let sentences = sentences::sentences(line);
        let left: Vec<String> = sentences.into_iter().filter(|sentence| !sentence.contains(words)).collect();
        (!left.is_empty()).then(|| left.join(" "))
    });
    kept.collect::<Vec<_>>().join("\n")
}

fn add(synthesis: &mut Synthesis, section: Option<Section>, sentence: &str) -> bool {
    let sentence = full_stop(&capital(sentence));
    let section = section.unwrap_or_else(|| best(synthesis, &sentence));
    match section {
        Section::Steps => add_to_step(synthesis, &sentence),
        Section::Purpose => {
            synthesis.purpose = format!("{} {sentence}", synthesis.purpose);
            true
        }
        Section::Trigger => {
            synthesis.trigger = sentence;
            true
        }
        Section::DefinitionOfDone => {
            synthesis.definition_of_done = format!("{} {sentence}", synthesis.definition_of_done);
            true
        }
        other => {
            let text = match other {
                Section::Scope => &mut synthesis.scope,
                Section::Roles => &mut synthesis.roles,
                Section::Preflight => &mut synthesis.preflight,
                Section::Confidence => &mut synthesis.confidence,
                Section::References => &mut synthesis.references,
                _ => &mut synthesis.risk,
            };
            *text = format!("{}\n- {sentence}", text.trim_end());
            true
        }
    }
}

/// The step a sentence names (`step 2`), else the one it shares most words with.
fn add_to_step(synthesis: &mut Synthesis, sentence: &str) -> bool {
    let words = words(sentence);
    let number = words
        .windows(2)
        .find(|pair| pair.first().is_some_and(|word| word == "step"))
        .and_then(|pair| pair.get(1)?.parse::<usize>().ok());
    let named = number.and_then(|number| number.checked_sub(1)).filter(|at| *at < synthesis.steps.len());
    let score = |at: usize| {
        synthesis.steps.get(at).map_or(0, |step| shared(&format!("{} {}", step.title, step.text), sentence))
    };
    let best = (0..synthesis.steps.len()).max_by_key(|at| (score(*at), std::cmp::Reverse(*at)));
    let Some(step) = named.or(best).and_then(|at| synthesis.steps.get_mut(at)) else { return false };
    fences::add_bullet(&mut step.text, &format!("- {sentence}"));
    true
}

/// The section whose words a sentence shares most; a sentence that shares none is a rule of a step.
fn best(synthesis: &Synthesis, sentence: &str) -> Section {
    let candidates = [
        (
            Section::Steps,
            synthesis.steps.iter().map(|step| format!("{} {} ", step.title, step.text)).collect::<String>(),
        ),
        (Section::Preflight, synthesis.preflight.clone()),
        (Section::Confidence, synthesis.confidence.clone()),
        (Section::Risk, synthesis.risk.clone()),
        (Section::Scope, synthesis.scope.clone()),
    ];
    let lower = sentence.to_lowercase();
    let begins = [
        ("check that", Section::Preflight),
        ("in scope", Section::Scope),
        ("out of scope", Section::Scope),
        ("risk:", Section::Risk),
        ("rollback:", Section::Risk),
    ];
    if let Some((_, section)) = begins.iter().find(|(begin, _)| lower.starts_with(begin)) {
        return *section;
    }
    let mut found = (Section::Steps, 0);
    for (section, text) in candidates {
        let count = shared(&text, sentence);
        if count > found.1 {
            found = (section, count);
        }
    }
    found.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_read_as_edits() {
        assert_eq!(
            read("replace \"5 days\" with \"3 days\""),
            Edit::Replace("5 days".to_owned(), "3 days".to_owned())
        );
        assert_eq!(read("Use “b” instead of “a”"), Edit::Replace("a".to_owned(), "b".to_owned()));
        assert_eq!(read("remove: the second call"), Edit::Remove("the second call".to_owned()));
        assert_eq!(
            read("Add to Pre-flight: Check that x."),
            Edit::Add(Some(Section::Preflight), "Check that x.".to_owned())
        );
        assert_eq!(read("Legal must see it first"), Edit::Add(None, "Legal must see it first".to_owned()));
    }
}
