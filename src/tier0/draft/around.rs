//! What stands around the requester's steps where the mission says nothing: fixed phrases, each told as an assumption.
//! How a department works otherwise is no answer to a question nobody asked, so nothing of it is taken.

use super::from_topic::statement;
use crate::base::text::{listed, uncapital};
use crate::draft::Draft;
use crate::roster::Agent;
use crate::sop::{Input, InputKind, Section};
use crate::tier0::request::material::Material;

/// Who tells.
pub(crate) struct Telling<'a> {
    /// Title of the SOP.
    pub(crate) title: &'a str,
    /// The owner.
    pub(crate) agent: &'a Agent,
    /// Whom the requester's names mean.
    pub(crate) names: &'a [(String, String)],
}

/// The fixed phrases for whatever was not told.
pub(crate) fn around(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    if draft.inputs.is_empty() {
        inputs(draft);
    }
    let owner = &telling.agent.head.id;
    let subject = uncapital(telling.title);
    let reference = if material.of(Section::Inputs).next().is_some() {
        "Check that every required input is given; refuse the run and name the missing one if not."
    } else {
        "Check that case_reference and started_on are given and that no other run with this case_reference is open; refuse the run if not."
    };
    let phrases = [
        (Section::Trigger, vec![format!("A request for “{subject}” reaches {owner}.")]),
        (
            Section::DefinitionOfDone,
            vec![
                "The artifact of every step is recorded with name and date, and none is missing.".to_owned(),
            ],
        ),
        (Section::Preflight, vec![reference.to_owned()]),
        (
            Section::Confidence,
            vec![
                format!(
                    "Complete without review at a confidence of 85 % or more; hold the run for {owner} below that."
                ),
                format!("Send an exception to {owner} with the inputs and the step it occurred in."),
            ],
        ),
        (
            Section::Risk,
            vec![
                "Risk: A step is left out or done twice because nobody sees the record.".to_owned(),
                format!(
                    "Rollback: Undo the last recorded step, write the reason into the run record and tell {owner}."
                ),
            ],
        ),
    ];
    for (section, lines) in phrases {
        let told = draft.statements.iter().any(|known| known.section == section);
        if told && !matches!(section, Section::Confidence | Section::Risk) {
            continue;
        }
        // A threshold and a way back are needed also beside what was told.
        for line in lines
            .iter()
            .filter(|line| !told || line.starts_with("Complete ") || line.starts_with("Rollback:"))
        {
            let known = told && has(draft, section, line);
            if !known {
                statement(draft, section, line);
                draft
                    .assumptions
                    .push(format!("Nothing was told for {}: “{line}” is assumed.", section.title()));
            }
        }
    }
}

/// Whether what was told holds a threshold, or a way back, already.
fn has(draft: &Draft, section: Section, line: &str) -> bool {
    let mut told = draft.statements.iter().filter(|known| known.section == section);
    if line.starts_with("Complete ") {
        return told.any(|known| known.text.contains('%'));
    }
    told.any(|known| known.text.to_lowercase().contains("rollback"))
}

fn inputs(draft: &mut Draft) {
    let mut row = |name: &str, kind, description: &str| {
        draft.inputs.push(Input {
            name: name.to_owned(),
            kind,
            required: true,
            description: description.to_owned(),
            default: None,
            pattern: None,
        });
    };
    row("case_reference", InputKind::Text, "The number or name that tells this case from all others.");
    row("started_on", InputKind::Date, "The day of the event that starts the work.");
}

/// What is covered, and the lines that hold for the whole.
pub(crate) fn scope(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    if material.of(Section::Scope).next().is_none() {
        let subject = uncapital(telling.title);
        statement(draft, Section::Scope, &format!("In scope: {subject}, from the trigger to the last step."));
    }
    for rule in &material.rules {
        statement(draft, Section::Scope, rule);
    }
    statement(
        draft,
        Section::Scope,
        "Out of scope: cases these steps do not fit; they go to the owner as exceptions.",
    );
}

/// The owner, and whom the steps name.
pub(crate) fn roles(draft: &mut Draft, telling: &Telling<'_>) {
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
        statement(
            draft,
            Section::Roles,
            &format!("{id}: carries out the steps that name {}.", listed(&names)),
        );
    }
}
