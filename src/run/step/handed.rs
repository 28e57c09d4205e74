//! What people hand in for a step: as the answer to its task, or by hand where the step came to no good end.

use crate::base::{Digest, Exacts, Problem, exact, problem};
use crate::decision::{self, Answer, Decision, DecisionKind, Given, Verb};
use crate::journal::Tx;
use crate::run::control::{Actor, ByHand, Control, control, takes_hands};
use crate::run::plan::Plan;
use crate::run::result;
use serde_json::{Value, json};

/// What a person hands in for a step.
#[derive(Clone, Debug, Default)]
pub struct Handed {
    /// The run.
    pub run: String,
    /// The step.
    pub step: u32,
    /// A note; needed where there is no file.
    pub note: String,
    /// A file, by name.
    pub file: Option<(String, Vec<u8>)>,
}

/// Completes a person's step with what was handed in. Where the step's `Output` has a schema, the file, or the note,
/// must be JSON of that form.
pub fn complete(tx: &Tx<'_>, handed: &Handed, given: &Given) -> problem::Result<problem::Result<Answer>> {
    let Handed { run, step, note, file } = handed;
    let open = decision::open_of_mission(tx.db(), run)?;
    let task = open.into_iter().find(|one| is_task(one, *step));
    if file.as_ref().is_some_and(|(_, bytes)| bytes.len() as u64 > result::LARGEST_FILE) {
        return Err(Problem::invalid(format!(
            "the file is larger than {} MiB",
            result::LARGEST_FILE / 1_048_576
        )));
    }
    let Some(task) = task else { return by_hand(tx, handed, given).map(Ok) };
    let text = if let (true, Some((name, _))) = (note.trim().is_empty(), file) {
        name.clone()
    } else {
        note.clone()
    };
    let outputs = outputs(&task, (note, file.as_ref().map(|(_, bytes)| bytes.as_slice())))?;
    let answered = decision::resolve(tx, &task.id, Verb::Complete, &Given { text, ..given.clone() })?;
    if answered.is_ok() {
        let mut kept = result::Result { outputs, said: note.clone(), ..result::Result::default() };
        if let Some((name, bytes)) = file {
            kept.files.push((name.clone(), tx.blob(bytes)?));
        }
        result::keep(tx, (run, *step), &kept)?;
    }
    Ok(answered)
}

/// Takes over a step that did not come to a good end, by the word of who may steer the run.
fn by_hand(tx: &Tx<'_>, handed: &Handed, given: &Given) -> problem::Result<Answer> {
    let Handed { run, step, note, file } = handed;
    let there = crate::run::records::step(tx.db(), run, *step)?;
    if !takes_hands(there.state) {
        let (state, work) = (there.state.word(), there.work);
        let told = format!("step {step} of {run} does not wait for a person: it is {state} ({work})");
        return Err(Problem::conflict(told).hint(format!("see `sopd status {run}`")));
    }
    let row = crate::run::records::run(tx.db(), run)?;
    let plan = Plan::read(&row, tx.read_blob(&row.plan)?)?;
    if note.trim().is_empty() && file.is_none() {
        return Err(Problem::usage("`complete` needs words: say what was done, or bring the file"));
    }
    let form = plan.step(*step)?.output.clone();
    let outputs = match form.as_deref() {
        Some(form) => formed(form, (note, file.as_ref().map(|(_, bytes)| bytes.as_slice())))?,
        None => Exacts::new(),
    };
    let file =
        file.as_ref().map(|(name, bytes)| Ok::<_, Problem>((name.clone(), tx.blob(bytes)?))).transpose()?;
    let handed = ByHand { note: tx.clean(note), file, outputs: exact::written(&outputs) };
    let actor = Actor { by: given.by.clone(), os_user: given.os_user.clone() };
    let wish = Control::Complete { step: *step, by: given.by.clone(), given: handed };
    control(tx, run, &wish, (&actor, &plan))?;
    Ok(Answer {
        verb: Verb::Complete,
        by: given.by.clone(),
        os_user: given.os_user.clone(),
        at: tx.now(),
        text: tx.clean(note),
        overriding: None,
        line: None,
        hash: Digest::of(note),
        edited: None,
    })
}

fn is_task(decision: &Decision, step: u32) -> bool {
    decision.ask.kind == DecisionKind::Task && decision.ask.details.get("step") == Some(&json!(step))
}

fn outputs(task: &Decision, (note, file): (&str, Option<&[u8]>)) -> problem::Result<Exacts> {
    let Some(schema) = task.ask.details.get("output").and_then(Value::as_str) else {
        return Ok(Exacts::new());
    };
    formed(schema, (note, file))
}

/// The file, or the note, as values of the asked form.
fn formed(schema: &str, (note, file): (&str, Option<&[u8]>)) -> problem::Result<Exacts> {
    let text = match file {
        Some(bytes) => {
            std::str::from_utf8(bytes).map_err(|_not_text| Problem::invalid("the file is not UTF-8"))?
        }
        None => note,
    };
    let outputs = result::read_outputs(text)?;
    result::check_outputs(Some(schema), &outputs).map_err(Problem::invalid)?;
    Ok(outputs)
}

/// Refuses words that cannot stand in place of a result: where the step's `Output` has a schema, its values are asked
/// for, as JSON of that form.
pub fn check_words(decision: &Decision, verb: Verb, words: &str) -> problem::Result<()> {
    if decision.ask.kind != DecisionKind::Result || verb != Verb::Answer {
        return Ok(());
    }
    outputs(decision, (words, None)).map(drop).map_err(|problem| {
        problem.hint("the step's `Output` names the values that later steps use: answer with a JSON object of that form")
    })
}
