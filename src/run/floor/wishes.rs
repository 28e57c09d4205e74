//! What people wish of a run under way: pause, go on, do again, leave out, take over by hand.

use super::{Floor, WHOLE, halt};
use crate::journal::Stop;
use crate::run::control::Control;
use crate::run::moves::{Reopen, Resumed, SkipStep, TakeByHand, UndoGate};
use crate::run::records::left_out;
use crate::run::state::RunState;

impl Floor<'_> {
    pub(super) async fn obey(&mut self, wish: Control) -> Result<(), Stop> {
        self.moves += 1;
        let (run, nth) = (self.run.clone(), self.moves);
        match wish {
            Control::Pause { by, reason } => {
                self.paused = true;
                let reason = if reason.is_empty() {
                    format!("{by} paused it")
                } else {
                    format!("{by} paused it: {reason}")
                };
                halt(self.w, &run, &nth.to_string(), (RunState::Paused, &reason)).await
            }
            Control::Resume { by } => {
                self.paused = false;
                self.give_up(WHOLE);
                if self.stuck.is_empty() { self.w.call(Resumed { run, by, nth }).await } else { Ok(()) }
            }
            Control::Retry { by, step, reason } => {
                self.paused = false;
                self.give_up(WHOLE);
                self.undoing = None;
                let mut steps = self.stuck.clone();
                if let Some(back) = step {
                    steps.insert(back);
                    steps = self.with_all_after(steps);
                }
                self.reopen(&steps);
                let steps = steps.into_iter().collect();
                self.w.call(Reopen { run, steps, by: Some(by), nth, back_to: step, reason }).await
            }
            // Somebody was faster where nothing holds it up any more.
            Control::Complete { step, .. } if !self.stuck.contains(&step) => Ok(()),
            Control::Complete { step, by, given } => {
                self.put_away(step);
                self.completed.push(step);
                let goes_on = self.stuck.is_empty() && !self.paused;
                self.w.call(UndoGate { run: run.clone(), step, nth }).await?;
                self.w.call(TakeByHand { run, step, by, given, goes_on, nth }).await
            }
            Control::Skip { step, by, reason } => {
                self.put_away(step);
                let goes_on = self.stuck.is_empty() && !self.paused;
                self.w.call(UndoGate { run: run.clone(), step, nth }).await?;
                self.w.call(SkipStep { run, step, reason: left_out(&by, &reason), goes_on, nth }).await
            }
        }
    }
}
