//! `sopd sop new ID`: a draft to fill in, from the workspace's template.

use crate::cli::desk::{Desk, quoted};
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::{self, shapes};
use crate::sop::SopId;
use crate::sop::template::{NewSop, to_fill_in};

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
    let new = NewSop {
        id: args.id,
        title: args.title,
        owner: args.owner,
        created_by: args.party.unwrap_or(settings.requester),
        created_at: desk.clock.now().day(),
    };
    let (name, text) = front::begin_sop(&desk.command(), &workspace, &new)?;
    tell(desk, (&name, &text), &new)
}

fn tell(desk: &Desk, (name, text): (&str, &str), new: &NewSop) -> Done {
    if desk.json {
        return print::json(&shapes::begun(new, (name, text)));
    }
    let open = to_fill_in(text);
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
