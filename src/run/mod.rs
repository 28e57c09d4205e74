//! A run: one execution of an active SOP version, under control. `workflow.rs` is the story, `floor.rs` decides which
//! step may begin, `step.rs` does one, and whoever or whatever does it has a file in `step/`. The rest, by subject:
//!
//! - how it starts: `trigger` with `schedule` and `webhook`, `start` with `packet` and `admission`, `plan`, `dry` (only
//!   looking ahead);
//! - before a step: `open` and `preflight` (the first looks), `weigh`, `mode` and `autonomy` (which gates), `gate`;
//! - a step: `effect` (what exactly it will do), `command/` and `http/` (the doing itself), `result` (what it gave);
//! - by the word of people: `control`, `adjust`, `standstill`, `copied`, `moves` (small facts of a run that are no step);
//! - the end: `verdict` (is it done), `score`, `close`, `review`; and later `audit` (its log) and `cleanup`;
//! - what all share: `records` (its rows), `state` (words), `parties` (who is at work), `site` (what it needs of the world).
//!
//! What a person decides on is shown word for word and bound by its hash; what is done later is held against it.

mod adjust;
mod admission;
pub mod audit;
mod autonomy;
mod cleanup;
mod close;
pub mod command;
mod control;
mod copied;
mod dry;
mod effect;
mod floor;
mod gate;
pub mod http;
pub mod mode;
mod moves;
mod open;
mod outcome;
pub mod packet;
mod parties;
mod plan;
mod preflight;
mod records;
mod result;
mod review;
pub mod schedule;
mod score;
mod site;
mod standstill;
mod start;
mod state;
mod step;
mod trigger;
mod verdict;
pub mod webhook;
mod weigh;
mod workflow;

pub use adjust::{Adjustment, adjust, changes_of};
pub use autonomy::{AUTONOMY_INDEX, Word, say, widened};
pub use cleanup::{Erased, cleanup, erased, is_erased, over_before};
pub use close::quality_of;
pub use control::{Actor, ByHand, Control, cancel, control};
pub use copied::stand_still;
pub use dry::{DryRun, GateAhead, StepAhead, dry_run};
pub use effect::is_whole;
pub use gate::gate_parties;
pub use mode::Widened;
pub use outcome::{Gave, outcome, outcome_line, outcome_of};
pub use plan::{Assignee, Plan, plan_of, signer};
pub use preflight::REFUSED;
pub use records::{RunRow, StepRow, TABLES, Wanted, by_state, count, open_runs, run, runs, step, steps};
pub use review::{ReviewRun, ask_review, is_review_asked, review_of};
pub use score::Quality;
pub use site::{Site, run_folder};
pub use start::{Cause, Ready, Request, Started, begin, prepare, refused, start};
pub use state::{RunState, StepState};
pub use step::handed::{Handed, check_words, complete};
pub use trigger::{
    Arrival, Came, Delivered, Due, LARGEST_BODY, Overview, Post, Refused, TRIGGER_TABLES, TriggerStatus,
    Wired, Wiring, accept, deliver, drop_early_arrivals, expect, fall_due, is_known, next_due, open_due,
    overview, put_in_force, take, wiring,
};
pub use workflow::{Execute, RunEnd};

use crate::agent::{Gateway, Think};
use crate::decision::ApplyDeadline;
use crate::journal::Stories;
use std::sync::Arc;

/// Adds everything a run's journal may mention.
#[must_use]
pub fn stories(stories: Stories, site: &Arc<Site>, gateway: &Arc<Gateway>) -> Stories {
    stories
        .story::<Execute>()
        .story::<gate::AskGate>()
        .story::<step::DoStep>()
        .story::<standstill::AskHow>()
        .story::<ReviewRun>()
        .story::<copied::AskAfterCopy>()
        .activity::<copied::GoOn>(site)
        .activity::<Think>(gateway)
        .activity::<ApplyDeadline>(&Arc::new(site.journal.clone()))
        .activity::<open::LookAhead>(site)
        .activity::<open::Preflight>(site)
        .activity::<open::Begin>(site)
        .activity::<weigh::Weigh>(site)
        .activity::<gate::OpenGate>(site)
        .activity::<gate::Remind>(site)
        .activity::<gate::CloseGate>(site)
        .activity::<step::BeginStep>(site)
        .activity::<step::NoteRetry>(site)
        .activity::<step::FailStep>(site)
        .activity::<step::Waited>(site)
        .activity::<step::command::RunCommand>(site)
        .activity::<step::http::SendRequest>(site)
        .activity::<step::person::OpenTask>(site)
        .activity::<step::person::TakeTask>(site)
        .activity::<step::tools::UseTool>(site)
        .activity::<step::agent::KeepWork>(site)
        .activity::<step::nested::StartNested>(site)
        .activity::<step::nested::TakeNested>(site)
        .activity::<step::nested::EndNested>(site)
        .activity::<moves::Halt>(site)
        .activity::<standstill::OpenHow>(site)
        .activity::<moves::Resumed>(site)
        .activity::<moves::Reopen>(site)
        .activity::<moves::UndoGate>(site)
        .activity::<moves::SkipStep>(site)
        .activity::<moves::TakeByHand>(site)
        .activity::<moves::RollBack>(site)
        .activity::<verdict::EvaluateDone>(site)
        .activity::<verdict::KeepJudgement>(site)
        .activity::<verdict::AskDone>(site)
        .activity::<review::GatherReview>(site)
        .activity::<review::KeepReview>(site)
        .activity::<review::SignReview>(site)
        .activity::<close::Close>(site)
}
