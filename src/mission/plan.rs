//! The plan: which SOP and version, whose, drafted by whom, judged by whom, signed by whom; and the contract,
//! linted, frozen and hashed before anybody drafts.

use super::Office;
use super::claims::claim;
use super::records::{MissionState, council_called_by, keep, set_sop, set_state};
use crate::agent::Snapshot;
use crate::base::Digest;
use crate::base::text::slug;
use crate::brief::Ask;
use crate::contract::{self, Contract, Finding, Severity};
use crate::draft::Assignment;
use crate::governance::{
    self, CouncilCall, CouncilPlan, Parties, Path, publication_path, scrutiny_validator, user_tester,
};
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::registry;
use crate::roles::plan::PlanAnswer;
use crate::roster::{AgentRole, Roster};
use crate::sop::document::{Priority, RiskLevel};
use crate::sop::id::Change;
use crate::sop::{SopId, Version, lint};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A frozen plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MissionPlan {
    /// The SOP.
    pub sop: SopId,
    /// The version it will have.
    pub version: Version,
    /// Size of the change.
    pub change: Change,
    /// The active version it will replace.
    pub supersedes: Option<Version>,
    /// Title for people.
    pub title: String,
    /// Department code.
    pub department: String,
    /// Why this owner.
    pub owner_reason: String,
    /// The business objective.
    pub objective: String,
    /// What the SOP does.
    pub description: String,
    /// Danger of a run.
    pub risk_level: RiskLevel,
    /// What happens if it goes wrong.
    pub impact: String,
    /// Urgency of a run.
    pub priority: Priority,
    /// How often the SOP itself is reviewed.
    pub review_every: crate::base::Span,
    /// Who does what.
    pub parties: Parties,
    /// Each worker's part.
    pub assignments: Vec<Assignment>,
    /// What the SOP must fulfil.
    pub contract: Contract,
    /// Its hash.
    pub contract_hash: Digest,
    /// Who forwards and who signs.
    pub path: Path,
    /// The council, where something calls for it.
    pub council: Option<CouncilPlan>,
}

/// Completes, checks and freezes the orchestrator's plan.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SettlePlan {
    pub(super) mission: String,
    pub(super) snapshot: Digest,
    pub(super) requester: String,
    pub(super) orchestrator: String,
    pub(super) ask: Ask,
    pub(super) answer: PlanAnswer,
    pub(super) nth: u32,
    /// A plan made without the text of the SOP that it names is not settled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) in_view: bool,
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Settled {
    Frozen(Box<MissionPlan>),
    /// It goes back with these.
    Refused(Vec<Finding>),
    /// That mission works on the same SOP; this one is in the queue.
    Held(String),
    /// It names an SOP in force, which nobody had said: it is made again with that text in view.
    Known(SopId),
}

impl Activity for SettlePlan {
    const NAME: &'static str = "settle_plan";
    const REPEAT: Repeat = Repeat::Safe;
    type World = Office;
    type Output = Settled;
    fn key(&self) -> String {
        format!("plan/settle#{}", self.nth)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Settled>, Failure> {
        // Its turn first: what another mission is about to publish decides whether this one's plan is sound.
        if let Ok(sop) = self.identity()
            && let Some(held) = take_turn(office, &self.mission, &sop).await?
        {
            return Ok(held);
        }
        if let (true, None, Ok(sop)) = (self.in_view, &self.ask.sop, self.identity())
            && office.journal.read(|db| registry::active(db, &sop))?.is_some()
        {
            let event = json!({ "sop": sop });
            return Ok(Recorded::of(Settled::Known(sop)).event(&self.mission, "change_noticed", event));
        }
        let snapshot = office.gateway.snapshot(&self.snapshot)?;
        let plan = match self.complete(office, &snapshot)? {
            Ok(plan) => plan,
            Err(findings) => {
                let event = json!({ "findings": findings });
                return Ok(Recorded::of(Settled::Refused(findings)).event(
                    &self.mission,
                    "plan_refused",
                    event,
                ));
            }
        };
        Ok(freeze(self.mission, plan, MissionState::Drafting))
    }
}

/// Claims an SOP for a mission; while another open mission has it, this one is held behind that one.
pub(super) async fn take_turn(
    office: &Office,
    mission: &str,
    sop: &SopId,
) -> Result<Option<Recorded<Settled>>, Failure> {
    let (id, wanted) = (mission.to_owned(), sop.clone());
    let holder = office
        .journal
        .append_async(move |tx| {
            let holder = claim(tx, &wanted, &id)?;
            if let Some(holder) = &holder {
                let reason =
                    format!("{holder} is working on {wanted}; this mission goes on when that one has ended");
                set_state(tx, &id, MissionState::Held, &reason)?;
            }
            Ok(holder)
        })
        .await?;
    Ok(holder.map(|holder| {
        let event = json!({ "behind": holder, "sop": sop });
        Recorded::of(Settled::Held(holder)).event(mission, "mission_held", event)
    }))
}

/// Records a plan as frozen; the mission goes on to `next`.
pub(super) fn freeze(mission: String, plan: MissionPlan, next: MissionState) -> Recorded<Settled> {
    let event = json!({
        "sop": plan.sop, "version": plan.version, "change": plan.change, "owner": plan.parties.owner,
        "owner_reason": plan.owner_reason, "workers": plan.parties.workers, "scrutiny": plan.parties.scrutiny,
        "user_testing": plan.parties.user_testing, "path": plan.path, "council": plan.council,
    });
    let frozen = json!({ "contract": plan.contract_hash, "assertions": plan.contract.assertions.len() });
    let text = contract::render::contract(&plan.title, &plan.contract, &plan.contract_hash);
    let (sop, version) = (plan.sop.to_string(), plan.version.to_string());
    Recorded::of(Settled::Frozen(Box::new(plan)))
        .event(&mission, "plan_made", event)
        .event(&mission, "contract_frozen", frozen)
        .change(move |tx| {
            set_sop(tx, &mission, &sop, &version)?;
            set_state(tx, &mission, next, "")?;
            keep(tx, &mission, "contract.md", &text).map(drop)
        })
}

impl SettlePlan {
    fn complete(
        &self,
        office: &Office,
        snapshot: &Snapshot,
    ) -> Result<Result<MissionPlan, Vec<Finding>>, Failure> {
        let sop = match self.identity() {
            Ok(sop) => sop,
            Err(reason) => return Ok(Err(vec![refusal(reason)])),
        };
        let (active, highest, called_by) = office.journal.read(|db| {
            let called = council_called_by(db, &self.mission)?;
            Ok((registry::active(db, &sop)?, registry::published(db, &sop)?.last().copied(), called))
        })?;
        let mut wrong = Refusals::default();
        let change = wrong.unless(self.change(active.is_some())).unwrap_or(Change::Minor);
        let patch = change == Change::Patch;
        let assignments = if patch { Vec::new() } else { self.assignments(&snapshot.roster) };
        let contract = Contract { assertions: self.answer.assertions.clone() };
        wrong.all(self.wrong_people(snapshot, &assignments, patch));
        let parties = self.parties(snapshot, &assignments, patch, &mut wrong);
        let Snapshot { settings, roster, .. } = snapshot;
        let path = wrong.unless(publication_path(&settings.publication, roster, &parties));
        let call =
            CouncilCall { classes: &self.ask.class, ask: self.ask.council, called_by: called_by.as_deref() };
        let signer = path.as_ref().map_or("", |path| path.signs.as_str());
        let council = wrong.unless(governance::council(&settings.council, roster, &parties, &call, signer));
        if !patch {
            wrong.lint(&contract, &assignments);
        }
        let (Some(path), Some(council), true) = (path, council, wrong.0.is_empty()) else {
            return Ok(Err(wrong.0));
        };
        let answer = self.answer.clone();
        Ok(Ok(MissionPlan {
            sop,
            version: highest.map_or(Version::FIRST, |highest| highest.next(afresh(change))),
            change,
            supersedes: active.map(|row| row.version),
            title: answer.title,
            department: answer.department,
            owner_reason: answer.owner_reason,
            objective: answer.objective,
            description: answer.description,
            risk_level: self.ask.risk_level.unwrap_or(answer.risk_level),
            impact: answer.impact,
            priority: self.ask.priority,
            review_every: settings.sops.review_every,
            parties,
            assignments,
            contract_hash: contract.digest()?,
            contract,
            path,
            council,
        }))
    }

    /// Who has which part. Validators are chosen once the others are known; a patch has none.
    fn parties(
        &self,
        snapshot: &Snapshot,
        assignments: &[Assignment],
        patch: bool,
        wrong: &mut Refusals,
    ) -> Parties {
        let mut parties = Parties {
            requester: self.requester.clone(),
            orchestrator: self.orchestrator.clone(),
            owner: self.answer.owner.clone(),
            workers: assignments.iter().map(|assignment| assignment.agent.clone()).collect(),
            ..Parties::default()
        };
        if !patch {
            let scrutiny = scrutiny_validator(&snapshot.roster, self.ask.scrutiny.as_deref(), &parties);
            let tester = user_tester(&snapshot.roster, self.ask.user_testing.as_deref(), &parties);
            parties.scrutiny = wrong.unless(scrutiny).unwrap_or_default();
            parties.user_testing = wrong.unless(tester).unwrap_or_default();
        }
        parties
    }

    /// The id the requester fixed, or the planned one.
    fn identity(&self) -> Result<SopId, String> {
        const LONGEST_NAME: usize = 60;
        match &self.ask.sop {
            Some(sop) => Ok(sop.clone()),
            None => SopId::new(&self.answer.department, &slug(&self.answer.name, LONGEST_NAME)),
        }
    }

    fn change(&self, exists: bool) -> Result<Change, String> {
        match (self.ask.change, exists) {
            (None | Some(Change::New | Change::Adopt), false) => Ok(Change::New),
            (Some(Change::Adopt), true) => Ok(Change::Major),
            (None, true) => Ok(Change::Minor),
            (Some(Change::New), true) => {
                Err("the SOP exists already; the mission must say `change: major`, `minor` or `patch`"
                    .to_owned())
            }
            (Some(_), false) => {
                Err("there is no active version to change; the mission must say `change: new`".to_owned())
            }
            (Some(change), true) => Ok(change),
        }
    }

    /// The planned parts, with the assertions each must fulfil. The requester's own workers stay as asked.
    fn assignments(&self, roster: &Roster) -> Vec<Assignment> {
        let fulfils = |agent: &str| {
            let theirs = self.answer.assertions.iter().filter(|assertion| assertion.fulfilled_by == agent);
            theirs.map(|assertion| assertion.id.clone()).collect()
        };
        self.answer
            .assignments
            .iter()
            .map(|planned| {
                let asked = self.ask.workers.iter().find(|worker| worker.agent == planned.agent);
                let words = format!("{} {} {}", self.answer.title, self.answer.objective, planned.brief);
                let topics =
                    roster.get(&planned.agent).map(|agent| agent.topics_for(&planned.topics, &words));
                Assignment {
                    agent: planned.agent.clone(),
                    brief: planned.brief.clone(),
                    topics: topics.unwrap_or_default(),
                    optional: asked.map_or(planned.optional, |worker| worker.optional),
                    assertions: fulfils(&planned.agent),
                }
            })
            .collect()
    }

    fn wrong_people(&self, snapshot: &Snapshot, assignments: &[Assignment], patch: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        let roster = &snapshot.roster;
        match (roster.get(&self.answer.owner), &self.ask.owner) {
            (None, _) => {
                wrong.push(format!("the planned owner `{}` is not on the roster", self.answer.owner));
            }
            (Some(_), Some(asked)) if *asked != self.answer.owner => {
                wrong.push(format!(
                    "the requester fixed {asked} as owner; the plan names {}",
                    self.answer.owner
                ));
            }
            _ => {}
        }
        if !patch && assignments.is_empty() {
            wrong.push("the plan has no worker".to_owned());
        }
        for asked in &self.ask.workers {
            if !patch && !assignments.iter().any(|assignment| assignment.agent == asked.agent) {
                wrong
                    .push(format!("the requester wants {} as a worker; the plan leaves it out", asked.agent));
            }
        }
        for (index, assignment) in assignments.iter().enumerate() {
            let id = &assignment.agent;
            let able = roster.get(id).is_some_and(|agent| agent.is_active() && agent.can(AgentRole::Worker));
            if !able {
                wrong.push(format!(
                    "`{id}` cannot be a worker: not on the roster, not at work, or without that role"
                ));
            }
            if assignments.iter().take(index).any(|before| before.agent == *id) {
                wrong.push(format!("{id} has two parts; give it one"));
            }
        }
        wrong
    }
}

/// A new beginning under an id that is in use for nothing any more is a major change of what was retired.
fn afresh(change: Change) -> Change {
    if change == Change::New { Change::Major } else { change }
}

/// What is wrong with a plan, collected so that the orchestrator hears all of it at once.
#[derive(Default)]
struct Refusals(Vec<Finding>);

impl Refusals {
    fn all(&mut self, reasons: Vec<String>) {
        self.0.extend(reasons.into_iter().map(refusal));
    }
    /// The value, or its reason noted.
    fn unless<T>(&mut self, value: Result<T, String>) -> Option<T> {
        value.map_err(|reason| self.0.push(refusal(reason))).ok()
    }
    fn lint(&mut self, contract: &Contract, assignments: &[Assignment]) {
        let names: Vec<&str> = lint::CHECKS.iter().map(|(name, _)| *name).collect();
        let linted = contract::lint(contract, assignments, &names);
        self.0.extend(linted.into_iter().filter(|finding| finding.severity == Severity::Blocking));
    }
}

pub(super) fn refusal(message: String) -> Finding {
    Finding {
        code: "plan".to_owned(),
        severity: Severity::Blocking,
        section: None,
        message,
        quote: String::new(),
        other: None,
    }
}
