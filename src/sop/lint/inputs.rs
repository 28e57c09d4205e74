//! Inputs: everything that is used is declared, everything that is declared is used.

use super::people::holds_word;
use super::{Hit, Rule, Subject};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::{Input, Section, Trigger};
use crate::sop::trigger::FILE_INPUT;
use crate::sop::work::{Work, work};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "inputs_defined",
        what: "every $INPUT_… and inputs.… in a step or a pre-flight check is declared in Inputs",
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

pub(super) fn declared(subject: &Subject<'_>, name: &str) -> bool {
    subject.sop.body.inputs.iter().any(|input| input.name == name)
}

fn inputs_defined(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let preflight = subject.sop.body.preflight.as_str();
    let mut look = |section: Section, what: &str, text: &str, marks: &[&str]| {
        for line in text.lines() {
            for name in used_inputs(line, marks) {
                // A large value reaches a command as a file, which `INPUT_…_FILE` names.
                let by_file = name.strip_suffix("_file").is_some_and(|name| declared(subject, name));
                if !by_file && !declared(subject, &name) {
                    let message = format!("{what} uses the input `{name}`, which Inputs does not declare.");
                    hits.push(Hit::new(section, message, line.trim()));
                }
            }
        }
    };
    look(Section::Preflight, "A pre-flight check", preflight, &VARIABLES);
    for step in subject.steps() {
        // The places of a request are read as what they are.
        let marks: &[&str] = if matches!(work(step), Ok(Work::Http(_))) { &VARIABLES } else { &MARKS };
        for text in [Some(&step.text), step.rollback.as_ref()].into_iter().flatten() {
            look(Section::Steps, &format!("Step {}", step.number), text, marks);
        }
    }
    hits
}

/// How a script names an input.
const VARIABLES: [&str; 4] = ["$INPUT_", "${INPUT_", "$PARAM_", "${PARAM_"];
/// The same, and how everything else does.
const MARKS: [&str; 5] = ["$INPUT_", "${INPUT_", "$PARAM_", "${PARAM_", "inputs."];

/// Whether what follows a variable's name says what counts where nobody gives it: `${PARAM_VERSION:-1.0.0}`.
fn has_default(mark: &str, after: &str) -> bool {
    mark.starts_with("${") && after.strip_prefix(':').unwrap_or(after).starts_with(['-', '+', '='])
}

/// Names after the `marks`, in the form of the table; without those that are not missed.
fn used_inputs(line: &str, marks: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for mark in marks {
        for piece in line.split(mark).skip(1) {
            let name: String = piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let after = piece.strip_prefix(name.as_str()).unwrap_or_default();
            if !name.is_empty() && !has_default(mark, after) {
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
            || texts
                .iter()
                .any(|text| used_inputs(text, &["inputs.", "inputs[\""]).iter().any(|used| used == name))
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
