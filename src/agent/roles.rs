//! The roles a model or tier-0 code can play: the schema each is held to, the code that stands in for a model,
//! and what can be seen of an answer without judgement.

use super::provider::strict_schema;
use crate::draft::{Draft, checks};
use crate::roles::Role;
use crate::roles::council::{CouncilChair, CouncilMember};
use crate::roles::done::{DoneAnswer, DoneQuestion, JudgeDone, Met};
use crate::roles::draft::DraftWork;
use crate::roles::perform::{Perform, Performed};
use crate::roles::plan::Plan;
use crate::roles::review::LookBack;
use crate::roles::revise::{Revise, Revision};
use crate::roles::scrutiny::Scrutiny;
use crate::roles::synthesise::{SynthesisQuestion, Synthesise};
use crate::roles::user_test::{Execute, Grade, WriteScenarios};
use crate::roster::{Agent, Roster};
use crate::tier0;
use serde_json::Value;

/// Every role, by the name of its prompt file.
pub(super) const NAMES: [&str; 13] = [
    Plan::NAME,
    WriteScenarios::NAME,
    DraftWork::NAME,
    Synthesise::NAME,
    Revise::NAME,
    CouncilMember::NAME,
    CouncilChair::NAME,
    Scrutiny::NAME,
    Execute::NAME,
    Grade::NAME,
    Perform::NAME,
    LookBack::NAME,
    JudgeDone::NAME,
];

/// What an answer looks like from outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inspected {
    /// What is wrong with it; empty when it can be used.
    pub(super) problems: Vec<String>,
    /// How far it can be relied on, percent: never more than the agent itself says.
    pub(super) confidence: u8,
}

/// Code for one role.
pub(super) struct RoleCode {
    /// JSON schema of the answer.
    pub(super) schema: fn() -> Value,
    /// Reads an answer into its type and holds it against its question.
    pub(super) inspect: fn(&Value, &Value) -> Inspected,
    /// Answers without a model.
    pub(super) tier0: fn(&Value, &Agent, &Roster) -> Result<Value, String>,
}

/// A role whose answer needs no look beyond its form.
fn of<R: Role>(tier0: fn(&Value, &Agent, &Roster) -> Result<Value, String>) -> RoleCode {
    RoleCode { schema: strict_schema::<R::Answer>, inspect: readable::<R>, tier0 }
}

/// The code of the role called `name`.
pub(super) fn code(name: &str) -> Option<RoleCode> {
    let role = match name {
        Plan::NAME => of::<Plan>(|q, _, roster| answer::<Plan>(q, |q| tier0::plan::plan(&q, roster))),
        WriteScenarios::NAME => of::<WriteScenarios>(|q, _, _| {
            answer::<WriteScenarios>(q, |q| Ok(tier0::scenarios::scenarios(&q)))
        }),
        DraftWork::NAME => RoleCode {
            schema: strict_schema::<Draft>,
            inspect: inspect_draft,
            tier0: |q, agent, _| answer::<DraftWork>(q, |q| Ok(tier0::draft::draft(&q, agent))),
        },
        Synthesise::NAME => {
            of::<Synthesise>(|q, _, _| answer::<Synthesise>(q, |q| Ok(tier0::synthesise::synthesise(&q))))
        }
        Revise::NAME => RoleCode {
            schema: strict_schema::<Revision>,
            inspect: inspect_revision,
            tier0: |_, _, _| Err("without a model a text is joined anew, not revised".to_owned()),
        },
        CouncilMember::NAME => {
            of::<CouncilMember>(|q, _, _| answer::<CouncilMember>(q, |q| Ok(tier0::council::opinion(&q))))
        }
        CouncilChair::NAME => {
            of::<CouncilChair>(|q, _, _| answer::<CouncilChair>(q, |q| Ok(tier0::council::chair(&q))))
        }
        Scrutiny::NAME => {
            of::<Scrutiny>(|q, _, _| answer::<Scrutiny>(q, |q| Ok(tier0::scrutiny::scrutiny(&q, &[]))))
        }
        Execute::NAME => of::<Execute>(|q, _, _| answer::<Execute>(q, |q| Ok(tier0::walk::execute(&q)))),
        Grade::NAME => of::<Grade>(|q, _, _| answer::<Grade>(q, |q| Ok(tier0::grade::grade(&q, &[])))),
        Perform::NAME => RoleCode {
            schema: strict_schema::<Performed>,
            inspect: inspect_performed,
            tier0: |q, agent, _| answer::<Perform>(q, |q| Ok(tier0::perform::perform(&q, agent))),
        },
        JudgeDone::NAME => RoleCode {
            schema: strict_schema::<DoneAnswer>,
            inspect: inspect_done,
            tier0: |q, _, _| answer::<JudgeDone>(q, |_| Ok(tier0::review::done())),
        },
        LookBack::NAME => of::<LookBack>(|q, _, _| answer::<LookBack>(q, |q| Ok(tier0::review::review(&q)))),
        _ => return None,
    };
    Some(role)
}

fn answer<R: Role>(
    question: &Value,
    think: impl FnOnce(R::Question) -> Result<R::Answer, String>,
) -> Result<Value, String> {
    let question: R::Question = serde_json::from_value(question.clone())
        .map_err(|error| format!("BUG: the question of {} cannot be read: {error}", R::NAME))?;
    serde_json::to_value(think(question)?)
        .map_err(|error| format!("BUG: the answer of {} is not JSON: {error}", R::NAME))
}

fn readable<R: Role>(_question: &Value, value: &Value) -> Inspected {
    match serde_json::from_value::<R::Answer>(value.clone()) {
        Ok(_) => Inspected { problems: Vec::new(), confidence: 100 },
        Err(error) => unreadable(&error),
    }
}

fn unreadable(error: &serde_json::Error) -> Inspected {
    Inspected { problems: vec![format!("the answer does not have the asked form: {error}")], confidence: 0 }
}

/// Work says itself how sure it is; a broken constraint halves that, and a use of a tool is no result yet.
/// Values of another form than the step asks for are no result.
fn inspect_performed(question: &Value, value: &Value) -> Inspected {
    match serde_json::from_value::<Performed>(value.clone()) {
        Ok(done) => {
            let broken = done.verdicts.iter().any(|verdict| !verdict.kept);
            let settled = done.tool.is_some() || !done.cannot.trim().is_empty();
            let confidence = match (settled, broken) {
                (true, _) => 100,
                (false, true) => done.confidence / 2,
                (false, false) => done.confidence,
            };
            let form = question.get("outputs").and_then(Value::as_str);
            Inspected { problems: done.problems(form), confidence }
        }
        Err(error) => unreadable(&error),
    }
}

/// A quote that is not in the evidence shows nothing: the judge may mend it.
fn inspect_done(question: &Value, value: &Value) -> Inspected {
    let asked = serde_json::from_value::<DoneQuestion>(question.clone());
    match (serde_json::from_value::<DoneAnswer>(value.clone()), asked) {
        (Ok(said), Ok(asked)) if said.met != Met::CannotTell && !asked.holds(&said.quote) => {
            let told = "a quote that is not in the evidence, or shorter than twenty characters: quote it word for word, or say that it cannot be told";
            Inspected { problems: vec![told.to_owned()], confidence: 0 }
        }
        (Ok(_), _) => Inspected { problems: Vec::new(), confidence: 100 },
        (Err(error), _) => unreadable(&error),
    }
}

/// A revision names only what the text has.
fn inspect_revision(question: &Value, value: &Value) -> Inspected {
    let asked = serde_json::from_value::<SynthesisQuestion>(question.clone());
    let base = asked.ok().and_then(|asked| crate::sop::parse("", asked.base()?).ok());
    match (serde_json::from_value::<Revision>(value.clone()), base) {
        (Ok(revision), Some(base)) => {
            let problems = revision.problems(&base);
            let confidence = if problems.is_empty() { 100 } else { 0 };
            Inspected { problems, confidence }
        }
        (Ok(_), None) => Inspected { problems: Vec::new(), confidence: 100 },
        (Err(error), _) => unreadable(&error),
    }
}

/// A draft says itself how sure it is; what code sees of it can only lower that.
fn inspect_draft(_question: &Value, value: &Value) -> Inspected {
    match serde_json::from_value::<Draft>(value.clone()) {
        Ok(draft) => {
            let problems: Vec<String> =
                checks::check(&draft).into_iter().map(|finding| finding.message).collect();
            let confidence = match problems.is_empty() {
                false => 0,
                // To decline with a reason is an answer; a larger model is not asked for another.
                true if !draft.declined.is_empty() => 100,
                true => draft.confidence,
            };
            Inspected { problems, confidence }
        }
        Err(error) => unreadable(&error),
    }
}
