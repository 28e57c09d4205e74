//! One worker's part, as a child workflow: fresh context, its own knowledge and assertions, nothing of anybody
//! else's. A question goes to the requester; a person on the roster gets the part in the inbox.

use super::Office;
use super::decide::{self, Question, decide, settled};
use super::help::{grant, person};
use super::lay_out::LayOut;
use super::plan::MissionPlan;
use super::records::keep;
use super::setup::Setup;
use crate::agent::{Asking, Seat, ask};
use crate::base::Digest;
use crate::contract::Finding;
use crate::decision::{DecisionKind, Verb};
use crate::draft::{self, Assignment, Draft};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Story, Workflow};
use crate::roles::draft::{DraftQuestion, DraftWork};
use crate::roles::{Answered, AssertionView, MissionView};
use crate::settings::authority::{Deadline, OnDeadline};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One worker's part in one round.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DraftPart {
    pub(super) setup: Setup,
    pub(super) assignment: Assignment,
    pub(super) question: DraftQuestion,
    pub(super) round: u32,
}

/// The version of the part from which on a worker whose questions were answered sees its own draft.
const SHOWS_OWN_DRAFT: u32 = 2;
/// The version from which on a draft stands where the answers are what it assumed.
const STANDS_ON_ASSUMPTIONS: u32 = 3;

/// What came of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) agent: String,
    /// Absent where the mission goes on without it.
    pub(super) draft: Option<Draft>,
    /// Why there is none, or why it declined.
    pub(super) gap: Option<String>,
    /// What the requester answered, or what was assumed.
    pub(super) answers: Vec<Answered>,
    /// How often a person has granted the mission's budget again by the end of this part.
    #[serde(default)]
    pub(super) grants: u32,
}

/// What a worker is shown: its part of the plan and nothing of the others'.
pub(super) fn question(
    plan: &MissionPlan,
    view: &MissionView,
    assignment: &Assignment,
    findings: Vec<Finding>,
) -> DraftQuestion {
    let own =
        plan.contract.assertions.iter().filter(|assertion| assignment.assertions.contains(&assertion.id));
    DraftQuestion {
        mission: view.clone(),
        title: plan.title.clone(),
        objective: plan.objective.clone(),
        owner: plan.parties.owner.clone(),
        brief: assignment.brief.clone(),
        topics: assignment.topics.clone(),
        assertions: own.map(AssertionView::of).collect(),
        findings,
        before: None,
        roster: Vec::new(),
    }
}

impl Story for DraftPart {
    const NAME: &'static str = "draft_part";
    const VERSION: u32 = STANDS_ON_ASSUMPTIONS;
    type Output = Part;
    fn key(&self) -> String {
        format!("draft/{}#{}", self.assignment.agent, self.round)
    }
    async fn tell(mut self, w: Workflow) -> Result<Part, Stop> {
        let mut answers = Vec::new();
        let draft = self.obtain(&w, &mut answers).await?;
        let (draft, gap) = match draft {
            Ok(draft) => {
                let gap = (!draft.declined.is_empty()).then(|| draft.declined.clone());
                (Some(draft), gap)
            }
            Err(failure) => (None, Some(failure.reason)),
        };
        let grants = self.setup.asker.grants;
        let part = Part { agent: self.assignment.agent.clone(), draft, gap, answers, grants };
        let keep =
            KeepDraft { mission: self.setup.asker.mission.clone(), part: part.clone(), round: self.round };
        w.call(keep).await?;
        Ok(part)
    }
}

/// A draft, and why it cannot be relied on where that is so.
type Drafted = (Draft, Option<Failure>);

impl DraftPart {
    /// The draft, or why the mission goes on without it.
    async fn obtain(
        &mut self,
        w: &Workflow,
        answers: &mut Vec<Answered>,
    ) -> Result<Result<Draft, Failure>, Stop> {
        let mut question = self.question.clone();
        let mut attempt = 1;
        loop {
            let asked = if self.setup.people.contains(&self.assignment.agent) {
                let details = json!({ "assignment": question });
                self.by_person(w, &question, (attempt, details)).await
            } else if self.setup.elsewhere.contains(&self.assignment.agent) {
                self.elsewhere(w, &question, attempt).await
            } else {
                self.by_model(w, &question, attempt).await
            };
            let (draft, failure) = match asked {
                Ok((draft, unsure)) if answers.is_empty() && has_news(&draft, &question) => {
                    *answers = self.put_questions(w, &draft, &question).await?;
                    let taken = |answered: &Answered| {
                        let mut asked = draft.questions.iter().filter(|one| one.text == answered.question);
                        asked.any(|one| one.assumption == answered.answer)
                    };
                    let stands = w.version() >= STANDS_ON_ASSUMPTIONS && unsure.is_none();
                    if stands && answers.iter().all(taken) {
                        return Ok(Ok(draft));
                    }
                    question.mission.answers.extend(answers.iter().cloned());
                    if w.version() >= SHOWS_OWN_DRAFT {
                        question.before = Some(draft);
                    }
                    attempt += 1;
                    continue;
                }
                Ok((draft, None)) => return Ok(Ok(draft)),
                Ok((draft, Some(unsure))) => (Some(draft), unsure),
                Err(Stop::Cancelled) => return Err(Stop::Cancelled),
                Err(Stop::Failed(failure)) => (None, failure),
            };
            if self.assignment.optional || self.go_on_without(w, &failure, attempt).await? {
                return Ok(draft.filter(|_| !self.assignment.optional).ok_or(failure));
            }
            attempt += 1;
        }
    }

    async fn by_model(&self, w: &Workflow, question: &DraftQuestion, attempt: u32) -> Result<Drafted, Stop> {
        let agent = &self.assignment.agent;
        let asking = Asking {
            agent: agent.clone(),
            tier: self.setup.tiers.get(agent).copied().unwrap_or(0),
            seat: Seat::Author,
            key: format!("think/{agent}#{}.{attempt}", self.round),
        };
        let (draft, confidence) = ask::<DraftWork>(w, &self.setup.asker, &asking, question).await?;
        let sure = confidence >= self.setup.asker.threshold || !draft.declined.is_empty();
        if sure || self.setup.asker.tiers.is_empty() || asking.tier == 0 {
            return Ok((draft, None));
        }
        let why = format!("{agent} is only {confidence} % sure of its draft, at the largest model there is");
        Ok((draft, Some(Failure::new(FailureClass::Person, why))))
    }

    /// An agent that works elsewhere is shown what one in this process is shown, and hands in a draft file as a
    /// person does.
    async fn elsewhere(&self, w: &Workflow, question: &DraftQuestion, attempt: u32) -> Result<Drafted, Stop> {
        let lay = LayOut {
            mission: self.setup.asker.mission.clone(),
            agent: self.assignment.agent.clone(),
            snapshot: self.setup.asker.snapshot.clone(),
            question: question.clone(),
            key: format!("lay-out/{}#{}.{attempt}", self.assignment.agent, self.round),
        };
        let request = w.call(lay).await?;
        let details = json!({ "assignment": question, "request": request });
        self.by_person(w, question, (attempt, details)).await
    }

    /// A person on the roster gets the part in the inbox and hands in a draft file.
    async fn by_person(
        &self,
        w: &Workflow,
        question: &DraftQuestion,
        (attempt, details): (u32, Value),
    ) -> Result<Drafted, Stop> {
        let agent = &self.assignment.agent;
        let put = Question {
            key: format!("assignment/{agent}#{}.{attempt}", self.round),
            kind: DecisionKind::Assignment,
            subject: agent.clone(),
            title: format!("Draft your part of \"{}\"", question.title),
            why: question.brief.clone(),
            asked_of: vec![agent.clone()],
            barred: std::collections::BTreeMap::default(),
            hash: Digest::of(serde_json::to_string(question).unwrap_or_default()),
            details,
            deadline: self.setup.deadlines.draft,
            assume: false,
        };
        let Some(answer) = decide(w, &self.setup, put).await? else {
            let reason = format!("{agent} handed in no draft before the deadline");
            return Err(Stop::Failed(Failure::new(FailureClass::Person, reason)));
        };
        let draft = draft::parse(&format!("{agent}'s draft"), &answer.text).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Stop::Failed(Failure::new(FailureClass::Content, words.join("\n")))
        })?;
        Ok((draft, None))
    }

    /// Puts every question at once and waits for each answer; an unanswered one leaves its assumption standing.
    async fn put_questions(
        &self,
        w: &Workflow,
        draft: &Draft,
        known: &DraftQuestion,
    ) -> Result<Vec<Answered>, Stop> {
        let mut open = Vec::new();
        let new = draft.questions.iter().filter(|question| is_new(question, known));
        for (index, question) in new.enumerate() {
            let put = Question {
                key: format!("question/{}#{}.{}", self.assignment.agent, self.round, index + 1),
                kind: DecisionKind::Question,
                subject: self.assignment.agent.clone(),
                title: question.text.clone(),
                why: format!(
                    "{} asks; without an answer it assumes: {}",
                    self.assignment.agent, question.assumption
                ),
                asked_of: vec![self.setup.requester.clone()],
                barred: std::collections::BTreeMap::default(),
                hash: Digest::of(&question.text),
                details: json!({ "assumption": question.assumption }),
                deadline: Deadline {
                    after: self.setup.rules.question_deadline,
                    on_deadline: OnDeadline::Remind,
                },
                assume: true,
            };
            open.push((question, decide::open(w, &self.setup, put).await?));
        }
        let mut answers = Vec::new();
        for (question, put) in open {
            let answer = settled(w, &self.setup, put).await?.map(|answer| answer.text);
            // Code alone reads "as assumed" itself, and does not take an assumption for the requester's own words.
            let by_code = w.version() < STANDS_ON_ASSUMPTIONS || self.setup.asker.tiers.is_empty();
            answers.push(if by_code {
                Answered {
                    question: question.text.clone(),
                    assumed: answer.is_none(),
                    answer: answer.unwrap_or_else(|| question.assumption.clone()),
                }
            } else {
                Answered::to(&question.text, &question.assumption, answer.as_deref())
            });
        }
        Ok(answers)
    }

    /// A required part that keeps failing goes to a person, who says whether the mission goes on without it (true),
    /// tries again, or ends.
    async fn go_on_without(&mut self, w: &Workflow, failure: &Failure, attempt: u32) -> Result<bool, Stop> {
        if failure.class == FailureClass::Model && attempt < self.setup.rules.worker_attempts {
            return Ok(false);
        }
        let agent = &self.assignment.agent;
        let put = Question {
            key: format!("stuck/{agent}#{}.{attempt}", self.round),
            kind: DecisionKind::Stuck,
            subject: agent.clone(),
            title: format!("Say how to go on: the part of {agent} is missing"),
            why: failure.reason.clone(),
            asked_of: vec![self.setup.helper.clone()],
            barred: std::collections::BTreeMap::default(),
            hash: Digest::of(&failure.reason),
            details: json!({
                "approve": "go on with what there is; the gap is shown to the approver",
                "retry": "ask again", "reject": "end the mission",
            }),
            deadline: self.setup.deadlines.help,
            assume: false,
        };
        match decide(w, &self.setup, put).await? {
            Some(answer) if answer.verb == Verb::Approve => Ok(true),
            Some(answer) if answer.verb == Verb::Reject => {
                Err(person(format!("{} ended it: {}", answer.by, answer.text)))
            }
            Some(_) => {
                grant(failure, &mut self.setup);
                Ok(false)
            }
            None => Err(person(format!("nobody said how to go on: {}", failure.reason))),
        }
    }
}

/// Whether a draft asks something the requester has not been asked.
fn has_news(draft: &Draft, known: &DraftQuestion) -> bool {
    draft.questions.iter().any(|question| is_new(question, known))
}

fn is_new(question: &draft::Question, known: &DraftQuestion) -> bool {
    // An answer in other words has the assumption behind the question.
    known.mission.answers.iter().all(|answered| !answered.question.starts_with(&question.text))
}

/// Puts a part into the dossier.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeepDraft {
    mission: String,
    part: Part,
    round: u32,
}

impl Activity for KeepDraft {
    const NAME: &'static str = "keep_draft";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        format!("keep/{}#{}", self.part.agent, self.round)
    }
    async fn perform(self, _office: &Office) -> Result<Recorded<()>, Failure> {
        let Self { mission, part, round } = self;
        let Part { agent, draft, gap, .. } = part;
        let suffix = if round == 1 { String::new() } else { format!("-{round}") };
        let name = format!("drafts/{agent}{suffix}.md");
        let text = match &draft {
            Some(draft) => draft::render::markdown(&agent, draft),
            None => format!("# {agent}\n\nNo draft: {}\n", gap.clone().unwrap_or_default()),
        };
        let items = draft.as_ref().map_or(0, |draft| draft::items(&agent, draft).len());
        let event = json!({
            "agent": agent, "round": round, "items": items, "sha256": Digest::of(&text),
            "confidence": draft.as_ref().map(|draft| draft.confidence), "gap": gap,
        });
        Ok(Recorded::of(())
            .event(&mission.clone(), "draft_received", event)
            .change(move |tx| keep(tx, &mission, &name, &text).map(drop)))
    }
}
