//! Orders the steps of all drafts, joins those that say the same, folds what is more than five, and places rules
//! into the step they share most words with.

use super::fates::{Fates, id};
use super::merge::{Line, SAME};
use crate::base::Span;
use crate::base::text::{full_stop, uncapital};
use crate::draft::DraftStep;
use crate::roles::synthesise::{SynthesisQuestion, SynthesisStep};
use crate::roster::Phase;
use crate::sop::fences;
use crate::tier0::english::sentences;
use crate::tier0::english::words::{likeness, stem_set, stems};
use std::collections::BTreeSet;

/// More steps than this are folded.
pub(crate) const MOST_STEPS: usize = 5;
/// Steps of different workers this alike are one.
const SAME_STEP: u8 = 62;

/// A step on its way into the synthesis.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// Its worker's place in the plan.
    pub(crate) worker: usize,
    /// Where in the work it belongs.
    pub(crate) phase: Phase,
    /// Imperative.
    pub(crate) title: String,
    /// Imperative sentences.
    pub(crate) text: String,
    /// Fenced blocks as written; they are moved, never reworded.
    pub(crate) fences: Vec<String>,
    /// Rules, each a full sentence.
    pub(crate) rules: Vec<String>,
    /// An agent id.
    pub(crate) assignee: String,
    /// What exists afterwards.
    pub(crate) artifact: String,
    /// Other keys as `Key: value` lines.
    pub(crate) keys: Vec<String>,
}

impl Work {
    pub(crate) fn of(worker: usize, step: &DraftStep) -> Self {
        Self {
            worker,
            phase: step.phase,
            title: step.title.trim().trim_end_matches('.').to_owned(),
            text: full_stop(&fences::prose(&step.text)),
            fences: fences::fences(&step.text),
            rules: step.rules.iter().map(|rule| full_stop(rule)).collect(),
            assignee: step.assignee.clone(),
            artifact: step.artifact.trim().trim_end_matches('.').to_owned(),
            keys: step.keys.clone(),
        }
    }

    /// Everything it says.
    pub(crate) fn words(&self) -> String {
        format!("{} {} {} {}", self.title, self.text, self.rules.join(" "), self.artifact)
    }

    /// As the synthesis holds it: rules are bullets below the text, fenced blocks stand below them.
    pub(crate) fn finished(self) -> SynthesisStep {
        let bullets: Vec<String> = self.rules.iter().map(|rule| format!("- {}", binding(rule))).collect();
        let text = if bullets.is_empty() {
            binding(&self.text)
        } else {
            format!("{}\n\n{}", binding(&self.text), bullets.join("\n"))
        };
        SynthesisStep {
            title: self.title,
            text: fences::joined(&text, &self.fences),
            assignee: self.assignee,
            artifact: self.artifact,
            keys: self.keys,
        }
    }
}

/// Requirement words in capitals, as RFC 2119 has them.
pub(crate) fn binding(text: &str) -> String {
    let words = text.split(' ').map(|word| match word {
        "must" => "MUST",
        "should" => "SHOULD",
        "shall" => "SHALL",
        "may" => "MAY",
        other => other,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The steps of all drafts in the order of the work: by phase, then by plan.
pub(crate) fn ordered(q: &SynthesisQuestion, fates: &mut Fates) -> Vec<Work> {
    let mut all: Vec<(Work, String)> = Vec::new();
    for (worker, draft) in q.drafts.iter().enumerate() {
        for (index, step) in draft.draft.steps.iter().enumerate() {
            all.push((Work::of(worker, step), id(&draft.agent, "step", index)));
        }
    }
    all.sort_by_key(|(work, _)| work.phase);
    let mut kept: Vec<Work> = Vec::new();
    for (work, item) in all {
        if let Some(known) = kept.iter_mut().find(|known| same_step(known, &work)) {
            fates.merged(&item, format!("Joined with the step “{}”, which says the same.", known.title));
            join(known, work);
        } else {
            fates.kept(&item);
            kept.push(work);
        }
    }
    kept
}

/// Steps with different fenced blocks do different things, however alike their words are.
fn same_step(a: &Work, b: &Work) -> bool {
    if a.fences != b.fences && !a.fences.is_empty() && !b.fences.is_empty() {
        return false;
    }
    let limit = if a.worker == b.worker { SAME } else { SAME_STEP };
    a.title == b.title
        || likeness(&format!("{} {}", a.title, a.text), &format!("{} {}", b.title, b.text)) >= limit
}

/// Adds to `known` what only `other` says.
fn join(known: &mut Work, other: Work) {
    for sentence in sentences::sentences(&other.text) {
        if !says(known, &sentence) {
            known.text = format!("{} {}", known.text, full_stop(&sentence));
        }
    }
    if known.fences.is_empty() {
        known.fences = other.fences;
    }
    for rule in other.rules {
        if !says(known, &rule) {
            known.rules.push(rule);
        }
    }
    join_keys(&mut known.keys, &other.keys);
}

fn says(work: &Work, sentence: &str) -> bool {
    let sentences = sentences::sentences(&work.text);
    sentences.iter().chain(&work.rules).any(|known| likeness(known, sentence) >= SAME)
}

fn join_keys(ours: &mut Vec<String>, theirs: &[String]) {
    let name = |key: &str| key.split(':').next().unwrap_or_default().to_owned();
    for key in theirs {
        if !ours.iter().any(|known| name(known) == name(key)) {
            ours.push(key.clone());
        }
    }
}

/// Folds neighbours until five are left, first those of one assignee and one phase. Steps of different people,
/// steps with a gate or a condition of their own, and steps with a fenced block (a command is a step of its own)
/// are left apart, even when more than five remain.
pub(crate) fn folded(mut steps: Vec<Work>) -> Vec<Work> {
    while steps.len() > MOST_STEPS {
        let pairs = steps.iter().zip(steps.iter().skip(1)).enumerate();
        let costs = pairs.filter_map(|(at, (a, b))| cost(a, b).map(|cost| (cost, at)));
        let Some((_, at)) = costs.min() else { break };
        let second = steps.remove(at + 1);
        if let Some(first) = steps.get_mut(at) {
            fold(first, second);
        }
    }
    steps
}

/// What folding two neighbours costs; `None` when they must stay apart.
fn cost(a: &Work, b: &Work) -> Option<(u8, usize)> {
    let apart = |work: &Work| {
        let own = ["When", "Approval", "Approvers", "Depends On", "Reaches Customers: Yes"];
        !work.fences.is_empty() || work.keys.iter().any(|key| own.iter().any(|name| key.starts_with(name)))
    };
    if a.assignee != b.assignee || apart(a) || apart(b) {
        return None;
    }
    let same_phase = u8::from(a.phase != b.phase);
    Some((same_phase, a.text.len() + b.text.len() + a.rules.len() + b.rules.len()))
}

fn fold(first: &mut Work, second: Work) {
    let joined = format!("{} and {}", first.title, uncapital(&second.title));
    let mention = joined.split_whitespace().count() > 9;
    if !mention {
        first.title = joined;
    }
    first.text = format!("{} {}", first.text, second.text);
    first.rules.extend(second.rules);
    first.artifact = format!("{}; {}", first.artifact, second.artifact);
    first.phase = second.phase;
    let limits: Vec<Span> = [&first.keys, &second.keys].into_iter().filter_map(|keys| limit(keys)).collect();
    join_keys(&mut first.keys, &second.keys);
    first.keys.retain(|key| !key.starts_with("Time Limit"));
    if let Some(total) = total(&limits) {
        first.keys.push(format!("Time Limit: {total}"));
    }
}

fn limit(keys: &[String]) -> Option<Span> {
    keys.iter().find_map(|key| key.strip_prefix("Time Limit:")).and_then(|span| span.trim().parse().ok())
}

/// The limits of both: their sum where the unit is one, else the longer.
fn total(limits: &[Span]) -> Option<Span> {
    let [first, second] = limits else { return limits.first().copied() };
    if first.unit == second.unit {
        return Some(Span { count: first.count.saturating_add(second.count), unit: first.unit });
    }
    limits.iter().copied().max_by_key(|limit| limit.millis())
}

/// How much a rule belongs to each step, given title and whole words of each. A word that few steps hold tells
/// more, one in the title counts double, and what a rule begins with is what it is about.
pub(crate) fn belonging(steps: &[(String, String)], rule: &str) -> Vec<usize> {
    const WHOLE: usize = 60;
    let begin: BTreeSet<String> = stems(rule).into_iter().take(3).collect();
    let wanted = stem_set(rule);
    let known: Vec<(BTreeSet<String>, BTreeSet<String>)> =
        steps.iter().map(|(title, words)| (stem_set(title), stem_set(words))).collect();
    let held = |stem: &String| known.iter().filter(|(_, words)| words.contains(stem)).count();
    let worth: Vec<(&String, usize)> = wanted.iter().map(|stem| (stem, WHOLE / held(stem).max(1))).collect();
    let score = |(title, words): &(BTreeSet<String>, BTreeSet<String>)| {
        let of = |(stem, worth): &(&String, usize)| {
            let in_title = usize::from(title.contains(*stem));
            let in_words = usize::from(words.contains(*stem));
            worth * (in_words + 2 * in_title + 2 * in_title * usize::from(begin.contains(*stem)))
        };
        worth.iter().map(of).sum()
    };
    known.iter().map(score).collect()
}

/// Puts a rule into the step it shares most words with; among equals the worker's own, then the first.
pub(crate) fn place(steps: &mut [Work], rule: &Line<'_>, fates: &mut Fates) {
    if let Some(known) = steps.iter().find(|work| says(work, rule.text)) {
        fates.merged(&rule.id, format!("The step “{}” says so already.", known.title));
        return;
    }
    let texts: Vec<(String, String)> = steps.iter().map(|work| (work.title.clone(), work.words())).collect();
    let scores = belonging(&texts, rule.text);
    let ranked = steps.iter().zip(scores).enumerate();
    let best =
        ranked.map(|(at, (work, score))| ((score, work.worker == rule.worker), std::cmp::Reverse(at))).max();
    let Some((_, std::cmp::Reverse(at))) = best else {
        fates.rejected(&rule.id, "There is no step it could belong to.");
        return;
    };
    if let Some(work) = steps.get_mut(at) {
        work.rules.push(full_stop(rule.text));
        fates.merged(&rule.id, format!("A rule of the step “{}”.", work.title));
    }
}
