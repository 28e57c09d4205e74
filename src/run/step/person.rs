//! A step done by a person: a task in the inbox, answered with a note or a file.

use super::{OneTry, Tried};
use crate::base::text::{put_line, visible};
use crate::base::{Digest, Exact, Exacts, Instant, Span, exact, problem, span::Unit};
use crate::decision::{self, Answer, Awaited, Decision, DecisionKind, NewDecision, OnDeadline, Verb};
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Tx, Workflow};
use crate::run::Site;
use crate::run::audit::transient;
use crate::run::effect::Sight;
use crate::run::outcome::REPLACED;
use crate::run::parties::{Judges, Today, hands};
use crate::run::plan::Plan;
use crate::run::records::StepRow;
use crate::run::result::{self, completed};
use crate::run::state::StepState;
use crate::sop::Step;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Asks whoever does the step, and waits.
pub(in crate::run) async fn by_person(w: &Workflow, at: &OneTry<'_>) -> Result<Tried, Stop> {
    let asked = w.call(OpenTask::of(w, at, TaskKind::Do)).await?;
    match answer_to(w, &asked).await? {
        Some(answer) if answer.verb == Verb::Complete => {
            let note = Some(answer.text);
            w.call(TakeTask::of(at, answer.by, note)).await?;
            Ok(Tried::Done)
        }
        Some(answer) => Ok(Tried::Failed(format!("{} could not do it: {}", answer.by, answer.text))),
        None => Ok(Tried::Failed("its task was closed unanswered".to_owned())),
    }
}

/// Waits for the answer to a task; whoever is late is asked again, and then those above.
pub(in crate::run) async fn answer_to(w: &Workflow, asked: &Asked) -> Result<Option<Answer>, Stop> {
    let Asked { decision, due, period, above, most } = asked.clone();
    Awaited { decision, due, period, most }.settled(w, |_nth| above.clone()).await
}

impl Asked {
    /// The task that `decision` is.
    pub(in crate::run) fn of(decision: &Decision, plan: &Plan, above: Option<String>) -> Self {
        let (Some(due), from) = (decision.ask.due_at, decision.requested_at) else {
            return Self {
                decision: decision.id.clone(),
                due: None,
                period: plan.task_time,
                above: Vec::new(),
                most: 0,
            };
        };
        let seconds = u32::try_from((due.0 - from.0) / 1_000).unwrap_or(u32::MAX);
        Self {
            decision: decision.id.clone(),
            due: Some(due),
            period: Span { count: seconds, unit: Unit::Second },
            above: above.into_iter().collect(),
            most: plan.max_escalations,
        }
    }
}

/// What is asked of a person for a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::run) enum TaskKind {
    /// Do it.
    Do,
    /// Look at what an agent did, since nobody may rely on it yet: why.
    Look(String),
}

/// Puts a task into the inbox.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct OpenTask {
    run: String,
    step: u32,
    visit: u32,
    attempt: u32,
    workflow: String,
    kind: TaskKind,
}

/// A task that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::run) struct Asked {
    decision: String,
    due: Option<Instant>,
    period: Span,
    /// Who is asked as well when it is late.
    above: Vec<String>,
    most: u32,
}

impl Activity for OpenTask {
    const NAME: &'static str = "open_task";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Asked;
    fn key(&self) -> String {
        let word = if self.kind == TaskKind::Do { "task" } else { "look" };
        format!("{word}-{}#{}.{}", self.step, self.visit, self.attempt)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Asked>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let period = sight.plan.step(self.step)?.time_limit.unwrap_or(sight.plan.task_time);
        let now = site.journal.clock().now();
        // One promise, one clock: what the step's own row says, unless that is over already.
        let own = sight.step(self.step)?.due_at.filter(|due| self.kind == TaskKind::Do && *due > now);
        let today = Today::of(site);
        let judges = match self.kind {
            TaskKind::Do => {
                let own = &sight.step(self.step)?.assignee;
                let who = today.or_above(&sight, own);
                let above = today.above(&sight, &who).into_iter().next();
                let gone = format!("{own} is not at work, so it is asked of {who}");
                let note = if who == *own { String::new() } else { gone };
                Judges { asked: who, above, barred: BTreeMap::new(), note }
            }
            TaskKind::Look(_) => Judges::of(&sight, &today, hands(&sight, &[self.step], &[])),
        };
        let above = judges.above.clone();
        let new = self.task(&sight, (judges, own.unwrap_or(period.after(now))))?;
        let decision = site.journal.append_async(move |tx| decision::open(tx, &new)).await?;
        Ok(Recorded::of(Asked::of(&decision, &sight.plan, above)))
    }
}

impl OpenTask {
    pub(super) fn of(w: &Workflow, at: &OneTry<'_>, kind: TaskKind) -> Self {
        let OneTry { run, step, visit, attempt } = *at;
        Self { run: run.to_owned(), step, visit, attempt, workflow: w.id().to_owned(), kind }
    }

    fn task(&self, sight: &Sight, (judges, due): (Judges, Instant)) -> Result<NewDecision, Failure> {
        let step = sight.plan.step(self.step)?;
        let row = sight.step(self.step)?;
        let head = &sight.plan.sop.head;
        let (kind, title, text) = match &self.kind {
            TaskKind::Do => {
                let text = sight.effect(self.step)?.text;
                (DecisionKind::Task, format!("Do step {}: {}", self.step, step.title), text)
            }
            TaskKind::Look(_) => {
                let title = format!("Look at the result of step {}: {}", self.step, step.title);
                (DecisionKind::Result, title, looked_at(sight, row))
            }
        };
        Ok(NewDecision {
            workflow: self.workflow.clone(),
            step: self.key(),
            mission: self.run.clone(),
            kind,
            subject: format!("{} v{}", head.id, head.version),
            title,
            why: judges.why(&why(&self.kind, step)),
            asked_of: vec![judges.asked],
            barred: judges.barred,
            hash: Digest::of(&text),
            details: json!({ "step": self.step, "effect": text, "artifact": step.artifact, "output": step.output }),
            due_at: Some(due),
            on_deadline: OnDeadline::Escalate,
            quorum: 1,
        })
    }
}

fn why(kind: &TaskKind, step: &Step) -> String {
    match kind {
        TaskKind::Do => match &step.artifact {
            Some(artifact) => format!("the step is yours; afterwards there is: {artifact}"),
            None => "the step is yours".to_owned(),
        },
        TaskKind::Look(why) => why.clone(),
    }
}

/// What is judged, whole, and of which run and case it is: a yes to one is no yes to another that reads the same.
fn looked_at(sight: &Sight, row: &StepRow) -> String {
    let outputs = exact::written(&row.outputs);
    let mut text = format!("{}\n\nOutputs: {outputs}\n", row.said.trim());
    for (name, hash) in &row.files {
        put_line(&mut text, format_args!("- file {} (SHA-256 {hash})", visible(name)));
    }
    sight.put_run(&mut text);
    let before = sight.given(row.number);
    sight.put_gave(&mut text, |other| before.contains(&other.number) && other.state != StepState::Pending);
    text
}

/// Takes what was handed in as the step's result.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct TakeTask {
    run: String,
    step: u32,
    visit: u32,
    attempt: u32,
    by: String,
    /// What was said in place of what is there.
    note: Option<String>,
}

impl TakeTask {
    pub(super) fn of(at: &OneTry<'_>, by: String, note: Option<String>) -> Self {
        let OneTry { run, step, visit, attempt } = *at;
        Self { run: run.to_owned(), step, visit, attempt, by, note }
    }
}

impl Activity for TakeTask {
    const NAME: &'static str = "take_task";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        format!("take-{}#{}.{}", self.step, self.visit, self.attempt)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<()>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        // What a person hands in for a step of their own is kept as it arrives; see [`complete`].
        let replaces = self.note.is_some() && sight.plan.kind(self.step)? == "agent";
        let schema = sight.plan.step(self.step)?.output.clone();
        Ok(Recorded::of(()).change(move |tx| {
            let row = crate::run::records::step(tx.db(), &self.run, self.step)?;
            debug_assert_eq!(row.state, StepState::Running, "a task is part of a step that was begun");
            let at = (self.run.as_str(), self.step);
            match &self.note {
                Some(words) if replaces => {
                    result::finish(tx, at, &instead(tx, row, (&self.by, words), schema.as_deref())?)
                }
                Some(note) => {
                    let result = result::Result {
                        outputs: row.outputs,
                        said: note.clone(),
                        files: row.files,
                        by: Some(self.by.clone()),
                        ..result::Result::default()
                    };
                    completed(tx, at, &result)
                }
                // Who takes it stands in for how sure the agent was; the work stays the agent's.
                None => result::finish(tx, at, &taken(row, &self.by)),
            }
        }))
    }
}

/// An agent's result that a person took as it is.
fn taken(row: StepRow, by: &str) -> result::Result {
    let sure = row.confidence.map(|percent| format!(", sure to {percent} %")).unwrap_or_default();
    let seen = json!({ "by": by, "confidence": row.confidence });
    result::Result {
        outputs: row.outputs,
        said: row.said,
        files: row.files,
        note: format!("{by} took it as it is{sure}"),
        more: serde_json::Map::from_iter([("looked_at".to_owned(), seen)]),
        ..result::Result::default()
    }
}

/// A person's words in place of what an agent gave: they are the result, for values, files, later steps, judges and
/// score alike, and as sure as the person. What they replace stays on record, and in the run's folder, as replaced.
fn instead(
    tx: &Tx<'_>,
    row: StepRow,
    (by, words): (&str, &str),
    schema: Option<&str>,
) -> problem::Result<result::Result> {
    let number = row.number;
    let own = format!("step-{number}.md");
    let mut files: Vec<(String, Digest)> = row
        .files
        .into_iter()
        .map(
            |(name, file)| {
                if name == own { (format!("step-{number}{REPLACED}"), file) } else { (name, file) }
            },
        )
        .collect();
    files.insert(0, (own, tx.blob(words.as_bytes())?));
    let replaced = json!({
        "said": transient(tx, &row.said)?, "confidence": row.confidence,
        "outputs": transient(tx, &Exact::Object(row.outputs).to_string())?,
    });
    Ok(result::Result {
        outputs: schema.map_or_else(|| Ok(Exacts::new()), |_| result::read_outputs(words))?,
        said: result::beginning(words),
        files,
        by: Some(by.to_owned()),
        note: format!("{by} put their words in place of the agent's"),
        more: serde_json::Map::from_iter([("replaced".to_owned(), replaced)]),
        ..result::Result::default()
    })
}
