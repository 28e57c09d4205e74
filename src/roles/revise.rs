//! The author changes a text that stands: what she does not give stays as it is, word for word.

use super::Role;
use super::synthesise::{Dissent, Synthesis, SynthesisQuestion, SynthesisStep};
use crate::base::text::listed;
use crate::draft::{Disposition, Fate};
use crate::sop::{Input, Section, Sop};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
pub struct Revise;

impl Role for Revise {
    const NAME: &'static str = "revise";
    /// Its `previous`, or else the version in force, is the text that is changed.
    type Question = SynthesisQuestion;
    type Answer = Revision;
}

/// The parts of a text that change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// What was done about each finding and each comment, or why nothing was, one sentence each.
    pub done: Vec<String>,
    /// Sections that change, each whole.
    #[serde(default)]
    pub sections: Vec<RevisedSection>,
    /// The input packet, whole, where it changes.
    #[serde(default)]
    pub inputs: Option<Vec<Input>>,
    /// All steps in their order, where one of them changes, comes or goes.
    #[serde(default)]
    pub steps: Option<Vec<RevisedStep>>,
    /// The numbers of the steps that go without another in their place.
    #[serde(default)]
    pub dropped: Vec<u32>,
    /// What this version changes against the one in force, one sentence.
    pub change: String,
    /// Items of the drafts that are left out, with the reason.
    #[serde(default)]
    pub dispositions: Vec<Disposition>,
    /// Where workers disagreed and how it was settled.
    #[serde(default)]
    pub dissent: Vec<Dissent>,
}

/// A section's new text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisedSection {
    /// Which: none of Inputs, Steps and Change log.
    pub section: Section,
    /// Markdown.
    pub text: String,
}

/// A step that stays, or a new text of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisedStep {
    /// The number of the step that stays as it is, everything else being empty; 0 for a step that is given here.
    pub same_as: u32,
    /// The numbers of the steps a step that is given here takes the place of; empty for a new one.
    #[serde(default)]
    pub instead_of: Vec<u32>,
    /// Imperative.
    #[serde(default)]
    pub title: String,
    /// Instructions in Markdown.
    #[serde(default)]
    pub text: String,
    /// An agent id.
    #[serde(default)]
    pub assignee: String,
    /// What exists afterwards.
    #[serde(default)]
    pub artifact: String,
    /// Further keys as `Key: value` lines.
    #[serde(default)]
    pub keys: Vec<String>,
}

impl Revision {
    /// What is wrong with it as a change of `base`; empty when it can be carried out.
    pub fn problems(&self, base: &Sop) -> Vec<String> {
        let mut problems = Vec::new();
        let last = base.body.steps.len();
        for step in self.steps.iter().flatten() {
            let known = usize::try_from(step.same_as).is_ok_and(|number| number <= last);
            if !known {
                problems.push(format!(
                    "`same_as` is {}, and the text has {last} steps; give the number of one, or 0",
                    step.same_as
                ));
            }
            if step.same_as == 0 && step.title.trim().is_empty() {
                problems.push("a step has neither `same_as` nor a title; give one of them".to_owned());
            }
        }
        if let Some(steps) = &self.steps {
            let named: BTreeSet<u32> =
                steps.iter().flat_map(RevisedStep::before).chain(self.dropped.iter().copied()).collect();
            let silent: Vec<String> = (1..)
                .take(last)
                .filter(|number| !named.contains(number))
                .map(|number: u32| number.to_string())
                .collect();
            if !silent.is_empty() {
                problems.push(format!(
                    "nothing is said of step {}: name each in `same_as`, in `instead_of` or in `dropped`",
                    listed(&silent)
                ));
            }
        }
        for given in &self.sections {
            if matches!(given.section, Section::Inputs | Section::Steps | Section::ChangeLog) {
                problems.push(format!(
                    "`sections` holds {}, which has a list of its own; use that",
                    given.section.title()
                ));
            }
        }
        problems
    }

    /// The whole text it makes of `base`; an item that was left out before stays left out unless it is named again.
    pub fn of(self, base: Synthesis) -> Synthesis {
        let mut text = base;
        for RevisedSection { section, text: given } in self.sections {
            if let Some(place) = place(&mut text, section) {
                *place = given;
            }
        }
        if let Some(inputs) = self.inputs {
            text.inputs = inputs;
        }
        if let Some(steps) = self.steps {
            text.steps = stepped(&text.steps, &steps);
        }
        if !self.change.trim().is_empty() {
            text.change = self.change;
        }
        let named: BTreeSet<&str> = self.dispositions.iter().map(|one| one.item.as_str()).collect();
        text.dispositions.retain(|one| one.fate == Fate::Rejected && !named.contains(one.item.as_str()));
        text.dispositions.extend(self.dispositions);
        text.dissent.extend(self.dissent);
        text
    }
}

fn place(text: &mut Synthesis, section: Section) -> Option<&mut String> {
    Some(match section {
        Section::Purpose => &mut text.purpose,
        Section::Scope => &mut text.scope,
        Section::Roles => &mut text.roles,
        Section::Trigger => &mut text.trigger,
        Section::Preflight => &mut text.preflight,
        Section::DefinitionOfDone => &mut text.definition_of_done,
        Section::Confidence => &mut text.confidence,
        Section::Risk => &mut text.risk,
        Section::References => &mut text.references,
        Section::Inputs | Section::Steps | Section::ChangeLog => return None,
    })
}

impl RevisedStep {
    /// The steps of the text before that it stays as or takes the place of.
    fn before(&self) -> impl Iterator<Item = u32> {
        Some(self.same_as).filter(|number| *number > 0).into_iter().chain(self.instead_of.iter().copied())
    }
}

/// The steps in their new order. A step that stays names the steps it depends on by their new numbers.
fn stepped(before: &[SynthesisStep], steps: &[RevisedStep]) -> Vec<SynthesisStep> {
    let numbers: BTreeMap<u32, u32> =
        (1..).zip(steps).flat_map(|(new, step)| step.before().map(move |old| (old, new))).collect();
    let known = |number: u32| before.get(usize::try_from(number.checked_sub(1)?).ok()?);
    let made = |step: &RevisedStep| match known(step.same_as) {
        Some(old) => {
            let keys = old.keys.iter().filter_map(|key| renumbered(key, &numbers)).collect();
            SynthesisStep { keys, ..old.clone() }
        }
        None => SynthesisStep {
            title: step.title.clone(),
            text: step.text.clone(),
            assignee: step.assignee.clone(),
            artifact: step.artifact.clone(),
            keys: step.keys.clone(),
        },
    };
    steps.iter().map(made).collect()
}

/// `Depends On: 1, 3` by the new numbers; nothing of it where none of these steps is left.
fn renumbered(key: &str, numbers: &BTreeMap<u32, u32>) -> Option<String> {
    let Some(list) = key.strip_prefix("Depends On:") else { return Some(key.to_owned()) };
    let moved = list.split(',').filter_map(|one| numbers.get(&one.trim().parse::<u32>().ok()?));
    let moved: Vec<String> = moved.map(u32::to_string).collect();
    (!moved.is_empty()).then(|| format!("Depends On: {}", moved.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(title: &str, keys: &[&str]) -> SynthesisStep {
        SynthesisStep {
            title: title.to_owned(),
            text: format!("{title} at once."),
            assignee: "vp.sales".to_owned(),
            artifact: "a note".to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    fn base() -> Synthesis {
        Synthesis {
            purpose: "Why.".to_owned(),
            scope: "- In scope: all.".to_owned(),
            steps: vec![step("Take it", &[]), step("Weigh it", &[]), step("Close it", &["Depends On: 1, 2"])],
            change: "First version.".to_owned(),
            ..Synthesis::default()
        }
    }

    #[test]
    fn what_is_not_given_stays_word_for_word() {
        let same = |number| RevisedStep { same_as: number, ..RevisedStep::default() };
        let new = RevisedStep { title: "Ask first".to_owned(), ..RevisedStep::default() };
        let revision = Revision {
            sections: vec![RevisedSection { section: Section::Scope, text: "- In scope: some.".to_owned() }],
            steps: Some(vec![new, same(2), same(3)]),
            ..Revision::default()
        };
        let text = revision.of(base());
        assert_eq!((text.purpose.as_str(), text.scope.as_str()), ("Why.", "- In scope: some."));
        assert_eq!(text.change, "First version.");
        let titles: Vec<&str> = text.steps.iter().map(|step| step.title.as_str()).collect();
        assert_eq!(titles, ["Ask first", "Weigh it", "Close it"]);
        assert_eq!(text.steps[1], step("Weigh it", &[]));
        assert_eq!(text.steps[2].keys, ["Depends On: 2"]);
        assert_eq!(Revision::default().of(base()), base());
    }

    #[test]
    fn no_step_goes_without_a_word() {
        let text = crate::sop::parse("s.md", crate::sop::sample::SAMPLE).unwrap();
        let count = u32::try_from(text.body.steps.len()).unwrap();
        let same = |number| RevisedStep { same_as: number, ..RevisedStep::default() };
        let all_but_one = Revision { steps: Some((2..=count).map(same).collect()), ..Revision::default() };
        assert!(all_but_one.problems(&text)[0].contains("nothing is said of step 1"));
        let dropped = Revision { dropped: vec![1], ..all_but_one.clone() };
        assert_eq!(dropped.problems(&text), Vec::<String>::new());
        let mut replaced = all_but_one;
        let new = RevisedStep { instead_of: vec![1], title: "Do it".to_owned(), ..RevisedStep::default() };
        replaced.steps.as_mut().unwrap().insert(0, new);
        assert_eq!(replaced.problems(&text), Vec::<String>::new());
        let mut beyond = Revision { steps: Some((1..=count).map(same).collect()), ..Revision::default() };
        beyond.steps.as_mut().unwrap().push(same(count + 1));
        assert!(beyond.problems(&text)[0].contains("give the number of one"));
    }

    #[test]
    fn an_item_that_was_left_out_stays_left_out_until_it_is_named_again() {
        let fate = |item: &str, fate| Disposition { item: item.to_owned(), fate, reason: "no".to_owned() };
        let before = Synthesis {
            dispositions: vec![fate("a/1", Fate::Rejected), fate("a/2", Fate::Rejected)],
            ..base()
        };
        let revision = Revision { dispositions: vec![fate("a/2", Fate::Kept)], ..Revision::default() };
        assert_eq!(revision.of(before).dispositions, [fate("a/1", Fate::Rejected), fate("a/2", Fate::Kept)]);
    }
}
