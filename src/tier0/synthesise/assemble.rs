//! Puts head and synthesis together into an SOP document.

use crate::roles::synthesise::{Synthesis, SynthesisStep};
use crate::sop::step_keys::apply_keys;
use crate::sop::{Body, Step};

/// The body of an SOP as the synthesis wrote it.
///
/// # Errors
/// When a step carries a key that no step may have.
pub(in crate::tier0) fn body(synthesis: &Synthesis, change_log: &str) -> Result<Body, String> {
    let steps = synthesis
        .steps
        .iter()
        .zip(1..)
        .map(|(step, number)| one(step, number))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Body {
        purpose: synthesis.purpose.clone(),
        scope: synthesis.scope.clone(),
        roles: synthesis.roles.clone(),
        trigger: synthesis.trigger.clone(),
        inputs: synthesis.inputs.clone(),
        preflight: synthesis.preflight.clone(),
        steps,
        definition_of_done: synthesis.definition_of_done.clone(),
        confidence: synthesis.confidence.clone(),
        risk: synthesis.risk.clone(),
        references: synthesis.references.clone(),
        change_log: change_log.to_owned(),
    })
}

fn one(step: &SynthesisStep, number: u32) -> Result<Step, String> {
    let mut made =
        Step { number, title: step.title.clone(), text: step.text.trim().to_owned(), ..Step::default() };
    if !step.assignee.is_empty() {
        made.assignee = Some(step.assignee.clone());
    }
    if !step.artifact.is_empty() {
        made.artifact = Some(step.artifact.clone());
    }
    apply_keys(&mut made, &step.keys)?;
    Ok(made)
}
