//! `sopd autonomy SOP [--step N] widen|narrow --reason T --as PARTY`

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::base::Problem;
use crate::registry::{self, Status};
use crate::run::{self, Widened, Word};
use serde_json::json;

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
    let sop: crate::sop::SopId = args.sop.parse().map_err(Problem::usage)?;
    let versions = workspace.journal.read(|db| registry::history(db, &sop))?;
    if let (Some(what), Some(by), Some(reason)) = (args.what, args.party, args.reason) {
        desk.check_party(&workspace, &by, &[])?;
        let snapshot = workspace.snapshot()?;
        let signer = run::signer(&snapshot.settings, &snapshot.roster);
        let word = Word {
            sop: sop.clone(),
            step: args.step,
            widen: what == Change::Widen,
            by,
            os_user: os_user(),
            reason,
        };
        run::say(&workspace.journal, &workspace.root, word, signer)?;
    }
    let active = versions.iter().find(|row| row.status == Status::Active).or(versions.first());
    let now = match active {
        Some(row) => workspace.journal.read(|db| run::widened(db, &sop, row.version))?,
        None => Widened::default(),
    };
    if desk.json {
        return print::json(
            &json!({ "shape": "sopd/autonomy/1", "sop": sop, "widened": now.sop, "steps": now.steps }),
        );
    }
    let steps: Vec<String> = now.steps.iter().map(ToString::to_string).collect();
    print::line(&match (now.sop, steps.is_empty()) {
        (true, _) => format!("{sop}: autonomy is widened for the whole SOP"),
        (false, false) => format!("{sop}: autonomy is widened for step {}", steps.join(", ")),
        (false, true) => format!("{sop}: danger and whatever reaches customers ask a person first"),
    })
}
