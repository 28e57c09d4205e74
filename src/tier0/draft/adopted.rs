//! The owner's draft of a procedure that is one already: its steps as they stand, and fixed phrases, each told as an
//! assumption, where neither the document nor an answer says anything.

use super::around::{self, Telling};
use super::from_topic::statement;
use super::told::ARTIFACT;
use crate::base::text::{listed, shortened};
use crate::draft::{Draft, DraftStep};
use crate::roles::draft::DraftQuestion;
use crate::roster::{Agent, Phase};
use crate::sop::render::section_text_of;
use crate::sop::{Section, plain};
use crate::tier0::knowledge::assignment::Wanted;
use crate::tier0::request::adopted::{Adopted, read};
use crate::tier0::request::material::Material;

/// Longest line of a command that is told.
const LONGEST: usize = 60;

/// Drafts it for `agent`, the owner.
pub(super) fn draft(q: &DraftQuestion, wanted: &Wanted, agent: &Agent) -> Draft {
    let adopted = read(&q.mission);
    let mut draft = Draft { confidence: 60, ..Draft::default() };
    let owner = &agent.head.id;
    let said = &adopted.procedure;
    for step in &said.body.steps {
        let name = format!("step {}", step.number);
        let other = wanted.names.iter().find(|(known, _)| *known == name).map(|(_, id)| id);
        draft.steps.push(DraftStep {
            phase: Phase::Act,
            title: step.title.clone(),
            text: if step.text.is_empty() { step.title.clone() } else { step.text.clone() },
            rules: Vec::new(),
            assignee: other.unwrap_or(owner).clone(),
            artifact: ARTIFACT.to_owned(),
            keys: Vec::new(),
        });
    }
    draft.inputs =
        if said.body.inputs.is_empty() { adopted.inputs.clone() } else { said.body.inputs.clone() };
    answered(&mut draft, &adopted);
    around(&mut draft, &adopted, &Telling { title: &q.title, agent, names: &wanted.names });
    tell(&mut draft, &adopted, wanted, owner);
    draft
}

fn answered(draft: &mut Draft, adopted: &Adopted) {
    if let Some(trigger) = &adopted.trigger {
        statement(draft, Section::Trigger, trigger);
    }
    let [_, impact, rollback] = &adopted.why;
    if let Some(impact) = impact {
        statement(draft, Section::Risk, &plain::labelled("Impact", impact));
    }
    if let Some(rollback) = rollback {
        statement(draft, Section::Risk, &plain::labelled("Rollback", rollback));
    }
    for line in &adopted.rest {
        statement(draft, Section::Scope, line);
    }
}

/// The fixed phrases for what the document does not say.
fn around(draft: &mut Draft, adopted: &Adopted, telling: &Telling<'_>) {
    let body = &adopted.procedure.body;
    let mut material = Material::default();
    let none = draft.inputs.is_empty() && adopted.procedure.inputs_are_said;
    if !draft.inputs.is_empty() || none {
        material.lines.push((Section::Inputs, "said".to_owned()));
    }
    let own = draft.statements.len();
    // What the document says of a section is told, and stands for itself.
    for section in
        [Section::Trigger, Section::DefinitionOfDone, Section::Preflight, Section::Confidence, Section::Risk]
    {
        let text = section_text_of(body, section);
        if !text.is_empty() {
            statement(draft, section, &text);
        }
    }
    let told: Vec<_> = draft.statements.split_off(own);
    draft.statements.extend(told.iter().cloned());
    if body.scope.is_empty() {
        around::scope(draft, &material, telling);
    }
    let assumed = draft.inputs.is_empty() && !none;
    around::around(draft, &material, telling);
    if assumed {
        draft.assumptions.push(
            "Nothing was told for Inputs: the case's reference and its first day are assumed.".to_owned(),
        );
    }
    if none {
        draft.inputs.clear();
    }
    draft.statements.retain(|known| !told.contains(known));
    roles(draft, telling);
}

/// The owner, and who else does which steps.
fn roles(draft: &mut Draft, telling: &Telling<'_>) {
    let owner = &telling.agent.head.id;
    statement(
        draft,
        Section::Roles,
        &format!("{owner}: accountable for every case and for the definition of done."),
    );
    let mut others: Vec<(&str, Vec<&str>)> = Vec::new();
    for (step, id) in telling.names.iter().filter(|(_, id)| id != owner) {
        match others.iter_mut().find(|(known, _)| known == id) {
            Some((_, steps)) => steps.push(step),
            None => others.push((id, vec![step])),
        }
    }
    for (id, steps) in others {
        statement(draft, Section::Roles, &format!("{id}: carries out {}.", listed(&steps)));
    }
}

/// What whoever signs should know.
fn tell(draft: &mut Draft, adopted: &Adopted, wanted: &Wanted, owner: &str) {
    let commands: Vec<String> = adopted
        .procedure
        .commands
        .iter()
        .map(|(step, command)| {
            let place = step.map_or(String::new(), |step| format!("step {step}: "));
            format!("{place}`{}`", shortened(command, LONGEST))
        })
        .collect();
    if !commands.is_empty() {
        draft
            .assumptions
            .push(format!("Commands stay text until somebody says that they run: {}.", commands.join("; ")));
    }
    let named = |step: u32| wanted.names.iter().any(|(name, _)| *name == format!("step {step}"));
    let mut numbers = adopted.procedure.body.steps.iter().map(|step| step.number);
    let (own, all) = (numbers.clone().filter(|step| !named(*step)), numbers.by_ref().count());
    let own: Vec<String> = own.map(|step| step.to_string()).collect();
    if !own.is_empty() && own.len() < all {
        draft.assumptions.push(format!("{owner} does step {}.", listed(&own)));
    } else if !own.is_empty() {
        draft.assumptions.push(format!("{owner} does all steps."));
    }
}
