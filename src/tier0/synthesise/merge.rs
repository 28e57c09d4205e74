//! Merges what several workers say about one section: one trigger, one definition of done, one meaning per term,
//! one threshold; near-duplicates become one sentence. Nothing disappears without a reason on record.

use super::fates::{Fates, id};
use crate::base::text::{capital, full_stop, uncapital};
use crate::draft::Statement;
use crate::roles::synthesise::{Dissent, SynthesisQuestion, WorkerDraft};
use crate::sop::{Input, InputKind, Section};
use crate::tier0::english::figures::{self, threshold};
use crate::tier0::english::words::{self, likeness, share_found};

/// Two sentences this alike say the same.
pub(crate) const SAME: u8 = 78;

/// A sentence and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// `vp.sales/statement-3`.
    pub(crate) id: String,
    /// The worker's place in the plan.
    pub(crate) worker: usize,
    /// The worker's agent id.
    pub(crate) agent: &'a str,
    /// Its words.
    pub(crate) text: &'a str,
}

/// All sentences for `section`, the owner's first, then in the order of the plan.
pub(crate) fn lines<'a>(q: &'a SynthesisQuestion, section: Section) -> Vec<Line<'a>> {
    let of = |(worker, draft): (usize, &'a WorkerDraft)| {
        let statements = draft.draft.statements.iter().enumerate();
        let here = move |(_, statement): &(usize, &Statement)| statement.section == section;
        statements.filter(here).map(move |(index, statement)| Line {
            id: id(&draft.agent, "statement", index),
            worker,
            agent: draft.agent.as_str(),
            text: statement.text.trim(),
        })
    };
    let mut all: Vec<Line<'a>> = q.drafts.iter().enumerate().flat_map(of).collect();
    all.sort_by_key(|line| line.agent != q.owner);
    all
}

/// Bullets of one section, without what another worker has said already.
pub(crate) fn bullets(q: &SynthesisQuestion, section: Section, fates: &mut Fates) -> Vec<String> {
    let mut kept: Vec<Line<'_>> = Vec::new();
    for line in lines(q, section) {
        push_once(&mut kept, line, fates);
    }
    texts(kept)
}

/// The words of the lines.
pub(crate) fn texts(lines: Vec<Line<'_>>) -> Vec<String> {
    lines.into_iter().map(|line| line.text.to_owned()).collect()
}

/// Adds a line unless it stands already, or another worker has said it in nearly the same words. What one worker says
/// twice in other words was meant twice.
pub(crate) fn push_once<'a>(kept: &mut Vec<Line<'a>>, line: Line<'a>, fates: &mut Fates) {
    let alike = |known: &Line<'_>| {
        known.worker != line.worker
            && likeness(known.text, line.text) >= SAME
            && same_figures(known.text, line.text)
    };
    match kept.iter().find(|known| known.text == line.text || alike(known)) {
        Some(known) if known.text == line.text => {
            fates.merged(&line.id, "Said already in the same words.");
        }
        Some(known) => fates.merged(&line.id, format!("Said already: “{}”", known.text)),
        None => {
            fates.kept(&line.id);
            kept.push(line);
        }
    }
}

fn same_figures(a: &str, b: &str) -> bool {
    figures::figures(a) == figures::figures(b)
}

/// The owner's sentence for a section that holds exactly one; the others are handed back.
pub(crate) fn single<'a>(
    q: &'a SynthesisQuestion,
    section: Section,
    fates: &mut Fates,
) -> (String, Vec<Line<'a>>) {
    let mut all = lines(q, section).into_iter();
    let Some(first) = all.next() else { return (String::new(), Vec::new()) };
    fates.kept(&first.id);
    let mut others = Vec::new();
    for line in all {
        if likeness(first.text, line.text) >= SAME {
            fates.merged(&line.id, "Said by another worker in nearly the same words.");
        } else {
            others.push(line);
        }
    }
    (first.text.to_owned(), others)
}

/// The trigger: the owner's event starts the SOP; other events happen inside it or start other work.
pub(crate) fn trigger(q: &SynthesisQuestion, fates: &mut Fates) -> String {
    let (trigger, others) = single(q, Section::Trigger, fates);
    for line in others {
        fates.rejected(&line.id, format!("One event starts an SOP, the owner's; “{}” is not it.", line.text));
    }
    trigger
}

/// What is in and out. What one worker leaves out and another covers is in.
pub(crate) fn scope(q: &SynthesisQuestion, fates: &mut Fates) -> Vec<String> {
    let mut kept: Vec<Line<'_>> = Vec::new();
    let (inside, outside): (Vec<Line<'_>>, Vec<Line<'_>>) =
        lines(q, Section::Scope).into_iter().partition(|line| !line.text.starts_with("Out of scope"));
    for line in inside {
        push_once(&mut kept, line, fates);
    }
    for line in outside {
        match covered_by(q, &line) {
            Some(agent) => fates.rejected(&line.id, format!("It is in scope here: {agent} covers it.")),
            None => push_once(&mut kept, line, fates),
        }
    }
    texts(kept)
}

/// Share of an out-of-scope sentence found in another worker's scope and steps from which on it is covered there.
const COVERED: u8 = 60;

fn covered_by<'a>(q: &'a SynthesisQuestion, line: &Line<'_>) -> Option<&'a str> {
    let left_out = line.text.trim_start_matches("Out of scope:");
    let left_out = left_out.split(", which").next().unwrap_or(left_out);
    let named = |draft: &WorkerDraft| {
        let parts = draft.agent.split('.').filter(|part| part.len() > 4);
        words::words(line.text).iter().any(|word| parts.clone().any(|part| part == word))
    };
    let others = q.drafts.iter().enumerate().filter(|(worker, _)| *worker != line.worker);
    let covers = |draft: &&WorkerDraft| {
        let scope = draft
            .draft
            .statements
            .iter()
            .filter(|known| known.section == Section::Scope && !known.text.starts_with("Out of scope"));
        let steps = draft.draft.steps.iter().map(|step| format!("{} {}", step.title, step.text));
        let held: Vec<String> = scope.map(|known| known.text.clone()).chain(steps).collect();
        named(draft) || share_found(left_out, &held.join(" ")) >= COVERED
    };
    others.map(|(_, draft)| draft).find(covers).map(|draft| draft.agent.as_str())
}

/// The defined terms, one meaning each.
pub(crate) fn terms(
    q: &SynthesisQuestion,
    fates: &mut Fates,
    dissent: &mut Vec<Dissent>,
) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String, String)> = Vec::new();
    for draft in owner_first(q) {
        for (index, term) in draft.draft.terms.iter().enumerate() {
            let item = id(&draft.agent, "term", index);
            let known = kept.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&term.term)).cloned();
            let Some((_, meaning, first)) = known else {
                fates.kept(&item);
                kept.push((term.term.clone(), term.definition.clone(), item));
                continue;
            };
            if likeness(&meaning, &term.definition) >= SAME && same_figures(&meaning, &term.definition) {
                fates.merged(&item, "Defined the same way by another worker.");
                continue;
            }
            fates.rejected(
                &item,
                format!("“{}” is defined otherwise by {first}, and a term has one meaning.", term.term),
            );
            dissent.push(Dissent {
                subject: format!("the meaning of “{}”", term.term),
                items: vec![first, item],
                settled: format!("“{meaning}” stands, because the owner's word counts for terms of the SOP; the other said “{}”.", term.definition),
            });
        }
    }
    kept.into_iter().map(|(term, definition, _)| (term, definition)).collect()
}

/// The drafts, the owner's first.
pub(crate) fn owner_first(q: &SynthesisQuestion) -> Vec<&WorkerDraft> {
    let mut all: Vec<&WorkerDraft> = q.drafts.iter().collect();
    all.sort_by_key(|draft| draft.agent != q.owner);
    all
}

/// The input packet: united by name; required wins, a conflict of types is settled and noted.
pub(crate) fn inputs(q: &SynthesisQuestion, fates: &mut Fates, dissent: &mut Vec<Dissent>) -> Vec<Input> {
    let mut kept: Vec<(Input, String)> = Vec::new();
    for draft in owner_first(q) {
        for (index, input) in draft.draft.inputs.iter().enumerate() {
            let item = id(&draft.agent, "input", index);
            match kept.iter_mut().find(|(known, _)| known.name == input.name) {
                None => {
                    fates.kept(&item);
                    kept.push((input.clone(), item));
                }
                Some((known, first)) => {
                    if let Some(conflict) = unite(known, input, (first, &item)) {
                        dissent.push(conflict);
                    }
                    fates.merged(&item, format!("The input `{}` stands once.", input.name));
                }
            }
        }
    }
    kept.sort_by_key(|(input, _)| !input.required);
    kept.into_iter().map(|(input, _)| input).collect()
}

/// A table cell holds no line end and no bar.
pub(crate) fn plain_row(input: Input) -> Input {
    let description = full_stop(&capital(&input.description).replace(['|', '\n'], " "));
    Input { description, ..input }
}

fn unite(known: &mut Input, other: &Input, items: (&str, &str)) -> Option<Dissent> {
    known.required |= other.required;
    let dissent = |subject: String, settled: String| {
        let items = vec![items.0.to_owned(), items.1.to_owned()];
        Some(Dissent { subject, items, settled })
    };
    if known.kind == other.kind {
        // A default and a pattern belong together: half of each author's might not fit.
        let rules = |input: &Input| (input.default.clone(), input.pattern.clone());
        return match (rules(known), rules(other)) {
            (_, (None, None)) => None,
            ((None, None), (default, pattern)) => {
                (known.default, known.pattern) = (default, pattern);
                None
            }
            (ours, theirs) if ours == theirs => None,
            _ => dissent(
                format!("the default or pattern of the input `{}`", known.name),
                format!("It stays `{}`, as its first author wrote it.", crate::sop::input_type::write(known)),
            ),
        };
    }
    let settled = match (&mut known.kind, &other.kind) {
        (InputKind::Choice(ours), InputKind::Choice(theirs)) => {
            ours.extend(theirs.iter().filter(|word| !ours.contains(word)).cloned().collect::<Vec<_>>());
            "All choices of both are allowed.".to_owned()
        }
        (kind, _) => {
            format!("It stays {}, as its first author wrote it.", crate::sop::input_type::kind_words(kind))
        }
    };
    dissent(format!("the type of the input `{}`", known.name), settled)
}

/// Threshold, review and exceptions: of several thresholds the strictest holds.
pub(crate) fn confidence(q: &SynthesisQuestion, fates: &mut Fates) -> Vec<String> {
    let all = lines(q, Section::Confidence);
    let strictest = all.iter().filter_map(|line| threshold(line.text)).max();
    let mut kept: Vec<Line<'_>> = Vec::new();
    let mut said = None;
    for line in all {
        match (threshold(line.text), strictest) {
            (Some(percent), Some(strictest)) if percent < strictest => {
                fates.merged(&line.id, format!("Of several thresholds the strictest holds: {strictest} %."));
            }
            (Some(_), _) if said.is_some() => fates.merged(&line.id, "The threshold stands once."),
            (Some(_), _) => {
                fates.kept(&line.id);
                said = Some(line.text.to_owned());
            }
            (None, _) => push_once(&mut kept, line, fates),
        }
    }
    said.into_iter().chain(texts(kept)).collect()
}

/// Risk, impact, rollback, in the order of the workers, each worker's together.
pub(crate) fn risk(q: &SynthesisQuestion, fates: &mut Fates) -> Vec<String> {
    bullets(q, Section::Risk, fates)
}

/// `- id: what they answer for`, one line per id.
pub(crate) fn roles(q: &SynthesisQuestion, fates: &mut Fates) -> Vec<(String, Vec<String>)> {
    let mut kept: Vec<(String, Vec<String>)> = Vec::new();
    for line in lines(q, Section::Roles) {
        let (who, what) = line.text.split_once(':').unwrap_or((line.text, ""));
        let what = what.trim().trim_end_matches('.').to_owned();
        match kept.iter_mut().find(|(known, _)| known == who.trim()) {
            None => {
                kept.push((who.trim().to_owned(), vec![what]));
                fates.kept(&line.id);
            }
            Some((_, parts)) => {
                if parts.iter().any(|part| likeness(part, &what) >= SAME) {
                    fates.merged(&line.id, "Said already of this role.");
                } else {
                    parts.push(uncapital(&what));
                    fates.merged(&line.id, "One line per role.");
                }
            }
        }
    }
    kept
}
