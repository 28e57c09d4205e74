//! What a mission's plan settles, settled for a file that was brought: its place among the versions, who validates,
//! who signs, and the house's contract.

use super::Office;
use super::plan::{MissionPlan, Settled, freeze, refusal, take_turn};
use super::records::{MissionState, council_called_by};
use crate::agent::Snapshot;
use crate::base::problem::Result as Checked;
use crate::base::{Digest, Place, Problem};
use crate::contract::house;
use crate::governance::{self, CouncilCall, Parties, publication_path, scrutiny_validator, user_tester};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat};
use crate::registry;
use crate::sop::id::Change;
use crate::sop::{self, Head, Sop, Version};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

/// Settles and freezes the plan of a file that was brought.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SettleFile {
    pub(super) mission: String,
    pub(super) snapshot: Digest,
    pub(super) classes: Vec<String>,
    pub(super) text: String,
    pub(super) by: String,
    pub(super) nth: u32,
}

impl Activity for SettleFile {
    const NAME: &'static str = "settle_file";
    const REPEAT: Repeat = Repeat::Safe;
    type World = Office;
    type Output = Settled;
    fn key(&self) -> String {
        format!("file/settle#{}", self.nth)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Settled>, Failure> {
        let sop = sop::parse("the file", &self.text).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(FailureClass::Content, words.join("\n"))
        })?;
        if let Some(held) = take_turn(office, &self.mission, &sop.head.id).await? {
            return Ok(held);
        }
        let snapshot = office.gateway.snapshot(&self.snapshot)?;
        let planned = office.journal.read(|db| {
            let called_by = council_called_by(db, &self.mission)?;
            let named = (&self.by, self.classes.as_slice(), called_by.as_deref());
            plan_of(db, &snapshot, (&sop, "the file", &self.text), named)
        })?;
        Ok(match planned {
            Ok(plan) => freeze(self.mission, plan, MissionState::Checking),
            Err(problem) => Recorded::of(Settled::Refused(vec![refusal(problem.to_string())])),
        })
    }
}

/// The plan for `sop`, which `file` with these bytes holds, brought by `by` for a council of these classes. The
/// inner error says why it cannot be: nothing was wrong with the looking.
pub(super) fn plan_of(
    db: &Connection,
    snapshot: &Snapshot,
    (sop, file, text): (&Sop, &str, &str),
    (by, classes, called_by): (&String, &[String], Option<&str>),
) -> Checked<Result<MissionPlan, Problem>> {
    let head = &sop.head;
    let active = registry::active(db, &head.id)?.map(|row| row.version);
    let highest = registry::published(db, &head.id)?.last().copied();
    if let Err(problem) = fits(head, (file, text), active, highest) {
        return Ok(Err(problem));
    }
    let settled = people(snapshot, head, (by, classes, called_by));
    let Snapshot { settings, .. } = snapshot;
    let tier_0 = (1..=3).all(|tier| settings.models.tier(tier).is_none());
    let contract = house::contract(!tier_0);
    let contract_hash = contract.digest()?;
    Ok(settled.map_err(Problem::not_allowed).map(|(parties, path, council)| MissionPlan {
        sop: head.id.clone(),
        version: head.version,
        change: change(highest, head.version),
        supersedes: active,
        title: head.title.clone(),
        department: head.department.clone(),
        owner_reason: "the file names it".to_owned(),
        objective: head.objective.clone(),
        description: head.description.clone(),
        risk_level: head.risk_level,
        impact: head.impact.clone(),
        priority: head.priority,
        review_every: head.review_every.unwrap_or(settings.sops.review_every),
        parties,
        assignments: Vec::new(),
        contract,
        contract_hash,
        path,
        council,
    }))
}

/// Whether a file's version may follow what was published. A first version keeps the number its file gives it: a
/// procedure that comes from elsewhere is cited by that number.
fn fits(
    head: &Head,
    (file, text): (&str, &str),
    active: Option<Version>,
    highest: Option<Version>,
) -> Result<(), Problem> {
    let at = |key: &str| {
        let line = text.lines().position(|line| line.starts_with(&format!("{key}:")));
        let line = line.or_else(|| text.lines().position(|line| line.starts_with("version:"))).unwrap_or(0);
        Place::of(file, text, u32::try_from(line + 1).unwrap_or(1), 0)
    };
    for (key, given) in [("mission", head.mission.is_some()), ("contract", head.contract.is_some())] {
        if given {
            let problem =
                Problem::invalid(format!("`{key}` says that a mission made this, and a file is brought"));
            return Err(problem.at(at(key)).hint("leave the line out"));
        }
    }
    if let Some(highest) = highest.filter(|highest| head.version <= *highest) {
        let problem = Problem::conflict(format!("v{highest} of {} was published already", head.id));
        let next = highest.next(Change::Minor);
        return Err(problem.at(at("version")).hint(format!("give it a higher version, such as {next}")));
    }
    match (head.supersedes, active) {
        (said, active) if said == active => Ok(()),
        (_, Some(active)) => {
            let problem =
                Problem::conflict(format!("v{active} of {} is active, and this would replace it", head.id));
            Err(problem.at(at("supersedes")).hint(format!("write `supersedes: {active}` into the head")))
        }
        (_, None) => {
            let problem =
                Problem::conflict(format!("no version of {} is active that it could replace", head.id));
            Err(problem.at(at("supersedes")).hint("leave `supersedes` out"))
        }
    }
}

fn change(before: Option<Version>, version: Version) -> Change {
    match before {
        None => Change::New,
        Some(before) if version.major > before.major => Change::Major,
        Some(before) if version.minor > before.minor => Change::Minor,
        Some(_) => Change::Patch,
    }
}

type People = (Parties, governance::Path, Option<governance::CouncilPlan>);

/// Who has which part. Who brought the file and who its head names as author are the drafters.
fn people(
    snapshot: &Snapshot,
    head: &Head,
    (by, classes, called_by): (&String, &[String], Option<&str>),
) -> Result<People, String> {
    let Snapshot { settings, roster, .. } = snapshot;
    let orchestrator = roster.orchestrator().ok_or("the roster needs exactly one active orchestrator")?;
    let mut workers = vec![by.clone()];
    if head.created_by != *by {
        workers.push(head.created_by.clone());
    }
    let mut parties = Parties {
        requester: by.clone(),
        orchestrator: orchestrator.head.id.clone(),
        owner: head.owner.clone(),
        workers,
        ..Parties::default()
    };
    let scrutiny = scrutiny_validator(roster, None, &parties)?;
    let user_testing = user_tester(roster, None, &parties)?;
    (parties.scrutiny, parties.user_testing) = (scrutiny, user_testing);
    let path = publication_path(&settings.publication, roster, &parties)?;
    let call = CouncilCall { classes, ask: None, called_by };
    let council = governance::council(&settings.council, roster, &parties, &call, &path.signs)?;
    Ok((parties, path, council))
}
