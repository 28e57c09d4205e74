//! A hand-written or imported SOP on its way into the registry: the same checks, validators and signatures as the
//! result of a mission. Its bytes are its author's from beginning to end; nobody rewords them.

use super::brought::Brought;
use super::checks::Known;
use super::claims::{CLAIM_FREE, claim};
use super::examine::Examine;
use super::help::person;
use super::records::{NewMission, receive_as};
use super::rounds::{Desk, Round, Wish};
use super::settle_file::{SettleFile, plan_of};
use super::setup::{Prepare, Setup};
use super::signing::Decided;
use super::validate::scenarios;
use super::workflow::{Ending, ended};
use super::{MissionPlan, plan::Settled};
use crate::agent::Snapshot;
use crate::base::text::uncapital;
use crate::base::{Place, Problem};
use crate::brief::{Ask, Brief};
use crate::contract::{Finding, Severity};
use crate::journal::{Failure, FailureClass, Journal, Stop, Story, Workflow};
use crate::sop::{self, Sop};
use serde::{Deserialize, Serialize};

/// A file on its way into the registry.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Activation {
    pub(super) mission: String,
    /// What the file's head says of it, as validators' helpers are told what a mission wants.
    pub(super) brief: Brief,
    /// The file's bytes.
    pub(super) text: String,
    /// Who brought it: its author.
    pub(super) by: String,
}

impl Story for Activation {
    const NAME: &'static str = "activation";
    const VERSION: u32 = 1;
    type Output = Ending;
    fn key(&self) -> String {
        self.mission.clone()
    }
    async fn tell(self, w: Workflow) -> Result<Ending, Stop> {
        let told = activated(&w, &self).await;
        ended(&w, &self.mission, told).await
    }
}

async fn activated(w: &Workflow, file: &Activation) -> Result<Ending, Stop> {
    let (mut setup, plan) = settled(w, file).await?;
    let scenarios = scenarios(w, &mut setup, &plan, &[]).await?;
    let mut desk = Desk::new(w, setup, plan, scenarios);
    desk.as_brought = true;
    loop {
        let round = desk.examined(&file.text).await?;
        let decided = match desk.worth_deciding(round).await? {
            Some(round) => desk.decide(&round).await?,
            None => match desk.wishes.pop() {
                Some(wish) => Decided::Again(wish),
                // A person says it is worth another look.
                None => continue,
            },
        };
        return match decided {
            Decided::Published(ending) => Ok(ending),
            // No file that was brought is edited on its way; see [`crate::decision::Decision::takes_edit`].
            Decided::Edited(edit) => Err(person(format!("{} put another text in its place", edit.by))),
            Decided::Again(Wish { words: comment, .. }) => Err(person(format!(
                "sent back to {}: {comment}; mend the file and activate it again",
                file.by
            ))),
        };
    }
}

/// Looks around and settles who validates and who signs; waits for its turn behind a mission on the same SOP.
async fn settled(w: &Workflow, file: &Activation) -> Result<(Setup, MissionPlan), Stop> {
    let mut nth = 0;
    loop {
        nth += 1;
        let (mission, brief, requester) = (file.mission.clone(), file.brief.clone(), file.by.clone());
        let prepare = Prepare {
            mission: mission.clone(),
            brief,
            requester: requester.clone(),
            nth,
            snapshot: None,
            sources: Vec::new(),
        };
        let setup = w.call(prepare).await?.setup;
        let settle = SettleFile {
            mission,
            snapshot: setup.asker.snapshot.clone(),
            classes: file.brief.ask.class.clone(),
            text: file.text.clone(),
            by: requester,
            nth,
        };
        match w.call(settle).await? {
            Settled::Frozen(plan) => return Ok((setup, *plan)),
            Settled::Held(_) => w.signal::<()>(CLAIM_FREE).await?,
            // A file is a whole text: it is settled as it stands.
            Settled::Known(_) => {}
            Settled::Refused(found) => {
                let why: Vec<String> = found.into_iter().map(|finding| finding.message).collect();
                return Err(Stop::Failed(Failure::new(FailureClass::Content, why.join("; "))));
            }
        }
    }
}

impl Desk<'_> {
    /// One look at the file: coded checks, council, scrutiny and user test.
    async fn examined(&mut self, text: &str) -> Result<Round, Stop> {
        let examine = Examine {
            mission: self.setup.asker.mission.clone(),
            snapshot: self.setup.asker.snapshot.clone(),
            plan: self.plan.clone(),
            text: text.to_owned(),
            round: self.round,
        };
        let assembled = self.w.call(examine).await?;
        let judged = self.judge(&assembled).await?;
        let round = Round { number: self.round, assembled, judged };
        self.last = Some(round.clone());
        self.round += 1;
        Ok(round)
    }

    /// The round, when nothing blocks or a person hands it on all the same.
    async fn worth_deciding(&mut self, round: Round) -> Result<Option<Round>, Stop> {
        if round.judged.passed {
            return Ok(Some(round));
        }
        self.stuck(&[round], "the checks found what blocks, and a file is not reworded").await
    }
}

/// A file that somebody wants to see active.
#[derive(Clone, Debug)]
pub struct NewActivation {
    /// Its name, as the person knows it.
    pub file: String,
    /// Its bytes.
    pub text: String,
    /// The acting party; it counts as the drafter.
    pub by: String,
    /// Classes of the council matrix the SOP belongs to.
    pub classes: Vec<String>,
}

/// Looks at a file as [`activate`] does, and changes nothing: the document, and what advises without blocking.
///
/// # Errors
/// Everything that stands in the way, each with its line where it has one: the form, the coded checks, the version,
/// and people who may not play their parts.
pub fn vet(
    journal: &Journal,
    snapshot: &Snapshot,
    new: &NewActivation,
) -> Result<(Sop, Vec<Finding>), Vec<Problem>> {
    let NewActivation { file, text, by, classes } = new;
    let sop = sop::parse(file, text)?;
    let looked = journal.read(|db| {
        let findings = Known::of(db, snapshot, text)?.findings(db, &sop, text)?;
        let planned = plan_of(db, snapshot, (&sop, file, text), (by, classes, None))?;
        Ok((findings, planned))
    });
    let (findings, planned) = looked.map_err(|problem| vec![problem])?;
    let (blocking, advice): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.severity == Severity::Blocking);
    let mut problems: Vec<Problem> = blocking.iter().map(|finding| problem(finding, file, text)).collect();
    problems.extend(planned.err());
    if problems.is_empty() { Ok((sop, advice)) } else { Err(problems) }
}

/// A blocking finding at the line of the words in question.
fn problem(finding: &Finding, file: &str, text: &str) -> Problem {
    // A finding is a sentence, a problem's message is not.
    let mut message = uncapital(finding.message.trim_end_matches('.'));
    if let Some(other) = &finding.other {
        message = format!("{message} ({other})");
    }
    let problem = Problem::invalid(format!("{message} ({})", finding.code));
    problem.at(Place::of(file, text, finding.line(text).unwrap_or(1), 0))
}

/// Takes a file in: it goes the way of a mission's result, to the same people. Returns the id under which it is
/// found, `A-2026-1120-lead-qualification`.
///
/// # Errors
/// As [`vet`]; also while the very same file is under way.
pub fn activate(journal: &Journal, snapshot: &Snapshot, new: NewActivation) -> Result<String, Vec<Problem>> {
    let (sop, _advice) = vet(journal, snapshot, &new)?;
    journal.check_free_of_secrets(&new.file, &new.text)?;
    let taken = journal.append(move |tx| {
        let NewActivation { file, text, by, classes } = new;
        let ask = Ask {
            sop: Some(sop.head.id.clone()),
            requested_by: Some(by.clone()),
            objective: Some(sop.head.objective.clone()),
            class: classes,
            ..Ask::default()
        };
        let told = format!("{}\n\n{}", sop.head.description, sop.body.trigger);
        let brief = Brief { title: sop.head.title.clone(), text: told, ask };
        let new = NewMission {
            brief: brief.clone(),
            text: text.clone(),
            file,
            requester: by.clone(),
            again: true,
            dropped: false,
            brought: Brought::default(),
        };
        let id = receive_as(tx, &new, "A", |mission, _sources| {
            let story = Activation { mission: mission.to_owned(), brief, text, by };
            ((Activation::NAME, Activation::VERSION), serde_json::to_string(&story))
        })?;
        claim(tx, &sop.head.id, &id)?;
        Ok(id)
    });
    taken.map_err(|problem| vec![problem])
}
