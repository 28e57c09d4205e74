//! Looks back on a run without a model: each deviation leads to one plain question to the SOP.

use crate::base::text::{counted, full_stop};
use crate::roles::done::{DoneAnswer, Met};
use crate::roles::review::{ReviewQuestion, Reviewed};

/// What happened, and what to ask of the SOP.
pub fn review(q: &ReviewQuestion) -> Reviewed {
    let summary = if q.deviations.is_empty() {
        format!("The run {}. It went as {} says, in {}.", q.ended, q.sop, counted(q.steps.len(), "step"))
    } else {
        format!(
            "The run {}. It differed from {} in {}.",
            q.ended,
            q.sop,
            counted(q.deviations.len(), "point")
        )
    };
    let lessons = q
        .deviations
        .iter()
        .map(|deviation| format!("Decide whether the SOP should foresee this: {}", full_stop(deviation)));
    Reviewed { summary, lessons: lessons.collect() }
}

/// Whether a run is done, code cannot tell from words.
pub fn done() -> DoneAnswer {
    DoneAnswer { met: Met::CannotTell, quote: String::new(), reason: "code cannot tell".to_owned() }
}
