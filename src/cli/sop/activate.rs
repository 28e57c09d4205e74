//! `sopd sop activate FILE --as PARTY`: a hand-written or imported SOP on its way into the registry.

use super::lint::{page, read};
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::{self, HandedIn, next};
use crate::mission::NewActivation;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// An SOP file in our form, such as an imported draft that is filled in
    file: PathBuf,
    /// For whom you act: an id on the roster; it counts as the drafter, and neither validates nor signs
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// A class of the council matrix this SOP belongs to; may be given more than once
    #[arg(long = "class", value_name = "CLASS")]
    classes: Vec<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    let (file, text) = read(&args.file)?;
    let by = args.party.clone();
    let new = NewActivation { file: file.clone(), text, by: args.party, classes: args.classes };
    let handed_in = front::hand_in_sop(&desk.command(), &workspace, new)?;
    if desk.json {
        return print::json(&handed_in.shape(&by));
    }
    let HandedIn { mission: id, sop, advice } = handed_in;
    // The id alone on its line, so that a script can take it.
    print::line(&id)?;
    if !advice.is_empty() {
        print::line(&format!("\n{}", page(&file, &advice)))?;
    }
    print::line(&format!(
        "\n{} v{} goes to its validators and then to who signs, byte for byte as it is now; `{} status {id}` says where it stands",
        sop.head.id,
        sop.head.version,
        desk.command()
    ))?;
    next::idle_note(&desk.command(), &workspace).map_or(Ok(()), |note| print::line(&note))
}
