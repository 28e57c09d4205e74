//! Whether a run is done: its definition of done is evaluated where it is an expression, and otherwise held against
//! the evidence; what only a person can tell, the owner is asked.

use super::Site;
use super::effect::Sight;
use super::parties::{Judges, Today, hands, stood_in};
use super::records::set_run;
use super::state::{RunState, StepState};
use super::step::agent::whole as whole_words;
use super::step::person::{Asked, answer_to};
use super::workflow::RunEnd;
use crate::agent::{Asker, Asking, Seat, Snapshot, ask};
use crate::base::{Digest, Problem, exact, text::counted};
use crate::decision::{self, DecisionKind, NewDecision, OnDeadline, Verb};
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Workflow};
use crate::roles::done::{DoneAnswer, DoneQuestion, JudgeDone, Met};
use crate::roster::AgentRole;
use crate::sop::expression;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Ends a run whose steps are all over, after a person's word where one is needed.
pub(super) async fn done_or_not(w: &Workflow, run: &str) -> Result<RunEnd, Stop> {
    let evaluated = match w.call(EvaluateDone { run: run.to_owned() }).await {
        Ok(Verdict::Judge(judging)) => judge(w, run, *judging).await?,
        Ok(other) => other,
        // What cannot be looked at is for a person to say, and no end of the run.
        Err(Stop::Failed(failure)) => Verdict::Unsure(failure.reason),
        Err(Stop::Cancelled) => return Err(Stop::Cancelled),
    };
    let why = match evaluated {
        Verdict::Done => return Ok(RunEnd::new(RunState::Completed, "")),
        Verdict::Unsure(why) => why,
        Verdict::Judge(_) => "it was not judged".to_owned(),
    };
    let asked = w.call(AskDone { run: run.to_owned(), why, workflow: w.id().to_owned() }).await?;
    match answer_to(w, &asked).await? {
        Some(answer) if answer.verb == Verb::Reject => {
            Ok(RunEnd::new(RunState::Failed, format!("{} says it is not done: {}", answer.by, answer.text)))
        }
        _ => Ok(RunEnd::new(RunState::Completed, "")),
    }
}

/// What the evidence says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Done,
    /// A person must say: why.
    Unsure(String),
    /// The rule is words, and a model is there to hold them against the evidence.
    Judge(Box<Judging>),
}

/// Who judges, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Judging {
    asker: Asker,
    agent: String,
    tier: u8,
    question: DoneQuestion,
}

/// Asks a validator. A quote that does not stand in the evidence voids its answer, and a person must say.
async fn judge(w: &Workflow, run: &str, judging: Judging) -> Result<Verdict, Stop> {
    let Judging { asker, agent, tier, question } = judging;
    let asking = Asking { agent, tier, seat: Seat::Validator, key: "done".to_owned() };
    let answer = match ask::<JudgeDone>(w, &asker, &asking, &question).await {
        Ok((answer, _confidence)) => answer,
        Err(Stop::Failed(failure)) => return Ok(Verdict::Unsure(failure.reason)),
        Err(Stop::Cancelled) => return Err(Stop::Cancelled),
    };
    let proven = question.holds(&answer.quote);
    let verdict = match answer.met {
        Met::Yes if proven => Verdict::Done,
        Met::Yes | Met::No if !proven => {
            Verdict::Unsure(format!("{} gave a quote that is not in the evidence", asking.agent))
        }
        Met::No => Verdict::Unsure(format!("{} says it is not met: {}", asking.agent, answer.reason)),
        _ => Verdict::Unsure(format!("{} cannot tell: {}", asking.agent, answer.reason)),
    };
    w.call(KeepJudgement { run: run.to_owned(), by: asking.agent, answer, verdict: verdict.clone() }).await?;
    Ok(verdict)
}

/// Records how a run was judged.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeepJudgement {
    run: String,
    by: String,
    answer: DoneAnswer,
    verdict: Verdict,
}

impl Activity for KeepJudgement {
    const NAME: &'static str = "keep_judgement";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        "judged".to_owned()
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        let body = json!({ "by": self.by, "answer": self.answer, "verdict": self.verdict });
        Ok(Recorded::of(()).event(&self.run, "done_judged", body))
    }
}

/// Evaluates the definition of done.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EvaluateDone {
    run: String,
}

impl Activity for EvaluateDone {
    const NAME: &'static str = "evaluate_done";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Verdict;
    fn key(&self) -> String {
        "done".to_owned()
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Verdict>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let (mut verdict, evidence) = verdict(&sight);
        let mut snapshot = None;
        if verdict == Verdict::Done
            && rule(&sight.plan.sop.body.definition_of_done).is_none()
            && let Some((judging, bytes)) = judging(site, &sight)?
        {
            verdict = Verdict::Judge(Box::new(judging));
            snapshot = Some(bytes);
        }
        let rule = sight.plan.sop.body.definition_of_done.trim();
        let told = if matches!(verdict, Verdict::Judge(_)) { json!("to be judged") } else { json!(verdict) };
        let body = json!({ "rule": rule, "verdict": told, "evidence": evidence });
        Ok(Recorded::of(verdict)
            .event(&self.run, "done_evaluated", body)
            .change(move |tx| snapshot.as_ref().map_or(Ok(()), |bytes| tx.blob(bytes).map(drop))))
    }
}

/// Who judges a rule that is words: a user tester who did none of the steps. Nobody where no model is named.
fn judging(site: &Site, sight: &Sight) -> Result<Option<(Judging, Vec<u8>)>, Failure> {
    let Ok(read) = Snapshot::in_force(&site.root) else { return Ok(None) };
    if !read.settings.models.any() {
        return Ok(None);
    }
    let (digest, bytes, snapshot) = site.gateway.keep_snapshot(&read)?;
    let did = |id: &str| sight.plan.assignees.values().any(|one| one.id == id);
    let free = snapshot.roster.with_role(AgentRole::UserTesting).find(|agent| !did(&agent.head.id));
    let Some(judge) = free.filter(|agent| agent.head.tier > 0) else { return Ok(None) };
    let settings = &snapshot.settings;
    let evidence = sight.steps.iter().map(|step| {
        let outputs = exact::written(&step.outputs);
        let said = whole_words(site, step)?;
        Ok::<_, Problem>(format!(
            "Step {}: {} ({})\nGave: {outputs}\n{said}",
            step.number,
            step.title,
            step.state.word(),
        ))
    });
    let question = DoneQuestion {
        sop: sight.plan.sop.head.title.clone(),
        rule: sight.plan.sop.body.definition_of_done.trim().to_owned(),
        evidence: evidence.collect::<Result<_, _>>()?,
    };
    let asker = Asker::new(&sight.row.id, digest, (&settings.models, settings.missions.confidence_threshold));
    let judging = Judging { asker, agent: judge.head.id.clone(), tier: judge.head.tier, question };
    Ok(Some((judging, bytes)))
}

/// The rule's expression: what stands in backticks and can be evaluated over inputs and steps.
pub(super) fn rule(text: &str) -> Option<&str> {
    expression::rule(text)
}

fn verdict(sight: &Sight) -> (Verdict, Vec<String>) {
    let text = &sight.plan.sop.body.definition_of_done;
    if let Some(rule) = rule(text) {
        return match expression::holds(rule, &sight.scope_at_end()) {
            Ok(true) => (Verdict::Done, vec![format!("`{rule}` holds")]),
            Ok(false) => (Verdict::Unsure(format!("`{rule}` does not hold")), Vec::new()),
            Err(error) => (Verdict::Unsure(error), Vec::new()),
        };
    }
    let mut evidence = Vec::new();
    let mut lacking = Vec::new();
    for step in &sight.steps {
        let something = !step.files.is_empty() || !step.outputs.is_empty() || !step.said.trim().is_empty();
        match (&step.artifact, step.state) {
            _ if step.is_left_out() => {
                lacking.push(format!("step {}: {}", step.number, step.reason));
            }
            (Some(artifact), StepState::Completed) if something => {
                evidence.push(format!(
                    "step {}: {artifact} ({})",
                    step.number,
                    counted(step.files.len(), "file")
                ));
            }
            (Some(artifact), StepState::Completed) => {
                lacking.push(format!("step {}: nothing shows that there is {artifact}", step.number));
            }
            _ => {}
        }
    }
    if lacking.is_empty() {
        (Verdict::Done, evidence)
    } else {
        (Verdict::Unsure(lacking.join("; ")), evidence)
    }
}

/// Who judges a whole run: nobody who did a step of it or started it.
pub(super) fn whole(site: &Site, sight: &Sight) -> Result<Judges, Failure> {
    let did = site.journal.read(|db| stood_in(db, &sight.row.id))?;
    let steps: Vec<u32> = sight.steps.iter().map(|row| row.number).collect();
    Ok(Judges::of(sight, &Today::of(site), hands(sight, &steps, &did)))
}

/// Asks the owner, or the next above who is free to judge, whether the run is done.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskDone {
    run: String,
    why: String,
    workflow: String,
}

impl Activity for AskDone {
    const NAME: &'static str = "ask_done";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Asked;
    fn key(&self) -> String {
        "ask-done".to_owned()
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Asked>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let head = &sight.plan.sop.head;
        let mut effect = format!("{}\n", sight.plan.sop.body.definition_of_done.trim());
        sight.put_run(&mut effect);
        sight.put_gave(&mut effect, |row| row.state != StepState::Pending);
        let judges = whole(site, &sight)?;
        let new = NewDecision {
            workflow: self.workflow,
            step: "done".to_owned(),
            mission: self.run.clone(),
            kind: DecisionKind::Result,
            subject: format!("{} v{}", head.id, head.version),
            title: format!("Say whether this run of {} is done", head.title),
            why: judges.why(&self.why),
            asked_of: vec![judges.asked],
            barred: judges.barred,
            hash: Digest::of(&effect),
            details: json!({
                "effect": effect, "approve": "the run is done", "answer": "the run is done; your words say why",
                "reject": "the run ends as failed, with your reason",
            }),
            due_at: Some(sight.plan.task_time.after(site.journal.clock().now())),
            on_deadline: OnDeadline::Escalate,
            quorum: 1,
        };
        let above = judges.above;
        let run = self.run;
        let decision = site
            .journal
            .append_async(move |tx| {
                let opened = decision::open(tx, &new)?;
                set_run(tx, &run, RunState::AwaitingApproval, &new.why)?;
                Ok(opened)
            })
            .await?;
        Ok(Recorded::of(Asked::of(&decision, &sight.plan, above)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_in_backticks_is_an_expression_where_it_can_be_one() {
        assert_eq!(rule("Done when `steps.2.total > 3` holds."), Some("steps.2.total > 3"));
        assert_eq!(rule("The field `lead_id` is filled."), None);
        assert_eq!(rule("Every record is complete."), None);
    }
}
