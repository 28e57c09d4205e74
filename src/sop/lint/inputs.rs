//! Inputs: everything that is used is declared, everything that is declared is used.

use super::people::holds_word;
use super::steps::comes_before;
use super::{Hit, Rule, Subject};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::{Input, Section, Step, Trigger};
use crate::sop::expression;
use crate::sop::trigger::FILE_INPUT;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "conditions_defined",
        what: "When and Approval When use only declared inputs and results of earlier steps",
        severity: Blocking,
        section: Section::Steps,
        look: conditions_defined,
    },
    Rule {
        name: "inputs_defined",
        what: "every $INPUT_… and inputs.… in a step is declared in Inputs",
        severity: Blocking,
        section: Section::Steps,
        look: inputs_defined,
    },
    Rule {
        name: "inputs_used",
        what: "every required input is used somewhere",
        severity: Advisory,
        section: Section::Inputs,
        look: inputs_used,
    },
    Rule {
        name: "triggers_fill_inputs",
        what: "a schedule or a file can start a run: every required input has a default or comes from the file",
        severity: Blocking,
        section: Section::Inputs,
        look: triggers_fill_inputs,
    },
];

fn declared(subject: &Subject<'_>, name: &str) -> bool {
    subject.sop.body.inputs.iter().any(|input| input.name == name)
}

fn conditions_defined(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        for (key, condition) in [("When", &step.when), ("Approval When", &step.approval_when)] {
            let Some(condition) = condition else { continue };
            let quote = format!("**{key}**: {condition}");
            if let Err(wrong) = expression::check(condition) {
                hits.push(Hit::new(
                    Section::Steps,
                    format!("`{key}` of step {}: {wrong}.", step.number),
                    &*quote,
                ));
            }
            for name in expression::names(condition) {
                if let Some(wrong) = undefined(subject, step, &name) {
                    let message = format!("`{key}` of step {} uses `{name}`: {wrong}.", step.number);
                    hits.push(Hit::new(Section::Steps, message, &*quote));
                }
            }
        }
    }
    hits
}

/// Why `name` means nothing in a condition of `step`, if so.
fn undefined(subject: &Subject<'_>, step: &Step, name: &str) -> Option<String> {
    let mut parts = name.split('.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("inputs"), Some(input), _) => {
            (!declared(subject, input)).then(|| format!("there is no input `{input}`; declare it in Inputs"))
        }
        (Some("inputs" | "steps"), None, _) => None,
        (Some("steps"), Some(number), field) => result_of(subject, step, number, field),
        _ => Some("a condition knows `inputs.<name>` and `steps.<number>.<field>` only".to_owned()),
    }
}

fn result_of(subject: &Subject<'_>, step: &Step, number: &str, field: Option<&str>) -> Option<String> {
    let earlier = subject.steps().iter().find(|other| other.number.to_string() == number);
    let Some(earlier) = earlier.filter(|earlier| earlier.number < step.number) else {
        return Some(format!("step {number} is not an earlier step"));
    };
    if !comes_before(subject, earlier.number, step) {
        return Some(format!("step {number} may not be over by then; name it in `Depends On`"));
    }
    let schema = serde_json::from_str::<serde_json::Value>(earlier.output.as_deref()?).ok()?;
    let properties = schema.get("properties")?.as_object()?;
    let field = field?;
    (!properties.contains_key(field)).then(|| format!("the output of step {number} has no `{field}`"))
}

fn inputs_defined(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        let texts = [Some(&step.text), step.rollback.as_ref()];
        for line in texts.into_iter().flatten().flat_map(|text| text.lines()) {
            for name in used_inputs(line) {
                // A large value reaches a command as a file, which `INPUT_…_FILE` names.
                let by_file = name.strip_suffix("_file").is_some_and(|name| declared(subject, name));
                if !by_file && !declared(subject, &name) {
                    let message = format!(
                        "Step {} uses the input `{name}`, which Inputs does not declare.",
                        step.number
                    );
                    hits.push(Hit::new(Section::Steps, message, line.trim()));
                }
            }
        }
    }
    hits
}

/// Names after `$INPUT_`, `${INPUT_` and `inputs.`, in the form of the table.
fn used_inputs(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["$INPUT_", "${INPUT_", "inputs."] {
        for piece in line.split(mark).skip(1) {
            let name: String = piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                found.push(name.to_lowercase());
            }
        }
    }
    found
}

/// A webhook brings inputs in its body; a schedule brings none, and a file only its own path.
fn triggers_fill_inputs(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for trigger in &subject.sop.head.triggers {
        let (what, brings) = match trigger {
            Trigger::Cron(cron) => (format!("the schedule `{}`", cron.schedule), None),
            Trigger::Files(path) => (format!("a file at `{path}`"), Some(FILE_INPUT)),
            Trigger::Manual | Trigger::Webhook(_) => continue,
        };
        let lacks =
            |input: &&Input| input.required && input.default.is_none() && brings != Some(input.name.as_str());
        let names: Vec<String> = subject.sop.body.inputs.iter().filter(lacks).map(quoted).collect();
        if let Some(first) = names.first() {
            let message = format!(
                "Every run that {what} starts would be refused, since nobody gives {}; give each a default, or make \
                 it optional.",
                names.join(", ")
            );
            hits.push(Hit::new(Section::Inputs, message, first));
        }
    }
    hits
}

fn quoted(input: &Input) -> String {
    format!("`{}`", input.name)
}

fn inputs_used(subject: &Subject<'_>) -> Vec<Hit> {
    let texts: Vec<String> = Section::ALL
        .into_iter()
        .filter(|(section, _)| *section != Section::Inputs)
        .map(|(section, _)| subject.text(section).to_lowercase())
        .collect();
    let used = |name: &str| {
        let forms = [name.to_owned(), name.replace('_', " "), format!("input_{name}")];
        texts.iter().any(|text| forms.iter().any(|form| holds_word(text, form)))
            || texts.iter().any(|text| used_inputs(text).iter().any(|used| used == name))
    };
    let inputs = subject.sop.body.inputs.iter().filter(|input| input.required && !used(&input.name));
    inputs
        .map(|input| {
            let message = format!(
                "No step, check or rule uses the required input `{}`; use it or drop it.",
                input.name
            );
            Hit::new(Section::Inputs, message, quoted(input))
        })
        .collect()
}
