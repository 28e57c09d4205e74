//! Applies what a person asked to have changed, where the comment says by itself what stands where afterwards:
//! `replace "a" with "b"`, `remove: …`, `add to step 2: …`, `add to <section>: …`, `<section>: …`. Any other comment asks
//! for a mind: it stays visible as dissent, with these forms, and never becomes text by itself.

use crate::base::text::full_stop;
use crate::roles::synthesise::{Dissent, Synthesis, SynthesisQuestion};
use crate::sop::{Section, fences};
use crate::tier0::english::sentences;

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq)]
enum Edit {
    Replace(String, String),
    Remove(String),
    Add(Section, String),
    /// To the step of this number.
    AddToStep(usize, String),
}

/// How a comment is written that code can apply.
const FORMS: &str = "Write `replace \"old words\" with \"new words\"`, `remove: words`, `add to step 2: a rule` or `add to Scope: a rule`.";

/// Applies all comments in their order.
pub(crate) fn apply(synthesis: &mut Synthesis, q: &SynthesisQuestion) {
    let mut count = 0;
    for comment in q.comments.iter().flat_map(|comment| parts(comment)) {
        let comment = comment.as_str();
        // The text of the round before holds what comments of earlier rounds asked for.
        let last = q.comments.last().is_some_and(|last| last.contains(comment));
        if read(comment).is_some_and(|edit| stands(&texts(synthesis), &edit, last)) {
            continue;
        }
        let Some(edit) = read(comment) else {
            synthesis.dissent.push(Dissent {
                subject: "a comment that only a person or a model can apply".to_owned(),
                items: Vec::new(),
                settled: format!("“{comment}”: nothing was changed for it. {FORMS}"),
            });
            continue;
        };
        let applied = match &edit {
            Edit::Replace(old, new) => replace(synthesis, old, new),
            Edit::Remove(text) => remove(synthesis, text),
            Edit::Add(section, text) => add(synthesis, *section, text),
            Edit::AddToStep(number, text) => add_to_step(synthesis, *number, text),
        };
        if applied {
            count += 1;
        } else {
            synthesis.dissent.push(Dissent {
                subject: "a comment that could not be applied".to_owned(),
                items: Vec::new(),
                settled: format!("“{comment}”: the draft does not hold these words or this step."),
            });
        }
    }
    if count > 0 {
        let applied = crate::base::text::counted(count, "comment");
        synthesis.change = format!("{} On review {applied} applied.", synthesis.change.trim());
    }
}

/// Whether what an edit puts in stands in one of the texts already. The last comment is told where it finds nothing.
fn stands(texts: &[&mut String], edit: &Edit, last: bool) -> bool {
    let holds = |words: &str| texts.iter().any(|text| text.contains(words));
    let put_in = match edit {
        Edit::Replace(old, new) if new.contains(old.as_str()) || !last && !holds(old) => new.as_str(),
        Edit::Add(_, text) | Edit::AddToStep(_, text) => text.trim().trim_end_matches('.'),
        Edit::Replace(..) | Edit::Remove(_) => return false,
    };
    !put_in.is_empty() && holds(put_in)
}

/// A comment as a whole, or a general one and those on single lines that follow it as `- …` with the line's words.
fn parts(comment: &str) -> Vec<String> {
    let on_a_line = |line: &str| line.starts_with("- ") && line.contains("(about the line \"");
    let (single, general): (Vec<&str>, Vec<&str>) = comment.trim().lines().partition(|line| on_a_line(line));
    let general = general.join("\n").trim().to_owned();
    let single = single.iter().map(|line| line.trim_start_matches("- ").to_owned());
    std::iter::once(general).filter(|general| !general.is_empty()).chain(single).collect()
}

fn read(comment: &str) -> Option<Edit> {
    let lower = comment.to_lowercase();
    let quoted = quoted(comment);
    let starts = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    if starts(&["replace", "change", "use "])
        && let [old, new, ..] = quoted.as_slice()
    {
        let reversed = lower.starts_with("use ") && lower.contains("instead of");
        let (old, new) = if reversed { (new, old) } else { (old, new) };
        return Some(Edit::Replace(old.clone(), new.clone()));
    }
    if starts(&["remove", "delete", "drop", "take out"]) {
        let text = quoted.first().cloned().or_else(|| after_colon(comment));
        return text.map(Edit::Remove);
    }
    let (head, text) = comment.split_once(':')?;
    let text = text.trim().to_owned();
    let head = head.trim().to_lowercase();
    let place = head.strip_prefix("add to ").unwrap_or(&head);
    if let Some(number) = place.strip_prefix("step ").and_then(|number| number.trim().parse().ok()) {
        return Some(Edit::AddToStep(number, text));
    }
    named_section(place).map(|section| Edit::Add(section, text))
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

/// The section of that title, or of its first word.
fn named_section(name: &str) -> Option<Section> {
    let is = |title: &str| {
        let title = title.to_lowercase();
        title == name || title.split(' ').next() == Some(name)
    };
    let named = Section::ALL.into_iter().find(|(_, title)| is(title)).map(|(section, _)| section);
    named.filter(|section| !matches!(section, Section::Inputs | Section::ChangeLog | Section::Steps))
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
        let sentences = sentences(line);
        let left: Vec<String> = sentences.into_iter().filter(|sentence| !sentence.contains(words)).collect();
        (!left.is_empty()).then(|| left.join(" "))
    });
    kept.collect::<Vec<_>>().join("\n")
}

fn add(synthesis: &mut Synthesis, section: Section, sentence: &str) -> bool {
    let sentence = full_stop(sentence);
    match section {
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

fn add_to_step(synthesis: &mut Synthesis, number: usize, sentence: &str) -> bool {
    let step = number.checked_sub(1).and_then(|at| synthesis.steps.get_mut(at));
    step.is_some_and(|step| {
        fences::add_bullet(&mut step.text, &format!("- {}", full_stop(sentence)));
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_read_as_edits() {
        let replace = |old: &str, new: &str| Some(Edit::Replace(old.to_owned(), new.to_owned()));
        assert_eq!(read("replace \"5 days\" with \"3 days\""), replace("5 days", "3 days"));
        assert_eq!(read("Use “b” instead of “a”"), replace("a", "b"));
        assert_eq!(read("remove: the second call"), Some(Edit::Remove("the second call".to_owned())));
        assert_eq!(
            read("Add to Pre-flight: Check that x."),
            Some(Edit::Add(Section::Preflight, "Check that x.".to_owned()))
        );
        assert_eq!(read("add to step 2: Call back."), Some(Edit::AddToStep(2, "Call back.".to_owned())));
        // Whoever reads these has to think; a rule that lands in the wrong place would be signed there.
        for comment in [
            "Legal must see it first",
            "add: legal sees it first",
            "Step 1 is wrong: it says the opposite of it",
        ] {
            assert_eq!(read(comment), None, "{comment}");
        }
    }
}
