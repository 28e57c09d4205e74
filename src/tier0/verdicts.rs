//! Verdicts by code: runs the named check behind each assertion and quotes what it found. An assertion without a
//! check is answered `cannot_tell`, never passed.

use super::promises::check_behind;
use crate::contract::{Answer, Assertion, Check, Finding, Verdict};
use crate::roles::AssertionView;
use crate::sop::lint::{Context, check};
use crate::sop::render::section_text;
use crate::sop::{Section, Sop, SopId, Version};
use std::collections::{BTreeMap, BTreeSet};

/// Least letters of a quote that proves something.
const MIN_QUOTE: usize = 20;

/// One verdict per assertion, in their order. `findings` are what the coded checks found with the whole roster and
/// registry at hand; where they speak of the same check, they count.
pub(crate) fn verdicts(
    sop_text: &str,
    views: &[AssertionView],
    assertions: &[Assertion],
    findings: &[Finding],
) -> Vec<Verdict> {
    let sop = crate::sop::parse("the draft", sop_text);
    views
        .iter()
        .map(|view| match (&sop, named_check(view, assertions)) {
            (Err(_), _) => verdict(view, Answer::Fail, "", "The draft cannot be read as an SOP."),
            (Ok(_), None) => {
                verdict(view, Answer::CannotTell, "", "Only judgement can tell, and no model is configured.")
            }
            (Ok(sop), Some((name, argument))) => coded(view, sop, sop_text, (&name, &argument), findings),
        })
        .collect()
}

fn named_check(view: &AssertionView, assertions: &[Assertion]) -> Option<(String, String)> {
    let known = assertions.iter().find(|assertion| assertion.id == view.id);
    match known.map(|assertion| &assertion.check) {
        Some(Check::Code { name, argument }) => Some((name.clone(), argument.clone())),
        Some(Check::Judged) => None,
        None => check_behind(view),
    }
}

fn verdict(view: &AssertionView, answer: Answer, quote: &str, reason: &str) -> Verdict {
    Verdict { assertion: view.id.clone(), answer, quote: quote.to_owned(), reason: reason.to_owned() }
}

fn coded(
    view: &AssertionView,
    sop: &Sop,
    text: &str,
    check_name: (&str, &str),
    findings: &[Finding],
) -> Verdict {
    let (name, argument) = check_name;
    if let Some(found) = findings.iter().find(|finding| finding.code == name) {
        return verdict(view, Answer::Fail, &found.quote, &found.message);
    }
    let (agents, titles, sops) = taken_as_known(sop, text);
    let allowed: Vec<Section> = Section::ALL
        .into_iter()
        .filter(|(_, title)| view.sections.iter().any(|named| named == title))
        .map(|(section, _)| section)
        .collect();
    let context = Context { agents: &agents, people: &BTreeSet::new(), titles: &titles, sops: &sops };
    let result = check((name, argument), &allowed, sop, text, &context);
    if !result.pass {
        return verdict(view, Answer::Fail, &result.quote, &result.reason);
    }
    let in_place = allowed.is_empty() || allowed.contains(&result.section);
    let quote = if in_place && long_enough(&result.quote) {
        Some(result.quote)
    } else {
        evidence(sop, &allowed, result.section)
    };
    match quote {
        Some(quote) => verdict(view, Answer::Pass, &quote, &result.reason),
        None => verdict(
            view,
            Answer::CannotTell,
            "",
            "It holds, and no line of a named section is long enough to prove it.",
        ),
    }
}

fn long_enough(quote: &str) -> bool {
    quote.chars().count() >= MIN_QUOTE && !quote.contains('\n')
}

/// The longest line of the section the check looked at, or of the sections the assertion names.
fn evidence(sop: &Sop, allowed: &[Section], looked: Section) -> Option<String> {
    let looked = [looked].into_iter().filter(|section| allowed.is_empty() || allowed.contains(section));
    let sections: Vec<Section> = looked.chain(allowed.iter().copied()).collect();
    let line = |section: &Section| {
        let text = section_text(sop, *section);
        text.lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("| ---"))
            .max_by_key(|line| line.len())
            .map(str::to_owned)
    };
    sections.iter().filter_map(line).find(|line| long_enough(line))
}

type Known = (BTreeSet<String>, BTreeMap<String, String>, BTreeMap<SopId, BTreeSet<Version>>);

/// A validator has no roster and no registry: what exists there was checked by the coded findings, so here every
/// name and reference in the draft counts as known.
fn taken_as_known(sop: &Sop, text: &str) -> Known {
    let mut agents: BTreeSet<String> = BTreeSet::from([sop.head.owner.clone()]);
    for step in &sop.body.steps {
        agents.extend(step.parties().cloned());
    }
    let mut sops: BTreeMap<SopId, BTreeSet<Version>> = BTreeMap::new();
    for written in crate::sop::references::written(text) {
        if let Ok((id, version)) = crate::sop::references::read(&written) {
            sops.entry(id).or_default().extend(version);
        }
    }
    (agents, BTreeMap::new(), sops)
}
