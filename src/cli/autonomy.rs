//! `sopd autonomy SOP [--step N] widen|narrow --reason T --as PARTY`

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::base::problem::Result;
use crate::base::{Problem, text::listed};
use crate::daemon::Workspace;
use crate::decision::{self, Decision, DecisionKind};
use crate::front::{self, Autonomy, shapes};
use crate::run::{self, Wanted};
use crate::sop::SopId;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The SOP
    sop: String,
    /// What is to change; without it, what holds now is shown
    #[arg(value_enum, requires = "party", requires = "reason")]
    what: Option<Change>,
    /// One step only
    #[arg(long)]
    step: Option<u32>,
    /// For whom you act: the party that signs publications
    #[arg(long = "as", value_name = "PARTY")]
    party: Option<String>,
    /// Why; goes on record
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Change {
    /// Its danger no longer asks a person first
    Widen,
    /// It asks again
    Narrow,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let sop: SopId = args.sop.parse().map_err(Problem::usage)?;
    let actor = args.party.map(Desk::actor);
    let said = match (args.what, &actor, args.reason) {
        (Some(what), Some(actor), Some(reason)) => {
            Some((actor, Autonomy { step: args.step, widen: what == Change::Widen, reason }))
        }
        _ => None,
    };
    let now = front::autonomy(&desk.command(), &workspace, &sop, said)?;
    if desk.json {
        return print::json(&shapes::autonomy(&sop, &now));
    }
    let steps: Vec<String> = now.steps.iter().map(ToString::to_string).collect();
    print::line(&match (now.sop, steps.is_empty()) {
        (true, _) => format!("{sop}: autonomy is widened for the whole SOP"),
        (false, false) => format!("{sop}: autonomy is widened for step {}", steps.join(", ")),
        (false, true) => format!("{sop}: danger and whatever reaches customers ask a person first"),
    })?;
    let asked = if actor.is_some() { open_gates(&workspace, &sop)? } else { Vec::new() };
    if asked.is_empty() {
        return Ok(());
    }
    print::line(&format!("what was asked before stays asked: {}", listed(&asked)))
}

/// The gates of its runs that are asked already.
fn open_gates(workspace: &Workspace, sop: &SopId) -> Result<Vec<String>> {
    let wanted = Wanted { sop: Some(sop.clone()), state: None, limit: 0, after: None };
    workspace.journal.read(|db| {
        let runs = run::runs(db, &wanted)?;
        let of_sop = |one: &Decision| runs.iter().any(|run| run.id == one.ask.mission);
        let open = decision::open_for(db, None)?.into_iter();
        let gates = open.filter(|one| one.ask.kind == DecisionKind::Gate && of_sop(one));
        Ok(gates.map(|one| one.id).collect())
    })
}
