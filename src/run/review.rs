//! The post-run review (requirement C7): an agent drafts what deviated and what is to be learnt, a person signs it. A
//! workflow of its own, so that a run is complete without waiting for it.

mod facts;

use super::Site;
use super::close::quality_now;
use super::effect::Sight;
use super::records::{self};
use super::result::duration;
use super::score::Quality;
use super::state::{RunState, StepState};
use super::step::person::{Asked, answer_to};
use super::verdict::whole;
use crate::agent::{Asker, Asking, Seat, Snapshot, ask};
use crate::base::text::put_line;
use crate::base::{Digest, Problem, problem};
use crate::decision::{self, DecisionKind, NewDecision, OnDeadline};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Story, Tx, Workflow};
use crate::roles::review::{LookBack, ReviewQuestion, Reviewed};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Reviews a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReviewRun {
    /// The run.
    pub run: String,
}

impl Story for ReviewRun {
    const NAME: &'static str = "review_run";
    const VERSION: u32 = 1;
    type Output = ();
    fn key(&self) -> String {
        workflow_of(&self.run)
    }
    async fn tell(self, w: Workflow) -> Result<(), Stop> {
        let run = self.run;
        let gathered = w.call(GatherReview { run: run.clone() }).await?;
        let asking = Asking {
            agent: gathered.agent.clone(),
            tier: gathered.tier,
            seat: Seat::Author,
            key: "review".to_owned(),
        };
        // A review without an agent's words is better than none: the facts are there.
        let words = match ask::<LookBack>(&w, &gathered.asker, &asking, &gathered.question).await {
            Ok((words, _confidence)) => words,
            Err(Stop::Failed(_)) => crate::tier0::review::review(&gathered.question),
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
        };
        let asked = w.call(KeepReview { run: run.clone(), gathered: Box::new(gathered), words }).await?;
        if let Some(answer) = answer_to(&w, &asked).await? {
            w.call(SignReview { run, by: answer.by, remark: answer.text }).await?;
        }
        Ok(())
    }
}

/// The workflow of a run's review.
pub(super) fn workflow_of(run: &str) -> String {
    format!("review-{run}")
}

/// Starts the review of a run that has ended or stands still; asking twice is asking once.
pub fn ask_review(tx: &Tx<'_>, run: &str, by: &str) -> problem::Result<bool> {
    let row = records::run(tx.db(), run)?;
    if !row.state.ended() {
        return Err(Problem::conflict(format!(
            "{run} is {}: a run is reviewed when it has ended",
            row.state.word()
        )));
    }
    let story = serde_json::to_string(&ReviewRun { run: run.to_owned() })
        .map_err(|error| Problem::failed(format!("BUG: a review is not JSON: {error}")))?;
    let new = tx.start(&workflow_of(run), (ReviewRun::NAME, ReviewRun::VERSION), None, &story)?;
    if new {
        tx.event(run, "review_asked", &json!({ "by": by }))?;
    }
    Ok(new)
}

/// Whether somebody has asked for the review of a run.
///
/// # Errors
/// When the journal cannot be read.
pub fn is_review_asked(db: &Connection, run: &str) -> problem::Result<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM workflow WHERE id = ?1)";
    Ok(db.prepare_cached(sql)?.query_row([workflow_of(run)], |row| row.get(0))?)
}

/// The review of a run, once it is drafted.
pub fn review_of(db: &Connection, run: &str) -> problem::Result<Option<Digest>> {
    let found = db
        .prepare_cached("SELECT review FROM run WHERE id = ?1")?
        .query_row([run], |row| row.get::<_, Option<String>>(0))
        .optional()?;
    Ok(found.flatten().map(Digest))
}

/// Gathers the facts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GatherReview {
    run: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Gathered {
    asker: Asker,
    agent: String,
    tier: u8,
    question: ReviewQuestion,
}

impl Activity for GatherReview {
    const NAME: &'static str = "gather_review";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Gathered;
    fn key(&self) -> String {
        "gather".to_owned()
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Gathered>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let read = Snapshot::in_force(&site.root).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(FailureClass::Content, words.join("; "))
        })?;
        let (digest, bytes, snapshot) = site.gateway.keep_snapshot(&read)?;
        let settings = &snapshot.settings;
        let orchestrator = snapshot.roster.orchestrator();
        let gathered = Gathered {
            asker: Asker::new(&self.run, digest, (&settings.models, settings.missions.confidence_threshold)),
            agent: orchestrator.map_or(String::new(), |agent| agent.head.id.clone()),
            tier: orchestrator.map_or(0, |agent| agent.head.tier),
            question: question(&sight, site.journal.read(|db| facts::told(db, &self.run))?),
        };
        Ok(Recorded::of(gathered).change(move |tx| tx.blob(&bytes).map(drop)))
    }
}

fn question(sight: &Sight, told: Vec<String>) -> ReviewQuestion {
    let head = &sight.plan.sop.head;
    let ended = match (sight.row.state, sight.row.reason.as_str()) {
        (RunState::Completed, _) => "is complete".to_owned(),
        (state, "") => format!("is {}", state.word()),
        (state, reason) => format!("is {}: {reason}", state.word()),
    };
    let line = |step: &records::StepRow| {
        let took = match (step.started_at, step.ended_at) {
            (Some(from), Some(to)) => format!(", {}", duration(to.0 - from.0)),
            _ => String::new(),
        };
        let why = if step.reason.is_empty() { String::new() } else { format!(": {}", step.reason) };
        format!("Step {} ({}, {}), {}{took}{why}", step.number, step.title, step.assignee, step.state.word())
    };
    ReviewQuestion {
        sop: format!("{} v{}", head.title, head.version),
        objective: head.objective.clone(),
        definition_of_done: sight.plan.sop.body.definition_of_done.trim().to_owned(),
        ended,
        deviations: deviations(sight).into_iter().chain(told).collect(),
        steps: sight.steps.iter().map(line).collect(),
    }
}

/// Where the run went another way than the SOP says.
fn deviations(sight: &Sight) -> Vec<String> {
    let mut found: Vec<String> = sight
        .plan
        .changes
        .iter()
        .map(|change| format!("it was adjusted before it began ({change})"))
        .collect();
    for step in &sight.steps {
        let title = format!("step {} ({})", step.number, step.title);
        match step.state {
            StepState::Skipped if step.is_left_out() => {
                found.push(format!("{title} was left out: {}", step.reason));
            }
            StepState::Failed
            | StepState::Rejected
            | StepState::Interrupted
            | StepState::Asking
            | StepState::RolledBack => {
                found.push(format!("{title} is {}: {}", step.state.word(), step.reason));
            }
            _ => {}
        }
        if let (true, Some(due), Some(end)) = (step.is_late(), step.due_at, step.ended_at) {
            found.push(format!("{title} was done {} after it was due", duration(end.0 - due.0)));
        }
    }
    found
}

/// Keeps the drafted review, and asks the owner to sign it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeepReview {
    run: String,
    gathered: Box<Gathered>,
    words: Reviewed,
}

impl Activity for KeepReview {
    const NAME: &'static str = "keep_review";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Asked;
    fn key(&self) -> String {
        "keep".to_owned()
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Asked>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let head = sight.plan.sop.head.clone();
        let judges = whole(site, &sight)?;
        let above = judges.above.clone();
        let due = sight.plan.task_time.after(site.journal.clock().now());
        let plan = sight.plan.clone();
        let decision = site
            .journal
            .append_async(move |tx| {
                let completed = sight.row.state == RunState::Completed;
                let quality = completed.then(|| quality_now(tx, &self.run)).transpose()?;
                let text = self.document(&sight, quality.as_ref());
                let new = NewDecision {
                    workflow: workflow_of(&self.run),
                    step: "sign".to_owned(),
                    mission: self.run.clone(),
                    kind: DecisionKind::Review,
                    subject: format!("{} v{}", head.id, head.version),
                    title: format!("Sign the review of a run of {}", head.title),
                    why: judges.why(&self.words.summary),
                    asked_of: vec![judges.asked],
                    barred: judges.barred,
                    hash: Digest::of(&text),
                    details: json!({ "effect": text }),
                    due_at: Some(due),
                    on_deadline: OnDeadline::Remind,
                    quorum: 1,
                };
                if !decision::is_asked(tx, &new)? {
                    let hash = tx.blob(text.as_bytes())?;
                    tx.db()
                        .prepare_cached("UPDATE run SET review = ?2 WHERE id = ?1")?
                        .execute((&self.run, &hash.0))?;
                    let body = json!({ "review": hash, "by": self.gathered.agent });
                    tx.event(&self.run, "review_drafted", &body)?;
                }
                decision::open(tx, &new)
            })
            .await?;
        Ok(Recorded::of(Asked::of(&decision, &plan, above)))
    }
}

impl KeepReview {
    /// The review as a person reads and signs it.
    fn document(&self, sight: &Sight, quality: Option<&Quality>) -> String {
        let question = &self.gathered.question;
        let mut out = format!("# Review of a run of {}\n\n", question.sop);
        put_line(&mut out, format_args!("**Run**: {}  ", self.run));
        put_line(
            &mut out,
            format_args!(
                "**SOP**: [[{}]] v{} (SHA-256 {})  ",
                sight.row.sop, sight.row.version, sight.row.sha256
            ),
        );
        if let Some(mission) = &sight.plan.sop.head.mission {
            put_line(&mut out, format_args!("**Mission**: {mission}  "));
        }
        put_line(&mut out, format_args!("**Begun by**: {} ({})  ", sight.row.initiator, sight.row.trigger));
        put_line(&mut out, format_args!("**Drafted by**: {}  ", self.gathered.agent));
        put_line(&mut out, format_args!("\n## What happened\n\n{}\n", self.words.summary.trim()));
        for step in &question.steps {
            put_line(&mut out, format_args!("- {step}"));
        }
        list(&mut out, "What deviated", &question.deviations, "Nothing.");
        list(&mut out, "What is to be learnt", &self.words.lessons, "Nothing.");
        let Some(quality) = quality else {
            let state = sight.row.state.word();
            put_line(
                &mut out,
                format_args!(
                    "\n## Quality\n\nNone: the run is {state}, and only a completed one has a quality."
                ),
            );
            return out;
        };
        put_line(&mut out, format_args!("\n## Quality\n\n{} of 100", quality.points));
        for part in &quality.parts {
            put_line(&mut out, format_args!("- {part}"));
        }
        out
    }
}

fn list(out: &mut String, title: &str, items: &[String], none: &str) {
    put_line(out, format_args!("\n## {title}\n"));
    if items.is_empty() {
        put_line(out, format_args!("{none}"));
    }
    for item in items {
        put_line(out, format_args!("- {item}"));
    }
}

/// Records who signed the review.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SignReview {
    run: String,
    by: String,
    remark: String,
}

impl Activity for SignReview {
    const NAME: &'static str = "sign_review";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = ();
    fn key(&self) -> String {
        "signed".to_owned()
    }
    async fn perform(self, _site: &Site) -> Result<Recorded<()>, Failure> {
        Ok(Recorded::of(()).change(move |tx| {
            tx.db()
                .prepare_cached("UPDATE run SET reviewed_by = ?2 WHERE id = ?1")?
                .execute((&self.run, &self.by))?;
            tx.event(&self.run, "review_signed", &json!({ "by": self.by, "remark": self.remark })).map(drop)
        }))
    }
}
