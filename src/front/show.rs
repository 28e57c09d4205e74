//! What a person needs to see before deciding, read in one snapshot: of a mission its draft, its brief and what is
//! asked; of a run exactly what will happen.

use super::party::check_sight;
use super::shapes;
use crate::base::trace::is_run;
use crate::base::{Instant, problem::Result};
use crate::daemon::{self, MissionStatus, RunStatus, Workspace};
use crate::decision::{self, Decision};
use crate::mission::{Draft, Files};
use crate::run;
use serde_json::{Value, json};

/// Everything shown.
#[derive(Debug)]
pub enum Shown {
    /// A mission.
    Mission {
        /// Where it stands.
        status: Box<MissionStatus>,
        /// What is, or was last, asked about the draft.
        decision: Option<Box<Decision>>,
        /// What it waits for.
        open: Vec<Decision>,
        /// The draft of its round.
        draft: Option<Box<Draft>>,
        /// Its file, as handed in.
        brief: String,
    },
    /// A run.
    Run {
        /// Where it stands.
        status: Box<RunStatus>,
        /// What is asked: all that is open, or the one decision that was named.
        decisions: Vec<Decision>,
        /// How it differs from its SOP, in words.
        differs: Vec<String>,
    },
}

/// Looks up a mission (`M-…`), a run (`sop_run_…`) or a decision (`D-…`).
///
/// # Errors
/// `NotFound`.
pub fn show(workspace: &Workspace, id: &str) -> Result<Shown> {
    let asked =
        if id.starts_with("D-") { Some(workspace.journal.read(|db| decision::one(db, id))?) } else { None };
    let subject = asked.as_ref().map_or_else(|| id.to_owned(), |decision| decision.ask.mission.clone());
    if is_run(&subject) { of_run(workspace, &subject, asked) } else { of_mission(workspace, &subject, asked) }
}

/// What `party` may see of a mission, run or decision: all that [`show`] gives, or of a decision it is asked just that.
/// `sopd` is how command lines begin.
///
/// # Errors
/// `NotFound`; `NotAllowed` for an agent that works elsewhere.
pub fn shown_to(sopd: &str, workspace: &Workspace, party: &str, id: &str) -> Result<Value> {
    let now = workspace.journal.clock().now();
    let Err(refused) = check_sight(workspace, party) else { return show(workspace, id)?.shape(sopd, now) };
    let asked = workspace.journal.read(|db| decision::one(db, id));
    let own = asked.ok().filter(|one| one.ask.asked_of.iter().any(|asked| asked == party));
    own.map(|one| shapes::decision(sopd, &one, now)).ok_or(refused)
}

fn of_run(workspace: &Workspace, id: &str, asked: Option<Decision>) -> Result<Shown> {
    let (status, open) =
        workspace.journal.read(|db| Ok((daemon::run_status(db, id)?, decision::open_of_mission(db, id)?)))?;
    let decisions = asked.map_or(open, |one| vec![one]);
    let differs = run::plan_of(&workspace.journal, id)?.changes.clone();
    Ok(Shown::Run { status: Box::new(status), decisions, differs })
}

fn of_mission(workspace: &Workspace, mission: &str, asked: Option<Decision>) -> Result<Shown> {
    workspace.journal.read(|db| {
        let status = daemon::status_of(db, mission)?;
        let all = decision::all_of_mission(db, mission)?;
        let about_draft =
            |decision: &&Decision| !decision.ask.details.get("round").is_none_or(Value::is_null);
        let decision = asked.or_else(|| all.iter().rfind(about_draft).cloned());
        let open = decision::open_of_mission(db, mission)?;
        let files = Files { journal: &workspace.journal, db, mission };
        let draft = files.draft(decision.as_ref(), status.round)?.map(Box::new);
        let brief = files.text("mission.md")?.unwrap_or_default();
        Ok(Shown::Mission { status: Box::new(status), decision: decision.map(Box::new), open, draft, brief })
    })
}

impl Shown {
    /// Shape `sopd/show/1` or `sopd/show-run/1`; `sopd` is how command lines begin.
    ///
    /// # Errors
    /// A mistake of our own only.
    pub fn shape(&self, sopd: &str, now: Instant) -> Result<Value> {
        let list = |list: &[Decision]| -> Vec<Value> {
            list.iter().map(|one| shapes::decision(sopd, one, now)).collect()
        };
        Ok(match self {
            Self::Mission { status, decision, open, draft, brief } => json!({
                "shape": "sopd/show/1",
                "mission": shapes::mission(status)?,
                "brief": brief,
                "draft": draft,
                "decision": decision.as_ref().map(|one| shapes::decision(sopd, one, now)),
                "open": list(open),
            }),
            Self::Run { status, decisions, differs } => json!({
                "shape": "sopd/show-run/1",
                "run": shapes::run(status)?,
                "decisions": list(decisions),
                "differs": differs,
            }),
        })
    }
}
