//! Grades a walk without a model: each assertion by its coded check, and why the walk stumbled, without a word of
//! the scenario.

use crate::base::text::{capital, full_stop};
use crate::contract::Assertion;
use crate::roles::user_test::{GradeAnswer, GradeQuestion, RootCause};

/// A verdict per assertion, and what the SOP lacks. See [`super::scrutiny::scrutiny`] for `assertions`.
pub fn grade(q: &GradeQuestion, assertions: &[Assertion]) -> GradeAnswer {
    let verdicts = super::verdicts::verdicts(&q.sop, &q.assertions, assertions, &[]);
    let stumbles = q.trace.steps.iter().filter(|step| !step.lacked.is_empty());
    let mut root_causes: Vec<RootCause> =
        stumbles.map(|step| RootCause { case: 0, step: step.step, lack: lack(&step.lacked) }).collect();
    if root_causes.is_empty() && !q.trace.ended() {
        root_causes.push(RootCause {
            case: 0,
            step: 0,
            lack: "The walk did not reach the definition of done.".to_owned(),
        });
    }
    GradeAnswer { verdicts, root_causes }
}

/// A walker's words as a lack of the SOP. The walker's own words hold no value of the packet, only names the SOP
/// itself declares; anything else is told as a plain lack.
fn lack(lacked: &str) -> String {
    let ours = ["the step does not say", "the condition `"];
    let first = lacked.split("; ").next().unwrap_or_default();
    if ours.iter().any(|begin| first.starts_with(begin)) {
        full_stop(&capital(first))
    } else {
        "Somebody who sees only the SOP cannot act on this step.".to_owned()
    }
}
