//! The floor of a run: which step may begin, what is under way, and what each ending leads to. Steps whose
//! predecessors are over begin together; each has at most one thing under way: its look, its gate or its work.

mod wishes;

use super::control::{CONTROL, Control};
use super::gate::{AskGate, GateEnd};
use super::moves::{Halt, Reopen, RollBack};
use super::plan::Leg;
use super::standstill::{AskHow, WHOLE, Wish};
use super::state::{RunState, StepState};
use super::step::{DoStep, FailStep, StepEnd};
use super::weigh::{Weigh, Weighed};
use crate::base::{Digest, Span};
use crate::journal::{Pending, Stop, Workflow};
use crate::sop::document::OnFailure;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// The version of a run's story from which on a way back says why, and a no at a gate takes it too.
const SAYS_WHY: u32 = 2;

/// What came of one thing under way.
enum Came {
    Weighed(Weighed),
    Gate(GateEnd),
    Work(StepEnd),
    /// Who wants it to go on from there.
    How(Option<Wish>),
    /// What was under way could not even be prepared or asked: why.
    Broke(String),
}

/// What is awaited on the floor.
enum Next {
    Step(u32, Came),
    Control(Control),
    /// The run has taken as long as a run may.
    Late,
}

pub(super) struct Floor<'w> {
    w: &'w Workflow,
    run: String,
    legs: Vec<Leg>,
    /// Complete, or left out.
    over: BTreeSet<u32>,
    /// In the order in which they were completed.
    completed: Vec<u32>,
    /// Did not come to a good end.
    stuck: BTreeSet<u32>,
    /// May be worked on: no gate stands, or it was approved with this effect.
    cleared: BTreeMap<u32, Option<Digest>>,
    visits: BTreeMap<u32, u32>,
    under_way: BTreeMap<u32, BoxFuture<'w, Result<Came, Stop>>>,
    /// Of what is under way: what is being worked on.
    working: BTreeSet<u32>,
    /// The step that failed, and why, where what was done is to be undone as soon as nothing is worked on any more.
    undoing: Option<(u32, String)>,
    paused: bool,
    moves: u32,
    most_visits: u32,
    deadline: Option<Pending<()>>,
}

impl<'w> Floor<'w> {
    pub(super) fn new(
        w: &'w Workflow,
        run: &str,
        legs: Vec<Leg>,
        (most_visits, time_limit): (u32, Span),
    ) -> Self {
        Self {
            w,
            run: run.to_owned(),
            legs,
            over: BTreeSet::new(),
            completed: Vec::new(),
            stuck: BTreeSet::new(),
            cleared: BTreeMap::new(),
            visits: BTreeMap::new(),
            under_way: BTreeMap::new(),
            working: BTreeSet::new(),
            undoing: None,
            paused: false,
            moves: 0,
            most_visits,
            deadline: Some(w.timer(time_limit.after(w.now()))),
        }
    }

    /// Works until every step is over.
    pub(super) async fn work(&mut self) -> Result<(), Stop> {
        let mut control = self.w.signal::<Control>(CONTROL);
        while self.over.len() < self.legs.len() {
            self.undo().await?;
            if !self.paused && self.stuck.is_empty() {
                self.launch();
            }
            match self.next(&mut control).await? {
                Next::Step(number, came) => self.take(number, came).await?,
                Next::Late => self.late().await?,
                Next::Control(wish) => {
                    control = self.w.signal(CONTROL);
                    self.obey(wish).await?;
                }
            }
        }
        Ok(())
    }

    fn launch(&mut self) {
        let ready: Vec<u32> = self
            .legs
            .iter()
            .filter(|leg| leg.after.iter().all(|before| self.over.contains(before)))
            .map(|leg| leg.number)
            .filter(|number| !self.over.contains(number) && !self.under_way.contains_key(number))
            .collect();
        for number in ready {
            let (w, run) = (self.w, self.run.clone());
            let visit = *self.visits.entry(number).or_insert(1);
            let future = match self.cleared.remove(&number) {
                Some(shown) => {
                    self.working.insert(number);
                    let work = w.child(DoStep { run, step: number, visit, shown });
                    work.map(|end| end.map(Came::Work)).boxed()
                }
                None => w.call(Weigh { run, step: number, visit }).map(|end| end.map(Came::Weighed)).boxed(),
            };
            self.under_way.insert(number, future);
        }
    }

    async fn next(&mut self, control: &mut Pending<Control>) -> Result<Next, Stop> {
        let Self { under_way, deadline, .. } = self;
        let (number, came) = poll_fn(|cx| {
            if let Poll::Ready(wish) = Pin::new(&mut *control).poll(cx) {
                return Poll::Ready(wish.map(|wish| (None, Next::Control(wish))));
            }
            for (number, future) in &mut *under_way {
                if let Poll::Ready(came) = future.as_mut().poll(cx) {
                    let came = or_broke(came);
                    return Poll::Ready(came.map(|came| (Some(*number), Next::Step(*number, came))));
                }
            }
            match deadline.as_mut().map(|timer| Pin::new(timer).poll(cx)) {
                Some(Poll::Ready(fired)) => Poll::Ready(fired.map(|()| (None, Next::Late))),
                _ => Poll::Pending,
            }
        })
        .await?;
        if let Some(number) = number {
            self.give_up(number);
        }
        Ok(came)
    }

    /// Whatever is under way for a step is so no longer: its look, its gate, its task, its command.
    fn give_up(&mut self, number: u32) {
        self.under_way.remove(&number);
        self.working.remove(&number);
    }

    async fn take(&mut self, number: u32, came: Came) -> Result<(), Stop> {
        match came {
            Came::Weighed(Weighed::Go) => drop(self.cleared.insert(number, None)),
            Came::Weighed(Weighed::Skipped) | Came::Gate(GateEnd::Skipped { .. }) => {
                self.over.insert(number);
            }
            Came::Weighed(Weighed::Ask { why }) => {
                let visit = self.visits.get(&number).copied().unwrap_or(1);
                let gate = AskGate { run: self.run.clone(), step: Some(number), visit, why };
                let asked = self.w.child(gate).map(|end| end.map(Came::Gate)).boxed();
                self.under_way.insert(number, asked);
            }
            Came::Weighed(Weighed::Wrong { reason }) => {
                self.fail(number, &reason).await?;
            }
            Came::Gate(GateEnd::Approved { shown }) => drop(self.cleared.insert(number, Some(shown))),
            // Whoever made what was refused makes it better, where the SOP names the step.
            Came::Gate(GateEnd::Rejected { .. })
                if self.w.version() >= SAYS_WHY && self.way_back(number).is_some() =>
            {
                self.go_back(self.way_back(number).unwrap_or(number), number).await?;
            }
            Came::Gate(
                GateEnd::Rejected { reason } | GateEnd::Lapsed { reason } | GateEnd::Nobody { reason },
            ) => self.stand_still(number, (RunState::Paused, &reason)).await?,
            Came::Work(StepEnd::Completed) => {
                self.over.insert(number);
                self.completed.push(number);
            }
            Came::Work(StepEnd::Interrupted { reason } | StepEnd::Asks { reason }) => {
                self.stand_still(number, (RunState::Paused, &reason)).await?;
            }
            Came::Work(StepEnd::Failed { reason }) => self.fail(number, &reason).await?,
            Came::How(Some(wish)) => {
                let (by, reason) = wish.by_and_reason();
                let again = Control::Retry { by: by.clone(), step: None, reason };
                self.obey(if number == WHOLE { Control::Resume { by } } else { again }).await?;
            }
            Came::How(None) => {}
            Came::Broke(reason) => self.broke(number, reason).await?,
        }
        Ok(())
    }

    /// Whatever fails on the way to a step is a failed step, asked about like any other. A question that cannot be
    /// asked is put off to whoever steers the run by hand.
    async fn broke(&mut self, number: u32, reason: String) -> Result<(), Stop> {
        if number == WHOLE || self.stuck.contains(&number) {
            self.moves += 1;
            let reason = format!("{reason}; nobody could be asked how it goes on: retry, skip or cancel it");
            return halt(self.w, &self.run, &self.moves.to_string(), (RunState::Failed, &reason)).await;
        }
        let visit = self.visits.get(&number).copied().unwrap_or(1);
        let (run, state) = (self.run.clone(), StepState::Failed);
        self.w.call(FailStep { run, step: number, visit, state, reason: reason.clone() }).await?;
        self.fail(number, &reason).await
    }

    /// Does what the SOP says of a failure.
    async fn fail(&mut self, number: u32, reason: &str) -> Result<(), Stop> {
        let on_failure = self.legs.iter().find(|leg| leg.number == number).map(|leg| leg.on_failure.clone());
        let reason = format!("step {number} failed: {reason}");
        match on_failure {
            Some(OnFailure::Goto(back)) if self.may_visit(back) => self.go_back(back, number).await,
            Some(OnFailure::Goto(back)) => {
                let reason = format!("{reason}; it went back to step {back} {} times", self.most_visits);
                self.stand_still(number, (RunState::Failed, &reason)).await
            }
            Some(OnFailure::Rollback) => {
                self.stuck.insert(number);
                self.undoing = Some((number, reason));
                Ok(())
            }
            _ => self.stand_still(number, (RunState::Failed, &reason)).await,
        }
    }

    /// Where the SOP leads from a failure of step `number`, as long as it may.
    fn way_back(&self, number: u32) -> Option<u32> {
        let leg = self.legs.iter().find(|leg| leg.number == number)?;
        let OnFailure::Goto(back) = leg.on_failure else { return None };
        self.may_visit(back).then_some(back)
    }

    fn may_visit(&self, number: u32) -> bool {
        self.visits.get(&number).copied().unwrap_or(1) < self.most_visits
    }

    /// Goes on at `back`: it and everything that comes after it is open again.
    async fn go_back(&mut self, back: u32, from: u32) -> Result<(), Stop> {
        let open = self.with_all_after([back, from].into());
        self.reopen(&open);
        self.moves += 1;
        let steps = open.into_iter().collect();
        let (run, nth) = (self.run.clone(), self.moves);
        let back_to = (self.w.version() >= SAYS_WHY).then_some(back);
        self.w.call(Reopen { run, steps, by: None, nth, back_to, reason: String::new() }).await
    }

    /// These steps, and every step that comes after one of them.
    fn with_all_after(&self, mut open: BTreeSet<u32>) -> BTreeSet<u32> {
        // A step comes after another when one of those right before it does.
        for _each in 0..self.legs.len() {
            let after = |leg: &&Leg| leg.after.iter().any(|before| open.contains(before));
            let more: Vec<u32> = self.legs.iter().filter(after).map(|leg| leg.number).collect();
            open.extend(more);
        }
        open
    }

    fn reopen(&mut self, steps: &BTreeSet<u32>) {
        for step in steps {
            self.over.remove(step);
            self.cleared.remove(step);
            self.stuck.remove(step);
            self.give_up(*step);
            self.completed.retain(|done| done != step);
            *self.visits.entry(*step).or_insert(1) += 1;
        }
    }

    /// Undoes what was done where a failure asks for it. What others are at is finished first: cut off in the middle,
    /// nobody could undo it.
    async fn undo(&mut self) -> Result<(), Stop> {
        if !self.working.is_empty() {
            return Ok(());
        }
        let Some((number, reason)) = self.undoing.take() else { return Ok(()) };
        let undone = self.roll_back().await?;
        self.stand_still(number, (RunState::Failed, &format!("{reason}; {undone}"))).await
    }

    /// Undoes what can be undone, last completed first. Says what came of it.
    async fn roll_back(&mut self) -> Result<String, Stop> {
        let mut undone = Vec::new();
        while let Some(number) = self.completed.pop() {
            if !self.legs.iter().any(|leg| leg.number == number && leg.rollback) {
                continue;
            }
            self.moves += 1;
            let call = RollBack { run: self.run.clone(), step: number, nth: self.moves };
            match self.w.call(call).await {
                Ok(None) => undone.push(number.to_string()),
                Ok(Some(reason)) => return Ok(self.not_undone(number, &reason)),
                Err(Stop::Failed(failure)) => return Ok(self.not_undone(number, &failure.to_string())),
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
            }
            self.over.remove(&number);
            *self.visits.entry(number).or_insert(1) += 1;
        }
        Ok(match undone.len() {
            0 => "nothing was done that can be undone".to_owned(),
            _ => format!("undone in this order: steps {}", undone.join(", ")),
        })
    }

    /// What comes before it is left as it is, and can be undone another time.
    fn not_undone(&mut self, number: u32, reason: &str) -> String {
        self.completed.push(number);
        format!("step {number} could not be undone: {reason}")
    }

    async fn stand_still(&mut self, number: u32, (state, reason): (RunState, &str)) -> Result<(), Stop> {
        self.stuck.insert(number);
        self.moves += 1;
        halt(self.w, &self.run, &self.moves.to_string(), (state, reason)).await?;
        self.ask_how(number, reason);
        Ok(())
    }

    /// Asks how the run goes on; the word of somebody who steers it by hand counts as well.
    fn ask_how(&mut self, step: u32, reason: &str) {
        let (run, reason, late) = (self.run.clone(), reason.to_owned(), step == WHOLE);
        let asked = self.w.child(AskHow { run, step, nth: self.moves, reason, late });
        self.under_way.insert(step, asked.map(|end| end.map(Came::How)).boxed());
    }

    /// Nothing is to be done for a step any more.
    fn put_away(&mut self, step: u32) {
        self.give_up(step);
        self.undoing.take_if(|(failed, _)| *failed == step);
        self.cleared.remove(&step);
        self.stuck.remove(&step);
        self.over.insert(step);
    }

    async fn late(&mut self) -> Result<(), Stop> {
        self.deadline = None;
        self.paused = true;
        self.moves += 1;
        let reason = "it has taken as long as a run may";
        halt(self.w, &self.run, &self.moves.to_string(), (RunState::Paused, reason)).await?;
        self.ask_how(WHOLE, reason);
        Ok(())
    }
}

/// A failure of what was under way is for the run to deal with, not its end.
fn or_broke(came: Result<Came, Stop>) -> Result<Came, Stop> {
    match came {
        Err(Stop::Failed(failure)) => Ok(Came::Broke(failure.reason)),
        other => other,
    }
}

/// Records that a run stands still, and why.
pub(super) async fn halt(
    w: &Workflow,
    run: &str,
    key: &str,
    (state, reason): (RunState, &str),
) -> Result<(), Stop> {
    w.call(Halt { run: run.to_owned(), state, reason: reason.to_owned(), key: key.to_owned() }).await
}
