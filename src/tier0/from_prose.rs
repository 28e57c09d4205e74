//! Turns what the requester told into the items of the owner's draft: as the lead, with the owner's general
//! knowledge around it, or woven as rules into steps the owner knows better.

use super::clause::{Clause, capital, full_stop, uncapital};
use super::figures::{Figure, figures};
use super::from_topic::statement;
use super::matching::{all_words, is_general};
use super::prose::{Material, ProseStep};
use super::titles;
use super::words::{likeness, share_found, shared};
use crate::base::text::slug;
use crate::draft::{Draft, DraftStep, Question};
use crate::roster::{Agent, Part, Phase, Topic};
use crate::sop::{Input, InputKind, Section};

/// Who tells, and what may be used besides the words of the mission.
pub(crate) struct Telling<'a> {
    /// Title of the SOP.
    pub(crate) title: &'a str,
    /// The owner.
    pub(crate) agent: &'a Agent,
    /// Whom the requester's names mean.
    pub(crate) names: &'a [(String, String)],
    /// The topic that surrounds the steps, where one fits.
    pub(crate) topic: Option<&'a Topic>,
}

/// The requester's steps are the steps; what they leave open comes from the topic, else from how the owner's
/// department works.
pub(crate) fn lead(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    let material = &corrected(draft, material);
    let count = material.steps.len();
    for (index, step) in material.steps.iter().enumerate() {
        draft.steps.push(prose_step(step, index, count, telling));
    }
    let general = telling.agent.topics.iter().find(|topic| is_general(topic));
    for why in material.background.iter().take(2) {
        statement(draft, Section::Purpose, &format!("Why it exists: “{why}”"));
    }
    used_terms(draft, telling);
    scope(draft, material, telling);
    roles(draft, telling);
    trigger(draft, material, telling, general);
    inputs(draft, material, telling, general);
    done(draft, material, telling, general);
    around(draft, telling, general);
    remaining(draft, material);
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

/// The owner's own steps lead; what the mission adds to them becomes rules, and its figures win.
pub(crate) fn weave(draft: &mut Draft, material: &Material) {
    let material = &corrected(draft, material);
    // Where the owner knows the work, a sentence that neither binds nor counts tells how things are today.
    let meant = material.listed || material.wished || material.steps.len() >= 3;
    let binds = |order: &&Clause| meant || order.binding || !figures(&order.sentence()).is_empty();
    let orders = material.steps.iter().flat_map(|step| {
        let orders = step.orders.iter().filter(binds).map(Clause::sentence);
        orders.chain(step.rules.iter().cloned()).collect::<Vec<_>>()
    });
    let told: Vec<String> = orders.chain(material.rules.iter().cloned()).collect();
    let limited = material.limit.is_some_and(|limit| limit_whole(draft, limit));
    for sentence in told {
        if limited && super::prose::limits_the_whole(&sentence) {
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
    let spans = super::figures::spans(&done.text);
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
        let sentences = super::sentences::sentences(&step.text);
        let kept: Vec<String> =
            sentences.iter().filter(|line| keep(!other(line), line, &mut replaced)).cloned().collect();
        if !kept.is_empty() && kept.len() < sentences.len() {
            step.text = kept.join(" ");
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
        if super::contradiction::corrects(second) {
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

fn scope(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    let last = material.steps.last().map(|step| uncapital(&titles::of_step(step, telling.title)));
    let until = last.map_or(String::new(), |last| format!(", up to and including “{last}”"));
    statement(
        draft,
        Section::Scope,
        &format!("In scope: {}, from the trigger{until}.", uncapital(telling.title)),
    );
    for line in &material.out_of_scope {
        statement(draft, Section::Scope, &out_of_scope(line));
    }
    if material.out_of_scope.is_empty() {
        statement(
            draft,
            Section::Scope,
            "Out of scope: cases these steps do not fit; they go to the owner as exceptions.",
        );
    }
}

fn out_of_scope(line: &str) -> String {
    if line.starts_with("Out of scope") {
        line.to_owned()
    } else {
        format!("Out of scope: {}", uncapital(line))
    }
}

fn roles(draft: &mut Draft, telling: &Telling<'_>) {
    let owner = &telling.agent.head.id;
    statement(
        draft,
        Section::Roles,
        &format!("{owner}: accountable for every case and for the definition of done."),
    );
    let mut ids: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, id) in telling.names.iter().filter(|(_, id)| id != owner) {
        match ids.iter_mut().find(|(known, _)| known == id) {
            Some((_, names)) => names.push(name),
            None => ids.push((id, vec![name])),
        }
    }
    for (id, names) in ids {
        let names = crate::base::text::listed(&names);
        statement(
            draft,
            Section::Roles,
            &format!("{id}: carries out the steps that name {names}, and says so when one cannot be done."),
        );
    }
}

fn trigger(draft: &mut Draft, material: &Material, telling: &Telling<'_>, general: Option<&Topic>) {
    let known = |topic: Option<&Topic>| topic.and_then(super::choice::trigger).map(str::to_owned);
    let told = material.trigger.clone().or_else(|| known(telling.topic));
    let event = told.or_else(|| {
        draft.assumptions.push(
            "The mission names no event; the department's usual one is taken as the trigger.".to_owned(),
        );
        known(general)
    });
    let event = event.unwrap_or_else(|| {
        format!("A case of {} is reported to {}.", uncapital(telling.title), telling.agent.head.id)
    });
    statement(draft, Section::Trigger, &event);
}

/// `A Monday or Thursday begins.`: nobody files a request for it.
fn by_the_calendar(material: &Material) -> bool {
    material.trigger.as_deref().is_some_and(|trigger| trigger.ends_with(" begins."))
}

fn inputs(draft: &mut Draft, material: &Material, telling: &Telling<'_>, general: Option<&Topic>) {
    for name in &material.inputs {
        let (name, text) = (slug(name, 30).replace('-', "_"), capital(name));
        let row = Input {
            name,
            kind: InputKind::Text,
            required: true,
            description: full_stop(&format!("{text}, as given in the request")),
        };
        if !draft.inputs.iter().any(|known| known.name == row.name) {
            draft.inputs.push(row);
        }
    }
    if by_the_calendar(material) {
        let row = |name: &str, kind, description: &str| Input {
            name: name.to_owned(),
            kind,
            required: true,
            description: description.to_owned(),
        };
        draft.inputs.push(row("run_date", InputKind::Date, "The day this run is for, from the calendar."));
        draft.inputs.push(row(
            "performed_by",
            InputKind::Text,
            "Name of the person who carries out this run.",
        ));
    } else if telling.topic.is_none() && material.trigger.is_none() {
        draft.inputs.extend(general.map(Topic::inputs).unwrap_or_default());
    } else if telling.topic.is_none() {
        let row = |name: &str, kind, description: &str| Input {
            name: name.to_owned(),
            kind,
            required: true,
            description: description.to_owned(),
        };
        draft.inputs.push(row(
            "case_reference",
            InputKind::Text,
            "The number or name that tells this case from all others.",
        ));
        draft.inputs.push(row("started_on", InputKind::Date, "The day of the event that starts the work."));
    }
}

fn done(draft: &mut Draft, material: &Material, telling: &Telling<'_>, general: Option<&Topic>) {
    let known = |topic: Option<&Topic>| {
        topic.and_then(|topic| topic.lines(Part::Section(Section::DefinitionOfDone)).first().cloned())
    };
    let limit = material.limit.map(|limit| format!(" within {limit} of the trigger"));
    let told = match (&material.done, &limit) {
        (Some(done), limit) => Some(format!("{}{}.", capital(done.trim_end_matches('.')), limit.clone().unwrap_or_default())),
        (None, Some(limit)) => Some(format!("The artifact of every step is on record{limit}, and none is missing.")),
        (None, None) if by_the_calendar(material) => Some("The artifact of every step is on record within 1 business day of run_date.".to_owned()),
        (None, None) if material.trigger.is_some() && telling.topic.is_none() => {
            Some("The artifact of every step is recorded with name and date under the case_reference, and none is missing.".to_owned())
        }
        (None, None) => known(telling.topic),
    };
    let told = told.or_else(|| {
        draft.assumptions.push(
            "The mission does not say when the work is finished; the department's usual rule is taken."
                .to_owned(),
        );
        known(general)
    });
    let told = told.unwrap_or_else(|| {
        "The artifact of every step is on record within 10 business days of the trigger.".to_owned()
    });
    statement(draft, Section::DefinitionOfDone, &told);
}

/// Pre-flight, confidence and risk from the department's general topic, where no special one surrounds the steps.
fn around(draft: &mut Draft, telling: &Telling<'_>, general: Option<&Topic>) {
    let has = |name: &str| draft.inputs.iter().any(|input| input.name == name);
    let (calendar, own_event) = (has("run_date"), has("case_reference"));
    if telling.topic.is_none() {
        for section in [Section::Preflight, Section::Confidence, Section::Risk] {
            // The department's general rules speak of its own requests; other events have no ticket.
            let foreign = calendar || (own_event && section != Section::Confidence);
            let own = |line: &&String| !own_event || !line.starts_with("Send ");
            for line in general
                .filter(|_| !foreign)
                .map_or(&[][..], |topic| topic.lines(Part::Section(section)))
                .iter()
                .filter(own)
            {
                statement(draft, section, line);
            }
        }
        if !calendar && !own_event {
            draft.assumptions.push(format!(
                "Escalation and rollback follow what holds for all work of {}.",
                telling.agent.head.department
            ));
        }
    }
    fallbacks(draft, telling, (calendar, own_event));
}

/// A section nobody knows anything for still says the least a run needs, and the draft says that it is assumed.
fn fallbacks(draft: &mut Draft, telling: &Telling<'_>, (calendar, own_event): (bool, bool)) {
    let owner = &telling.agent.head.id;
    let missing = |draft: &Draft, section| !draft.statements.iter().any(|known| known.section == section);
    let mut assumed = Vec::new();
    if missing(draft, Section::Preflight) {
        let line = if calendar {
            "Check that the person named in performed_by works on run_date; refuse the run and name a replacement if not."
        } else if own_event {
            "Check that case_reference and started_on are given and that no other run with this case_reference is open; refuse the run if not."
        } else {
            "Check that every required input is filled in; refuse the run and name the missing one if not."
        };
        assumed.push((Section::Preflight, line.to_owned()));
    }
    let threshold = draft
        .statements
        .iter()
        .any(|line| line.section == Section::Confidence && super::merge::threshold(&line.text).is_some());
    if !threshold {
        assumed.push((Section::Confidence, format!("Complete without review at a confidence of 85 % or more; hold the run for {owner} below that.")));
    }
    let routed = draft
        .statements
        .iter()
        .any(|line| line.section == Section::Confidence && line.text.starts_with("Send "));
    if !routed {
        assumed.push((Section::Confidence, format!("Send an exception to {owner} with the inputs and the step it occurred in; {owner} answers within 1 business day.")));
    }
    if missing(draft, Section::Risk) {
        assumed.push((
            Section::Risk,
            "Risk: A step is left out or done twice because nobody sees the record.".to_owned(),
        ));
        assumed.push((Section::Risk, format!("Rollback: Undo the last recorded step, write the reason into the run record and tell {owner} within 1 business day.")));
    }
    for (section, line) in assumed {
        statement(draft, section, &line);
        draft.assumptions.push(format!("Nothing is known for {}: “{line}” is assumed.", section.title()));
    }
}

/// A long story is named by its beginning.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

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
        draft
            .left_out
            .push(format!("Read as background, not as a rule: “{}”", full_stop(&shortened(&unused))));
    }
}
