//! Starting a run: what is asked for is held against the active SOP, its packet, its triggers and its limits, and
//! either the whole run is there, or a refusal with its reason is on record and nothing else has changed.

mod checks;

use super::admission::{Admitted, admit};
use super::mode::check_mode;
use super::plan::{Plan, assignees, signer};
use super::records::of_key;
use super::workflow::Execute;
use crate::agent::Snapshot;
use crate::base::{Exacts, Instant, Kind, Problem, exact, problem::Result};
use crate::journal::{Journal, Story as _, Tx};
use crate::registry::{self, VersionRow};
use crate::sop::document::ExecutionMode;
use crate::sop::work::Work;
use crate::sop::{Sop, SopId, Version};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Deepest chain of SOPs that call each other: a rule nobody can follow further is not one.
const DEEPEST: usize = 3;

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The SOP; always its active version.
    pub sop: SopId,
    /// The packet, as given.
    pub given: BTreeMap<String, String>,
    /// Another mode than the SOP's.
    pub mode: Option<ExecutionMode>,
    /// Who decides to run it.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
    /// What starts it.
    pub cause: Cause,
    /// The run waits, adjustable, until somebody lets it go.
    pub hold: bool,
    /// A repeated start with the same key gives the first run.
    pub idempotency_key: Option<String>,
    /// Another version than the active one: for steps of runs, which pin theirs at their start.
    pub pinned: Option<Version>,
}

/// What starts a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody's word.
    Manual,
    /// One of the SOP's own triggers, in its words: `webhook /deploy`, `cron 0 9 * * 1`; see `trigger.rs`.
    Trigger(String),
    /// A step of another run.
    Step {
        /// That run.
        run: String,
        /// The step.
        step: u32,
        /// The workflow that waits for the end.
        workflow: String,
    },
}

impl Cause {
    fn caller(&self) -> Option<&str> {
        match self {
            Self::Step { workflow, .. } => Some(workflow),
            Self::Manual | Self::Trigger(_) => None,
        }
    }
    fn words(&self) -> String {
        match self {
            Self::Manual => "manual".to_owned(),
            Self::Trigger(words) => words.clone(),
            Self::Step { run, step, .. } => format!("step {run}#{step}"),
        }
    }
}

/// A request that passed every look outside the transaction.
#[derive(Debug)]
pub struct Ready {
    pub(super) request: Request,
    pub(super) row: VersionRow,
    pub(super) plan: Plan,
    packet: Exacts,
    /// How many of the SOP may be under way at once.
    pub(super) most: u32,
}

/// A run that is there now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Started {
    /// Its id.
    pub run: String,
    /// It was there before: the key was used, or the start joined one that waits.
    pub existing: bool,
    /// Why it has not begun, in words; empty where it has.
    pub waits: String,
}

/// Looks at everything that can be looked at before anything changes.
pub fn prepare(journal: &Journal, root: &Path, snapshot: &Snapshot, mut request: Request) -> Result<Ready> {
    checks::initiator(snapshot, &request)?;
    let row = journal.read(|db| match request.pinned {
        Some(version) => registry::version(db, &format!("{}-v{version}", request.sop)),
        None => active(db, &request.sop),
    })?;
    let sop = read(root, &row)?;
    checks::trigger(&sop, &request)?;
    checks::owner(snapshot, &sop)?;
    check_mode(&sop, request.mode, snapshot.settings.runs.priority_modes)?;
    if matches!(request.cause, Cause::Step { .. }) {
        // The outer run hands over all it has; what the inner SOP does not ask for is no mistake.
        request.given.retain(|name, _| sop.body.inputs.iter().any(|input| input.name == *name));
    }
    let packet = super::packet::check(&sop.body.inputs, &request.given).map_err(together)?.0;
    let mut nested = BTreeMap::new();
    journal.read(|db| pin(db, root, &sop, &mut vec![sop.head.id.clone()], &mut nested))?;
    let runs = &snapshot.settings.runs;
    let plan = Plan {
        mode: request.mode.unwrap_or(sop.head.execution_mode),
        priority_modes: runs.priority_modes,
        assignees: assignees(&sop, &snapshot.roster),
        nested,
        changes: Vec::new(),
        adjusted_by: BTreeSet::new(),
        dropped: BTreeSet::new(),
        chiefs: snapshot.roster.chiefs(),
        last_resort: signer(&snapshot.settings, &snapshot.roster),
        approval_timeout: runs.approval_timeout,
        task_time: snapshot.settings.decisions.draft.after,
        max_visits: runs.max_visits,
        time_limit: runs.time_limit,
        max_escalations: snapshot.settings.decisions.max_escalations,
        sop,
    };
    for step in &plan.sop.body.steps {
        plan.work(step.number)?;
    }
    let most = plan.sop.head.max_concurrent.unwrap_or(runs.max_concurrent);
    Ok(Ready { request, row, plan, packet, most })
}

impl Ready {
    /// Whether another version has become the active one since.
    pub(super) fn is_replaced(&self, tx: &Tx<'_>) -> Result<bool> {
        Ok(active(tx.db(), &self.request.sop)?.sha256 != self.row.sha256)
    }
    /// What the run will do.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// Who decides to run it.
    pub(super) fn initiator(&self) -> &str {
        &self.request.by
    }
    /// Its packet.
    pub fn packet(&self) -> &Exacts {
        &self.packet
    }
}

/// Starts the run, or refuses it; a refusal is recorded.
pub fn start(tx: &Tx<'_>, ready: &Ready) -> Result<Result<Started, Problem>> {
    let Request { sop, by, .. } = &ready.request;
    if let Some(there) = again(tx, ready)? {
        return Ok(Ok(there));
    }
    // A step of a run has started already: there the inner run's own checks say no.
    let by_itself = !matches!(ready.request.cause, Cause::Step { .. });
    let unmet =
        super::preflight::refusal(&ready.plan.sop.body.preflight, &ready.packet).filter(|_| by_itself);
    match unmet.map_or_else(|| admit(tx, ready), |problem| Ok(Err(problem)))? {
        Err(problem) => {
            refused(tx, sop, (by, &ready.request.cause), &problem)?;
            Ok(Err(problem))
        }
        Ok(Admitted::Joins(run)) => {
            let waits = "it joined a start that waits for its turn".to_owned();
            Ok(Ok(Started { run, existing: true, waits }))
        }
        Ok(Admitted::Now) => create(tx, ready, true).map(Ok),
        Ok(Admitted::Later) => create(tx, ready, false).map(Ok),
    }
}

/// Records a start that was refused.
pub fn refused(tx: &Tx<'_>, sop: &SopId, (by, cause): (&str, &Cause), problem: &Problem) -> Result<()> {
    let body = json!({ "by": by, "trigger": cause.words(), "reason": problem.to_string() });
    tx.event(sop.as_str(), "run_refused", &body).map(drop)
}

/// [`prepare`] and [`start`] in one; whatever is refused is on record.
pub fn begin(journal: &Journal, root: &Path, snapshot: &Snapshot, request: Request) -> Result<Started> {
    let (sop, by, cause) = (request.sop.clone(), request.by.clone(), request.cause.clone());
    match prepare(journal, root, snapshot, request) {
        Ok(ready) => journal.append(move |tx| start(tx, &ready))?,
        Err(problem) => {
            if matches!(problem.kind, Kind::Invalid | Kind::NotAllowed | Kind::Conflict) {
                let told = problem.clone();
                journal.append(move |tx| refused(tx, &sop, (&by, &cause), &told))?;
            }
            Err(problem)
        }
    }
}

/// The start that used this request's key before.
fn again(tx: &Tx<'_>, ready: &Ready) -> Result<Option<Started>> {
    let Some(key) = &ready.request.idempotency_key else { return Ok(None) };
    let there = of_key(tx.db(), &ready.request.sop, key)?;
    Ok(there.map(|row| Started { run: row.id, existing: true, waits: row.reason }))
}

/// Lets the story of a run begin.
pub(super) fn set_off(tx: &Tx<'_>, run: &str) -> Result<()> {
    let story = Execute { run: run.to_owned() };
    let input = serde_json::to_string(&story)
        .map_err(|error| Problem::failed(format!("BUG: a run is not JSON: {error}")))?;
    tx.start(run, (Execute::NAME, Execute::VERSION), None, &input).map(drop)
}

fn create(tx: &Tx<'_>, ready: &Ready, now: bool) -> Result<Started> {
    let Ready { request, row, plan, packet, most } = ready;
    let id = new_id();
    let waits = match (now, request.hold) {
        (false, _) => format!("it waits for its turn: {most} runs of {} are under way", request.sop),
        (true, true) => "it is held until somebody lets it go".to_owned(),
        (true, false) => String::new(),
    };
    let bytes = |value: Value| value.to_string().into_bytes();
    let packet_hash = tx.blob(exact::written(packet).as_bytes())?;
    let plan_hash = tx.blob(&bytes(json!(plan)))?;
    tx.db()
        .prepare_cached(
            "INSERT INTO run(number, id, sop, version, sha256, state, reason, mode, initiator, trigger, idempotency_key,
               packet, plan, slot, most, held, caller, created_at)
             VALUES((SELECT coalesce(max(number), 0) + 1 FROM run), ?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(rusqlite::params![
            id,
            request.sop.as_str(),
            row.version.to_string(),
            row.sha256.0,
            waits,
            plan.resolved_mode().word(),
            request.by,
            request.cause.words(),
            request.idempotency_key,
            packet_hash.0,
            plan_hash.0,
            now && !matches!(request.cause, Cause::Step { .. }),
            most,
            request.hold,
            request.cause.caller(),
            tx.now().0,
        ])?;
    materialise(tx, &id, plan)?;
    tx.event(
        &id,
        "run_created",
        &json!({
            "sop": request.sop, "version": row.version, "sha256": row.sha256, "mode": plan.resolved_mode(), "by": request.by,
            "os_user": request.os_user, "trigger": request.cause.words(), "packet": packet_hash, "plan": plan_hash,
            "held": request.hold,
        }),
    )?;
    if now {
        set_off(tx, &id)?;
    }
    Ok(Started { run: id, existing: false, waits })
}

/// Makes the run's tasks (requirement C4): visible before the first begins.
pub(super) fn materialise(tx: &Tx<'_>, run: &str, plan: &Plan) -> Result<()> {
    let mut due: BTreeMap<u32, Instant> = BTreeMap::new();
    for step in &plan.sop.body.steps {
        let before = plan.before(step);
        let ready = before.iter().filter_map(|number| due.get(number)).max().copied().unwrap_or(tx.now());
        let done = step.time_limit.map(|limit| limit.after(ready));
        due.insert(step.number, done.unwrap_or(ready));
        let list = |value: Value| value.to_string();
        tx.db()
            .prepare_cached(
                "INSERT INTO run_step(run, number, title, work, state, assignee, skills, depends_on, artifact, due_at)
                 VALUES(?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(rusqlite::params![
                run,
                step.number,
                tx.clean(&step.title),
                plan.kind(step.number)?,
                plan.assignees.get(&step.number).map_or("", |one| one.id.as_str()),
                list(json!(step.needs_skills)),
                list(json!(before)),
                step.artifact,
                done.map(|at| at.0),
            ])?;
    }
    Ok(())
}

/// `sop_run_` and twelve digits of chance.
fn new_id() -> String {
    let digits = uuid::Uuid::now_v7().simple().to_string();
    format!("sop_run_{}", digits.get(20..).unwrap_or(&digits))
}

/// The active version of `sop`; where there is none, why.
pub(super) fn active(db: &rusqlite::Connection, sop: &SopId) -> Result<VersionRow> {
    if let Some(row) = registry::active(db, sop)? {
        registry::check_in_force(db, &row)?;
        return Ok(row);
    }
    let newest = registry::history(db, sop)?.into_iter().next();
    let status = newest.map_or("unknown", |row| row.status.word());
    Err(Problem::conflict(format!(
        "{sop} has no active version: its newest is {status}; only an active one runs"
    ))
    .hint(format!("see `sopd sop history {sop}`")))
}

/// The document of a version, as it was approved.
pub(super) fn read(root: &Path, row: &VersionRow) -> Result<Sop> {
    let text = registry::read_checked(root, row)?;
    crate::sop::parse(&row.path, &text).map_err(together)
}

/// The first of several problems, with the others in its hint.
pub(super) fn together(problems: Vec<Problem>) -> Problem {
    let mut problems = problems.into_iter();
    let first = problems.next().unwrap_or_else(|| Problem::failed("BUG: refused without a reason"));
    let others: Vec<String> = problems.map(|problem| problem.message).collect();
    if others.is_empty() {
        return first;
    }
    let hint = first.hint.clone().map(|hint| format!("{hint}; ")).unwrap_or_default();
    first.hint(format!("{hint}also: {}", others.join("; ")))
}

/// Pins every SOP that steps call, however deep.
fn pin(
    db: &rusqlite::Connection,
    root: &Path,
    sop: &Sop,
    above: &mut Vec<SopId>,
    pinned: &mut BTreeMap<SopId, Version>,
) -> Result<()> {
    for step in &sop.body.steps {
        let Ok(Work::Nested(id)) = crate::sop::work::work(step) else { continue };
        if above.contains(&id) || above.len() > DEEPEST {
            let chain: Vec<&str> = above.iter().map(SopId::as_str).chain([id.as_str()]).collect();
            return Err(Problem::invalid(format!(
                "SOPs call each other in a circle or deeper than {DEEPEST}: {}",
                chain.join(" → ")
            )));
        }
        let row = active(db, &id)?;
        pinned.insert(id.clone(), row.version);
        let inner = read(root, &row)?;
        above.push(id);
        pin(db, root, &inner, above, pinned)?;
        above.pop();
    }
    Ok(())
}
