//! The single things a worker contributed, with the names synthesis and provenance use for them.

use super::{Draft, DraftStep, Item};
use crate::base::markdown::one_line;
use crate::roster::bullets::input_line;
use crate::sop::{Section, fences};

/// The items of `draft` by worker `agent`: `{agent}/statement-1`, `{agent}/term-1`, `{agent}/input-1`,
/// `{agent}/step-1`, counted by their place in the draft. Terms belong to the Scope, where the SOP defines them.
pub fn items(agent: &str, draft: &Draft) -> Vec<Item> {
    let item = |kind: &str, number: usize, section: Section, text: String| Item {
        id: format!("{agent}/{kind}-{number}"),
        section,
        text,
        fences: Vec::new(),
    };
    let mut items = Vec::new();
    for (number, statement) in (1..).zip(&draft.statements) {
        items.push(item("statement", number, statement.section, one_line(&statement.text)));
    }
    for (number, term) in (1..).zip(&draft.terms) {
        let text = format!("**{}**: {}", one_line(&term.term), one_line(&term.definition));
        items.push(item("term", number, Section::Scope, text));
    }
    for (number, input) in (1..).zip(&draft.inputs) {
        items.push(item("input", number, Section::Inputs, input_line(input)));
    }
    for (number, step) in (1..).zip(&draft.steps) {
        let item = item("step", number, Section::Steps, step_text(step));
        items.push(Item { fences: fences::fences(&step.text), ..item });
    }
    items
}

/// A step as one line of sentences: title, text without fences, rules, keys.
fn step_text(step: &DraftStep) -> String {
    let mut sentences = vec![ended(&step.title), one_line(&fences::prose(&step.text))];
    sentences.extend(step.rules.iter().map(|rule| ended(rule)));
    sentences.push(ended(&format!("Assignee: {}", step.assignee)));
    sentences.push(ended(&format!("Artifact: {}", step.artifact)));
    sentences.extend(step.keys.iter().map(|key| ended(key)));
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// One line that ends like a sentence, so that [`sentences`] finds its end again.
fn ended(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() || line.ends_with(['.', '!', '?']) { line } else { format!("{line}.") }
}

/// The sentences of a line: cut after `.`, `!` or `?` where white space and no lower-case letter follows
/// (so `e.g. this` and `vp.sales` stay whole); an agent id begins a sentence although it is written small.
pub(super) fn sentences(line: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut letters = line.char_indices().peekable();
    while let Some((_, letter)) = letters.next() {
        if !matches!(letter, '.' | '!' | '?') {
            continue;
        }
        let Some((at, _)) = letters.next_if(|(_, next)| next.is_whitespace()) else { continue };
        let rest = letters.peek().and_then(|(at, _)| line.get(*at..)).unwrap_or_default();
        let before = line.get(start..at).unwrap_or_default().trim_end_matches(['.', '!', '?']);
        let abbreviated = before.split_whitespace().next_back().is_some_and(|word| word.contains('.'));
        if rest.starts_with(char::is_lowercase) && (abbreviated || !begins_with_id(rest)) {
            continue;
        }
        sentences.extend(line.get(start..at).map(str::trim));
        start = at;
    }
    sentences.extend(line.get(start..).map(str::trim));
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// `legal.counsel opens …`
fn begins_with_id(text: &str) -> bool {
    let word = text.split(|c: char| c.is_whitespace() || ",;:".contains(c)).next().unwrap_or_default();
    word.split_once('.')
        .is_some_and(|(head, tail)| head.chars().count() > 1 && tail.starts_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Statement, Term};
    use crate::roster::Phase;
    use crate::sop::{Input, InputKind};

    #[test]
    fn items_are_named_by_kind_and_place() {
        let draft = Draft {
            statements: vec![Statement { section: Section::Risk, text: "Risk: a lead\nis lost.".into() }],
            terms: vec![Term { term: "Lead".into(), definition: "a person.".into() }],
            inputs: vec![Input {
                name: "source".into(),
                kind: InputKind::Choice(vec!["a".into(), "b".into()]),
                required: true,
                description: "where from.".into(),
                default: None,
                pattern: None,
            }],
            steps: vec![DraftStep {
                phase: Phase::Act,
                title: "Call the lead".into(),
                text: "Call it.\n\n```bash\necho called\n```".into(),
                rules: vec!["Call twice".into()],
                assignee: "vp.sales".into(),
                artifact: "call note".into(),
                keys: vec!["Time Limit: 1 hour".into()],
            }],
            ..Draft::default()
        };
        let lines: Vec<String> =
            items("vp.sales", &draft).iter().map(|item| format!("{} | {}", item.id, item.text)).collect();
        assert_eq!(items("vp.sales", &draft)[3].fences, ["```bash\necho called\n```"]);
        insta::assert_snapshot!(lines.join("\n"), @r#"
        vp.sales/statement-1 | Risk: a lead is lost.
        vp.sales/term-1 | **Lead**: a person.
        vp.sales/input-1 | source (choice: a, b, required): where from.
        vp.sales/step-1 | Call the lead. Call it. Call twice. Assignee: vp.sales. Artifact: call note. Time Limit: 1 hour.
        "#);
    }

    #[test]
    fn sentences_end_where_a_new_one_begins() {
        assert_eq!(
            sentences("Ask vp.sales. Wait 2 hours, e.g. at noon. Go!"),
            ["Ask vp.sales.", "Wait 2 hours, e.g. at noon.", "Go!"]
        );
        assert_eq!(
            sentences("Nobody reads it. legal.counsel opens it."),
            ["Nobody reads it.", "legal.counsel opens it."]
        );
        assert_eq!(
            sentences("Ask somebody, e.g. vp.sales does it."),
            ["Ask somebody, e.g. vp.sales does it."]
        );
        assert_eq!(sentences(""), Vec::<&str>::new());
    }
}
