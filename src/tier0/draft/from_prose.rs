//! Turns what the requester told into the items of the owner's draft: as the lead, with the owner's general
//! knowledge around it, or woven as rules into steps the owner knows better.

use super::around::{Telling, around, done, inputs, out_of_scope, roles, scope, trigger};
use super::from_topic::statement;
use crate::base::text::{full_stop, shortened};
use crate::draft::{Draft, DraftStep, Question};
use crate::roster::{Phase, Topic};
use crate::sop::{Section, fences};
use crate::tier0::english::clause::Clause;
use crate::tier0::english::figures::{self, Figure, figures};
use crate::tier0::english::sentences;
use crate::tier0::english::words::{likeness, share_found, shared};
use crate::tier0::knowledge::matching::is_general;
use crate::tier0::request::contradiction;
use crate::tier0::request::marks;
use crate::tier0::request::material::{Material, ProseStep};
use crate::tier0::request::sound;
use crate::tier0::request::titles;

/// The requester's steps are the steps; what they leave open comes from the topic, else from how the owner's
/// department works.
pub(crate) fn lead(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    let material = &corrected(draft, material);
    let count = material.steps.len();
    for (index, step) in material.steps.iter().enumerate() {
        draft.steps.push(prose_step(step, index, count, telling));
    }
    unknown_people(draft, material, telling);
    let general = telling.agent.topics.iter().find(|topic| is_general(topic));
    for why in material.background.iter().take(2) {
        statement(draft, Section::Purpose, &format!("Why it exists: “{why}”"));
    }
    used_terms(draft, telling);
    scope(draft, material, telling);
    roles(draft, telling);
    trigger(draft, material, telling);
    inputs(draft, material, telling);
    done(draft, material, telling);
    around(draft, telling, general);
    remaining(draft, material);
}

/// People the roster does not know keep their name in the instruction; the owner answers for their steps. What could
/// not be read as an order is asked about.
fn unknown_people(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    let owner = &telling.agent.head.id;
    let mut told: Vec<&String> = Vec::new();
    for actor in material.steps.iter().filter_map(|step| step.actor.as_ref()) {
        if !told.contains(&actor) && !telling.names.iter().any(|(name, _)| name == actor) {
            told.push(actor);
            draft.assumptions.push(format!(
                "Nobody on the roster is called “{actor}”: {owner} answers for the steps that name them."
            ));
        }
    }
    for unclear in &material.unclear {
        draft.questions.push(Question {
            text: format!("What is to be done where the mission says “{unclear}”?"),
            assumption: format!("It is left out: “{unclear}”"),
        });
    }
}

/// Of a topic around the steps only the terms that the steps use are wanted, and its own steps are left out.
fn used_terms(draft: &mut Draft, telling: &Telling<'_>) {
    let steps: String =
        draft.steps.iter().map(|step| format!("{} {} ", step.text, step.rules.join(" "))).collect();
    let lines: String = draft.statements.iter().map(|line| format!("{} ", line.text)).collect();
    let said = format!("{steps}{lines}").to_lowercase();
    draft.terms.retain(|term| said.contains(&term.term.to_lowercase()));
    for step in telling.topic.iter().flat_map(|topic| &topic.steps) {
        draft
            .left_out
            .push(format!("The known step “{}” is not used: the mission's own steps lead.", step.step.title));
    }
}

/// A sentence that does not read like an order is no rule of a step the owner knows better.
fn meant_well(order: &Clause, material: &Material) -> bool {
    material.listed || sound::is_sound(order)
}

/// The owner's own steps lead; what the mission adds to them becomes rules, and its figures win.
pub(crate) fn weave(draft: &mut Draft, material: &Material) {
    let material = &corrected(draft, material);
    // Where the owner knows the work, a sentence that neither binds nor counts tells how things are today.
    let meant = material.listed || material.wished || material.steps.len() >= 3;
    let binds = |order: &&Clause| meant || order.binding || !figures(&order.sentence()).is_empty();
    let orders = material.steps.iter().flat_map(|step| {
        let orders = step
            .orders
            .iter()
            .filter(binds)
            .filter(|order| meant_well(order, material))
            .map(Clause::sentence);
        orders.chain(step.rules.iter().cloned()).collect::<Vec<_>>()
    });
    let told: Vec<String> = orders.chain(material.rules.iter().cloned()).collect();
    let limited = material.limit.is_some_and(|limit| limit_whole(draft, limit));
    for sentence in told {
        if limited && marks::limits_the_whole(&sentence) {
            continue;
        }
        settle_figures(draft, &sentence);
        let known = everything(draft);
        let says_little = sentence.split(' ').count() < 4 && figures(&sentence).is_empty();
        let covered = says_little
            || share_found(&sentence, &known) >= 85
                && figures(&sentence).iter().all(|figure| holds(&known, figure));
        if covered {
            draft.left_out.push(format!("“{sentence}” is covered by what is known already."));
        } else {
            statement(draft, Section::Steps, &sentence);
        }
    }
    for line in &material.out_of_scope {
        statement(draft, Section::Scope, &out_of_scope(line));
    }
    remaining(draft, material);
}

/// The whole may take no longer than the mission says: a longer span in the definition of done is shortened.
fn limit_whole(draft: &mut Draft, limit: crate::base::Span) -> bool {
    let Some(done) = draft.statements.iter_mut().find(|line| line.section == Section::DefinitionOfDone)
    else {
        return false;
    };
    let spans = figures::spans(&done.text);
    let longer = spans
        .iter()
        .map(|(span, _)| *span)
        .filter(|span| span.unit == limit.unit && span.count > limit.count);
    let Some(longest) = longer.max_by_key(|span| span.count) else { return false };
    let old = done.text.clone();
    done.text = done.text.replace(&longest.to_string(), &limit.to_string());
    if done.text == old {
        return false;
    }
    draft.assumptions.push(format!("The mission allows {limit} for the whole where the knowledge has {longest}; the mission's limit is used."));
    true
}

fn holds(text: &str, figure: &Figure) -> bool {
    figures(text).contains(figure)
}

fn everything(draft: &Draft) -> String {
    let statements = draft.statements.iter().map(|statement| statement.text.clone());
    let steps =
        draft.steps.iter().map(|step| format!("{} {} {}", step.title, step.text, step.rules.join(" ")));
    let terms = draft.terms.iter().map(|term| format!("{} {}", term.term, term.definition));
    statements.chain(steps).chain(terms).collect::<Vec<_>>().join(" ")
}

/// How alike two sentences must be to speak about the same figure.
const SAME_MATTER: u8 = 45;

/// Where the mission gives another figure than the knowledge for the same matter, the mission's is used.
fn settle_figures(draft: &mut Draft, told: &str) {
    let theirs = figures(told);
    let other = |text: &str| {
        let ours = figures(text);
        likeness(text, told) >= SAME_MATTER
            && ours.iter().any(|our| theirs.iter().any(|their| our.differs(their)))
            && !ours.iter().any(|our| theirs.contains(our))
    };
    let mut replaced: Vec<String> = Vec::new();
    for step in &mut draft.steps {
        step.rules.retain(|rule| keep(!other(rule), rule, &mut replaced));
        let sentences = sentences::sentences(&fences::prose(&step.text));
        let kept: Vec<String> =
            sentences.iter().filter(|line| keep(!other(line), line, &mut replaced)).cloned().collect();
        if !kept.is_empty() && kept.len() < sentences.len() {
            step.text = fences::joined(&kept.join(" "), &fences::fences(&step.text));
        }
    }
    draft
        .statements
        .retain(|line| line.section != Section::Steps || keep(!other(&line.text), &line.text, &mut replaced));
    for ours in replaced {
        draft.assumptions.push(format!(
            "The mission says “{told}” where the knowledge says “{ours}”; the mission's figure is used."
        ));
    }
}

fn keep(keep: bool, text: &str, replaced: &mut Vec<String>) -> bool {
    if !keep {
        replaced.push(text.to_owned());
    }
    keep
}

/// Settles sentences that contradict each other: the later one holds until the requester says otherwise.
fn corrected(draft: &mut Draft, material: &Material) -> Material {
    let mut settled = material.clone();
    for (first, second) in &material.contradictions {
        draft.questions.push(Question {
            text: format!("The mission says “{first}” and also “{second}” Which one holds?"),
            assumption: format!("The later sentence holds: “{second}”"),
        });
        let same = |sentence: &str| sentence == first;
        if contradiction::corrects(second) {
            settled.rules.retain(|rule| rule != second);
            settled.rules.push(with_figures_of(first, second));
        }
        settled.rules.retain(|rule| !same(rule));
        settled.steps.retain(|step| !step.orders.iter().any(|order| same(&order.sentence())));
        if settled.trigger.as_deref() == Some(first) {
            settled.trigger = Some(with_figures_of(first, second));
        }
    }
    settled
}

/// `first` with the figures of `second` where both name the same unit.
fn with_figures_of(first: &str, second: &str) -> String {
    let mut text = first.to_owned();
    for new in figures(second) {
        for old in figures(first).into_iter().filter(|old| old.unit == new.unit) {
            text = text.replacen(&old.value, &new.value, 1);
        }
    }
    text
}

const PHASES: [Phase; 6] =
    [Phase::Intake, Phase::Prepare, Phase::Assess, Phase::Decide, Phase::Act, Phase::Record];

/// Steps that were told in order keep it: the phases are spread over them.
fn phase(index: usize, count: usize) -> Phase {
    let at = index * PHASES.len() / count.max(1);
    PHASES.get(at).copied().unwrap_or(Phase::Act)
}

fn prose_step(step: &ProseStep, index: usize, count: usize, telling: &Telling<'_>) -> DraftStep {
    let meant =
        |actor: &String| telling.names.iter().find(|(name, _)| name == actor).map(|(_, id)| id.clone());
    let assignee = step.actor.as_ref().and_then(meant);
    let sentences: Vec<String> = step.orders.iter().map(|order| told_to(order, telling)).collect();
    let title = titles::of_step(step, telling.title);
    let twin = telling.topic.and_then(|topic| twin(topic, &sentences.join(" ")));
    let artifact = twin.and_then(|twin| twin.step.artifact.clone()).unwrap_or_else(|| titles::artifact(step));
    DraftStep {
        phase: phase(index, count),
        title,
        text: sentences.join(" "),
        rules: step.rules.clone(),
        assignee: assignee.unwrap_or_else(|| telling.agent.head.id.clone()),
        artifact,
        keys: step.limit.map(|limit| format!("Time Limit: {limit}")).into_iter().collect(),
    }
}

/// The sentence without `have HR …` where HR is the assignee anyway.
fn told_to(order: &Clause, telling: &Telling<'_>) -> String {
    let known = order.actor.as_ref().is_some_and(|actor| telling.names.iter().any(|(name, _)| name == actor));
    let order = if known { Clause { actor: None, ..order.clone() } } else { order.clone() };
    order.sentence()
}

/// A known step about the same thing lends its artifact.
fn twin<'a>(topic: &'a Topic, told: &str) -> Option<&'a crate::roster::KnownStep> {
    let like = |known: &crate::roster::KnownStep| {
        likeness(told, &format!("{} {}", known.step.title, known.step.text))
    };
    topic.steps.iter().filter(|known| like(known) >= SAME_MATTER).max_by_key(|known| like(known))
}

/// Longest story, in characters, that is told whole where it gives a name.
const LONGEST_STORY: usize = 200;

/// Rules, wishes, and what was read and not used.
fn remaining(draft: &mut Draft, material: &Material) {
    for rule in &material.rules {
        let said =
            draft.steps.iter().any(|step| shared(rule, &step.text) > 0 && likeness(rule, &step.text) >= 80);
        if !said
            && !everything(draft).contains(rule.as_str())
            && !draft.left_out.iter().any(|line| line.contains(rule.as_str()))
        {
            statement(draft, Section::Steps, rule);
        }
    }
    let background = material
        .background
        .iter()
        .filter(|why| !draft.statements.iter().any(|line| line.text.contains(why.as_str())));
    for unused in background.chain(&material.unused).cloned().collect::<Vec<_>>() {
        draft.left_out.push(format!(
            "Read as background, not as a rule: “{}”",
            full_stop(&shortened(&unused, LONGEST_STORY))
        ));
    }
}
