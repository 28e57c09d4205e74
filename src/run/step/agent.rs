//! A step done by an agent: asked with its tools, held to the step's form and constraints, and looked at by a person
//! where the result cannot be relied on enough.

use super::person::{OpenTask, TakeTask, TaskKind, answer_to};
use super::tools::{LARGEST_ANSWER, UseTool};
use super::{OneTry, Tried};
use crate::agent::{Asker, Asking, Seat, Snapshot, ask};
use crate::base::{Digest, Problem, exact};
use crate::decision::Verb;
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Workflow};
use crate::roles::perform::{Found, Perform, PerformQuestion, Performed};
use crate::run::Site;
use crate::run::effect::Sight;
use crate::run::outcome;
use crate::run::records::StepRow;
use crate::run::result::{self, check_outputs, completed, keep};
use crate::run::state::StepState;
use crate::sop::constraints::constraints;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Most uses of tools in one try: an agent that needs more is going round in circles.
const MOST_TOOLS: usize = 8;
/// Percent a result must reach where neither step nor SOP says (requirement B4 wants one always).
const USUAL_THRESHOLD: u8 = 80;
/// Most constraints in doubt that a person is told of one by one.
const MOST_DOUBTS: usize = 3;

/// The version of a step's story from which on an agent that cannot do it asks; before it the step failed.
const ASKS: u32 = 2;

/// What an agent is asked, fixed when the step begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::run) struct AgentWork {
    asker: Asker,
    agent: String,
    tier: u8,
    question: PerformQuestion,
    threshold: u8,
}

impl AgentWork {
    /// What `step` asks, and the snapshot of settings, roster and prompts it is asked under.
    pub(in crate::run) fn of(site: &Site, sight: &Sight, number: u32) -> Result<(Self, Vec<u8>), Failure> {
        let read = Snapshot::in_force(&site.root).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(
                FailureClass::Content,
                format!("the workspace's files cannot be read: {}", words.join("; ")),
            )
        })?;
        let (digest, bytes, snapshot) = site.gateway.keep_snapshot(&read)?;
        let step = sight.plan.step(number)?;
        let head = &sight.plan.sop.head;
        let missing = || Failure::bug(format!("step {number} of {} has no assignee", sight.row.id));
        let assignee = sight.plan.assignees.get(&number).ok_or_else(missing)?;
        let given = sight.given(number);
        let earlier = sight.steps.iter().filter(|row| given.contains(&row.number));
        let earlier = earlier
            .filter(|row| row.state != StepState::Skipped)
            .map(|row| Ok::<_, Problem>((format!("step {}: {}", row.number, row.title), gave(site, row)?)));
        let settings = &snapshot.settings;
        let question = PerformQuestion {
            sop: head.title.clone(),
            objective: head.objective.clone(),
            title: step.title.clone(),
            text: sight.task(number)?,
            artifact: step.artifact.clone().unwrap_or_default(),
            constraints: constraints(step),
            inputs: exact::told(&sight.packet).into_iter().filter(|(_, value)| !value.is_null()).collect(),
            earlier: earlier.collect::<Result<_, _>>()?,
            about: sight.about(),
            today: sight.today(site.journal.clock().now()),
            outputs: step.output.clone(),
            tools: step.tools.clone(),
            found: Vec::new(),
        };
        let asker =
            Asker::new(&sight.row.id, digest, (&settings.models, settings.missions.confidence_threshold));
        let threshold = sight.plan.sop.threshold(step).unwrap_or(USUAL_THRESHOLD);
        Ok((Self { asker, agent: assignee.id.clone(), tier: assignee.tier, question, threshold }, bytes))
    }
}

/// What a step gave, for whoever goes on with it: its values, all of its words, and the text of its files.
fn gave(site: &Site, row: &StepRow) -> Result<Value, Problem> {
    let said = whole(site, row)?;
    let own = own_file(row.number);
    let mut files = Map::new();
    for (name, hash) in outcome::files_of(row).filter(|(name, _)| *name != own) {
        files.insert(name.clone(), json!(file(site, hash)?));
    }
    let values = exact::told(&row.outputs);
    Ok(match (values.is_empty(), files.is_empty()) {
        (true, true) => json!(said),
        (false, true) if said.trim().is_empty() => Value::Object(values),
        _ => {
            let parts =
                [("values", Value::Object(values)), ("words", json!(said)), ("files", Value::Object(files))];
            let empty = |value: &Value| {
                value.as_str().is_some_and(|text| text.trim().is_empty()) || *value == json!({})
            };
            json!(parts.into_iter().filter(|(_, value)| !empty(value)).collect::<BTreeMap<_, _>>())
        }
    })
}

/// All that a step said: its row holds the beginning only, its own file the whole.
pub(in crate::run) fn whole(site: &Site, row: &StepRow) -> Result<String, Problem> {
    let own = own_file(row.number);
    match row.files.iter().find(|(name, _)| *name == own) {
        Some((_, hash)) => file(site, hash),
        None => Ok(row.said.clone()),
    }
}

fn own_file(step: u32) -> String {
    format!("step-{step}.md")
}

/// A file as a reader of text gets it; where it cannot be shown, or not all of it, that is said.
fn file(site: &Site, hash: &Digest) -> Result<String, Problem> {
    let Some(bytes) = site.journal.blob(hash)? else { return Ok("(erased)".to_owned()) };
    let most = usize::try_from(LARGEST_ANSWER).unwrap_or(usize::MAX);
    let size = bytes.len();
    let Ok(text) = String::from_utf8(bytes) else { return Ok(format!("(no text: {size} bytes)")) };
    if size <= most {
        return Ok(text);
    }
    let head: String = text.chars().take(most / 4).collect();
    Ok(format!("{head}\n(cut here: the whole has {size} bytes)"))
}

/// Asks the agent until it has done its work, and a person where that must be looked at.
pub(in crate::run) async fn by_agent(w: &Workflow, at: &OneTry<'_>, work: &AgentWork) -> Result<Tried, Stop> {
    let OneTry { run, step, visit, attempt } = *at;
    let mut question = work.question.clone();
    let (done, confidence) = loop {
        let asking = Asking {
            agent: work.agent.clone(),
            tier: work.tier,
            seat: Seat::Author,
            key: format!("perform-{step}#{visit}.{attempt}/{}", question.found.len()),
        };
        let (answer, confidence) = ask::<Perform>(w, &work.asker, &asking, &question).await?;
        let Some(asked) = answer.tool.clone().filter(|_| question.found.len() < MOST_TOOLS) else {
            break (answer, confidence);
        };
        let nth = question.found.len();
        let tool = UseTool {
            run: run.to_owned(),
            step,
            key: format!("{step}#{visit}.{attempt}/{nth}"),
            asked: asked.clone(),
        };
        question.found.push(Found { asked, answer: w.call(tool).await? });
    };
    if !done.cannot.trim().is_empty() {
        let words = format!("{} cannot do it: {}", work.agent, done.cannot.trim());
        return Ok(if w.version() < ASKS { Tried::Failed(words) } else { Tried::Asks(words) });
    }
    let kept =
        KeepWork { run: run.to_owned(), step, visit, attempt, done, confidence, threshold: work.threshold };
    match w.call(kept).await? {
        Kept::Done => Ok(Tried::Done),
        Kept::Unfit(reason) => Ok(Tried::Failed(reason)),
        Kept::Unsure(why) => looked_at(w, at, why).await,
    }
}

/// A person looks at a result that cannot be relied on enough, and takes it, replaces it, or refuses it.
async fn looked_at(w: &Workflow, at: &OneTry<'_>, why: String) -> Result<Tried, Stop> {
    let asked = w.call(OpenTask::of(w, at, TaskKind::Look(why))).await?;
    let take = |by: String, note: Option<String>| TakeTask::of(at, by, note);
    match answer_to(w, &asked).await? {
        Some(answer) if answer.verb == Verb::Approve => w.call(take(answer.by, None)).await?,
        Some(answer) if answer.verb == Verb::Answer => w.call(take(answer.by, Some(answer.text))).await?,
        Some(answer) => {
            return Ok(Tried::Failed(format!("{} refused the result: {}", answer.by, answer.text)));
        }
        None => return Ok(Tried::Failed("nobody looked at the result".to_owned())),
    }
    Ok(Tried::Done)
}

/// Keeps what the agent gave.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct KeepWork {
    run: String,
    step: u32,
    visit: u32,
    attempt: u32,
    done: Performed,
    confidence: u8,
    threshold: u8,
}

/// Whether it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::run) enum Kept {
    Done,
    /// A person must look at it: why.
    Unsure(String),
    /// It is not what the step asks for.
    Unfit(String),
}

impl Activity for KeepWork {
    const NAME: &'static str = "keep_work";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Kept;
    fn key(&self) -> String {
        format!("keep-{}#{}.{}", self.step, self.visit, self.attempt)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Kept>, Failure> {
        let Self { run, step, done, confidence, threshold, .. } = self;
        let sight = Sight::of(&site.journal, &run)?;
        let text = if done.outputs.trim().is_empty() { "{}" } else { done.outputs.trim() };
        let outputs = result::read_outputs(text)?;
        if let Err(wrong) = check_outputs(sight.plan.step(step)?.output.as_deref(), &outputs) {
            let body = json!({ "stepNumber": step, "error": wrong });
            return Ok(Recorded::of(Kept::Unfit(wrong)).event(&run, "work_refused", body));
        }
        let kept = match doubt(&done, &constraints(sight.plan.step(step)?), (confidence, threshold)) {
            Some(why) => Kept::Unsure(why),
            None => Kept::Done,
        };
        let sure = kept == Kept::Done;
        let body = json!({
            "stepNumber": step, "confidence": confidence, "threshold": threshold, "verdicts": done.verdicts,
        });
        Ok(Recorded::of(kept).event(&run.clone(), "work_done", body).change(move |tx| {
            let file = tx.blob(done.result.as_bytes())?;
            let result = result::Result {
                outputs: outputs.clone(),
                said: result::beginning(&done.result),
                files: vec![(format!("step-{step}.md"), file)],
                confidence: Some(confidence),
                ..result::Result::default()
            };
            keep(tx, (&run, step), &result)?;
            if sure { completed(tx, (&run, step), &result) } else { Ok(()) }
        }))
    }
}

/// Why nobody may rely on the result yet: it is not sure enough, or a constraint has no verdict that it is kept.
fn doubt(done: &Performed, constraints: &[String], (confidence, threshold): (u8, u8)) -> Option<String> {
    let said = |constraint: &String| done.verdicts.iter().find(|one| same(&one.constraint, constraint));
    let mut doubts: Vec<String> = constraints
        .iter()
        .filter_map(|constraint| match said(constraint) {
            Some(verdict) if verdict.kept => None,
            Some(verdict) => Some(format!("it may not keep to “{constraint}”: {}", verdict.reason.trim())),
            None => Some(format!("nothing is said about “{constraint}”")),
        })
        .collect();
    if let Some(more) = doubts.len().checked_sub(MOST_DOUBTS).filter(|more| *more > 0) {
        doubts.truncate(MOST_DOUBTS);
        doubts.push(format!("{more} more of its constraints are in doubt"));
    }
    if confidence < threshold {
        doubts.push(format!(
            "the result can be relied on to {confidence} %, which is below the {threshold} % that the SOP asks for"
        ));
    }
    (!doubts.is_empty()).then(|| doubts.join("; "))
}

/// Whether two sentences have the same words: an answer may set other marks around them.
fn same(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    words(one) == words(other)
}
