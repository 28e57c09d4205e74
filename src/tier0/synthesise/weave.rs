//! Weaves a change into the version in force. What is not about the change stays word for word, so that a reader of
//! the difference sees the change and nothing else.

use super::fates::{Fates, id};
use super::merge::{self, Line, SAME};
use super::told::Told;
use crate::base::text::{full_stop, uncapital};
use crate::draft::DraftStep;
use crate::roles::synthesise::{Dissent, Synthesis, SynthesisQuestion, SynthesisStep};
use crate::sop::fences::{self, add_bullet};
use crate::sop::{Section, Sop};
use crate::tier0::english::figures::figures;
use crate::tier0::english::figures::threshold;
use crate::tier0::english::sentences;
use crate::tier0::english::words::{likeness, share_found};

struct Weaver<'a> {
    q: &'a SynthesisQuestion,
    out: Synthesis,
    fates: Fates,
    told: Told,
}

/// Weaves the drafts of a change into `sop`.
pub(crate) fn into_current(q: &SynthesisQuestion, sop: &Sop) -> Synthesis {
    let mut weaver = Weaver { q, out: Synthesis::of(sop), fates: Fates::default(), told: Told::default() };
    weaver.terms();
    weaver.inputs();
    weaver.steps();
    for rule in merge::lines(q, Section::Steps) {
        weaver.rule(&rule);
    }
    weaver.single(Section::Trigger);
    weaver.done();
    for section in [
        Section::Scope,
        Section::Roles,
        Section::Preflight,
        Section::Confidence,
        Section::Risk,
        Section::References,
        Section::Purpose,
    ] {
        for line in merge::lines(q, section) {
            weaver.line(section, &line);
        }
    }
    weaver.out.change = weaver.told.sentence(&q.mission.title);
    weaver.out.dispositions = weaver.fates.complete(&q.drafts);
    weaver.out
}

/// From this likeness on a sentence with another figure takes the place of the one in force.
const OUTDATES: u8 = 70;

const STANDS: &str = "It stands in the version in force already.";

impl Weaver<'_> {
    fn text(&mut self, section: Section) -> &mut String {
        match section {
            Section::Scope => &mut self.out.scope,
            Section::Roles => &mut self.out.roles,
            Section::Trigger => &mut self.out.trigger,
            Section::Preflight => &mut self.out.preflight,
            Section::DefinitionOfDone => &mut self.out.definition_of_done,
            Section::Confidence => &mut self.out.confidence,
            Section::Risk => &mut self.out.risk,
            Section::References => &mut self.out.references,
            _ => &mut self.out.purpose,
        }
    }

    fn terms(&mut self) {
        for draft in merge::owner_first(self.q) {
            for (index, term) in draft.draft.terms.iter().enumerate() {
                let item = id(&draft.agent, "term", index);
                let bullet = format!("- **{}**: {}", term.term, full_stop(&term.definition));
                let begin = format!("- **{}**:", term.term).to_lowercase();
                let known = self
                    .out
                    .scope
                    .lines()
                    .find(|line| line.to_lowercase().starts_with(&begin))
                    .map(str::to_owned);
                match known {
                    Some(line) if likeness(&line, &bullet) >= SAME && figures(&line) == figures(&bullet) => {
                        self.fates.merged(&item, STANDS);
                    }
                    Some(line) if draft.agent == self.q.owner => {
                        self.out.scope = self.out.scope.replace(&line, &bullet);
                        self.fates.kept(&item);
                        self.told.terms.push(term.term.clone());
                    }
                    Some(line) => {
                        self.fates.rejected(&item, "The version in force defines the term otherwise, and only its owner may change that.");
                        self.out.dissent.push(Dissent {
                            subject: format!("the meaning of “{}”", term.term),
                            items: vec![item],
                            settled: format!("It stays as it is in force: {line}"),
                        });
                    }
                    None => {
                        add_bullet(&mut self.out.scope, &bullet);
                        self.fates.kept(&item);
                        self.told.terms.push(term.term.clone());
                    }
                }
            }
        }
    }

    fn inputs(&mut self) {
        for draft in merge::owner_first(self.q) {
            for (index, input) in draft.draft.inputs.iter().enumerate() {
                let item = id(&draft.agent, "input", index);
                if self.out.inputs.iter().any(|known| known.name == input.name) {
                    self.fates.merged(&item, STANDS);
                } else {
                    self.fates.kept(&item);
                    self.told.inputs.push(format!("`{}`", input.name));
                    self.out.inputs.push(merge::plain_row(input.clone()));
                }
            }
        }
    }

    /// A new step joins the one it is about, or stands behind the one it shares most words with.
    fn steps(&mut self) {
        for draft in &self.q.drafts {
            for (index, step) in draft.draft.steps.iter().enumerate() {
                let item = id(&draft.agent, "step", index);
                self.step(step, &item);
            }
        }
    }

    fn step(&mut self, step: &DraftStep, item: &str) {
        let (told, fenced) = (fences::prose(&step.text), fences::fences(&step.text));
        let words = format!("{} {told}", step.title);
        let like = |known: &SynthesisStep| {
            likeness(&format!("{} {}", known.title, fences::prose(&known.text)), &words) >= 62
        };
        let same = self.out.steps.iter().position(|known| known.title == step.title || like(known));
        let Some(at) = same.or_else(|| self.nearest(&words)) else { return };
        if same.is_none() {
            let new = super::steps::Work::of(0, step).finished();
            self.out.steps.insert(at + 1, new);
            self.fates.kept(item);
            self.told.new_steps.push(step.title.clone());
            return;
        }
        let mut added = self.change_fences(at, &fenced);
        for sentence in sentences(&told).into_iter().chain(step.rules.clone()) {
            added |= self.add_rule(at, &sentence);
        }
        let why = if added { "Its new sentences stand in the step it is about." } else { STANDS };
        self.fates.merged(item, why);
    }

    /// The step's fenced blocks take the place of those in force.
    fn change_fences(&mut self, at: usize, fenced: &[String]) -> bool {
        let Some(step) = self.out.steps.get_mut(at) else { return false };
        if fenced.is_empty() || fences::fences(&step.text) == fenced {
            return false;
        }
        step.text = fences::joined(&fences::prose(&step.text), fenced);
        self.told.rules += 1;
        self.told.steps.push(at + 1);
        true
    }

    /// The step that shares most words with a text.
    fn nearest(&self, text: &str) -> Option<usize> {
        let words = |step: &SynthesisStep| {
            (step.title.clone(), format!("{} {} {}", step.title, step.text, step.artifact))
        };
        let texts: Vec<(String, String)> = self.out.steps.iter().map(words).collect();
        let scored = super::steps::belonging(&texts, text).into_iter().enumerate();
        scored.map(|(at, score)| (score, std::cmp::Reverse(at))).max().map(|(_, std::cmp::Reverse(at))| at)
    }

    fn rule(&mut self, rule: &Line<'_>) {
        let Some(at) = self.nearest(rule.text) else {
            self.fates.rejected(&rule.id, "There is no step it could belong to.");
            return;
        };
        if let Some((at, old)) = self.outdated(rule.text) {
            self.replace_sentence(at, &old, rule);
            return;
        }
        if self.add_rule(at, rule.text) {
            self.fates.kept(&rule.id);
        } else {
            self.fates.merged(&rule.id, STANDS);
        }
    }

    /// A sentence in force that says the same with another figure: the change replaces it.
    fn outdated(&self, new: &str) -> Option<(usize, String)> {
        let asked = figures(new);
        self.out.steps.iter().enumerate().find_map(|(at, step)| {
            let sentences =
                crate::sop::prose::sentences(&step.text, 1).into_iter().map(|sentence| sentence.quote);
            let other = |old: &String| {
                let ours = figures(old);
                likeness(old, new) >= OUTDATES
                    && ours.iter().any(|our| asked.iter().any(|new| new.differs(our)))
                    && !ours.iter().any(|our| asked.contains(our))
            };
            sentences.into_iter().find(other).map(|old| (at, old))
        })
    }

    fn replace_sentence(&mut self, at: usize, old: &str, rule: &Line<'_>) {
        if let Some(step) = self.out.steps.get_mut(at) {
            let new = full_stop(rule.text);
            step.text = fences::reword(&step.text, |prose| prose.replace(old, &new));
            self.fates.kept(&rule.id);
            self.told.rules += 1;
            self.told.steps.push(at + 1);
            self.out.dissent.push(Dissent {
                subject: format!("the figure in step {}", at + 1),
                items: vec![rule.id.clone()],
                settled: format!("The change replaces “{old}”."),
            });
        }
    }

    fn add_rule(&mut self, at: usize, rule: &str) -> bool {
        let said = self.out.steps.iter().any(|step| {
            crate::sop::prose::sentences(&step.text, 1)
                .iter()
                .any(|known| likeness(&known.text, rule) >= SAME && figures(&known.text) == figures(rule))
        });
        let Some(step) = self.out.steps.get_mut(at).filter(|_| !said) else { return false };
        add_bullet(&mut step.text, &format!("- {}", full_stop(rule)));
        self.told.rules += 1;
        if !self.told.steps.contains(&(at + 1)) {
            self.told.steps.push(at + 1);
        }
        true
    }

    /// Trigger: only a major change by the owner moves it.
    fn single(&mut self, section: Section) {
        for line in merge::lines(self.q, section) {
            let stands = likeness(self.text(section), line.text) >= SAME;
            let may = self.q.mission.change == "major" && line.agent == self.q.owner;
            if stands {
                self.fates.merged(&line.id, STANDS);
            } else if may {
                *self.text(section) = full_stop(line.text);
                self.told.sections.push(section);
                self.fates.kept(&line.id);
            } else {
                self.fates.rejected(
                    &line.id,
                    format!(
                        "A {} change does not move the {}.",
                        self.q.mission.change,
                        section.title().to_lowercase()
                    ),
                );
            }
        }
    }

    /// The owner's addition to the end is one more sentence; another worker's ends the step nearest to it.
    fn done(&mut self) {
        for line in merge::lines(self.q, Section::DefinitionOfDone) {
            if self.out.definition_of_done.contains(line.text)
                || likeness(&self.out.definition_of_done, line.text) >= SAME
            {
                self.fates.merged(&line.id, STANDS);
            } else if line.agent == self.q.owner {
                let joined = format!("{} {}", full_stop(&self.out.definition_of_done), full_stop(line.text));
                self.out.definition_of_done = joined;
                self.told.sections.push(Section::DefinitionOfDone);
                self.fates.kept(&line.id);
            } else {
                let rule = format!("Close this step when {}", uncapital(line.text));
                match self.nearest(line.text) {
                    Some(at) if self.add_rule(at, &rule) => self.fates.merged(
                        &line.id,
                        "One definition of done per SOP; this one ends the step nearest to it.",
                    ),
                    _ => self.fates.merged(&line.id, STANDS),
                }
            }
        }
    }

    fn line(&mut self, section: Section, line: &Line<'_>) {
        let in_force = self.text(section).clone();
        let said = in_force
            .lines()
            .any(|known| likeness(known, line.text) >= SAME && figures(known) == figures(line.text));
        let repeats = match section {
            Section::Scope => line.text.starts_with("In scope") && share_found(line.text, &in_force) >= 60,
            Section::Roles => line
                .text
                .split_once(':')
                .is_some_and(|(who, _)| in_force.contains(&format!("{}:", who.trim()))),
            Section::Confidence => threshold(line.text)
                .is_some_and(|percent| in_force.lines().filter_map(threshold).any(|known| known >= percent)),
            _ => false,
        };
        if said {
            self.fates.merged(&line.id, STANDS);
        } else if repeats {
            self.fates.rejected(
                &line.id,
                "The version in force covers it; a change leaves alone what it need not touch.",
            );
        } else if section == Section::Purpose {
            self.fates.rejected(&line.id, "The purpose of the SOP stays what it is.");
        } else if section == Section::Scope {
            let bullet = format!("- {}", full_stop(line.text));
            insert_before_terms(&mut self.out.scope, &bullet);
            self.fates.kept(&line.id);
            self.told.sections.push(section);
        } else {
            let bullet = format!("- {}", full_stop(line.text));
            add_bullet(self.text(section), &bullet);
            self.fates.kept(&line.id);
            self.told.sections.push(section);
        }
    }
}

fn insert_before_terms(scope: &mut String, bullet: &str) {
    let mut lines: Vec<&str> = scope.lines().collect();
    let at = lines.iter().rposition(|line| line.contains("n scope:") || line.contains("ut of scope:"));
    match at {
        Some(at) => {
            lines.insert(at + 1, bullet);
            *scope = lines.join("\n");
        }
        None => add_bullet(scope, bullet),
    }
}
