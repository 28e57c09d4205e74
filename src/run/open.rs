//! The first looks of a run: what lies ahead, whether its pre-flight checks let it go, and the moment it begins.

use super::Site;
use super::admission::cooling;
use super::autonomy::widened;
use super::effect::Sight;
use super::mode::at_start;
use super::plan::Leg;
use super::preflight::{Check, REFUSED, checks};
use super::records::{refresh, set_run};
use super::state::RunState;
use crate::base::Span;
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::sop::expression::holds;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Looks at what lies ahead.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LookAhead {
    pub(super) run: String,
    /// Once more after a held run was let go.
    pub(super) nth: u32,
}

/// What lies ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Opening {
    /// It waits for somebody to let it go.
    pub(super) held: bool,
    pub(super) legs: Vec<Leg>,
    /// Why somebody is asked before it begins; nobody is where absent.
    pub(super) gate: Option<Vec<String>>,
    pub(super) max_visits: u32,
    /// Longest it may take, from its begin.
    pub(super) time_limit: Span,
}

impl Activity for LookAhead {
    const NAME: &'static str = "look_ahead";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Opening;
    fn key(&self) -> String {
        format!("look-ahead#{}", self.nth)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Opening>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let (wide, held) = site.journal.read(|db| {
            let held = db
                .prepare_cached("SELECT held FROM run WHERE id = ?1")?
                .query_row([&self.run], |row| row.get::<_, bool>(0))?;
            Ok((widened(db, &sight.row.sop, sight.row.version)?, held))
        })?;
        let first = sight.plan.sop.body.steps.first().map_or(1, |step| step.number);
        let mut why = at_start(&sight.plan.rules(&wide), first);
        if !sight.plan.changes.is_empty() {
            why.push(format!("the run differs from its SOP ({})", sight.plan.changes.join("; ")));
        }
        let opening = Opening {
            held: held && self.nth == 1,
            legs: sight.plan.route(),
            gate: (!why.is_empty()).then_some(why),
            max_visits: sight.plan.max_visits,
            time_limit: sight.plan.time_limit,
        };
        let run = self.run;
        let let_go = self.nth > 1;
        Ok(Recorded::of(opening).change(move |tx| {
            if let_go {
                tx.db().prepare_cached("UPDATE run SET held = 0 WHERE id = ?1")?.execute([&run])?;
                set_run(tx, &run, RunState::Pending, "")?;
                tx.event(&run, "run_resumed", &json!({ "what": "it was let go" }))?;
            }
            Ok(())
        }))
    }
}

/// Whether the run may go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Admitted {
    Go,
    /// Why not.
    No(String),
}

/// Does the pre-flight checks: expressions over the packet, and commands (exit code 0 go, 10 nothing to do, else no).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Preflight {
    pub(super) run: String,
}

impl Activity for Preflight {
    const NAME: &'static str = "preflight";
    const REPEAT: Repeat = Repeat::Safe;
    type World = Site;
    type Output = Admitted;
    fn key(&self) -> String {
        "preflight".to_owned()
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Admitted>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let mut told = Vec::new();
        let mut admitted = Admitted::Go;
        for check in checks(&sight.plan.sop.body.preflight) {
            let no = match &check {
                Check::Told(_) => continue,
                Check::Expression(text) => match holds(text, &sight.scope(0)) {
                    Ok(true) => None,
                    Ok(false) => Some(format!("{REFUSED}the pre-flight check `{text}` does not hold")),
                    Err(error) => Some(format!("{REFUSED}the pre-flight check {error}")),
                },
                Check::Command(script) => super::preflight::run(site, &sight, script).await?,
            };
            told.push(json!({ "check": check.words(), "no": no }));
            if let Some(reason) = no {
                admitted = Admitted::No(reason);
                break;
            }
        }
        let recorded = Recorded::of(admitted);
        Ok(if told.is_empty() {
            recorded
        } else {
            recorded.event(&self.run, "preflight", json!({ "checks": told }))
        })
    }
}

/// Marks the run as begun, unless its SOP still cools down from another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Begin {
    pub(super) run: String,
}

impl Activity for Begin {
    const NAME: &'static str = "begin";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Site;
    type Output = Admitted;
    fn key(&self) -> String {
        "begin".to_owned()
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Admitted>, Failure> {
        let sight = Sight::of(&site.journal, &self.run)?;
        let nested = sight.row.trigger.starts_with("step ");
        // Looking and marking are one append, or two runs could begin within one cooldown.
        let admitted = site
            .journal
            .append_async(move |tx| {
                if sight.row.started_at.is_some() {
                    return Ok(Admitted::Go);
                }
                if let Some(problem) = cooling(tx, &sight.plan.sop)?.filter(|_| !nested) {
                    return Ok(Admitted::No(format!("{REFUSED}{}", problem.message)));
                }
                tx.db()
                    .prepare_cached("UPDATE run SET started_at = ?2 WHERE id = ?1")?
                    .execute((&self.run, tx.now().0))?;
                let head = &sight.plan.sop.head;
                tx.event(&self.run, "run_started", &json!({ "sop": head.id, "version": head.version }))?;
                refresh(tx, &self.run)?;
                Ok(Admitted::Go)
            })
            .await?;
        Ok(Recorded::of(admitted))
    }
}
