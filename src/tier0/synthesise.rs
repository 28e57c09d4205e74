//! Joins the drafts into one SOP: one order of steps, one voice, one meaning per term, and a fate for every item.
//! Where a version is in force already, the change is woven into it (see `weave`).

mod adopted;
pub(super) mod assemble;
mod comments;
mod fates;
mod merge;
mod repairs;
mod steps;
mod told;
mod weave;

use super::english::words::likeness;
use crate::base::text::{full_stop, listed, uncapital};
use crate::roles::synthesise::{Dissent, Synthesis, SynthesisQuestion};
use crate::sop::Section;
use fates::Fates;
use merge::{Line, plain_row};
use steps::Work;

/// Joins the drafts.
pub fn synthesise(q: &SynthesisQuestion) -> Synthesis {
    let current =
        q.mission.current.as_deref().and_then(|text| crate::sop::parse("the current version", text).ok());
    let as_it_stands = if q.mission.adopts() { adopted::adopted(q) } else { None };
    let mut joined = match (as_it_stands, current.filter(|_| q.mission.change != "new")) {
        (Some(adopted), _) => adopted,
        (None, Some(sop)) => weave::into_current(q, &sop),
        (None, None) => fresh(q),
    };
    if let Some(reviewed) = reviewed(q) {
        joined = Synthesis {
            dispositions: joined.dispositions,
            dissent: joined.dissent,
            change: joined.change,
            ..reviewed
        };
    }
    comments::apply(&mut joined, q);
    repairs::apply(&mut joined, q);
    joined
}

/// A person read the round before and commented on it: the comments are about that text, so it is the one to edit.
fn reviewed(q: &SynthesisQuestion) -> Option<Synthesis> {
    let previous = q.previous.as_deref().filter(|_| !q.comments.is_empty())?;
    let sop = crate::sop::parse("the round before", previous).ok()?;
    Some(Synthesis::of(&sop))
}

/// A first version.
fn fresh(q: &SynthesisQuestion) -> Synthesis {
    let mut fates = Fates::default();
    let mut dissent: Vec<Dissent> = Vec::new();
    let mut work = steps::ordered(q, &mut fates);
    for rule in merge::lines(q, Section::Steps) {
        steps::place(&mut work, &rule, &mut fates);
    }
    let definition_of_done = done(q, &mut work, &mut fates);
    let trigger = merge::trigger(q, &mut fates);
    let inputs = merge::inputs(q, &mut fates, &mut dissent);
    let scope = scope(q, &mut fates, &mut dissent);
    let roles = roles(q, &work, &mut fates);
    let purpose = purpose(q, &mut fates);
    let preflight = bulleted(&merge::bullets(q, Section::Preflight, &mut fates));
    let confidence = bulleted(&merge::confidence(q, &mut fates));
    let risk = bulleted(&merge::risk(q, &mut fates));
    let references = references(q, &mut fates);
    Synthesis {
        purpose,
        scope,
        roles,
        trigger,
        inputs: inputs.into_iter().map(plain_row).collect(),
        preflight,
        steps: work.into_iter().map(Work::finished).collect(),
        definition_of_done,
        confidence,
        risk,
        references,
        change: format!("First version, drafted by {}.", listed(&authors(q))),
        dispositions: fates.complete(&q.drafts),
        dissent,
    }
}

fn authors(q: &SynthesisQuestion) -> Vec<&str> {
    let wrote = q.drafts.iter().filter(|draft| draft.draft.declined.is_empty());
    wrote.map(|draft| draft.agent.as_str()).collect()
}

/// Lines as Markdown bullets.
pub(crate) fn bulleted(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {}", full_stop(line))).collect::<Vec<_>>().join("\n")
}

/// The owner's definition of done; another worker's becomes the end of that worker's last step.
fn done(q: &SynthesisQuestion, work: &mut [Work], fates: &mut Fates) -> String {
    let (own, others) = merge::single(q, Section::DefinitionOfDone, fates);
    for line in others {
        let last = work.iter_mut().rev().find(|step| step.worker == line.worker);
        match last {
            Some(step) => {
                step.rules.push(ends_when(&line));
                fates.merged(
                    &line.id,
                    format!("One definition of done per SOP; this one ends the step “{}”.", step.title),
                );
            }
            None => fates.rejected(
                &line.id,
                "One definition of done per SOP, the owner's; its author has no step it could end.",
            ),
        }
    }
    own
}

fn ends_when(line: &Line<'_>) -> String {
    full_stop(&format!("Close this step when {}", uncapital(line.text)))
}

fn purpose(q: &SynthesisQuestion, fates: &mut Fates) -> String {
    let mut sentences = vec![full_stop(&q.description)];
    if likeness(&q.description, &q.objective) < merge::SAME && !q.description.contains(q.objective.trim()) {
        sentences.push(full_stop(&q.objective));
    }
    sentences.extend(merge::bullets(q, Section::Purpose, fates).iter().map(|line| full_stop(line)));
    sentences.join(" ")
}

fn scope(q: &SynthesisQuestion, fates: &mut Fates, dissent: &mut Vec<Dissent>) -> String {
    let lines = merge::scope(q, fates);
    let terms = merge::terms(q, fates, dissent);
    let terms: Vec<String> =
        terms.iter().map(|(term, meaning)| format!("- **{term}**: {}", full_stop(meaning))).collect();
    let scope = bulleted(&lines);
    if terms.is_empty() { scope } else { format!("{scope}\n\n{}", terms.join("\n")) }
}

/// Everybody with a part is named, also where no draft says what for.
fn roles(q: &SynthesisQuestion, work: &[Work], fates: &mut Fates) -> String {
    let mut known = merge::roles(q, fates);
    if !known.iter().any(|(id, _)| *id == q.owner) {
        known.insert(
            0,
            (q.owner.clone(), vec!["accountable for every case and for the definition of done".to_owned()]),
        );
    }
    for (id, title) in parts(work) {
        if !known.iter().any(|(named, _)| *named == id) {
            known.push((id, vec![title]));
        }
    }
    let owner_first = |(id, _): &(String, Vec<String>)| *id != q.owner;
    known.sort_by_key(owner_first);
    let line = |(id, parts): &(String, Vec<String>)| {
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { full_stop(id) } else { format!("{id}: {}", full_stop(&parts.join("; "))) }
    };
    known.iter().map(|known| format!("- {}", line(known))).collect::<Vec<_>>().join("\n")
}

/// Assignees and approvers with what they do.
fn parts(work: &[Work]) -> Vec<(String, String)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for step in work {
        note(&mut found, &step.assignee, &format!("carries out “{}”", step.title));
        let approvers = step.keys.iter().filter_map(|key| key.strip_prefix("Approvers:"));
        for party in approvers.flat_map(|parties| parties.split(',')) {
            let party = party.split('(').next().unwrap_or_default().trim();
            note(&mut found, party, &format!("approves “{}”", step.title));
        }
    }
    found.into_iter().map(|(id, parts)| (id, listed(&parts))).collect()
}

fn note(found: &mut Vec<(String, Vec<String>)>, id: &str, part: &str) {
    match found.iter_mut().find(|(known, _)| known == id) {
        Some((_, parts)) => parts.push(part.to_owned()),
        None => found.push((id.to_owned(), vec![part.to_owned()])),
    }
}

fn references(q: &SynthesisQuestion, fates: &mut Fates) -> String {
    let lines = merge::bullets(q, Section::References, fates);
    lines.iter().map(|line| format!("- {}", line.trim())).collect::<Vec<_>>().join("\n")
}
