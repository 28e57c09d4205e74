//! What stands around the requester's steps: scope, roles, trigger, inputs, the end, checks, escalation and the way
//! back. Taken from the mission, else from a topic, else from how the department works; what is assumed says so.

use super::from_topic::statement;
use crate::base::text::{capital, full_stop, slug, uncapital};
use crate::draft::Draft;
use crate::roster::{Agent, Part, Topic};
use crate::sop::{Input, InputKind, Section};
use crate::tier0::english::figures;
use crate::tier0::knowledge::choice;
use crate::tier0::request::material::Material;
use crate::tier0::request::titles;

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

/// The event from the mission, else from the topic that surrounds the steps; a department's usual event would be
/// untrue, so without either a request is taken and the draft says so.
pub(crate) fn trigger(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    let known = telling.topic.and_then(choice::trigger).map(str::to_owned);
    let event = material.trigger.clone().or(known).unwrap_or_else(|| {
        draft
            .assumptions
            .push("The mission names no event; a request to the owner is taken as the trigger.".to_owned());
        let subject = uncapital(telling.title);
        format!("A request for “{subject}” reaches {}.", telling.agent.head.id)
    });
    statement(draft, Section::Trigger, &event);
}

/// `A Monday or Thursday begins.`: nobody files a request for it.
pub(crate) fn by_the_calendar(material: &Material) -> bool {
    material.trigger.as_deref().is_some_and(|trigger| trigger.ends_with(" begins."))
}

pub(crate) fn inputs(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    for name in &material.inputs {
        let (name, text) = (slug(name, 30).replace('-', "_"), capital(name));
        let row = Input {
            name,
            kind: InputKind::Text,
            required: true,
            description: full_stop(&format!("{text}, as given in the request")),
            default: None,
            pattern: None,
        };
        if !draft.inputs.iter().any(|known| known.name == row.name) {
            draft.inputs.push(row);
        }
    }
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
    if by_the_calendar(material) {
        row("run_date", InputKind::Date, "The day this run is for, from the calendar.");
        row("performed_by", InputKind::Text, "Name of the person who carries out this run.");
    } else if telling.topic.is_none() {
        row("case_reference", InputKind::Text, "The number or name that tells this case from all others.");
        row("started_on", InputKind::Date, "The day of the event that starts the work.");
    }
}

/// When it is finished: from the mission, else from the topic that surrounds the steps, else what can be seen of
/// any run.
pub(crate) fn done(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    let limit = material.limit.map(|limit| format!(" within {limit} of the trigger"));
    let known = telling
        .topic
        .and_then(|topic| topic.lines(Part::Section(Section::DefinitionOfDone)).first().cloned());
    let told = match (&material.done, &limit) {
        (Some(done), limit) => {
            Some(format!("{}{}.", capital(done.trim_end_matches('.')), limit.clone().unwrap_or_default()))
        }
        (None, Some(limit)) => {
            Some(format!("The artifact of every step is on record{limit}, and none is missing."))
        }
        (None, None) if by_the_calendar(material) => {
            Some("The artifact of every step is on record within 1 business day of run_date.".to_owned())
        }
        (None, None) => known,
    };
    let told = told.unwrap_or_else(|| {
        draft.assumptions.push(
            "The mission does not say when the work is finished; a complete record is taken as the end.".to_owned(),
        );
        "The artifact of every step is recorded with name and date under the case_reference, and none is missing."
            .to_owned()
    });
    statement(draft, Section::DefinitionOfDone, &told);
}

/// Pre-flight, confidence and risk from the department's general topic, where no special one surrounds the steps.
pub(crate) fn around(draft: &mut Draft, telling: &Telling<'_>, general: Option<&Topic>) {
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
pub(crate) fn fallbacks(draft: &mut Draft, telling: &Telling<'_>, (calendar, own_event): (bool, bool)) {
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
        .any(|line| line.section == Section::Confidence && figures::threshold(&line.text).is_some());
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

pub(crate) fn scope(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
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

pub(crate) fn out_of_scope(line: &str) -> String {
    if line.starts_with("Out of scope") {
        line.to_owned()
    } else {
        format!("Out of scope: {}", uncapital(line))
    }
}

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
        let names = crate::base::text::listed(&names);
        statement(
            draft,
            Section::Roles,
            &format!("{id}: carries out the steps that name {names}, and says so when one cannot be done."),
        );
    }
}
