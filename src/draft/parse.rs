//! Reads a draft a person wrote, in the form [`super::render`] writes. Strict, and in the grammar of agent files
//! wherever the two hold the same thing.

use super::{Draft, DraftStep, Question, Statement, Term};
use crate::base::markdown::{Block, Item, What, cut, one_line};
use crate::base::text::listed;
use crate::base::{Place, Problem};
use crate::roster::parse::flat_lines;
use crate::roster::source::Source;
use crate::roster::{KnownStep, bullets, steps};
use crate::sop::Section;

/// Heading of the rules that belong into steps whose place the drafter does not know.
pub(super) const STEP_RULES: &str = "Rules for steps";

/// Longest draft file, in bytes.
const MAX_DRAFT_BYTES: usize = 256 * 1024;

/// Headings besides those of the SOP's sections.
const OTHERS: [&str; 7] =
    ["Declined", "Terms", STEP_RULES, "Questions", "Assumptions", "Left out", "How sure"];

/// Reads the draft file `file`. All problems are returned at once.
pub fn parse(file: &str, text: &str) -> Result<Draft, Vec<Problem>> {
    if text.len() > MAX_DRAFT_BYTES {
        let message = format!("a draft may hold at most {} KiB", MAX_DRAFT_BYTES / 1024);
        return Err(vec![Problem::invalid(message).at(Place::of(file, "", 1, 0))]);
    }
    let mut source = Source::new(file, text, 0);
    let mut draft = Draft::default();
    let blocks = cut(text);
    let mut rest = blocks.iter().peekable();
    if rest.next_if(|block| matches!(block.what, What::Heading(1, _))).is_none() {
        source.wrong(1, "the draft has no title", "begin with a line like `# Draft: vp.sales`");
    }
    let mut seen: Vec<&str> = Vec::new();
    while let Some(block) = rest.next() {
        let What::Heading(2, title) = &block.what else {
            source.wrong(block.line, "this stands outside of any heading", "put it below a `## …` heading");
            continue;
        };
        let mut below = Vec::new();
        while let Some(next) = rest.next_if(|next| !matches!(next.what, What::Heading(1 | 2, _))) {
            below.push(next);
        }
        if seen.contains(&title.as_str()) {
            source.wrong(block.line, format!("the heading `{title}` stands twice"), "join the two");
        }
        seen.push(title);
        section(&mut source, &mut draft, (block.line, title), &below);
    }
    source.finish(draft)
}

fn section(source: &mut Source<'_>, draft: &mut Draft, (line, title): (u32, &str), below: &[&Block]) {
    let known = Section::ALL.iter().find(|(_, name)| *name == title).map(|(section, _)| *section);
    match (title, known) {
        ("Declined", _) => draft.declined = paragraph(source, line, below),
        ("How sure", _) => draft.confidence = percent(source, line, below),
        ("Terms", _) => {
            draft.terms = bullets_of(source, below).iter().filter_map(|b| term(source, b)).collect();
        }
        ("Assumptions", _) => draft.assumptions = lines(source, below),
        ("Left out", _) => draft.left_out = lines(source, below),
        ("Questions", _) => {
            draft.questions =
                items(source, below, false).iter().filter_map(|i| question(source, i)).collect();
        }
        (_, Some(Section::Inputs)) => {
            let rows = bullets_of(source, below);
            draft.inputs =
                rows.iter().filter_map(|(at, row)| said(source, *at, bullets::input(row))).collect();
        }
        (_, Some(Section::Steps)) => {
            let known: Vec<KnownStep> =
                items(source, below, true).iter().filter_map(|item| steps::step(source, item)).collect();
            draft.steps = known.into_iter().map(draft_step).collect();
        }
        (STEP_RULES, _) => statements(source, draft, Section::Steps, below),
        (_, Some(Section::ChangeLog)) => {
            source.wrong(line, "the change log is written by sopd", "leave this heading out");
        }
        (_, Some(section)) => statements(source, draft, section, below),
        (_, None) => {
            let names = Section::ALL.iter().map(|(_, name)| *name).filter(|name| *name != "Change log");
            let names: Vec<&str> = names.chain(OTHERS).collect();
            let hint = format!("write one of: {}", listed(&names));
            source.wrong(line, format!("`{title}` is not a part of a draft"), hint);
        }
    }
}

fn statements(source: &mut Source<'_>, draft: &mut Draft, section: Section, below: &[&Block]) {
    let texts = lines(source, below).into_iter();
    draft.statements.extend(texts.map(|text| Statement { section, text }));
}

/// The items of the lists below a heading.
fn items(source: &mut Source<'_>, below: &[&Block], numbered: bool) -> Vec<Item> {
    let mut found = Vec::new();
    for block in below {
        match &block.what {
            What::List { ordered, items } if *ordered == numbered => found.extend(items.iter().cloned()),
            _ if numbered => {
                let hint = "write `1. **Imperative title**`; indent what belongs to a step";
                source.wrong(block.line, "steps are one numbered list", hint);
            }
            _ => source.wrong(
                block.line,
                "a list of bullets is expected here",
                "begin each sentence with `- `",
            ),
        }
    }
    found
}

fn bullets_of(source: &mut Source<'_>, below: &[&Block]) -> Vec<(u32, String)> {
    let items = items(source, below, false);
    flat_lines(source, &items)
}

fn lines(source: &mut Source<'_>, below: &[&Block]) -> Vec<String> {
    bullets_of(source, below).into_iter().map(|(_, words)| words).collect()
}

fn paragraph(source: &mut Source<'_>, line: u32, below: &[&Block]) -> String {
    if let [Block { what: What::Paragraph(text), .. }] = below {
        return one_line(text);
    }
    source.wrong(line, "one paragraph is expected below this heading", "write one paragraph");
    String::new()
}

fn percent(source: &mut Source<'_>, line: u32, below: &[&Block]) -> u8 {
    let text = paragraph(source, line, below);
    let number = text.trim_end_matches('%').trim().parse::<u8>().ok().filter(|number| *number <= 100);
    number.unwrap_or_else(|| {
        if !text.is_empty() {
            source.wrong(
                line,
                format!("`{text}` is not a percentage"),
                "write a number from 0 to 100, like `85 %`",
            );
        }
        0
    })
}

fn term(source: &mut Source<'_>, (line, words): &(u32, String)) -> Option<Term> {
    let (term, definition) = said(source, *line, bullets::term(words))?;
    Some(Term { term: term.to_owned(), definition: definition.to_owned() })
}

fn said<T>(source: &mut Source<'_>, line: u32, read: Result<T, (String, String)>) -> Option<T> {
    read.map_err(|(message, hint)| source.wrong(line, message, hint)).ok()
}

/// `- Question?` with `- Assumption: …` nested below it.
fn question(source: &mut Source<'_>, item: &Item) -> Option<Question> {
    let nested = match item.blocks.get(1..) {
        Some([Block { what: What::List { ordered: false, items }, .. }]) => items.as_slice(),
        _ => &[],
    };
    if let [only] = nested
        && let Some(assumption) = only.words().strip_prefix("Assumption: ")
        && only.blocks.len() == 1
    {
        return Some(Question { text: item.words(), assumption: assumption.to_owned() });
    }
    let hint = "add `- Assumption: …` below it, indented: what holds when nobody answers";
    source.wrong(item.line, "a question needs exactly one assumption", hint);
    None
}

fn draft_step(known: KnownStep) -> DraftStep {
    DraftStep {
        phase: known.phase,
        title: known.step.title,
        text: known.step.text,
        rules: known.rules,
        assignee: known.step.assignee.unwrap_or_default(),
        artifact: known.step.artifact.unwrap_or_default(),
        keys: known.keys,
    }
}

#[cfg(test)]
mod tests {
    use super::super::render::markdown;
    use super::*;
    use crate::roster::Phase;
    use crate::sop::{Input, InputKind};
    use proptest::prelude::*;

    const GOOD: &str = "# Draft: vp.sales

## Scope

- In scope: all leads.

## Rules for steps

- Write every call down.

## Terms

- **Lead**: a person.

## Inputs

- lead_id (text, required): its number.

## Steps

1. **Call the lead**
   Call it.
   - Phase: act
   - Assignee: vp.sales
   - Artifact: call note
   - Time Limit: 1 hour
   - Call at most 3 times.

## Questions

- Which team calls?
  - Assumption: inside sales

## How sure

85 %
";

    #[test]
    fn the_form_is_read_and_written_alike() {
        let draft = parse("d.md", GOOD).unwrap();
        assert_eq!(markdown("vp.sales", &draft), GOOD);
        assert!(super::super::checks::check(&draft).is_empty());
        let declined = parse("d.md", "# Draft: x\n\n## Declined\n\nNot my work.\n").unwrap();
        assert_eq!(declined.declined, "Not my work.");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (from, to, expected) in [
            ("# Draft: vp.sales", "Draft", "d.md:1: the draft has no title"),
            ("## Terms", "## Term", "d.md:11: `Term` is not a part of a draft"),
            ("## Terms", "## Scope", "stands twice"),
            ("85 %", "very", "`very` is not a percentage"),
            ("  - Assumption: inside sales\n", "", "d.md:31: a question needs exactly one assumption"),
            ("(text, required)", "(text)", "d.md:17:"),
            ("- **Lead**: a person.", "- Lead: a person.", "d.md:13: this is not a defined term"),
            ("Phase: act", "Phase: acting", "`acting` is not a phase"),
            ("- In scope: all leads.", "All leads.", "a list of bullets is expected"),
            ("## Scope", "## Change log", "written by sopd"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let problems = parse("d.md", &GOOD.replacen(from, to, 1)).expect_err(to);
            let found = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(found.contains(expected), "{to}\nexpected: {expected}\nfound: {found}");
        }
    }

    fn sentence() -> impl Strategy<Value = String> {
        "[A-Z][a-z]{1,7}( [a-z0-9]{1,7}){3,8}\\."
    }

    prop_compose! {
        fn draft()(
            statements in prop::collection::vec((0usize..11, sentence()), 0..6),
            terms in prop::collection::vec(("[A-Z][a-z]{2,8}", sentence()), 0..3),
            names in prop::collection::btree_set("[a-z]{1,4}_[a-z]{1,4}", 0..3),
            texts in prop::collection::vec((sentence(), sentence(), sentence(), 0usize..6), 0..3),
            questions in prop::collection::vec("[A-Z][a-z]{2,8}( [a-z]{2,8}){2,4}\\?", 0..3),
            assumptions in prop::collection::vec(sentence(), 0..3),
            confidence in 0u8..=100,
        ) -> Draft {
            let mut statements: Vec<Statement> = statements
                .into_iter()
                .map(|(at, text)| Statement { section: Section::ALL[at].0, text })
                .filter(|statement| statement.section != Section::Inputs)
                .collect();
            statements.sort_by_key(|statement| statement.section);
            let inputs = names.into_iter().map(|name| Input {
                name, kind: InputKind::Choice(vec!["a".into(), "b".into()]), required: false, description: "It.".into(),
                default: None, pattern: None,
            });
            let phases = [Phase::Intake, Phase::Prepare, Phase::Assess, Phase::Decide, Phase::Act, Phase::Record];
            let steps = texts.into_iter().map(|(text, rule, artifact, phase)| DraftStep {
                phase: phases[phase],
                title: "Call the lead".into(),
                text: format!("{text}\n\n```sh\n  ## {rule}\n```"),
                rules: vec![rule],
                assignee: "vp.sales".into(),
                artifact,
                keys: vec!["Time Limit: 2 hours".into()],
            });
            Draft {
                statements,
                terms: terms.into_iter().map(|(term, definition)| Term { term, definition }).collect(),
                inputs: inputs.collect(),
                steps: steps.collect(),
                questions: questions.into_iter().map(|text| Question { text, assumption: "It is so.".into() }).collect(),
                left_out: assumptions.clone(),
                assumptions,
                confidence,
                ..Draft::default()
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(draft in draft()) {
            let text = markdown("vp.sales", &draft);
            prop_assert_eq!(parse("d.md", &text), Ok(draft), "{}", text);
        }
    }
}
