//! `sopd sop new ID`: a draft to fill in, from the workspace's template or from a published version.

use crate::cli::desk::{Desk, quoted};
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::drafts::{self, Begun, Wanted};
use crate::sop::SopId;
use crate::sop::template::to_fill_in;

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
    /// Begin with the text of this version, SOP-REV-x or SOP-REV-x-v1.0, in place of the template
    #[arg(long, value_name = "SOP")]
    from: Option<String>,
    /// For whom you act: an id on the roster; the settings' requester otherwise
    #[arg(long = "as", value_name = "PARTY")]
    party: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let settings = workspace.snapshot()?.settings.clone();
    let id = args.id.clone();
    let wanted = Wanted { id: args.id, title: args.title, owner: args.owner, from: args.from };
    let actor = Desk::actor(args.party.unwrap_or(settings.requester));
    let begun = drafts::begin(&desk.command(), &workspace, &actor, wanted)?;
    tell(desk, &begun, (&id, &actor.by))
}

fn tell(desk: &Desk, begun: &Begun, (id, by): (&SopId, &str)) -> Done {
    if desk.json {
        return print::json(&begun.shape(id));
    }
    let Begun { path, text, .. } = begun;
    let open = to_fill_in(text);
    print::line(path)?;
    let lines: Vec<String> = open.iter().map(|(line, words)| format!("  {line:3}  {words}")).collect();
    print::line(&format!("\nFill in these lines:\n{}", lines.join("\n")))?;
    let path = quoted(path);
    print::line(&format!(
        "\nThen look at it with `{0} sop lint {path}`, and have it reviewed and signed with `{0} sop activate {path} --as {by}`",
        desk.command(),
    ))
}
