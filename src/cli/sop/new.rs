//! `sopd sop new ID`: a draft to fill in, from the workspace's template.

use crate::base::{Problem, files, files::Existing};
use crate::cli::desk::{Desk, quoted};
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::registry;
use crate::sop::SopId;
use crate::sop::template::{NewSop, fill, lacks_headings, to_fill_in};
use serde_json::json;

/// Largest template.
const MAX_BYTES: u64 = 256 * 1024;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The id it gets, such as SOP-OPS-key-handover
    id: SopId,
    /// The one accountable owner: an agent id
    #[arg(long)]
    owner: Option<String>,
    /// Title for people; made from the id otherwise
    #[arg(long)]
    title: Option<String>,
    /// For whom you act: an id on the roster; the settings' requester otherwise
    #[arg(long = "as", value_name = "PARTY")]
    party: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let settings = workspace.snapshot()?.settings;
    for party in args.party.iter().chain(&args.owner) {
        desk.check_party(&workspace, party, &[])?;
    }
    let id = args.id.clone();
    if !workspace.journal.read(|db| registry::published(db, &id))?.is_empty() {
        let problem = Problem::conflict(format!("{id} is in the registry already"));
        let hint = format!(
            "hand in a mission that changes it, or begin from `{} sop show {id}` with a higher version",
            desk.command()
        );
        return Err(problem.hint(hint).into());
    }
    let template = files::read_text(&workspace.root.join("sops/TEMPLATE.md"), MAX_BYTES)
        .map_err(|problem| problem.hint("`sopd init` writes the template that belongs there"))?;
    let lacking = lacks_headings(&template);
    if let Some(heading) = lacking.first() {
        let problem = Problem::invalid(format!("sops/TEMPLATE.md has no heading `## {heading}`"));
        return Err(problem.hint("remove it and run `sopd init`, which writes it anew").into());
    }
    let new = NewSop {
        id: args.id,
        title: args.title,
        owner: args.owner,
        created_by: args.party.unwrap_or(settings.requester),
        created_at: desk.clock.now().day(),
    };
    let text = fill(&template, &new).map_err(Problem::usage)?;
    let name = format!("sops/drafts/{id}-v1.0.md");
    files::write(&workspace.root.join(&name), text.as_bytes(), Existing::Keep).map_err(|problem| {
        Problem { hint: Some("go on with that draft, or move it away".to_owned()), ..problem }
    })?;
    tell(desk, (&name, &text), &new)
}

fn tell(desk: &Desk, (name, text): (&str, &str), new: &NewSop) -> Done {
    let open = to_fill_in(text);
    if desk.json {
        let missing: Vec<_> =
            open.iter().map(|(line, words)| json!({ "line": line, "text": words })).collect();
        return print::json(&json!({
            "shape": "sopd/new/1", "id": new.id, "version": "1.0", "path": name, "missing": missing,
        }));
    }
    print::line(name)?;
    let lines: Vec<String> = open.iter().map(|(line, words)| format!("  {line:3}  {words}")).collect();
    print::line(&format!("\nFill in these lines:\n{}", lines.join("\n")))?;
    let path = quoted(name);
    print::line(&format!(
        "\nThen look at it with `{0} sop lint {path}`, and have it reviewed and signed with `{0} sop activate {path} --as {1}`",
        desk.command(),
        new.created_by
    ))
}
