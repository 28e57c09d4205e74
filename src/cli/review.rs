//! `sopd review RUN --as PARTY`: the post-run review

use super::desk::Desk;
use super::print;
use super::trouble::Done;
use crate::front::next;
use crate::run;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run (sop_run_…), which has ended
    run: String,
    /// For whom you ask: an id on the roster; without it, the review is only shown
    #[arg(long = "as", value_name = "PARTY")]
    party: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    workspace.journal.read(|db| run::run(db, &args.run))?;
    let before = workspace.journal.head()?.0;
    if let Some(party) = args.party {
        desk.check_party(&workspace, &party, &[])?;
        let id = args.run.clone();
        workspace.journal.append(move |tx| run::ask_review(tx, &id, &party))?;
    }
    let next = next::look_on(&workspace, &args.run, before)?;
    let hash = workspace.journal.read(|db| run::review_of(db, &args.run))?;
    let bytes = hash.as_ref().map(|hash| workspace.journal.blob(hash)).transpose()?.flatten();
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/review/1", "run": args.run, "review": text, "sha256": hash,
            "open": next.open.iter().map(|open| &open.id).collect::<Vec<_>>(),
        }));
    }
    match text {
        Some(text) => print::line(&text)?,
        None => print::line("there is no review yet")?,
    }
    print::line(&next.words(&desk.command()))
}
