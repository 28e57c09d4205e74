//! `sopd mcp --as PARTY`

use super::desk::{Desk, os_user};
use super::trouble::Done;
use super::up::{log_to_stderr, runtime};
use crate::front::{Caller, Scope};
use crate::mcp;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// For whom the client acts: an id on the roster
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    log_to_stderr("error");
    let workspace = desk.open()?;
    desk.check_party(&workspace, &args.party, &[])?;
    let caller = Caller { party: args.party, scope: Scope::Write, means: os_user() };
    Ok(runtime()?.block_on(mcp::stdio(&workspace, caller))?)
}
