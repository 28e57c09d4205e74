//! What must be there: every section filled, nothing left open, nothing hidden.

use super::{Hit, Rule, Subject};
use crate::base::text::{first_unseen, visible};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::Section;
use crate::sop::outline::{BlockKind, blocks, bullets, lines_between};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "sections_filled",
        what: "every section but References and Change log is filled",
        severity: Blocking,
        section: Section::Purpose,
        look: sections_filled,
    },
    Rule {
        name: "nothing_missing",
        what: "no place is left open with MISSING, TODO, TBD or a placeholder",
        severity: Blocking,
        section: Section::Purpose,
        look: nothing_missing,
    },
    Rule {
        name: "nothing_hidden",
        what: "no HTML and no unseen character hides text from its reader",
        severity: Blocking,
        section: Section::Steps,
        look: nothing_hidden,
    },
    Rule {
        name: "preflight_present",
        what: "at least one check is made before the first step",
        severity: Blocking,
        section: Section::Preflight,
        look: preflight_present,
    },
    Rule {
        name: "objective_one_sentence",
        what: "the objective is one sentence",
        severity: Advisory,
        section: Section::Purpose,
        look: objective_one_sentence,
    },
    Rule {
        name: "references_resolve",
        what: "every [[SOP-…]] reference names a registered SOP and version",
        severity: Blocking,
        section: Section::References,
        look: references_resolve,
    },
];

/// Marks that say a text is not finished.
const OPEN_MARKS: [&str; 7] = ["MISSING:", "TODO", "TBD", "FIXME", "XXX", "<placeholder", "Lorem ipsum"];

fn sections_filled(subject: &Subject<'_>) -> Vec<Hit> {
    Section::ALL
        .into_iter()
        .filter(|(section, _)| !matches!(section, Section::References | Section::ChangeLog))
        .filter(|(section, _)| subject.text(*section).trim().is_empty())
        .map(|(section, title)| Hit::new(section, format!("The section `{title}` is empty; fill it."), ""))
        .collect()
}

fn nothing_missing(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let head = &subject.sop.head;
    let sections = Section::ALL.into_iter().map(|(section, _)| (section, subject.text(section)));
    let head = [&head.title, &head.objective, &head.description, &head.impact];
    let head = head.into_iter().map(|text| (Section::Purpose, text.clone()));
    for (section, text) in head.chain(sections) {
        for line in text.lines().filter(|line| OPEN_MARKS.iter().any(|mark| line.contains(mark))) {
            let line = line.trim();
            hits.push(Hit::new(
                section,
                format!("A place is left open: {line} Say it, or take it out."),
                line,
            ));
        }
    }
    hits
}

fn nothing_hidden(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (section, _) in Section::ALL {
        let text = subject.text(section);
        let all: Vec<&str> = text.lines().collect();
        for block in blocks(&text) {
            let lines = lines_between(&all, block.first, block.last);
            let comment =
                !matches!(block.kind, BlockKind::Fence(..)) && lines.iter().any(|line| line.contains("<!--"));
            if block.kind == BlockKind::Html || comment {
                let first = lines.first().map_or("", |line| line.trim());
                let message = "HTML is not shown on the page and hides what it holds; write it as Markdown.";
                hits.push(Hit::new(section, message, first));
            }
        }
        hits.extend(unseen(section, &text));
    }
    let head = &subject.sop.head;
    let words = [&head.title, &head.objective, &head.description, &head.impact];
    hits.extend(words.into_iter().filter_map(|text| unseen(Section::Purpose, text)));
    hits
}

/// Characters that turn or hide what stands around them: what is signed would read otherwise than what runs.
fn unseen(section: Section, text: &str) -> Option<Hit> {
    let (c, line) = first_unseen(text)?;
    let message = format!(
        "U+{:04X} is not seen and makes its line read otherwise than it is: {} Take it out, or write it as text.",
        u32::from(c),
        visible(line),
    );
    Some(Hit::new(section, message, line))
}

fn preflight_present(subject: &Subject<'_>) -> Vec<Hit> {
    let text = &subject.sop.body.preflight;
    let checks =
        bullets(text, 1).into_iter().filter(|bullet| bullet.text.split_whitespace().count() > 2).count();
    if checks > 0 || text.trim().is_empty() {
        return Vec::new();
    }
    let message =
        "Pre-flight holds no check; add at least one as a bullet that a person or a program can answer.";
    vec![Hit::new(Section::Preflight, message, text.lines().next().unwrap_or_default())]
}

fn objective_one_sentence(subject: &Subject<'_>) -> Vec<Hit> {
    let objective = &subject.sop.head.objective;
    let sentences = crate::sop::prose::sentences(objective, 1).len();
    if sentences == 1 {
        return Vec::new();
    }
    vec![Hit::new(
        Section::Purpose,
        "The objective is not one sentence; say the one result that counts.",
        objective,
    )]
}

fn references_resolve(subject: &Subject<'_>) -> Vec<Hit> {
    let own = &subject.sop.head.id;
    let mut hits = Vec::new();
    for (section, _) in Section::ALL {
        for written in references(&subject.text(section)) {
            let quote = format!("[[{written}]]");
            let known = match super::super::references::read(&written) {
                Err(wrong) => Err(wrong),
                Ok((id, _)) if id == *own => Ok(()),
                Ok((id, version)) => match (subject.context.sops.get(&id), version) {
                    (None, _) => Err(format!("there is no SOP `{id}`")),
                    (Some(versions), Some(version)) if !versions.contains(&version) => {
                        Err(format!("`{id}` has no version {version}"))
                    }
                    (Some(_), _) => Ok(()),
                },
            };
            if let Err(wrong) = known {
                hits.push(Hit::new(section, format!("The reference {quote} leads nowhere: {wrong}."), quote));
            }
        }
    }
    hits
}

fn references(text: &str) -> Vec<String> {
    super::super::references::written(text)
}
