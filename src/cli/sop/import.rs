//! `sopd sop import FILE…`: a draft from a procedure of another form, beside the published ones.

use super::lint::{page, read};
use crate::base::Problem;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::{self, Drafted};
use crate::sop::SopId;
use crate::sop::document::RiskLevel;
use crate::sop::import::Given;
use serde_json::Value;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// SOP.md (and its manifest.json), a *.sop.md, an SOP of ours, or any other Markdown file
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The id it gets; made from department and title otherwise
    #[arg(long)]
    id: Option<SopId>,
    /// Department code, such as REV
    #[arg(long)]
    department: Option<String>,
    /// The one accountable owner: an agent id
    #[arg(long)]
    owner: Option<String>,
    /// Who does the steps that name nobody: an agent id
    #[arg(long)]
    assignee: Option<String>,
    /// The business objective, one sentence
    #[arg(long)]
    objective: Option<String>,
    /// low, medium, high or critical
    #[arg(long, value_parser = risk_level)]
    risk_level: Option<RiskLevel>,
    /// What happens if it goes wrong, one sentence
    #[arg(long)]
    impact: Option<String>,
    /// How to undo it
    #[arg(long)]
    rollback: Option<String>,
    /// For whom you act: an id on the roster; the settings' requester otherwise
    #[arg(long = "as", value_name = "PARTY")]
    party: Option<String>,
}

fn risk_level(text: &str) -> Result<RiskLevel, String> {
    serde_json::from_value(Value::from(text))
        .map_err(|_unknown| "write low, medium, high or critical".to_owned())
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let settings = workspace.snapshot()?.settings.clone();
    let files = args.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, Problem>>()?;
    let given = Given {
        id: args.id,
        department: args.department,
        owner: args.owner,
        assignee: args.assignee,
        objective: args.objective,
        risk_level: args.risk_level,
        impact: args.impact,
        rollback: args.rollback,
        created_by: args.party.unwrap_or(settings.requester),
        created_at: desk.clock.now().day(),
    };
    let drafted = front::import_files(&desk.command(), &workspace, &files, &given)?;
    if desk.json {
        return print::json(&drafted.shape());
    }
    let Drafted { imported, path: name, findings } = drafted;
    let head = &imported.sop.head;
    // The id alone on its line, so that a script can take it.
    print::line(head.id.as_str())?;
    let list = |title: &str, items: &[String]| -> Done {
        if items.is_empty() {
            return Ok(());
        }
        print::line(&format!("\n{title}\n  - {}", items.join("\n  - ")))
    };
    list("Missing: fill these in, each stands in the draft as MISSING", &imported.missing)?;
    list("How it was understood", &imported.notes)?;
    print::line(&format!("\n{}", page(&name, &findings)))?;
    print::line(&format!(
        "\nThe draft is in {name}. Once nothing is missing in it, `{} sop activate {name} --as {}` has it reviewed and signed.",
        desk.command(),
        head.created_by
    ))
}
