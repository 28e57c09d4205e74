//! Orders the steps of all drafts, joins those of different workers that say the same, and places a department's rules
//! into the step of that department they share most words with.

use super::fates::{Fates, id};
use super::merge::{Line, SAME};
use crate::base::text::full_stop;
use crate::draft::DraftStep;
use crate::roles::synthesise::{SynthesisQuestion, SynthesisStep};
use crate::roster::Phase;
use crate::sop::fences;
use crate::tier0::english::sentences;
use crate::tier0::english::words::{likeness, stem_set, stems};
use std::collections::BTreeSet;

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
        let bullets: Vec<String> = self.rules.iter().map(|rule| format!("- {rule}")).collect();
        let text =
            if bullets.is_empty() { self.text } else { format!("{}\n\n{}", self.text, bullets.join("\n")) };
        SynthesisStep {
            title: self.title,
            text: fences::joined(&text, &self.fences),
            assignee: self.assignee,
            artifact: self.artifact,
            keys: self.keys,
        }
    }
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

/// Steps of one worker are told apart by that worker. Steps with different fenced blocks do different things, however
/// alike their words are.
fn same_step(a: &Work, b: &Work) -> bool {
    if a.worker == b.worker || a.fences != b.fences && !a.fences.is_empty() && !b.fences.is_empty() {
        return false;
    }
    a.title == b.title
        || likeness(&format!("{} {}", a.title, a.text), &format!("{} {}", b.title, b.text)) >= SAME_STEP
}

/// Adds to `known` what only `other` says.
fn join(known: &mut Work, other: Work) {
    for sentence in sentences(&other.text) {
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
    let sentences = sentences(&work.text);
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

/// Puts a rule into the step of its own worker it shares most words with; where that worker has no step, into any.
pub(crate) fn place(steps: &mut [Work], rule: &Line<'_>, fates: &mut Fates) {
    if let Some(known) = steps.iter().find(|work| says(work, rule.text)) {
        fates.merged(&rule.id, format!("The step “{}” says so already.", known.title));
        return;
    }
    let texts: Vec<(String, String)> = steps.iter().map(|work| (work.title.clone(), work.words())).collect();
    let scores = belonging(&texts, rule.text);
    let ranked = steps.iter().zip(scores).enumerate();
    let best =
        ranked.map(|(at, (work, score))| ((work.worker == rule.worker, score), std::cmp::Reverse(at))).max();
    let Some((_, std::cmp::Reverse(at))) = best else {
        fates.rejected(&rule.id, "There is no step it could belong to.");
        return;
    };
    if let Some(work) = steps.get_mut(at) {
        work.rules.push(full_stop(rule.text));
        fates.merged(&rule.id, format!("A rule of the step “{}”.", work.title));
    }
}
