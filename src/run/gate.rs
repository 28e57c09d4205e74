//! A gate: people are asked before a step, or before the run begins, and shown exactly what will happen. A child of
//! its own, so that it waits while other steps go on.

use super::Site;
use super::effect::{Effect, Sight};
use super::parties::Today;
use super::records::{refresh, set_run, set_step};
use super::standstill::WHOLE;
use super::state::{RunState, StepState};
use crate::base::text::listed;
use crate::base::{Digest, Instant, Problem, Span};
use crate::decision::{self, Answer, Awaited, DecisionKind, NewDecision, OnDeadline, Verb};
use crate::journal::{Activity, Either, Failure, Journal, Recorded, Repeat, Stop, Story, Workflow};
use crate::sop::document::Lapse;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Asks, and waits for the answer or the deadline's rule.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskGate {
    pub(super) run: String,
    /// Before which step; none before the run begins.
    pub(super) step: Option<u32>,
    pub(super) visit: u32,
    /// Why somebody is asked, one reason each.
    pub(super) why: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GateEnd {
    /// Go ahead with exactly this effect.
    Approved { shown: Digest },
    /// Leave the step out.
    Skipped { reason: String },
    /// No.
    Rejected { reason: String },
    /// Nobody answered, and the rule stops the run.
    Lapsed { reason: String },
    /// Nobody may answer it.
    Nobody { reason: String },
}

/// Key of a gate among the run's steps.
pub(super) fn gate_key(step: Option<u32>, visit: u32) -> String {
    match step {
        Some(step) => format!("gate-{step}#{visit}"),
        None => format!("gate-start#{visit}"),
    }
}

impl Story for AskGate {
    const NAME: &'static str = "ask_gate";
    const VERSION: u32 = 1;
    type Output = GateEnd;
    fn key(&self) -> String {
        gate_key(self.step, self.visit)
    }
    async fn tell(self, w: Workflow) -> Result<GateEnd, Stop> {
        let (run, step, visit) = (self.run.clone(), self.step, self.visit);
        let open = OpenGate { run: run.clone(), step, visit, why: self.why, workflow: w.id().to_owned() };
        let opened = match w.call(open).await? {
            Opening::Opened(opened) => opened,
            Opening::Nobody(reason) => return Ok(GateEnd::Nobody { reason }),
        };
        let end = match answered(&w, &opened).await? {
            Some(answer) if answer.verb == Verb::Approve => GateEnd::Approved { shown: opened.shown.clone() },
            Some(answer) => GateEnd::Rejected { reason: format!("{} said no: {}", answer.by, answer.text) },
            None => lapsed(&opened),
        };
        w.call(CloseGate { run, step, visit, decision: opened.decision, end: end.clone() }).await?;
        Ok(end)
    }
}

fn lapsed(opened: &Opened) -> GateEnd {
    let silence = format!("nobody answered in {}", opened.period);
    match opened.rule {
        OnDeadline::Approve => GateEnd::Approved { shown: opened.shown.clone() },
        OnDeadline::Skip => GateEnd::Skipped { reason: silence },
        OnDeadline::Reject => GateEnd::Rejected { reason: format!("{silence}, which counts as no") },
        _ => GateEnd::Lapsed { reason: silence },
    }
}

/// Waits; `None` when the deadline's rule ended it. Who is asked is reminded when half of the time has gone.
async fn answered(w: &Workflow, opened: &Opened) -> Result<Option<Answer>, Stop> {
    let awaited = Awaited {
        decision: opened.decision.clone(),
        due: opened.due,
        period: opened.period,
        most: opened.max_escalations,
    };
    let signal = w.signal::<Option<Answer>>(&awaited.signal());
    if let Either::First(answer) = w.first(signal, w.timer(opened.remind)).await? {
        return Ok(answer);
    }
    w.call(Remind { decision: opened.decision.clone(), run: opened.run.clone() }).await?;
    awaited.settled(w, |nth| opened.above(nth)).await
}

/// Opens the decision, and shows the run as waiting for it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpenGate {
    run: String,
    step: Option<u32>,
    visit: u32,
    why: Vec<String>,
    workflow: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Opening {
    Opened(Opened),
    Nobody(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Opened {
    run: String,
    decision: String,
    due: Option<Instant>,
    remind: Instant,
    shown: Digest,
    rule: OnDeadline,
    period: Span,
    /// Who is asked as well, one more with each escalation.
    ladder: Vec<String>,
    max_escalations: u32,
}

impl Opened {
    /// Who is asked as well when the deadline passes for the `nth` time: the next in line, in the end the last.
    fn above(&self, nth: u32) -> Vec<String> {
        let at = usize::try_from(nth).unwrap_or(usize::MAX).min(self.ladder.len());
        at.checked_sub(1).and_then(|at| self.ladder.get(at)).cloned().into_iter().collect()
    }
}

impl Activity for OpenGate {
    const NAME: &'static str = "open_gate";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Opening;
    fn key(&self) -> String {
        format!("open/{}", gate_key(self.step, self.visit))
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Opening>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let asked = match asked(&sight, self.step, &Today::of(site)) {
            Ok(asked) => asked,
            Err(reason) => {
                let run = self.run.clone();
                return Ok(Recorded::of(Opening::Nobody(reason.clone())).change(move |tx| match self.step {
                    Some(step) => set_step(tx, (&run, step), StepState::Rejected, &reason),
                    None => Ok(()),
                }));
            }
        };
        let effect = match self.step {
            Some(step) => sight.effect(step)?,
            None => sight.whole()?,
        };
        let new = self.decision(&sight, &asked, (&effect, site.journal.clock().now()))?;
        let (run, step) = (self.run.clone(), self.step);
        let rule = new.on_deadline;
        let decision = site
            .journal
            .append_async(move |tx| {
                let before = decision::is_asked(tx, &new)?;
                let opened = decision::open(tx, &new)?;
                if before {
                    return Ok(opened);
                }
                let told = json!({
                    "stepNumber": step, "decision": opened.id, "asked_of": opened.ask.asked_of,
                    "quorum": opened.ask.quorum, "hash": opened.ask.hash, "reasons": opened.ask.why,
                });
                if let Some(step) = step {
                    set_step(tx, (&run, step), StepState::AwaitingApproval, "")?;
                } else {
                    decision::void_of(tx, &run, WHOLE)?;
                    set_run(tx, &run, RunState::WaitingApproval, "")?;
                }
                tx.event(&run, "approval_requested", &told)?;
                Ok(opened)
            })
            .await?;
        let half = asked.period.millis() / 2;
        Ok(Recorded::of(Opening::Opened(Opened {
            run: self.run,
            remind: decision.requested_at.plus_millis(half),
            decision: decision.id,
            due: decision.ask.due_at,
            shown: effect.hash,
            rule,
            period: asked.period,
            ladder: asked.ladder,
            max_escalations: sight.plan.max_escalations,
        })))
    }
}

impl OpenGate {
    fn decision(
        &self,
        sight: &Sight,
        asked: &Asked,
        (effect, now): (&Effect, Instant),
    ) -> Result<NewDecision, Failure> {
        let head = &sight.plan.sop.head;
        let title = match self.step {
            Some(step) => format!("Let step {step} go ahead: {}", sight.plan.step(step)?.title),
            None => format!("Let a run of {} begin", head.title),
        };
        Ok(NewDecision {
            workflow: self.workflow.clone(),
            step: gate_key(self.step, self.visit),
            mission: self.run.clone(),
            kind: DecisionKind::Gate,
            subject: format!("{} v{}", head.id, head.version),
            title,
            why: self.why.iter().chain(&asked.gone).cloned().collect::<Vec<_>>().join("; "),
            asked_of: asked.parties.clone(),
            barred: asked.barred.clone(),
            hash: effect.hash.clone(),
            details: json!({
                "step": self.step, "effect": effect.text, "risk_level": head.risk_level, "impact": head.impact,
                "initiator": sight.row.initiator, "reversible": sight.reversible(self.step),
            }),
            due_at: Some(asked.period.after(now)),
            on_deadline: asked.rule,
            quorum: asked.quorum,
        })
    }
}

/// Whom a gate asks, and what happens without an answer.
pub(super) struct Asked {
    pub(super) parties: Vec<String>,
    barred: BTreeMap<String, String>,
    pub(super) quorum: u32,
    pub(super) period: Span,
    pub(super) rule: OnDeadline,
    ladder: Vec<String>,
    /// Whom the SOP names and nobody can ask, one sentence each.
    gone: Vec<String>,
}

/// The step's approvers, else the owner; never who started the run or does the step. Where that leaves too few, those
/// above the owner are asked, and in the end whoever signs publications.
pub(super) fn asked(sight: &Sight, step: Option<u32>, today: &Today) -> Result<Asked, String> {
    let plan = &sight.plan;
    let owner = &plan.sop.head.owner;
    let document = step.and_then(|number| plan.step(number).ok());
    let mut barred = BTreeMap::from([(sight.row.initiator.clone(), "it started the run".to_owned())]);
    for party in plan.adjusted_by.iter().filter(|_| step.is_none()) {
        barred.entry(party.clone()).or_insert_with(|| "it adjusted the run".to_owned());
    }
    if let Some(performer) = step.and_then(|number| plan.assignees.get(&number)) {
        barred.entry(performer.id.clone()).or_insert_with(|| "it does the step".to_owned());
    }
    let named = document.and_then(|step| step.approvers.clone());
    let (wanted, quorum) = named.map_or((vec![owner.clone()], 1), |named| (named.parties, named.quorum));
    let missing: Vec<&String> = wanted.iter().filter(|id| today.is_gone(id)).collect();
    let gone = missing.iter().map(|id| format!("{id}, whom the SOP names, is not at work in this company"));
    let gone: Vec<String> = gone.collect();
    barred.extend(missing.into_iter().map(|id| (id.clone(), "it is not at work in this company".to_owned())));
    let mut ladder = today.above(sight, owner);
    ladder.retain(|id| !barred.contains_key(id));
    let mut parties: Vec<String> = wanted.iter().filter(|id| !barred.contains_key(*id)).cloned().collect();
    for party in &ladder {
        if parties.len() < usize::try_from(quorum).unwrap_or(usize::MAX) && !parties.contains(party) {
            parties.push(party.clone());
        }
    }
    if parties.len() < usize::try_from(quorum).unwrap_or(usize::MAX) {
        return Err(format!(
            "nobody may answer this gate: {} started or adjusted the run, does the step, or is not at work here",
            listed(&wanted)
        ));
    }
    let timeout = document.and_then(|step| step.approval_timeout.clone());
    let (period, rule) =
        timeout.map_or((plan.approval_timeout, OnDeadline::Escalate), |one| (one.after, rule(one.then)));
    let ladder = ladder.into_iter().filter(|id| !parties.contains(id)).collect();
    Ok(Asked { parties, barred, quorum, period, rule, ladder, gone })
}

/// Everybody the rules would ask at a gate of `run`: before a step, or before it begins.
pub fn gate_parties(journal: &Journal, run: &str, step: Option<u32>) -> Result<Vec<String>, Problem> {
    let asked = asked(&Sight::of(journal, run)?, step, &Today::default()).map_err(Problem::not_allowed)?;
    Ok(asked.parties.into_iter().chain(asked.ladder).collect())
}

fn rule(lapse: Lapse) -> OnDeadline {
    match lapse {
        Lapse::Escalate => OnDeadline::Escalate,
        Lapse::Reject => OnDeadline::Reject,
        Lapse::Approve => OnDeadline::Approve,
        Lapse::Skip => OnDeadline::Skip,
        Lapse::Pause => OnDeadline::Pause,
    }
}

/// Reminds who is asked, if nobody has answered meanwhile.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remind {
    run: String,
    decision: String,
}

impl Activity for Remind {
    const NAME: &'static str = "remind";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("remind/{}", self.decision)
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| {
            let open = decision::one(tx.db(), &self.decision)?;
            if open.state == decision::State::Open {
                let due = open.ask.due_at.map(|due| due.to_string());
                let body = json!({ "decision": self.decision, "asked_of": open.ask.asked_of, "due_at": due });
                tx.event(&self.run, "decision_reminded", &body)?;
            }
            Ok(())
        }))
    }
}

/// Records what came of a gate.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CloseGate {
    run: String,
    step: Option<u32>,
    visit: u32,
    decision: String,
    end: GateEnd,
}

impl Activity for CloseGate {
    const NAME: &'static str = "close_gate";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("close/{}", gate_key(self.step, self.visit))
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| {
            let decision = decision::one(tx.db(), &self.decision)?;
            let by = decision.answer.as_ref().map(|answer| &answer.by);
            let comment = decision.answer.as_ref().map(|answer| &answer.text);
            let (kind, state, reason) = match &self.end {
                GateEnd::Approved { .. } if by.is_none() => ("approval_timeout", StepState::Pending, ""),
                GateEnd::Approved { .. } => ("approval_granted", StepState::Pending, ""),
                GateEnd::Skipped { reason } => ("approval_timeout", StepState::Skipped, reason.as_str()),
                GateEnd::Rejected { reason } if by.is_none() => {
                    ("approval_timeout", StepState::Rejected, reason.as_str())
                }
                GateEnd::Rejected { reason } => ("approval_rejected", StepState::Rejected, reason.as_str()),
                GateEnd::Lapsed { reason } | GateEnd::Nobody { reason } => {
                    ("approval_timeout", StepState::Rejected, reason.as_str())
                }
            };
            let body = json!({
                "stepNumber": self.step, "decision": self.decision, "by": by, "comment": comment,
                "votes": decision.votes, "outcome": self.end, "hash": decision.ask.hash,
            });
            tx.event(&self.run, kind, &body)?;
            match self.step {
                Some(step) => set_step(tx, (&self.run, step), state, reason),
                None => refresh(tx, &self.run),
            }
        }))
    }
}
