//! `sopd sop import FILE|FOLDER…`: drafts from procedures of other forms, beside the published ones. One procedure is told
//! in full; of several there is a table, and one that cannot be read stops none of the others.

mod many;
pub(in crate::cli) mod sources;

use super::lint::{page, read};
use crate::base::{Problem, problem::Result};
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::daemon::Workspace;
use crate::front::{self, Drafted};
use crate::sop::document::RiskLevel;
use crate::sop::import::Given;
use crate::sop::{self, SopId};
use serde_json::Value;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// SOP.md (and its manifest.json), a *.sop.md, an SOP of ours, any other Markdown or text file, or folders of such
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only tell what would become of them, and write nothing
    #[arg(long)]
    dry_run: bool,
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
    let work = Work { desk, workspace: &workspace, given: &given, dry_run: args.dry_run };
    match sources::of(&args.files)? {
        sources::Sources::One(paths) => one(&work, &paths),
        sources::Sources::Many(all) => many::run(&work, &all),
    }
}

/// What an import needs beside its files.
struct Work<'a> {
    desk: &'a Desk,
    workspace: &'a Workspace,
    given: &'a Given,
    dry_run: bool,
}

/// The names and texts of files.
type Texts = Vec<(String, String)>;

fn texts(paths: &[PathBuf]) -> Result<Texts> {
    paths.iter().map(|path| read(path)).collect()
}

impl Work<'_> {
    /// The draft of one procedure; written, unless this is a trial.
    fn draft(&self, texts: &Texts) -> Result<Drafted, Vec<Problem>> {
        if !self.dry_run {
            return front::import_files(&self.desk.command(), self.workspace, texts, self.given);
        }
        let parties = std::iter::once(&self.given.created_by);
        for party in parties.chain(&self.given.owner).chain(&self.given.assignee) {
            self.desk.check_party(self.workspace, party, &[]).map_err(|problem| vec![problem])?;
        }
        let imported = sop::import::import(texts, self.given)?;
        let head = &imported.sop.head;
        let path = format!("sops/drafts/{}-v{}.md", head.id, head.version);
        if self.workspace.root.join(&path).exists() {
            let problem = Problem::conflict(format!("{path} is there already"));
            return Err(vec![problem.hint("move that draft away, or give this one another --id")]);
        }
        let findings = front::lint::check(self.workspace, &imported.sop, &sop::render(&imported.sop))?;
        Ok(Drafted { imported, path, findings })
    }
}

/// One procedure, told in full.
fn one(work: &Work<'_>, paths: &[PathBuf]) -> Done {
    let drafted = work.draft(&texts(paths)?)?;
    if work.desk.json {
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
    if work.dry_run {
        return print::line(&format!("\nNothing was written; the draft would be {name}."));
    }
    print::line(&format!(
        "\nThe draft is in {name}. Once nothing is missing in it, `{} sop activate {name} --as {}` has it reviewed and signed.",
        work.desk.command(),
        head.created_by
    ))
}
